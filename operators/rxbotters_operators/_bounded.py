"""`bounded`: a buffer of a known size between a fast source and whatever follows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._buffer import Buffer, Overflow
from ._ending import Ending
from ._timing import clock_of
from .errors import BufferOverflow
from .hot import Lean, OnCompleted, OnError, OnNext, nothing

__all__ = ["bounded"]

T = TypeVar("T")
_BATCH = 64  # items handed on before the loop gets a turn


def bounded(
    maxsize: int,
    overflow: Overflow = "error",
    *,
    key: Callable[[T], Hashable] | None = None,
    on_drop: Callable[[int], None] = nothing,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[T]], Observable[T]]:
    """Take items at once and hand them on at the scheduler's pace, so that a slow observer does not hold up the source.

    ::

        source                       -abcdef------
        bounded(2, "drop_oldest")    ------ef-----      four dropped, counted

    Args:
        maxsize: Items that may wait; at least 1.
        overflow: ``"drop_oldest"``, ``"drop_newest"``, ``"latest_per_key"`` (with ``key``) or ``"error"``. ``"block"``
            is for consumers that can be waited for: use `to_aiter` there.
        key: The key of an item, for ``"latest_per_key"``.
        on_drop: Called with the total of dropped items whenever it grows.
        scheduler: Where items are handed on; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, for a size below 1 or the policy ``"block"``.

    Errors:
        BufferOverflow: With ``"error"``, once what was waiting is handed on; so do the source's own errors wait.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> clock, seen, source = TestScheduler(), [], Subject()
        >>> _ = source.pipe(bounded(2, "drop_oldest", scheduler=clock)).subscribe(seen.append)
        >>> for number in (1, 2, 3):
        ...     source.on_next(number)
        >>> _ = clock.start()
        >>> seen
        [2, 3]
    """
    if overflow == "block":
        raise ValueError("bounded() cannot block its source: use to_aiter(overflow='block') or another policy")
    Buffer[Any](maxsize, overflow, key=key)  # refuses bad arguments now

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            close = Ending(on_error, on_completed, timer, upstream)
            buffer: Buffer[T] = Buffer(maxsize, overflow, name="bounded", key=key)
            scheduled = False
            ended = False  # nothing more is taken
            failure: Exception | None = None

            def drain(*_: Any) -> None:
                nonlocal scheduled
                scheduled = False
                try:
                    for _turn in range(_BATCH):
                        if close.over or not len(buffer):
                            break
                        on_next(buffer.get_nowait())
                except Exception as error:
                    close(error)
                    raise
                if close.over:
                    return
                if len(buffer):
                    wake()
                elif ended:
                    close(failure)

            def wake() -> None:
                nonlocal scheduled
                if not scheduled:
                    scheduled = True
                    timer.disposable = clock.schedule(drain)

            def forward(item: T) -> None:
                if ended or close.over:
                    return
                dropped = buffer.dropped
                buffer.push(item)
                wake()
                if buffer.dropped != dropped:
                    if buffer.closed:
                        upstream.dispose()
                        finish(BufferOverflow("bounded", maxsize, buffer.dropped, overflow))
                    on_drop(buffer.dropped)

            def finish(error: Exception | None = None) -> None:
                nonlocal ended, failure
                if not ended and not close.over:
                    ended, failure = True, error
                    wake()

            upstream.disposable = source.subscribe(forward, finish, finish, scheduler=given)
            return close

        return Lean(run)

    return operator
