"""`fail_on_silence`: turn a quiet stream into an error a reconnect policy can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of, positive, reader
from .errors import SilenceError
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["fail_on_silence"]

T = TypeVar("T")
_STEP = 2e-6  # seconds; schedulers round to microseconds, and a shorter step would not move their clock


def fail_on_silence(
    silence: float, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[T]], Observable[T]]:
    """Fail when nothing arrives for ``silence`` seconds.

    ::

        source               --a--b-----------c-
        fail_on_silence(5)   --a--b-----#           # SilenceError, 5 s after b

    The clock starts at the subscription, so a source that never says anything fails too. One timer serves any number
    of items: it looks when the last one came and sleeps on.

    Args:
        silence: Longest allowed silence, in seconds. Must be positive.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if ``silence`` is not positive.

    Errors:
        SilenceError: ``silence`` seconds after the last item, never earlier; the source is disposed.

    Example:
        >>> import reactivex as rx
        >>> from reactivex.testing import TestScheduler
        >>> clock = TestScheduler()
        >>> _ = rx.never().pipe(fail_on_silence(30.0, scheduler=clock)).subscribe(on_error=print)
        >>> clock.advance_to(30.0)
        nothing arrived for 30 s: reconnect, or allow a longer silence
    """
    positive("silence", silence)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            now = reader(clock)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            heard = now()

            def look(*_: Any) -> None:
                left = heard + silence - now()
                if left > 0:
                    timer.disposable = clock.schedule_relative(max(left, _STEP), look)
                else:
                    end(SilenceError(silence))

            def forward(item: T) -> None:
                nonlocal heard
                if not end.over:
                    heard = now()
                    on_next(item)

            timer.disposable = clock.schedule_relative(silence, look)
            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return end

        return Lean(run)

    return operator
