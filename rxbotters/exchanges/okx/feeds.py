"""`BookFeeds`: which channel feeds which book, where several tell of the same instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection, OrderBook

from .board import Books
from .session import subscriptions

__all__ = ["BookFeeds"]

_BBO = "bbo-tbt"
_MOST = 16  # stores of channels that are not known here


class BookFeeds:
    """The books of a collection.

    Rules
      1. The main store holds, for each instrument, the deepest channel that was subscribed or has spoken.
      2. Any other channel of that instrument has a store of its own, called as the channel is.
      3. A channel that was left gives its place to the next that speaks.

    Args:
        group: Where the other stores are made.
        main: The main store.
    """

    _DEPTHS: ClassVar[Mapping[str, int]] = {"books5": 1, "books50-l2-tbt": 2, "books": 3, "books-l2-tbt": 4}
    _OWN = "books400"  # the store of its own that ``books`` has: that name is the main one's

    def __init__(self, group: DataStoreCollection, main: Books) -> None:
        self._group, self._main = group, main
        self._owners: dict[str, str] = {}

    def fold(self, channel: str, symbol: str) -> Callable[[Mapping[str, Any]], None]:
        """Return the fold of one channel of an instrument."""
        if channel == _BBO:
            bbo = self._own(channel)
            return lambda message: bbo.fold(symbol, message)
        owners, main = self._owners, self._main

        def fold(message: Mapping[str, Any]) -> None:
            if owners.get(symbol) == channel:
                main.fold(symbol, message)
            else:
                self._claim(channel, symbol).fold(symbol, message)

        return fold

    def store(self, channel: str, symbol: str) -> Books:
        """Return the store that a channel feeds for an instrument."""
        return self._own(channel) if channel == _BBO else self._claim(channel, symbol)

    def expect(self, messages: Iterable[Any]) -> list[tuple[OrderBook, Any]]:
        """Return the books that these subscriptions will bring snapshots of."""
        asked = [
            (channel, symbol)
            for message in messages
            for channel, symbol in self._asked(message)
            if isinstance(channel, str) and self.is_book(channel) and isinstance(symbol, str)
        ]
        for channel, symbol in asked:
            self.store(channel, symbol)  # the deepest first takes the main store, then it is said who has which
        return [(self.store(channel, symbol), symbol) for channel, symbol in asked]

    def channel(self, book: OrderBook, symbol: Any) -> str:
        """Return the channel that feeds a book."""
        if book is self._main:
            return self._owners.get(symbol, "books")
        return "books" if book.name == self._OWN else book.name

    def subscription(self, book: OrderBook, symbol: Any) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        return {"op": "subscribe", "args": [{"channel": self.channel(book, symbol), "instId": symbol}]}

    def left(self, channel: Any, symbol: Any) -> None:
        """Note that a channel was unsubscribed; not if that is only how its snapshot is asked for."""
        if not isinstance(channel, str) or not self.is_book(channel):
            return
        is_main = self._owners.get(symbol) == channel
        store = self._main if is_main else self._known(channel)
        if store is not None and not store.wants(symbol):
            store.leave(symbol, f"{channel} was unsubscribed")
            if is_main:
                del self._owners[symbol]

    def is_book(self, channel: str) -> bool:
        """Whether a channel is one of order books."""
        return channel.startswith("books") or channel == _BBO

    def _asked(self, message: Any) -> Iterable[tuple[Any, Any]]:
        """Return (channel, instrument) of each channel that a subscription asks for."""
        return [(arg.get("channel"), arg.get("instId")) for arg in subscriptions(message)]

    def _claim(self, channel: str, symbol: str) -> Books:
        """Return the store of a channel; the main one if no deeper channel has it."""
        owner = self._owners.get(symbol)
        if owner == channel:
            return self._main
        if owner is not None and self._depth(channel) <= self._depth(owner):
            return self._own(channel)
        if owner is not None:
            self._main.leave(symbol, f"{channel} takes the place of {owner}")
        other = self._known(channel)
        if other is not None:
            other.leave(symbol, "moved to books")
        self._owners[symbol] = channel
        return self._main

    def _known(self, channel: str) -> Books | None:
        """Return the store of its own that a channel has."""
        name = self._name(channel)
        return self._group.get(name, Books) if name in self._group else None

    def _own(self, channel: str) -> Books:
        if self._known(channel) is None:
            if sum(isinstance(self._group[known], Books) for known in self._group) > _MOST:
                raise ProtocolError(f"too many book channels, {channel} is one too many")
            self._group.create(self._name(channel), datastore_class=Books)
        return self._group.get(self._name(channel), Books)

    def _name(self, channel: str) -> str:
        """Return the name of a channel's own store."""
        return self._OWN if channel == "books" else channel

    def _depth(self, channel: str) -> int:
        return self._DEPTHS.get(channel, 0)
