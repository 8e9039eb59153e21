"""`retry_backoff`: ask again, later and later."""

from __future__ import annotations

import math
import random as _random
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._backoff import Backoff, Delays
from ._ending import Ending
from ._timing import clock_of
from .errors import RetriesExhausted
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["retry_backoff"]

T = TypeVar("T")


def retry_backoff(
    backoff: Backoff | tuple[float, float, float, float] | Delays | None = None,
    *,
    attempts: int | None = 5,
    retry_on: type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool] = Exception,
    dice: Callable[[], float] = _random.random,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[T]], Observable[T]]:
    """Subscribe again after an error, with growing delays.

    ::

        source          -#      -#      -a-|
        retry_backoff   --------------------a-|

    For requests that may be repeated: never put it behind one that places an order. An error that carries
    ``retry_after`` (seconds) is obeyed; an error that says ``fatal`` of itself is not retried. An item ends the outage:
    delays and attempts start afresh. A subscriber that raises ends its subscription; nothing is asked again for that.

    Args:
        backoff: Delays in seconds; default ``Backoff()``.
        attempts: Tries in a row before giving up, the first included; ``None``: no limit.
        retry_on: Error classes, or a function that says whether an error is worth another try.
        dice: A number in [0, 1), for jitter.
        scheduler: Where the delays run; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, for ``attempts`` below 1 or a bad backoff.

    Errors:
        The source's own, if it is not to be retried; RetriesExhausted.

    Example:
        >>> import reactivex as rx
        >>> from reactivex.testing import TestScheduler
        >>> answers = iter([rx.throw(ConnectionError("lost")), rx.of("pong")])
        >>> clock = TestScheduler()
        >>> source = rx.defer(lambda _: next(answers))
        >>> _ = source.pipe(retry_backoff(dice=lambda: 0.2, scheduler=clock)).subscribe(print)
        >>> clock.advance_to(1.0)
        pong
    """
    if attempts is not None and not attempts >= 1:
        raise ValueError(f"attempts must be at least 1, got {attempts!r}")
    make = Backoff.of(Backoff() if backoff is None else backoff, dice)

    def worth_it(error: Exception) -> bool:
        if getattr(error, "fatal", False):
            return False
        if isinstance(retry_on, type | tuple):
            return isinstance(error, retry_on)
        return retry_on(error)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            delays = make()
            failures = 0

            def forward(item: T) -> None:
                nonlocal delays, failures
                if end.over:
                    return
                if failures:
                    failures, delays = 0, make()
                try:
                    on_next(item)
                except Exception as error:
                    end(error)  # a fault of the subscriber is no reason to ask again
                    raise

            def fail(error: Exception) -> None:
                nonlocal failures
                if end.over:
                    return
                failures += 1
                try:
                    again = worth_it(error)
                except Exception as fault:
                    end(fault)
                    return
                if not again:
                    end(error)
                    return
                delay = next(delays, None) if attempts is None or failures < attempts else None
                if delay is None:
                    end(RetriesExhausted(failures, error))
                    return
                timer.disposable = clock.schedule_relative(max(delay, _asked(error)), ask)

            def ask(*_: Any) -> None:
                upstream.disposable = source.subscribe(forward, fail, end, scheduler=clock)

            ask()
            return end

        return Lean(run)

    return operator


def _asked(error: Exception) -> float:
    """Return the ``retry_after`` of an error in seconds, 0 where it has none that makes sense."""
    try:
        wait = float(getattr(error, "retry_after", None) or 0.0)
    except (TypeError, ValueError):
        return 0.0
    return wait if math.isfinite(wait) else 0.0
