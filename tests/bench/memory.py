"""G12: what a store needs for a row beside the row."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

from .case import Case, Sample, Scale
from .peers import sides
from .recordings import rows
from .rows import make

__all__ = ["cases"]


def _bytes_per_row(lib: Any, count: int) -> Sample:
    """Fill a store, and take off what the rows themselves weigh; the values in them are older than the measurement."""
    source = rows(count)
    gc.collect()
    tracemalloc.start()
    try:
        store = make(lib)
        for row in source:
            store._insert([dict(row)])
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    found = store.find()
    weight = sum(map(sys.getsizeof, found))
    return Sample((grown - weight) / count, [dict(row) for row in found] == source)


def cases(scale: Scale) -> Iterator[Case]:
    """BitMEX's rows under their three keys."""
    count = scale(10_000, 500)
    both = sides(_bytes_per_row, count)
    yield Case("G12", "store bytes per row beyond the row", "≤", 0.5, *both, unit="B")
