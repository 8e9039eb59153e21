"""Bybit over real sockets: login, acknowledgements, heartbeat, book, orders, cut and come back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import LoginRefused, SubscriptionError
from rxbotters_operators.events import Live, Rotated, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

APIS = {"bybit": [KEY, SECRET]}
B = "BTCUSDT"
BOOK = {"op": "subscribe", "args": [f"orderbook.50.{B}"]}
ACCOUNT = {"op": "subscribe", "args": ["order", "position", "wallet"]}


class Venue:
    """Answers as Bybit does, by the path, and remembers what it was told."""

    def __init__(self) -> None:
        self.got: dict[str, list[Any]] = {}
        self.sockets: dict[str, list[web.WebSocketResponse]] = {}
        self.transports: dict[str, Any] = {}
        self.number = 100
        self.login: dict[str, Any] = {"success": True, "ret_msg": "", "op": "auth", "conn_id": "c"}
        self.refuse: set[str] = set()
        self.orders = [{"orderId": "1", "symbol": B, "orderStatus": "New", "updatedTime": "5"}]
        self.asked: list[str] = []

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.connect(request)
        self.asked.append(request.path_qs)
        rows = self.orders if request.path == "/v5/order/realtime" else []
        result: dict[str, Any] = {"category": "linear", "list": rows, "nextPageCursor": ""}
        if request.path == "/v5/market/full_orderbook":
            result = {"s": request.query["symbol"], "a": [["101", "1"]], "b": [["99", "1"]], "u": self.number, "seq": 1}
        return web.json_response({"retCode": 0, "retMsg": "OK", "result": result, "time": 1})

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        path = request.path.rpartition("/")[2]
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.sockets.setdefault(path, []).append(ws)
        self.transports[path] = request.transport
        async for message in ws:
            asked = json.loads(message.data)
            self.got.setdefault(path, []).append(asked)
            for answer in self.answers(path, asked):
                await ws.send_json(answer)
        return ws

    def answers(self, path: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
        match asked["op"]:
            case "auth":
                return [{"topic": "order", "data": []}, self.login]
            case "ping":
                return [{"success": True, "ret_msg": "pong", "conn_id": "c", "op": "ping"}]
            case "subscribe" if path == "option":
                data = {"failTopics": [], "successTopics": asked["args"]}
                return [{"success": True, "conn_id": "c", "data": data, "type": "COMMAND_RESP"}]
            case "subscribe":
                refused = self.refuse & set(asked["args"])
                text = f"error:handler not found,topic:{refused}" if refused else "subscribe"
                ack = {
                    "success": not refused,
                    "ret_msg": text,
                    "conn_id": "c",
                    "req_id": asked["req_id"],
                    "op": "subscribe",
                }
                books = [topic for topic in asked["args"] if topic.startswith("orderbook.50.")]
                return [ack, *(self.book(topic, "snapshot") for topic in books)]
            case "order.create":
                return [{"reqId": asked["reqId"], "retCode": 0, "op": "order.create", "data": {"orderId": "9"}}]
            case _:
                return [{"success": True, "ret_msg": "", "op": asked["op"]}]

    def book(self, topic: str, kind: str, *, skip: int = 0, bid: str = "99") -> dict[str, Any]:
        self.number += 1 + skip
        data = {"s": topic.rpartition(".")[2], "a": [["101", "1"]], "b": [[bid, str(self.number)]], "u": self.number}
        return {"topic": topic, "type": kind, "ts": 1672304484978, "data": {**data, "seq": self.number}}

    async def tell(self, path: str, message: dict[str, Any]) -> None:
        await self.sockets[path][-1].send_json(message)

    def ops(self, path: str) -> list[str]:
        return [asked["op"] for asked in self.got.get(path, []) if asked["op"] != "ping"]

    def commands(self, path: str) -> list[Any]:
        return [asked for asked in self.got.get(path, []) if asked["op"] != "ping"]


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
async def server(serve: Any, venue: Venue) -> Any:
    server = await serve(http=venue.http)
    yield server
    for sockets in venue.sockets.values():
        for socket in sockets:
            await socket.close()


def client_of(server: Any, name: str = "stream.bybit.com", **more: Any) -> rxbotters.Client:
    return server.client(apis=APIS, hosts={server.host: name}, **more)  # type: ignore[no-any-return]


def at(server: Any, path: str) -> str:
    return f"ws://{server.host}/v5/{path}"


async def test_a_day_with_bybit(server: Any, venue: Venue, until: Any) -> None:
    """C31, C43, C49, F73: login, subscriptions, heartbeat, book and orders, a cut, and all of it again."""
    store = rxbotters.BybitDataStore()
    hosts = {server.host: "bybit"}
    async with server.client(apis=APIS, hosts=hosts) as client:
        public = client.ws_connect(at(server, "public/linear"), send_json=BOOK, hdlr_json=store.onmessage)
        private = client.ws_connect(at(server, "private"), send_json=ACCOUNT, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await asyncio.gather(public.ready(), private.ready())
        assert venue.ops("private") == ["auth", "subscribe"]
        assert venue.ops("linear") == ["subscribe"]
        assert venue.commands("private")[0]["args"][0] == KEY
        await until(lambda: all({"op": "ping"} in venue.got[path] for path in ("linear", "private")))
        assert store.orderbook.status_of(B) == Live()
        await store.initialize(
            client.get("/v5/order/realtime", params={"category": "linear", "symbol": B}),
            client.get("/v5/position/list", params={"category": "linear", "symbol": B}),
            client.get("/v5/account/wallet-balance", params={"accountType": "UNIFIED"}),
        )
        assert [row["orderId"] for row in store.order] == ["1"]
        await venue.tell("private", {"topic": "order", "data": [{**venue.orders[0], "orderStatus": "Filled"}]})
        await until(lambda: not len(store.order))
        statuses: list[Any] = []
        store.orderbook.instrument_statuses.subscribe(lambda pair: statuses.append(type(pair[1]).__name__))
        asked = len(venue.asked)
        venue.orders = [{"orderId": "2", "symbol": B, "orderStatus": "New", "updatedTime": "7"}]

        for path in ("linear", "private"):
            venue.transports[path].abort()  # no goodbye

        await until(lambda: len(venue.sockets["linear"]) == 2 and store.orderbook.status_of(B) == Live())
        await until(lambda: len(venue.asked) >= asked + 3 and store.order.status == Live())  # once for each connection
        assert statuses[0] == "Stale"
        assert statuses[-1] == "Live"
        assert [row["orderId"] for row in store.order] == ["2"]
        assert venue.ops("private") == ["auth", "subscribe"] * 2
        expiries = [asked["args"][1] for asked in venue.got["private"] if asked["op"] == "auth"]
        assert len(expiries) == 2
        assert expiries[1] >= expiries[0]


async def test_a_gap_brings_a_new_snapshot(server: Any, venue: Venue, until: Any) -> None:
    """F68: the topic is ended and subscribed again, and nothing else."""
    store = rxbotters.BybitDataStore()
    store.errors.subscribe(lambda error: None)
    async with client_of(server) as client:
        ws = client.ws_connect(at(server, "public/linear"), send_json=BOOK, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()
        topic = f"orderbook.50.{B}"
        await venue.tell("linear", venue.book(topic, "delta"))
        await venue.tell("linear", venue.book(topic, "delta", skip=3))

        await until(lambda: venue.ops("linear") == ["subscribe", "unsubscribe", "subscribe"])
        await until(lambda: store.orderbook.status_of(B) == Live())

        assert store.orderbook.depth(B).bids == [("99", str(venue.number))]
        assert venue.commands("linear")[1] == {"op": "unsubscribe", "args": [topic]}
        assert len(venue.sockets["linear"]) == 1


async def test_the_full_book_is_fetched(server: Any, venue: Venue, until: Any) -> None:
    """Defect 5."""
    store = rxbotters.BybitDataStore()
    topic = f"orderbook.full.{B}"
    async with server.client(apis={}, hosts={server.host: "bybit"}) as client:
        ws = client.ws_connect(
            at(server, "public/spot"), send_json={"op": "subscribe", "args": [topic]}, hdlr_json=store.onmessage
        )
        await until(lambda: "subscribe" in venue.ops("spot"))
        await ws
        await venue.tell("spot", venue.book(topic, "delta"))

        async with asyncio.timeout(10):
            await ws.ready()

        assert venue.asked == [f"/v5/market/full_orderbook?category=spot&symbol={B}"]
        assert store.orderbook.status_of(B) == Live()
        await venue.tell("spot", venue.book(topic, "delta", bid="98"))
        await until(lambda: len(store.orderbook.depth(B).bids) == 2)


async def test_trading(server: Any, venue: Venue, until: Any) -> None:
    """Defects 11 and 12: the other way to say yes; each command carries the time of its sending."""
    venue.login = {"retCode": 0, "retMsg": "OK", "op": "auth", "connId": "c"}
    events: list[Any] = []
    command = {"op": "order.create", "reqId": "a", "args": [{"symbol": B}]}
    async with client_of(server) as client:
        ws = client.ws_connect(at(server, "trade"))
        ws.events.subscribe(events.append)
        async with asyncio.timeout(10):
            await ws.ready()
        assert ws.current_ws is not None
        await ws.current_ws.send_json(command)
        await until(lambda: "order.create" in venue.ops("trade"))
        (sent,) = [asked for asked in venue.got["trade"] if asked["op"] == "order.create"]
        assert sent["header"]["X-BAPI-TIMESTAMP"].isdecimal()
        assert command == {"op": "order.create", "reqId": "a", "args": [{"symbol": B}]}
        # The service says that it is about to restart: another connection takes over.
        await venue.tell("trade", {"reqId": "b", "retCode": 10019, "retMsg": "restarting", "op": "order.create"})
        await until(lambda: any(isinstance(event, Rotated) for event in events))
        assert len(venue.sockets["trade"]) == 2


async def test_a_refused_login_ends_the_connection(server: Any, venue: Venue) -> None:
    """F35: no subscription is sent."""
    venue.login = {"success": False, "ret_msg": "Params Error", "op": "auth"}
    async with client_of(server) as client:
        ws = client.ws_connect(at(server, "private"), send_json=ACCOUNT)
        with pytest.raises(LoginRefused, match="Params Error"):
            async with asyncio.timeout(10):
                await ws.ready()

    assert "subscribe" not in venue.ops("private")


async def test_a_refused_topic_is_an_error(server: Any, venue: Venue) -> None:
    """F41."""
    venue.refuse = {"tickers.NOTHING"}
    async with client_of(server) as client:
        ws = client.ws_connect(at(server, "public/linear"), send_json={"op": "subscribe", "args": ["tickers.NOTHING"]})
        with pytest.raises(SubscriptionError, match="handler not found"):
            async with asyncio.timeout(10):
                await ws.ready()


async def test_options_acknowledge_by_topic(server: Any, venue: Venue) -> None:
    """F42: their answers carry no id, and still count."""
    request = {"op": "subscribe", "args": ["tickers.BTC-26DEC25-90000-C", "publicTrade.BTC"], "req_id": "mine"}
    async with client_of(server) as client:
        ws = client.ws_connect(at(server, "public/option"), send_json=request)
        async with asyncio.timeout(4):  # less than an acknowledgement is waited for
            await ws.ready()

    assert venue.ops("option") == ["subscribe"]


async def test_categories_are_told_apart_by_their_path(server: Any, venue: Venue, until: Any) -> None:
    """Defect 2."""
    store = rxbotters.BybitDataStore()
    errors = heard(store)
    async with client_of(server) as client:
        linear = client.ws_connect(at(server, "public/linear"), send_json=BOOK, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await linear.ready()
        before = store.orderbook.find()
        client.ws_connect(at(server, "public/spot"), send_json=BOOK, hdlr_json=store.onmessage)
        await until(lambda: errors)

        assert "spot is refused" in str(errors[0])
        assert store.orderbook.find() == before


async def test_a_suspended_store_says_so(server: Any, venue: Venue, until: Any) -> None:
    store = rxbotters.BybitDataStore()
    async with client_of(server) as client:
        ws = client.ws_connect(at(server, "public/linear"), send_json=BOOK, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()
        await ws.close()

        assert isinstance(store.orderbook.status_of(B), Stale)
        assert not store.orderbook.find()


def test_the_example_of_the_docs() -> None:
    assert example("bybit") == [
        "book 16493.50 16612.00 Live()",
        "sent 5cf98598",
        "order New",
        "order 0.4",
        "order delete 0",
    ]
