"""KuCoin's order books: the best levels whole in every message, and the whole book by numbered increments.

Source: kucoin.com/docs-new, "Orderbook - Level5", "Level50" and "Increment", spot and futures (2025-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores import Diff, OrderBook, SyncedBook, by_range
from rxbotters.stores.fetched import one_spelling
from rxbotters_operators.events import Live

__all__ = ["IncrementBook", "TopKOrderBook"]

_Change = tuple[int, str, Any, Any]  # number, side, price, size
_number = itemgetter(0)


class TopKOrderBook(OrderBook):
    """Rows ``{symbol, side: "asks" | "bids", price, size, timestamp}``, the best 5 or 50 of each side.

    Each message is the whole book. Prices are text; sizes are text on spot and whole numbers on futures, as KuCoin
    writes them. The time of the message stands in each of its rows, in milliseconds.
    """

    _EXTRAS = ("timestamp",)

    def replace(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Make the book of a symbol exactly this message."""
        stamp = data["timestamp"]
        asks, bids = ([(price, size, stamp) for price, size in data[side]] for side in self._SIDES)
        self.replace_levels(symbol, asks, bids)
        self.mark(symbol, Live())


class IncrementBook(SyncedBook):
    """The whole book: rows ``{symbol, side: "asks" | "bids", price, size}``.

    A REST snapshot begins it, numbered increments keep it. Sizes are absolute, so an increment that reaches back before
    the snapshot may be applied whole, in the order of its numbers. Prices and sizes are text on spot, the price without
    trailing zeros, because both sources must spell it alike; on futures they are numbers.
    """

    _FOLLOWS = by_range

    def spot(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply an increment of spot: several changes, numbered from ``sequenceStart`` to ``sequenceEnd``."""
        start, end = int(data["sequenceStart"]), int(data["sequenceEnd"])
        changes: list[_Change] = []
        for side in self._SIDES:
            for price, size, sequence in data["changes"][side]:
                number = int(sequence)
                if not start <= number <= end:
                    raise ProtocolError(f"{self.name} {symbol}: change {number} is not within {start} to {end}")
                if price != "0":  # a number is used up, nothing else
                    changes.append((number, side, one_spelling(price, self.name), size))
        changes.sort(key=_number)
        self.on_diff(symbol, _diff(changes, start, end))

    def futures(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply an increment of futures: one change, ``"price,side,size"``."""
        price, side, size = data["change"].split(",")
        number = int(data["sequence"])
        if side not in ("buy", "sell"):
            raise ProtocolError(f"{self.name} {symbol}: a change is buy or sell, not {side!r}")
        change: _Change = (number, "bids" if side == "buy" else "asks", float(price), _size(size))
        self.on_diff(symbol, _diff([change], number, number))

    def snapshot(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Begin from a REST snapshot."""
        last = int(data["sequence"])
        if "-" in symbol:
            asks, bids = (
                [(one_spelling(price, self.name), size) for price, size in data[side] or ()] for side in self._SIDES
            )
        else:
            asks, bids = ([(float(price), _size(size)) for price, size in data[side] or ()] for side in self._SIDES)
        self.on_snapshot(symbol, last, asks, bids)


def _size(size: Any) -> Any:
    if size.__class__ is str:
        return int(size) if size.isdecimal() else float(size)
    return size


def _diff(changes: Iterable[_Change], first: int, last: int) -> Diff:
    asks: list[tuple[Any, Any]] = []
    bids: list[tuple[Any, Any]] = []
    for _, side, price, size in changes:
        (asks if side == "asks" else bids).append((price, size))
    return Diff(asks, bids, last=last, first=first)
