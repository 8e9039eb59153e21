"""bitFlyer's order book: a snapshot, then absolute sizes, cut at the mid price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rxbotters.errors import BadNumber
from rxbotters.stores import OrderBook
from rxbotters_operators.events import Live, Status

__all__ = ["Board"]


class Board(OrderBook):
    """Rows ``{product_code, side: "asks" | "bids", price, size}``.

    Diffs are ignored until the connection has delivered the product's snapshot; when the connection is lost the book is
    emptied, because nothing tells what it missed.

    Attributes:
        mid_price: The last mid price of each product: (best bid + best ask) / 2, cut down to the tick by the exchange,
            so that with a spread of one tick it equals the best bid.
    """

    _KEYS: ClassVar[Sequence[str]] = ("product_code", "side", "price")
    _RESIZED = "insert"

    def _init(self) -> None:
        self.mid_price: dict[str, float] = {}

    def snapshot(self, product: str, message: Any) -> None:
        """Replace the book of a product."""
        mid, asks, bids = self._read(message)
        self.replace_levels(product, asks, bids)
        self.mid_price[product] = mid
        self.uncross(product, mid)
        self.mark(product, Live())

    def delta(self, product: str, message: Any) -> None:
        """Apply a diff; ignored while the product has no snapshot."""
        if not self.is_synced(product):
            return
        mid, asks, bids = self._read(message)
        self.apply_levels(product, asks, bids)
        self.mid_price[product] = mid
        self.uncross(product, mid)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a product whose connection ended."""
        self.mid_price.pop(symbol, None)
        super().lose(symbol, status)

    def _read(self, message: Any) -> tuple[Any, list[tuple[Any, Any]], list[tuple[Any, Any]]]:
        mid = message["mid_price"]
        if not isinstance(mid, int | float) or mid - mid != 0:
            raise BadNumber(self.name, "mid_price", mid)
        return (
            mid,
            [(level["price"], level["size"]) for level in message["asks"]],
            [(level["price"], level["size"]) for level in message["bids"]],
        )
