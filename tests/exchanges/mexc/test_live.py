"""MEXC over real sockets: login, acknowledgements, heartbeat, books, binary frames, listen keys, cut and come back."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Any

import pytest
from aiohttp import WSMsgType, web

import rxbotters
from rxbotters.errors import LoginRefused, ProtocolError, SubscriptionError
from rxbotters.exchanges.mexc import EXCHANGE
from rxbotters.wire import hmac_sha256
from rxbotters_operators.events import Leased, Live, Rotated, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

from .frames import DEPTH, ORDERS, deals, depth, order

APIS = {"mexc": [KEY, SECRET]}
QUICK = (0.01, 0.05, 1.5, 0.01)
S, F = "BTCUSDT", "BTC_USDT"
SUB_DEPTH = {"method": "sub.depth", "param": {"symbol": F}}
SUB_DEAL = {"method": "sub.deal", "param": {"symbol": F}}
SPOT_DEPTH = {"method": "SUBSCRIPTION", "params": [DEPTH + S]}


class Venue:
    """Answers as MEXC does, REST and both WebSockets on one port, and remembers what it was told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.pings = 0
        self.login: dict[str, Any] = {"channel": "rs.login", "data": "success", "ts": "1587442022003"}
        self.refused: set[str] = set()
        self.number = 100
        self.keys = 1
        self.queries: list[dict[str, str]] = []
        self.orders: list[Any] = []
        self.silent: set[str] = set()

    async def ws(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.queries.append(dict(request.query))
        async for message in ws:
            assert message.type is WSMsgType.TEXT
            asked = json.loads(message.data)
            if asked["method"].lower() == "ping":
                self.pings += 1
                await ws.send_json(
                    {"channel": "pong", "data": 1} if asked["method"] == "ping" else {"id": 0, "code": 0, "msg": "PONG"}
                )
                continue
            self.got.append(asked)
            if asked["method"] == "login":
                await ws.send_json(self.login)
            elif "params" in asked:
                for name in asked["params"]:
                    bad = f"Not Subscribed successfully! [{name}].  Reason： Blocked! "
                    await ws.send_json({"id": 0, "code": 0, "msg": bad if name in self.refused else name})
            elif asked["method"].startswith("sub."):
                if asked["param"]["symbol"] in self.refused:
                    text = f"Contract [{asked['param']['symbol']}] not exists"
                    await ws.send_json({"channel": "rs.error", "data": text, "ts": 1})
                else:
                    await ws.send_json({"channel": f"rs.{asked['method']}", "data": "success", "ts": 1})

    async def http(self, request: web.Request, _: bytes) -> web.StreamResponse:
        path = request.path
        if path.startswith("/api/v1/contract/depth/"):
            levels = {"asks": [[101, 5, 1]], "bids": [[99, 5, 1]], "version": self.number, "timestamp": 1}
            return web.json_response({"success": True, "code": 0, "data": levels})
        if path == "/api/v3/depth":
            return web.json_response({"lastUpdateId": self.number, "asks": [["101.0", "5"]], "bids": [["99.0", "5"]]})
        if path == "/api/v3/userDataStream":
            return web.json_response({"listenKey": f"listenkey{self.keys}"})
        if path.startswith("/api/v1/"):
            return web.json_response({"success": True, "code": 0, "data": self.orders})
        return web.json_response(self.orders)

    def change(self, price: int, *, skip: int = 0) -> dict[str, Any]:
        begin = self.number + 1 + skip
        self.number = begin + 1
        data = {"asks": [], "bids": [[price, 1, 1]], "begin": begin, "end": self.number, "version": self.number}
        return {"channel": "push.depth", "symbol": F, "data": data, "ts": 1}

    def frame(self, price: str, *, skip: int = 0) -> bytes:
        first = self.number + 1 + skip
        self.number = first
        return depth(S, first, first, bids=[(price, "1")])

    def methods(self) -> list[str]:
        return [asked["method"] for asked in self.got]


@pytest.fixture
def venue() -> Venue:
    return Venue()


def bids(store: Any, symbol: str) -> list[Any]:
    return [level.price for level in store.depth.depth(symbol).bids]


def futures(server: Any, **more: Any) -> rxbotters.Client:
    return server.client(hosts={server.host: "contract.mexc.com"}, **{"apis": APIS, **more})  # type: ignore[no-any-return]


def spot(server: Any, **lease: Any) -> rxbotters.Client:
    """MEXC's spot on this machine, its listen keys good for this server."""
    rule = dataclasses.replace(
        EXCHANGE.leases["spot"],
        base=server.url,
        url=lambda body, fresh: f"{server.ws_url}?listenKey={body['listenKey']}",
        **lease,
    )
    exchange = dataclasses.replace(
        EXCHANGE,
        rest={server.host: EXCHANGE.rest["api.mexc.com"]},
        ws={server.host: EXCHANGE.ws["wbs-api.mexc.com"]},
        leases={"spot": rule},
    )
    return server.client(apis=APIS, exchanges=[exchange], hosts={server.host: "mexc"})  # type: ignore[no-any-return]


# ---------------------------------------------------------------------- futures


async def test_a_day_with_futures(serve: Any, until: Any, venue: Venue) -> None:
    """C31, C33, C41, C43, D11, F73: login, book, order, a cut, and all of it again by itself."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCFuturesDataStore()
    async with futures(server) as client:
        ws = client.ws_connect(
            server.ws_url, send_json=[SUB_DEPTH, SUB_DEAL], hdlr_json=store.onmessage, backoff=QUICK, min_uptime=0
        )
        async with asyncio.timeout(10):
            await ws.ready()
        assert venue.methods() == ["login", "sub.depth", "sub.deal"]
        param = venue.got[0]["param"]
        assert param["apiKey"] == KEY
        assert param["signature"] == hmac_sha256(SECRET.encode(), f"{KEY}{param['reqTime']}".encode())
        assert len(param["reqTime"]) == 13  # milliseconds
        assert venue.pings
        assert store.depth.status_of(F) == Live()
        await server.sockets[0].send_json(venue.change(100))
        await until(lambda: bids(store, F) == [100, 99])
        order = {"orderId": 5, "symbol": F, "state": 2, "vol": 3, "price": 100}
        venue.orders = [order]
        await store.initialize(client.get("/api/v1/private/order/list/open_orders"))
        await server.sockets[0].send_json({"channel": "push.personal.order", "data": {**order, "dealVol": 1}, "ts": 1})
        await until(lambda: [row.get("dealVol") for row in store.order] == [1])
        states: list[Any] = []
        store.depth.instrument_statuses.subscribe(lambda pair: states.append(type(pair[1])))
        venue.orders = []

        await server.sockets[0].close()

        await until(lambda: states[-1:] == [Live])
        await until(lambda: not len(store.order) and store.order.status == Live())
        assert states[0] is Stale
        assert bids(store, F) == [99]
    assert venue.methods() == ["login", "sub.depth", "sub.deal"] * 2
    private = [sent for sent in server.requests if "/private/" in sent["target"]]
    assert {sent["headers"]["ApiKey"] for sent in private} == {KEY}
    public = [sent for sent in server.requests if "/contract/" in sent["target"]]
    assert [sent["target"] for sent in public] == [f"/api/v1/contract/depth/{F}?limit=1000"] * 2
    assert not any("Signature" in sent["headers"] for sent in public)


async def test_a_gap_brings_a_new_snapshot(serve: Any, until: Any, venue: Venue) -> None:
    """F68: nothing is subscribed again, and the user does nothing."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCFuturesDataStore()
    errors = heard(store)
    async with futures(server, apis={}) as client:
        ws = client.ws_connect(server.ws_url, send_json=SUB_DEPTH, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()

        await server.sockets[0].send_json(venue.change(98, skip=3))

        await until(lambda: len(errors) == 1 and store.depth.status_of(F) == Live())
        await server.sockets[0].send_json(venue.change(97))
        await until(lambda: 97 in bids(store, F))
    assert venue.methods() == ["sub.depth"]
    assert server.hits[f"/api/v1/contract/depth/{F}"] == 2


async def test_a_refused_login_ends_it_without_a_subscription(serve: Any, venue: Venue) -> None:
    """F35, defect 2."""
    venue.login = {"channel": "rs.error", "data": "Login failed", "ts": 1}
    server = await serve(ws=venue.ws)
    async with futures(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=SUB_DEAL)
        with pytest.raises(LoginRefused, match="Login failed"):
            await ws.ready()

    assert venue.methods() == ["login"]


async def test_a_refused_contract_is_named_and_the_others_live_on(serve: Any, until: Any, venue: Venue) -> None:
    """F41: the answer that comes second belongs to the second request."""
    venue.refused.add("NOPE_USDT")
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCFuturesDataStore()
    wrong = {"method": "sub.depth", "param": {"symbol": "NOPE_USDT"}}
    async with futures(server, apis={}) as client:
        ws = client.ws_connect(server.ws_url, send_json=[SUB_DEPTH, wrong, SUB_DEAL], hdlr_json=store.onmessage)
        with pytest.raises(SubscriptionError, match=r"Contract \[NOPE_USDT\] not exists") as caught:
            await ws.ready()
        await until(lambda: store.depth.status_of(F) == Live())

    assert caught.value.request == wrong


# ---------------------------------------------------------------------- spot


async def test_a_day_with_spot(serve: Any, until: Any, venue: Venue) -> None:
    """C29, C31, F73, defect 1: listen key, binary frames, book, order, a cut, and all of it again by itself."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCSpotDataStore()
    async with spot(server) as client:
        ws = client.ws_connect(
            client.lease("mexc.spot"),
            send_json={"method": "SUBSCRIPTION", "params": [DEPTH + S, ORDERS]},
            hdlr_json=store.onmessage,
            backoff=QUICK,
            min_uptime=0,
        )
        async with asyncio.timeout(10):
            await ws.ready()
        assert [asked["params"] for asked in venue.got] == [[DEPTH + S], [ORDERS]]
        assert venue.queries == [{"listenKey": "listenkey1"}]
        assert venue.pings
        assert store.depth.status_of(S) == Live()
        await server.sockets[0].send_bytes(venue.frame("100.0"))
        await until(lambda: bids(store, S) == ["100", "99"])
        await server.sockets[0].send_bytes(deals(S, [("100", "1", 1, 5)]))
        await server.sockets[0].send_bytes(order(S, id="a", status=1, quantity="1", price="100"))
        await until(lambda: len(store.orders) == 1)
        venue.orders = [
            {"symbol": S, "orderId": "b", "origQty": "1", "executedQty": "0", "status": "NEW", "side": "BUY"}
        ]
        await store.initialize(client.get("/api/v3/openOrders"))
        assert [row["id"] for row in store.orders] == ["b"]
        venue.orders = []

        await server.sockets[0].close()

        await until(lambda: len(server.sockets) == 2 and store.depth.status_of(S) == Live())
        await until(lambda: not len(store.orders) and store.orders.status == Live())
        assert bids(store, S) == ["99"]
        assert len(store.trades) == 1
        assert venue.queries == [{"listenKey": "listenkey1"}] * 2  # a living key is used again
    create = server.requests[0]
    assert (create["method"], create["target"].partition("?")[0]) == ("POST", "/api/v3/userDataStream")
    assert create["headers"]["X-MEXC-APIKEY"] == KEY
    books = [sent for sent in server.requests if sent["target"].startswith("/api/v3/depth")]
    assert [sent["target"] for sent in books] == [f"/api/v3/depth?symbol={S}&limit=1000"] * 2
    assert not any("X-MEXC-APIKEY" in sent["headers"] for sent in books)


async def test_a_key_is_extended_and_a_dead_one_replaced(serve: Any, until: Any, venue: Venue) -> None:
    """C29, F45, F46: the url is made anew for each dial."""
    refuse = [False]

    async def upgrade(request: web.Request) -> web.StreamResponse | None:
        return web.Response(status=401) if refuse[0] and request.query["listenKey"] == "listenkey1" else None

    server = await serve(ws=venue.ws, http=venue.http, upgrade=upgrade)
    async with spot(server, every=0.05) as client:
        lease = client.lease("mexc.spot")
        events: list[Any] = []
        lease.events.subscribe(events.append)
        ws = client.ws_connect(lease, backoff=QUICK, min_uptime=0)
        async with asyncio.timeout(10):
            await ws.ready()
        await until(lambda: any(isinstance(event, Leased) and event.renewed for event in events))
        renewals = [sent for sent in server.requests if sent["method"] == "PUT"]
        assert renewals[0]["target"].startswith("/api/v3/userDataStream?listenKey=listenkey1&timestamp=")
        venue.keys, refuse[0] = 2, True

        await server.sockets[0].close()

        await until(lambda: venue.queries[-1] == {"listenKey": "listenkey2"})


async def test_a_refused_channel_is_named_though_its_code_is_0(serve: Any, venue: Venue) -> None:
    """F41, defect 1."""
    venue.refused.add(DEPTH + "NOPE")
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCSpotDataStore()
    both = {"method": "SUBSCRIPTION", "params": [DEPTH + "NOPE", DEPTH + S]}
    async with spot(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=both, hdlr_json=store.onmessage)
        with pytest.raises(SubscriptionError, match="Blocked") as caught:
            await ws.ready()

    assert caught.value.request["params"] == [DEPTH + "NOPE"]


async def test_a_frame_that_is_none_is_an_error_and_nothing_else(serve: Any, until: Any, venue: Venue) -> None:
    """F55, F59: the connection, the book and the frames behind it live on."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCSpotDataStore()
    async with spot(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=SPOT_DEPTH, hdlr_json=store.onmessage)
        errors = heard(ws)
        async with asyncio.timeout(10):
            await ws.ready()

        await server.sockets[0].send_bytes(venue.frame("100")[:-3])
        venue.number -= 1
        await server.sockets[0].send_bytes(venue.frame("98"))

        await until(lambda: bids(store, S) == ["99", "98"])
        assert [type(error) for error in errors] == [ProtocolError]
    assert len(server.sockets) == 1


async def test_a_connection_that_grows_old_is_replaced_without_a_gap(serve: Any, until: Any, venue: Venue) -> None:
    """F20: the book goes on on the new one; what both bring counts once."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.MEXCSpotDataStore()
    async with spot(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=SPOT_DEPTH, hdlr_json=store.onmessage, overlap=0.05)
        events: list[Any] = []
        ws.events.subscribe(events.append)
        async with asyncio.timeout(10):
            await ws.ready()
        states: list[Any] = []
        store.depth.instrument_statuses.subscribe(states.append)

        ws.rotate()
        await until(lambda: len(server.sockets) == 2)
        frame = venue.frame("98")
        for socket in server.sockets:
            if not socket.closed:
                await socket.send_bytes(frame)
        await until(lambda: any(isinstance(event, Rotated) for event in events))
        await server.sockets[1].send_bytes(venue.frame("97"))

        await until(lambda: bids(store, S) == ["99", "98", "97"])
        assert not states
    assert server.hits["/api/v3/depth"] == 1


@pytest.mark.parametrize("path", ["/api/v3/account", "/api/v1/private/account/assets"])
async def test_an_answer_shows_no_key(serve: Any, venue: Venue, path: str) -> None:
    """F94, C15: neither in the headers of the request, as an error would show them, nor in its url."""
    server = await serve(http=venue.http)
    async with server.client(apis=APIS, hosts={server.host: "mexc"}) as client, client.get(path) as response:
        shown = repr(response.request_info.headers) + repr(response)

    (sent,) = server.requests
    assert KEY in repr(sent["headers"])
    assert KEY not in shown
    proof = sent["headers"].get("Signature") or sent["target"].rpartition("signature=")[2]
    assert len(proof) == 64
    assert proof not in shown


def test_the_example_runs() -> None:
    assert example("mexc") == [
        "book 80468.6 80469.1 Live()",
        "sent 102067003631907840",
        "order 10",
        "order 6",
        "order delete 0",
    ]
