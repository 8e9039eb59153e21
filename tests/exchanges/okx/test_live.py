"""OKX over real sockets: login, acknowledgements, heartbeat, book, orders, cut and come back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import LoginRefused, SubscriptionError
from rxbotters_operators.events import Live, Rotated, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

PASSPHRASE = "canary-passphrase-8a1b2c"
APIS = {"okx": [KEY, SECRET, PASSPHRASE]}
BTC = {"channel": "books", "instId": "BTC-USDT"}
ORDERS = {"channel": "orders", "instType": "ANY"}


class Venue:
    """Answers as OKX does, and remembers what it was told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.pings = 0
        self.login: dict[str, Any] = {"event": "login", "code": "0", "msg": "", "connId": "x"}
        self.refuse: set[str] = set()
        self.number = 100
        self.orders = [{"ordId": "1", "instId": "BTC-USDT", "state": "live"}]

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            if message.data == "ping":
                self.pings += 1
                await ws.send_str("pong")
                continue
            asked = json.loads(message.data)
            self.got.append(asked)
            if asked["op"] == "login":
                await ws.send_json(self.login)
            for arg in asked["args"] if asked["op"] in ("subscribe", "unsubscribe") else ():
                if arg["channel"] in self.refuse:
                    name = f"channel:{arg['channel']},instId:{arg['instId']}"
                    text = f"Wrong URL or {name} doesn't exist. Please use the correct URL, channel and parameters."
                    await ws.send_json({"event": "error", "msg": text, "code": "60018", "connId": "x"})
                    continue
                await ws.send_json({"event": asked["op"], "arg": arg, "connId": "x"})
                if asked["op"] == "subscribe" and arg["channel"] == "books":
                    await self.tell(ws, "snapshot", -1)

    async def tell(self, ws: web.WebSocketResponse, action: str, previous: int) -> None:
        self.number += 1
        data = {"asks": [["101", "1", "0", "1"]], "bids": [[str(self.number - 50), "1", "0", "1"]], "ts": "1"}
        await ws.send_json(
            {"arg": BTC, "action": action, "data": [{**data, "seqId": self.number, "prevSeqId": previous}]}
        )

    async def http(self, request: web.Request, _: bytes) -> web.StreamResponse:
        return web.json_response({"code": "0", "msg": "", "data": self.orders})

    def ops(self) -> list[str]:
        return [asked["op"] for asked in self.got]


@pytest.fixture
def venue() -> Venue:
    return Venue()


async def test_login_subscription_heartbeat_book_cut_and_back(serve: Any, until: Any, venue: Venue) -> None:
    """C31, C41, C43, D11, F73: and the orders are asked for again by themselves."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.OKXDataStore()
    async with server.client(apis=APIS, hosts={server.host: "okx"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [BTC, ORDERS]}, hdlr_json=store.onmessage, min_uptime=0
        )
        await ws.ready()
        assert venue.ops() == ["login", "subscribe"]
        assert venue.got[0]["args"][0]["apiKey"] == KEY
        assert store.books.status_of("BTC-USDT") == Live()
        assert venue.pings
        await store.initialize(client.get("/api/v5/trade/orders-pending"))
        assert [row["ordId"] for row in store.orders] == ["1"]

        venue.orders = [{"ordId": "2", "instId": "BTC-USDT", "state": "live"}]
        states: list[Any] = []
        store.books.instrument_statuses.subscribe(lambda pair: states.append(type(pair[1])))
        await server.sockets[0].close()
        await until(lambda: states[-1:] == [Live])
        await until(lambda: [row["ordId"] for row in store.orders] == ["2"])
        await ws.ready()

    assert states[0] is Stale
    assert venue.ops() == ["login", "subscribe"] * 2
    assert {request["headers"]["OK-ACCESS-KEY"] for request in server.requests} == {KEY}


async def test_a_gap_is_healed_by_a_new_subscription(serve: Any, until: Any, venue: Venue) -> None:
    """F68: unsubscribe, subscribe, snapshot; the user does nothing."""
    server = await serve(ws=venue.ws)
    store = rxbotters.OKXDataStore()
    errors = heard(store)
    async with server.client(apis={}, hosts={server.host: "okx"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": [BTC]}, hdlr_json=store.onmessage)
        await ws.ready()
        await venue.tell(server.sockets[0], "update", 101)
        await venue.tell(server.sockets[0], "update", 999)
        await until(lambda: venue.ops()[1:] == ["unsubscribe", "subscribe"])
        await until(lambda: store.books.status_of("BTC-USDT") == Live())

    assert [type(error).__name__ for error in errors] == ["SequenceGap"]
    assert store.books.best("BTC-USDT").bid is None  # the client is closed: nobody knows what comes next
    assert len(server.sockets) == 1


async def test_a_refused_subscription_says_which(serve: Any, venue: Venue) -> None:
    """F41."""
    venue.refuse.add("candle1m")
    server = await serve(ws=venue.ws)
    store = rxbotters.OKXDataStore()
    wrong = {"channel": "candle1m", "instId": "BTC-USDT"}
    async with server.client(apis={}, hosts={server.host: "okx"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [wrong, BTC]}, hdlr_json=store.onmessage
        )
        with pytest.raises(SubscriptionError, match=r"Wrong URL or channel:candle1m.*\(code 60018\)"):
            await ws.ready()
        assert store.books.status_of("BTC-USDT") == Live()


async def test_a_refused_login_ends_it_without_a_subscription(serve: Any, venue: Venue) -> None:
    """F35, defect 12."""
    venue.login = {"event": "error", "code": "60009", "msg": "Login failed.", "connId": "x"}
    server = await serve(ws=venue.ws)
    async with server.client(apis=APIS, hosts={server.host: "okx"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": [ORDERS]})
        with pytest.raises(LoginRefused, match="Login failed"):
            await ws.ready()

    assert venue.ops() == ["login"]


async def test_a_notice_moves_to_a_new_connection_before_the_old_one_is_cut(
    serve: Any, until: Any, venue: Venue
) -> None:
    """F20, defect 12."""
    server = await serve(ws=venue.ws)
    store = rxbotters.OKXDataStore()
    async with server.client(apis={}, hosts={server.host: "okx"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [BTC]}, hdlr_json=store.onmessage, overlap=0.01
        )
        events: list[Any] = []
        ws.events.subscribe(events.append)
        await ws.ready()
        await server.sockets[0].send_json({"event": "notice", "code": "64008", "msg": "soon", "connId": "x"})
        await until(lambda: any(isinstance(event, Rotated) for event in events))
        await until(lambda: store.books.status_of("BTC-USDT") == Live())
        await venue.tell(server.sockets[1], "update", venue.number)
        await until(lambda: store.books.depth("BTC-USDT").bids[0].price == str(venue.number - 50))

    assert len(server.sockets) == 2


def test_the_example_runs() -> None:
    assert example("okx") == [
        "book 8476.97 8477 Live()",
        "sent 2510789768709120",
        "order live",
        "order 0.4",
        "order delete 0",
    ]
