"""`CheckedBook`: a book that the stream begins with a snapshot, and proves by a checksum of its best levels."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .synced import SyncedBook

__all__ = ["CheckedBook", "checksum", "checksum_of"]

_CHECKED = 25


def checksum(asks: Sequence[tuple[Any, Any]], bids: Sequence[tuple[Any, Any]]) -> int:
    """Return the signed CRC-32 of the best 25 levels, (price, size) as sent, best first: a bid, an ask, the next bid …

    Source:
        okx.com/docs-v5, "Order book channel", "Checksum" (2026-07); Bitget's is the same:
        bitget.com/api-doc/contract/websocket/public/Order-Book-Channel, "Checksum" (2025-10).

    Example:
        >>> checksum([("3366.8", "9")], [("3366.1", "7"), ("3366", "6")])
        1164732920
        >>> checksum([("27001.0", "0.400")], [("27000.0", "2.710"), ("26999.5", "1.000")])
        -1350859966
    """
    parts: list[str] = []
    for number in range(min(_CHECKED, max(len(asks), len(bids)))):
        for side in (bids, asks):
            if number < len(side):
                price, size = side[number]
                parts += (str(price), str(size))
    crc = zlib.crc32(":".join(parts).encode())
    return crc - (1 << 32) if crc >> 31 else crc


def checksum_of(data: Mapping[str, Any]) -> int | None:
    """Return the checksum of a message, ``None`` if it has none: 0 is none."""
    told = data.get("checksum")
    return int(told) if told.__class__ is int and told else None


class CheckedBook(SyncedBook):
    """A book whose snapshots the stream brings: before one, changes are not worth to be held."""

    _HOLD: ClassVar[int] = 1

    def fold(self, symbol: Any, message: Mapping[str, Any]) -> None:
        """Apply a message: a change if it says so, else a whole book."""
        raise NotImplementedError

    def _checksum(self, symbol: Any) -> int:
        asks, bids = self._levels.book(symbol)
        size = self._levels.size_of
        return checksum(
            [(price, size(asks.levels[price])) for price in asks.prices[:_CHECKED]],
            [(price, size(bids.levels[price])) for price in bids.prices[: -_CHECKED - 1 : -1]],
        )
