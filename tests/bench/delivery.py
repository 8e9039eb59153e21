"""G8: one update on its way to those who asked for it. Ours are called; pybotters' read from ``watch()``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

from .case import Case, Sample, Scale, stopwatch
from .peers import OURS, THEIRS, both_cap
from .recordings import rows
from .rows import KEYS

__all__ = ["cases"]

_ROWS = 100


def _updates(count: int) -> list[dict[str, Any]]:
    """Patches that each change a row, going round the rows."""
    known = rows(_ROWS)
    return [
        {**{field: known[number % _ROWS][field] for field in KEYS}, "size": 10**9 + number} for number in range(count)
    ]


def ours(count: int, subscribers: int) -> Sample:
    """Subscribe plain functions to ``changes``."""
    store = both_cap(OURS.DataStore(keys=KEYS))
    store._insert(rows(_ROWS))
    seen = 0

    def hear(change: Any) -> None:
        nonlocal seen
        seen += 1

    for _ in range(subscribers):
        store.changes.subscribe(hear)
    patches = _updates(count)
    with stopwatch() as watch:
        for patch in patches:
            store._update([patch])
    return Sample(watch.seconds / count, (seen, _read(store)))


async def _theirs(count: int, subscribers: int) -> Sample:
    store = both_cap(THEIRS.DataStore(keys=KEYS))
    store._insert(rows(_ROWS))
    seen = 0
    with ExitStack() as stack:
        streams = [stack.enter_context(store.watch()) for _ in range(subscribers)]
        patches = _updates(count)
        with stopwatch() as watch:
            for patch in patches:
                store._update([patch])
                for stream in streams:
                    await stream.get()  # it is there already: no task is woken, which is the cheapest way to read
                    seen += 1
    return Sample(watch.seconds / count, (seen, _read(store)))


def theirs(count: int, subscribers: int) -> Sample:
    """Read every change of every stream as soon as it is there."""
    return asyncio.run(_theirs(count, subscribers))


def _read(store: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in store.find()]


def cases(scale: Scale) -> Iterator[Case]:
    """The more subscribers, the fewer updates: the peer copies the row for each of them."""
    for subscribers, limit, count in ((0, None, 20_000), (1, 3.5, 10_000), (10, 10, 2000), (100, 14, 300)):
        work = scale(count, max(20, count // 100)), subscribers
        what = f"one update to {subscribers} subscriber{'s' * (subscribers != 1)}"
        yield Case("G8", what, "≥", limit, partial(ours, *work), partial(theirs, *work))
