"""`connection`: one socket's life as a cold observable.

Subscribing dials; `Opened`, then every frame in order, then `Closed` and the end. Disposing hangs up: a CLOSE frame is
sent and the socket is gone within half a second. Reading is a loop of plain function calls; sending is one writer
per connection, so that nobody who sends ever waits and everything that is sent has a deadline.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxbotters.errors import BufferOverflow, ProtocolError, RxbottersError, SendTimeout
from rxbotters_operators.events import Closed, Connecting, Dialect, Event, Frame, Opened
from rxbotters_operators.hot import Lean, OnCompleted, OnError, OnNext

from .response import ClientWebSocketResponse
from .tasks import Tasks

__all__ = ["Connection", "Dial", "connection"]

Dial = Callable[[], Awaitable[ClientWebSocketResponse]]
_HANG_UP = 0.5  # seconds a goodbye may take
_OUTBOX = 10_000  # messages that may wait to be sent
_BURST = 64  # frames handled before the loop gets a turn

_RAW = aiohttp.ClientWebSocketResponse
_TEXT, _BINARY = aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY
_PING, _PONG = aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG


class Connection:
    """The sending side of an open socket. Nothing here blocks.

    Attributes:
        ws: aiohttp's connection.
        dialect: How its frames are decoded.
        frames: Data frames received so far.
        bytes: Their size, inflated.
        pending: What handlers returned to be awaited before the next frame is read: their back-pressure.
        left: Whether nobody listens any more: nothing more is read, not even what is here already.
    """

    def __init__(self, ws: ClientWebSocketResponse, send_timeout: float) -> None:
        self.ws = ws
        ws._post = self.send
        self.dialect: Dialect = ws.dialect
        self.frames = 0
        self.bytes = 0
        self._throttle = ws.throttle
        self.pending: list[Awaitable[Any]] = []
        self.left = False
        self.failure: RxbottersError | None = None
        self.goodbye: tuple[int, str, str] | None = None
        self._send_timeout = send_timeout
        self._outbox: deque[str | bytes] = deque()
        self._pings: deque[bytes] = deque()
        self._pong: bytes | None = None
        self._wake = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()

    def send(self, data: str | bytes) -> None:
        """Queue a text or binary message.

        Raises:
            BufferOverflow: 10,000 messages are waiting already.
        """
        if len(self._outbox) >= _OUTBOX:
            raise BufferOverflow("messages to send", _OUTBOX, 1, "error")
        self._outbox.append(data)
        self._written.clear()
        self._wake.set()

    def ping(self, payload: bytes) -> None:
        """Queue a ping."""
        self._pings.append(payload)
        self._wake.set()

    def pong(self, payload: bytes) -> None:
        """Answer a ping; of a flood only the last is answered, as RFC 6455 allows."""
        self._pong = payload
        self._wake.set()

    def close(self, code: int = 1000, reason: str = "", *, cause: str = "manual") -> None:
        """Say goodbye; the stream ends with `Closed` of this cause."""
        if self.goodbye is None:
            self.goodbye = (code, reason, cause)
            self._wake.set()

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._outbox)

    async def write(self, reader: asyncio.Task[Any]) -> None:
        """Send what is queued, for as long as the connection lives."""
        ws = self.ws
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._has_more():
                    if self._throttle is not None:
                        await self._throttle.wait()
                    send = self._next()
                    if send is not None:
                        async with asyncio.timeout(self._send_timeout):
                            await send
                self._written.set()
                if self.goodbye is not None:
                    code, reason, _ = self.goodbye
                    async with asyncio.timeout(_HANG_UP):
                        await ws.close(code=code, message=reason.encode()[:120])
                    return
        except TimeoutError:
            self.failure = None if self.goodbye else SendTimeout(self._send_timeout)
        except (aiohttp.ClientError, OSError):
            return  # the reader sees the same loss and says so
        finally:
            self._written.set()
        reader.cancel()

    async def written(self) -> bool:
        """Wait until what was queued is sent; return whether it was, or the connection ended before."""
        await self._written.wait()
        return not self._outbox

    def _has_more(self) -> bool:
        """Whether there is anything to send; once goodbye is said, what would have to wait for its turn is given up."""
        if self.goodbye is not None and self._throttle is not None:
            return False
        return self._pong is not None or bool(self._pings) or bool(self._outbox)

    def _next(self) -> Awaitable[None] | None:
        """Return the sending of what is most urgent: pongs and pings before messages, none of them after goodbye."""
        ws = self.ws
        if not self._has_more():
            return None
        if self._pong is not None:
            payload, self._pong = self._pong, None
            return ws.pong(payload)
        if self._pings:
            return ws.ping(self._pings.popleft())
        data = self._outbox.popleft()
        # The writer waited for its turn already.
        return _RAW.send_str(ws, data) if isinstance(data, str) else _RAW.send_bytes(ws, data)

    def __repr__(self) -> str:
        return f"<Connection {'closed' if self.ws.closed else 'open'}>"


def connection(
    dial: Dial, *, name: str, tasks: Tasks, autoping: bool = True, send_timeout: float = 5.0
) -> Observable[Event]:
    """Return one socket's life as a cold observable; see the module.

    Args:
        dial: Performs the handshake.
        name: What to call the destination in events: a url without secrets.
        tasks: Owns the reader and the writer.
        autoping: Answer the server's pings.
        send_timeout: Seconds the peer may take to accept what we send.

    Errors:
        What ``dial`` raises.
    """

    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, _: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        disposed = False
        opened: Connection | None = None

        async def live() -> None:
            nonlocal opened
            try:
                ws = await dial()
            except Exception as error:
                if not disposed:
                    on_error(error)
                return
            closed: Closed | None = None
            failure: Exception | None = None
            port = opened = Connection(ws, send_timeout)
            me = asyncio.current_task()
            assert me is not None
            writer = tasks.spawn(port.write(me), f"rxbotters writer {name}")
            try:
                if not disposed:
                    on_next(Opened(port))
                    closed = await _read(port, on_next, autoping)
            except asyncio.CancelledError:
                if disposed or (port.failure is None and port.goodbye is None):
                    raise
                me.uncancel()
                code, reason, cause = port.goodbye or (1006, str(port.failure), "send")
                closed = Closed(code, reason, cause, error=port.failure)
            except Exception as error:
                failure = error  # a fault behind us must not leave a connection that looks alive and is not read
            finally:
                await _hang_up(port, writer)
            if failure is not None and not disposed:
                on_error(failure)
            elif not disposed and closed is not None:
                on_next(closed)
                if not disposed:
                    on_completed()

        on_next(Connecting(name))
        task = tasks.spawn(live(), f"rxbotters connection {name}")

        def dispose() -> None:
            nonlocal disposed
            disposed = True
            if opened is not None:
                opened.left = True
            task.cancel()

        return Disposable(dispose)

    return Lean(run)


async def _read(port: Connection, on_next: OnNext, autoping: bool) -> Closed | None:
    """Hand on frames until the socket ends; return how it ended, ``None`` if it was left before."""
    ws = port.ws
    receive = ws.receive
    pending = port.pending
    burst = 0
    while not port.left:
        message = await receive()
        kind = message.type
        if kind is _TEXT:
            port.frames += 1
            port.bytes += len(message.data)
            on_next(Frame("text", message.data, port))
        elif kind is _BINARY:
            port.frames += 1
            port.bytes += len(message.data)
            on_next(Frame("binary", message.data, port))
        elif kind is _PING:
            if autoping:
                port.pong(bytes(message.data))
            on_next(Frame("ping", bytes(message.data), port))
        elif kind is _PONG:
            on_next(Frame("pong", bytes(message.data), port))
        else:
            return _how_it_ended(port, message)
        if pending:
            waiting = list(pending)
            pending.clear()
            for awaitable in waiting:
                await awaitable
        burst += 1
        if burst == _BURST:
            burst = 0
            await asyncio.sleep(0)
    return None


def _how_it_ended(port: Connection, message: aiohttp.WSMessage) -> Closed:
    if port.goodbye is not None:
        code, reason, cause = port.goodbye
        return Closed(code, reason, cause)
    if message.type is aiohttp.WSMsgType.CLOSE:
        return Closed(int(message.data or 1005), str(message.extra or ""), "peer")
    if message.type is aiohttp.WSMsgType.ERROR:
        code = port.ws.close_code or 1006
        error = ProtocolError(f"the server sent a frame that breaks the protocol ({message.data})")
        return Closed(code, str(message.data), "protocol", error=error)
    return Closed(1006, "the connection was lost without a close frame", "reset")


async def _hang_up(port: Connection, writer: asyncio.Task[None]) -> None:
    """Close the socket, politely if the peer lets us, within half a second."""
    code, reason, _ = port.goodbye or (1000, "", "")
    writer.cancel()
    try:
        async with asyncio.timeout(_HANG_UP):
            await port.ws.close(code=code, message=reason.encode()[:120])
    except TimeoutError:
        pass  # aiohttp drops the transport when its goodbye is cut short
