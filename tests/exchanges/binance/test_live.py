"""Binance over real sockets: subscriptions, books, user data, pings, cuts, dead keys, and the example of the docs."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import WSMsgType, web

import rxbotters
from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials, Exchange
from rxbotters.errors import SubscriptionError
from rxbotters.exchanges.binance import EXCHANGE, listenkey
from rxbotters.exchanges.binance.signing import sign_message
from rxbotters.wire import Secret, hmac_sha256
from rxbotters_operators.events import Leased, Live, Rotated, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

APIS = {"binance": [KEY, SECRET]}
QUICK = (0.01, 0.05, 1.5, 0.01)
S = "BTCUSDT"
DEPTH = {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms", "btcusdt@bookTicker"], "id": 1}
USER_DATA = {"id": "user data", "method": "userDataStream.subscribe.signature"}
ORDER = {"s": S, "c": "mine", "S": "BUY", "q": "1", "p": "100", "X": "NEW", "i": 1, "z": "0", "T": 10}


class Venue:
    """Answers as Binance does, REST and streams on one port, and remembers what it was told."""

    def __init__(self) -> None:
        self.sockets: dict[str, list[web.WebSocketResponse]] = {}
        self.transports: dict[str, Any] = {}
        self.got: dict[str, list[Any]] = {}
        self.pongs: list[bytes] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.number = 100
        self.keys = 1
        self.orders = [{"symbol": S, "orderId": 1, "status": "NEW", "updateTime": 5, "executedQty": "0"}]
        self.refuse = ""

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.connect(request)
        self.asked.append((request.method, request.path_qs, dict(request.headers)))
        match request.path.rpartition("/")[2]:
            case "depth":
                book = {"lastUpdateId": self.number, "bids": [["99", "1"]], "asks": [["101", "1"]]}
                return web.json_response(book, headers={"X-MBX-USED-WEIGHT-1M": "20"})
            case "listenKey":
                return web.json_response({"listenKey": self.key})
            case "openOrders":
                return web.json_response(self.orders)
            case _:
                return web.json_response([])

    @property
    def key(self) -> str:
        return f"listenkey{self.keys}"

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        path = request.path.strip("/")
        self.sockets.setdefault(path, []).append(ws)
        self.transports[path] = request.transport
        async for message in ws:
            if message.type is WSMsgType.PING:
                await ws.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self.pongs.append(bytes(message.data))
            else:
                asked = json.loads(message.data)
                self.got.setdefault(path, []).append(asked)
                await ws.send_json(self.answer(asked))
        return ws

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.refuse:
            return {"id": asked["id"], "status": 400, "error": {"code": -1022, "msg": self.refuse}}
        if asked["method"].startswith("userDataStream"):
            return {"id": asked["id"], "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []}
        return {"result": None, "id": asked["id"]}

    def diff(self, *, bid: str = "99", size: str = "1", skip: int = 0) -> dict[str, Any]:
        first, previous = self.number + 1 + skip, self.number + skip
        self.number = first
        levels = {"b": [[bid, size]], "a": []}
        data = {"e": "depthUpdate", "E": 1, "T": 1, "s": S, "U": first, "u": first, "pu": previous, **levels}
        return {"stream": "btcusdt@depth@100ms", "data": data}

    async def tell(self, path: str, message: Any) -> None:
        await self.sockets[path][-1].send_json(message)

    def requests(self, name: str, method: str = "GET") -> list[str]:
        return [target for verb, target, _ in self.asked if verb == method and target.split("?")[0].endswith(name)]


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


def here(server: Any, rest: str, ws: str, **lease: Any) -> Exchange:
    """Binance on this machine: one of its REST hosts and one of its WebSocket hosts on the same port."""
    rules = {
        name: dataclasses.replace(
            rule,
            base=server.url,
            url=lambda body, fresh: f"ws://{server.host}/private/ws/{body['listenKey']}",
            **lease,
        )
        for name, rule in EXCHANGE.leases.items()
    }
    return dataclasses.replace(
        EXCHANGE, rest={server.host: EXCHANGE.rest[rest]}, ws={server.host: EXCHANGE.ws[ws]}, leases=rules
    )


Open = Callable[..., rxbotters.Client]


@pytest.fixture
def futures(server: Any) -> Open:
    def make(**lease: Any) -> rxbotters.Client:
        exchange = here(server, "fapi.binance.com", "fstream.binance.com", **lease)
        return server.client(  # type: ignore[no-any-return]
            apis=APIS, exchanges=[exchange], hosts={server.host: "fstream.binance.com"}
        )

    return make


@pytest.fixture
def spot(server: Any) -> Open:
    def make(name: str = "ws-api.binance.com") -> rxbotters.Client:
        exchange = here(server, "api.binance.com", name)
        return server.client(apis=APIS, exchanges=[exchange], hosts={server.host: name})  # type: ignore[no-any-return]

    return make


def at(server: Any, path: str) -> str:
    return f"ws://{server.host}/{path}"


async def test_a_day_with_futures(server: Any, venue: Venue, futures: Open, until: Any) -> None:
    """C31, C36, C49, F73: subscriptions, book and user data, a ping, a cut, and all of it again."""
    store = rxbotters.BinanceUSDSMDataStore()
    async with futures() as client:
        public = client.ws_connect(
            at(server, "public/stream"), send_json=DEPTH, hdlr_json=store.onmessage, backoff=QUICK
        )
        private = client.ws_connect(client.lease("binance.usdm"), hdlr_json=store.onmessage, backoff=QUICK)
        async with asyncio.timeout(10):
            await asyncio.gather(public.ready(), private.ready())
        assert store.orderbook.status_of(S) == Live()
        assert store.orderbook.best(S).bid == {"s": S, "S": "b", "p": "99", "q": "1"}
        assert venue.requests("depth") == [f"/fapi/v1/depth?symbol={S}&limit=1000"]
        assert venue.requests("listenKey", "POST") == ["/fapi/v1/listenKey"]
        headers = {target.split("?")[0]: sent for _, target, sent in venue.asked}
        assert headers["/fapi/v1/listenKey"]["X-MBX-APIKEY"] == KEY
        assert "X-MBX-APIKEY" not in headers["/fapi/v1/depth"]
        await venue.tell("public/stream", venue.diff(bid="98"))
        await until(lambda: len(store.orderbook.depth(S).bids) == 2)
        await store.initialize(
            client.get("/fapi/v1/openOrders"), client.get("/fapi/v2/balance"), client.get("/fapi/v2/positionRisk")
        )
        assert "&signature=" in venue.requests("openOrders")[0]
        path = "private/ws/listenkey1"
        await venue.tell(path, {"e": "ORDER_TRADE_UPDATE", "E": 9, "T": 9, "o": {**ORDER, "X": "FILLED"}})
        await until(lambda: not len(store.order))
        await venue.sockets["public/stream"][-1].ping(b"1700000000123")
        await until(lambda: b"1700000000123" in venue.pongs)  # the same payload
        statuses: list[str] = []
        store.orderbook.instrument_statuses.subscribe(lambda pair: statuses.append(type(pair[1]).__name__))
        venue.orders = [{"symbol": S, "orderId": 2, "status": "NEW", "updateTime": 20, "executedQty": "0"}]
        venue.number += 50

        for one in ("public/stream", path):
            venue.transports[one].abort()  # no goodbye

        await until(lambda: len(venue.sockets["public/stream"]) == 2 and store.orderbook.status_of(S) == Live())
        await until(lambda: len(venue.requests("openOrders")) == 2 and store.order.status == Live())
        await until(lambda: store.position.status == store.balance.status == Live())
        assert statuses[0] == "Stale"
        assert statuses[-1] == "Live"
        assert [row["i"] for row in store.order] == [2]
        assert venue.got["public/stream"] == [DEPTH, DEPTH]
        await venue.tell("public/stream", venue.diff(bid="97"))
        await until(lambda: [level.price for level in store.orderbook.depth(S).bids] == ["99", "97"])


async def test_a_gap_brings_a_new_snapshot(server: Any, venue: Venue, futures: Open, until: Any) -> None:
    """F68: and nothing else is disturbed."""
    store = rxbotters.BinanceUSDSMDataStore()
    errors = heard(store)
    async with futures() as client:
        ws = client.ws_connect(at(server, "public/stream"), send_json=DEPTH, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()
        await venue.tell("public/stream", venue.diff())

        await venue.tell("public/stream", venue.diff(bid="98", skip=3))

        await until(lambda: len(errors) == 1 and store.orderbook.status_of(S) == Live())
        assert len(venue.requests("depth")) == 2
        assert [level.price for level in store.orderbook.depth(S).bids] == ["99", "98"]
        assert len(venue.sockets["public/stream"]) == 1


async def test_streams_of_the_url_need_no_subscription(server: Any, venue: Venue, futures: Open) -> None:
    store = rxbotters.BinanceUSDSMDataStore()
    async with futures() as client:
        ws = client.ws_connect(at(server, "public/ws/btcusdt@depth@100ms"), hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()

        assert store.orderbook.status_of(S) == Live()
        assert not venue.got


async def test_a_later_subscription(server: Any, venue: Venue, futures: Open, until: Any) -> None:
    """Its book is fetched once it is acknowledged, and goes when it ends."""
    store = rxbotters.BinanceUSDSMDataStore()
    async with futures() as client:
        ws = client.ws_connect(at(server, "public/stream"), hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()
            added = await ws.add(send_json=DEPTH)
        await until(lambda: store.orderbook.status_of(S) == Live())
        added.dispose()
        assert store.orderbook.status_of(S) == Stale("unsubscribed")

        await until(lambda: len(venue.got["public/stream"]) == 2)
        assert [asked["method"] for asked in venue.got["public/stream"]] == ["SUBSCRIBE", "UNSUBSCRIBE"]


async def test_a_lease_is_renewed(venue: Venue, futures: Open, until: Any) -> None:
    """C29: PUT with the key, nothing else."""
    async with futures(every=0.02) as client:
        lease = client.lease("binance.usdm")
        events: list[Any] = []
        lease.events.subscribe(events.append)
        lease.start()
        await until(lambda: len(venue.requests("listenKey", "PUT")) >= 2)

        assert set(venue.requests("listenKey", "PUT")) == {"/fapi/v1/listenKey"}
        assert events[0] == Leased("listenkey1")
        assert all(sent["X-MBX-APIKEY"] == KEY for _, _, sent in venue.asked)


async def test_a_key_that_died_is_replaced(server: Any, venue: Venue, futures: Open, until: Any) -> None:
    """Defect 12, F45, F46: the next connection goes to the new url, and what was missed is fetched."""
    store = rxbotters.BinanceUSDSMDataStore()
    events: list[Any] = []
    async with futures() as client:
        ws = client.ws_connect(client.lease("binance.usdm"), hdlr_json=store.onmessage, overlap=0.01)
        ws.events.subscribe(events.append)
        async with asyncio.timeout(10):
            await ws.ready()
        await store.initialize(client.get("/fapi/v1/openOrders"))
        venue.keys = 2
        venue.orders = []

        await venue.tell("private/ws/listenkey1", {"e": "listenKeyExpired", "E": 1, "listenKey": "listenkey1"})

        await until(lambda: "private/ws/listenkey2" in venue.sockets)
        await until(lambda: any(isinstance(event, Rotated) for event in events))
        await until(lambda: not len(store.order) and store.order.status == Live())


async def test_a_key_in_hand_is_kept_alive_and_replaced(
    server: Any, venue: Venue, futures: Open, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Defect 12: the way of the reference, `initialize` and the key in the url, outlives the key."""
    monkeypatch.setattr(listenkey, "_EVERY", 0.05)
    store = rxbotters.BinanceUSDSMDataStore()
    async with futures() as client:
        await store.initialize(client.post("/fapi/v1/listenKey"), client.get("/fapi/v1/openOrders"))
        assert store.listenkey == "listenkey1"
        ws = client.ws_connect(at(server, f"private/ws/{store.listenkey}"), hdlr_json=store.onmessage, overlap=0.01)
        async with asyncio.timeout(10):
            await ws.ready()
        await until(lambda: len(venue.requests("listenKey", "POST")) >= 4)
        venue.keys = 2

        await venue.tell("private/ws/listenkey1", {"e": "listenKeyExpired", "E": 1, "listenKey": "listenkey1"})

        await until(lambda: "private/ws/listenkey2" in venue.sockets)
        await until(lambda: store.order.status == Live())
        assert store.listenkey == "listenkey2"
        tasks = [task.get_name() for task in asyncio.all_tasks()]
    await until(lambda: not [task for task in asyncio.all_tasks() if "lease" in task.get_name()])
    asked = len(venue.asked)
    await asyncio.sleep(0)
    assert len(venue.asked) == asked
    assert tasks


async def test_user_data_of_spot(server: Any, venue: Venue, spot: Open, until: Any) -> None:
    """C33, defects 3 and 9: the subscription is signed anew on each connection."""
    store = rxbotters.BinanceSpotDataStore()
    async with spot() as client:
        ws = client.ws_connect(at(server, "ws-api/v3"), send_json=USER_DATA, hdlr_json=store.onmessage, backoff=QUICK)
        async with asyncio.timeout(10):
            await ws.ready()
        await store.initialize(client.get("/api/v3/openOrders"))
        event = {"e": "executionReport", "E": 9, **ORDER, "i": 5}
        await venue.tell("ws-api/v3", {"subscriptionId": 0, "event": event})
        await until(lambda: len(store.order) == 2)
        assert ws.current_ws is not None
        await ws.current_ws.send_json({"id": 1, "method": "order.cancel", "params": {"symbol": S, "orderId": 5}})
        await ws.current_ws.send_json({"id": 2, "method": "ping"})
        await until(lambda: len(venue.got["ws-api/v3"]) == 3)

        venue.transports["ws-api/v3"].abort()

        await until(lambda: len(venue.got["ws-api/v3"]) == 4 and store.order.status == Live())
        assert [row["i"] for row in store.order] == [1]
        first, cancel, ping, again = venue.got["ws-api/v3"]
        assert ping == {"id": 2, "method": "ping"}
        for message in (first, cancel, again):
            assert proved(message)
        assert again["params"]["timestamp"] >= first["params"]["timestamp"]
        assert USER_DATA == {"id": "user data", "method": "userDataStream.subscribe.signature"}


def proved(message: dict[str, Any]) -> bool:
    params = dict(message["params"])
    signature = params.pop("signature")
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params["apiKey"] == KEY and signature == hmac_sha256(Secret(SECRET.encode()), payload.encode())


def test_the_proof_of_this_file_is_that_of_the_library() -> None:
    creds = Credentials("binance", KEY, Secret(SECRET.encode()))
    url = rxbotters.client.URL("wss://ws-api.binance.com/ws-api/v3")

    assert proved(
        sign_message({"id": 1, "method": "order.place", "params": {"b": "1", "a": 2}}, creds, Stamp(5, str), url)
    )


async def test_a_refused_subscription_is_an_error(server: Any, venue: Venue, spot: Open) -> None:
    """F41, C15: in the exchange's own words, and without the proof that was sent."""
    venue.refuse = "Signature for this request is not valid."
    events: list[Any] = []
    async with spot() as client:
        ws = client.ws_connect(at(server, "ws-api/v3"), send_json=USER_DATA)
        ws.events.subscribe(events.append)
        with pytest.raises(SubscriptionError, match="Signature for this request") as caught:
            async with asyncio.timeout(10):
                await ws.ready()

    (sent,) = venue.got["ws-api/v3"]
    assert caught.value.request["params"]["signature"] == "***"
    for shown in (str(caught.value), repr(events)):
        assert KEY not in shown
        assert sent["params"]["signature"] not in shown


async def test_a_server_that_will_shut_down_is_left_in_time(server: Any, venue: Venue, spot: Open, until: Any) -> None:
    """Defect 19, F20: another connection takes over, and the book stays."""
    store = rxbotters.BinanceSpotDataStore()
    events: list[Any] = []
    async with spot("stream.binance.com") as client:
        ws = client.ws_connect(at(server, "stream"), send_json=DEPTH, hdlr_json=store.onmessage, overlap=0.01)
        ws.events.subscribe(events.append)
        async with asyncio.timeout(10):
            await ws.ready()
        statuses: list[Any] = []
        store.orderbook.instrument_statuses.subscribe(statuses.append)

        await venue.tell("stream", {"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 1}})

        await until(lambda: any(isinstance(event, Rotated) for event in events))
        await venue.tell("stream", venue.diff(bid="98"))
        await until(lambda: len(store.orderbook.depth(S).bids) == 2)
        assert not statuses
        assert len(venue.requests("depth")) == 1


def test_the_example_of_the_docs() -> None:
    assert example("binance") == [
        "book 25.35 25.37 Live()",
        "sent 8886774",
        "order NEW 0",
        "order PARTIALLY_FILLED 0.4",
        "order delete 0",
        "position 1",
    ]
