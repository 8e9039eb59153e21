"""The command ``python -m tests.bench``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import (
    book,
    delivery,
    hot,
    importing,
    integrity,
    latency,
    memory,
    one_subscriber,
    requests,
    rows,
    signing,
    whole_way,
)
from .case import Case, Mismatch, Result, Scale, measure
from .feed import Feed
from .table import as_json, show

GOALS = [f"G{number}" for number in range(1, 17)]

app = App(name="python -m tests.bench", help=__doc__, version_flags=[], result_action="return_value")


def all_cases(feed: Feed, scale: Scale) -> Iterator[Case]:
    """Return every case, in the order of the goals."""
    yield from one_subscriber.cases(feed, scale)
    yield from whole_way.cases(feed, scale)
    yield from latency.cases(feed, scale)
    in_memory: tuple[Callable[[Scale], Iterator[Case]], ...] = (
        rows.cases,
        delivery.cases,
        book.cases,
        hot.cases,
        memory.cases,
    )
    for cases in in_memory:
        yield from cases(scale)
    yield from requests.cases(feed, scale)
    yield from importing.cases(scale)
    yield from signing.cases(scale)
    yield from integrity.cases(feed, scale)


@app.default
def bench(
    *,
    runs: int = 3,
    only: str = "",
    quick: bool = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Measure rxbotters beside pybotters and print one table.

    Args:
        runs: Turns of each side; the table shows medians.
        only: Goals to measure, such as G6,G7; all of them if not given.
        quick: The smallest sizes: proves that everything runs and agrees, its figures mean nothing.
        json: Print JSON instead of a table.
    """
    wanted = {goal.strip().upper() for goal in only.split(",") if goal.strip()} or set(GOALS)
    if unknown := wanted - set(GOALS):
        print(f"no such goal: {', '.join(sorted(unknown))}; there are G1 to G16", file=sys.stderr)
        return 2
    if runs < 1:
        print(f"--runs must be at least 1, got {runs}", file=sys.stderr)
        return 2
    with Feed() as feed:
        try:
            results = _run([case for case in all_cases(feed, Scale(quick)) if case.goal in wanted], runs)
        except Mismatch as error:
            print(error, file=sys.stderr)
            return 1
    if json:
        print(as_json(results))
    else:
        show(results, Console())
    return 0


def _run(cases: list[Case], runs: int) -> list[Result]:
    """Measure the cases one after the other; the bar moves only between them."""
    columns = TextColumn("{task.description:<50}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    results: list[Result] = []
    # A bar that redraws itself would do so in our CPU time.
    with Progress(
        *columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(cases))
        for case in cases:
            bar.update(task, description=f"{case.goal:<4}{case.what}"[:50], refresh=True)
            results.append(measure(case, runs))
            bar.advance(task)
    return results


if __name__ == "__main__":
    sys.exit(app())
