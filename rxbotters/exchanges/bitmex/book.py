"""BitMEX's order books: an image, then changes by id.

Rules
  1. Nothing is applied before the image of its instrument, nor from another table than the one that brought it: the 25
     best levels and the whole book are different books.
  2. A message is proved whole before any row of it is applied.
  3. Changes are not numbered. A change of a level that is not there shows that something was missed, and so does a book
     that stays crossed: then the instrument is emptied and its image asked for again. While it is crossed it is `Stale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, cast

from rxbotters.errors import BookMismatch, SequenceGap
from rxbotters.stores import OrderBook, Row
from rxbotters.stores.query import Side, split_sorted
from rxbotters.stores.row import CONTAINERS, merge
from rxbotters_operators.events import Live, Stale, Status

from .levels import IdRows
from .plan import Plan, gone

__all__ = ["Book"]

_INF = float("inf")
_CROSSED_FOR = 100  # messages a book may stay crossed


class Book(OrderBook):
    """Rows ``{symbol, id, side: "Sell" | "Buy", size, price, …}`` as the exchange sends them, known by symbol, id, side.

    Attributes:
        tables: Instrument → the table its image came from, ``orderBookL2`` or ``orderBookL2_25``.
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "side", "price")  # how the levels are kept
    _SIDES: ClassVar[tuple[str, str]] = ("Sell", "Buy")

    def _make_rows(self) -> Any:
        self._by_id = IdRows(self._levels, *self._SIDES)
        return self._by_id

    def _init(self) -> None:
        self._keys = ("symbol", "id", "side")  # how the rows are known
        self._key_of = itemgetter(*self._keys)
        self.tables: dict[Any, str] = {}
        self._synced: dict[Any, str] = {}
        self._crossed: dict[Any, int] = {}
        self._whole: dict[str, Any] = {}  # tables followed for every instrument, and by which connection

    # ------------------------------------------------------------------ messages

    def image(self, table: str, data: Sequence[Mapping[str, Any]], where: Mapping[str, Any] | None) -> None:
        """Take the image of a table: of the instrument that its filter ``where`` names, else of all that it follows.

        Without a filter (``None``) instruments that have no row in ``data`` stay as they are, unless none has.
        """
        one = where.get("symbol") if where else None
        if one is not None:
            symbols: Iterable[Any] = (one,)
        else:
            symbols = [name for name, known in self.tables.items() if known == table] if not data or where == {} else ()
        plans = self._images(data, symbols)
        if one is None:
            self._whole[table] = self._group.feeding if self._group is not None else None
        for symbol, plan in plans.items():
            self._replace(symbol, plan)
            self.tables[symbol] = self._synced[symbol] = table
            self._asked.discard(symbol)
            self._crossed.pop(symbol, None)
            self.mark(symbol, Live())
            self._mind_crossing(symbol)
        self._settle()

    def answer(self, data: Sequence[Mapping[str, Any]], symbol: Any) -> None:
        """Take a REST answer for an instrument that no stream feeds; it makes no book `Live`, for nobody keeps it so."""
        plans = self._images(data, () if symbol is None else (symbol,))
        for name, plan in plans.items():
            if name not in self._synced:
                self._replace(name, plan)
        self._settle()

    def change(self, table: str, action: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Apply an ``insert``, ``update`` or ``delete``."""
        if action == "update" and not self._watched and self._resize(table, data):
            return
        plans: dict[Any, Plan | None] = {}
        for row in data:
            symbol = row["symbol"]
            if self._synced.get(symbol) != table and not self._begins(symbol, table):
                continue
            plan = plans.get(symbol)
            if plan is None:
                if symbol in plans:
                    continue
                plan = plans[symbol] = Plan(self.name)
            if not plan.add(action, row, self._by_id.book(symbol), self._MAXLEN):
                plans[symbol] = None
        for symbol, plan in plans.items():
            if plan is None:
                self._doubt(symbol, SequenceGap(self.name, symbol, "a level that is there", f"an {action} of another"))
                continue
            if symbol not in self._synced:
                self.tables[symbol] = self._synced[symbol] = table
                self.mark(symbol, Live())
            self._apply(symbol, plan, None)
            self._mind_crossing(symbol)
        self._settle()

    def _begins(self, symbol: Any, table: str) -> bool:
        """Whether an instrument is new in a table that is followed as a whole."""
        return table in self._whole and symbol not in self.tables

    def _resize(self, table: str, data: Sequence[Mapping[str, Any]]) -> bool:
        """Change the sizes of levels that are there, the most frequent message of all; return whether it was one."""
        found: dict[tuple[Any, bool, Any], tuple[dict[Any, Any], Row]] = {}
        synced, book_of = self._synced, self._by_id.book
        for row in data:
            symbol, side = row["symbol"], row["side"]
            size: Any = row.get("size")
            kind = size.__class__
            if synced.get(symbol) != table or not (kind is int or kind is float) or not 0 < size < _INF:
                return False
            is_bid = bool(side == "Buy")
            ladder, prices = book_of(symbol)[is_bid]
            number = row["id"]
            price = prices.get(number)
            known = ladder.levels.get(price)
            if known is None or known["id"] != number or known["side"] != side:
                return False
            for value in row.values():
                if value.__class__ in CONTAINERS:
                    return False
            level = Row(known)
            merge(level, row)
            if level["price"] != price:
                return False
            if level != known:
                found[symbol, is_bid, price] = ladder.levels, level
        if len(found) < len(data):
            return False  # the same level twice, or nothing new
        for (_, _, price), (levels, level) in found.items():
            levels[price] = level
        self._version += len(found)  # pyright: ignore[reportUnknownMemberType]
        self._settle()
        return True

    def _images(self, data: Sequence[Mapping[str, Any]], symbols: Iterable[Any]) -> dict[Any, Plan]:
        plans = {symbol: Plan(self.name) for symbol in symbols}
        for row in data:
            symbol = row["symbol"]
            plan = plans.get(symbol)
            if plan is None:
                plan = plans[symbol] = Plan(self.name)
            plan.put(row)
        return plans

    # ------------------------------------------------------------------ applying

    def _replace(self, symbol: Any, plan: Plan) -> None:
        self._by_id.forget(symbol)
        book = self._by_id.book(symbol)
        for place, changes in zip(book, (plan.asks, plan.bids), strict=True):
            kept = {price for price, _, number in changes if number}
            changes[:0] = [gone(price) for price in place.ladder.prices if price not in kept]
        self._apply(symbol, plan, "snapshot")

    def _apply(self, symbol: Any, plan: Plan, reason: str | None) -> None:
        asks, bids = self._by_id.book(symbol)
        for is_bid, number, price in plan.ids:
            prices = (bids if is_bid else asks).prices
            if price is None:
                prices.pop(number, None)
            else:
                prices[number] = price
        if plan.asks:
            self._fold_side(symbol, "Sell", asks.ladder, cast(Any, plan.asks), reason)
        if plan.bids:
            self._fold_side(symbol, "Buy", bids.ladder, cast(Any, plan.bids), reason)

    def _tell(self, operation: Any, source: Any, data: Row, key: Any, before: Row | None, reason: str | None) -> None:
        super()._tell(operation, None, data, (data["symbol"], data["id"], data["side"]), before, reason)

    # ------------------------------------------------------------------ doubt

    def _mind_crossing(self, symbol: Any) -> None:
        """Distrust a book while it is crossed; if it stays so, ask for its image."""
        asks, bids = self._levels.book(symbol)
        if asks.prices and bids.prices and asks.prices[0] <= bids.prices[-1]:
            times = self._crossed[symbol] = self._crossed.get(symbol, 0) + 1
            words = f"crossed: ask {asks.prices[0]} at or below bid {bids.prices[-1]}"
            if times > _CROSSED_FOR:
                self._doubt(symbol, BookMismatch(self.name, symbol, words))
            elif times == 1:
                self.mark(symbol, Stale(words))
        elif self._crossed and self._crossed.pop(symbol, None) is not None:
            self.mark(symbol, Live())

    def _doubt(self, symbol: Any, error: SequenceGap | BookMismatch) -> None:
        self.lose(symbol, Stale(error.what))
        self._report(error)
        self._ask(symbol)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty a book that nothing keeps true any more."""
        self._by_id.forget(symbol)
        self._synced.pop(symbol, None)
        self._crossed.pop(symbol, None)
        self._asked.discard(symbol)
        super().lose(symbol, status)

    def _lost(self, feed: Any, status: Stale) -> None:
        self._whole = {
            table: source for table, source in self._whole.items() if source is not feed and feed is not None
        }
        super()._lost(feed, status)

    def unsubscribed(self, table: str, symbol: str) -> None:
        """Note that nothing more will come: of one instrument, or of all that a table fed."""
        if not symbol:
            self._whole.pop(table, None)
        gone = [name for name, known in self._synced.items() if known == table and symbol in ("", name)]
        for name in gone:
            self.lose(name, Stale("unsubscribed"))

    # ------------------------------------------------------------------ reading

    def sorted(self, query: Mapping[str, Any] | None = None, limit: int | None = None) -> Side:
        """Return ``{"Sell": …, "Buy": …}``, each side best first; arguments as `OrderBook.sorted`."""
        if limit is not None and limit < 0:
            raise ValueError(f"limit must not be negative, got {limit}")
        books = self._levels.books
        only = query.get("symbol") if query and len(query) == 1 else next(iter(books)) if len(books) == 1 else None
        if only is not None and (not query or "symbol" in query):
            asks, bids = self._levels.rows(only, limit)
            return {"Sell": asks, "Buy": bids}
        return split_sorted(self.find(query), "side", "Sell", "Buy", "price", limit)
