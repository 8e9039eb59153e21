"""`staleness`: is this stream still alive?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from ._timing import clock_of, positive, seconds
from .events import Live, Stale, Status
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["staleness"]


def staleness(
    after: float, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[Any]], Observable[Status]]:
    """Say `Live` when something arrives and `Stale` when nothing has arrived for ``after`` seconds.

    ::

        source         --a--b-----------c----
        staleness(5)   --L--------S-----L----     L Live  S Stale

    Only changes are said. The clock starts at the subscription. The stream does not fail: gate decisions with it.

    Args:
        after: Seconds of silence after which the stream counts as stale.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if ``after`` is not positive.

    Example:
        >>> import reactivex as rx
        >>> from reactivex.testing import TestScheduler
        >>> clock = TestScheduler()
        >>> _ = rx.never().pipe(staleness(5.0, scheduler=clock)).subscribe(print)
        >>> clock.advance_to(5.0)
        Stale(reason='nothing arrived for 5 s', since=0.0)
    """
    positive("after", after)

    def operator(source: Observable[Any]) -> Observable[Status]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            timer = SerialDisposable()
            heard = seconds(clock)
            live: bool | None = None

            def look(*_: Any) -> None:
                nonlocal live
                left = heard + after - seconds(clock)
                if left > 1e-9:
                    timer.disposable = clock.schedule_relative(left, look)
                else:
                    live = False
                    on_next(Stale(f"nothing arrived for {after:g} s", heard))

            def forward(_: Any) -> None:
                nonlocal heard, live
                heard = seconds(clock)
                if live is not True:
                    if live is False:
                        timer.disposable = clock.schedule_relative(after, look)
                    live = True
                    on_next(Live())

            def fail(error: Exception) -> None:
                timer.dispose()
                on_error(error)

            def complete() -> None:
                timer.dispose()
                on_completed()

            timer.disposable = clock.schedule_relative(after, look)
            return CompositeDisposable(timer, source.subscribe(forward, fail, complete, scheduler=clock))

        return Lean(run)

    return operator
