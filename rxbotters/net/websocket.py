"""`WebSocketApp`: a WebSocket that stays, as a hot observable.

Rules
  1. One socket's life is a cold observable; heartbeat, login, subscriptions and reconnection are operators around it;
     the app is their hot result. Nothing here loops, sleeps or counts retries.
  2. A frame makes one trip: handlers first, then subscribers, synchronously, in order of arrival.
  3. What goes wrong is typed and stands on ``errors``; one handler's fault is nobody else's.
  4. The client owns the app; when either is closed every stream ends once and every wait returns or raises.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from typing import Any, Literal

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from rxbotters.descriptor import CloseRule
from rxbotters.errors import ClientClosed, HandlerError
from rxbotters.wire import redact_url
from rxbotters_operators.events import (
    Authenticated,
    Closed,
    Connecting,
    Event,
    Frame,
    Opened,
    Subscribed,
    Waiting,
    delivering,
)
from rxbotters_operators.hot import Errors, Hot, Latest, OnCompleted, OnError

from .counts import Counts
from .dial import UrlSource
from .handlers import Handler, Handlers, as_list
from .life import Pacing, life
from .link import Link, outgoing
from .metrics import ConnectionMetrics
from .proof import Proof
from .readiness import Readiness
from .response import Auth, ClientWebSocketResponse
from .resync import Resyncer
from .socket import Connection
from .subscription import Added, Subscriptions
from .tasks import Gate
from .wiring import Wiring

__all__ = ["WebSocketApp"]

_log = logging.getLogger("rxbotters")
OnHandlerError = Literal["report", "stop", "restart"]


class WebSocketApp(Observable[Frame]):
    """A connection that is kept alive until the client closes; made by `Client.ws_connect`.

    Subscribe to it, or ``pipe`` it, for data frames; several subscribers share the one connection.

    Attributes:
        events: Everything, in order: `Connecting`, `Opened`, `Authenticated`, `Subscribed`, `Frame` (control frames
            too), `Overdue`, `Answered`, `Closed`, `Waiting` …
        states: The current state, then each new one; `state` is its value.
        errors: What went wrong, typed; logged if nobody is subscribed.
    """

    def __init__(
        self,
        wiring: Wiring,
        url: UrlSource,
        *,
        send_str: str | Sequence[str] | Callable[[], Any] | None = None,
        send_bytes: bytes | Sequence[bytes] | Callable[[], Any] | None = None,
        send_json: Mapping[str, Any] | Sequence[Any] | Callable[[], Any] | None = None,
        hdlr_str: Handler | Sequence[Handler] | None = None,
        hdlr_bytes: Handler | Sequence[Handler] | None = None,
        hdlr_json: Handler | Sequence[Handler] | None = None,
        backoff: Any = None,
        autoping: bool = True,
        heartbeat: float | None = 10.0,
        auth: Any = Auth,
        app_heartbeat: bool | float | None = True,
        min_uptime: float = 1.0,
        healthy: float = 60.0,
        handshake_timeout: float = 10.0,
        login_timeout: float = 10.0,
        ack_timeout: float = 5.0,
        send_timeout: float = 5.0,
        max_age: float | None = None,
        overlap: float = 1.0,
        late_after: float | None = 1.0,
        fresh_within: Mapping[str, float] | None = None,
        fatal: Collection[int] = (401, 403, 404),
        close_rules: Mapping[int, CloseRule] | None = None,
        on_handler_error: OnHandlerError = "report",
        **options: Any,
    ) -> None:
        super().__init__()
        if on_handler_error not in ("report", "stop", "restart"):
            raise ValueError(f"on_handler_error must be 'report', 'stop' or 'restart', got {on_handler_error!r}")
        name = f"ws {'(dynamic url)' if callable(url) else redact_url(str(url))}"
        self.errors = Errors(f"{name} errors")
        self._link = Link(
            wiring,
            url,
            auth=auth,
            messages=outgoing(send_str, send_bytes, send_json),
            handshake_timeout=handshake_timeout,
            fatal=frozenset(fatal),
            close_rules=close_rules,
            report=self.errors.emit,
            beats=app_heartbeat,
            options=options,
        )
        self._wiring = wiring
        self._on_handler_error: OnHandlerError = on_handler_error
        self._port: Connection | None = None
        self._over = False
        self._targets: dict[Any, None] = {}
        self._counts = Counts(wiring.clock)
        self._turn: Hot[None] = Hot("rotate")
        self._subscriptions = Subscriptions(self._link, self, self._tell)
        self._frames: Hot[Frame] = Hot(name, on_fault=self.errors.emit)
        self.events: Hot[Event] = Hot(f"{name} events", on_fault=self.errors.emit)
        self.states: Latest[Event] = Latest(Connecting(name), name=f"{name} states", on_fault=self.errors.emit)
        self._opened, self._done = Gate(), Gate()
        self._readiness = Readiness(self._targets)
        self._proof = Proof(wiring.clock, self._opened, self.states)
        self._handlers = Handlers(
            as_list(hdlr_str), as_list(hdlr_bytes), as_list(hdlr_json), tasks=wiring.tasks, report=self._handler_failed
        )
        self._resyncer = Resyncer(
            self,
            is_open=lambda: self._port is not None,
            url=lambda: self._link.dialled,
            is_extra=wiring.hosts.is_extra,
            fetch=wiring.fetch,
            resubscribe=self._subscriptions.again,
            tasks=wiring.tasks,
            dice=wiring.clock.dice,
        )
        for owner in self._handlers:
            if hasattr(owner, "release"):
                self.attach(owner)
        pacing = Pacing(
            backoff=backoff,
            heartbeat=heartbeat,
            autoping=autoping,
            min_uptime=min_uptime,
            healthy=healthy,
            login_timeout=login_timeout,
            ack_timeout=ack_timeout,
            send_timeout=send_timeout,
            max_age=max_age,
            overlap=overlap,
            late_after=late_after,
            fresh_within=fresh_within,
        )
        stream = life(self._link, self, wiring, pacing, name=name[3:], turn=self._turn, more=self._subscriptions.more)
        self._subscription = SerialDisposable()
        self._subscription.disposable = stream.subscribe(self._on_event, self._finish, self._finish)

    # ------------------------------------------------------------------ events

    def _on_event(self, event: Event) -> None:
        if event.__class__ is Frame:
            self._on_frame(event)  # pyright: ignore[reportArgumentType]
            return
        self._on_turn(event)
        self.events.emit(event)

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind == "text" or frame.kind == "binary":
            self._counts.begin(frame, self._link.host)
            self._handlers(frame)
            if self._frames.observed:
                token = delivering.set(frame.connection.ws)
                try:
                    self._frames.emit(frame)
                finally:
                    delivering.reset(token)
            self._counts.end()
            if self._link.says_farewell:
                self._heed(frame)
        elif frame.kind == "pong" and self._proof.awaited:
            self._proof.pong(frame)
        if self.events.observed:
            self.events.emit(frame)

    def _heed(self, frame: Frame) -> None:
        """Go before one is cut: the server said that it will, or that the token in our url died."""
        farewell = self._link.farewell(frame)
        if farewell == "renew":
            self._link.expire()
        if farewell is not None:
            self.rotate()

    def _on_turn(self, event: Event) -> None:
        """Follow the life of the connection."""
        self._counts.follow(event)
        match event:
            case Opened(port):
                self._counts.gone(self._port)  # after a rotation there was one
                self._port = self._proof.port = port
                self._opened.open()
            case Closed():
                self._counts.gone(self._port)
                self._port = self._proof.port = None
                self._opened.shut()
                told = (self._frames.name, event.code, event.reason, event.cause, event.uptime)
                _log.info("%s: closed (%d %s, %s) after %.1f s", *told)
            case Waiting(cause=error) if isinstance(error, Exception):
                self.errors.emit(error)
            case _:
                pass
        self._subscriptions.hear(event)
        self._tell(event)
        if isinstance(event, Closed):
            self._resyncer.lost()
        refused = self._readiness.hear(event)
        if refused is not None:
            self.errors.emit(refused)
        match event:
            case Connecting() | Opened() | Authenticated() | Subscribed() | Closed() | Waiting():
                self.states.emit(event)
            case _:
                pass

    def _tell(self, event: Any) -> None:
        """Tell an event to the collections that this connection feeds."""
        for target in list(self._targets):
            tell = getattr(target, "onevent", None)
            if tell is not None:
                tell(event)

    def _handler_failed(self, error: Exception) -> None:
        self.errors.emit(error)
        if isinstance(error, HandlerError) and self._on_handler_error != "report":
            if self._on_handler_error == "stop":
                asyncio.get_running_loop().call_soon(self._finish, error)
            elif self._port is not None:
                self._port.close(1000, "handler failed")

    # ------------------------------------------------------------------ the end

    def _finish(self, error: Exception | None = None) -> None:
        """End every stream and every wait, once."""
        if self._over:
            return
        self._over = True
        self._subscription.dispose()
        closed = (
            Closed(1000, "", "client", connection=self._port)
            if error is None
            else Closed(1006, str(error), "fatal", error=error)
        )
        self._port = None
        reason = error or ClientClosed("this connection")
        for target in list(self._targets):
            if hasattr(target, "onevent"):
                target.onevent(closed)
            target.release(self, reason)
        self._targets.clear()
        self._resyncer.close()
        self._handlers.close()
        if error is not None:
            self.errors.emit(error)
        self.states.emit(closed)
        self.events.emit(closed)
        self._proof.port = None
        self._proof.fail(reason)
        self._opened.fail(reason)
        self._readiness.fail(reason)
        self._subscriptions.fail(reason)
        if error is None:
            self._done.open()
        else:
            self._done.fail(error)
        for hot in (self._frames, self.events, self.states):
            hot.complete(error)
        self.errors.complete()
        self._wiring.forget(self)

    def rotate(self) -> None:
        """Replace the connection by a new one now, without losing a message; ``events`` says `Rotated` when done."""
        self._turn.emit(None)

    def add(
        self,
        *,
        send_json: Mapping[str, Any] | Sequence[Any] | None = None,
        send_str: str | Sequence[str] | None = None,
        undo_json: Mapping[str, Any] | Sequence[Any] | None = None,
    ) -> Added:
        """Subscribe to more, now and on every connection to come; ``dispose()`` the result to end it.

        Args:
            send_json: Messages to send, signed and split as the exchange wants.
            send_str: Texts to send as they are.
            undo_json: What to send when it is disposed; by default what the exchange's descriptor makes of
                ``send_json``.

        Returns:
            The subscription: ``await`` it for the acknowledgement. A refusal is a `SubscriptionError` there and
            nowhere else.

        Raises:
            ClientClosed: The connection was closed.
        """
        if self._over:
            raise ClientClosed("this connection")
        return self._subscriptions.add(send_json, send_str, undo_json)

    def signed(self, message: Any) -> Any:
        """Return a JSON message as it must go out on this connection: a signed copy on hosts that sign messages."""
        return self._link.signed(message)

    def metrics(self) -> ConnectionMetrics:
        """Return what this connection did so far."""
        port = self._port
        return self._counts.snapshot(
            self._frames.name[3:],
            type(self.state).__name__,
            port,
            errors=self.errors.total,
            depths={**self._handlers.depths(), **_depths(self._targets)},
            dropped=self._handlers.dropped + sum(getattr(target, "dropped", 0) for target in self._targets),
        )

    async def close(self) -> None:
        """Close this connection for good; the client and its other connections live on."""
        self._finish()
        await asyncio.sleep(0)

    # ------------------------------------------------------------------ the user's side

    def subscribe(
        self,
        on_next: abc.ObserverBase[Frame] | Callable[[Frame], None] | None = None,
        on_error: OnError | None = None,
        on_completed: OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Hand every data frame from now on to a subscriber."""
        return self._frames.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

    def attach(self, target: Any) -> None:
        """Tell ``target`` (a collection, a queue) when connections come and go, and release it at the end."""
        if self._over:
            target.release(self, ClientClosed("this connection"))
            return
        if target not in self._targets:
            self._targets[target] = None
            self._resyncer.serve(target)
        joined = getattr(target, "joined", None)
        if joined is not None:
            joined(self)

    @property
    def url(self) -> UrlSource:
        """Where the next connection goes: a url, or a function that makes one; assign to change it."""
        return self._link.url

    @url.setter
    def url(self, url: UrlSource) -> None:
        self._link.url = url

    @property
    def state(self) -> Event:
        """What the connection is doing: the last of `Connecting`, `Opened`, `Authenticated`, `Subscribed`, `Closed`,
        `Waiting`."""
        return self.states.value

    @property
    def current_ws(self) -> ClientWebSocketResponse | None:
        """The live connection, ``None`` while there is none. For one-off messages."""
        return self._port.ws if self._port is not None else None

    async def ready(self) -> WebSocketApp:
        """Wait until the connection is logged in, its subscriptions are sent and acknowledged, its books have snapshots.

        Raises:
            SubscriptionError: The exchange refused a subscription; the others live on.
            ClientClosed: The client was closed.
            RxbottersError: The connection ended for good, by this error.
        """
        await self._readiness.with_all_sent(lambda: self._port)
        return self

    async def wait(self) -> None:
        """Wait until the connection is closed for good.

        Raises:
            RxbottersError: It ended by an error that no retry can change.
        """
        await self._done

    async def heartbeat(self, timeout: float = 10.0, *, attempts: int | None = None) -> float:
        """Prove that the connection is alive: ping, and wait for the pong; dial again if it stays away.

        Args:
            timeout: Seconds allowed for each pong.
            attempts: Give up after so many; ``None``: never.

        Returns:
            The round trip in seconds.

        Raises:
            TimeoutError: ``attempts`` pongs stayed away.
            ClientClosed: The client was closed.
        """
        return await self._proof.of_life(timeout, attempts)

    async def _wait_open(self) -> WebSocketApp:
        await self._opened
        return self

    def __await__(self) -> Generator[Any, None, WebSocketApp]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._wait_open().__await__()

    def __repr__(self) -> str:
        return f"<WebSocketApp {self._frames.name[3:]} {type(self.state).__name__}>"


def _depths(targets: Iterable[Any]) -> dict[str, int]:
    return {type(target).__name__: target.qsize() for target in targets if hasattr(target, "qsize")}
