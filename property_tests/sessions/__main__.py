"""``python -m property_tests.sessions --sessions 100000``: play many sessions of every exchange; replay one by its seed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from .seeds import Script, failure_of, play, script_of, smallest
from .wire import Wire, every_wire

_MOST = 5  # failures of one exchange that are told


def main(arguments: list[str] | None = None) -> int:
    """Play sessions; return 1 if a law did not hold."""
    known = every_wire()
    parser = argparse.ArgumentParser(prog="python -m property_tests.sessions", description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000, metavar="N", help="how many, over all exchanges")
    parser.add_argument("--exchange", action="append", choices=known, metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--seed", type=int, help="play this one alone, and tell the smallest session that fails as it")
    parser.add_argument("--stop", action="store_true", help="stop at the first failure")
    given = parser.parse_args(arguments)
    console = Console(soft_wrap=True)
    chosen = [known[name] for name in given.exchange or known]
    if given.seed is not None:
        return _replay(console, [script_of(wire, given.seed) for wire in chosen])
    share = -(-given.sessions // len(chosen))
    return _play(console, chosen, range(given.first, given.first + share), stop=given.stop)


def _play(console: Console, chosen: Iterable[type[Wire]], seeds: range, *, stop: bool) -> int:
    wires = list(chosen)
    table = Table(
        "exchange", "sessions", "Live books compared", "seconds", "failures", title="The same book everywhere"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    total, compared, began = 0, 0, time.perf_counter()
    columns = (TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=len(wires) * len(seeds))
        for wire in wires:
            progress.update(task, description=wire.__name__)
            failures, books, since = 0, 0, time.perf_counter()
            for seed in seeds:
                try:
                    books += play(script_of(wire, seed)).judge.compared
                except Exception as error:
                    failures += 1
                    if failures <= _MOST:
                        command = f"python -m property_tests.sessions --exchange {wire.__name__} --seed {seed}"
                        progress.console.print(f"[red]{type(error).__name__}[/]: {error}\n  replay: {command}")
                    if stop:
                        return 1
                progress.advance(task)
            took = time.perf_counter() - since
            table.add_row(wire.__name__, f"{len(seeds):,}", f"{books:,}", f"{took:.1f}", str(failures))
            total, compared = total + failures, compared + books
    took = time.perf_counter() - began
    table.add_section()
    table.add_row("all", f"{len(wires) * len(seeds):,}", f"{compared:,}", f"{took:.1f}", str(total))
    console.print(table)
    return int(total > 0)


def _replay(console: Console, scripts: Iterable[Script]) -> int:
    failed = 0
    for script in scripts:
        if not failure_of(script):
            console.print(f"{script.wire.__name__}: {len(script.actions)} actions, every law holds")
            continue
        failed = 1
        script = smallest(script)
        console.print(f"[red]{script.wire.__name__}[/], watched={script.watched}, the smallest that fails:")
        for action in script.actions:
            console.print(f"    {action!r},", markup=False, highlight=False)
        console.print(failure_of(script), markup=False, highlight=False)
    return failed


if __name__ == "__main__":
    sys.exit(main())
