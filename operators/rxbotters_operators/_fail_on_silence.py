"""`fail_on_silence`: turn a quiet stream into an error a reconnect policy can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from ._timing import clock_of, positive, seconds
from .errors import SilenceError
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["fail_on_silence"]

T = TypeVar("T")


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
        SilenceError: ``silence`` seconds after the last item; the source is disposed.

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
            upstream, timer = SerialDisposable(), SerialDisposable()
            both = CompositeDisposable(timer, upstream)
            heard = seconds(clock)

            def look(*_: Any) -> None:
                left = heard + silence - seconds(clock)
                if left > 1e-9:
                    timer.disposable = clock.schedule_relative(left, look)
                else:
                    both.dispose()
                    on_error(SilenceError(silence))

            def forward(item: T) -> None:
                nonlocal heard
                heard = seconds(clock)
                on_next(item)

            def fail(error: Exception) -> None:
                timer.dispose()
                on_error(error)

            def complete() -> None:
                timer.dispose()
                on_completed()

            timer.disposable = clock.schedule_relative(silence, look)
            upstream.disposable = source.subscribe(forward, fail, complete, scheduler=clock)
            return both

        return Lean(run)

    return operator
