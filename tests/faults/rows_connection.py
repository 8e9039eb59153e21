"""Rows F01 to F34: the life of a connection."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from rxbotters.errors import HandshakeRefused
from rxbotters_operators.events import Overdue, Waiting

from .world import Seen, World, row


async def closing(world: World, code: int, minutes: float = 5.0) -> tuple[int, Seen]:
    """Serve connections that are closed at once with ``code``; return how many came in some minutes."""

    async def close(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.close(code=code)

    server = await world.serve(ws=close)
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    seen = Seen(app)
    await world.sleep(minutes * 60 if world.virtual else 60)
    return server.hits["ws"], seen


@row("F01", "accepted and closed at once, for ever: at most 30 dials in 5 minutes, one event a cycle")
async def f01(world: World) -> None:
    dials, seen = await closing(world, 1000)

    assert 2 <= dials <= 30
    assert abs(len(seen.closed) - len(seen.of(Waiting))) <= 1
    world.measure("dials in 5 min", dials)


@row("F04", "1008 is fatal unless configured, and said")
async def f04(world: World) -> None:
    dials, seen = await closing(world, 1008)

    assert dials == 1
    assert any("policy" in str(error) for error in seen.errors)


@row("F10", "a peer that vanishes: first Overdue, then dropped within 1.5 heartbeats and a half second")
async def f10(world: World) -> None:
    async def mute(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for _message in ws:
            pass

    server = await world.serve(ws=mute, autoping=False)
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    seen = Seen(app)
    await app
    took = await world.until(lambda: seen.closed)

    assert seen.at(Overdue)[0] < seen.events[-1][0]
    assert seen.closed[0].cause == "heartbeat"
    if world.virtual:
        assert took <= 20.5
    world.measure("seconds to detect", round(took, 1))


@row("F16", "401 in answer to the upgrade is raised to everybody who waits; no second dial")
async def f16(world: World) -> None:
    await refused(world, 401)


async def refused(world: World, status: int) -> None:
    async def upgrade(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    server = await world.serve(upgrade=upgrade)
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    raised: list[Any] = []
    for wait in (app, app.ready(), app.wait()):
        try:
            await wait
        except HandshakeRefused as error:
            raised.append(error)

    assert [error.status for error in raised] == [status] * 3
    assert server.hits["ws"] == 1
