"""`BookFeeds` of OKJ: those of OKX, and the channels of V3 beside them, such as ``"spot/depth5"``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rxbotters.exchanges.okx import feeds
from rxbotters.stores import OrderBook

from . import legacy

__all__ = ["BookFeeds"]

_DEPTHS_V3 = {"depth5": 1, "depth": 3, "depth_l2_tbt": 4}


class BookFeeds(feeds.BookFeeds):
    """The books of a collection, whether V5 feeds them or V3; rules as OKX's."""

    _OWN = "own books"

    def is_book(self, channel: str) -> bool:
        """Whether a channel is one of order books: ``"books5"`` in V5, ``"spot/depth5"`` in V3."""
        return super().is_book(channel) or channel.partition("/")[2].startswith("depth")

    def subscription(self, book: OrderBook, symbol: Any) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        channel = self.channel(book, symbol)
        if "/" in channel:
            return {"op": "subscribe", "args": [f"{channel}:{symbol}"]}
        return super().subscription(book, symbol)

    def _asked(self, message: Any) -> Iterable[tuple[str, Any]]:
        old = [name.partition(":") for name in legacy.channels(message)]
        return [*super()._asked(message), *((channel, symbol) for channel, colon, symbol in old if colon)]

    def _depth(self, channel: str) -> float:
        return super()._depth(channel) or _DEPTHS_V3.get(channel.rpartition("/")[2], 0)
