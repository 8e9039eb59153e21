"""G5: how long a message takes from the server's send to a task that watches the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from .books import bybit
from .case import Case, Sample, Scale
from .feed import Feed
from .peers import DEADLINE, sides, tolerant
from .server import MARK

__all__ = ["cases"]

_RATE = 4000  # messages a second
_WINDOW = 500  # messages whose median is taken
_JAM = 0.001  # seconds: more is a machine too busy to keep the pace, not a library
_TRIES = 3


async def _median_latency(lib: Any, url: str, count: int) -> Sample:
    stores = bybit(lib)
    latencies: list[int] = []
    clock, size = time.monotonic_ns, len(MARK)

    async def watch(stream: Any) -> None:
        async for change in stream:
            stamp = change.data["v"]
            if len(stamp) == size and change.operation != "delete":
                latencies.append(clock() - int(stamp))
                if len(latencies) == count:
                    return

    async with lib.Client(apis={}) as client:
        with stores["orderbook"].watch() as stream:
            app = client.ws_connect(url, hdlr_json=stores.onmessage)
            await app
            await app.current_ws.send_str("go")
            async with asyncio.timeout(DEADLINE):
                await watch(stream)
    windows = [latencies[start : start + _WINDOW] for start in range(0, count, _WINDOW)]
    return Sample(min(median(window) for window in windows) / 1e9, len(latencies))


def cases(feed: Feed, scale: Scale) -> Iterator[Case]:
    """One watcher of one book.

    The one case that measures time, not CPU, so a busy neighbour shows: a queue that once grew stays long. What counts is
    the quietest stretch of each side, and a jam is tried again.
    """
    count = scale(4000, 200)

    def watch(lib: Any) -> Sample:
        for _ in range(_TRIES):
            with tolerant():
                sample = asyncio.run(_median_latency(lib, feed.paced(count, _RATE), count))
            if sample.cost < _JAM:
                break
        return sample

    what = f"p50 latency send → watcher, {_RATE:,} msg/s"
    yield Case("G5", what, "≤", 0.5, *sides(watch))
