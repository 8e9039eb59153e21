"""The pull side: from streams to ``async for`` and aiostream, and back. The only file that knows aiostream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Hashable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from ._buffer import Buffer, Overflow
from .hot import Lean, OnCompleted, OnError, OnNext

if TYPE_CHECKING:
    from aiostream import Stream

__all__ = ["Pull", "from_stream", "to_aiter", "to_stream"]

T = TypeVar("T")


class Pull(Generic[T]):
    """An observable being read with ``async for``. Leaving the loop, or the ``async with`` around it, unsubscribes."""

    def __init__(self, source: Observable[T], buffer: Buffer[T]) -> None:
        self._buffer = buffer
        self._subscription = source.subscribe(self._push, buffer.close, buffer.close)

    def _push(self, item: T) -> None:
        self._buffer.push(item)
        if self._buffer.closed:
            self._subscription.dispose()

    @property
    def dropped(self) -> int:
        """Items that the overflow policy threw away."""
        return self._buffer.dropped

    async def aclose(self) -> None:
        """Unsubscribe; a reader that waits gets the end."""
        self._subscription.dispose()
        self._buffer.close()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await self._buffer.get()
        except BaseException:
            self._subscription.dispose()
            raise

    async def __aenter__(self) -> Pull[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._subscription.dispose()


def to_aiter(
    source: Observable[T],
    *,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    key: Callable[[T], Hashable] | None = None,
) -> Pull[T]:
    """Read an observable with ``async for``.

    Args:
        source: Subscribed at once.
        maxsize: Items that may wait.
        overflow: What happens beyond: ``"error"`` (the reader gets `BufferOverflow`), ``"drop_oldest"``,
            ``"drop_newest"`` or ``"latest_per_key"``.
        key: The key of an item, for ``"latest_per_key"``.

    Raises:
        ValueError: A size below 1, or the policy ``"block"``, which a hot source cannot obey.

    Example:
        >>> import asyncio, reactivex as rx
        >>> async def main() -> None:
        ...     async for price in to_aiter(rx.of(101, 102)):
        ...         print(price)
        >>> asyncio.run(main())
        101
        102
    """
    if overflow == "block":
        raise ValueError(
            "an observable cannot be blocked: choose 'error', 'drop_oldest', 'drop_newest', 'latest_per_key'"
        )
    return Pull(source, Buffer(maxsize, overflow, name="to_aiter", key=key))


def to_stream(
    source: Observable[T],
    *,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    key: Callable[[T], Hashable] | None = None,
) -> Stream[T]:
    """Turn an observable into an aiostream `Stream`; it is subscribed when the stream is entered. See `to_aiter`.

    Example:
        >>> import asyncio, reactivex as rx
        >>> from aiostream import pipe
        >>> async def main() -> list[int]:
        ...     return await (to_stream(rx.of(1, 2, 3)) | pipe.map(lambda number: number * 10) | pipe.list())
        >>> asyncio.run(main())
        [10, 20, 30]
    """
    from aiostream import core, stream

    to_aiter_args: dict[str, Any] = {"maxsize": maxsize, "overflow": overflow, "key": key}
    Buffer[Any](maxsize, overflow, key=key)

    async def items() -> AsyncIterator[T]:
        async with to_aiter(source, **to_aiter_args) as pull:
            async for item in pull:
                yield item

    made = stream.iterate(_Again(items))
    assert isinstance(made, core.Stream)
    return made


class _Again(AsyncIterable[T]):
    """An async iterable that starts afresh each time it is iterated."""

    def __init__(self, make: Callable[[], AsyncIterator[T]]) -> None:
        self._make = make

    def __aiter__(self) -> AsyncIterator[T]:
        return self._make()


def from_stream(source: AsyncIterable[T]) -> Observable[T]:
    """Turn an aiostream `Stream`, or any async iterable, into a cold observable: each subscription reads it anew.

    Errors:
        Whatever the source raises.

    Example:
        >>> import asyncio
        >>> async def ticks():
        ...     yield 101
        ...     yield 102
        >>> async def main() -> int:
        ...     return await from_stream(ticks())
        >>> asyncio.run(main())
        102
    """

    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, _: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        async def read() -> None:
            context = getattr(source, "stream", None)
            try:
                if context is not None:
                    async with context() as streamer:
                        async for item in streamer:
                            on_next(item)
                else:
                    async for item in source:
                        on_next(item)
            except Exception as error:
                on_error(error)
            else:
                on_completed()

        task = asyncio.get_running_loop().create_task(read(), name="rxbotters from_stream")

        def dispose() -> None:
            task.cancel()

        return Disposable(dispose)

    return Lean(run)
