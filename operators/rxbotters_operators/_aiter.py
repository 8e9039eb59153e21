"""The pull side: from streams to ``async for`` and aiostream, and back. The only file that knows aiostream."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterable, AsyncIterator, Callable, Hashable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable

from ._buffer import Buffer, Overflow
from .hot import Lean, OnCompleted, OnError, OnNext

if TYPE_CHECKING:
    from aiostream import Stream

__all__ = ["Pull", "from_stream", "to_aiter", "to_stream"]

T = TypeVar("T")


class Pull(Generic[T]):
    """An observable being read with ``async for``.

    It unsubscribes when the stream ends, at `aclose`, on leaving an ``async with`` around it, and when nobody holds it
    any more, so that ``break`` is enough. A read that is cancelled or times out loses nothing: read again.
    """

    def __init__(self, source: Observable[T], buffer: Buffer[T]) -> None:
        self._buffer = buffer
        self._subscription = subscription = SerialDisposable()

        def push(item: T) -> None:  # holds no self: the source must not keep a forgotten reader alive
            buffer.push(item)
            if buffer.closed:
                subscription.dispose()

        subscription.disposable = source.subscribe(push, buffer.close, buffer.close)

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
        return await self._buffer.get()

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

    The task that reads it belongs to the subscription: disposing cancels the task and closes the iterator.

    Args:
        source: A `Stream`, or an async iterable. An async generator can be read once only.

    Errors:
        Whatever the source raises; RuntimeError if the source is cancelled by somebody else.

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
        loop = asyncio.get_running_loop()
        over = False

        async def hand_on(items: AsyncIterable[T]) -> None:
            iterator = aiter(items)
            try:
                async for item in iterator:
                    if over:
                        return
                    try:
                        on_next(item)
                    except Exception as error:
                        end(error)
                        loop.call_exception_handler(
                            {"message": "a subscriber of from_stream raised", "exception": error}
                        )
                        return
            finally:
                aclose = getattr(iterator, "aclose", None)
                if aclose is not None:
                    await aclose()

        def end(error: Exception | None) -> None:
            nonlocal over
            if not over:
                over = True
                if error is None:
                    on_completed()
                else:
                    on_error(error)

        async def read() -> None:
            try:
                core = sys.modules.get("aiostream.core")  # without it nothing can be a Stream of aiostream
                if core is not None and isinstance(source, core.BaseStream):
                    stream: Stream[T] = cast("Any", source)
                    async with stream.stream() as streamer:
                        await hand_on(streamer)
                else:
                    await hand_on(source)
            except asyncio.CancelledError:
                end(RuntimeError("from_stream: the source was cancelled from outside"))
                raise
            except Exception as error:
                end(error)
            else:
                end(None)

        task = loop.create_task(read(), name="rxbotters from_stream")

        def dispose() -> None:
            nonlocal over
            over = True
            task.cancel()

        return Disposable(dispose)

    return Lean(run)
