"""A day of a connected bot with a fault each hour, in virtual time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import rxbotters
from rxbotters.testing import Fault, VirtualLoop, current_loop

from .sim import SUBSCRIPTIONS, client_of, exchange, memory

__all__ = ["HOUR", "a_day", "slope"]

HOUR = 3600.0
SCRIPT = [
    fault
    for hour in range(24)
    for fault in (
        [Fault(hour * HOUR + 1800.0, "rst", to="client"), Fault(hour * HOUR + 1800.0, "refuse", seconds=45.0)],
        [Fault(hour * HOUR + 1800.0, "half_open")],
        [Fault(hour * HOUR + 1800.0, "rst", after=500)],
        [Fault(hour * HOUR + 1800.0, "stall", seconds=25.0)],
    )[hour % 4]
]


def a_day(seed: int, hours: int = 24, *, each_hour: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Run a client for a day; return what it went through: all of it follows from the seed.

    ``wrong`` holds the times at which the book was not the exchange's, ``memory`` the bytes of this process, hourly.
    """
    tasks: list[int] = []
    wrong: list[float] = []

    async def main() -> dict[str, Any]:
        loop = current_loop()
        async with exchange(orders_per_s=0.1) as sim, client_of(sim) as client:
            store = rxbotters.bitFlyerDataStore()
            ws = client.ws_connect(sim.ws_url, send_json=SUBSCRIPTIONS, hdlr_json=store.onmessage)
            ws.errors.subscribe(lambda error: loop.note("error", kind=type(error).__name__))
            ws.subscribe(lambda frame: loop.note("frame", text=str(frame.data)[-40:]))
            await ws.ready()
            for hour in range(hours):
                await asyncio.sleep((hour + 1) * HOUR - loop.time() - 1.0)  # nothing is under way in that second
                tasks.append(len(asyncio.all_tasks()))
                board = store.board.sorted({"product_code": "FX_BTC_JPY"})
                mine = {side: [(row["price"], row["size"]) for row in board[side]] for side in ("asks", "bids")}
                if mine != sim.book("FX_BTC_JPY"):
                    wrong.append(loop.time())
                each_hour()
            return {"upgrades": sim.upgrades, "dials": loop.network.dials}

    script = [fault for fault in SCRIPT if fault.at < hours * HOUR]
    with VirtualLoop(seed=seed, script=script) as loop:
        result = loop.run(main())
        return {**result, "tasks": tasks, "wrong": wrong, "faults": loop.faults.happened, "hash": loop.trace_hash()}


def slope(samples: list[int]) -> float:
    """Return how much samples grow from one to the next: the slope of the straight line through them."""
    middle, mean = (len(samples) - 1) / 2, sum(samples) / len(samples)
    weights = [index - middle for index in range(len(samples))]
    over = sum(weight * weight for weight in weights)
    return sum(weight * (sample - mean) for weight, sample in zip(weights, samples, strict=True)) / over


def measured() -> dict[str, Any]:
    """Return the figures of two days of the same seed, and of one of another."""
    samples: list[int] = []
    began = time.perf_counter()
    first = a_day(1, each_hour=lambda: samples.append(memory()))
    took = time.perf_counter() - began
    return {
        "seconds": round(took, 1),
        "same hash again": a_day(1)["hash"] == first["hash"],
        "other seed, other hash": a_day(2)["hash"] != first["hash"],
        "kB an hour": round(slope(samples[4:]) / 1000, 1),  # the first hours fill caches
        "wrong books": len(first["wrong"]),
        "tasks": sorted(set(first["tasks"])),
        "hash": first["hash"],
    }
