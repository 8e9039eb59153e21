"""The rows of a book as a mapping, so that everything a `DataStore` can do, a book can do too."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from .ladder import Ladder
from .row import Row

__all__ = ["LevelMap"]

Key = tuple[Any, ...]


class LevelMap(MutableMapping[Any, Row]):
    """(instrument, side, price) → row, over one `Ladder` for each instrument and side.

    Iteration goes instrument by instrument, asks before bids, best price first. A ladder holds for each price the size;
    the tuple of size and extras where levels have those; or a whole row that has other fields.

    An instrument that several fields name, ``parts``, is the tuple of their values; in keys they stand one by one.
    """

    __slots__ = ("_asks", "_bids", "_extras", "_fields", "books", "parts", "touched")

    def __init__(
        self,
        fields: tuple[str, str, str, str],
        asks: str,
        bids: str,
        *,
        extras: Sequence[str] = (),
        parts: Sequence[str] = (),
    ) -> None:
        self._fields = fields
        self.parts = tuple(parts)
        self._extras = tuple(extras)
        self._asks = asks
        self._bids = bids
        self.books: dict[Any, tuple[Ladder, Ladder]] = {}
        self.touched: set[Any] = set()  # instruments that rows, not levels, were put into

    def book(self, symbol: Any) -> tuple[Ladder, Ladder]:
        """Return (asks, bids) of an instrument, made empty if there was none."""
        book = self.books.get(symbol)
        if book is None:
            book = self.books[symbol] = (Ladder(), Ladder())
        return book

    def side(self, symbol: Any, side: Any) -> Ladder | None:
        """Return one side, ``None`` if the instrument or the side is unknown."""
        book = self.books.get(symbol)
        if book is None:
            return None
        return book[0] if side == self._asks else book[1] if side == self._bids else None

    def row(self, symbol: Any, side: Any, price: Any, value: Any) -> Row:
        """Return the row of a level."""
        if value.__class__ is Row:
            return value  # type: ignore[no-any-return, unused-ignore]
        symbol_field, side_field, price_field, size_field = self._fields
        if self.parts:
            sizes = value if value.__class__ is tuple else (value,)
            named = zip(self.parts, symbol, strict=True)
            return Row(
                {
                    **dict(named),
                    side_field: side,
                    price_field: price,
                    **dict(zip((size_field, *self._extras), sizes, strict=False)),
                }
            )
        if value.__class__ is tuple:
            fields = dict(zip((size_field, *self._extras), value, strict=False))
            return Row({symbol_field: symbol, side_field: side, price_field: price, **fields})
        return Row({symbol_field: symbol, side_field: side, price_field: price, size_field: value})

    def size_of(self, value: Any) -> Any:
        """Return the size of a level."""
        if value.__class__ is tuple:
            return value[0]
        return value[self._fields[3]] if value.__class__ is Row else value

    def rows(self, symbol: Any, limit: int | None = None) -> tuple[list[Row], list[Row]]:
        """Return (asks, bids) of an instrument, best first, at most ``limit`` a side."""
        book = self.books.get(symbol)
        if book is None:
            return [], []
        asks, bids = book
        row, ask, bid = self.row, self._asks, self._bids
        ask_prices = asks.prices if limit is None else asks.prices[:limit]
        bid_prices = bids.prices[::-1] if limit is None else bids.prices[: -limit - 1 : -1]
        ask_levels, bid_levels = asks.levels, bids.levels
        return (
            [row(symbol, ask, price, ask_levels[price]) for price in ask_prices],
            [row(symbol, bid, price, bid_levels[price]) for price in bid_prices],
        )

    def _split(self, key: Key) -> tuple[Any, Any, Any]:
        """Return instrument, side and price of a key."""
        if self.parts:
            *names, side, price = key
            return tuple(names), side, price
        symbol, side, price = key
        return symbol, side, price

    def __getitem__(self, key: Key) -> Row:
        symbol, side, price = self._split(key)
        ladder = self.side(symbol, side)
        if ladder is None:
            raise KeyError(key)
        return self.row(symbol, side, price, ladder.levels[price])

    def __setitem__(self, key: Key, row: Row) -> None:
        symbol, side, price = self._split(key)
        asks, bids = self.book(symbol)
        if side == self._asks:
            ladder = asks
        elif side == self._bids:
            ladder = bids
        else:
            raise ValueError(f"a book has the sides {self._asks!r} and {self._bids!r}, not {side!r}")
        size_field = self._fields[3]
        self.touched.add(symbol)
        plain = len(row) == (len(self.parts) or 1) + 3 and size_field in row
        ladder.put(price, row[size_field] if plain else row)

    def __delitem__(self, key: Key) -> None:
        symbol, side, price = self._split(key)
        ladder = self.side(symbol, side)
        if ladder is None:
            raise KeyError(key)
        ladder.drop(price)

    def __iter__(self) -> Iterator[Key]:
        for symbol, (asks, bids) in self.books.items():
            names = symbol if self.parts else (symbol,)
            for price in asks.prices:
                yield (*names, self._asks, price)
            for price in reversed(bids.prices):
                yield (*names, self._bids, price)

    def __len__(self) -> int:
        return sum(len(asks.prices) + len(bids.prices) for asks, bids in self.books.values())
