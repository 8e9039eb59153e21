"""`BookFeeds`: which channel feeds which book of OKX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from rxbotters.stores import OrderBook
from rxbotters.stores.channels import BookChannels

from .board import Books
from .session import subscriptions

__all__ = ["BookFeeds"]

_BBO = "bbo-tbt"  # never takes the main store


class BookFeeds(BookChannels[Books]):
    """The books of a collection; ``bbo-tbt`` has a store of its own whatever else is subscribed."""

    _DEPTHS: ClassVar[Mapping[str, int]] = {"books5": 1, "books50-l2-tbt": 2, "books": 3, "books-l2-tbt": 4}
    _OWN = "books400"  # the store of its own that ``books`` has: that name is the main one's

    def fold(self, channel: str, symbol: Any) -> Callable[[Mapping[str, Any]], None]:
        """Return the fold of one channel of an instrument."""
        if channel != _BBO:
            return super().fold(channel, symbol)
        bbo = self._own(channel)
        return lambda message: bbo.fold(symbol, message)

    def store(self, channel: str, symbol: Any) -> Books:
        """Return the store that a channel feeds for an instrument."""
        return self._own(channel) if channel == _BBO else super().store(channel, symbol)

    def channel(self, book: OrderBook, symbol: Any) -> str:
        """Return the channel that feeds a book."""
        return "books" if book.name == self._OWN else super().channel(book, symbol)

    def subscription(self, book: OrderBook, symbol: Any) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        return {"op": "subscribe", "args": [{"channel": self.channel(book, symbol), "instId": symbol}]}

    def is_book(self, channel: str) -> bool:
        """Whether a channel is one of order books."""
        return super().is_book(channel) or channel == _BBO

    def _asked(self, message: Any) -> Iterable[tuple[str, Any]]:
        asked = [(arg.get("channel"), arg.get("instId")) for arg in subscriptions(message)]
        return [(name, symbol) for name, symbol in asked if isinstance(name, str) and isinstance(symbol, str)]

    def _name(self, channel: str) -> str:
        return self._OWN if channel == "books" else channel

    def _depth(self, channel: str) -> float:
        return self._DEPTHS.get(channel, 0)
