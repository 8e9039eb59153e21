"""Rows F01 to F34: the life of a connection."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from hashlib import sha1
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import (
    ClientClosed,
    ConfigError,
    ConnectError,
    HandshakeRefused,
    HandshakeTimeout,
    PolicyViolation,
    SendTimeout,
)
from rxbotters_operators.events import Overdue, Quiet, Rotated, Waiting

from .world import Seen, World, row


async def handshake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, deflate: bool = False) -> None:
    """Answer an upgrade by hand."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + (b"\r\nSec-WebSocket-Extensions: permessage-deflate" if deflate else b"")
        + b"\r\n\r\n"
    )


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
    world.measure_virtual("dials in 5 min", dials)


@row("F04", "1008 is fatal unless configured, and said")
async def f04(world: World) -> None:
    dials, seen = await closing(world, 1008)

    assert dials == 1
    assert any("policy" in str(error) for error in seen.errors)


@row("F10", "a peer that vanishes: Overdue within 1.5 heartbeats and a half second, dropped within 2 and a half second")
async def f10(world: World) -> None:
    async def mute(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for _message in ws:
            pass

    server = await world.serve(ws=mute, autoping=False)
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    seen = Seen(app)
    await app
    began = world.loop.time()
    took = await world.until(lambda: seen.closed)
    overdue = world.seconds(seen.at(Overdue)[0] - began)

    assert seen.at(Overdue)[0] < seen.events[-1][0]
    assert seen.closed[0].cause == "heartbeat"
    if world.virtual:
        assert overdue <= 15.5
        assert took <= 20.5
    world.measure_virtual("seconds to Overdue", round(overdue, 1))
    world.measure_virtual("seconds to drop", round(took, 1))


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


@row("F02", "1001 going away: the first return is at once, then the limit of dials holds")
async def f02(world: World) -> None:
    dials, seen = await closing(world, 1001)

    assert 2 <= dials <= 30
    assert len(seen.closed) >= 1
    world.measure_virtual("dials in 5 min", dials)


@row("F03", "reset on accept: backs off")
async def f03(world: World) -> None:
    async def reset(ws: web.WebSocketResponse, _: web.Request) -> None:
        world.reset(ws)

    server = await world.serve(ws=reset)
    client = await world.client(server)
    seen = Seen(world.ws(client, server.ws_url))
    await world.sleep(300 if world.virtual else 60)

    assert 2 <= server.hits["ws"] <= 30
    world.measure_virtual("dials in 5 min", server.hits["ws"])
    assert all(closed.code == 1006 for closed in seen.closed)


async def backs_off(world: World, code: int, at_least: float = 0.0) -> None:
    dials, seen = await closing(world, code)

    assert dials <= 30
    assert {closed.code for closed in seen.closed} <= {code}
    if at_least:
        assert all(delay >= at_least for delay in seen.delays)
    world.measure_virtual("dials in 5 min", dials)


@row("F05", "1011 server error: backs off")
async def f05(world: World) -> None:
    await backs_off(world, 1011)


@row("F06", "1012 service restart: waits 5 to 30 s, as the code suggests")
async def f06(world: World) -> None:
    async def close(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.close(code=1012)

    server = await world.serve(ws=close)
    client = await world.client(server)
    seen = Seen(world.ws(client, server.ws_url))
    await world.until(lambda: seen.delays)

    assert 5.0 <= seen.delays[0] <= 30.0


@row("F07", "1013 try again later: waits 5 s at least")
async def f07(world: World) -> None:
    async def close(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.close(code=1013)

    server = await world.serve(ws=close)
    client = await world.client(server)
    seen = Seen(world.ws(client, server.ws_url))
    await world.until(lambda: seen.delays)

    assert seen.delays[0] >= 5.0


@row("F08", "private close codes are classified by rule: retry, slow or fatal")
async def f08(world: World) -> None:
    async def close(ws: web.WebSocketResponse, request: web.Request) -> None:
        await ws.close(code=int(request.query["code"]))

    server = await world.serve(ws=close)
    client = await world.client(server)
    rules: Any = {4001: "fatal", 4002: "slow"}
    fatal, slow, retry = (
        world.ws(client, f"{server.ws_url}?code={code}", close_rules=rules) for code in (4001, 4002, 4003)
    )
    slowly, again = Seen(slow), Seen(retry)
    with pytest.raises(PolicyViolation, match="4001"):
        await fatal.wait()
    await world.until(lambda: slowly.delays and again.delays)

    assert slowly.delays[0] >= 60.0
    assert again.delays[0] < 60.0


@row("F09", "reset after one message: Closed says so, and the message was delivered")
async def f09(world: World) -> None:
    async def once(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str('{"n":1}')
        await world.sleep(1.0)
        world.reset(ws)

    server = await world.serve(ws=once)
    client = await world.client(server)
    seen = Seen(world.ws(client, server.ws_url))
    await world.sleep(300 if world.virtual else 40)

    assert seen.frames[:1] == ['{"n":1}']
    assert (seen.closed[0].cause, seen.closed[0].delivered) == ("reset", 1)
    assert len({(closed.cause, closed.delivered) for closed in seen.closed}) == 1 or not world.virtual
    assert server.hits["ws"] <= 30 or not world.virtual  # a backoff of the user's own has no limit
    world.measure_virtual("dials in 5 min", server.hits["ws"])


@row("F11", "one channel silent though pongs come: said within its deadline and a second, then dialled again")
async def f11(world: World) -> None:
    async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
        async def chatter() -> None:
            while not ws.closed:
                await ws.send_str('{"params":{"channel":"loud","message":{}}}')
                await world.sleep(1.0)

        task = asyncio.ensure_future(chatter())
        async for _message in ws:
            pass
        task.cancel()

    server = await world.serve(ws=talk)
    client = await world.client(server)
    app = world.ws(client, server.ws_url, fresh_within={"loud": world.s(20.0), "silent": world.s(20.0)})
    seen = Seen(app)
    await app
    took = await world.until(lambda: seen.of(Quiet))
    await world.until(lambda: server.hits["ws"] == 2)

    assert seen.of(Quiet)[0].channel == "silent"
    assert seen.closed[0].cause == "silence"
    if world.virtual:
        assert took <= 21.5
    world.measure_virtual("seconds to notice", round(took, 1))


@row("F12", "a frame that drips in byte by byte: the missing pong ends it")
async def f12(world: World) -> None:
    frame = b"\x81\x7f" + (100_000).to_bytes(8, "big")

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await handshake(reader, writer)
        writer.write(frame)
        while True:
            writer.write(b"x")
            await world.sleep(0.5)

    port = await world.raw(drip)
    client = await world.client()
    app = world.ws(client, f"ws://127.0.0.1:{port}/")
    seen = Seen(app)
    await app
    took = await world.until(lambda: seen.closed)

    assert seen.closed[0].cause == "heartbeat"
    if world.virtual:
        assert took <= 21.0
    world.measure_virtual("seconds to detect", round(took, 1))


@row("F13", "TCP accepted, upgrade never answered: given up after 10 s")
async def f13(world: World) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    port = await world.raw(silent)
    client = await world.client()
    app = world.ws(client, f"ws://127.0.0.1:{port}/")
    seen = Seen(app)
    took = await world.until(lambda: seen.errors)

    assert isinstance(seen.errors[0], HandshakeTimeout)
    assert took <= 10.5 or not world.virtual
    world.measure_virtual("seconds to give up", round(took, 1))


@row("F14", "connection refused: backs off, with jitter on the first delay")
async def f14(world: World) -> None:
    server = await world.serve()
    url = server.ws_url
    await server.stop()
    client = await world.client()
    seen = Seen(world.ws(client, url))
    await world.until(lambda: len(seen.delays) >= 3)

    first, second, third = seen.delays[:3]
    assert 0 <= first <= world.s(5.0)
    assert abs(second - world.s(1.92 * 1.618)) < 1e-6 + world.s(0.001)
    assert third > second
    assert isinstance(seen.errors[0], ConnectError)


@row("F15", "a name that does not resolve: five connections, five different first delays, cause dns", real=False)
async def f15(world: World) -> None:
    world.loop.faults.inject("dns", host="nowhere.test")  # type: ignore[attr-defined]
    client = await world.client()
    seens = [Seen(world.ws(client, "wss://nowhere.test/ws")) for _ in range(5)]
    await world.until(lambda: all(len(seen.delays) >= 2 for seen in seens))

    assert len({seen.delays[0] for seen in seens}) == 5
    assert all("dns" in str(seen.errors[0]) for seen in seens)


@row("F17", "403 in answer to the upgrade is fatal")
async def f17(world: World) -> None:
    await refused(world, 403)


@row("F18", "429 with Retry-After: the next dial waits that long")
async def f18(world: World) -> None:
    async def upgrade(_: web.Request) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "7"})

    server = await world.serve(upgrade=upgrade)
    client = await world.client(server)
    seen = Seen(world.ws(client, server.ws_url))
    await world.until(lambda: seen.delays)

    assert seen.delays[0] >= 7.0


@row("F19", "502 and 503: back off, and come back when the server does")
async def f19(world: World) -> None:
    async def upgrade(_: web.Request) -> web.StreamResponse | None:
        return web.Response(status=502 + server.hits["ws"] % 2) if server.hits["ws"] <= 3 else None

    server = await world.serve(upgrade=upgrade)
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    seen = Seen(app)
    await app

    assert server.hits["ws"] == 4
    assert len(seen.delays) == 3


async def counter(ws: web.WebSocketResponse, world: World, shared: dict[str, int], every: float) -> None:
    """Say the next number of one stream to whoever listens, as an exchange does on every connection."""

    async def say() -> None:
        last = shared["n"]
        while not ws.closed:
            if shared["n"] != last:
                last = shared["n"]
                await ws.send_str(str(last))
            await world.sleep(every / 4)

    task = asyncio.ensure_future(say())
    try:
        async for _ in ws:
            pass
    finally:
        task.cancel()


@row("F20", "replaced before the exchange cuts: nothing lost, nothing twice")
async def f20(world: World) -> None:
    shared = {"n": 0}

    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        await counter(ws, world, shared, 1.0)

    async def count() -> None:
        while True:
            shared["n"] += 1
            await world.sleep(1.0)

    server = await world.serve(ws=serve)
    client = await world.client(server)
    app = world.ws(client, server.ws_url, max_age=world.s(600.0 if world.virtual else 60.0), overlap=world.s(10.0))
    seen = Seen(app)
    await app
    if world.virtual:
        await world.sleep(590)
    ticking = asyncio.ensure_future(count())
    await world.until(lambda: seen.of(Rotated), 3600)
    await world.sleep(10)
    ticking.cancel()
    numbers = [int(text) for text in seen.frames]

    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert server.hits["ws"] == 2
    world.measure(
        "messages lost or doubled",
        len(set(range(numbers[0], numbers[-1] + 1)) ^ set(numbers)) + len(numbers) - len(set(numbers)),
    )


@row("F21", "a connection that keeps flapping: delays reset only after a minute of health")
async def f21(world: World) -> None:
    async def live(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("1")
        end = world.loop.time() + world.s(world.dice.uniform(0.001, 4.0))
        while world.loop.time() < end and ws._req.transport is not None:  # nobody tells a handler that its peer left
            await world.sleep(0.05)
        await ws.close(code=1001)

    server = await world.serve(ws=live)
    client = await world.client(server)
    Seen(world.ws(client, server.ws_url, backoff=None if world.virtual else world.backoff()))
    await world.sleep(300 if world.virtual else 40)

    assert server.hits["ws"] <= 30 or not world.virtual
    world.measure_virtual("dials in 5 min", server.hits["ws"])


@row("F22", "close during a backoff sleep: within a second")
async def f22(world: World) -> None:
    server = await world.serve()
    url = server.ws_url
    await server.stop()
    client = await world.client()
    seen = Seen(world.ws(client, url))
    await world.until(lambda: len(seen.delays) >= 2)
    began = world.loop.time()
    await client.close()

    assert world.loop.time() - began <= 1.0
    world.measure_virtual("seconds to close", round(world.loop.time() - began, 2))


@row("F23", "close while others wait: every waiter returns or raises")
async def f23(world: World) -> None:
    server = await world.serve()
    url = server.ws_url
    await server.stop()
    client = await world.client()
    store = rxbotters.bitFlyerDataStore()
    app = world.ws(client, url, hdlr_json=store.onmessage)
    queue = rxbotters.WebSocketQueue()
    other = world.ws(client, url, hdlr_json=queue.onmessage)

    async def drain() -> None:
        async for _ in queue:
            pass

    waits = [app, app.ready(), app.wait(), app.heartbeat(), other.wait(), store.wait(), store.board.wait(), drain()]
    tasks = [asyncio.ensure_future(_of(wait)) for wait in waits]
    await world.sleep(1)
    await client.close()
    done, pending = await asyncio.wait(tasks, timeout=1.0)

    assert not pending
    kinds = {type(task.exception()) for task in done}
    assert kinds <= {ClientClosed, type(None)}


async def _of(wait: Any) -> None:
    await wait


@row("F24", "close while streaming: a CLOSE frame with 1000 is sent")
async def f24(world: World) -> None:
    codes: list[int | None] = []

    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        task = asyncio.ensure_future(flood(ws))
        async for _message in ws:
            pass
        codes.append(ws.close_code)
        task.cancel()

    async def flood(ws: web.WebSocketResponse) -> None:
        while not ws.closed:
            await ws.send_str("x")
            await asyncio.sleep(0)
            await world.sleep(0.05)

    server = await world.serve(ws=serve)
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    seen = Seen(app)
    await world.until(lambda: len(seen.frames) > 5)
    await client.close()
    await world.until(lambda: codes)

    assert codes == [1000]


@row("F25", "a task that is cancelled during the handshake leaves no orphan")
async def f25(world: World) -> None:
    async def slow(_: web.Request) -> web.StreamResponse | None:
        await world.sleep(3.0)
        return None

    server = await world.serve(upgrade=slow)

    async def user() -> None:
        async with rxbotters.Client(apis={}, clock=world.clock()) as client:
            await world.ws(client, server.ws_url)

    task = asyncio.ensure_future(user())
    await world.until(lambda: server.hits["ws"])
    task.cancel()
    await asyncio.wait([task])
    await world.sleep(10)

    assert server.hits["ws"] == 1
    assert not server.sockets or server.sockets[0].closed or world.virtual


@row("F26", "a waiter that times out cancels itself, not the connection")
async def f26(world: World) -> None:
    server = await world.serve()
    client = await world.client(server)
    app = world.ws(client, server.ws_url)
    await app
    for wait in (app.wait(), app.wait()):
        try:
            await asyncio.wait_for(wait, 0.01)
        except TimeoutError:
            pass
    await server.sockets[0].send_str("still here")
    seen = Seen(app)
    await server.sockets[0].send_str("and here")
    await world.until(lambda: seen.frames)

    assert app.current_ws is not None
    assert server.hits["ws"] == 1


@row("F27", "one connection is closed, the others live on")
async def f27(world: World) -> None:
    server = await world.serve()
    client = await world.client(server)
    one, two = world.ws(client, server.ws_url), world.ws(client, server.ws_url)
    await one
    await two
    await one.close()
    await one.wait()
    await two.heartbeat()

    assert one.current_ws is None
    assert two.current_ws is not None


@row("F30", "a peer that never reads: SendTimeout, and dialled again")
async def f30(world: World) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await handshake(reader, writer)
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(10_000)

    port = await world.raw(deaf)
    client = await world.client()
    app = world.ws(client, f"ws://127.0.0.1:{port}/", heartbeat=None)
    seen = Seen(app)
    await app
    for _ in range(120):
        app.current_ws.post("x" * 100_000)  # type: ignore[union-attr]
    await world.until(lambda: seen.closed)

    assert seen.closed[0].cause == "send"
    assert any(isinstance(error, SendTimeout) for error in seen.errors)


@row("F31", "a flood of pings: only the last is answered, nothing piles up")
async def f31(world: World) -> None:
    pongs = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal pongs
        await handshake(reader, writer)
        for number in range(5000):
            writer.write(b"\x89\x04%04d" % number)
        writer.write(b"\x81\x04done")
        while data := await reader.read(65536):
            pongs += data.count(b"\x8a")

    port = await world.raw(flood)
    client = await world.client()
    app = world.ws(client, f"ws://127.0.0.1:{port}/", heartbeat=None)
    tasks: list[int] = []
    app.events.subscribe(lambda _: tasks.append(len(asyncio.all_tasks())))
    seen = Seen(app)
    await world.until(lambda: seen.frames)

    assert max(tasks) < 30
    world.measure("pongs for 5,000 pings", pongs)


@row("F32", "a hundred reconnections: as many tasks as before")
async def f32(world: World) -> None:
    async def once(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("1")
        await ws.close(code=1001)

    server = await world.serve(ws=once)
    client = await world.client(server)
    app = client.ws_connect(server.ws_url, auth=None, backoff=(0.001, 0.002, 1.0, 0.001), min_uptime=0)
    counts: list[int] = []
    app.states.subscribe(lambda _: counts.append(len(asyncio.all_tasks())))
    await world.until(lambda: server.hits["ws"] >= 100)

    assert max(counts[-50:]) <= max(counts[:50]) + 2


@row("F33", "an upgrade that is redirected to another origin is refused")
async def f33(world: World) -> None:
    other = await world.serve()

    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"{other.url}/ws"})

    server = await world.serve(upgrade=away)
    client = await world.client(server)
    app = world.ws(client, server.ws_url, headers={"X-API-KEY": "canary"})
    with pytest.raises(ConfigError, match="redirected"):
        await app.wait()

    assert other.hits["ws"] == 0
