"""`FetchedBook` begins with a REST snapshot, `WholeBook` comes whole with every message; prices have `one_spelling`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rxbotters.errors import BadNumber
from rxbotters_operators.events import Live, Status

from .book import Levels, OrderBook
from .synced import Diff, SyncedBook

__all__ = ["FetchedBook", "WholeBook", "one_spelling"]

_DIGITS = 40  # more than any price has


class FetchedBook(SyncedBook):
    """A book whose snapshot is fetched while the stream brings its changes already: they are held until it is there."""

    def follow(self, symbol: Any, diff: Diff) -> None:
        """Apply, hold, ignore or refuse one change.

        Raises:
            BadNumber: A price or size is no number; nothing was applied.
        """
        if self._instruments.get(symbol).__class__ is not Live:  # it may be held: what is wrong with it is said now
            self._checked(diff.asks)
            self._checked(diff.bids)
        self.on_diff(symbol, diff)

    def begin(self, symbol: Any, last: int, asks: Levels, bids: Levels) -> None:
        """Begin from a snapshot; one that is older than a book in step is not needed."""
        known = self._numbers_of(symbol).last
        if known is not None and last < known:
            self._checked(asks)
            self._checked(bids)
            return
        self.on_snapshot(symbol, last, asks, bids)

    def want(self, symbol: Any, feed: Any) -> None:
        """Ask for the snapshot of an instrument whose changes are on their way."""
        if symbol not in self._asked and not isinstance(self.status_of(symbol), Live) and self._group is not None:
            self._asked.add(symbol)
            self._group.ask_for(self, symbol, feed)


class WholeBook(OrderBook):
    """A book that comes whole with every message, each with a number that grows."""

    def _init(self) -> None:
        self._seen: dict[Any, int] = {}

    def take(self, symbol: Any, number: int, asks: Levels, bids: Levels) -> None:
        """Take a message as the truth, unless a newer one was taken already."""
        if number < self._seen.get(symbol, 0):
            self._checked(asks)
            self._checked(bids)
            return
        self.replace_levels(symbol, asks, bids)
        self._seen[symbol] = number
        self.mark(symbol, Live())

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of an instrument whose feed ended."""
        self._seen.pop(symbol, None)
        super().lose(symbol, status)


def one_spelling(price: Any, store: str) -> Any:
    """Return a price text in its one spelling, no trailing zeros, no exponent: snapshot and changes may spell it apart.

    Raises:
        BadNumber: It has more digits than any price, and would fill the memory.

    Example:
        >>> [one_spelling(price, "book") for price in ("93220.00", "100", "1E-7", "0.010")]
        ['93220', '100', '0.0000001', '0.01']
    """
    if price.__class__ is not str:
        return price
    if "E" in price or "e" in price:
        exact = Decimal(price)
        if abs(exact.adjusted()) > _DIGITS:
            raise BadNumber(store, "price", price)
        price = f"{exact:f}"
    return price.rstrip("0").rstrip(".") if "." in price else price
