"""OKX's order books: numbered by ``seqId``, each update naming the one before it, with a checksum while there was one.

Rules
  1. A snapshot begins a book; before it, and after a gap, every update is ignored: the stream brings the snapshot first.
  2. An update must name the last number, be it larger or smaller; the last update once more is no gap.
  3. A checksum of 0 is none: the exchange sends it since 2026 where it stopped to compute one.
  4. An update that cannot be read empties its book: what it said is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from rxbotters.stores import Diff
from rxbotters.stores.checked import CheckedBook, checksum_of
from rxbotters_operators.events import Status

__all__ = ["Books"]

_UNNUMBERED = "unnumbered"
"""Stands for the number of a book whose messages have none, as before 2023."""


def _chained(last: Any, diff: Diff, first: bool) -> Literal["apply", "skip", "gap"]:
    """Each update names the one before it; after maintenance the numbers may begin again lower."""
    if diff.previous == last:
        return "apply"
    return "skip" if diff.last == last and not first else "gap"


class Books(CheckedBook):
    """Rows ``{instId, side: "asks" | "bids", px, sz, liqSz, ordSz}``, prices and sizes as the exchange writes them.

    Attributes:
        checksum: The last checksum of each instrument.
        ts: The exchange's time of the last message of each instrument, milliseconds as text.
    """

    _KEYS: ClassVar[Sequence[str]] = ("instId", "side", "px")
    _SIZE = "sz"
    _EXTRAS: ClassVar[Sequence[str]] = ("liqSz", "ordSz")
    _FOLLOWS = _chained

    def _init(self) -> None:
        self.checksum: dict[str, int] = {}
        self.ts: dict[str, str] = {}

    def fold(self, symbol: str, message: Mapping[str, Any]) -> None:
        """Apply a message: an update if it says so, else a whole book."""
        action = message.get("action")
        for data in message["data"]:
            self.take(symbol, data, action)

    def take(self, symbol: str, data: Mapping[str, Any], action: Any) -> None:
        """Apply one book, or one change of a book."""
        if action == "update":
            self.on_diff(symbol, self._diff(symbol, data))
        else:
            self._begin(symbol, data, is_only_one=action is not None)
        if "checksum" in data:
            self.checksum[symbol] = data["checksum"]
        if "ts" in data:
            self.ts[symbol] = data["ts"]

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of an instrument whose feed ended."""
        self.checksum.pop(symbol, None)
        self.ts.pop(symbol, None)
        super().lose(symbol, status)

    def _diff(self, symbol: str, data: Mapping[str, Any]) -> Diff:
        try:
            previous = _number(data.get("prevSeqId", _UNNUMBERED))
            number = _number(data.get("seqId", _UNNUMBERED))
            return Diff(data["asks"], data["bids"], last=number, previous=previous, checksum=checksum_of(data))
        except Exception:
            self._refuse(symbol)
            raise

    def _begin(self, symbol: str, data: Mapping[str, Any], *, is_only_one: bool) -> None:
        """Take a whole book; if it is the only one that will come and cannot be read, ask for another."""
        try:
            asks, bids, number = data["asks"], data["bids"], _number(data.get("seqId", _UNNUMBERED))
            self._numbers_of(symbol).reset()  # what was held is older: the stream has an order
            self.on_snapshot(symbol, number, asks, bids, checksum=checksum_of(data))
        except Exception:
            if is_only_one:
                self._refuse(symbol)
            raise

    def _refuse(self, symbol: str) -> None:
        if symbol in self._instruments:
            self._doubt(symbol, None)

    def _next_number(self, last: Any) -> Any:
        return last


def _number(value: Any) -> Any:
    if value.__class__ is not int and value != _UNNUMBERED:
        raise TypeError(f"{value!r} is no number of a book")
    return value
