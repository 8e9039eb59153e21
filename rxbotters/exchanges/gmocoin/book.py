"""GMO Coin's order books: whole in every message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rxbotters.stores import OrderBook
from rxbotters_operators.events import Live, Status

__all__ = ["OrderBooks"]


class OrderBooks(OrderBook):
    """Rows ``{symbol, side: "asks" | "bids", price, size}``, prices and sizes as text.

    Attributes:
        timestamps: When each symbol's book was sent, as GMO Coin writes it.
        timestamp: The last of them, ``None`` before the first.
    """

    def _init(self) -> None:
        self.timestamps: dict[str, str] = {}
        self.timestamp: str | None = None

    def replace(self, message: Mapping[str, Any]) -> None:
        """Make the book of a symbol exactly this message."""
        symbol, stamp = message["symbol"], message["timestamp"]
        asks, bids = ([(level["price"], level["size"]) for level in message[side]] for side in self._SIDES)
        self.replace_levels(symbol, asks, bids)
        self.timestamp = self.timestamps[symbol] = stamp
        self.mark(symbol, Live())

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a symbol whose connection ended."""
        self.timestamps.pop(symbol, None)
        super().lose(symbol, status)
