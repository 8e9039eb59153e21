"""One JSON-RPC WebSocket connection of the simulated exchange."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from rxbotters.errors import ProtocolError
from rxbotters.sim.faults import Faults
from rxbotters.wire import dumps, hmac_sha256, loads

from .venue import Venue

__all__ = ["Stream"]

_WINDOW_MS = 30_000  # how far a timestamp may be off
_OUTBOX = 20_000  # messages that may wait for a slow client; then it is dropped


class Stream:
    """Speaks bitFlyer's realtime protocol on one connection.

    Attributes:
        account: The api key it logged in with.
        channels: What it subscribed to.
        sent: Messages written, by channel.
    """

    def __init__(self, venue: Venue, keys: Mapping[str, str], faults: Faults, request: web.Request) -> None:
        self._venue = venue
        self._keys = keys
        self._faults = faults
        self._request = request
        self.ws = web.WebSocketResponse(autoping=False, max_msg_size=1 << 20)
        self.account: str | None = None
        self.channels: set[str] = set()
        self.sent: Counter[str] = Counter()
        self.dead = False
        self._outbox: deque[str] = deque()
        self._wake = asyncio.Event()

    async def run(self) -> web.WebSocketResponse:
        """Serve the connection until it ends."""
        await self.ws.prepare(self._request)
        writer = asyncio.create_task(self._write(), name="sim writer")
        self._venue.streams.append(self)
        try:
            async for message in self.ws:
                await self._answer(message)
        finally:
            self._venue.streams.remove(self)
            self._venue.sent.update(self.sent)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self.ws

    def send(self, text: str, channel: str = "") -> None:
        """Queue a message; a client that is too slow is dropped."""
        if self.dead:
            return
        if len(self._outbox) >= _OUTBOX:
            self._faults.happened["slow client dropped"] += 1
            self.reset()
            return
        self.sent[channel] += 1
        self._outbox.append(text)
        self._wake.set()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outbox and not self.dead:
                try:
                    await self.ws.send_str(self._outbox.popleft())
                except (ConnectionError, RuntimeError):
                    return  # the reader sees the end, too

    # ------------------------------------------------------------------ faults

    def reset(self) -> None:
        """Cut the connection with a TCP reset."""
        transport = self._request.transport
        self.dead = True
        if transport is not None:
            raw = transport.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def silence(self) -> None:
        """Vanish without a word: nothing is sent any more, no ping is answered."""
        self.dead = True

    # ------------------------------------------------------------------ protocol

    async def _answer(self, message: WSMessage) -> None:
        if self.dead:
            return
        if message.type is WSMsgType.PING:
            await self.ws.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            try:
                request: Any = loads(message.data)
            except ProtocolError:
                self._reply({"id": None, "error": {"code": -32700, "message": "Parse error"}})
                return
            await self._call(request if hasattr(request, "get") else {})

    async def _call(self, request: dict[str, Any]) -> None:
        params: dict[str, Any] = request.get("params") or {}
        match request.get("method"):
            case "auth":
                await self._auth(request.get("id"), params)
            case "subscribe":
                self._subscribe(request.get("id"), str(params.get("channel")))
            case "unsubscribe":
                self.channels.discard(str(params.get("channel")))
                self._result(request.get("id"))
            case _:
                self._error(request.get("id"), -32601, "Method not found")

    async def _auth(self, call: Any, params: dict[str, Any]) -> None:
        faults = self._faults
        if faults.mute_login:
            faults.happened["mute_login"] += 1
            return
        if faults.hold_login is not None:
            faults.happened["hold_login"] += 1
            await faults.hold_login.wait()
        if faults.refuse_login is not None:
            faults.happened["refuse_login"] += 1
            self._error(call, -32602, faults.refuse_login)
            return
        key, stamp = params.get("api_key"), params.get("timestamp")
        secret = self._keys.get(str(key))
        wanted = hmac_sha256((secret or "").encode(), f"{stamp}{params.get('nonce')}".encode())
        if secret is None or params.get("signature") != wanted:
            self._error(call, -32602, "Invalid signature")
        elif not isinstance(stamp, int) or abs(stamp - self._venue.clock() * 1000) > _WINDOW_MS:
            self._error(call, -32602, "Invalid timestamp")
        else:
            self.account = str(key)
            self._result(call)

    def _subscribe(self, call: Any, channel: str) -> None:
        kind, product = self._parse(channel)
        if kind is None or channel in self._faults.refuse_channels:
            self._faults.happened["refused channel"] += 1
            self._error(call, -32602, f"Invalid channel: {channel}")
            return
        if kind == "private" and self.account is None:
            self._error(call, -32000, "Not authenticated")
            return
        self.channels.add(channel)
        self._result(call)
        if kind == "lightning_board_snapshot_":
            self.send_snapshot(channel, product)

    def send_snapshot(self, channel: str, product: str) -> None:
        """Send the snapshot of a product, as the exchange does on subscription and from time to time."""
        message = self._venue.snapshot(product)
        self.send(
            dumps({"jsonrpc": "2.0", "method": "channelMessage", "params": {"channel": channel, "message": message}}),
            channel,
        )

    def _parse(self, channel: str) -> tuple[str | None, str]:
        if channel in ("child_order_events", "parent_order_events"):
            return "private", ""
        for prefix in ("lightning_board_snapshot_", "lightning_board_", "lightning_ticker_", "lightning_executions_"):
            if channel.startswith(prefix):
                product = channel[len(prefix) :]
                return (prefix, product) if product in self._venue.engine.products else (None, "")
        return None, ""

    def _reply(self, answer: dict[str, Any]) -> None:
        self.send(dumps({"jsonrpc": "2.0", **answer}))

    def _result(self, call: Any) -> None:
        if call is not None:
            self._reply({"id": call, "result": True})

    def _error(self, call: Any, code: int, text: str) -> None:
        self._reply({"id": call, "error": {"code": code, "message": text}})
