"""`lateness`: notice that this process stood still, and say that what arrives now is old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of, positive, seconds
from .events import Answered, Frame, Late, Opened
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["lateness"]


def lateness(
    budget: float = 1.0, *, every: float | None = None, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Say `Late` when a timer of this process fires more than ``budget`` seconds after its time.

    ::

        source        O-f-f-              f f f-f-f-p-f       the process is stopped in the gap;  p pong
        lateness(1)   O-f-f-              L f f f-f-f-A-f     L Late  A Answered

    A process that was stopped, or a callback that blocked the loop, leaves frames in the socket's buffer. They look
    fresh and are old. A ping goes out at once; what the server sent before it read that ping arrives before the pong,
    so `Answered` marks where fresh data begins.

    Args:
        budget: Seconds of delay that count as normal.
        every: Seconds between two looks; default ``budget``.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if a duration is not positive.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> source, seen = Subject(), []
        >>> _ = source.pipe(lateness(1.0, scheduler=TestScheduler())).subscribe(seen.append)
        >>> source.on_next(Frame("text", "on time"))
        >>> seen
        [Frame('text', 'on time')]
    """
    positive("budget", budget)
    step = positive("every", budget if every is None else every)

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            connection: Any = None
            probes = 0
            asked: tuple[bytes, float] | None = None

            def look(due: float) -> None:
                nonlocal asked, probes
                now = seconds(clock)
                if now - due > budget and connection is not None:
                    probes += 1
                    asked = b"late-%d" % probes, now
                    on_next(Late(connection, now - due))
                    connection.ping(asked[0])
                following = now + step
                timer.disposable = clock.schedule_relative(step, lambda _clock, _state: look(following))

            def forward(item: Any) -> None:
                nonlocal connection, asked
                if item.__class__ is Frame:
                    if asked is not None and item.kind == "pong" and item.data == asked[0]:
                        on_next(Answered(connection, seconds(clock) - asked[1]))
                        asked = None
                elif isinstance(item, Opened):
                    connection, asked = item.connection, None
                    look(seconds(clock))
                on_next(item)

            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return end

        return Lean(run)

    return operator
