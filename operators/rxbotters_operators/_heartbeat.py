"""`heartbeat`: ping on a schedule, and give up on a connection that does not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of, seconds
from .errors import HeartbeatTimeout
from .events import Answered, Frame, Opened, Overdue
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["heartbeat"]


def heartbeat(
    interval: float, timeout: float | None = None, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Send a ping every ``interval`` seconds and fail when its pong stays away for ``timeout`` seconds.

    ::

        source           O-----------------------o-------------------…      O Opened  o pong frame
        pings            ----------p--------------------p------------…
        heartbeat(10)    O-----------------------A-o----------Y-------#     A Answered  Y Overdue  # HeartbeatTimeout

    Only the matching pong counts as life: data may come from a peer that no longer reads. Half of ``timeout`` after a
    ping without pong comes `Overdue`, so that a strategy stops trusting its data before the connection is dropped.

    Args:
        interval: Seconds from one ping to the next.
        timeout: Seconds allowed for a pong; default ``interval``.
        scheduler: Where the timers run; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if a duration is not positive.

    Errors:
        HeartbeatTimeout: The pong stayed away; the source is disposed first.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> class Port:
        ...     def ping(self, payload): print("ping", payload.decode())
        >>> clock, source = TestScheduler(), Subject()
        >>> _ = source.pipe(heartbeat(10.0, scheduler=clock)).subscribe(print, lambda error: print(error))
        >>> source.on_next(Opened(Port()))  # doctest: +ELLIPSIS
        Opened(connection=...)
        >>> clock.advance_to(10.0)
        ping hb-1
    """
    allowed = interval if timeout is None else timeout
    if not interval > 0 or not allowed > 0:
        raise ValueError(f"interval and timeout must be positive seconds, got {interval!r} and {timeout!r}")

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            connection: Any = None
            sent_at = 0.0
            beats = 0
            awaited: bytes | None = None

            def ping(*_: object) -> None:
                nonlocal awaited, sent_at, beats
                beats += 1
                awaited = b"hb-%d" % beats
                sent_at = seconds(clock)
                connection.ping(awaited)
                timer.disposable = clock.schedule_relative(allowed / 2, overdue)

            def overdue(*_: object) -> None:
                on_next(Overdue(connection, allowed / 2))
                if awaited is not None:
                    timer.disposable = clock.schedule_relative(allowed / 2, give_up)

            def give_up(*_: object) -> None:
                end(HeartbeatTimeout(allowed))

            def forward(item: Any) -> None:
                nonlocal awaited, connection
                if item.__class__ is Frame:
                    if item.kind == "pong" and awaited is not None and item.data == awaited:
                        awaited = None
                        now = seconds(clock)
                        timer.disposable = clock.schedule_relative(max(0.0, sent_at + interval - now), ping)
                        on_next(Answered(connection, now - sent_at))
                elif isinstance(item, Opened):
                    connection = item.connection
                    awaited = None
                    timer.disposable = clock.schedule_relative(interval, ping)
                on_next(item)

            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return end

        return Lean(run)

    return operator
