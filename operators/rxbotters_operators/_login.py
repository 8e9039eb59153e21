"""`login`: get through an exchange's login before anything else happens on a connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from ._timing import clock_of
from .errors import BufferOverflow, ProtocolError
from .events import Authenticated, Frame, Opened
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Script", "login"]

Script = Generator[Sequence[str] | None, Any, None]
"""A login without I/O: yields texts to send, is sent each message that arrives, returns when it is through. ``None``
in answer to a message says: that one is not mine."""

_HELD = 10_000  # frames that may wait for a login to end


def login(
    script: Callable[[], Script | None],
    *,
    timeout: float = 10.0,
    late: Callable[[float], Exception] = lambda seconds: TimeoutError(f"login not answered within {seconds:g} s"),
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Run a login script on every connection that opens.

    ::

        source   O---f---r---g---        O Opened  f g frames of others  r the exchange's answer
        login    O-------Af--g---        A Authenticated

    Frames that are not the login's wait, and follow `Authenticated` in their order. Control frames pass at once. A frame
    that is noise in the dialect of its connection (a bare ``pong``) reaches the script as the text it is.

    Args:
        script: Makes the script of one login; ``None``: there is nothing to log in to.
        timeout: Seconds the whole login may take.
        late: Makes the error for a login that took longer.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Errors:
        What the script raises (a refusal); what ``late`` makes; ProtocolError: an answer is not JSON;
        BufferOverflow: 10,000 frames arrived before the answer.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> class Port:
        ...     def send(self, text): print("send", text)
        >>> def script():
        ...     reply = yield ["hello"]
        ...     while reply != "welcome":
        ...         reply = yield None
        >>> source = Subject()
        >>> _ = source.pipe(login(script, scheduler=TestScheduler())).subscribe(lambda item: print(type(item).__name__))
        >>> source.on_next(Opened(Port()))
        Opened
        send hello
        >>> source.on_next(Frame("text", '"welcome"'))
        Authenticated
    """
    if not timeout > 0:
        raise ValueError(f"timeout must be positive seconds, got {timeout!r}")

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            upstream, timer = SerialDisposable(), SerialDisposable()
            talk: Script | None = None
            connection: Any = None
            held: deque[Frame] = deque()

            def fail(error: Exception) -> None:
                timer.dispose()
                upstream.dispose()
                on_error(error)

            def opened(item: Opened) -> None:
                nonlocal talk, connection
                connection = item.connection
                held.clear()
                on_next(item)
                talk = script()
                if talk is None:
                    on_next(Authenticated(connection))
                    return
                timer.disposable = clock.schedule_relative(timeout, lambda _clock, _state: fail(late(timeout)))
                advance(None)

            def advance(message: Any) -> bool:
                """Give the script a message; say whether it was the script's."""
                nonlocal talk
                assert talk is not None
                try:
                    texts = talk.send(message)
                except StopIteration:
                    talk = None
                    timer.disposable = None
                    on_next(Authenticated(connection))
                    while held and talk is None:
                        on_next(held.popleft())
                    return True
                except Exception as error:
                    fail(error)
                    return True
                for text in texts or ():
                    connection.send(text)
                return texts is not None

            def forward(item: Any) -> None:
                if talk is None:
                    if item.__class__ is not Frame and isinstance(item, Opened):
                        opened(item)
                    else:
                        on_next(item)
                elif item.__class__ is not Frame or item.kind == "ping" or item.kind == "pong":
                    on_next(item)
                else:
                    answer(item)

            def answer(frame: Frame) -> None:
                try:
                    message = frame.data if frame.is_noise else frame.message
                except ProtocolError as error:
                    if frame.kind == "text":
                        fail(error)
                        return
                    message = None
                if message is not None and advance(message):
                    return
                if len(held) >= _HELD:
                    fail(BufferOverflow("frames before the login", _HELD, 0, "error"))
                    return
                held.append(frame)

            upstream.disposable = source.subscribe(forward, fail, on_completed, scheduler=clock)
            return CompositeDisposable(timer, upstream)

        return Lean(run)

    return operator
