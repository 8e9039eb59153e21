"""MEXC's order books: on futures and spot a REST snapshot and numbered changes; on futures the best levels whole, too.

Source: mexc.com/api-docs, futures "Incremental Order Book Maintenance Mechanism", spot v3 "How to Properly Maintain a Local
Copy of the Order Book" (2026-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from rxbotters.errors import BadNumber, ProtocolError
from rxbotters.stores import Diff, OrderBook, SyncedBook, by_range
from rxbotters.stores.book import Levels
from rxbotters.stores.proofs import whole
from rxbotters_operators.events import Live, Status

__all__ = ["FullBook", "FuturesBook", "NumberedBook", "SpotBook", "plain"]

_DIGITS = 40  # more than any price has


class NumberedBook(SyncedBook):
    """A book whose changes each span a range of versions, and follow each other without a hole.

    Sizes are absolute: a change that reaches back before the snapshot, or comes on a second channel of the same
    instrument, may be applied whole.
    """

    _FOLLOWS: ClassVar[Any] = by_range

    def follow(self, symbol: str, asks: Levels, bids: Levels, first: int, last: int) -> None:
        """Apply, hold, ignore or refuse one change.

        Raises:
            ProtocolError, BadNumber: It is none; nothing was applied.
        """
        if first > last:
            raise ProtocolError(f"{self.name} {symbol}: a change from version {first} back to {last}")
        if self._instruments.get(symbol).__class__ is not Live:  # it may be held: what is wrong with it is said now
            self._checked(asks)
            self._checked(bids)
        self.on_diff(symbol, Diff(asks, bids, last=last, first=first))

    def begin(self, symbol: str, last: int, asks: Levels, bids: Levels) -> None:
        """Begin from a snapshot; one that is older than a book in step is not needed."""
        known = self._numbers_of(symbol).last
        if known is not None and last < known:
            self._checked(asks)
            self._checked(bids)
            return
        self.on_snapshot(symbol, last, asks, bids)

    def want(self, symbol: str, feed: Any) -> None:
        """Ask for the snapshot of an instrument whose changes are on their way."""
        if symbol not in self._asked and not isinstance(self.status_of(symbol), Live) and self._group is not None:
            self._asked.add(symbol)
            self._group.ask_for(self, symbol, feed)


class FuturesBook(NumberedBook):
    """The whole book: rows ``{symbol, side: "asks" | "bids", price, size, orders}``, size in contracts.

    A level is written ``[price, size, orders]``: a level of 31,288 and 7 is seven orders, each of at least one contract.
    """

    _EXTRAS = ("orders",)

    def change(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply one ``push.depth``: one version, or several merged, from ``begin`` to ``end``."""
        version = whole(self.name, "version", data["version"])
        first = whole(self.name, "begin", data.get("begin", version))
        last = whole(self.name, "end", data.get("end", version))
        self.follow(symbol, _contracts(data["asks"]), _contracts(data["bids"]), first, last)

    def snapshot(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Begin from a REST snapshot."""
        last = whole(self.name, "version", data["version"])
        self.begin(symbol, last, _contracts(data["asks"]), _contracts(data["bids"]))


class FullBook(OrderBook):
    """The best 5, 10 or 20 levels: rows as those of `FuturesBook`, whole with every message, never mixed with it."""

    _EXTRAS = ("orders",)

    def _init(self) -> None:
        self._seen: dict[str, int] = {}

    def replace(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Take one ``push.depth.full`` as the truth, unless a newer one was taken already."""
        version = whole(self.name, "version", data["version"])
        asks, bids = _contracts(data["asks"]), _contracts(data["bids"])
        if version < self._seen.get(symbol, 0):
            self._checked(asks)
            self._checked(bids)
            return
        self.replace_levels(symbol, asks, bids)
        self._seen[symbol] = version
        self.mark(symbol, Live())

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the levels of an instrument whose connection ended."""
        self._seen.pop(symbol, None)
        super().lose(symbol, status)


class SpotBook(NumberedBook):
    """The book of spot: rows ``{symbol, side: "asks" | "bids", price, quantity}``, both text.

    Prices are without trailing zeros, because snapshot and changes must spell them alike.
    """

    _SIZE = "quantity"

    def change(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply one push: the versions ``fromVersion`` to ``toVersion``."""
        asks, bids = ([(plain(level["price"]), level["quantity"]) for level in data[side]] for side in self._SIDES)
        first, last = (self._version_of(name, data[name]) for name in ("fromVersion", "toVersion"))
        self.follow(symbol, asks, bids, first, last)

    def snapshot(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Begin from a REST snapshot, up to 5,000 levels a side; those beyond it are unknown until they change."""
        last = self._version_of("lastUpdateId", data["lastUpdateId"] if "lastUpdateId" in data else data["version"])
        asks, bids = ([(plain(price), size) for price, size in data[side]] for side in self._SIDES)
        self.begin(symbol, last, asks, bids)

    def _version_of(self, what: str, value: Any) -> int:
        if value.__class__ is str and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
            value = int(value)
        return whole(self.name, what, value)


def plain(price: Any) -> Any:
    """Return a price text in its one spelling: no trailing zeros, no exponent.

    Example:
        >>> plain("93220.00"), plain("100"), plain("1E-7"), plain("0.010")
        ('93220', '100', '0.0000001', '0.01')
    """
    if price.__class__ is not str:
        return price
    if "E" in price or "e" in price:
        exact = Decimal(price)
        if not exact.is_finite() or abs(exact.adjusted()) > _DIGITS:
            raise BadNumber("depth", "price", price)
        price = f"{exact:f}"
    return price.rstrip("0").rstrip(".") if "." in price else price


def _contracts(levels: Any) -> list[tuple[Any, Any, Any]]:
    """Return levels as (price, size, number of orders); a level of REST may not say the last.

    Raises:
        ProtocolError: They are none.
    """
    if levels.__class__ is not list or any(level.__class__ is not list or not 2 <= len(level) <= 3 for level in levels):
        raise ProtocolError("levels of [price, size, orders] were expected", str(levels)[:200])
    return [(level[0], level[1], level[2] if len(level) == 3 else None) for level in levels]
