"""`reconnect`: one connection after another, at a bearable pace."""

from __future__ import annotations

import random as _random
from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from ._backoff import Backoff, Delays
from ._pace import Pace
from ._timing import clock_of, seconds
from .errors import HeartbeatTimeout, ProtocolError, RetriesExhausted, SilenceError
from .events import Closed, Connecting, Frame, Opened, Subscribed, Waiting
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["LIMIT", "is_fatal", "reconnect"]

LIMIT = (30, 300.0)
"""Dials in any 5 minutes with the default backoff; exchanges ban from 300 on."""


def is_fatal(error: BaseException) -> bool:
    """Whether an error says of itself that no retry can help (``error.fatal``)."""
    return bool(getattr(error, "fatal", False))


def reconnect(
    backoff: Backoff | tuple[float, float, float, float] | Delays | None = None,
    *,
    min_uptime: float = 1.0,
    healthy: float = 60.0,
    limit: tuple[int, float] | None = None,
    fatal: Callable[[BaseException], bool] = is_fatal,
    judge: Callable[[Closed], Exception | float | None] = lambda closed: None,
    dice: Callable[[], float] = _random.random,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Subscribe again whenever the source ends, and say so in the stream.

    ::

        source     --O-f-f-|        #           O-f-
        reconnect  --O-f-f-C-W------#--W--------O-f-   O Opened  f Frame  C Closed  W Waiting(delay)

    A life that ends, normally or by an error, becomes one `Closed` (with uptime and the count of frames), a failed dial
    none; then comes `Waiting` with the delay. An error for which ``fatal`` holds ends the stream instead. The delays
    follow `Pace`: a working connection that is lost is dialled again at once, failures back off.

    Args:
        backoff: Delays in seconds; default ``Backoff()`` together with at most 30 dials in any 5 minutes.
        min_uptime: Seconds a connection that delivers nothing must live not to count as a failure; 0: no guard.
        healthy: Seconds after which a connection counts as healthy.
        limit: (dials, seconds) never to be exceeded; default as said under ``backoff``, else none.
        fatal: Which errors end the stream.
        judge: Looks at each `Closed`: returns an error that ends the stream, or a delay in seconds to wait at least.
        dice: A number in [0, 1), for jitter.
        scheduler: Where the delays run; default the one of the subscription, else the running event loop.

    Errors:
        Whatever ``fatal`` holds for; RetriesExhausted when a finite ``backoff`` is used up.

    Example:
        >>> import reactivex as rx
        >>> from reactivex.testing import TestScheduler
        >>> clock, seen = TestScheduler(), []
        >>> lives = iter([rx.throw(ConnectionError("refused")), rx.of("tick")])
        >>> source = rx.defer(lambda _: next(lives, rx.never()))
        >>> backoff = Backoff(min=1, max=9, factor=2, initial=4)
        >>> _ = source.pipe(reconnect(backoff, dice=lambda: 0.5, scheduler=clock)).subscribe(seen.append)
        >>> clock.advance_to(3)
        >>> seen[0].delay, seen[1]
        (2.0, 'tick')
    """
    if not min_uptime >= 0 or not healthy >= 0:
        raise ValueError(f"min_uptime and healthy must be at least 0 s, got {min_uptime!r} and {healthy!r}")
    if limit is None and backoff is None:
        limit = LIMIT
    make = Backoff.of(Backoff() if backoff is None else backoff, dice)

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            pace = Pace(make, min_uptime=min_uptime, healthy=healthy, limit=limit, dice=dice)
            life, timer = SerialDisposable(), SerialDisposable()
            disposed = CompositeDisposable(life, timer)

            def dial(*_: object) -> None:
                this = _Life(clock, on_next, ended)
                pace.dialled(seconds(clock))
                life.disposable = source.subscribe(this.on_next, this.on_error, this.on_completed, scheduler=clock)

            def ended(this: _Life, error: Exception | None) -> None:
                if disposed.is_disposed:
                    return
                now = seconds(clock)
                closed = this.closed(error)
                asked = 0.0
                if closed is not None:
                    on_next(closed)
                    if disposed.is_disposed:
                        return
                    verdict = judge(closed)
                    if isinstance(verdict, Exception):
                        error = verdict
                    elif verdict is not None:
                        asked = verdict
                if error is not None and fatal(error):
                    on_error(error)
                    return
                try:
                    delay = (
                        pace.failed(now, error or ConnectionError("the source ended before it opened"))
                        if closed is None
                        else pace.lost(now, closed, useful=this.useful)
                    )
                except RetriesExhausted as exhausted:
                    on_error(exhausted)
                    return
                delay = max(delay, asked)
                cause = error if error is not None or closed is None else closed.error
                on_next(Waiting(delay, pace.failures, cause))
                if not disposed.is_disposed:
                    timer.disposable = clock.schedule_relative(delay, dial)

            dial()
            return disposed

        return Lean(run)

    return operator


class _Life:
    """One subscription of the source: what it delivered, and how it ended."""

    __slots__ = ("_clock", "_closed", "_done", "_ended", "_on_next", "_since", "connection", "delivered", "useful")

    def __init__(
        self, clock: abc.SchedulerBase, on_next: OnNext, ended: Callable[[_Life, Exception | None], None]
    ) -> None:
        self._clock = clock
        self._on_next = on_next
        self._ended = ended
        self._since: float | None = None
        self._closed: Closed | None = None
        self._done = False
        self.connection: Any = None
        self.delivered = 0
        self.useful = False

    def on_next(self, item: Any) -> None:
        if item.__class__ is Frame:
            if item.kind == "text" or item.kind == "binary":
                self.delivered += 1
        elif isinstance(item, Opened):
            self._since = seconds(self._clock)
            self.connection = item.connection
        elif isinstance(item, Subscribed):
            self.useful = True
        elif isinstance(item, Closed):
            self._closed = item  # told at the end, once, with what only this operator knows
            return
        elif self._since is None and not isinstance(item, Connecting):  # a plain stream: its first item opens it
            self._since = seconds(self._clock)
            self.useful = True
            self.delivered = 1
        self._on_next(item)

    def on_error(self, error: Exception) -> None:
        self._end(error)

    def on_completed(self) -> None:
        self._end(None)

    def _end(self, error: Exception | None) -> None:
        if not self._done:
            self._done = True
            self._ended(self, error)

    def closed(self, error: Exception | None) -> Closed | None:
        """Return how this life ended; ``None`` if it never began."""
        if self._since is None:
            return None
        said = self._closed or Closed(1006, str(error) if error else "", _cause(error), error=error)
        return Closed(
            said.code,
            said.reason,
            said.cause,
            seconds(self._clock) - self._since,
            self.delivered,
            self.connection,
            said.error or error,
        )


def _cause(error: Exception | None) -> str:
    match error:
        case None:
            return "peer"
        case HeartbeatTimeout():
            return "heartbeat"
        case SilenceError():
            return "silence"
        case ProtocolError():
            return "protocol"
        case _:
            return str(getattr(error, "cause", "reset"))
