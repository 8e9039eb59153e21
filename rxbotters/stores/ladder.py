"""One side of one book: price levels, sorted, lean.

A level is its size under its price; the row a user reads is made when it is read. Prices stay what the exchange sent
(number or text); text is turned into a number only when a level comes or goes.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import Any

__all__ = ["Ladder"]


class Ladder:
    """Price levels in ascending order of price.

    Example:
        >>> asks = Ladder()
        >>> for price, size in ((102.0, 3), (101.0, 1), (102.0, 2)):
        ...     asks.put(price, size)
        >>> asks.prices, asks.levels[102.0]
        ([101.0, 102.0], 2)
    """

    __slots__ = ("levels", "prices", "ranks")

    def __init__(self) -> None:
        self.levels: dict[Any, Any] = {}
        self.prices: list[Any] = []
        self.ranks: list[Any] = self.prices  # a list of its own once prices are text

    def put(self, price: Any, value: Any) -> None:
        """Set the level at ``price``."""
        if price not in self.levels:
            self.open(price)
        self.levels[price] = value

    def open(self, price: Any) -> None:
        """Make room for a new price."""
        if price.__class__ is str:
            if self.ranks is self.prices:
                self.ranks = [Decimal(known) for known in self.prices]
            rank = Decimal(price)
            index = bisect_left(self.ranks, rank)
            self.ranks.insert(index, rank)
        elif self.ranks is not self.prices:
            rank = Decimal(price)
            index = bisect_left(self.ranks, rank)
            self.ranks.insert(index, rank)
        else:
            index = bisect_left(self.prices, price)
        self.prices.insert(index, price)

    def drop(self, price: Any) -> Any:
        """Remove the level at ``price`` and return what it held.

        Raises:
            KeyError: There is no such level.
        """
        value = self.levels.pop(price)
        ranks = self.ranks
        if ranks is self.prices:
            del ranks[bisect_left(ranks, price)]
            return value
        index = bisect_left(ranks, Decimal(price))
        while self.prices[index] != price:  # "1.0" and "1.00" are neighbours of one rank
            index += 1
        del ranks[index]
        del self.prices[index]
        return value
