"""`fail_on_silence`: turn a quiet stream into an error a reconnect policy can act on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable

from ._timing import clock_of, positive, seconds
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
            # The loop's own time costs a tenth of a scheduler's, which makes a datetime of it.
            injected = scheduler is not None or given is not None
            now: Callable[[], float] = partial(seconds, clock) if injected else asyncio.get_running_loop().time
            upstream, timer = SerialDisposable(), SerialDisposable()
            heard = now()
            over = False

            def stop() -> None:
                nonlocal over
                over = True
                timer.dispose()
                upstream.dispose()

            def look(*_: Any) -> None:
                left = heard + silence - now()
                if left > 0:
                    timer.disposable = clock.schedule_relative(max(left, _STEP), look)
                elif not over:
                    end(SilenceError(silence))

            def forward(item: T) -> None:
                nonlocal heard
                if not over:
                    heard = now()
                    on_next(item)

            def end(error: Exception | None = None) -> None:
                if not over:
                    stop()
                    if error is None:
                        on_completed()
                    else:
                        on_error(error)

            timer.disposable = clock.schedule_relative(silence, look)
            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return Disposable(stop)

        return Lean(run)

    return operator
