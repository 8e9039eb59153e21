"""From a socket to a store, with either library: what `whole_way` and `latency` time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from .case import Sample, Stopwatch
from .peers import DEADLINE, pending, tolerant

__all__ = ["drive"]

Make = Callable[[Any], Any]
Rows = Callable[[Any], Any]


def drive(
    lib: Any, url: str, make: Make, read: Rows, *, size: int, passes: int, book: str = "", watchers: int = 0
) -> Sample:
    """Fold a recording that arrives over a socket, and return the CPU a message took.

    Args:
        lib: The library.
        url: Where the recording is served.
        make: Makes the stores of a library. Each pass over the recording gets new ones, because it is a new life of
            the connection; with watchers the same ones stay, and the recording must begin with a snapshot.
        read: What the stores must agree on in the end.
        size: Messages in one pass.
        passes: How often the recording is served.
        book: The store that is watched.
        watchers: How many tasks iterate over ``watch()`` of it.
    """
    with tolerant():
        return asyncio.run(_drive(lib, url, make, read, size, passes, book, watchers))


async def _drive(
    lib: Any, url: str, make: Make, read: Rows, size: int, passes: int, book: str, watchers: int
) -> Sample:
    done = asyncio.Event()
    stores = make(lib)
    left, total = size, size * passes

    def fold(message: Any, ws: Any) -> None:
        nonlocal left, stores, total
        stores.onmessage(message, ws)
        left -= 1
        if not left:
            left = size
            total -= size
            if not total:
                done.set()
            elif not watchers:
                stores = make(lib)

    counts = [0] * watchers

    async def watch(number: int, stream: Any) -> None:
        async for _ in stream:
            counts[number] += 1

    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(lib.Client(apis={}))
        streams = [stack.enter_context(stores[book].watch()) for _ in range(watchers)]
        tasks = [asyncio.ensure_future(watch(number, stream)) for number, stream in enumerate(streams)]
        app = client.ws_connect(url, hdlr_json=fold)
        await app
        clock = Stopwatch()
        clock.start()
        await app.current_ws.send_str("go")
        async with asyncio.timeout(DEADLINE):
            await done.wait()
            while any(map(pending, streams)):
                await asyncio.sleep(0)
        clock.stop()
        outcome = read(stores)  # before the client closes: our books do not outlive their connection
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if len(set(counts)) > 1 or not all(counts):
        raise RuntimeError(f"{lib.__name__}: the watchers saw {counts} changes")
    return Sample(clock.seconds / (size * passes), outcome)
