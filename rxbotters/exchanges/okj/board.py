"""OKJ's order books: numbered by ``seqId`` in V5, proved by a checksum in both versions.

Rules
  1. A snapshot begins a book; before it, and after a gap, every update is ignored: the stream brings the snapshot first.
  2. An update of V5 must name the last number, be it larger or smaller; the last update once more is no gap.
  3. An update of V3 has no number: its checksum tells whether one is missing.
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
_CHECKED = 25
_NUMBER = "seqId"


def _chained(last: Any, diff: Diff, first: bool) -> Literal["apply", "skip", "gap"]:
    """Each update names the one before it; after a reset the numbers may begin again lower."""
    if diff.previous == last:
        return "apply"
    return "skip" if diff.last == last and not first else "gap"


def checksum(asks: Sequence[tuple[Any, Any]], bids: Sequence[tuple[Any, Any]]) -> int:
    """Return OKJ's checksum of the best levels, (price, size) as sent, best first: a signed CRC-32.

    Source:
        okcoinjapan/V3-Open-API-SDK, ``OrderBookChecksumer.java``; the same in V5 (2026-09).

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
    """Rows ``{instId, side: "asks" | "bids", px, sz, liqSz, ordSz}``, prices and sizes as the exchange writes them."""

    _KEYS: ClassVar[Sequence[str]] = ("instId", "side", "px")
    _SIZE = "sz"
    _EXTRAS: ClassVar[Sequence[str]] = ("liqSz", "ordSz")
    _FOLLOWS = _chained
    _HOLD = 1

    def _init(self) -> None:
        self.ts: dict[str, str] = {}
        """The exchange's time of the last message of each instrument: milliseconds in V5, ISO 8601 in V3."""

    def update(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply an update."""
        try:
            number, previous = _number(data.get(_NUMBER, _UNNUMBERED)), _number(data.get("prevSeqId", _UNNUMBERED))
            diff = Diff(data["asks"], data["bids"], last=number, previous=previous, checksum=_told(data))
        except Exception:
            self._refuse(symbol)
            raise
        self.on_diff(symbol, diff)
        self._remember(symbol, data)

    def begin(self, symbol: str, data: Mapping[str, Any], *, is_only_one: bool) -> None:
        """Take a whole book; if it is the only one that will come and cannot be read, ask for another."""
        try:
            asks, bids, number = data["asks"], data["bids"], _number(data.get(_NUMBER, _UNNUMBERED))
            self._numbers_of(symbol).reset()  # what was held is older: the stream has an order
            self.on_snapshot(symbol, number, asks, bids, checksum=_told(data))
        except Exception:
            if is_only_one:
                self._refuse(symbol)
            raise
        self._remember(symbol, data)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of an instrument whose feed ended."""
        self.ts.pop(symbol, None)
        super().lose(symbol, status)

    def leave(self, symbol: str, reason: str) -> None:
        """Let go of an instrument that is not fed here any more."""
        if symbol in self._instruments:
            self.lose(symbol, Stale(reason))

    def _remember(self, symbol: str, data: Mapping[str, Any]) -> None:
        when = data.get("ts", data.get("timestamp"))
        if when is not None:
            self.ts[symbol] = when

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
    """Return the checksum of a message, ``None`` if it has none; OKX, the elder of the family, sends 0 for none."""
    told = data.get("checksum")
    return int(told) if told.__class__ is int and told else None
