"""The one table, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from .case import Result

__all__ = ["as_json", "as_text", "show"]

_HEAD = ("goal", "what", "rxbotters", "peer", "peer is", "ratio", "wanted", "")
_SCALE = {"µs": 1e6, "ms": 1e3, "B": 1.0}


def cells(result: Result) -> tuple[str, ...]:
    """Return one row of the table."""
    case = result.case
    factor = _SCALE[case.unit]
    verdict = {True: "met", False: "missed", None: ""}[result.met]
    wanted = "" if case.limit is None else f"{case.sense} {case.limit:g}"
    ours, theirs = (f"{number(cost * factor)} {case.unit}" for cost in (result.ours, result.theirs))
    return case.goal, case.what, ours, theirs, case.peer, number(result.ratio), wanted, verdict


def number(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table; a plain one where nobody looks."""
    if not console.is_terminal:
        console.file.write(as_text(results) + "\n")
        return
    table = Table(*_HEAD, title="Benchmarks")
    for column in (2, 3, 5, 6):
        table.columns[column].justify = "right"
    colours = {True: "green", False: "red", None: None}
    for result in results:
        table.add_row(*cells(result), style=colours[result.met])
    console.print(table)


def as_text(results: Iterable[Result]) -> str:
    """Return the table in plain columns."""
    rows = [_HEAD, *map(cells, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    right = {2, 3, 5}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def as_json(results: Iterable[Result]) -> str:
    """Return what a program wants to read: costs in seconds or bytes."""
    return json.dumps([as_dict(result) for result in results], ensure_ascii=False, indent=1)


def as_dict(result: Result) -> dict[str, Any]:
    """Return one result as plain values."""
    case = result.case
    return {
        "goal": case.goal,
        "what": case.what,
        "unit": "bytes" if case.unit == "B" else "seconds",
        "rxbotters": result.ours,
        "peer": result.theirs,
        "peer_name": case.peer,
        "ratio": result.ratio,
        "sense": case.sense,
        "limit": case.limit,
        "met": result.met,
    }
