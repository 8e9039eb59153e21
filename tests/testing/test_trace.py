"""The trace: the same seed gives the same hash, in any process; another seed another one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rxbotters.testing import VirtualLoop, Weather, current_loop, run
from rxbotters.testing.trace import Trace

ROOT = Path(__file__).parents[2]

PROGRAM = """
import asyncio, sys
import rxbotters
from rxbotters.sim import SimExchange
from rxbotters.testing import Fault, VirtualLoop, current_loop

NAMES = ["lightning_board_snapshot_FX_BTC_JPY", "lightning_board_FX_BTC_JPY", "child_order_events"]
SUBSCRIPTIONS = [{"method": "subscribe", "params": {"channel": c}, "id": n} for n, c in enumerate(NAMES, 1)]
SCRIPT = [Fault(60.0, "rst"), Fault(150.0, "half_open"), Fault(300.0, "partition", b="127.*", seconds=30.0)]

async def main():
    loop = current_loop()
    async with SimExchange(orders_per_s=1, clock=loop.wall) as sim:
        async with rxbotters.Client(sim.apis, sim.rest_url, hosts=sim.hosts, clock=loop.clock) as client:
            feeds = [client.ws_connect(sim.ws_url, send_json=SUBSCRIPTIONS) for _ in range(5)]
            for feed in feeds:
                feed.errors.subscribe(lambda _: None)
            feeds[0].subscribe(lambda frame: loop.note("frame", text=str(frame.data)))
            await asyncio.gather(*(feed.ready() for feed in feeds))
            for number in range(6):
                await asyncio.sleep(100)
                await client.fetch("GET", "/v1/getboard", params={"product_code": "FX_BTC_JPY"})

def play(seed):
    with VirtualLoop(seed=seed, script=SCRIPT) as loop:
        loop.run(main())
        return loop.trace_hash()
"""


def test_the_same_seed_has_the_same_hash_in_any_process() -> None:
    """D17: neither hash randomisation nor memory addresses nor the time of day show."""
    code = PROGRAM + "\nprint(play(5), play(5), play(6))"
    path = os.pathsep.join([str(ROOT), str(ROOT / "operators")])

    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": str(hash_seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for hash_seed in (1, 2)
    ]

    assert outputs[0] == outputs[1]
    first, again, other = outputs[0]
    assert first == again
    assert first != other


def test_what_the_program_notes_is_part_of_the_hash() -> None:
    async def main(price: float) -> str:
        loop = current_loop()
        loop.note("fill", side="BUY", price=price, maker=True, note=None)
        return loop.trace_hash()

    assert run(main(100.0)) == run(main(100.0)) != run(main(100.5))


def test_what_could_differ_from_run_to_run_cannot_be_noted() -> None:
    with VirtualLoop() as loop, pytest.raises(TypeError, match="cannot stand in a trace"):
        loop.note("order", row=object())  # type: ignore[arg-type]


def test_what_happens_at_once_is_sorted_by_who_it_happens_to() -> None:
    orders: list[list[tuple[float, str, str]]] = [
        [(0.0, "a", "open"), (1.0, "b", "x"), (1.0, "a", "1"), (1.0, "a", "2")],
        [(0.0, "a", "open"), (1.0, "a", "1"), (1.0, "a", "2"), (1.0, "b", "x")],
        [(0.0, "a", "open"), (1.0, "a", "2"), (1.0, "a", "1"), (1.0, "b", "x")],
    ]
    hashes: list[Any] = []
    for order in orders:
        trace = Trace()
        for at, actor, what in order:
            trace.add(at, actor, what)
        hashes.append(trace.hexdigest())

    assert hashes[0] == hashes[1], "two actors, one instant: no order"
    assert hashes[0] != hashes[2], "one actor: its own order"


def test_bytes_of_one_instant_are_one_line_however_they_were_cut() -> None:
    async def main(data: bytes) -> str:
        server = await asyncio.start_server(lambda r, w: (w.write(data), w.close()), "venue.test", 80)
        reader, writer = await asyncio.open_connection("venue.test", 80)
        await reader.read()
        writer.close()
        server.close()
        await asyncio.sleep(1.0)
        return current_loop().trace_hash()

    whole, cut, other = (
        run(main(data), weather=Weather(segment=(size, size)))
        for data, size in ((b"abcd", 9), (b"abcd", 1), (b"abc", 9))
    )

    assert whole == cut != other


def test_the_last_lines_are_kept_and_all_are_hashed() -> None:
    long, short = Trace(keep=1000), Trace(keep=2)
    for trace in (long, short):
        for second in range(10):
            trace.add(float(second), "a", "tick")
        trace.moved(10.0, "a up", 5)

    assert short.lines() == long.lines()[-3:]
    assert short.lines()[-1] == "10.000000000 a up 5 bytes"
    assert short.hexdigest() == long.hexdigest()
