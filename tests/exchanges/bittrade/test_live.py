"""BitTrade over real sockets: three protocols on one host, gzip, pings, books, login, an order's life, cut and come back."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import LoginRefused, ProtocolError, SubscriptionError
from rxbotters_operators.events import Live, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.bittrade.test_stores import CREATED
from tests.exchanges.common import example, heard

APIS = {"bittrade": [KEY, SECRET]}
BTC = "btcjpy"
DEPTH = f"market.{BTC}.depth.step0"
OPEN = "/v1/order/openOrders"


class Venue:
    """Answers as BitTrade does, on all three paths, and remembers what it was told and asked."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.urls: list[str] = []
        self.sockets: dict[str, list[web.WebSocketResponse]] = {"/ws": [], "/ws/v2": [], "/retail/ws": []}
        self.login = {"action": "req", "code": 200, "ch": "auth", "data": {}}
        self.orders = [1]

    async def public(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.urls.append(request.raw_path)
        self.sockets["/ws"].append(ws)
        await self.tell(ws, {"ping": 1790134139501})
        async for message in ws:
            asked = json.loads(message.data)
            self.got.append(asked)
            topic = asked.get("sub", asked.get("unsub"))
            if topic is None:
                continue
            if "nope" in topic:
                refusal = {"status": "error", "err-code": "bad-request", "err-msg": "invalid symbol nopejpy", "ts": 1}
                await self.tell(ws, {**refusal, "id": asked["id"]})
                continue
            await self.tell(
                ws, {"id": asked["id"], "status": "ok", "subbed" if "sub" in asked else "unsubbed": topic, "ts": 1}
            )
            if "sub" in asked:
                await self.book(ws, 99.0)

    async def tell(self, ws: web.WebSocketResponse, message: Any) -> None:
        await ws.send_bytes(gzip.compress(json.dumps(message).encode()))

    async def book(self, ws: web.WebSocketResponse, bid: float) -> None:
        tick = {"bids": [[bid, 1.0]], "asks": [[101.0, 1.0]], "version": 1, "ts": 1000}
        await self.tell(ws, {"ch": DEPTH, "ts": 1000, "tick": tick})

    async def http(self, request: web.Request, _: bytes) -> web.StreamResponse:
        if request.path not in self.sockets:
            rows = [{"id": number, "symbol": BTC, "account-id": 7, "state": "submitted"} for number in self.orders]
            return web.json_response({"status": "ok", "data": rows})
        self.urls.append(request.raw_path)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.sockets[request.path].append(ws)
        await (self.private(ws) if request.path == "/ws/v2" else self.retail(ws))
        return ws

    async def private(self, ws: web.WebSocketResponse) -> None:
        async for message in ws:
            asked = json.loads(message.data)
            self.got.append(asked)
            if asked["action"] == "req":
                await ws.send_json({"action": "ping", "data": {"ts": 1575537778295}})
                await ws.send_json(self.login)
            elif asked["action"] in ("sub", "unsub"):
                channel = "accounts.update#0" if asked["ch"] == "accounts.update" else asked["ch"]
                await ws.send_json({"action": asked["action"], "code": 200, "ch": channel, "data": {}})

    async def retail(self, ws: web.WebSocketResponse) -> None:
        async for message in ws:
            asked = json.loads(message.data)
            self.got.append(asked)
            if asked["action"] == 1:
                offer = {"id": "26cb", "symbol": "BTCJPY", "buy_price": "474141", "sell_price": "387930"}
                await self.tell(ws, {"code": 200, "data": {"action": 1, "topic": 1, "ts": 1, "offer": [offer]}})
                await self.tell(ws, {"code": 200, "data": {"action": 4, "ts": 1571388770}})

    def actions(self) -> list[Any]:
        return [asked["action"] for asked in self.got if "action" in asked]


@pytest.fixture
def venue() -> Venue:
    return Venue()


async def test_a_public_book_without_a_login_in_gzip_kept_awake_cut_and_back(
    serve: Any, until: Any, venue: Venue
) -> None:
    """Defects 1, 3, 4, 5; F59, F73: with keys loaded, and none of them on the way."""
    server = await serve(ws=venue.public, http=venue.http)
    store = rxbotters.BitTradeDataStore()
    states: list[Any] = []
    store.depth.instrument_statuses.subscribe(lambda pair: states.append(type(pair[1])))
    async with server.client(apis=APIS, hosts={server.host: "bittrade"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": DEPTH}, hdlr_json=store.onmessage, min_uptime=0)
        errors = heard(ws)
        await ws.ready()
        await until(lambda: {"pong": 1790134139501} in venue.got)
        assert store.depth.status_of(BTC) == Live()

        states.clear()
        await venue.sockets["/ws"][0].close()
        await until(lambda: states[-1:] == [Live])
        await ws.ready()

    assert states[0] is Stale
    assert [asked for asked in venue.got if "sub" in asked] == [{"sub": DEPTH, "id": DEPTH}] * 2
    assert venue.urls == ["/ws"] * 2
    assert not venue.actions()
    assert not errors


async def test_a_crossed_book_is_healed_by_a_new_subscription(serve: Any, until: Any, venue: Venue) -> None:
    server = await serve(ws=venue.public, http=venue.http)
    store = rxbotters.BitTradeDataStore()
    errors = heard(store)
    async with server.client(apis={}, hosts={server.host: "bittrade"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": DEPTH, "id": 1}, hdlr_json=store.onmessage)
        await ws.ready()
        await venue.book(venue.sockets["/ws"][0], 102.0)
        await until(lambda: store.depth.status_of(BTC) == Live() and len(venue.got) > 3)

    assert [next(iter(asked)) for asked in venue.got if "pong" not in asked] == ["sub", "unsub", "sub"]
    assert [type(error).__name__ for error in errors] == ["BookMismatch"]


async def test_a_refused_subscription_says_which_and_the_others_live(serve: Any, venue: Venue) -> None:
    """F41."""
    server = await serve(ws=venue.public, http=venue.http)
    store = rxbotters.BitTradeDataStore()
    messages = [{"sub": DEPTH, "id": "id1"}, {"sub": "market.nopejpy.bbo"}]
    async with server.client(apis={}, hosts={server.host: "bittrade"}) as client:
        ws = client.ws_connect(server.ws_url, send_json=messages, hdlr_json=store.onmessage)
        with pytest.raises(SubscriptionError, match=r"nopejpy.*invalid symbol"):
            await ws.ready()
        assert store.depth.status_of(BTC) == Live()


async def test_an_order_lives_and_the_list_is_asked_for_again_after_a_cut(serve: Any, until: Any, venue: Venue) -> None:
    """C31, C41, C43, D11, F73: one login for each connection, before its subscriptions."""
    server = await serve(ws=venue.public, http=venue.http)
    store = rxbotters.BitTradeDataStore()
    async with server.client(apis=APIS, hosts={server.host: "bittrade"}) as client:
        ws = client.ws_connect(
            f"ws://{server.host}/ws/v2",
            send_json=[{"action": "sub", "ch": f"orders#{BTC}"}, {"action": "sub", "ch": "accounts.update"}],
            hdlr_json=store.onmessage,
            min_uptime=0,
        )
        errors = heard(ws)
        await ws.ready()
        await store.initialize(client.get(OPEN, params={"account-id": 7}))
        assert [row["orderId"] for row in store.orders] == [1]

        socket = venue.sockets["/ws/v2"][0]
        with store.orders.watch() as changes:
            for status, event in (("submitted", "creation"), ("partial-filled", "trade"), ("filled", "trade")):
                data = {**CREATED, "orderStatus": status, "eventType": event}
                await socket.send_json({"action": "push", "ch": f"orders#{BTC}", "data": data})
            told = [await changes.get() for _ in range(3)]
        assert [change.operation for change in told] == ["update", "update", "delete"]

        venue.orders = [2]
        await socket.close()
        await until(lambda: [row["orderId"] for row in store.orders] == [2])
        await ws.ready()
        assert store.orders.status == Live()

    assert [action for action in venue.actions() if action != "pong"] == ["req", "sub", "sub"] * 2
    assert {"action": "pong", "data": {"ts": 1575537778295}} in venue.got
    assert venue.urls == ["/ws/v2"] * 2
    assert all("AccessKeyId=" in request["target"] for request in server.requests if OPEN in request["target"])
    assert not errors


async def test_a_refused_login_ends_it_without_a_subscription(serve: Any, venue: Venue) -> None:
    """F35, defect 2."""
    venue.login = {"action": "req", "ch": "auth", "code": 2002, "message": "auth.fail"}
    server = await serve(http=venue.http)
    async with server.client(apis=APIS, hosts={server.host: "bittrade"}) as client:
        ws = client.ws_connect(f"ws://{server.host}/ws/v2", send_json={"action": "sub", "ch": f"orders#{BTC}"})
        with pytest.raises(LoginRefused, match=r"auth\.fail \(code 2002\)"):
            await ws.ready()

    assert "sub" not in venue.actions()


async def test_the_dealers_prices_without_a_login(serve: Any, until: Any, venue: Venue) -> None:
    """Defects 1, 3, 6: pinged by us, answered when pinged."""
    server = await serve(http=venue.http)
    store = rxbotters.BitTradeDataStore()
    async with server.client(apis=APIS, hosts={server.host: "bittrade"}) as client:
        client.ws_connect(
            f"ws://{server.host}/retail/ws", send_json={"action": 1, "topic": 1}, hdlr_json=store.onmessage
        )
        await until(lambda: {"action": 5, "ts": 1571388770} in venue.got and len(store.offers))
        assert [row["id"] for row in store.offers] == ["26cb"]

    assert sorted(venue.actions()) == [1, 4, 5]
    assert not len(store.offers)  # their ids are worth nothing without the connection


async def test_a_bomb_and_noise_are_errors_and_the_connection_lives(serve: Any, until: Any, venue: Venue) -> None:
    """F52, F54."""
    server = await serve(ws=venue.public)
    store = rxbotters.BitTradeDataStore()
    bad = (gzip.compress(b"0" * 100_000_000), b"\x1f\x8b\x00", gzip.compress(b"[1")[:-9], b"\xff")
    async with server.client(apis={}, hosts={server.host: "bittrade"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": DEPTH, "id": 1}, hdlr_json=store.onmessage)
        errors = heard(ws)
        await ws.ready()
        for frame in bad:
            await server.sockets[0].send_bytes(frame)
        await until(lambda: len(errors) == len(bad))
        assert store.depth.status_of(BTC) == Live()

    assert all(isinstance(error, ProtocolError) for error in errors)
    assert "inflates beyond" in str(errors[0])
    assert len(server.sockets) == 1


def test_the_example_runs() -> None:
    assert example("bittrade") == [
        "book 13639421.0 13640736.0 Live()",
        "sent 59378",
        "order submitted 0.001",
        "order partial-filled 0.0004",
        "order delete 0",
    ]
