"""Small things that the tests of most exchanges need."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any


def heard(source: Any) -> list[Exception]:
    """Return the list that all errors of a store or a connection go to from now on."""
    errors: list[Exception] = []
    source.errors.subscribe(errors.append)
    return errors


def median_seconds(work: Callable[[], Any], times: int) -> float:
    """Do something so many times, and return how long the middle one took."""
    took = []
    for _ in range(times):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    return statistics.median(took)
