"""Rows F35 to F50: login, subscriptions, tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import ConnectError, LeaseError, LoginRefused, LoginTimeout, ProtocolError, SubscriptionError
from rxbotters.net.subscription import Added
from rxbotters_operators.events import Leased, LeaseFailed, Subscribed
from tests.conftest import KEY, SECRET
from tests.exchanges.bitbank import pubnub as bitbank
from tests.net.toy import Sends, toy

from .world import Seen, World, row

BOARD = {"method": "subscribe", "params": {"channel": "lightning_ticker_BTC_JPY"}, "id": 1}
BAD = {"method": "subscribe", "params": {"channel": "nonsense"}, "id": 2}


class Venue:
    """bitFlyer's side of the wire, as far as a row wants it."""

    def __init__(self, world: World, **habits: Any) -> None:
        self.world = world
        self.habits = habits
        self.got: list[Any] = []

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            data = json.loads(message.data)
            self.got.append(data)
            method, name = data["method"], data.get("id")
            if method == "auth":
                await self.auth(ws, name)
            elif data["params"]["channel"] == "nonsense":
                await ws.send_json({"id": name, "error": {"code": -32602, "message": "Invalid channel"}})
            elif not self.habits.get("lose_ack"):
                await ws.send_json({"id": name, "result": True})

    async def auth(self, ws: web.WebSocketResponse, name: Any) -> None:
        login = self.habits.get("login", "ok")
        for number in range(self.habits.get("before", 0)):
            await ws.send_json({"n": number})
        if login == "ok":
            await self.world.sleep(self.habits.get("slow", 0.0))
            await ws.send_json({"id": name, "result": True})
        elif login == "refuse":
            await ws.send_json({"id": name, "error": {"code": -32602, "message": "Invalid signature"}})
        elif login == "html":
            await ws.send_str("<html>maintenance</html>")
        elif login == "reset":
            self.world.reset(ws)

    def methods(self) -> list[str]:
        return [message["method"] for message in self.got]


async def session(world: World, *, subscribe: Any = BOARD, **habits: Any) -> tuple[Venue, Any, Any, Seen]:
    venue = Venue(world, **habits)
    server = await world.serve(ws=venue.ws)
    client = await world.client(server)
    app = world.ws(client, server.ws_url, auth=rxbotters.Auth, send_json=subscribe)
    return venue, server, app, Seen(app)


@row("F35", "a refused login is raised to everybody who waits; nothing is subscribed, nothing is tried again")
async def f35(world: World) -> None:
    venue, server, app, _ = await session(world, login="refuse")

    for wait in (app.ready(), app.wait()):
        with pytest.raises(LoginRefused, match="Invalid signature"):
            await wait
    await world.sleep(60)

    assert venue.methods() == ["auth"]
    assert server.hits["ws"] == 1


@row("F36", "a login that is never answered: given up after 10 s, dialled again, backing off")
async def f36(world: World) -> None:
    venue, server, _, seen = await session(world, login="mute")

    took = await world.until(lambda: seen.errors)
    await world.until(lambda: server.hits["ws"] == 2)

    assert isinstance(seen.errors[0], LoginTimeout)
    assert set(venue.methods()) == {"auth"}
    if world.virtual:
        assert 10 <= took <= 10.5
    world.measure_virtual("seconds to give up", round(took, 1))


@row("F37", "data that comes before the login's answer is delivered after it, in order")
async def f37(world: World) -> None:
    _, _, app, seen = await session(world, before=3, slow=1.0)

    await app.ready()

    assert [json.loads(text)["n"] for text in seen.frames if "n" in json.loads(text)] == [0, 1, 2]


@row("F38", "a login answered with HTML: a typed error, and backing off")
async def f38(world: World) -> None:
    _, server, _, seen = await session(world, login="html")

    await world.until(lambda: server.hits["ws"] == 2)

    assert isinstance(seen.errors[0], ProtocolError)
    assert len(seen.delays) >= 1


@row("F39", "reset during the login: backs off")
async def f39(world: World) -> None:
    venue, server, _, seen = await session(world, login="reset")

    await world.until(lambda: server.hits["ws"] == 3)

    assert set(venue.methods()) == {"auth"}
    assert len(seen.delays) >= 2


@row("F40", "ready means logged in, subscribed and acknowledged")
async def f40(world: World) -> None:
    venue, _, app, seen = await session(world, slow=3.0)

    await app
    assert not seen.of(Subscribed)
    await app.ready()

    assert venue.methods() == ["auth", "subscribe"]
    assert seen.of(Subscribed)


@row("F41", "a refused subscription is raised with the server's words; the others live on")
async def f41(world: World) -> None:
    _, server, app, seen = await session(world, subscribe=[BOARD, BAD])

    with pytest.raises(SubscriptionError, match="Invalid channel"):
        await app.ready()
    await server.sockets[0].send_json({"params": {"channel": "x", "message": 1}})
    await world.until(lambda: any("message" in text for text in seen.frames))

    assert [type(error) for error in seen.errors] == [SubscriptionError]
    assert app.current_ws is not None


@row("F42", "a lost acknowledgement is noticed after 5 s")
async def f42(world: World) -> None:
    _, _, app, _ = await session(world, lose_ack=True)
    await app
    began = world.loop.time()

    with pytest.raises(SubscriptionError, match="not acknowledged"):
        await app.ready()

    took = world.seconds(world.loop.time() - began)
    if world.virtual:
        assert 4.5 <= took <= 5.5
    world.measure_virtual("seconds to notice", round(took, 1))


@row("F43", "what is wanted is asked for, and acknowledged, on every connection")
async def f43(world: World) -> None:
    venue, server, app, _ = await session(world)
    await app.ready()
    added: Added = app.add(send_json={**BOARD, "id": 7})
    await added
    for number in range(3):
        world.reset(server.sockets[number])
        await world.until(lambda number=number: server.hits["ws"] == number + 2)
        await app.ready()
        await added
    added.dispose()
    await world.until(lambda: "unsubscribe" in venue.methods())

    assert [message["id"] for message in venue.got if message["method"] == "subscribe"] == [1, 7] * 4


@row("F44", "subscriptions are paced as the exchange wants")
async def f44(world: World) -> None:
    stamps: list[float] = []

    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            if "sub" in message.data:
                stamps.append(world.loop.time())

    server = await world.serve(ws=serve)
    exchange = toy(
        server.url, greet=None, login=None, beat=None, ack=None, request_ids=None, split=None,
        sends=Sends(2, world.s(1.0)),
    )  # fmt: skip
    client = rxbotters.Client(apis={}, exchanges=[exchange], hosts={server.host: "toy"}, clock=world.clock())
    world.stack.push_async_callback(client.close)
    world.ws(client, server.ws_url, send_json=[{"sub": [str(number)]} for number in range(8)], heartbeat=None)
    await world.until(lambda: len(stamps) == 8)

    took = world.seconds(stamps[-1] - stamps[0])
    assert took >= 2.5
    world.measure_virtual("seconds for 8 at 2/s", round(took, 1))


# ---------------------------------------------------------------------- tokens


class Tokens:
    """Hands out tokens; ``script`` says the statuses of the next answers, 200 afterwards."""

    def __init__(self) -> None:
        self.script: list[int] = []
        self.given = 0
        self.asked: list[str] = []
        self.paths: list[str] = []

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path.startswith("/ws/"):
            ws = web.WebSocketResponse()
            await ws.prepare(request)
            self.paths.append(request.path)
            async for _ in ws:
                pass
            return ws
        self.asked.append(request.method)
        status = self.script.pop(0) if self.script else 200
        if status != 200:
            return web.json_response({"error": "no"}, status=status)
        self.given += request.method == "POST"
        return web.json_response({"token": f"tok{self.given}"})


async def leased(world: World, tokens: Tokens) -> tuple[Any, Any, list[Any]]:
    server = await world.serve(http=tokens.http)
    exchange = toy(server.url, greet=None, login=None, beat=None)
    client = rxbotters.Client(
        apis={"toy": [KEY, SECRET]}, exchanges=[exchange], hosts={server.host: "toy"}, clock=world.clock()
    )
    world.stack.push_async_callback(client.close)
    lease = client.lease("toy.private")
    events: list[Any] = []
    lease.events.subscribe(events.append, events.append)
    return client, lease, events


@row("F45", "a renewal that fails is tried again; after three the token is replaced", real=False)
async def f45(world: World) -> None:
    tokens = Tokens()
    _, lease, events = await leased(world, tokens)
    lease.start()
    await world.until(lambda: events)
    tokens.script = [503, 503, 503]
    await world.until(lambda: len(events) == 5, 1200)

    assert [type(event) for event in events] == [Leased, LeaseFailed, LeaseFailed, LeaseFailed, Leased]
    assert tokens.asked == ["POST", "PUT", "PUT", "PUT", "POST"]


@row("F46", "a token that died: a new one is had before the next dial")
async def f46(world: World) -> None:
    tokens = Tokens()
    client, lease, _ = await leased(world, tokens)
    app = world.ws(client, lease)
    await app
    lease.expire()
    app.rotate()
    await world.until(lambda: len(tokens.paths) == 2)

    assert tokens.paths == ["/ws/tok1", "/ws/tok2"]


@row("F47", "a network error while a token is asked for is retried, and said", real=False)
async def f47(world: World) -> None:
    tokens = Tokens()
    _, lease, events = await leased(world, tokens)
    world.loop.faults.inject("refuse", seconds=30.0)  # type: ignore[attr-defined]
    lease.start()
    await world.until(lambda: any(isinstance(event, Leased) for event in events))

    assert isinstance(events[0], LeaseFailed)
    assert not [event for event in events if isinstance(event, Exception)]


@row("F48", "an exchange that answers every question instantly with nothing is not asked in a loop", real=False)
async def f48(world: World) -> None:
    """Reconnection and leases have a pace; a long poll is the same pace over requests."""
    asked = 0

    async def poll() -> Any:
        nonlocal asked
        asked += 1
        raise ConnectionError("empty")

    source = rxbotters.operators.from_stream(_poll(poll))
    subscription = source.pipe(rxbotters.operators.reconnect()).subscribe()
    await world.sleep(300)
    subscription.dispose()

    assert 2 <= asked <= 30
    world.measure("questions in 5 min", asked)


class _poll:
    def __init__(self, ask: Any) -> None:
        self._ask = ask

    async def __aiter__(self) -> Any:
        yield await self._ask()


@row("F49", "a token that the exchange always calls expired: given up after five in a row", real=False)
async def f49(world: World) -> None:
    async with bitbank.world() as (pubnub, client):
        pubnub.valid = lambda token: False
        seen, _ = bitbank.listen(pubnub, client)
        await world.sleep(300)

        assert isinstance(seen[-1], LeaseError)
        assert len(pubnub.polls) == 5
        world.measure("questions in 5 min", len(pubnub.polls))


@row("F50", "a long poll answered with 503 pages backs off, and loses no event of the outage", real=False)
async def f50(world: World) -> None:
    async with bitbank.world() as (pubnub, client):

        async def maintenance(_: web.Request) -> web.StreamResponse:
            return web.Response(status=503, text="<html>maintenance</html>")

        seen, subscription = bitbank.listen(pubnub, client)
        await world.sleep(5)
        pubnub.answer, before = maintenance, len(pubnub.polls)
        pubnub.say(bitbank.asset(1))
        await world.sleep(300)
        asked = len(pubnub.polls) - before
        pubnub.answer = None
        await world.sleep(120)
        subscription.dispose()

        assert asked <= 31
        assert bitbank.told(seen) == [bitbank.asset(1)]
        assert isinstance(seen[bitbank.words(seen).index("Closed")].error, ConnectError | ProtocolError)
        world.measure("questions in 5 min", asked)
