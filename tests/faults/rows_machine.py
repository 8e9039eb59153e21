"""Rows F28, F29 and F34: the machine under the bot, and who it talks to."""

from __future__ import annotations

import asyncio
import os
import resource
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trustme
from aiohttp import web

import rxbotters
from rxbotters import operators as ops
from rxbotters.errors import ConnectError
from rxbotters_operators.events import Answered, Late, Live, Opened, Stale, Waiting
from tests.conftest import Server

from .world import Seen, World, row

TICK = '{"jsonrpc":"2.0","method":"channelMessage","params":{"channel":"lightning_ticker_BTC_JPY","message":%s}}'


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Let this process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    following = os.dup(0)  # the system always gives the lowest number that is free
    os.close(following)
    resource.setrlimit(resource.RLIMIT_NOFILE, (following, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@row("F28", "no file descriptors left: each failure is said once, and it comes back when there are some", virtual=False)
async def f28(world: World) -> None:
    server = await world.serve()
    client = await world.client(server)
    with no_descriptors():
        app = world.ws(client, server.ws_url)
        seen = Seen(app)
        await world.until(lambda: len(seen.of(Waiting)) >= 3)
        failures, pauses = len(seen.errors), len(seen.of(Waiting))
    await world.until(lambda: seen.of(Opened))

    assert all(isinstance(error, ConnectError) for error in seen.errors)
    assert abs(failures - pauses) <= 1
    assert "Too many open files" in str(seen.errors[0])


class Elsewhere:
    """A server with a thread of its own: it goes on while this one stands still."""

    def __init__(self) -> None:
        self.host = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Elsewhere:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        server = await Server().start(ws=self._tick)
        self.host = server.host
        self._ready.set()
        await self._over.wait()
        await server.stop()

    async def _tick(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        while not ws.closed:
            await ws.send_str(TICK % '{"product_code":"BTC_JPY","ltp":%d}' % time.monotonic_ns())
            await asyncio.sleep(0.005)
            try:
                await ws.receive(timeout=0.0001)
            except TimeoutError:
                pass


@row("F29", "a process that stood still: what it reads then is late, and no decision is made on it", virtual=False)
async def f29(world: World) -> None:
    store = rxbotters.bitFlyerDataStore()
    decided: list[int] = []
    store.ticker.changes.pipe(ops.when_live(store.ticker)).subscribe(lambda change: decided.append(change.data["ltp"]))
    with Elsewhere() as server:
        client = await world.client(server.host)
        app = world.ws(client, f"ws://{server.host}/ws", hdlr_json=store.onmessage, late_after=0.2)
        statuses: list[Any] = []
        store.ticker.statuses.subscribe(statuses.append)
        seen = Seen(app)
        await world.until(lambda: decided)
        woke = 0

        def stand_still() -> None:
            nonlocal woke
            time.sleep(0.6)  # all of this thread: loop, socket and timers
            woke = time.monotonic_ns()

        asyncio.get_running_loop().call_soon(stand_still)
        await world.until(lambda: woke and seen.of(Answered) and decided[-1] > woke)
        await client.close()

    assert any(late.seconds > 0.3 for late in seen.of(Late))
    assert any(isinstance(status, Stale) for status in statuses)
    assert statuses[-1] == Live() or isinstance(statuses[-1], Stale)
    old = [at for at in decided if woke - 500_000_000 < at < woke]
    world.measure("old ticks acted on", len(old))
    assert not old


@row("F34", "a certificate that nobody vouches for is refused, and backs off", virtual=False)
async def f34(world: World) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    said: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read(65536))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0, ssl=context)
    world.stack.callback(server.close)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = await world.client(host)
    seen = Seen(world.ws(client, f"wss://{host}/ws"))
    await world.until(lambda: len(seen.of(Waiting)) >= 2)
    error = await _refusal(client, host)

    assert all("CERTIFICATE_VERIFY_FAILED" in str(each) for each in [*seen.errors, error])
    assert not any(said), "nothing was sent to who could not prove its name"


async def _refusal(client: rxbotters.Client, host: str) -> Exception:
    try:
        await client.fetch("GET", f"https://{host}/v1/me/getbalance")
    except Exception as error:
        return error
    raise AssertionError("an unknown certificate was taken")
