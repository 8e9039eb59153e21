"""GMO Coin once over real sockets: token, subscriptions, books, orders, a cut, maintenance, and all of it again."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

import rxbotters
from rxbotters.clock import Clock
from rxbotters.descriptor import Sends
from rxbotters.errors import HandshakeRefused, ProtocolError
from rxbotters.exchanges.gmocoin import EXCHANGE
from rxbotters_operators.events import Closed, Leased, LeaseFailed, Live, Rotated
from tests.exchanges.common import example, heard, program

KEYS = ["canary-key-7f3a9c", "canary-secret-51d0e8"]
QUICK = (0.01, 0.05, 1.5, 0.01)
ROOT = Path(__file__).parents[3]
BRISK = replace(
    EXCHANGE,
    ws={name: replace(host, sends=Sends(1, 0.001, shared=True)) for name, host in EXCHANGE.ws.items()},
)
"""The exchange at a thousand times its pace."""


class Venue:
    """GMO Coin's side: tokens that can die, sockets, and one order."""

    def __init__(self) -> None:
        self.given = 0
        self.alive: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.dialled: list[str] = []
        self.frames: list[dict[str, Any]] = []
        self.pings = 0
        self.sockets: list[tuple[web.WebSocketResponse, web.Request]] = []
        self.keys_on_sockets: list[str] = []
        self.unsigned: list[str] = []
        self.orders: list[dict[str, Any]] = []
        self.maintenance = False
        self.too_many = 0

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path.startswith("/ws/"):
            return await self._socket(request)
        self.asked.append((request.method, request.path))
        if self.maintenance:
            message = {"message_code": "ERR-5201", "message_string": "MAINTENANCE. Please wait for a while"}
            return web.json_response({"status": 5, "messages": [message]})
        if not self._is_signed(request, body):
            self.unsigned.append(request.path)
        if request.path == "/private/v1/ws-auth":
            return self._auth(request.method, body)
        return web.json_response({"status": 0, "data": {"list": self.orders} if self.orders else {}})

    def _auth(self, method: str, body: bytes) -> web.Response:
        if method == "POST":
            self.given += 1
            token = f"canary-token-{self.given}"
            self.alive.add(token)
            return web.json_response({"status": 0, "data": token})
        if json.loads(body)["token"] in self.alive:
            return web.json_response({"status": 0})
        message = {"message_code": "ERR-5106", "message_string": "Invalid request parameter. token"}
        return web.json_response({"status": 1, "messages": [message]})

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        text = f"{request.headers.get('API-TIMESTAMP')}{request.method}{request.path.removeprefix('/private')}".encode()
        text += body if request.method == "POST" else b""
        return request.headers.get("API-SIGN") == hmac.new(KEYS[1].encode(), text, hashlib.sha256).hexdigest()

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.dialled.append(request.path.rpartition("/")[2])
        self.keys_on_sockets += [name for name in request.headers if name.upper().startswith("API-")]
        if self.maintenance:
            return web.Response(status=503)
        if "/private/" in request.path and self.dialled[-1] not in self.alive:
            return web.Response(status=404)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        self.sockets.append((ws, request))
        async for message in ws:
            if message.type is WSMsgType.PING:
                self.pings += 1
                await ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                await self._command(ws, json.loads(message.data))
        return ws

    async def _command(self, ws: web.WebSocketResponse, command: dict[str, Any]) -> None:
        self.frames.append(command)
        if self.too_many:
            self.too_many -= 1
            await ws.send_json({"error": "ERR-5003 Request too many."})
        elif command["channel"] == "orderbooks":
            await ws.send_json(
                {
                    "channel": "orderbooks",
                    "symbol": command["symbol"],
                    "timestamp": "2018-03-30T12:34:56.789Z",
                    "asks": [{"price": "101", "size": "1"}],
                    "bids": [{"price": "99", "size": "2"}],
                }
            )

    async def push(self, **message: Any) -> None:
        await self.sockets[-1][0].send_json(message)

    def cut(self) -> None:
        """Take the cable out."""
        transport = self.sockets[-1][1].transport
        assert transport is not None
        transport.abort()  # type: ignore[attr-defined]


def subscribe(channel: str, **more: Any) -> dict[str, Any]:
    return {"command": "subscribe", "channel": channel, **more}


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
async def server(serve: Any, venue: Venue) -> Any:
    return await serve(http=venue.http)


def client(server: Any, **more: Any) -> rxbotters.Client:
    options = {
        "apis": {"gmocoin": KEYS},
        "base_url": server.url,
        "hosts": {server.host: "gmocoin"},
        "exchanges": [BRISK],
        "clock": Clock(dice=lambda: 0.0),
        **more,
    }
    return rxbotters.Client(**options)


async def test_public_books_and_their_return(server: Any, venue: Venue, until: Any) -> None:
    """C43, C49, F01, defect 9: no key goes to a socket."""
    async with client(server) as bot:
        store = rxbotters.GMOCoinDataStore()
        ws = bot.ws_connect(
            f"ws://{server.host}/ws/public/v1",
            send_json=[subscribe("orderbooks", symbol="BTC_JPY"), subscribe("orderbooks", symbol="BTC")],
            hdlr_json=store.onmessage,
            backoff=QUICK,
        )
        await ws.ready()
        assert store.orderbooks.best("BTC").ask["price"] == "101"  # type: ignore[index]
        assert await ws.heartbeat() >= 0

        venue.cut()
        await until(lambda: isinstance(ws.state, Closed) or len(venue.sockets) == 2)
        await until(lambda: len(venue.frames) == 4)
        await ws.ready()
        await until(lambda: store.orderbooks.status == Live())

    assert [frame["symbol"] for frame in venue.frames] == ["BTC_JPY", "BTC"] * 2
    assert venue.pings >= 1
    assert venue.keys_on_sockets == []


async def test_a_private_connection_and_its_token(server: Any, venue: Venue, until: Any) -> None:
    """C31, F45, F46, defect 8: a token that died is replaced before the next dial, also after a long maintenance."""
    async with client(server) as bot:
        store = rxbotters.GMOCoinDataStore()
        store.errors.subscribe(lambda error: None)
        venue.orders = [{"orderId": 1, "symbol": "BTC_JPY", "size": "1", "executedSize": "0", "status": "ORDERED"}]
        await store.initialize(bot.get("/private/v1/activeOrders", params={"symbol": "BTC_JPY"}))
        lease = bot.lease("gmocoin.private", base=server.url)
        told: list[Any] = []
        lease.events.subscribe(told.append)
        ws = bot.ws_connect(
            lease,
            send_json=[subscribe("orderEvents"), subscribe("executionEvents")],
            hdlr_json=store.onmessage,
            backoff=QUICK,
        )
        ws.errors.subscribe(lambda error: None)
        await ws.ready()
        await until(lambda: len(venue.frames) == 2)
        event = {"symbol": "BTC_JPY", "orderSize": "1", "orderExecutedSize": "0.4"}
        await venue.push(channel="executionEvents", orderId=1, executionId=7, executionSize="0.4", **event)
        await until(lambda: [row["executedSize"] for row in store.orders] == ["0.4"])

        venue.maintenance, venue.alive = True, set()
        venue.orders = []
        venue.cut()
        await until(lambda: venue.dialled.count("canary-token-1") >= 3)
        venue.maintenance = False
        await until(lambda: len(venue.sockets) == 2)
        await ws.ready()
        await until(lambda: store.orders.status == Live())

        assert venue.dialled[-1] == "canary-token-2"
        assert [event.token for event in told if isinstance(event, Leased)] == ["canary-token-1", "canary-token-2"]
        assert not store.orders.find()
        assert venue.unsigned == venue.keys_on_sockets == []


async def test_a_second_token_that_is_refused_ends_it(server: Any, venue: Venue) -> None:
    async with client(server) as bot:
        lease = bot.lease("gmocoin.private", base=server.url)
        lease.events.subscribe(lambda event: venue.alive.clear())
        ws = bot.ws_connect(lease, backoff=QUICK)
        ws.errors.subscribe(lambda error: None)
        with pytest.raises(HandshakeRefused, match="404"):
            await ws.wait()

    assert venue.dialled == ["canary-token-1", "canary-token-2"]


async def test_a_lease_outlives_maintenance(server: Any, venue: Venue, until: Any) -> None:
    """F47: no token to be had is no reason to give up."""
    venue.maintenance = True
    async with client(server) as bot:
        lease = bot.lease("gmocoin.private", base=server.url)
        told: list[Any] = []
        lease.events.subscribe(told.append)
        lease.start()
        await until(lambda: told)

    assert isinstance(told[0], LeaseFailed)
    assert "ERR-5201" in str(told[0].error)


async def test_ready_waits_for_the_turn_of_every_subscription(server: Any, venue: Venue) -> None:
    """F44: an order placed after ready() is not placed before its events are asked for."""
    (host,) = EXCHANGE.ws.values()
    paced = replace(EXCHANGE, ws={"api.coin.z.com": replace(host, sends=Sends(1, 0.02, shared=True))})
    async with client(server, exchanges=[paced]) as bot:
        subscriptions = [subscribe("ticker", symbol=symbol) for symbol in ("BTC", "ETH", "XRP", "LTC")]
        ws = bot.ws_connect(f"ws://{server.host}/ws/public/v1", send_json=subscriptions)

        await ws.ready()
        await ws.heartbeat()  # what was sent before the ping has arrived

        assert venue.frames == subscriptions


async def test_a_subscription_lost_to_the_limit_is_made_again(server: Any, venue: Venue, until: Any) -> None:
    """Defect 12, F44."""
    venue.too_many = 1
    async with client(server) as bot:
        store = rxbotters.GMOCoinDataStore()
        failures = heard(store)
        ws = bot.ws_connect(
            f"ws://{server.host}/ws/public/v1",
            send_json=subscribe("orderbooks", symbol="BTC_JPY"),
            hdlr_json=store.onmessage,
            backoff=QUICK,
            overlap=0.01,
        )
        events: list[Any] = []
        ws.events.subscribe(events.append)
        await until(lambda: any(isinstance(event, Rotated) for event in events))
        await until(lambda: store.orderbooks.status_of("BTC_JPY") == Live())

    assert [type(failure) for failure in failures] == [ProtocolError]
    assert len(venue.sockets) == 2


def test_the_example_runs() -> None:
    assert example("gmocoin")[-1] == "open orders: 0"


def test_the_program_of_the_page_prints_what_stands_below_it() -> None:
    printed, output = program("gmocoin")

    assert printed == output
    page = (ROOT / "docs" / "exchanges" / "gmocoin.md").read_text()
    assert EXCHANGE.docs in page
