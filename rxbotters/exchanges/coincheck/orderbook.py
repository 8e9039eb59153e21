"""Coincheck's order book: a REST snapshot, then diffs, numbered or not.

Rules
  1. Nothing is shown before the snapshot. It is asked for as soon as the pair is subscribed: a quiet pair says nothing
     for a minute.
  2. Plain diffs have no number. The stream trails the REST book, by up to 4 seconds, and leaves nothing out: a diff may
     bring back a level that the snapshot no longer had, and its deletion follows.
  3. Numbered diffs, of the undocumented limit range channel, are kept: a snapshot is completed by what is younger.
  4. A crossed book is `Stale`. Crossed for 10 seconds by the exchange's own clock, it is asked for anew.

Source: coincheck.com/documents/exchange/api, "Order Book", "WebSocket" (2026); the live stream (2026-09).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, NamedTuple

from rxbotters.errors import ProtocolError
from rxbotters.stores import OrderBook
from rxbotters.stores.book import Level
from rxbotters.stores.ladder import Ladder
from rxbotters_operators.events import Live, Stale, Status

from .checks import sequence, text

__all__ = ["Orderbook"]

_HELD = 8000  # numbered diffs kept for the next snapshot
_PATIENCE = 10  # seconds a book may be crossed
_CROSSED = Stale("crossed: levels that are gone, or an auction")
_REFUSED = Stale("a diff was refused: wrong until the next snapshot")


class Change(NamedTuple):
    """What a message says of a book."""

    asks: list[Level]
    bids: list[Level]
    number: int | None
    stamp: Any


class _Pair:
    """What must be remembered of one pair."""

    __slots__ = ("changes", "crossed", "last", "plain", "ranged", "refused", "whole")

    def __init__(self) -> None:
        self.whole = False  # there was a snapshot
        self.ranged = False  # its diffs are numbered
        self.plain = True  # every rate of the book is written as the stream writes it
        self.last: int | None = None
        self.changes: list[Change] = []
        self.crossed: int | None = None  # since when, Unix time in seconds
        self.refused = False

    def keep(self, change: Change) -> None:
        """Remember a numbered diff, in order of number; almost always it is the youngest."""
        changes, number = self.changes, change.number or 0
        index = len(changes)
        while index and (changes[index - 1].number or 0) > number:
            index -= 1
        changes.insert(index, change)
        if len(changes) > _HELD:
            del changes[0]


class Orderbook(OrderBook):
    """Rows ``{pair, side: "asks" | "bids", rate, amount}``, the numbers as text.

    Attributes:
        last_update_at: What the last message of any pair said, Unix time in seconds as text; ``None`` before the first.
    """

    _KEYS: ClassVar[Sequence[str]] = ("pair", "side", "rate")
    _SIZE = "amount"

    def _init(self) -> None:
        self.last_update_at: Any = None
        self._pairs: dict[Any, _Pair] = {}

    @property
    def initialized(self) -> dict[Any, bool]:
        """Whether each pair has its snapshot."""
        return {pair: known.whole for pair, known in self._pairs.items()}

    def expect(self, pair: Any, *, ranged: bool) -> None:
        """Note by which channel a pair will come."""
        self._pair(pair).ranged = ranged

    def is_ranged(self, pair: Any) -> bool:
        """Whether the diffs of a pair are numbered."""
        return self._pair(pair).ranged

    def snapshot(self, pair: str, data: Mapping[str, Any]) -> None:
        """Take a REST answer, and what later diffs said of it.

        Raises:
            BadNumber, ProtocolError: Something in it is no number; nothing was applied.
        """
        asks, bids, number, stamp = _read(data)
        known = self._pair(pair)
        later: list[Change] = []
        if number is not None:
            later = [change for change in known.changes if change.number is not None and change.number > number]
        self.replace_levels(pair, _fold(asks, (it.asks for it in later)), _fold(bids, (it.bids for it in later)))
        if number is not None:
            known.changes = later
            known.last = later[-1].number if later else number
        known.whole, known.refused, known.crossed = True, False, None
        known.plain = all(_is_plain(rate) for ladder in self._levels.book(pair) for rate in ladder.prices)
        if stamp is not None:
            self.last_update_at = stamp
        self._asked.discard(pair)
        self._judge(pair, stamp)

    def diff(self, pair: str, data: Mapping[str, Any]) -> None:
        """Apply a diff; before the snapshot a numbered one is kept, and one without a number is in the snapshot already.

        Raises:
            BadNumber, ProtocolError: Something in it is no number; nothing was applied, and the book is asked for anew.
        """
        known = self._pairs.get(pair) or self._pair(pair)
        try:
            change = _read(data)
            stale = change.number is not None and known.last is not None and change.number <= known.last
            if stale or not known.whole:
                self._checked(change.asks)
                self._checked(change.bids)
            else:
                if not (known.plain and all(_is_plain(rate) for rate, _ in (*change.asks, *change.bids))):
                    asks, bids = self._levels.book(pair)
                    change = change._replace(asks=_same(asks, change.asks), bids=_same(bids, change.bids))
                    known.plain = False
                self.apply_levels(pair, change.asks, change.bids)
                known.last = known.last if change.number is None else change.number
        except Exception:
            known.refused = True
            if known.whole:
                self.mark(pair, _REFUSED)
                self._ask(pair)
            raise
        if change.number is not None:
            known.ranged = True
            known.keep(change)
        if not known.whole:
            self.await_snapshot(pair, self._group.feeding if self._group is not None else None)
        elif not stale:
            if change.stamp is not None:
                self.last_update_at = change.stamp
            self._judge(pair, change.stamp)

    def await_snapshot(self, symbol: Any, feed: Any = None) -> None:
        """Ask for the snapshot of a pair, once."""
        super().await_snapshot(symbol, feed)
        if not self._pair(symbol).whole and symbol not in self._asked and self._group is not None:
            self._asked.add(symbol)
            self._group.ask_for(self, symbol, feed)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a pair whose connection ended; only the channel it came by is remembered."""
        ranged = self._pair(symbol).ranged
        self._pairs[symbol] = _Pair()
        self._pairs[symbol].ranged = ranged
        self._asked.discard(symbol)
        super().lose(symbol, status)

    def _pair(self, pair: Any) -> _Pair:
        return self._pairs.setdefault(pair, _Pair())

    def _judge(self, pair: Any, stamp: Any) -> None:
        """Say whether the book can be right; ask for it anew if it has been crossed for too long."""
        known = self._pairs[pair]
        asks, bids = self._levels.book(pair)
        status: Status = Live()
        if known.refused:
            status = _REFUSED
        elif asks.prices and bids.prices and asks.ranks[0] <= bids.ranks[-1]:
            status = _CROSSED
            now = _seconds(stamp)
            known.crossed = known.crossed or now
            if now and known.crossed and now - known.crossed >= _PATIENCE:
                known.crossed = now
                self._ask(pair)
        else:
            known.crossed = None
        if self._instruments.get(pair) != status:
            self.mark(pair, status)


def _read(data: Mapping[str, Any]) -> Change:
    """Return what a message or a REST answer says; all its shapes are told by their fields.

    Raises:
        ProtocolError: It is none.
    """
    stamp = data.get("last_update_at")
    if "upper" not in data and "lower" not in data:
        return Change(_levels(data["asks"]), _levels(data["bids"]), sequence(data.get("sequence_number")), stamp)
    rows: list[Any] = []
    for part in ("upper", "lower"):
        some = data.get(part, [])
        if some.__class__ is not list:
            raise ProtocolError(f"{part} is no list", str(some))
        rows += some
    sides = [
        [(text(row["rate"]), text(row[field])) for row in rows if row.get(field) is not None]
        for field in ("ask_amount", "bid_amount")
    ]
    return Change(sides[0], sides[1], sequence(data.get("sequence_number")), stamp)


def _levels(value: Any) -> list[Level]:
    if value.__class__ is not list:
        raise ProtocolError("levels are no list", str(value))
    return [
        (rate if rate.__class__ is str else text(rate), amount if amount.__class__ is str else text(amount))
        for rate, amount in value
    ]


def _is_plain(rate: Any) -> bool:
    """Whether a rate is written as the stream does: a point, one digit behind it, no more zeros at the end than that."""
    return rate.__class__ is str and "." in rate and (rate[-1] != "0" or rate[-2:] == ".0")


def _same(ladder: Ladder, levels: list[Level]) -> list[Level]:
    """Return levels under the texts by which the book has them already: ``"100"`` and ``"100.0"`` are one rate."""
    known = ladder.levels
    return [(rate if rate in known else _known_text(ladder, rate), amount) for rate, amount in levels]


def _known_text(ladder: Ladder, rate: Any) -> Any:
    try:
        rank = Decimal(rate)
        index = bisect_left(ladder.ranks, rank)
    except (InvalidOperation, TypeError, ValueError):
        return rate  # is refused in a moment, with its name
    return ladder.prices[index] if index < len(ladder.ranks) and ladder.ranks[index] == rank else rate


def _fold(levels: list[Level], later: Iterable[list[Level]]) -> list[Level]:
    """Return the levels of one side once all later changes were made to them."""
    side = dict(levels)
    for changes in later:
        side.update(changes)
    return list(side.items())


def _seconds(stamp: Any) -> int:
    try:
        return int(stamp)
    except (TypeError, ValueError):
        return 0
