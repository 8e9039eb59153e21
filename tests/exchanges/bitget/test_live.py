"""Bitget over real sockets: login, acknowledgements, heartbeat, book, orders, cut and come back; demo and V3 paths."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from aiohttp import web
from rich.console import Console

import rxbotters
from rxbotters.cli.view import JsonView
from rxbotters.cli.watch import run_watch
from rxbotters.errors import LoginRefused, SubscriptionError
from rxbotters_operators.events import Live, Rotated, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

PASSPHRASE = "canary-passphrase-8a1b2c"
APIS = {"bitget": [KEY, SECRET, PASSPHRASE]}
SYMBOL = ("USDT-FUTURES", "BTCUSDT")
BTC = {"instType": SYMBOL[0], "channel": "books", "instId": SYMBOL[1]}
UNIFIED = {"instType": "usdt-futures", "topic": "books", "symbol": "BTCUSDT"}
ORDERS = {"instType": "USDT-FUTURES", "channel": "orders", "instId": "default"}
POSITIONS = {"instType": "USDT-FUTURES", "channel": "positions", "instId": "default"}
PENDING = "/api/v2/mix/order/orders-pending"


class Venue:
    """Answers as Bitget does, and remembers what it was told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.pings = 0
        self.login: dict[str, Any] = {"event": "login", "code": 0, "msg": ""}
        self.refuse: set[str] = set()
        self.number = 100
        self.orders = [{"orderId": "1", "symbol": "BTCUSDT", "status": "live", "uTime": "1"}]

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            if message.data == "ping":
                self.pings += 1
                await ws.send_str("pong")
                continue
            asked = json.loads(message.data)
            self.got.append(asked)
            if asked["op"] == "login":
                await ws.send_str("pong")
                await ws.send_json({"action": "snapshot", "arg": ORDERS, "data": [], "ts": 1})
                await ws.send_json(self.login)
            for arg in asked["args"] if asked["op"] in ("subscribe", "unsubscribe") else ():
                await self.answer(ws, asked["op"], arg)

    async def answer(self, ws: web.WebSocketResponse, op: str, arg: dict[str, str]) -> None:
        name = arg.get("channel", arg.get("topic", ""))
        if name in self.refuse:
            text = f"instType:{arg['instType']},channel:{name},instId:{arg['instId']} doesn't exist"
            await ws.send_json({"event": "error", "code": 30001, "msg": text, "op": op})
            return
        await ws.send_json({"event": op, "arg": arg})
        if op == "subscribe" and name == "books":
            await self.tell(ws, "snapshot", arg=arg)
        elif op == "subscribe" and name == "positions":
            await ws.send_json({"action": "snapshot", "arg": arg, "data": [], "ts": 1})

    async def tell(
        self, ws: web.WebSocketResponse, action: str, *, arg: dict[str, str] = BTC, checksum: int = 0
    ) -> None:
        self.number += 1
        asks, bids = [["101", "1"]], [[str(self.number - 50), "1"]]
        sides = {"asks": asks, "bids": bids} if "channel" in arg else {"a": asks, "b": bids, "pseq": self.number - 1}
        data = {**sides, "checksum": checksum, "seq": self.number, "ts": str(self.number)}
        await ws.send_json({"action": action, "arg": arg, "data": [data], "ts": self.number})

    async def order(self, ws: web.WebSocketResponse, status: str, time: int) -> None:
        row = {"orderId": "9", "instId": "BTCUSDT", "status": status, "uTime": str(time)}
        await ws.send_json({"action": "snapshot", "arg": ORDERS, "data": [row], "ts": time})

    async def http(self, request: web.Request, _: bytes) -> web.StreamResponse:
        return web.json_response({"code": "00000", "msg": "success", "data": {"entrustedList": self.orders}})

    def ops(self) -> list[str]:
        return [asked["op"] for asked in self.got]


@pytest.fixture
def venue() -> Venue:
    return Venue()


async def test_login_subscription_heartbeat_book_cut_and_back(serve: Any, until: Any, venue: Venue) -> None:
    """C31, C41, C43, D11, F37, F73: and the orders are asked for again by themselves."""
    server = await serve(ws=venue.ws, http=venue.http)
    store = rxbotters.BitgetV2DataStore()
    async with server.client(apis=APIS, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(
            server.ws_url,
            send_json={"op": "subscribe", "args": [BTC, ORDERS, POSITIONS]},
            hdlr_json=store.onmessage,
            min_uptime=0,
        )
        await ws.ready()
        assert venue.ops() == ["login", "subscribe"]
        assert venue.got[0]["args"][0]["apiKey"] == KEY
        assert store.book.status_of(SYMBOL) == Live()
        assert venue.pings
        await store.initialize(client.get(PENDING, params={"productType": "USDT-FUTURES"}))
        assert [row["orderId"] for row in store.orders] == ["1"]

        venue.orders = [{"orderId": "2", "symbol": "BTCUSDT", "status": "live", "uTime": "1"}]
        states: list[Any] = []
        store.book.instrument_statuses.subscribe(lambda pair: states.append(type(pair[1])))
        await server.sockets[0].close()
        await until(lambda: states[-1:] == [Live])
        await until(lambda: [row["orderId"] for row in store.orders] == ["2"])
        await until(lambda: store.positions.status == Live())
        await ws.ready()

    assert states[0] is Stale
    assert venue.ops() == ["login", "subscribe"] * 2
    assert {request["headers"]["ACCESS-KEY"] for request in server.requests} == {KEY}


async def test_the_life_of_a_private_order(serve: Any, until: Any, venue: Venue) -> None:
    server = await serve(ws=venue.ws)
    store = rxbotters.BitgetV2DataStore()
    async with server.client(apis=APIS, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [ORDERS]}, hdlr_json=store.onmessage
        )
        await ws.ready()
        seen: list[Any] = []
        store.orders.changes.subscribe(lambda change: seen.append((change.operation, change.data["status"])))
        for status, time in (("live", 1), ("partially_filled", 2), ("live", 1), ("filled", 3), ("partially_filled", 2)):
            await venue.order(server.sockets[0], status, time)
        await venue.tell(server.sockets[0], "snapshot")
        await until(lambda: store.book.status_of(SYMBOL) == Live())

    assert seen == [("update", "live"), ("update", "partially_filled"), ("delete", "partially_filled")]
    assert not len(store.orders)


async def test_a_wrong_checksum_is_healed_by_a_new_subscription(serve: Any, until: Any, venue: Venue) -> None:
    """F68, F72: unsubscribe, subscribe, snapshot; the user does nothing."""
    server = await serve(ws=venue.ws)
    store = rxbotters.BitgetV2DataStore()
    errors = heard(store)
    async with server.client(apis={}, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": [BTC]}, hdlr_json=store.onmessage)
        await ws.ready()
        await venue.tell(server.sockets[0], "update")
        await venue.tell(server.sockets[0], "update", checksum=7)
        await until(lambda: venue.ops()[1:] == ["unsubscribe", "subscribe"])
        await until(lambda: store.book.status_of(SYMBOL) == Live())

    assert [type(error).__name__ for error in errors] == ["BookMismatch"]
    assert venue.got[-1]["args"] == [BTC]
    assert len(server.sockets) == 1


async def test_a_unified_book_is_healed_in_its_own_words(serve: Any, until: Any, venue: Venue) -> None:
    """Defect 10: V3 subscribes with ``topic`` and ``symbol``."""
    server = await serve(ws=venue.ws)
    store = rxbotters.BitgetV2DataStore()
    errors = heard(store)
    async with server.client(apis=APIS, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [UNIFIED]}, hdlr_json=store.onmessage
        )
        await ws.ready()
        instrument = ("usdt-futures", "BTCUSDT")
        assert store.book.status_of(instrument) == Live()
        await venue.tell(server.sockets[0], "update", arg=UNIFIED)
        venue.number += 5
        await venue.tell(server.sockets[0], "update", arg=UNIFIED)
        await until(lambda: venue.ops() == ["login", "subscribe", "unsubscribe", "subscribe"])
        await until(lambda: store.book.status_of(instrument) == Live())

    assert [type(error).__name__ for error in errors] == ["SequenceGap"]
    assert venue.got[-1]["args"] == [UNIFIED]


async def test_demo_keys_go_to_demo(serve: Any, venue: Venue) -> None:
    """Defect 11: over both ways."""
    server = await serve(ws=venue.ws, http=venue.http)
    apis = {"bitget": ["real-key", SECRET, PASSPHRASE], "bitget_demo": [KEY, SECRET, PASSPHRASE]}
    async with server.client(apis=apis, hosts={server.host: "wspap.bitget.com"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": [ORDERS]})
        await ws.ready()
    async with server.client(apis=apis, hosts={server.host: "bitget"}) as client:
        await client.fetch("GET", PENDING, headers={"paptrading": "1"})
        await client.fetch("GET", PENDING, auth="bitget_demo")
        await client.fetch("GET", PENDING)

    assert venue.got[0]["args"][0]["apiKey"] == KEY
    sent = [(request["headers"]["ACCESS-KEY"], request["headers"].get("paptrading")) for request in server.requests]
    assert sent == [(KEY, "1"), (KEY, "1"), ("real-key", None)]


async def test_a_refused_subscription_says_which(serve: Any, venue: Venue) -> None:
    """F41."""
    venue.refuse.add("candle9m")
    server = await serve(ws=venue.ws)
    store = rxbotters.BitgetV2DataStore()
    wrong = {"instType": "SPOT", "channel": "candle9m", "instId": "BTCUSDT"}
    async with server.client(apis={}, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [wrong, BTC]}, hdlr_json=store.onmessage
        )
        with pytest.raises(SubscriptionError, match=r"channel:candle9m.*doesn't exist \(code 30001\)"):
            await ws.ready()
        assert store.book.status_of(SYMBOL) == Live()


async def test_a_refused_login_ends_it_without_a_subscription(serve: Any, venue: Venue) -> None:
    """F35, defect 8."""
    venue.login = {"event": "error", "code": "30005", "msg": "login failed"}
    server = await serve(ws=venue.ws)
    async with server.client(apis=APIS, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": [ORDERS]})
        with pytest.raises(LoginRefused, match="login failed"):
            await ws.ready()

    assert venue.ops() == ["login"]


async def test_a_new_connection_takes_over_before_the_old_one_is_cut(serve: Any, until: Any, venue: Venue) -> None:
    """F20: nothing is missing; the second connection's snapshot is older than what the first one told meanwhile."""
    server = await serve(ws=venue.ws)
    store = rxbotters.BitgetV2DataStore()
    errors = heard(store)
    async with server.client(apis={}, hosts={server.host: "bitget"}) as client:
        ws = client.ws_connect(
            server.ws_url, send_json={"op": "subscribe", "args": [BTC]}, hdlr_json=store.onmessage, overlap=0.05
        )
        events: list[Any] = []
        ws.events.subscribe(events.append)
        await ws.ready()
        ws.rotate()
        await until(lambda: venue.number == 102)  # the second snapshot was sent
        for socket in server.sockets:
            venue.number = 102
            await venue.tell(socket, "update")
        await until(lambda: any(isinstance(event, Rotated) for event in events))
        await venue.tell(server.sockets[1], "update")
        await until(lambda: store.book.depth(SYMBOL).bids[:1] == [("54", "1")])
        prices = [price for price, _ in store.book.depth(SYMBOL).bids]

    assert prices == ["54", "53", "51"]
    assert not errors
    assert len(server.sockets) == 2


@pytest.mark.parametrize(("feed", "kind"), [(None, "USDT-FUTURES"), ("spot", "SPOT")])
async def test_watch_shows_the_book_of_a_market(serve: Any, venue: Venue, feed: str | None, kind: str) -> None:
    """A symbol alone names no instrument: the feed knows its market."""
    server = await serve(ws=venue.ws)
    view = JsonView(Console(file=io.StringIO()))

    seen = await run_watch(view, "bitget", "BTCUSDT", feed=feed, url=server.ws_url, seconds=0.5)

    assert venue.got[0]["args"] == [{**BTC, "instType": kind}]
    assert seen == {
        "ok": True,
        "exchange": "bitget",
        "symbol": "BTCUSDT",
        "status": "Live",
        "best_ask": "101",
        "best_bid": "51",
        "errors": [],
    }


def test_the_example_runs() -> None:
    assert example("bitget") == [
        "book 27000.0 27001.0 Live()",
        "sent 1171636690028761089",
        "order live",
        "order 4",
        "order delete 0",
    ]
