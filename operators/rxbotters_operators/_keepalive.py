"""`keepalive`: the heartbeats an exchange wants in its own words, beside the pings of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of, positive, seconds
from .errors import SilenceError
from .events import Frame, Opened
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Beat", "keepalive"]


class Beat(NamedTuple):
    """How one exchange wants to be kept awake.

    Attributes:
        every: Seconds between two heartbeats of ours; ``None``: only the server sends them.
        text: Makes the text of one heartbeat.
        answer: Returns what to answer to a frame of the server, ``None`` for most.
        silence: Seconds without any frame after which the connection counts as dead; ``None``: as long as it likes.
    """

    every: float | None = None
    text: Callable[[], str] = lambda: "ping"
    answer: Callable[[Frame], str | None] | None = None
    silence: float | None = None


def keepalive(
    beat: Callable[[Any], Beat | None], *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Send an exchange's own heartbeats from the moment a connection opens, and answer the server's.

    ::

        source          O----------f-----?---       O Opened   f frame   ? the server asks
        sent            p---p---p---p---p-a-p       p heartbeat  a answer
        keepalive       O----------f-----?---

    The heartbeats end with the connection. Nothing is taken out of the stream.

    Args:
        beat: Gives the rules for one connection; ``None``: it needs no heartbeat.
        scheduler: Where the timers run; default the one of the subscription, else the running event loop.

    Errors:
        SilenceError: Nothing at all arrived for ``silence`` seconds; the source is disposed first.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> class Port:
        ...     def send(self, text): print("send", text)
        >>> clock, source = TestScheduler(), Subject()
        >>> stream = source.pipe(keepalive(lambda port: Beat(every=20.0, text=lambda: '{"op":"ping"}'), scheduler=clock))
        >>> _ = stream.subscribe()
        >>> source.on_next(Opened(Port()))
        send {"op":"ping"}
        >>> clock.advance_to(20.0)
        send {"op":"ping"}
    """

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer, watch = SerialDisposable(), SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, watch, upstream)
            connection: Any = None
            rules: Beat | None = None
            answer: Callable[[Frame], str | None] | None = None
            heard = 0  # frames; counting is cheaper than reading the clock

            def pulse(*_: object) -> None:
                assert rules is not None and rules.every is not None
                connection.send(rules.text())
                timer.disposable = clock.schedule_relative(rules.every, pulse)

            def look(known: int, since: float) -> None:
                """Give up once nothing arrived for the allowed time; looks four times as often."""
                assert rules is not None and rules.silence is not None
                now = seconds(clock)
                if heard != known:
                    since = now
                elif now - since >= rules.silence:
                    end(SilenceError(rules.silence))
                    return
                seen = heard
                watch.disposable = clock.schedule_relative(rules.silence / 4, lambda _clock, _state: look(seen, since))

            def opened(item: Opened) -> None:
                nonlocal connection, rules, answer
                connection = item.connection
                rules = beat(connection)
                answer = rules.answer if rules is not None else None
                on_next(item)
                if rules is None:
                    return
                if rules.every is not None:
                    positive("every", rules.every)
                    pulse()
                if rules.silence is not None:
                    look(-1, seconds(clock))

            def forward(item: Any) -> None:
                nonlocal heard
                if item.__class__ is Frame:
                    heard += 1
                    if answer is not None and (item.kind == "text" or item.kind == "binary"):
                        reply = answer(item)
                        if reply is not None:
                            connection.send(reply)
                    on_next(item)
                elif isinstance(item, Opened):
                    opened(item)
                else:
                    on_next(item)

            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return end

        return Lean(run)

    return operator
