"""Hyperliquid over real sockets: subscriptions, heartbeat, book, orders by WebSocket and REST, a cut, and back again."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSMsgType, web

import rxbotters
from rxbotters import HyperliquidDataStore
from rxbotters.errors import SubscriptionError
from rxbotters.helpers import hyperliquid as helper
from rxbotters.wire import dumps, loads
from rxbotters_operators.events import Live, Stale
from tests.exchanges.common import example, heard

KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
ME = "0x14791697260e4c9a71f18484c9f997b308e59325"
QUICK = (0.01, 0.05, 1.5, 0.01)
LEVELS = [[{"px": "100", "sz": "1", "n": 1}], [{"px": "101", "sz": "2", "n": 1}]]
ORDER = {"type": "order", "orders": [{"a": 0, "b": True, "p": "99", "s": "1", "r": False, "t": {"limit": {"tif": "Gtc"}}}], "grouping": "na"}  # fmt: skip


def subscribe(**subscription: Any) -> dict[str, Any]:
    return {"method": "subscribe", "subscription": subscription}


BOOK, ORDERS = subscribe(type="l2Book", coin="BTC"), subscribe(type="orderUpdates", user=ME)


class Venue:
    """A Hyperliquid on 127.0.0.1: it echoes subscriptions, sends books, and remembers actions."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.actions: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []
        self.time = 0

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("Websocket connection established.")
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                continue
            request = loads(message.data)
            self.seen.append(request["method"])
            if request["method"] == "ping":
                await ws.send_json({"channel": "pong"})
            elif request["method"] == "post":
                await self.post(ws, request)
            elif request["subscription"].get("coin") == "NONE":
                await ws.send_json(
                    {"channel": "error", "data": f"Invalid subscription {dumps(request['subscription'])}"}
                )
            else:
                await ws.send_json({"channel": "subscriptionResponse", "data": request})
                if request["subscription"]["type"] == "l2Book":
                    self.time += 1
                    await ws.send_json(
                        {"channel": "l2Book", "data": {"coin": "BTC", "time": self.time, "levels": LEVELS}}
                    )

    async def post(self, ws: web.WebSocketResponse, request: dict[str, Any]) -> None:
        self.actions.append(request["request"]["payload"])
        order = {"coin": "BTC", "side": "B", "limitPx": "99", "sz": "1", "oid": len(self.actions), "timestamp": 1}
        self.open.append(order)
        update = {"order": order, "status": "open", "statusTimestamp": 1}
        await ws.send_json({"channel": "orderUpdates", "data": [update]})
        payload = {"status": "ok", "response": {"type": "order"}}
        await ws.send_json(
            {"channel": "post", "data": {"id": request["id"], "response": {"type": "action", "payload": payload}}}
        )

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        asked = loads(body)
        if request.path == "/info":
            return web.json_response(self.open if asked["type"] == "openOrders" else {})
        self.actions.append(asked)
        return web.json_response({"status": "ok"})


def client(server: Any, **options: Any) -> rxbotters.Client:
    hosts = {server.host: "api.hyperliquid.xyz"}
    return rxbotters.Client(apis={"hyperliquid": [KEY]}, base_url=server.url, hosts=hosts, **options)


def signature(payload: dict[str, Any]) -> dict[str, Any]:
    """What the mainnet expects."""
    return helper.sign_typed_data(KEY, *helper.construct_l1_action(payload["action"], payload["nonce"], True))


async def test_a_day_with_hyperliquid(serve: Any, until: Any) -> None:
    """C33, C41, C49, F40, F73."""
    venue = Venue()
    server = await serve(ws=venue.ws, http=venue.http)
    store = HyperliquidDataStore()
    errors = heard(store)
    async with client(server) as bot:
        app = bot.ws_connect(
            server.ws_url,
            send_json=[BOOK, ORDERS],
            hdlr_json=store.onmessage,
            app_heartbeat=0.02,
            min_uptime=0,
            backoff=QUICK,
        )
        app.errors.subscribe(errors.append)
        await app.ready()
        assert store.l2_book.status_of("BTC") == Live()
        assert store.l2_book.best("BTC").bid == {"coin": "BTC", "side": "B", "px": "100", "sz": "1", "n": 1}
        await until(lambda: venue.seen.count("ping") >= 2)

        assert app.current_ws is not None
        frame = {"method": "post", "id": 1, "request": {"type": "action", "payload": {"action": ORDER}}}
        await app.current_ws.send_json(frame)
        await app.current_ws.send_json(frame)
        await bot.fetch("POST", "/exchange", data={"action": ORDER})
        await until(lambda: len(store.order_updates) == 2)
        assert len(venue.actions) == 3
        assert all(sent["signature"] == signature(sent) for sent in venue.actions)
        assert len({sent["nonce"] for sent in venue.actions}) == 3
        assert frame == {"method": "post", "id": 1, "request": {"type": "action", "payload": {"action": ORDER}}}
        assert [row["user"] for row in store.order_updates] == [ME, ME]

        await store.initialize(bot.fetch("POST", "/info", data={"type": "openOrders", "user": ME}))
        assert len(store.order_updates) == 2
        venue.open.clear()
        told: list[Any] = []
        store.l2_book.instrument_statuses.subscribe(lambda item: told.append(item[1]))
        for socket in server.sockets:
            await socket.close()
        await until(lambda: told and told[-1] == Live())
        assert isinstance(told[0], Stale)
        await until(lambda: store.order_updates.status == Live() and not store.order_updates.find())
        assert server.hits["ws"] == 2
        assert store.is_live
    assert not errors


async def test_a_refused_subscription_is_told(serve: Any) -> None:
    """F41: the others live on."""
    venue = Venue()
    server = await serve(ws=venue.ws)
    store = HyperliquidDataStore()
    async with client(server) as bot:
        app = bot.ws_connect(server.ws_url, send_json=[BOOK], hdlr_json=store.onmessage)
        await app.ready()
        added = app.add(send_json=subscribe(type="l2Book", coin="NONE"))
        added.errors.subscribe(lambda error: None)
        with pytest.raises(SubscriptionError, match="Invalid subscription"):
            await added
        assert store.l2_book.status_of("BTC") == Live()
    assert store.unhandled == {"error": 1}


async def test_the_testnet_gets_its_own_signatures(serve: Any) -> None:
    venue = Venue()
    server = await serve(http=venue.http)
    hosts = {server.host: "api.hyperliquid-testnet.xyz"}
    async with rxbotters.Client(apis={"hyperliquid_testnet": [KEY]}, hosts=hosts) as bot:
        await bot.fetch("POST", f"{server.url}/exchange", data={"action": ORDER})
    (sent,) = venue.actions

    typed = helper.construct_l1_action(ORDER, sent["nonce"], False)
    assert sent["signature"] == helper.sign_typed_data(KEY, *typed)


def test_the_example_of_the_documentation() -> None:
    assert example("hyperliquid") == [
        "book: 99990 x 0.5 / 100010 x 0.4",
        "placed: order 1 is open",
        "cancelled: no order is open",
    ]
