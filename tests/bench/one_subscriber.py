"""G1: what the connection itself costs, over aiohttp's bare loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp

from rxbotters import Client
from rxbotters import operators as ops
from rxbotters_operators import codec

from .case import Case, Sample, Scale, Stopwatch
from .feed import Feed
from .peers import DEADLINE
from .recordings import frames

__all__ = ["cases"]


class Count:
    """One subscriber: counts messages, and says when all are there."""

    def __init__(self, total: int) -> None:
        self.left = total
        self.done = asyncio.Event()

    def __call__(self, message: Any) -> None:
        self.left -= 1
        if not self.left:
            self.done.set()


async def ours(url: str, total: int) -> Sample:
    """Subscribe to decoded messages, as the tutorial does."""
    async with Client(apis={}) as client:
        app = client.ws_connect(url)
        count = Count(total)
        app.pipe(ops.json()).subscribe(count)
        await app
        assert app.current_ws is not None
        clock = Stopwatch()
        clock.start()
        await app.current_ws.send_str("go")
        async with asyncio.timeout(DEADLINE):
            await count.done.wait()
        clock.stop()
    return Sample(clock.seconds / total, count.left)


async def bare(url: str, total: int) -> Sample:
    """Read with nothing but aiohttp, and decode with the same codec."""
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        count = Count(total)
        clock = Stopwatch()
        clock.start()
        await ws.send_str("go")
        async for message in ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                count(codec.loads(message.data))
                if not count.left:
                    break
        clock.stop()
    return Sample(clock.seconds / total, count.left)


def cases(feed: Feed, scale: Scale) -> Iterator[Case]:
    """bitFlyer's recording: short and long messages as they come."""
    size, passes = len(frames("bitflyer")), scale(20, 1)
    total = size * passes
    yield Case(
        "G1",
        "socket → decode → one subscriber",
        "≤",
        1.3,
        lambda: asyncio.run(ours(feed.burst("bitflyer", size, passes), total)),
        lambda: asyncio.run(bare(feed.burst("bitflyer", size, passes), total)),
        peer="bare aiohttp",
    )
