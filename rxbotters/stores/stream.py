"""`StoreStream`: the pull side of a store, bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING

from rxbotters_operators._buffer import Buffer, Overflow
from rxbotters_operators.events import StoreChange

if TYPE_CHECKING:
    from .store import DataStore

__all__ = ["StoreStream"]


class StoreStream:
    """Every change of a store from the moment of `DataStore.watch` on, to be read with ``async for`` or `get`.

    A batch of changes wakes the reader once. Closing ends the iteration, also of a reader that is waiting.

    Example:
        >>> import asyncio
        >>> from rxbotters.stores import DataStore
        >>> async def main() -> None:
        ...     store = DataStore(keys=["id"])
        ...     with store.watch() as stream:
        ...         store._insert([{"id": 1}])
        ...         print((await stream.get()).data)
        >>> asyncio.run(main())
        {'id': 1}
    """

    def __init__(self, store: DataStore, *, maxsize: int, overflow: Overflow) -> None:
        self._buffer: Buffer[StoreChange] = Buffer(
            maxsize, overflow, name=f"{store.name}.watch()", key=lambda change: change.key
        )
        self._subscription = store.commits.subscribe(self._push, self.close_with, self.close)

    def _push(self, commit: tuple[StoreChange, ...]) -> None:
        self._buffer.push_all(commit)
        if self._buffer.closed:
            self._subscription.dispose()

    async def get(self) -> StoreChange:
        """Return the next change.

        Raises:
            BufferOverflow: The reader fell too far behind (policy ``"error"``); changes are missing from here on.
            StopAsyncIteration: The stream was closed and everything was read.
        """
        return await self._buffer.get()

    def close(self) -> None:
        """Stop watching; may be called twice."""
        self._subscription.dispose()
        self._buffer.close()

    def close_with(self, error: Exception) -> None:
        """Stop watching because of ``error``, which the reader gets."""
        self._buffer.close(error)

    @property
    def dropped(self) -> int:
        """Changes that the overflow policy threw away."""
        return self._buffer.dropped

    def __len__(self) -> int:
        return len(self._buffer)

    def __bool__(self) -> bool:
        return True

    def __aiter__(self) -> AsyncIterator[StoreChange]:
        return self

    async def __anext__(self) -> StoreChange:
        return await self._buffer.get()

    def __enter__(self) -> StoreStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
