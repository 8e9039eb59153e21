"""`conflate`: only the newest of each key, once in a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["conflate"]

T = TypeVar("T")


def conflate(
    *,
    key: Callable[[T], Hashable] | None = None,
    every: float = 0.0,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[T]], Observable[T]]:
    """Collect items and hand on the newest of each key, ``every`` seconds at most.

    ::

        source                    -a1-b1-a2-a3-------b2-|
        conflate(key, every=10)   ----------a3b1-----b2-|     at 10: a then b, in order of first arrival

    Nothing is handed on while nothing came. The newest item of a key is never lost: the end, or an error, comes after what is left.
    What waits is bounded by the number of keys.

    Args:
        key: Tells items apart; ``None``: all are of one kind.
        every: Seconds between the first item that waits and the hand-over; 0: at the scheduler's next turn, so that a
            burst within one turn becomes one item per key.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if ``every`` is negative or not finite.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> clock, prices = TestScheduler(), Subject()
        >>> _ = prices.pipe(conflate(every=1.0, scheduler=clock)).subscribe(print)
        >>> for price in (101, 102, 103):
        ...     prices.on_next(price)
        >>> clock.advance_to(1.0)
        103
    """
    if not 0 <= every < float("inf"):
        raise ValueError(f"every must be a finite number of seconds from 0, got {every!r}")
    key_of: Callable[[Any], Hashable] = key or (lambda _: None)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            newest: dict[Hashable, T] = {}

            def hand_over(*_: Any) -> None:
                items = list(newest.values())
                newest.clear()
                try:
                    for item in items:
                        if end.over:
                            return
                        on_next(item)
                except Exception as error:
                    end(error)
                    raise

            def forward(item: T) -> None:
                if end.over:
                    return
                kind = key_of(item)
                if not newest:
                    timer.disposable = clock.schedule_relative(every, hand_over)
                newest[kind] = item

            def finish(error: Exception | None = None) -> None:
                if not end.over:
                    hand_over()
                    end(error)

            upstream.disposable = source.subscribe(forward, finish, finish, scheduler=clock)
            return end

        return Lean(run)

    return operator
