"""`WebSocketQueue`: messages to be pulled, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from rxbotters.errors import BufferOverflow
from rxbotters_operators._buffer import Buffer, Overflow
from rxbotters_operators.hot import Errors

__all__ = ["WebSocketQueue"]

_SIZE = 10_000  # messages that may wait, unless the caller says otherwise


class WebSocketQueue(asyncio.Queue[Any]):
    """A queue to give to ``hdlr_json`` (or ``hdlr_str``, ``hdlr_bytes``): pull messages with ``async for``.

    Args:
        maxsize: Messages that may wait; at least 1.
        overflow: What happens beyond: ``"drop_oldest"`` (the default), ``"drop_newest"``, ``"error"`` (the reader gets
            `BufferOverflow`), or ``"block"`` (the connection is read no further until there is room).

    Attributes:
        errors: Says once per traffic jam that messages are dropped.

    Example:
        >>> import asyncio
        >>> async def main() -> None:
        ...     queue = WebSocketQueue(maxsize=2)
        ...     for number in range(3):
        ...         queue.onmessage(number)
        ...     print(await queue.get(), await queue.get(), queue.dropped)
        >>> asyncio.run(main())
        1 2 1
    """

    def __init__(self, maxsize: int = _SIZE, *, overflow: Overflow = "drop_oldest") -> None:
        super().__init__(maxsize or _SIZE)
        self._buffer: Buffer[Any] = Buffer(maxsize or _SIZE, overflow, name="WebSocketQueue")
        self._overflow: Overflow = overflow
        self._jammed = False
        self.errors = Errors("WebSocketQueue.errors")

    def onmessage(self, msg: Any, ws: Any = None) -> Awaitable[None] | None:
        """Take one message; give this method to a handler argument."""
        if self._overflow == "block" and len(self._buffer) >= self.maxsize:
            return self._buffer.put(msg)
        dropped = self._buffer.dropped
        self._buffer.push(msg)
        if self._buffer.dropped == dropped:
            self._jammed = False
        elif not self._jammed:
            self._jammed = True
            self.errors.emit(BufferOverflow("WebSocketQueue", self.maxsize, self._buffer.dropped, self._overflow))
        return None

    async def get(self) -> Any:
        """Return the next message.

        Raises:
            StopAsyncIteration: The client was closed and everything was read.
        """
        return await self._buffer.get()

    def get_nowait(self) -> Any:
        """Return the next message.

        Raises:
            asyncio.QueueEmpty: There is none.
        """
        if not len(self._buffer):
            raise asyncio.QueueEmpty
        return self._buffer.get_nowait()

    def put_nowait(self, item: Any) -> None:
        """Put a message in, as if it had arrived."""
        self._buffer.push(item)

    async def put(self, item: Any) -> None:
        """Put a message in; with ``overflow="block"`` wait for room."""
        await self._buffer.put(item)

    def qsize(self) -> int:
        """Return how many messages wait."""
        return len(self._buffer)

    def empty(self) -> bool:
        """Return whether no message waits."""
        return not len(self._buffer)

    def full(self) -> bool:
        """Return whether the next message overflows."""
        return len(self._buffer) >= self.maxsize

    @property
    def dropped(self) -> int:
        """Messages that the overflow policy threw away."""
        return self._buffer.dropped

    def close(self) -> None:
        """End the iteration once everything was read."""
        self._buffer.close()

    def release(self, feed: Any, error: Exception) -> None:
        """End: the connection that feeds the queue is closed for good."""
        self._buffer.close()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await self._buffer.get()
