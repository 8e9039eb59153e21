"""`rate_limit`: so many items in any window of time, the rest later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._buffer import Buffer, Overflow, whole
from ._ending import Ending
from ._timing import clock_of, positive, reader
from .errors import BufferOverflow
from .hot import Lean, OnCompleted, OnError, OnNext, nothing

__all__ = ["rate_limit"]

T = TypeVar("T")
_STEP = 2e-6  # seconds; schedulers round to microseconds, and a shorter step would not move their clock


def rate_limit(
    calls: int,
    per: float,
    *,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    on_drop: Callable[[int], None] = nothing,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[T]], Observable[T]]:
    """Let at most ``calls`` items through in any window of ``per`` seconds; later ones wait, in order.

    ::

        source                 -abcd-----------
        rate_limit(2, per=5)   -ab---cd--------

    The law holds for every window, not just for those that start at a full minute: an exchange that counts differently
    finds nothing to complain about.

    Args:
        calls: Items per window; at least 1.
        per: Length of the window in seconds.
        maxsize: Items that may wait.
        overflow: What happens beyond: ``"error"``, ``"drop_oldest"`` or ``"drop_newest"``.
        on_drop: Called with the total of dropped items whenever it grows.
        scheduler: Where waiting items are released; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, for a limit below 1, a window that is not positive, or the policy ``"block"``.

    Errors:
        BufferOverflow: With ``"error"``, at once; so do the source's own errors come. What waits is given up.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> clock, seen, orders = TestScheduler(), [], Subject()
        >>> _ = orders.pipe(rate_limit(2, 5.0, scheduler=clock)).subscribe(seen.append)
        >>> for order in "abc":
        ...     orders.on_next(order)
        >>> seen
        ['a', 'b']
        >>> clock.advance_to(5.0); seen
        ['a', 'b', 'c']
    """
    whole("calls", calls)
    positive("per", per)
    if overflow not in ("error", "drop_oldest", "drop_newest"):
        raise ValueError(f"rate_limit() can overflow by 'error', 'drop_oldest' or 'drop_newest', not {overflow!r}")
    Buffer[Any](maxsize, overflow)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            now = reader(clock)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            waiting: Buffer[T] = Buffer(maxsize, overflow, name="rate_limit")
            sent: deque[float] = deque(maxlen=calls)
            armed = False
            ended = False

            def release(*_: Any) -> None:
                nonlocal armed
                armed = False
                while not end.over and len(waiting):
                    time = now()
                    left = sent[0] + per - time if len(sent) == calls else 0.0
                    if left > 0:
                        armed = True
                        timer.disposable = clock.schedule_relative(max(left, _STEP), release)
                        return
                    sent.append(time)
                    try:
                        on_next(waiting.get_nowait())
                    except Exception as error:
                        end(error)
                        raise
                if ended:
                    end()

            def forward(item: T) -> None:
                if end.over:
                    return
                dropped = waiting.dropped
                waiting.push(item)
                if waiting.closed:
                    end(BufferOverflow("rate_limit", maxsize, waiting.dropped, overflow))
                elif not armed:
                    release()
                if waiting.dropped != dropped:
                    on_drop(waiting.dropped)

            def complete() -> None:
                nonlocal ended
                ended = True
                if not armed:
                    release()

            upstream.disposable = source.subscribe(forward, end, complete, scheduler=clock)
            return end

        return Lean(run)

    return operator
