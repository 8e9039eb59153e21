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
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Any, Literal

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from rxbotters.descriptor import CloseRule
from rxbotters.errors import (
    ClientClosed,
    HandlerError,
    SubscriptionError,
)
from rxbotters.wire import redact_url
from rxbotters_operators import _heartbeat, _login, _reconnect, _rotate, _subscribe
from rxbotters_operators.events import (
    Authenticated,
    Closed,
    Connecting,
    Event,
    Frame,
    Opened,
    Refused,
    Subscribed,
    Waiting,
    delivering,
)
from rxbotters_operators.hot import Errors, Hot, Latest, OnCompleted, OnError

from .dial import UrlSource
from .handlers import Handler, Handlers, as_list
from .link import Link, outgoing
from .response import Auth, ClientWebSocketResponse
from .socket import Connection, connection
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
        min_uptime: float = 1.0,
        healthy: float = 60.0,
        handshake_timeout: float = 10.0,
        login_timeout: float = 10.0,
        ack_timeout: float = 5.0,
        send_timeout: float = 5.0,
        max_age: float | None = None,
        overlap: float = 1.0,
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
            options=options,
        )
        self._wiring = wiring
        self._on_handler_error: OnHandlerError = on_handler_error
        self._port: Connection | None = None
        self._missing = 0
        self._refused: SubscriptionError | None = None
        self._pongs: dict[bytes, asyncio.Future[float]] = {}
        self._opened, self._ready, self._done = Gate(), Gate(), Gate()
        self._over = False
        self._targets: dict[Any, None] = {}
        self._turn: Hot[None] = Hot("rotate")
        self._frames: Hot[Frame] = Hot(name, on_fault=self.errors.emit)
        self.events: Hot[Event] = Hot(f"{name} events", on_fault=self.errors.emit)
        self.states: Latest[Event] = Latest(Connecting(name), name=f"{name} states", on_fault=self.errors.emit)
        self._handlers = Handlers(
            as_list(hdlr_str), as_list(hdlr_bytes), as_list(hdlr_json), tasks=wiring.tasks, report=self._handler_failed
        )
        for owner in self._handlers:
            if hasattr(owner, "release"):
                self.attach(owner)

        link = self._link
        life: Observable[Any] = connection(
            lambda: link.dial(self), name=name[3:], tasks=wiring.tasks, autoping=autoping, send_timeout=send_timeout
        )
        if heartbeat is not None:
            life = life.pipe(_heartbeat.heartbeat(heartbeat))
        life = life.pipe(
            _login.login(link.script, timeout=login_timeout, late=link.login_late),
            _subscribe.subscribe_channels(link.subscriptions, ack=link.ack_rule, timeout=ack_timeout),
            _rotate.rotate(max_age or link.max_age, trigger=self._turn, overlap=overlap),
            _reconnect.reconnect(
                backoff, min_uptime=min_uptime, healthy=healthy, judge=link.judge, dice=wiring.clock.dice
            ),
        )
        self._subscription = SerialDisposable()
        self._subscription.disposable = life.subscribe(self._on_event, self._finish, self._finish)

    # ------------------------------------------------------------------ events

    def _on_event(self, event: Event) -> None:
        if event.__class__ is Frame:
            self._on_frame(event)  # pyright: ignore[reportArgumentType]
            return
        self._on_turn(event)
        self.events.emit(event)

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind == "text" or frame.kind == "binary":
            self._handlers(frame)
            if self._frames.observed:
                token = delivering.set(frame.connection.ws)
                try:
                    self._frames.emit(frame)
                finally:
                    delivering.reset(token)
        elif frame.kind == "pong" and self._pongs:
            self._pong(frame)
        if self.events.observed:
            self.events.emit(frame)

    def _on_turn(self, event: Event) -> None:
        """Follow the life of the connection."""
        match event:
            case Opened(port):
                self._port = port
                self._refused = None
                self._opened.open()
            case Subscribed(_, messages):
                request_id = self._link.ack_rule.request_id
                self._missing = sum(request_id(message) is not None for message in messages)
            case Closed():
                self._port = None
                self._opened.shut()
                self._ready.shut()
                _log.info(
                    "%s: closed (%d %s, %s) after %.1f s",
                    self._frames.name,
                    event.code,
                    event.reason,
                    event.cause,
                    event.uptime,
                )
            case Waiting(cause=error) if isinstance(error, Exception):
                self.errors.emit(error)
            case Refused(_, request, text):
                self._refused = SubscriptionError(request, text)
                self.errors.emit(self._refused)
            case _:
                pass
        for target in list(self._targets):
            tell = getattr(target, "onevent", None)
            if tell is not None:
                tell(event)
        match event:
            case Subscribed():
                self._check_ready()
            case Connecting() | Opened() | Authenticated() | Closed() | Waiting():
                pass
            case _:
                if hasattr(event, "request"):
                    self._missing -= 1
                    self._check_ready()
                return
        self.states.emit(event)

    def _check_ready(self) -> None:
        if self._missing > 0 or self._port is None or self._ready.is_open:
            return
        if self._refused is not None:
            self._ready.refuse(self._refused)
        elif not any(getattr(target, "syncing", False) for target in self._targets):
            self._ready.open()
        else:
            for target in self._targets:
                if getattr(target, "syncing", False):
                    target.when_synced(self._check_ready)

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
        self._handlers.close()
        if error is not None:
            self.errors.emit(error)
        self.states.emit(closed)
        self.events.emit(closed)
        for pong in self._pongs.values():
            if not pong.done():
                pong.set_exception(reason)
        self._opened.fail(reason)
        self._ready.fail(reason)
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
        self._targets[target] = None
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
        """Wait until the connection is logged in, its subscriptions are acknowledged and its books have their snapshot.

        Raises:
            SubscriptionError: The exchange refused a subscription; the others live on.
            ClientClosed: The client was closed.
            RxbottersError: The connection ended for good, by this error.
        """
        if self._refused is not None and self._port is not None and self._missing <= 0:
            raise self._refused
        await self._ready
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
        loop = asyncio.get_running_loop()
        tries = 0
        while True:
            await self._opened
            port = self._port
            if port is None:
                continue
            payload = f"rx-{self._wiring.clock.nonce()[:16]}".encode()
            pong: asyncio.Future[float] = loop.create_future()
            self._pongs[payload] = pong
            began = loop.time()
            port.ping(payload)
            try:
                async with asyncio.timeout(timeout):
                    await pong
                return loop.time() - began
            except TimeoutError:
                tries += 1
                if self._port is port:
                    port.close(1000, "no pong", cause="heartbeat")
                if attempts is not None and tries >= attempts:
                    raise TimeoutError(f"no pong within {timeout:g} s, {tries} times in a row") from None
                await self._gone(port)
            finally:
                self._pongs.pop(payload, None)

    async def _gone(self, port: Connection) -> None:
        """Wait until ``port`` is no longer the current connection."""
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def look(_: Event) -> None:
            if self._port is not port and not gone.done():
                gone.set_result(None)

        subscription = self.states.subscribe(look, on_completed=lambda: look(self.state))
        try:
            await gone
        finally:
            subscription.dispose()

    def _pong(self, frame: Frame) -> None:
        waiting = self._pongs.get(bytes(frame.data)) if isinstance(frame.data, bytes) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(0.0)

    async def _wait_open(self) -> WebSocketApp:
        await self._opened
        return self

    def __await__(self) -> Generator[Any, None, WebSocketApp]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._wait_open().__await__()

    def __repr__(self) -> str:
        return f"<WebSocketApp {self._frames.name[3:]} {type(self.state).__name__}>"
