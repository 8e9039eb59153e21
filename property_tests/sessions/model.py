"""`Market`: the books as they truly are, at every moment since the beginning. Pure.

Prices are ticks and sizes are whole numbers on a grid so small that levels collide; each exchange's wire turns them into
its own words. A book is never crossed: an order that would cross removes what it meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["ASK", "BID", "SIZES", "TICKS", "Change", "Market", "Sides"]

ASK, BID = 0, 1
TICKS = 9
SIZES = 3

Wish = tuple[int, int, int]
"""Side, tick, absolute size: what somebody does to the book."""
Sides = tuple[dict[int, int], dict[int, int]]
"""Asks and bids, each tick → size."""


class Change(NamedTuple):
    """One level took a new size; zero: it is gone. ``version`` is the book's after the step it belongs to."""

    version: int
    side: int
    tick: int
    size: int


class Market:
    """The true books.

    Attributes:
        history: Symbol → its book after each step; the index is the version.
        trail: Symbol → every change that was ever made, in order.

    Args:
        symbols: The instruments.
        anchored: Whether each side has a far level that nobody touches, so that none is ever empty.
    """

    def __init__(self, symbols: Sequence[str], *, anchored: bool = False) -> None:
        far: Sides = ({TICKS + 4: 2}, {-2: 2}) if anchored else ({}, {})
        self.history: dict[str, list[Sides]] = {
            symbol: [({7: 2, **far[ASK]}, {3: 1, **far[BID]})] for symbol in symbols
        }
        self.trail: dict[str, list[Change]] = {symbol: [] for symbol in symbols}

    def version(self, symbol: str) -> int:
        """Return how many steps a book has made."""
        return len(self.history[symbol]) - 1

    def now(self, symbol: str) -> Sides:
        """Return a book as it is."""
        return self.history[symbol][-1]

    def step(self, symbol: str, wishes: Iterable[Wish]) -> list[Change]:
        """Make one step; return what changed, nothing of which crosses on the way. Without a change there is no step."""
        asks, bids = (dict(side) for side in self.now(symbol))
        version = self.version(symbol) + 1
        changes: list[Change] = []

        def put(side: int, tick: int, size: int) -> None:
            levels = bids if side == BID else asks
            if levels.get(tick, 0) != size:
                changes.append(Change(version, side, tick, size))
                if size:
                    levels[tick] = size
                else:
                    del levels[tick]

        for side, tick, size in wishes:
            if size:
                for met in sorted(asks) if side == BID else sorted(bids, reverse=True):
                    if (met <= tick) if side == BID else (met >= tick):
                        put(1 - side, met, 0)
            put(side, tick, size)
        if changes:
            self.history[symbol].append((asks, bids))
            self.trail[symbol] += changes
        return changes
