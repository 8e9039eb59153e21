"""`OrderBook`: price levels per instrument and side, kept sorted, best price in constant time.

Rules
  1. A message is checked whole before any level of it is applied: no half-applied book.
  2. Sizes are absolute; zero removes the level.
  3. The cap holds per instrument and side and drops the levels farthest from the touch, so one busy instrument
     never empties another, and the best price is never what goes.
  4. A book without its snapshot, or without its connection, says so in its status.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from rxbotters_operators.events import Live, Operation, Stale, Status, Syncing
from rxbotters_operators.hot import Hot

from .ladder import Ladder
from .levels import LevelMap
from .proofs import culprit, plain
from .query import Side, matching, split_sorted
from .row import Row
from .store import DataStore, Item

__all__ = ["Best", "Depth", "Level", "Levels", "OrderBook", "Price"]

Level = tuple[Any, Any]
"""Price and absolute size, as the exchange writes them."""
Levels = Iterable[Sequence[Any]]
"""Levels, each with what ``_EXTRAS`` names behind price and size."""
UNSUBSCRIBED = Stale("unsubscribed")
_Checked = tuple[Any, Any, float]  # price, what the ladder holds, size as a float


class Best(NamedTuple):
    """The touch of a book: the lowest ask and the highest bid, ``None`` where a side is empty."""

    ask: Row | None
    bid: Row | None


class Price(NamedTuple):
    """One level of a book: price and size as the exchange writes them, numbers or decimal text."""

    price: Any
    size: Any


class Depth(NamedTuple):
    """Both sides of a book, best price first, whatever its fields are called."""

    asks: list[Price]
    bids: list[Price]


class OrderBook(DataStore):
    """The book of one or many instruments.

    A subclass names its fields: ``_KEYS`` = (instrument, side, price), ``_SIZE``, the two side names in ``_SIDES``
    (asks first), and in ``_EXTRAS`` what follows price and size in a level (a number of orders, for example).
    Where it takes several fields to name an instrument (a market and a symbol), they all stand before the side, and an
    instrument is the tuple of their values.
    ``_MAXLEN`` is the number of levels kept per instrument and side.

    Example:
        >>> book = OrderBook()
        >>> book.apply_levels("BTC_JPY", asks=[(101.0, 1.0), (102.0, 2.0)], bids=[(99.0, 3.0)])
        >>> book.best("BTC_JPY").ask
        {'symbol': 'BTC_JPY', 'side': 'asks', 'price': 101.0, 'size': 1.0}
        >>> book.sorted({"symbol": "BTC_JPY"}, limit=1)["bids"]
        [{'symbol': 'BTC_JPY', 'side': 'bids', 'price': 99.0, 'size': 3.0}]
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "side", "price")
    _SIZE: ClassVar[str] = "size"
    _EXTRAS: ClassVar[Sequence[str]] = ()
    _SIDES: ClassVar[tuple[str, str]] = ("asks", "bids")
    _RESIZED: ClassVar[Operation] = "update"
    """What a change of a level that stands is told as."""

    def __init__(self, name: str | None = None, keys: Sequence[str] | None = None, *args: Any, **kwargs: Any) -> None:
        symbol, *more, side, price = keys or self._KEYS
        parts = (symbol, *more) if more else ()
        self._levels = LevelMap((symbol, side, price, self._SIZE), *self._SIDES, extras=self._EXTRAS, parts=parts)
        self.instrument_statuses: Hot[tuple[Any, Status]] = Hot("instrument statuses", on_fault=self._report)
        self._instruments: dict[Any, Status] = {}
        self._sources: dict[Any, Any] = {}  # instrument → the connection that feeds it
        self._doubted: dict[Any, Status] = {}  # instrument → what it is once the doubt is gone
        self._suspects: dict[Any, Stale] = {}  # connections whose words are doubted (``None``: all) → why
        self._asked: set[Any] = set()
        self._left: set[Any] = set()  # instruments whose subscription was ended
        super().__init__(name, (symbol, *more, side, price), *args, **kwargs)

    def _make_rows(self) -> LevelMap:
        return self._levels

    # ------------------------------------------------------------------ folding

    def apply_levels(self, symbol: Any, asks: Levels, bids: Levels, *, reason: str | None = None) -> None:
        """Set levels: (price, absolute size); size zero removes the level.

        Raises:
            BadNumber: A price or size is NaN, infinite, negative or no number; nothing was applied.
        """
        new_asks, new_bids = self._checked(asks), self._checked(bids)
        if symbol in self._left:
            return
        ask_ladder, bid_ladder = self._levels.book(symbol)
        ask, bid = self._SIDES
        self._fold_side(symbol, ask, ask_ladder, new_asks, reason)
        self._fold_side(symbol, bid, bid_ladder, new_bids, reason)
        self._settle()

    def replace_levels(self, symbol: Any, asks: Levels, bids: Levels, *, reason: str | None = "snapshot") -> None:
        """Make the book of ``symbol`` exactly this snapshot; only what differs is told as a change.

        Raises:
            BadNumber: As `apply_levels`; the old book stands.
        """
        checked = self._checked(asks), self._checked(bids)
        if symbol in self._left:
            return
        for side, ladder, levels in zip(self._SIDES, self._levels.book(symbol), checked, strict=True):
            kept = {price for price, _, number in levels if number}
            gone = [price for price in ladder.prices if price not in kept]
            self._fold_side(symbol, side, ladder, [*_removals(gone), *levels], reason)
        self._settle()

    def drop_instrument(self, symbol: Any, *, reason: str | None = "clear") -> None:
        """Remove every level of an instrument."""
        for side, ladder in zip(self._SIDES, self._levels.book(symbol), strict=True):
            self._fold_side(symbol, side, ladder, _removals(list(ladder.prices)), reason)
        self._settle()

    def uncross(self, symbol: Any, mid: Any, *, reason: str | None = "uncross") -> None:
        """Remove bids above ``mid`` and asks at or below it: an exchange that gives the mid price knows better."""
        asks, bids = self._levels.book(symbol)
        ask, bid = self._SIDES
        low = bisect_right(asks.prices, mid)
        high = bisect_right(bids.prices, mid)
        if low:
            self._fold_side(symbol, ask, asks, _removals(asks.prices[:low]), reason)
        if high < len(bids.prices):
            self._fold_side(symbol, bid, bids, _removals(bids.prices[high:]), reason)
        self._settle()

    def _checked(self, levels: Iterable[Any]) -> list[_Checked]:
        """Return (price, value, size as float) of each level, once all are proved to be finite and not negative; the
        value is the size, or the tuple of size and extras."""
        pairs = levels if isinstance(levels, list) else list(levels)
        if not pairs:
            return []
        try:
            if self._EXTRAS:
                checked = [(price, (size, *map(plain, extras)), float(size)) for price, size, *extras in pairs]
                numbers = [float(price) for price, _, _ in checked]
            else:
                checked = [(price, size, float(size)) for price, size in pairs]
                numbers = [float(price) for price, _ in pairs]
            numbers += [number for _, _, number in checked]
            total = sum(numbers)
            if min(numbers) >= 0 and total - total == 0:
                return checked
        except (TypeError, ValueError, OverflowError):
            pass
        raise culprit(self.name, pairs)

    def _fold_side(self, symbol: Any, side: str, ladder: Ladder, levels: list[_Checked], reason: str | None) -> None:
        current = ladder.levels
        if self._watched:
            self._fold_watched(symbol, side, ladder, levels, reason)
        else:
            changed = 0
            for price, size, number in levels:
                if number:
                    if price not in current:
                        ladder.open(price)
                    elif current[price] == size:
                        continue
                    current[price] = size
                    changed += 1
                elif price in current:
                    ladder.drop(price)
                    changed += 1
            self._version += changed
        if len(ladder.prices) > self._MAXLEN:
            self._cut(symbol, side, ladder)

    def _fold_watched(self, symbol: Any, side: str, ladder: Ladder, levels: list[_Checked], reason: str | None) -> None:
        current, row = ladder.levels, self._levels.row
        names = symbol if self._levels.parts else (symbol,)
        for price, size, number in levels:
            old = current.get(price)
            if number:
                before = None if old is None else row(symbol, side, price, old)
                if before is None:
                    ladder.open(price)
                elif old == size:
                    continue
                current[price] = size
                self._version += 1
                operation = "insert" if before is None else self._RESIZED
                self._tell(operation, None, row(symbol, side, price, size), (*names, side, price), before, reason)
            elif old is not None:
                before = row(symbol, side, price, old)
                ladder.drop(price)
                self._version += 1
                self._tell("delete", row(symbol, side, price, size), before, (*names, side, price), before, reason)

    def _cut(self, symbol: Any, side: str, ladder: Ladder) -> None:
        """Drop the levels beyond the cap, farthest from the touch."""
        excess = len(ladder.prices) - self._MAXLEN
        far = ladder.prices[-excess:] if side == self._SIDES[0] else ladder.prices[:excess]
        self._fold_side(symbol, side, ladder, _removals(far), "evict")

    def _settle(self) -> None:
        if self._levels.touched:
            self._trim()
        if self._told or self._waiters or (self._group is not None and self._group.feeding is not self._fed_by):
            self._announce()

    def _trim(self) -> None:
        touched = self._levels.touched
        while touched:
            symbol = touched.pop()
            for side, ladder in zip(self._SIDES, self._levels.book(symbol), strict=True):
                if len(ladder.prices) > self._MAXLEN:
                    self._cut(symbol, side, ladder)

    # ------------------------------------------------------------------ reading

    def best(self, symbol: Any) -> Best:
        """Return the touch, in constant time."""
        asks, bids = self._levels.rows(symbol, 1)
        return Best(asks[0] if asks else None, bids[0] if bids else None)

    def depth(self, symbol: Any, limit: int | None = None) -> Depth:
        """Return price and size of each level, best first: the same for every exchange.

        Args:
            symbol: The instrument.
            limit: Levels per side; ``None`` for all.
        """
        asks, bids = self._levels.book(symbol) if symbol in self._levels.books else (Ladder(), Ladder())
        size = self._levels.size_of
        return Depth(
            [Price(price, size(asks.levels[price])) for price in asks.prices[:limit]],
            [Price(price, size(bids.levels[price])) for price in bids.prices[::-1][:limit]],
        )

    def sorted(self, query: Item | None = None, limit: int | None = None) -> Side:
        """Return asks from the lowest and bids from the highest price, best first.

        Args:
            query: Fields the rows must have; usually the instrument.
            limit: Levels per side; ``None`` for all.

        Raises:
            ValueError: ``limit`` is negative.
        """
        if limit is not None and limit < 0:
            raise ValueError(f"limit must not be negative, got {limit}")
        ask, bid = self._SIDES
        *names, side_field, price_field = self._keys
        books = self._levels.books
        if query is not None and len(query) == len(names) and self._names_one(query):
            asks, bids = self._levels.rows(self._instrument(query), limit)
            return {ask: asks, bid: bids}
        if not query and len(books) == 1:
            asks, bids = self._levels.rows(next(iter(books)), limit)
            return {ask: asks, bid: bids}
        return split_sorted(self.find(query), side_field, ask, bid, price_field, limit)

    def find(self, query: Item | None = None) -> list[Row]:
        """Return the rows that match ``query``: instrument by instrument, asks before bids, best price first."""
        if query and self._names_one(query) and not self._shortcut(query):
            asks, bids = self._levels.rows(self._instrument(query))
            return matching([*asks, *bids], query) if len(query) > len(self._keys) - 2 else [*asks, *bids]
        if not query:
            return [row for symbol in self._levels.books for side in self._levels.rows(symbol) for row in side]
        return super().find(query)

    def _names_one(self, query: Item) -> bool:
        """Whether a query says which instrument is meant."""
        return all(field in query for field in self._keys[:-2])

    def _instrument(self, query: Item) -> Any:
        """Return the instrument that a query names."""
        parts = self._levels.parts
        return tuple(query[part] for part in parts) if parts else query[self._keys[0]]

    # ------------------------------------------------------------------ status

    def status_of(self, symbol: Any) -> Status:
        """Return whether the book of one instrument is to be trusted; `Syncing` if nothing is known of it."""
        return self._instruments.get(symbol, Syncing())

    def mark(self, symbol: Any, status: Status) -> None:
        """Set the status of an instrument; the status of the store is the worst of them."""
        if symbol in self._left and status != UNSUBSCRIBED:
            return
        if isinstance(status, Live) and self._group is not None and self._group.feeding is not None:
            self._sources[symbol] = self._group.feeding
        doubt = self._doubt_about(symbol) if self._suspects and isinstance(status, Live) else None
        if doubt is not None:
            self._doubted[symbol] = status  # a snapshot proves no life: it may be as old as the rest
            status = doubt
        else:
            self._doubted.pop(symbol, None)
        if self._instruments.get(symbol) == status:
            return
        self._instruments[symbol] = status
        worst: Status = Live()
        for name, known in self._instruments.items():
            if name in self._left:
                continue
            if isinstance(known, Stale):
                worst = known
                break
            if isinstance(known, Syncing):
                worst = known
        self._set_status(worst)
        self.instrument_statuses.emit((symbol, status))

    def await_snapshot(self, symbol: Any, feed: Any = None) -> None:
        """Note that ``feed`` will bring the snapshot of an instrument."""
        if not isinstance(self._instruments.get(symbol), Live):
            self._sources[symbol] = feed
            self.mark(symbol, Syncing())

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of an instrument whose feed ended: nobody knows what it missed."""
        self._doubted.pop(symbol, None)
        self.mark(symbol, status)  # first: who hears of the rows that go must not be told that they went `Live`
        self.drop_instrument(symbol, reason="resync")

    def let_go(self, symbol: Any) -> None:
        """Let go of an instrument whose subscription was ended: its book is empty and `Stale`, and the store is as live as the
        others are. What is still under way of it changes nothing, until it is subscribed again."""
        self._left.add(symbol)
        self._asked.discard(symbol)
        self.lose(symbol, UNSUBSCRIBED)

    def take_up(self, symbol: Any, feed: Any = None) -> None:
        """Note that an instrument is subscribed again."""
        if symbol in self._left:
            self._left.discard(symbol)
            self.await_snapshot(symbol, feed)

    def _ask(self, symbol: Any) -> None:
        """Ask, once, for a snapshot of an instrument."""
        if symbol not in self._left and symbol not in self._asked and self._group is not None:
            self._asked.add(symbol)
            feed = self._group.feeding if self._group.feeding is not None else self._sources.get(symbol)
            self._group.ask_for(self, symbol, feed)

    def forget_ask(self, symbol: Any) -> None:
        """Note that nobody is fetching the snapshot of an instrument any more."""
        self._asked.discard(symbol)

    def wants(self, symbol: Any) -> bool:
        """Whether a snapshot of an instrument was asked for and has not come."""
        return symbol in self._asked

    def _fed_from(self, feed: Any) -> list[Any]:
        """Return the instruments a connection feeds; without a connection, all."""
        return [symbol for symbol in self._instruments if feed is None or self._sources.get(symbol, feed) is feed]

    def is_synced(self, symbol: Any) -> bool:
        """Whether the book of an instrument is complete and followed, be its connection in doubt or not."""
        return isinstance(self._doubted.get(symbol, self._instruments.get(symbol)), Live)

    def _doubt_about(self, symbol: Any) -> Stale | None:
        """Return why the connection that feeds an instrument is in doubt; ``None``: it is not."""
        return self._suspects.get(self._sources.get(symbol)) or self._suspects.get(None)

    def _lost(self, feed: Any, status: Stale) -> None:
        self._believe(feed)
        for symbol in self._fed_from(feed):
            self.lose(symbol, status)

    def _resumed(self, feed: Any) -> None:
        """The snapshot, not the connection, makes a book `Live`."""

    def _suspected(self, feed: Any, status: Stale) -> None:
        self._suspects.setdefault(feed, status)
        for symbol in self._fed_from(feed):
            if isinstance(self._instruments[symbol], Live):
                self.mark(symbol, status)
                self._doubted[symbol] = Live()

    def _believe(self, feed: Any) -> None:
        self._suspects = {} if feed is None else {one: why for one, why in self._suspects.items() if one is not feed}

    def _cleared(self, feed: Any) -> None:
        self._believe(feed)
        for symbol in self._fed_from(feed):
            status = self._doubted.pop(symbol, None)
            if status is not None:
                self.mark(symbol, status)

    @property
    def was_fed(self) -> bool:
        """Whether any instrument was ever subscribed."""
        return bool(self._instruments)

    @property
    def instruments(self) -> dict[Any, Status]:
        """The status of every instrument that was subscribed."""
        return dict(self._instruments)


def _removals(prices: Iterable[Any]) -> list[_Checked]:
    return [(price, 0, 0.0) for price in prices]
