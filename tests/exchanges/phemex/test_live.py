"""Phemex over real sockets: login, acknowledgements, heartbeat, book, account, cut and come back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import LoginRefused, SubscriptionError
from rxbotters_operators.events import Live, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example

APIS = {"phemex": [KEY, SECRET]}
B = "BTCUSDT"
BOOK = {"id": 1, "method": "orderbook_p.subscribe", "params": [B]}
ACCOUNT = {"id": 2, "method": "aop_p.subscribe", "params": []}


class Venue:
    """Answers as Phemex does, and remembers what it was told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.transports: list[Any] = []
        self.login: dict[str, Any] = {"error": None, "result": {"status": "success"}}
        self.refuse: dict[str, Any] = {}
        self.number = 77668172
        self.orders = [{"accountID": 1, "orderID": "1", "symbol": B, "ordStatus": "New", "action": "New"}]
        self.asked: list[str] = []

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        return web.json_response({"code": 0, "msg": "", "data": {"rows": self.orders, "nextPageArg": ""}})

    async def ws(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.sockets.append(ws)
        self.transports.append(request.transport)
        async for message in ws:
            asked = json.loads(message.data)
            self.got.append(asked)
            for answer in self.answers(asked):
                await ws.send_json(answer)

    def answers(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        number = asked["id"]
        match asked["method"]:
            case "server.ping":
                return [{"error": None, "id": number, "result": "pong"}]
            case "user.auth":
                return [{"index_market24h": {"symbol": ".USDT"}}, {**self.login, "id": number}]
            case method if method in self.refuse:
                return [{"error": self.refuse[method], "id": number, "result": None}]
            case "orderbook_p.subscribe":
                return [self.yes(number), self.book("snapshot")]
            case "aop_p.subscribe":
                return [self.yes(number), self.account()]
            case _:
                return [self.yes(number)]

    def yes(self, number: Any) -> dict[str, Any]:
        return {"error": None, "id": number, "result": {"status": "success"}}

    def book(self, kind: str, bids: Any = (("99", "1"),)) -> dict[str, Any]:
        self.number += 37
        levels = {"asks": [["101", str(self.number)]], "bids": [list(level) for level in bids]}
        base = {"depth": 30, "sequence": self.number, "symbol": B, "timestamp": self.number, "type": kind}
        return {"orderbook_p": levels, **base}

    def account(self) -> dict[str, Any]:
        rows = [{"accountID": 1, "currency": "USDT", "accountBalanceRv": "5"}]
        return {"accounts_p": rows, "orders_p": self.orders, "positions_p": [], "sequence": 1, "type": "snapshot"}

    @property
    def methods(self) -> list[str]:
        return [asked["method"] for asked in self.got if asked["method"] != "server.ping"]


@pytest.fixture
def venue() -> Venue:
    return Venue()


@pytest.fixture
async def server(serve: Any, venue: Venue) -> Any:
    return await serve(ws=venue.ws, http=venue.http)


def client_of(server: Any) -> rxbotters.Client:
    return server.client(apis=APIS, hosts={server.host: "phemex"})  # type: ignore[no-any-return]


async def test_a_day_with_phemex(server: Any, venue: Venue, until: Any) -> None:
    """C31, C43, C49, F73, defects 5, 6 and 11: login, heartbeat, book and account, a cut, and all of it again."""
    store = rxbotters.PhemexDataStore()
    async with client_of(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=[BOOK, ACCOUNT], hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()
        assert venue.methods == ["user.auth", "orderbook_p.subscribe", "aop_p.subscribe"]
        (login,) = [asked for asked in venue.got if asked["method"] == "user.auth"]
        assert login["params"][:2] == ["API", KEY]
        await until(lambda: {"id": 0, "method": "server.ping", "params": []} in venue.got)
        assert store.orderbook.status_of(B) == Live()
        await until(lambda: len(store.orders) == 1)
        assert store.unhandled["index_market24h"] == 1  # it came during the login, and was not swallowed
        await store.initialize(client.get("/g-orders/activeList", params={"symbol": B}))
        statuses: list[Any] = []
        store.orderbook.instrument_statuses.subscribe(lambda pair: statuses.append(type(pair[1])))
        venue.orders = [{**venue.orders[0], "orderID": "2"}]

        venue.transports[0].abort()  # no goodbye

        await until(lambda: len(venue.sockets) == 2 and store.orderbook.status_of(B) == Live())
        await until(lambda: len(venue.asked) == 2 and store.orders.status == Live())
        assert statuses[0] is Stale
        assert statuses[-1] is Live
        assert [row["orderID"] for row in store.orders] == ["2"]
        assert venue.methods == ["user.auth", "orderbook_p.subscribe", "aop_p.subscribe"] * 2
        await venue.sockets[1].send_json(venue.book("incremental", [("98", "1")]))
        await until(lambda: len(store.orderbook.depth(B).bids) == 2)


async def test_a_wrong_book_is_subscribed_again(server: Any, venue: Venue, until: Any) -> None:
    """Defect 7: without ending it first, which would end every book."""
    store = rxbotters.PhemexDataStore()
    store.errors.subscribe(lambda error: None)
    async with client_of(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=BOOK, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()
        await venue.sockets[0].send_json(venue.book("incremental", [("101", "1")]))

        await until(lambda: venue.methods == ["user.auth", "orderbook_p.subscribe", "orderbook_p.subscribe"])
        await until(lambda: store.orderbook.status_of(B) == Live())

        assert store.orderbook.depth(B).bids == [("99", "1")]
        assert len(venue.sockets) == 1


async def test_public_channels_need_no_keys(server: Any, venue: Venue) -> None:
    store = rxbotters.PhemexDataStore()
    async with server.client(apis={}, hosts={server.host: "phemex"}) as client:
        ws = client.ws_connect(server.ws_url, send_json=BOOK, hdlr_json=store.onmessage)
        async with asyncio.timeout(10):
            await ws.ready()

        assert venue.methods == ["orderbook_p.subscribe"]
        assert store.orderbook.status_of(B) == Live()


async def test_a_refused_login_ends_the_connection(server: Any, venue: Venue) -> None:
    """F35, defect 14: no subscription is sent."""
    venue.login = {"error": {"code": 6012, "message": "invalid login token"}, "result": None}
    async with client_of(server) as client:
        ws = client.ws_connect(server.ws_url, send_json=ACCOUNT)
        with pytest.raises(LoginRefused, match="6012"):
            async with asyncio.timeout(10):
                await ws.ready()

    assert venue.methods == ["user.auth"]


async def test_a_refused_subscription_is_an_error(server: Any, venue: Venue) -> None:
    """F41: the others live on."""
    venue.refuse = {"tick.subscribe": {"code": 6001, "message": "invalid argument"}}
    store = rxbotters.PhemexDataStore()
    async with client_of(server) as client:
        messages = [BOOK, {"id": 9, "method": "tick.subscribe", "params": ["nothing"]}]
        ws = client.ws_connect(server.ws_url, send_json=messages, hdlr_json=store.onmessage)
        with pytest.raises(SubscriptionError, match="invalid argument"):
            async with asyncio.timeout(10):
                await ws.ready()

        assert store.orderbook.status_of(B) == Live()


async def test_a_subscription_comes_and_goes(server: Any, venue: Venue, until: Any) -> None:
    async with client_of(server) as client:
        ws = client.ws_connect(server.ws_url)
        async with asyncio.timeout(10):
            await ws.ready()
            added = await ws.add(send_json={"id": 5, "method": "trade_p.subscribe", "params": [B]})
        added.dispose()

        await until(lambda: venue.methods == ["user.auth", "trade_p.subscribe", "trade_p.unsubscribe"])
        assert venue.got[-1]["params"] == [B]


def test_the_example_of_the_docs() -> None:
    assert example("phemex") == [
        "book 20700.5 20703.9 Live()",
        "account 1508.48",
        "sent fa64c6f2",
        "order New",
        "order 1",
        "order delete 0",
    ]
