"""OKX's order books: numbered by ``seqId``, each update naming the one before it, with a checksum while there was one.

Rules
  1. A snapshot begins a book; before it, and after a gap, every update is ignored: the stream brings the snapshot first.
  2. An update must name the last number, be it larger or smaller; the last update once more is no gap.
  3. A checksum of 0 is none: the exchange sends it since 2026 where it stopped to compute one.
  4. An update that cannot be read empties its book: what it said is missing.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from rxbotters.stores import Diff, SyncedBook
from rxbotters_operators.events import Stale, Status

__all__ = ["Books", "checksum"]

_UNNUMBERED = "unnumbered"
"""Stands for the number of a book whose messages have none, as before 2023."""
_CHECKED = 25


def _chained(last: Any, diff: Diff, first: bool) -> Literal["apply", "skip", "gap"]:
    """Each update names the one before it; after maintenance the numbers may begin again lower."""
    if diff.previous == last:
        return "apply"
    return "skip" if diff.last == last and not first else "gap"


def checksum(asks: Sequence[tuple[Any, Any]], bids: Sequence[tuple[Any, Any]]) -> int:
    """Return OKX's checksum of the best levels, (price, size) as sent, best first: a signed CRC-32.

    Source:
        okx.com/docs-v5, "Order book channel", "Checksum" (2026-07).

    Example:
        >>> checksum([("3366.8", "9")], [("3366.1", "7"), ("3366", "6")])
        1164732920
    """
    parts: list[str] = []
    for number in range(min(_CHECKED, max(len(asks), len(bids)))):
        for side in (bids, asks):
            if number < len(side):
                price, size = side[number]
                parts += (str(price), str(size))
    crc = zlib.crc32(":".join(parts).encode())
    return crc - (1 << 32) if crc >> 31 else crc


class Books(SyncedBook):
    """Rows ``{instId, side: "asks" | "bids", px, sz, liqSz, ordSz}``, prices and sizes as the exchange writes them.

    Attributes:
        checksum: The last checksum of each instrument.
        ts: The exchange's time of the last message of each instrument, milliseconds as text.
    """

    _KEYS: ClassVar[Sequence[str]] = ("instId", "side", "px")
    _SIZE = "sz"
    _EXTRAS: ClassVar[Sequence[str]] = ("liqSz", "ordSz")
    _FOLLOWS = _chained
    _HOLD = 1

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

    def leave(self, symbol: str, reason: str) -> None:
        """Let go of an instrument that is not fed here any more."""
        if symbol in self._instruments:
            self.lose(symbol, Stale(reason))

    def _diff(self, symbol: str, data: Mapping[str, Any]) -> Diff:
        try:
            previous = _number(data.get("prevSeqId", _UNNUMBERED))
            number = _number(data.get("seqId", _UNNUMBERED))
            return Diff(data["asks"], data["bids"], last=number, previous=previous, checksum=_told(data))
        except Exception:
            self._refuse(symbol)
            raise

    def _begin(self, symbol: str, data: Mapping[str, Any], *, is_only_one: bool) -> None:
        """Take a whole book; if it is the only one that will come and cannot be read, ask for another."""
        try:
            asks, bids, number = data["asks"], data["bids"], _number(data.get("seqId", _UNNUMBERED))
            self._numbers_of(symbol).reset()  # what was held is older: the stream has an order
            self.on_snapshot(symbol, number, asks, bids, checksum=_told(data))
        except Exception:
            if is_only_one:
                self._refuse(symbol)
            raise

    def _refuse(self, symbol: str) -> None:
        if symbol in self._instruments:
            self._doubt(symbol, None)

    def _checksum(self, symbol: Any) -> int:
        asks, bids = self._levels.book(symbol)
        size = self._levels.size_of
        return checksum(
            [(price, size(asks.levels[price])) for price in asks.prices[:_CHECKED]],
            [(price, size(bids.levels[price])) for price in bids.prices[: -_CHECKED - 1 : -1]],
        )

    def _next_number(self, last: Any) -> Any:
        return last


def _number(value: Any) -> Any:
    if value.__class__ is not int and value != _UNNUMBERED:
        raise TypeError(f"{value!r} is no number of a book")
    return value


def _told(data: Mapping[str, Any]) -> int | None:
    """Return the checksum of a message, ``None`` if it has none."""
    told = data.get("checksum")
    return int(told) if told.__class__ is int and told else None
