"""The rows of BitMEX's order books under their own key: instrument, id and side."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, NamedTuple

from rxbotters.stores.ladder import Ladder
from rxbotters.stores.levels import LevelMap
from rxbotters.stores.row import Row

__all__ = ["IdRows", "Place"]

Key = tuple[Any, Any, Any]


class Place(NamedTuple):
    """One side of one book: its levels by price, and the price of each id.

    An id counts only if the level at its price still holds it: levels go in many ways, and ids need not follow.
    """

    ladder: Ladder
    prices: dict[Any, Any]

    def row(self, number: Any) -> Row | None:
        """Return the row of an id."""
        row = self.ladder.levels.get(self.prices.get(number))
        return row if row is not None and row["id"] == number else None


class IdRows(MutableMapping[Any, Row]):
    """(instrument, id, side) → row, over the price levels of the books; a level holds its whole row."""

    def __init__(self, levels: LevelMap, asks: str, bids: str) -> None:
        self._levels = levels
        self._sides = {asks: 0, bids: 1}
        self._books: dict[Any, tuple[Place, Place]] = {}

    def book(self, symbol: Any) -> tuple[Place, Place]:
        """Return asks and bids of an instrument, made empty if there were none."""
        book = self._books.get(symbol)
        if book is None:
            asks, bids = self._levels.book(symbol)
            book = self._books[symbol] = (Place(asks, {}), Place(bids, {}))
        return book

    def forget(self, symbol: Any) -> None:
        """Forget the ids of an instrument."""
        self._books.pop(symbol, None)

    def _place(self, symbol: Any, side: Any) -> Place | None:
        index = self._sides.get(side)
        return None if index is None or symbol not in self._levels.books else self.book(symbol)[index]

    def __getitem__(self, key: Key) -> Row:
        symbol, number, side = key
        place = self._place(symbol, side)
        row = place.row(number) if place is not None else None
        if row is None:
            raise KeyError(key)
        return row

    def __setitem__(self, key: Key, row: Row) -> None:
        symbol, number, side = key
        price = row["price"]
        known = self.get(key)
        if known is not None and known["price"] != price:
            del self[key]
        self._levels[symbol, side, price] = row
        self.book(symbol)[self._sides[side]].prices[number] = price

    def __delitem__(self, key: Key) -> None:
        symbol, number, side = key
        del self._levels[symbol, side, self[key]["price"]]
        self.book(symbol)[self._sides[side]].prices.pop(number, None)

    def __iter__(self) -> Iterator[Key]:
        for row in self._levels.values():
            yield row["symbol"], row["id"], row["side"]

    def __len__(self) -> int:
        return len(self._levels)
