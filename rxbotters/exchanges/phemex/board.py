"""Phemex's order books: a snapshot, increments, and a snapshot again every minute.

Rules
  1. ``sequence`` grows and jumps: it tells what is old, not what is missing. What a lost increment leaves wrong is put
     right by the next snapshot.
  2. A book of N levels is cut to N after every message: levels that are pushed out of the window are not taken back.
  3. A number that went back while the time went on is a new count, not an old message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError, SequenceGap
from rxbotters.stores.book import Level
from rxbotters.stores.proofs import whole
from rxbotters.stores.synced import Diff, SyncedBook, increasing
from rxbotters_operators.events import Status

__all__ = ["Book"]


class Book(SyncedBook):
    """Rows ``{symbol, side: "asks" | "bids", priceEp, qty}``.

    Prices and sizes are what the exchange sent: scaled integers for COIN-M and spot, decimal text for USDⓈ-M.

    Attributes:
        timestamp: Symbol → when its last message was made, nanoseconds, where the message says.
        topics: Symbol → the subscription that feeds it.
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "side", "priceEp")
    _RESIZED = "insert"
    _SIZE: ClassVar[str] = "qty"
    _FOLLOWS = increasing

    def _init(self) -> None:
        self.timestamp: dict[Any, int] = {}
        self.topics: dict[Any, Mapping[str, Any]] = {}
        self._depths: dict[Any, int] = {}

    def message(self, symbol: str, levels: Mapping[str, Any], msg: Mapping[str, Any]) -> None:
        """Fold a message of ``orderbook`` or ``orderbook_p``.

        Raises:
            BadNumber, ProtocolError: It cannot be read: the book is emptied and asked for anew.
        """
        try:
            number, depth = (
                whole(self.name, "sequence", msg["sequence"]),
                whole(self.name, "depth", msg.get("depth", 0)),
            )
            stamp, kind = msg.get("timestamp"), msg["type"]
            if stamp is not None:
                whole(self.name, "timestamp", stamp)
            asks, bids = levels["asks"], levels["bids"]
            if kind == "snapshot":
                self._snapshot(symbol, number, depth, stamp, asks, bids)
            elif kind == "incremental":
                self._increment(symbol, number, depth, stamp, asks, bids)
            else:
                raise ProtocolError(f"{self.name}: {symbol}: neither snapshot nor incremental: {str(kind)[:100]!r}")
        except Exception:
            if not self.wants(symbol):
                self._doubt(symbol, None)
            raise

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a symbol whose connection ended."""
        self.timestamp.pop(symbol, None)
        super().lose(symbol, status)

    def _snapshot(
        self, symbol: str, number: int, depth: int, stamp: int | None, asks: Iterable[Level], bids: Iterable[Level]
    ) -> None:
        asks, bids = list(asks), list(bids)
        self._checked(asks)
        self._checked(bids)
        numbers = self._numbers_of(symbol)
        if numbers.last is not None and number < numbers.last and not self._is_later(symbol, stamp):
            return  # the book is past it: two connections told it, one late
        numbers.reset()  # increments before a snapshot are part of it
        self._depths[symbol] = depth
        self.on_snapshot(symbol, number, asks, bids)
        self._done(symbol, depth, stamp)

    def _increment(
        self, symbol: str, number: int, depth: int, stamp: int | None, asks: Iterable[Level], bids: Iterable[Level]
    ) -> None:
        numbers = self._numbers_of(symbol)
        if numbers.last is not None:
            if depth != self._depths.get(symbol):
                return  # of another subscription to the same symbol
            if number < numbers.last and self._is_later(symbol, stamp):
                self._doubt(symbol, SequenceGap(self.name, symbol, f"more than {numbers.last}", number))
                return
            if number <= numbers.last:
                return
        self.on_diff(symbol, Diff(asks, bids, number))
        self._done(symbol, depth, stamp)

    def _done(self, symbol: str, depth: int, stamp: int | None) -> None:
        """Cut a book that is `Live` to its depth, and note when it was made."""
        if not self.is_synced(symbol):
            return
        if stamp is not None:
            self.timestamp[symbol] = stamp
        asks, bids = self._levels.book(symbol)
        if depth and (len(asks.prices) > depth or len(bids.prices) > depth):
            far = asks.prices[depth:], bids.prices[: max(len(bids.prices) - depth, 0)]
            self.apply_levels(symbol, *([(price, 0) for price in side] for side in far), reason="depth")

    def _is_later(self, symbol: str, stamp: int | None) -> bool:
        return stamp is not None and stamp > self.timestamp.get(symbol, stamp)
