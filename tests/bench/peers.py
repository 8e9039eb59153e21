"""The two libraries, behind the one surface they share.

A bot that says ``import rxbotters as pybotters`` runs unchanged, so a benchmark is written once and given either module.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import rxbotters

from .case import Sample, Side

__all__ = ["CAP", "DEADLINE", "OURS", "THEIRS", "both_cap", "pending", "sides", "tolerant"]

CAP = 1_000_000
"""Rows a store of a benchmark may hold, so that neither side evicts anything: pybotters' default cap of 9,999 counts
the rows of all instruments together."""

DEADLINE = 60.0
"""Seconds after which a side that does not finish is a failure, not a slow one."""


@contextmanager
def tolerant() -> Iterator[None]:
    """Ignore the deprecated corners of aiohttp that pybotters 1.11 uses, and only while it runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _peer() -> Any:
    with tolerant():
        import pybotters

    return pybotters


OURS: Any = rxbotters
THEIRS: Any = _peer()


def sides(work: Callable[..., Sample], *args: Any, **kwargs: Any) -> tuple[Side, Side]:
    """Return ``work(library, …)`` for our library and for theirs."""
    return partial(work, OURS, *args, **kwargs), partial(work, THEIRS, *args, **kwargs)


def both_cap(store: Any, cap: int = CAP) -> Any:
    """Raise the cap of a store of either library."""
    store._MAXLEN = cap
    return store


def pending(stream: Any) -> int:
    """Return how many changes a watcher of either library has not read yet."""
    queue = getattr(stream, "_queue", None)
    return len(stream) if queue is None else queue.qsize()
