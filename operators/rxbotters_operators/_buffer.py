"""`Buffer`: the one place where items wait. Bounded, with a named policy, counting what it drops."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from typing import Any, Generic, Literal, TypeVar, get_args

from .errors import BufferOverflow

__all__ = ["Buffer", "Overflow", "whole"]

T = TypeVar("T")
Overflow = Literal["block", "drop_oldest", "drop_newest", "latest_per_key", "error"]


def whole(name: str, value: Any) -> None:
    """Refuse what is not a whole number from 1; infinity too: nothing here is unbounded.

    Raises:
        ValueError: It is not.
    """
    if not (isinstance(value, int) and value >= 1):
        raise ValueError(f"{name} must be a whole number from 1, got {value!r}")


class Buffer(Generic[T]):
    """A bounded queue between a source that pushes and a consumer that pulls.

    Args:
        maxsize: Items that may wait; a whole number, at least 1.
        overflow: What happens to an item that does not fit: ``"block"`` (`put` waits; `push` raises),
            ``"drop_oldest"``, ``"drop_newest"``, ``"latest_per_key"`` (at any time one item per key: the newest value in
            the place of the first; a new key beyond ``maxsize`` drops the oldest), ``"error"`` (the buffer ends with
            `BufferOverflow` once what is in it was read).
        name: What errors call it.
        key: The key of an item, for ``"latest_per_key"``.

    Attributes:
        dropped: Items thrown away so far, those included whose `put` still waited when the buffer was closed.

    Raises:
        ValueError: ``maxsize`` below 1 or not whole, an unknown policy, or ``"latest_per_key"`` without a key.

    Example:
        >>> buffer = Buffer[int](2, "drop_oldest")
        >>> buffer.push_all([1, 2, 3])
        >>> buffer.get_nowait(), buffer.get_nowait(), buffer.dropped
        (2, 3, 1)
    """

    def __init__(
        self,
        maxsize: int,
        overflow: Overflow = "error",
        *,
        name: str = "buffer",
        key: Callable[[T], Hashable] | None = None,
    ) -> None:
        whole(f"{name}: maxsize", maxsize)
        if overflow not in get_args(Overflow):
            raise ValueError(f"{name}: overflow must be one of {', '.join(get_args(Overflow))}, got {overflow!r}")
        if overflow == "latest_per_key" and key is None:
            raise ValueError(f"{name}: 'latest_per_key' needs key=")
        self.maxsize = maxsize
        self.overflow: Overflow = overflow
        self.name = name
        self.dropped = 0
        self._key = key
        self._items: deque[T] = deque()
        self._by_key: OrderedDict[Hashable, T] = OrderedDict()  # a dict looks for its first key in O(n)
        self._getters: deque[asyncio.Future[None]] = deque()
        self._putters: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._error: Exception | None = None

    @property
    def closed(self) -> bool:
        """Whether the buffer takes nothing more; what is in it can still be read."""
        return self._closed

    def __len__(self) -> int:
        return len(self._by_key) if self._key is not None and self.overflow == "latest_per_key" else len(self._items)

    def __bool__(self) -> bool:
        return True

    # ------------------------------------------------------------------ putting in

    def push(self, item: T) -> None:
        """Put an item in by the policy; ignored once closed.

        Raises:
            BufferOverflow: The policy is ``"block"`` and there is no room: use `put`.
        """
        if self._closed:
            return
        if self.overflow == "latest_per_key":
            self._push_latest(item)
        elif len(self._items) < self.maxsize:
            self._items.append(item)
        else:
            self._overflow(item)
        if self._getters:
            self._wake(self._getters)

    def push_all(self, items: Iterable[T]) -> None:
        """Put items in, waking a waiting consumer once."""
        getters, self._getters = self._getters, deque()
        try:
            for item in items:
                self.push(item)
        finally:
            getters.extend(self._getters)
            self._getters = getters
            for _ in range(len(getters) if self._closed else min(len(self), len(getters))):
                self._wake(getters)

    async def put(self, item: T) -> None:
        """Put an item in; with ``"block"`` wait until there is room."""
        while self.overflow == "block" and len(self._items) >= self.maxsize and not self._closed:
            await self._wait(self._putters)
            self.dropped += self._closed  # closed meanwhile: it will never be read
        self.push(item)

    def _push_latest(self, item: T) -> None:
        assert self._key is not None
        key = self._key(item)
        if key in self._by_key:
            self.dropped += 1
        elif len(self._by_key) >= self.maxsize:
            self._by_key.popitem(last=False)
            self.dropped += 1
        self._by_key[key] = item

    def _overflow(self, item: T) -> None:
        match self.overflow:
            case "block":
                raise BufferOverflow(self.name, self.maxsize, self.dropped, "block")
            case "drop_oldest":
                self._items.popleft()
                self._items.append(item)
                self.dropped += 1
            case "drop_newest":
                self.dropped += 1
            case _:
                self.dropped += 1
                self.close(BufferOverflow(self.name, self.maxsize, self.dropped, "error"))

    # ------------------------------------------------------------------ taking out

    def get_nowait(self) -> T:
        """Take the next item.

        Raises:
            IndexError: There is none.
        """
        item = self._by_key.popitem(last=False)[1] if self._by_key else self._items.popleft()
        if self._putters:
            self._wake(self._putters)
        return item

    async def get(self) -> T:
        """Take the next item, waiting for one.

        Raises:
            StopAsyncIteration: The buffer was closed and everything was read.
            Exception: The error it was closed with, once everything was read.
        """
        while not self._items and not self._by_key:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            await self._wait(self._getters)
        return self.get_nowait()

    def close(self, error: Exception | None = None) -> None:
        """Take nothing more. What is in the buffer can be read; then comes the end, or ``error``. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._error = error
        for waiting in (self._getters, self._putters):
            while waiting:
                self._wake(waiting)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        return await self.get()

    # ------------------------------------------------------------------ waiting

    async def _wait(self, waiting: deque[asyncio.Future[None]]) -> None:
        future = asyncio.get_running_loop().create_future()
        waiting.append(future)
        try:
            await future
        except BaseException:  # cancelled, or thrown away unfinished
            if future.done() and not future.cancelled():
                self._wake(waiting)  # the wake-up was for an item that somebody else may take now
            elif future in waiting:
                waiting.remove(future)
            raise

    @staticmethod
    def _wake(waiting: deque[asyncio.Future[None]]) -> None:
        while waiting:
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
