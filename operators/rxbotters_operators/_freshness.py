"""`freshness`: every channel has its own deadline, whatever its neighbours say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from ._ending import Ending
from ._timing import clock_of, positive, seconds
from .errors import ProtocolError, SilenceError
from .events import Closed, Frame, Quiet, Subscribed
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["freshness"]


def freshness(
    limits: Mapping[str, float],
    channel_of: Callable[[Any], str | None],
    *,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Say `Quiet` and fail when a channel has said nothing for its deadline, though pongs still come.

    ::

        source                       S-a-b-a-b-b-b-b-b        S Subscribed   a b frames of two channels
        freshness({"a": 5, "b": 5})  S-a-b-a-b-b-b-Q#         Q Quiet("a")   # SilenceError

    The clocks of all channels start when the subscriptions are sent; a channel that never speaks is found as well.

    Args:
        limits: Channel → seconds it may be silent.
        channel_of: Tells the channel of a decoded message; ``None``: of no channel.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if a deadline is not positive.

    Errors:
        SilenceError: Within a quarter of the shortest deadline, at most a second, after a channel's deadline passed;
            with `reconnect` behind it, the connection is dialled and subscribed again.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> clock, source = TestScheduler(), Subject()
        >>> stream = source.pipe(freshness({"ticker": 4.0}, lambda message: message["channel"], scheduler=clock))
        >>> _ = stream.subscribe(lambda item: print(type(item).__name__), print)
        >>> source.on_next(Subscribed(None))
        Subscribed
        >>> clock.advance_to(4.0)
        Quiet
        nothing arrived for 4 s: reconnect, or allow a longer silence
    """
    for name, limit in limits.items():
        positive(f"the deadline of {name!r}", limit)
    step = min(1.0, *(limit / 4 for limit in limits.values())) if limits else 1.0

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            end = Ending(on_error, on_completed, timer, upstream)
            spoken: set[str] = set()
            heard: dict[str, float] = {}
            connection: Any = None

            def look(*_: object) -> None:
                now = seconds(clock)
                for channel in spoken:
                    heard[channel] = now
                spoken.clear()
                for channel, limit in limits.items():
                    if now - heard[channel] >= limit:
                        end.dispose()
                        on_next(Quiet(connection, channel, now - heard[channel]))
                        on_error(SilenceError(limit))
                        return
                timer.disposable = clock.schedule_relative(step, look)

            def forward(item: Any) -> None:
                nonlocal connection
                if item.__class__ is Frame:
                    if item.kind == "text" or item.kind == "binary":
                        try:
                            channel = channel_of(item.message)
                        except ProtocolError:
                            channel = None  # whoever reads the frame hears of it
                        if channel is not None and channel in limits:
                            spoken.add(channel)
                elif isinstance(item, Subscribed):
                    connection = item.connection
                    heard.update(dict.fromkeys(limits, seconds(clock)))
                    if limits:
                        timer.disposable = clock.schedule_relative(step, look)
                elif isinstance(item, Closed):
                    timer.disposable = None
                on_next(item)

            upstream.disposable = source.subscribe(forward, end, end, scheduler=clock)
            return end

        return Lean(run)

    return operator
