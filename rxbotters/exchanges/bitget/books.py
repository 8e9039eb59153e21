"""Bitget's order books: a snapshot, then changes with a number, a time and a checksum, where the exchange sends them.

Rules
  1. A snapshot begins a book. Before it, and after a gap, changes are ignored: the stream brings the snapshot first.
  2. V2 numbers grow, by more than one: a number that is not larger is old, unless its time is newer. Then the numbers have
     begun again, and what was missed nobody knows: a gap.
  3. V3 changes name the number before theirs; only the first after a snapshot may span the snapshot's.
  4. A snapshot older than the book it would replace is ignored: a second connection was slower than the first. One that is
     newer, and numbered lower, is a gap too.
  5. A checksum of 0 is none. A checksum that differs, and a crossed book, are gaps.
  6. A change that cannot be read empties its book: what it said is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from rxbotters.errors import ProtocolError, SequenceGap
from rxbotters.stores import Diff
from rxbotters.stores.checked import CheckedBook, checksum_of

__all__ = ["Books", "Number"]


class Number(NamedTuple):
    """Where a book stands.

    Attributes:
        seq: Its number; ``None`` where messages have none, as on V1.
        ts: The time of the matching engine, Unix milliseconds; 0 where messages have none.
    """

    seq: int | None
    ts: int


def _follows(last: Number, diff: Diff, first: bool) -> Literal["apply", "skip", "gap"]:
    new: Number = diff.last
    if new.seq is None or last.seq is None:
        return "apply"
    if diff.previous is not None:
        follows = diff.previous <= last.seq <= new.seq if first else diff.previous == last.seq
        if follows:
            return "apply"
        return "skip" if new.seq <= last.seq and new.ts <= last.ts else "gap"
    if new.seq > last.seq:
        return "apply"
    return "gap" if new.seq < last.seq and new.ts > last.ts else "skip"


class Books(CheckedBook):
    """Rows ``{instType, instId, side: "asks" | "bids", price, amount}``, prices and amounts as the exchange writes them.

    An instrument is the pair of its type and its symbol: ``book.best(("USDT-FUTURES", "BTCUSDT"))``.
    """

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId", "side", "price")
    _SIZE = "amount"
    _FOLLOWS = _follows

    def fold(self, symbol: Any, message: Mapping[str, Any]) -> None:
        """Apply a message: a change if it says so, else a whole book.

        Raises:
            TypeError, KeyError, ProtocolError, BadNumber: It cannot be read; the book is asked for anew.
        """
        action = message.get("action")
        try:
            for data in message["data"]:
                self._take(symbol, data, action)
        except Exception:
            if symbol in self._instruments and (self._numbers_of(symbol).last is not None or not self.wants(symbol)):
                self._doubt(symbol, None)
            raise

    def _take(self, symbol: Any, data: Mapping[str, Any], action: Any) -> None:
        asks, bids, number, check = _side(data, "asks", "a"), _side(data, "bids", "b"), _number(data), checksum_of(data)
        if action == "update":
            previous = data.get("pseq")
            before = None if previous is None or number.seq is None else _whole("pseq", previous)
            self.on_diff(symbol, Diff(asks, bids, last=number, previous=before, checksum=check))
        elif action == "snapshot":
            self._begin(symbol, number, asks, bids, check)
        else:
            raise ProtocolError(f"a book cannot be {action!r}")

    def _begin(self, symbol: Any, number: Number, asks: list[Any], bids: list[Any], check: int | None) -> None:
        numbers = self._numbers_of(symbol)
        last: Number | None = numbers.last
        if last is not None:
            if number.seq is None or last.seq is None:
                if 0 < number.ts <= last.ts:
                    return
            elif number.seq < last.seq:
                if number.ts > last.ts:
                    error = SequenceGap(self.name, symbol, f"a snapshot from {last.seq} on", f"one of {number.seq}")
                    self._doubt(symbol, error)
                return
        numbers.reset()  # what was held is older: the stream has an order
        self.on_snapshot(symbol, number, asks, bids, checksum=check)

    def _next_number(self, last: Number) -> Any:
        return last.seq


def _side(data: Mapping[str, Any], name: str, short: str) -> list[Any]:
    """Return one side of a message: V3 writes ``a`` for ``asks``."""
    levels: Any = data[name] if name in data else data[short]
    if levels.__class__ is not list:
        raise TypeError(f"{name} must be a list, not {str(levels)[:100]}")
    return levels


def _number(data: Mapping[str, Any]) -> Number:
    seq, ts = data.get("seq"), data.get("ts", 0)
    return Number(None if seq is None else _whole("seq", seq), _whole("ts", ts))


def _whole(what: str, value: Any) -> int:
    """Return a whole number, which is written as a number or as text."""
    if value.__class__ is int and value >= 0:
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    raise ProtocolError(f"{value!r} is no {what} of a book")
