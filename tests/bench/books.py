"""The books of the recordings, in either library.

BitMEX is folded by a store made of `rxbotters.OrderBook` here: what its exchange folder will do once it exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import rxbotters
from rxbotters import DataStoreCollection, OrderBook

from .peers import CAP, THEIRS

__all__ = ["BitMEXBooks", "bitmex", "bybit", "levels"]


class BitMEXBook(OrderBook):
    """``orderBookL2`` of BitMEX: levels are known by an id, and only their arrival tells the price."""

    _SIDES: ClassVar[tuple[str, str]] = ("Sell", "Buy")

    def _init(self) -> None:
        self._prices: dict[str, dict[int, float]] = {}

    def fold(self, action: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Apply one message: the rows of a message belong to one symbol."""
        if not data:
            return
        symbol = data[0]["symbol"]
        prices = self._prices.get(symbol)
        if prices is None:
            prices = self._prices[symbol] = {}
        asks: list[tuple[Any, Any]] = []
        bids: list[tuple[Any, Any]] = []
        put = self.apply_levels
        if action == "update":
            for row in data:
                (asks if row["side"] == "Sell" else bids).append((prices[row["id"]], row["size"]))
        elif action == "delete":
            for row in data:
                (asks if row["side"] == "Sell" else bids).append((prices.pop(row["id"]), 0))
        else:
            if action == "partial":
                prices.clear()
                put = self.replace_levels
            for row in data:
                price = prices[row["id"]] = row["price"]
                (asks if row["side"] == "Sell" else bids).append((price, row["size"]))
        put(symbol, asks, bids)


class BitMEXBooks(DataStoreCollection):
    """The books of `pybotters.BitMEXDataStore`."""

    def _init(self) -> None:
        self.create("orderBookL2", datastore_class=BitMEXBook)
        self._fold_book = self.orderbook.fold

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.get("table") == "orderBookL2":
            self._fold_book(msg["action"], msg["data"])

    @property
    def orderbook(self) -> BitMEXBook:
        """The order books."""
        return self.get("orderBookL2", BitMEXBook)


def bybit(lib: Any) -> Any:
    """Return Bybit's stores of a library."""
    return lib.BybitDataStore()


def bitmex(lib: Any) -> Any:
    """Return BitMEX's stores of a library; the peer's cap is raised, or it would evict rows of other symbols."""
    if lib is rxbotters:
        return BitMEXBooks()
    stores = THEIRS.BitMEXDataStore()
    stores.orderbook._MAXLEN = CAP
    return stores


def levels(book: Any, fields: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a book of either library as sorted tuples of ``fields``: instrument, side, price, size."""
    return sorted(tuple(row[field] for field in fields) for row in book.find())
