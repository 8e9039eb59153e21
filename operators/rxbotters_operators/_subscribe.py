"""`subscribe_channels`: send the subscriptions of a connection, and follow their acknowledgements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from . import codec
from ._timing import clock_of
from .errors import ProtocolError
from .events import Acknowledged, Authenticated, Closed, Frame, Refused, Subscribed
from .hot import Lean, OnCompleted, OnError, OnNext, nothing

__all__ = ["AckRule", "More", "subscribe_channels"]


class AckRule(NamedTuple):
    """How an exchange acknowledges: ``request_ids(message)`` finds the ids of what we send, one for each answer to come
    (none: not acknowledged), ``read(message)`` gives an object with ``id`` and ``error`` (``None``: accepted), or
    ``None`` for other messages. ``shown(message)`` is what events and errors may tell of what was sent."""

    request_ids: Callable[[Any], Sequence[Any]]
    read: Callable[[Any], Any]
    shown: Callable[[Any], Any] = lambda message: message


class More(NamedTuple):
    """Subscriptions that come later, or go: ``texts`` to send on the open connection, on behalf of ``owner``, who hears
    in ``sent`` how many answers will come."""

    texts: Sequence[str | bytes]
    owner: Any = None
    sent: Callable[[int], None] = nothing


def subscribe_channels(
    messages: Callable[[Any], Sequence[str | bytes | More]],
    *,
    ack: AckRule | None = None,
    timeout: float = 5.0,
    more: Observable[More] | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Send the subscriptions as soon as a connection is authenticated.

    ::

        source              O-A----1-------2--f-      1 2 acknowledgements
        subscribe_channels  O-AS---1a------2r-f-      S Subscribed  a Acknowledged  r Refused

    Args:
        messages: Gives the messages for one connection, each a text or a `More`.
        ack: How the exchange answers; ``None``: it does not.
        timeout: Seconds after which a missing answer counts as refused.
        more: Subscriptions that are sent, and followed, while a connection is up.
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
            timer, extra = SerialDisposable(), SerialDisposable()
            open_requests: dict[Any, list[tuple[Any, Any]]] = {}
            connection: Any = None

            def authenticated(item: Authenticated) -> None:
                nonlocal connection
                on_next(item)
                open_requests.clear()
                connection = item.connection
                decoded: list[Any] = []
                answers = 0
                for entry in messages(connection):
                    batch = entry if isinstance(entry, More) else More((entry,))
                    posted, expected = post(batch)
                    decoded += posted
                    if batch.owner is None:
                        answers += expected
                on_next(Subscribed(connection, decoded, answers))

            def post(batch: More) -> tuple[list[Any], int]:
                """Send, and note which answers must come; return what was sent, decoded, and their number."""
                told: list[Any] = []
                answers = 0
                for text in batch.texts:
                    message = _decoded(text)
                    shown = ack.shown(message) if ack is not None else message
                    told.append(shown)
                    for name in ack.request_ids(message) if ack is not None else ():
                        open_requests.setdefault(name, []).append((shown, batch.owner))
                        answers += 1
                    connection.send(text)
                if answers:
                    timer.disposable = clock.schedule_relative(timeout, give_up)
                batch.sent(answers)
                return told, answers

            def give_up(*_: object) -> None:
                late = [request for requests in open_requests.values() for request in requests]
                open_requests.clear()
                for request, owner in late:
                    on_next(Refused(connection, request, f"not acknowledged within {timeout:g} s", owner))

            def forward(item: Any) -> None:
                nonlocal connection
                if item.__class__ is Frame:
                    on_next(item)
                    if open_requests:
                        follow(item)
                elif isinstance(item, Authenticated):
                    authenticated(item)
                else:
                    if isinstance(item, Closed):
                        connection = None
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
                request, owner = requests.pop(0)
                if not requests:
                    del open_requests[answer.id]
                if not open_requests:
                    timer.disposable = None
                on_next(
                    Acknowledged(frame.connection, request, owner)
                    if answer.error is None
                    else Refused(frame.connection, request, answer.error, owner)
                )

            def fail(error: Exception) -> None:
                stop()
                on_error(error)

            def complete() -> None:
                stop()
                on_completed()

            def later(batch: More) -> None:
                if connection is not None:
                    post(batch)

            def stop() -> None:
                timer.dispose()
                extra.dispose()

            if more is not None:
                extra.disposable = more.subscribe(later)
            upstream = source.subscribe(forward, fail, complete, scheduler=clock)
            return CompositeDisposable(timer, extra, upstream)

        return Lean(run)

    return operator


def _decoded(text: str | bytes) -> Any:
    try:
        return codec.loads(text)
    except ProtocolError:
        return text
