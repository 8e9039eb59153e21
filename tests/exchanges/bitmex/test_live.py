"""BitMEX over real sockets: login, subscriptions, heartbeat, book, orders, a missed message, a cut, and back again."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSMsgType, web

import rxbotters
from rxbotters import BitMEXDataStore
from rxbotters.errors import LoginRefused, SequenceGap, SubscriptionError
from rxbotters.exchanges.bitmex.signing import signature
from rxbotters.wire import loads
from rxbotters_operators.events import Live, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.common import example, heard

QUICK = (0.01, 0.05, 1.5, 0.01)
BOOK = "orderBookL2_25:XBTUSD"
ASK = {"symbol": "XBTUSD", "id": 1, "side": "Sell", "size": 100, "price": 80.5}
BID = {"symbol": "XBTUSD", "id": 2, "side": "Buy", "size": 10, "price": 80}


class Venue:
    """A BitMEX on 127.0.0.1."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.live: list[dict[str, Any]] = []
        self.refuses = False

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_json({"info": "Welcome to the BitMEX Realtime API.", "limit": {"remaining": 39}})
        logged_in = False
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                continue
            if message.data == "ping":
                self.seen.append("ping")
                await ws.send_str("pong")
                continue
            request = loads(message.data)
            self.seen.append(f"{request['op']} {request['args'][0]}")
            if request["op"] == "authKeyExpires":
                logged_in = await self.login(ws, request)
            elif request["op"] == "subscribe":
                await self.subscribe(ws, request, logged_in)
            else:
                await ws.send_json({"success": True, "unsubscribe": request["args"][0], "request": request})

    async def login(self, ws: web.WebSocketResponse, request: dict[str, Any]) -> bool:
        key, expires, proof = request["args"]
        good = proof == signature(SECRET.encode(), "GET", "/realtime", expires) and key == KEY and not self.refuses
        answer = {"success": True} if good else {"status": 401, "error": "Invalid API Key.", "meta": {}}
        await ws.send_json({**answer, "request": request})
        return good

    async def subscribe(self, ws: web.WebSocketResponse, request: dict[str, Any], logged_in: bool) -> None:
        (topic,) = request["args"]
        table = topic.partition(":")[0]
        if table not in ("orderBookL2_25", "order") or (table == "order" and not logged_in):
            await ws.send_json({"status": 400, "error": f"Unknown table: {table}", "meta": {}, "request": request})
            return
        await ws.send_json({"success": True, "subscribe": topic, "request": request})
        keys, where, data = (
            (["orderID"], {"account": 7}, self.live)
            if table == "order"
            else (["symbol", "id", "side"], {"symbol": "XBTUSD"}, [ASK, BID])
        )
        await ws.send_json({"table": table, "action": "partial", "keys": keys, "filter": where, "data": data})

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.method == "GET":
            return web.json_response(self.live)
        self.live.append({"orderID": "a", "ordStatus": "New", "symbol": "XBTUSD", "account": 7})
        return web.json_response(self.live[-1])


def client(server: Any) -> rxbotters.Client:
    hosts = {server.host: "www.bitmex.com"}
    return rxbotters.Client(apis={"bitmex": [KEY, SECRET]}, base_url=server.url, hosts=hosts)


async def test_a_day_with_bitmex(serve: Any, until: Any) -> None:
    """C31, C41, C49, F37, F40, F68, F73."""
    venue = Venue()
    server = await serve(ws=venue.ws, http=venue.http)
    store = BitMEXDataStore()
    errors = heard(store)
    async with client(server) as bot:
        app = bot.ws_connect(
            server.ws_url,
            send_json={"op": "subscribe", "args": [BOOK, "order"]},
            hdlr_json=store.onmessage,
            app_heartbeat=0.02,
            min_uptime=0,
            backoff=QUICK,
        )
        app.errors.subscribe(errors.append)
        await app.ready()
        assert [word for word in venue.seen if word != "ping"] == [f"authKeyExpires {KEY}", f"subscribe {BOOK}", "subscribe order"]  # fmt: skip
        assert store.orderbook.status_of("XBTUSD") == Live()
        await until(lambda: venue.seen.count("ping") >= 2)

        await bot.fetch("POST", "/api/v1/order", data={"symbol": "XBTUSD", "orderQty": 5})
        expires = server.requests[0]["headers"]["api-expires"]
        proof = signature(SECRET.encode(), "POST", "/api/v1/order", expires, server.requests[0]["body"])
        assert server.requests[0]["headers"]["api-signature"] == proof
        await server.sockets[0].send_json({"table": "order", "action": "insert", "data": venue.live})
        await until(lambda: len(store.order) == 1)

        told: list[Any] = []
        store.orderbook.instrument_statuses.subscribe(lambda item: told.append(item[1]))
        missed = {"symbol": "XBTUSD", "id": 9, "side": "Buy", "size": 1}
        await server.sockets[0].send_json({"table": "orderBookL2_25", "action": "update", "data": [missed]})
        await until(lambda: told and told[-1] == Live())
        assert isinstance(told[0], Stale)
        assert store.orderbook.find() == [ASK, BID]
        assert venue.seen.count(f"unsubscribe {BOOK}") == 1
        assert isinstance(errors.pop(), SequenceGap)

        told.clear()
        venue.live.clear()
        for socket in server.sockets:
            await socket.close()
        await until(lambda: told and told[-1] == Live())
        assert isinstance(told[0], Stale)
        await until(lambda: store.order.status == Live() and not store.order.find())
        assert server.hits["ws"] == 2
        assert store.is_live
    assert not errors


async def test_a_refused_login_is_final_and_shows_no_key(serve: Any) -> None:
    """C15, F35: the answer echoes key and signature; nothing was subscribed."""
    venue = Venue()
    venue.refuses = True
    server = await serve(ws=venue.ws)
    async with client(server) as bot:
        app = bot.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": ["order"]})
        app.errors.subscribe(lambda error: None)
        with pytest.raises(LoginRefused, match="Invalid API Key") as caught:
            await app.ready()
    assert KEY not in str(caught.value) + repr(caught.value)
    assert not any(word.startswith("subscribe") for word in venue.seen)


async def test_one_refused_topic_leaves_the_others(serve: Any) -> None:
    """F41."""
    venue = Venue()
    server = await serve(ws=venue.ws)
    store = BitMEXDataStore()
    async with client(server) as bot:
        app = bot.ws_connect(server.ws_url, send_json={"op": "subscribe", "args": ["nonsense", BOOK]}, hdlr_json=store.onmessage)  # fmt: skip
        app.errors.subscribe(lambda error: None)
        with pytest.raises(SubscriptionError, match="Unknown table: nonsense"):
            await app.ready()
        assert store.orderbook.status_of("XBTUSD") == Live()
        added = await app.add(send_json={"op": "subscribe", "args": ["order"]})
        added.dispose()
    assert store.unhandled == {"error": 1}


async def test_the_greeting_and_topics_of_the_url_need_nothing(serve: Any, until: Any) -> None:
    """Without keys there is no login; topics may stand in the url."""
    venue = Venue()
    server = await serve(ws=venue.ws)
    async with rxbotters.Client(apis={}, hosts={server.host: "ws.bitmex.com"}) as bot:
        await bot.ws_connect(f"{server.ws_url}?subscribe=trade").ready()
        await until(lambda: "ping" in venue.seen)
    assert venue.seen[0] == "ping"


def test_the_example_of_the_documentation() -> None:
    assert example("bitmex") == [
        "book: 32180 x 1050200 / 32180.5 x 161000",
        "placed: order a1 is New, 100 left",
        "partly filled: 60 left",
        "cancelled: no order is open",
    ]
