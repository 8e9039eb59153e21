"""Rows F85 to F91: consumers, memory, errors."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from aiohttp import web

import rxbotters
from rxbotters import operators as ops
from rxbotters.errors import BufferOverflow, HandlerError, SubscriberError
from rxbotters.stores import DataStore

from .world import Seen, World, row

MANY = 20_000


async def burst(world: World, count: int, **options: Any) -> tuple[Any, Any, Seen]:
    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        for number in range(count):
            await ws.send_str(str(number))
        async for _message in ws:
            pass

    server = await world.serve(ws=serve)
    client = await world.client(server)
    app = world.ws(client, server.ws_url, heartbeat=None, **options)
    return server, app, Seen(app)


@row("F85", "a handler that raises is said, each time; its siblings and the connection go on")
async def f85(world: World) -> None:
    got: list[Any] = []

    def broken(message: Any, ws: Any) -> None:
        raise ZeroDivisionError(message)

    server, app, seen = await burst(world, 5, hdlr_json=[broken, lambda message, _: got.append(message)])
    faulty = app.subscribe(lambda frame: 1 / 0)
    await world.until(lambda: len(got) == 5)
    faulty.dispose()

    kinds = [type(error) for error in seen.errors]
    assert kinds.count(HandlerError) == 5
    assert kinds.count(SubscriberError) <= 1
    assert server.hits["ws"] == 1


@row("F86", "async handlers are awaited, in order")
async def f86(world: World) -> None:
    got: list[Any] = []

    async def handler(message: Any, ws: Any) -> None:
        await asyncio.sleep(0)
        got.append(message)

    await burst(world, 50, hdlr_json=handler)
    await world.until(lambda: len(got) == 50)

    assert got == list(range(50))


@row("F87", "a burst against a stopped consumer of a queue: bounded, drops counted and said")
async def f87(world: World) -> None:
    queue = rxbotters.WebSocketQueue(maxsize=1000)
    errors: list[Exception] = []
    queue.errors.subscribe(errors.append)
    _, app, _ = await burst(world, MANY, hdlr_json=queue.onmessage)
    await world.until(lambda: queue.dropped + queue.qsize() == MANY)

    assert queue.qsize() == 1000
    assert isinstance(errors[0], BufferOverflow)
    assert app.metrics().dropped == MANY - 1000
    assert await queue.get() == MANY - 1000
    world.measure("kept of 20,000", queue.qsize() + 1)


@row("F88", "a burst against a slow watcher: bounded by its policy, drops counted")
async def f88(world: World) -> None:
    store = DataStore(keys=["id"])
    oldest = store.watch(maxsize=100, overflow="drop_oldest")
    newest = store.watch(maxsize=100, overflow="drop_newest")
    latest = store.watch(maxsize=100, overflow="latest_per_key")
    failing = store.watch(maxsize=100)
    for number in range(5000):
        store._insert([{"id": number % 50, "n": number}])

    assert (len(oldest), len(newest), len(latest)) == (100, 100, 50)
    assert oldest.dropped == newest.dropped == 4900
    assert (await oldest.get()).data["n"] == 4900
    assert (await newest.get()).data["n"] == 0
    assert (await latest.get()).data["n"] == 4950
    for _ in range(100):
        await failing.get()
    try:
        await failing.get()
    except BufferOverflow:
        pass
    else:
        raise AssertionError("missing changes were not said")


@row("F89", "a forgotten stream of changes holds a bounded number of them")
async def f89(world: World) -> None:
    store = DataStore(keys=["id"])
    forgotten = [ops.to_aiter(store.changes, maxsize=100, overflow="drop_oldest") for _ in range(10)]
    for number in range(3000):
        store._insert([{"id": number % 10, "n": number}])
    assert sum(len(pull._buffer) for pull in forgotten) == 1000
    del forgotten
    gc.collect()

    assert store.changes.subscribers == 0


@row("F90", "a handler that blocks the loop shows in the metrics", virtual=False)
async def f90(world: World) -> None:
    def slow(message: Any, ws: Any) -> None:
        sum(range(3_000_000))

    _, app, _ = await burst(world, 1, hdlr_json=slow)
    await world.until(lambda: app.metrics().handling_s)

    assert (app.metrics().handling_s or 0) > 0.005
