"""`staleness`: is this stream still alive?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of, positive, reader
from .events import Live, Stale, Status
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["staleness"]

_STEP = 2e-6  # seconds; schedulers round to microseconds, and a shorter step would not move their clock


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
            now = reader(clock)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            heard = now()
            live: bool | None = None

            def look(*_: Any) -> None:
                nonlocal live
                left = heard + after - now()
                if left > 0:
                    timer.disposable = clock.schedule_relative(max(left, _STEP), look)
                else:
                    live = False
                    try:
                        on_next(Stale(f"nothing arrived for {after:g} s", heard))
                    except Exception as error:
                        end(error)
                        raise

            def forward(_: Any) -> None:
                nonlocal heard, live
                if end.over:
                    return
                heard = now()
                if live is not True:
                    if live is False:
                        timer.disposable = clock.schedule_relative(after, look)
                    live = True
                    on_next(Live())

            timer.disposable = clock.schedule_relative(after, look)
            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return end

        return Lean(run)

    return operator
