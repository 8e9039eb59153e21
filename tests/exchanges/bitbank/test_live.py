"""bitbank over real sockets: namespace, rooms, heartbeats, the book, a cut, and the end of a session on an open socket."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSMsgType, web

from rxbotters import bitbankDataStore
from rxbotters.exchanges.bitbank.session import join
from rxbotters.wire import loads
from rxbotters_operators.events import Closed, Live, Stale, Subscribed
from tests.exchanges.bitbank.test_stores import diff, frame, whole
from tests.exchanges.common import example, heard

QUICK = (0.01, 0.05, 1.5, 0.01)
ROOMS = [join(room) for room in ("depth_whole_xrp_jpy", "depth_diff_xrp_jpy", "ticker_xrp_jpy")]
OPEN = '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'


class Exchange:
    """The public stream: opens namespaces, lets clients in and out of rooms, asks ``2``."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.rooms: list[set[str]] = []

    async def __call__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        old = request.query["EIO"] == "3"
        rooms: set[str] = set()
        self.sockets.append(ws)
        self.rooms.append(rooms)
        await ws.send_str(OPEN)
        opened = old
        if old:
            await ws.send_str("40")
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                continue
            text = message.data
            self.heard.append(text)
            if text == "40":
                opened = True
                await ws.send_str('40{"sid":"b"}')
                await ws.send_str("2")
            elif text == "2":
                await ws.send_str("3")
            elif text.startswith("42"):
                assert opened, "a room before the namespace"
                verb, room = loads(text[2:])
                (rooms.add if verb == "join-room" else rooms.discard)(room)
                await self.welcome(ws, room if verb == "join-room" else "")

    async def welcome(self, ws: web.WebSocketResponse, room: str) -> None:
        if room.startswith("depth_whole_"):
            number = 10 * len(self.sockets)
            await ws.send_str(diff(number - 5, bids=[("90", "1")]))
            await ws.send_str(whole(number, asks=[("101", "1")], bids=[("99", str(len(self.sockets)))]))
        if room.startswith("ticker_"):
            await ws.send_str(frame(room, {"last": str(len(self.sockets))}))


def bids(store: bitbankDataStore) -> list[tuple[str, str]]:
    return [(row["price"], row["amount"]) for row in store.depth.sorted({"pair": "xrp_jpy"})["bids"]]


@pytest.mark.parametrize("handler", ["hdlr_str", "hdlr_json"])
@pytest.mark.parametrize("version", ["4", "3"])
async def test_a_life_with_a_cut(serve: Any, until: Any, handler: str, version: str) -> None:
    """Defects 5 and 7, D10, D11, C41: ready means that the book is whole; a cut empties it and the rooms are joined anew."""
    exchange = Exchange()
    server = await serve(ws=exchange)
    async with server.client(apis={}, hosts={server.host: "stream.bitbank.cc"}) as client:
        store = bitbankDataStore()
        events: list[Any] = []
        ws = client.ws_connect(
            f"{server.ws_url}?EIO={version}&transport=websocket",
            send_str=ROOMS,
            backoff=QUICK,
            min_uptime=0,
            **{handler: store.onmessage},
        )
        ws.events.subscribe(events.append)
        errors = heard(ws)
        await ws.ready()

        assert store.depth.status_of("xrp_jpy") == Live()
        assert bids(store) == [("99", "1")]
        await until(lambda: ("3" if version == "4" else "2") in exchange.heard)
        await until(store.ticker.find)
        await exchange.sockets[0].send_str(diff(11, bids=[("98", "5")]))
        await until(lambda: len(bids(store)) == 2)

        statuses: list[Any] = []
        store.depth.statuses.subscribe(statuses.append)
        await exchange.sockets[0].close()
        await until(lambda: len(exchange.sockets) == 2 and store.depth.status == Live())

        assert any(isinstance(status, Stale) for status in statuses)
        assert bids(store) == [("99", "2")]
        assert exchange.rooms[1] == {"depth_whole_xrp_jpy", "depth_diff_xrp_jpy", "ticker_xrp_jpy"}
        assert sum(isinstance(event, Subscribed) for event in events) == 2
        assert not errors


@pytest.mark.parametrize("end", ["41", "1", '44{"message":"x"}'])
async def test_a_session_that_ends_on_an_open_socket_is_begun_again(serve: Any, until: Any, end: str) -> None:
    """The socket stays open and the server goes on asking 2: nobody else would notice."""
    exchange = Exchange()
    server = await serve(ws=exchange)
    async with server.client(apis={}, hosts={server.host: "stream.bitbank.cc"}) as client:
        store = bitbankDataStore()
        ws = client.ws_connect(
            f"{server.ws_url}?EIO=4", send_str=ROOMS, hdlr_str=store.onmessage, backoff=QUICK, min_uptime=0
        )
        errors: list[Exception] = []
        ended: list[Closed] = []
        ws.errors.subscribe(errors.append)
        ws.events.subscribe(lambda event: ended.append(event) if isinstance(event, Closed) else None)
        await ws.ready()

        await exchange.sockets[0].send_str(end)

        await until(lambda: len(exchange.sockets) == 2 and bids(store) == [("99", "2")])
        assert [(closed.cause, "ended the session" in closed.reason) for closed in ended] == [("protocol", True)]
        assert "ended the session" in str(errors[0])


async def test_rooms_that_come_later_and_go(serve: Any, until: Any) -> None:
    """A room is left when its subscription is disposed."""
    exchange = Exchange()
    server = await serve(ws=exchange)
    async with server.client(apis={}, hosts={server.host: "stream.bitbank.cc"}) as client:
        store = bitbankDataStore()
        ws = client.ws_connect(f"{server.ws_url}?EIO=4", send_str=ROOMS[:2], hdlr_str=store.onmessage)
        await ws.ready()

        added = await ws.add(send_str=ROOMS[2])
        await until(store.ticker.find)
        added.dispose()

        await until(lambda: '42["leave-room","ticker_xrp_jpy"]' in exchange.heard)
        assert exchange.rooms[0] == {"depth_whole_xrp_jpy", "depth_diff_xrp_jpy"}


def test_the_example_of_the_documentation() -> None:
    printed = example("bitbank")

    assert printed[0].startswith("book")
    assert printed[-1].startswith("orders")
