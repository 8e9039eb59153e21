"""KuCoin once over real sockets: tokens, welcome, acknowledgements, heartbeat, books, orders, a cut, and all of it again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import HandshakeRefused, LeaseError, SubscriptionError
from rxbotters.exchanges.kucoin import EXCHANGE
from rxbotters_operators.events import Closed, Live
from tests.exchanges.common import example, heard, program

KEYS = ["canary-key-7f3a9c", "canary-secret-51d0e8", "canary-pass-33aa77"]
QUICK = (0.01, 0.05, 1.5, 0.01)
ROOT = Path(__file__).parents[3]


class Venue:
    """KuCoin's side: hands out tokens, welcomes, acknowledges, and answers for its book and its orders."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.dialled: list[str] = []
        self.frames: list[dict[str, Any]] = []
        self.sockets: list[tuple[web.WebSocketResponse, web.Request]] = []
        self.unsigned: list[str] = []
        self.orders: list[dict[str, Any]] = []
        self.refusals = 0

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        signed = self._is_signed(request, body)
        if not signed:
            self.unsigned.append(request.path)
        match request.path:
            case "/api/v1/bullet-public" | "/api/v1/bullet-private":
                if request.path.endswith("private") and not signed:
                    return web.json_response({"code": "400001", "msg": "Please check the header"}, status=401)
                token = f"canary-token-{len(self.tokens)}=="
                self.tokens.append(token)
                server = {"endpoint": f"ws://{request.host}/ws", "pingInterval": 18000, "pingTimeout": 10000}
                return self._ok({"token": token, "instanceServers": [server]})
            case "/api/v3/market/orderbook/level2" if not signed:
                return web.json_response({"code": "400001", "msg": "Please check the header"}, status=401)
            case "/api/v3/market/orderbook/level2" | "/api/v1/level2/snapshot":
                levels = {"asks": [["101", "1"]], "bids": [["99", "2"]]}
                return self._ok({"sequence": "100", "time": 1, **levels})
            case _:
                return self._ok({"currentPage": 1, "totalPage": 1, "items": self.orders})

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        stamp = request.headers.get("KC-API-TIMESTAMP")
        text = f"{stamp}{request.method}{request.path_qs}".encode() + body
        proof = base64.b64encode(hmac.new(KEYS[1].encode(), text, hashlib.sha256).digest()).decode()
        return request.headers.get("KC-API-SIGN") == proof and request.headers["KC-API-KEY"] == KEYS[0]

    def _ok(self, data: Any) -> web.Response:
        return web.json_response({"code": "200000", "data": data})

    async def upgrade(self, request: web.Request) -> web.StreamResponse | None:
        self.dialled.append(request.query["token"])
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=401)
        return None

    async def ws(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.sockets.append((ws, request))
        await ws.send_json({"id": request.query["connectId"], "type": "welcome"})
        async for message in ws:
            frame = json.loads(message.data)
            self.frames.append(frame)
            if frame["type"] == "ping":
                await ws.send_json({"id": frame["id"], "type": "pong"})
            elif frame["topic"].endswith(":NOPE"):
                await ws.send_json({"id": str(frame["id"]), "type": "error", "code": 404, "data": "topic is not found"})
            else:
                await ws.send_json({"id": str(frame["id"]), "type": "ack"})
                await self._serve(frame["topic"])

    async def _serve(self, topic: str) -> None:
        number = 101  # the one after the snapshot
        if topic.startswith("/market/level2:"):
            changes = {"asks": [["100.5", "3", str(number)]], "bids": []}
            await self.push(topic, {"sequenceStart": number, "sequenceEnd": number, "changes": changes})
        elif topic.startswith("/contractMarket/level2:"):
            await self.push(topic, {"sequence": number, "change": "100.5,sell,3"})
        elif "Depth50" in topic:
            await self.push(topic, {"asks": [["101", "1"]], "bids": [["99", "2"]], "timestamp": number})

    async def push(self, topic: str, data: Any) -> None:
        await self.sockets[-1][0].send_json({"type": "message", "topic": topic, "subject": "x", "data": data})

    def cut(self) -> None:
        """Take the cable out."""
        transport = self.sockets[-1][1].transport
        assert transport is not None
        transport.abort()  # type: ignore[attr-defined]


def subscribe(topic: str, number: int, *, private: bool = False) -> dict[str, Any]:
    return {"id": number, "type": "subscribe", "topic": topic, "privateChannel": private, "response": True}


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
async def server(serve: Any, venue: Venue) -> Any:
    return await serve(http=venue.http, ws=venue.ws, upgrade=venue.upgrade)


def client(server: Any, **more: Any) -> rxbotters.Client:
    options = {"apis": {"kucoin": KEYS}, "base_url": server.url, "hosts": {server.host: "kucoin"}, **more}
    return rxbotters.Client(**options)


async def test_the_whole_life_of_a_private_connection(server: Any, venue: Venue, until: Any) -> None:
    """C31, C43, C49, F01, F45: every dial has a token of its own; book and orders are true again after a cut."""
    async with client(server) as bot:
        store = rxbotters.KuCoinDataStore()
        failures = heard(store)
        venue.orders = [{"id": "a", "symbol": "BTC-USDT", "type": "limit", "size": "1", "dealSize": "0"}]
        await store.initialize(bot.get("/api/v1/hf/orders/active/page", params={"symbol": "BTC-USDT"}))
        ws = bot.ws_connect(
            bot.lease("kucoin.private", base=server.url),
            send_json=[
                subscribe("/market/level2:BTC-USDT", 1),
                subscribe("/spotMarket/tradeOrdersV2", 2, private=True),
            ],
            hdlr_json=store.onmessage,
            backoff=QUICK,
        )
        events: list[Any] = []
        ws.events.subscribe(events.append)

        await ws.ready()

        assert store.orderbook.status_of("BTC-USDT") == Live()
        assert store.orderbook.best("BTC-USDT").ask == {
            "symbol": "BTC-USDT", "side": "asks", "price": "100.5", "size": "3"
        }  # fmt: skip
        assert [frame["type"] for frame in venue.frames].count("ping") == 1
        await venue.push("/spotMarket/tradeOrdersV2", {"orderId": "b", "symbol": "BTC-USDT", "type": "open", "ts": 1})
        await until(lambda: len(store.orders) == 2)
        venue.orders = [{"id": "c", "symbol": "BTC-USDT", "type": "limit", "size": "1", "dealSize": "0"}]

        venue.cut()
        await until(lambda: any(isinstance(event, Closed) for event in events))
        await until(lambda: store.orders.status == Live() and [row["orderId"] for row in store.orders] == ["c"])
        await ws.ready()

        assert store.orderbook.status_of("BTC-USDT") == Live()
        assert venue.dialled == ["canary-token-0==", "canary-token-1=="]
        assert [frame["topic"] for frame in venue.frames if frame["type"] == "subscribe"] == [
            "/market/level2:BTC-USDT",
            "/spotMarket/tradeOrdersV2",
        ] * 2
        assert not failures
        assert venue.unsigned == []


@pytest.mark.parametrize(
    ("lease", "topic", "book", "symbol"),
    [
        ("public", "/spotMarket/level2Depth50", "orderbook50", "BTC-USDT"),
        ("futures-public", "/contractMarket/level2Depth50", "orderbook50", "XBTUSDTM"),
        ("futures-public", "/contractMarket/level2", "orderbook", "XBTUSDTM"),
    ],
)
async def test_public_books_need_no_keys(
    server: Any, venue: Venue, until: Any, lease: str, topic: str, book: str, symbol: str
) -> None:
    async with client(server, apis={}) as bot:
        store = rxbotters.KuCoinDataStore()
        ws = bot.ws_connect(
            bot.lease(f"kucoin.{lease}", base=server.url),
            send_json=subscribe(f"{topic}:{symbol}", 1),
            hdlr_json=store.onmessage,
            backoff=QUICK,
        )
        await ws.ready()
        assert float(store[book].best(symbol).bid["price"]) == 99  # type: ignore[attr-defined]

        await venue.sockets[-1][0].close()
        await until(lambda: len(venue.sockets) == 2)
        await until(lambda: store[book].status == Live())

    assert len(venue.tokens) == 2


async def test_a_refused_subscription_leaves_the_others(server: Any) -> None:
    async with client(server) as bot:
        store = rxbotters.KuCoinDataStore()
        ws = bot.ws_connect(
            bot.lease("kucoin.public", base=server.url),
            send_json=[subscribe("/market/ticker:NOPE", 1), subscribe("/spotMarket/level2Depth50:BTC-USDT", 2)],
            hdlr_json=store.onmessage,
        )
        ws.errors.subscribe(lambda error: None)
        with pytest.raises(SubscriptionError, match="topic is not found"):
            await ws.ready()


async def test_a_refused_token_is_replaced_once(server: Any, venue: Venue) -> None:
    """F46: what a 401 refuses may be the token; a second token that is refused as well ends it."""
    async with client(server) as bot:
        venue.refusals = 1
        ws = await bot.ws_connect(bot.lease("kucoin.public", base=server.url), backoff=QUICK)
        assert venue.dialled == ["canary-token-0==", "canary-token-1=="]
        await ws.close()

        venue.refusals = 2
        ws = bot.ws_connect(bot.lease("kucoin.public", base=server.url), backoff=QUICK)
        ws.errors.subscribe(lambda error: None)
        with pytest.raises(HandshakeRefused, match="401"):
            await ws.wait()


async def test_a_private_token_needs_keys(server: Any) -> None:
    async with client(server, apis={}) as bot:
        lease = bot.lease("kucoin.private", base=server.url)
        lease.events.subscribe(lambda event: None, lambda error: None)
        with pytest.raises(LeaseError, match="401"):
            await bot.ws_connect(lease, backoff=QUICK).wait()


async def test_the_endpoint_as_the_reference_has_it(server: Any, venue: Venue) -> None:
    """initialize with the bullet answer, connect to ``store.endpoint``."""
    async with client(server) as bot:
        store = rxbotters.KuCoinDataStore()
        await store.initialize(bot.post("/api/v1/bullet-public"))

        ws = bot.ws_connect(
            store.endpoint, send_json=subscribe("/spotMarket/level2Depth50:BTC-USDT", 1), hdlr_json=store.onmessage
        )
        await ws.ready()

        assert len(store.orderbook50) == 2
        assert "canary-token" not in repr(ws)


def test_the_example_runs() -> None:
    assert example("kucoin")[-1] == "open orders: 0"


def test_the_program_of_the_page_prints_what_stands_below_it() -> None:
    printed, output = program("kucoin")

    assert printed == output
    page = (ROOT / "docs" / "exchanges" / "kucoin.md").read_text()
    assert EXCHANGE.docs in page
