"""OKJ over real sockets, V5 and V3: login, acknowledgements, heartbeat, book, cut and come back; a bomb on the way."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import LoginRefused, ProtocolError, SubscriptionError
from rxbotters_operators.events import Live, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

PASSPHRASE = "canary-passphrase-8a1b2c"
APIS = {"okj": [KEY, SECRET, PASSPHRASE]}
BTC = "BTC-JPY"
BOOKS = {"channel": "books", "instId": BTC}
ORDERS = {"channel": "orders", "instType": "SPOT"}


def deflated(text: str | bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(text.encode() if isinstance(text, str) else text) + stream.flush()


class Venue:
    """Answers as OKJ does, in one of its versions, and remembers what it was told."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.got: list[Any] = []
        self.pings = 0
        self.login_ok = True
        self.refuse = ""
        self.orders = ["1"]

    async def send(self, ws: web.WebSocketResponse, message: Any) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        if self.version == 3:
            await ws.send_bytes(deflated(text))
        else:
            await ws.send_str(text)

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            if message.data == "ping":
                self.pings += 1
                await self.send(ws, "pong")
                continue
            asked = json.loads(message.data)
            self.got.append(asked)
            if asked["op"] == "login":
                await self.send(ws, self.login())
            for arg in asked["args"] if asked["op"] != "login" else ():
                await self.answer(ws, asked["op"], arg)

    def login(self) -> dict[str, Any]:
        if self.version == 3:
            bad = {"event": "error", "message": "Invalid sign", "errorCode": 30013}
            return {"event": "login", "success": True} if self.login_ok else bad
        return {
            "event": "login" if self.login_ok else "error",
            "code": "0" if self.login_ok else "60007",
            "msg": "Invalid sign",
        }

    async def answer(self, ws: web.WebSocketResponse, op: str, arg: Any) -> None:
        name = arg if isinstance(arg, str) else f"channel:{arg['channel']},instId:{arg.get('instId')}"
        if self.refuse and self.refuse in name:
            text = f"{name} doesn't exist"
            old = {"event": "error", "message": f"Channel {text}", "errorCode": 30040}
            await self.send(ws, old if self.version == 3 else {"event": "error", "msg": text, "code": "60018"})
            return
        await self.send(ws, {"event": op, **({"channel": arg} if self.version == 3 else {"arg": arg, "connId": "x"})})
        if op == "subscribe" and ("depth" in name or "books" in name):
            await self.tell(ws, "partial" if self.version == 3 else "snapshot", -1, 100)

    async def tell(self, ws: web.WebSocketResponse, action: str, previous: int, number: int) -> None:
        sides = {"asks": [["101", "1", "0", "1"]], "bids": [["99", "1", "0", "1"]]}
        if self.version == 3:
            table = {"table": "spot/depth", "action": action}
            await self.send(ws, {**table, "data": [{"instrument_id": BTC, "timestamp": "t", **sides}]})
        else:
            data = {**sides, "ts": "1", "seqId": number, "prevSeqId": previous}
            await self.send(ws, {"arg": BOOKS, "action": action, "data": [data]})

    async def http(self, request: web.Request, _: bytes) -> web.StreamResponse:
        if self.version == 3:
            return web.json_response([{"order_id": one, "instrument_id": BTC, "state": "0"} for one in self.orders])
        rows = [{"ordId": one, "instId": BTC, "state": "live"} for one in self.orders]
        return web.json_response({"code": "0", "msg": "", "data": rows})

    def ops(self) -> list[str]:
        return [asked["op"] for asked in self.got]

    @property
    def host(self) -> str:
        return "connect.okj.com" if self.version == 3 else "okj"

    def subscribe(self, *, private: bool = False) -> dict[str, Any]:
        if self.version == 3:
            return {"op": "subscribe", "args": [f"spot/depth:{BTC}", *([f"spot/order:{BTC}"] if private else [])]}
        return {"op": "subscribe", "args": [BOOKS, *([ORDERS] if private else [])]}


@pytest.fixture(params=[5, 3], ids=["V5", "V3"])
def venue(request: pytest.FixtureRequest) -> Venue:
    return Venue(request.param)


async def test_login_subscription_heartbeat_book_cut_and_back(serve: Any, until: Any, venue: Venue) -> None:
    """C31, C41, C43, D11, F73: and the orders are asked for again by themselves."""
    server = await serve(ws=venue.ws)
    rest = await serve(http=venue.http)
    path = "/api/spot/v3/orders_pending" if venue.version == 3 else "/api/v5/trade/orders-pending"
    store = rxbotters.OKJDataStore()
    hosts = {server.host: venue.host, rest.host: "okj"}
    async with server.client(apis=APIS, hosts=hosts, base_url=rest.url) as client:
        ws = client.ws_connect(
            server.ws_url, send_json=venue.subscribe(private=True), hdlr_json=store.onmessage, min_uptime=0
        )
        errors = heard(ws)
        await ws.ready()
        await until(lambda: venue.pings)
        assert venue.ops() == ["login", "subscribe"]
        assert store.books.status_of(BTC) == Live()
        await store.initialize(client.get(path, params={"instrument_id" if venue.version == 3 else "instId": BTC}))
        assert [row["ordId"] for row in store.orders] == ["1"]

        venue.orders = ["2"]
        states: list[Any] = []
        store.books.instrument_statuses.subscribe(lambda pair: states.append(type(pair[1])))
        await server.sockets[0].close()
        await until(lambda: states[-1:] == [Live])
        await until(lambda: [row["ordId"] for row in store.orders] == ["2"])
        await ws.ready()

    assert states[0] is Stale
    assert venue.ops() == ["login", "subscribe"] * 2
    assert {request["headers"]["OK-ACCESS-KEY"] for request in rest.requests} == {KEY}
    assert not errors  # a compressed pong is no broken message


async def test_a_book_that_went_wrong_is_healed_by_a_new_subscription(serve: Any, until: Any, venue: Venue) -> None:
    """F68, F72: unsubscribe first, a second subscription alone brings no snapshot."""
    server = await serve(ws=venue.ws)
    store = rxbotters.OKJDataStore()
    errors = heard(store)
    async with server.client(apis={}, hosts={server.host: venue.host}) as client:
        ws = client.ws_connect(server.ws_url, send_json=venue.subscribe(), hdlr_json=store.onmessage)
        await ws.ready()
        if venue.version == 3:
            wrong = {"instrument_id": BTC, "asks": [], "bids": [], "timestamp": "t", "checksum": 1}
            await venue.send(server.sockets[0], {"table": "spot/depth", "action": "update", "data": [wrong]})
        else:
            await venue.tell(server.sockets[0], "update", 999, 1000)
        await until(lambda: venue.ops()[1:] == ["unsubscribe", "subscribe"])
        await until(lambda: store.books.status_of(BTC) == Live())

    assert [type(error).__name__ for error in errors] == ["BookMismatch" if venue.version == 3 else "SequenceGap"]
    assert len(server.sockets) == 1


async def test_a_refused_subscription_says_which(serve: Any, venue: Venue) -> None:
    """F41."""
    venue.refuse = "ticker"
    server = await serve(ws=venue.ws)
    wrong: Any = "spot/ticker:BTC-JPY" if venue.version == 3 else {"channel": "tickers", "instId": BTC}
    messages = [venue.subscribe(), {"op": "subscribe", "args": [wrong]}]
    store = rxbotters.OKJDataStore()
    async with server.client(apis={}, hosts={server.host: venue.host}) as client:
        ws = client.ws_connect(server.ws_url, send_json=messages, hdlr_json=store.onmessage)
        with pytest.raises(SubscriptionError, match=r"ticker.*doesn't exist"):
            await ws.ready()
        assert store.books.status_of(BTC) == Live()


async def test_a_refused_login_ends_it_without_a_subscription(serve: Any, venue: Venue) -> None:
    """F35, defect 5."""
    venue.login_ok = False
    server = await serve(ws=venue.ws)
    async with server.client(apis=APIS, hosts={server.host: venue.host}) as client:
        ws = client.ws_connect(server.ws_url, send_json=venue.subscribe(private=True))
        with pytest.raises(LoginRefused, match="Invalid sign"):
            await ws.ready()

    assert venue.ops() == ["login"]


async def test_a_bomb_and_noise_are_errors_and_the_connection_lives(serve: Any, until: Any) -> None:
    """F52, defect 6: also while the login is under way."""
    venue = Venue(3)
    bad = (deflated(b"0" * 100_000_000), b"\xff\xff\xff", deflated("[1")[:-1])

    async def ws(socket: web.WebSocketResponse, request: web.Request) -> None:
        for frame in bad:
            await socket.send_bytes(frame)
        await venue.ws(socket, request)

    server = await serve(ws=ws)
    store = rxbotters.OKJDataStore()
    async with server.client(apis=APIS, hosts={server.host: venue.host}) as client:
        app = client.ws_connect(server.ws_url, send_json=venue.subscribe(private=True), hdlr_json=store.onmessage)
        errors = heard(app)
        await app.ready()
        for frame in bad:
            await server.sockets[0].send_bytes(frame)
        await until(lambda: len(errors) == 2 * len(bad))
        assert store.books.status_of(BTC) == Live()

    assert all(isinstance(error, ProtocolError) for error in errors)
    assert "inflates beyond" in str(errors[0])
    assert len(server.sockets) == 1


def test_the_example_runs() -> None:
    assert example("okj") == [
        "book 5000000 5000200 Live()",
        "sent 2510789768709120",
        "order live",
        "order 0.4",
        "order delete 0",
    ]
