"""`subscribe_channels`: send the subscriptions of a connection, and follow their acknowledgements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from . import codec
from ._timing import clock_of
from .errors import ProtocolError
from .events import Acknowledged, Authenticated, Frame, Refused, Subscribed
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["AckRule", "subscribe_channels"]


class AckRule(NamedTuple):
    """How an exchange acknowledges: ``request_id(message)`` finds the id of what we send (``None``: not acknowledged),
    ``read(message)`` gives an object with ``id`` and ``error`` (``None``: accepted), or ``None`` for other messages."""

    request_id: Callable[[Any], Any]
    read: Callable[[Any], Any]


def subscribe_channels(
    messages: Callable[[Any], Sequence[str | bytes]],
    *,
    ack: AckRule | None = None,
    timeout: float = 5.0,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Send the subscriptions as soon as a connection is authenticated.

    ::

        source              O-A----1-------2--f-      1 2 acknowledgements
        subscribe_channels  O-AS---1a------2r-f-      S Subscribed  a Acknowledged  r Refused

    Args:
        messages: Gives the messages for one connection.
        ack: How the exchange answers; ``None``: it does not.
        timeout: Seconds after which a missing answer counts as refused.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> class Port:
        ...     def send(self, text): print("send", text)
        >>> source, clock = Subject(), TestScheduler()
        >>> stream = source.pipe(subscribe_channels(lambda connection: ['{"op":"sub"}'], scheduler=clock))
        >>> _ = stream.subscribe(lambda item: print(type(item).__name__))
        >>> source.on_next(Authenticated(Port()))
        Authenticated
        send {"op":"sub"}
        Subscribed
    """
    if not timeout > 0:
        raise ValueError(f"timeout must be positive seconds, got {timeout!r}")

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            timer = SerialDisposable()
            open_requests: dict[Any, list[Any]] = {}

            def authenticated(item: Authenticated) -> None:
                on_next(item)
                open_requests.clear()
                texts = messages(item.connection)
                decoded = [_decoded(text) for text in texts]
                for text, message in zip(texts, decoded, strict=True):
                    name = ack.request_id(message) if ack is not None else None
                    if name is not None:
                        open_requests.setdefault(name, []).append(message)
                    item.connection.send(text)
                if open_requests:
                    timer.disposable = clock.schedule_relative(timeout, lambda _clock, _state: give_up(item.connection))
                on_next(Subscribed(item.connection, decoded))

            def give_up(connection: Any) -> None:
                late = [request for requests in open_requests.values() for request in requests]
                open_requests.clear()
                for request in late:
                    on_next(Refused(connection, request, f"not acknowledged within {timeout:g} s"))

            def forward(item: Any) -> None:
                if item.__class__ is Frame:
                    on_next(item)
                    if open_requests:
                        follow(item)
                elif isinstance(item, Authenticated):
                    authenticated(item)
                else:
                    on_next(item)

            def follow(frame: Frame) -> None:
                """Match one frame with the requests that still wait for their answer."""
                assert ack is not None
                try:
                    answer: Any = ack.read(frame.message)
                    requests = open_requests.get(answer.id) if answer is not None else None
                except (ProtocolError, TypeError):
                    return  # not JSON, or an id no request can have: whoever reads the frame hears of it
                if answer is None or not requests:
                    return
                request = requests.pop(0)
                if not requests:
                    del open_requests[answer.id]
                if not open_requests:
                    timer.disposable = None
                on_next(
                    Acknowledged(frame.connection, request)
                    if answer.error is None
                    else Refused(frame.connection, request, answer.error)
                )

            def fail(error: Exception) -> None:
                timer.dispose()
                on_error(error)

            def complete() -> None:
                timer.dispose()
                on_completed()

            upstream = source.subscribe(forward, fail, complete, scheduler=clock)
            return CompositeDisposable(timer, upstream)

        return Lean(run)

    return operator


def _decoded(text: str | bytes) -> Any:
    try:
        return codec.loads(text)
    except ProtocolError:
        return text
