"""What only shows after a long time, or after many times. The command ``python -m tests.endurance``."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from cyclopts import App
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .burst import CONSUMERS, burst
from .cancellation import cancel_anywhere
from .cycles import open_and_close
from .day import measured

app = App(name="python -m tests.endurance", help=__doc__, version_flags=[], result_action="return_value")


class Run(NamedTuple):
    """One run in a process of its own, and what is promised of its figures."""

    what: str
    promise: str
    work: Callable[..., dict[str, Any]]
    args: tuple[Any, ...]
    keeps: Callable[[dict[str, Any]], bool]


def _day_keeps(found: dict[str, Any]) -> bool:
    same = found["same hash again"] and found["other seed, other hash"]
    return bool(same) and found["seconds"] <= 30 and found["kB an hour"] < 1000 and not found["wrong books"]


def _cancellation_keeps(found: dict[str, Any]) -> bool:
    return found["longest close, s"] <= 1.0 and not found["never retrieved or awaited"]


def runs(times: float) -> list[Run]:
    """Return every run; ``times`` shortens or lengthens them."""
    messages, cycles, cuts = int(1_000_000 * times), int(1000 * times), int(10_000 * times)
    half = cuts // 2
    found = [
        Run("24 virtual hours, a fault each hour", "≤ 30 s, < 1 MB an hour, same hash", measured, (), _day_keeps),
        Run("clients opened and closed", "nothing is left", open_and_close, (cycles,), lambda found: True),
    ]
    found += [
        Run("cancelled anywhere", "closes within 1 s, nothing is left", cancel_anywhere, (seeds,), _cancellation_keeps)
        for seeds in (range(half), range(half, cuts))
    ]
    return found + [
        Run(f"burst against a stopped {name}", "≤ 64 MB, drops counted", burst, (name, messages), _burst_keeps)
        for name in CONSUMERS
    ]


def _burst_keeps(found: dict[str, Any]) -> bool:
    return found["MB"] <= 64 and found["dropped"] > 0


@app.default
def endurance(*, times: float = 1.0, jobs: int = 2, only: str = "") -> int:
    """Run everything and print one table.

    Args:
        times: How much of each: 0.1 is a tenth of the messages, cycles and cancellations.
        jobs: Processes side by side.
        only: Runs whose name holds this text.
    """
    todo = [run for run in runs(times) if only in run.what]
    began = time.perf_counter()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    fresh = multiprocessing.get_context("spawn")  # memory is measured: no run starts with another's
    pool = ProcessPoolExecutor(jobs, mp_context=fresh, max_tasks_per_child=1)
    rows: list[str] = []
    broken = 0
    with pool, Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("runs", total=len(todo))
        pending = [(run, pool.submit(run.work, *run.args)) for run in todo]
        for run, future in pending:
            found = future.result()
            kept = run.keeps(found)
            broken += not kept
            figures = ", ".join(f"{name}: {value}" for name, value in found.items())
            rows.append(f"| {run.what} | {run.promise} | {figures} | {'yes' if kept else 'NO'} |")
            progress.advance(bar)
    print("| run | promised | measured | kept |", "|---|---|---|---|", *rows, sep="\n")
    print(f"{len(todo)} runs, {broken} broken promises, {time.perf_counter() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(app())
