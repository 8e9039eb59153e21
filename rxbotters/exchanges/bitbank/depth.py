"""bitbank's order book: a whole book now and then, numbered diffs in between.

Rules
  1. Nothing is shown before the first whole book: the diffs that come earlier wait for it.
  2. One counter numbers the diffs of all pairs. It grows and is never consecutive, so that a gap cannot be seen; the
     whole book that comes every 15 seconds repairs what there is to repair.
  3. A whole book may be older than the diffs that came before it: those are applied to it once more.
  4. A whole book that comes behind a younger one is shown and `Stale`: the diffs between the two are forgotten.
  5. A book is crossed in an auction only. Elsewhere a crossed book is `Stale` for as long as it is.

Source: bitbankinc/bitbank-api-docs, ``public-stream.md``, "Depth Diff" and "Depth Whole" (2025-12-25); the live stream
(2026-09).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import OrderBook
from rxbotters.stores.book import Level
from rxbotters_operators.events import Live, Stale, Status

__all__ = ["Depth"]

_HELD = 8000  # diffs kept for the next whole book
_CROSSED = Stale("crossed: an auction (join circuit_break_info of the pair to know), or a level that is gone")
_REFUSED = Stale("a diff was refused: wrong until the next whole book")
_BEHIND = Stale("a whole book came behind a younger one: wrong until the next")


class _Diff:
    """One numbered change."""

    __slots__ = ("asks", "bids", "number")

    def __init__(self, number: int, asks: list[Level], bids: list[Level]) -> None:
        self.number = number
        self.asks = asks
        self.bids = bids


class _Pair:
    """What must be remembered of one pair: the last number applied, that of the youngest whole book, whether an older one
    came behind it, the diffs since the last, and the number of one that could not be read (0 if that was what could not).
    """

    __slots__ = ("diffs", "is_behind", "last", "refused", "whole")

    def __init__(self) -> None:
        self.last: int | None = None
        self.whole = 0
        self.is_behind = False
        self.refused: int | None = None
        self.diffs: list[_Diff] = []

    def keep(self, diff: _Diff) -> None:
        """Remember a diff, in order of number; almost always it is the youngest."""
        diffs = self.diffs
        index = len(diffs)
        while index and diffs[index - 1].number > diff.number:
            index -= 1
        diffs.insert(index, diff)
        if len(diffs) > _HELD:
            del diffs[0]


class Depth(OrderBook):
    """Rows ``{pair, side: "asks" | "bids", price, amount}``, the numbers as the text the exchange sent.

    Attributes:
        timestamp: When the last message of any pair was made, Unix time in milliseconds; ``None`` before the first.
    """

    _KEYS: ClassVar[Sequence[str]] = ("pair", "side", "price")
    _SIZE = "amount"

    def _init(self) -> None:
        self.timestamp: int | None = None
        self._pairs: dict[Any, _Pair] = {}
        self._auctions: set[Any] = set()

    def whole(self, pair: str, data: Mapping[str, Any]) -> None:
        """Take a whole book, and what later diffs said of it.

        Raises:
            BadNumber, ProtocolError: Something in it is no number; nothing was applied.
        """
        number, stamp = _number(data["sequenceId"]), data["timestamp"]
        asks, bids = _levels(data["asks"]), _levels(data["bids"])
        known = self._pair(pair)
        later = [diff for diff in known.diffs if diff.number > number]
        self.replace_levels(
            pair, _fold(asks, (diff.asks for diff in later)), _fold(bids, (diff.bids for diff in later))
        )
        known.diffs, known.is_behind, known.whole = later, number < known.whole, max(number, known.whole)
        if known.refused is not None and known.refused <= number:
            known.refused = None
        known.last = later[-1].number if later else number
        self.timestamp = stamp
        self._judge(pair)

    def diff(self, pair: str, data: Mapping[str, Any]) -> None:
        """Apply a diff, or let it wait for the first whole book; one that is older than the book changes nothing yet.

        Raises:
            BadNumber, ProtocolError: Something in it is no number; nothing was applied, and the book says so.
        """
        known = self._pairs.get(pair) or self._pair(pair)
        number = 0
        try:
            number, stamp = _number(data["s"]), data["t"]
            diff = _Diff(number, _levels(data["a"]), _levels(data["b"]))
            if known.last is None or number <= known.last:
                self._checked(diff.asks)
                self._checked(diff.bids)
            else:
                self.apply_levels(pair, diff.asks, diff.bids)
                known.last = number
                self.timestamp = stamp
        except Exception:
            known.refused = max(number, known.refused or 0)
            if known.last is not None:
                self._judge(pair)
            raise
        known.keep(diff)
        if known.last is None:
            self.await_snapshot(pair, self._group.feeding if self._group is not None else None)
        else:
            self._judge(pair)

    def auction(self, pair: str, mode: Any) -> None:
        """Note the mode of a pair: in every mode but ``"NONE"`` asks may lie below bids."""
        if mode == "NONE":
            self._auctions.discard(pair)
        else:
            self._auctions.add(pair)
        if pair in self._pairs and self._pairs[pair].last is not None:
            self._judge(pair)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a pair whose connection ended, and forget its numbers."""
        self._pairs.pop(symbol, None)
        self._auctions.discard(symbol)
        super().lose(symbol, status)

    def _pair(self, pair: Any) -> _Pair:
        return self._pairs.setdefault(pair, _Pair())

    def _judge(self, pair: Any) -> None:
        """Say whether the book can be right."""
        asks, bids = self._levels.book(pair)
        status: Status = Live()
        if self._pairs[pair].refused is not None:
            status = _REFUSED
        elif self._pairs[pair].is_behind:
            status = _BEHIND
        elif asks.prices and bids.prices and asks.ranks[0] <= bids.ranks[-1] and pair not in self._auctions:
            status = _CROSSED
        if self._instruments.get(pair) != status:
            self.mark(pair, status)


def _fold(levels: list[Level], later: Iterable[list[Level]]) -> list[Level]:
    """Return the levels of one side once all later changes were made to them."""
    side = dict(levels)
    for changes in later:
        side.update(changes)
    return list(side.items())


def _levels(value: Any) -> list[Level]:
    if value.__class__ is not list:
        raise ProtocolError("levels are no list", str(value))
    return [(price, amount) for price, amount in value]


def _number(value: Any) -> int:
    """Return a sequence number; it is text on the wire."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return int(value)
    raise ProtocolError("a sequence number was expected", str(value))
