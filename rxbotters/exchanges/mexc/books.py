"""MEXC's order books: on futures and spot a REST snapshot and numbered changes; on futures the best levels whole, too.

Source: mexc.com/api-docs, futures "Incremental Order Book Maintenance Mechanism", spot v3 "How to Properly Maintain a Local
Copy of the Order Book" (2026-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import Diff, Levels, by_range
from rxbotters.stores.fetched import FetchedBook, WholeBook, one_spelling
from rxbotters.stores.proofs import whole

__all__ = ["FullBook", "FuturesBook", "NumberedBook", "SpotBook"]

_DIGITS = 40  # more than any price has


class NumberedBook(FetchedBook):
    """A book whose changes each span a range of versions, and follow each other without a hole.

    Sizes are absolute: a change that reaches back before the snapshot, or comes on a second channel of the same
    instrument, may be applied whole.
    """

    _FOLLOWS: ClassVar[Any] = by_range

    def span(self, symbol: str, asks: Levels, bids: Levels, first: int, last: int) -> None:
        """Apply, hold, ignore or refuse one change.

        Raises:
            ProtocolError, BadNumber: It is none; nothing was applied.
        """
        if first > last:
            raise ProtocolError(f"{self.name} {symbol}: a change from version {first} back to {last}")
        self.follow(symbol, Diff(asks, bids, last=last, first=first))


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
        self.span(symbol, _contracts(data["asks"]), _contracts(data["bids"]), first, last)

    def snapshot(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Begin from a REST snapshot."""
        last = whole(self.name, "version", data["version"])
        self.begin(symbol, last, _contracts(data["asks"]), _contracts(data["bids"]))


class FullBook(WholeBook):
    """The best 5, 10 or 20 levels: rows as those of `FuturesBook`, whole with every message, never mixed with it."""

    _EXTRAS = ("orders",)

    def replace(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Take one ``push.depth.full`` as the truth, unless a newer one was taken already."""
        version = whole(self.name, "version", data["version"])
        asks, bids = _contracts(data["asks"]), _contracts(data["bids"])
        self.take(symbol, version, asks, bids)


class SpotBook(NumberedBook):
    """The book of spot: rows ``{symbol, side: "asks" | "bids", price, quantity}``, both text.

    Prices are without trailing zeros, because snapshot and changes must spell them alike.
    """

    _SIZE = "quantity"

    def change(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply one push: the versions ``fromVersion`` to ``toVersion``."""
        asks, bids = (
            [(one_spelling(level["price"], self.name), level["quantity"]) for level in data[side]]
            for side in self._SIDES
        )
        first, last = (self._version_of(name, data[name]) for name in ("fromVersion", "toVersion"))
        self.span(symbol, asks, bids, first, last)

    def snapshot(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Begin from a REST snapshot, up to 5,000 levels a side; those beyond it are unknown until they change."""
        last = self._version_of("lastUpdateId", data["lastUpdateId"] if "lastUpdateId" in data else data["version"])
        asks, bids = ([(one_spelling(price, self.name), size) for price, size in data[side]] for side in self._SIDES)
        self.begin(symbol, last, asks, bids)

    def _version_of(self, what: str, value: Any) -> int:
        if value.__class__ is str and value.isascii() and value.isdecimal() and len(value) < _DIGITS:
            value = int(value)
        return whole(self.name, what, value)


def _contracts(levels: Any) -> list[tuple[Any, Any, Any]]:
    """Return levels as (price, size, number of orders); a level of REST may not say the last.

    Raises:
        ProtocolError: They are none.
    """
    if levels.__class__ is not list or any(level.__class__ is not list or not 2 <= len(level) <= 3 for level in levels):
        raise ProtocolError("levels of [price, size, orders] were expected", str(levels)[:200])
    return [(level[0], level[1], level[2] if len(level) == 3 else None) for level in levels]
