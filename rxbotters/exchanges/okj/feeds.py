"""`BookFeeds`: which channel feeds which book, where several tell of the same instrument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection, OrderBook

from . import legacy, session
from .board import Books

__all__ = ["BookFeeds", "is_book"]

_DEPTHS = {"depth5": 1, "books5": 1, "books50-l2-tbt": 2, "depth": 3, "books": 3, "depth_l2_tbt": 4, "books-l2-tbt": 4}
_BBO = "bbo-tbt"
_MOST = 16  # stores of channels that are not known here


def is_book(channel: str) -> bool:
    """Whether a channel is one of order books: ``"books5"`` in V5, ``"spot/depth5"`` in V3."""
    return channel.startswith("books") or channel == _BBO or channel.partition("/")[2].startswith("depth")


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

    def __init__(self, group: DataStoreCollection, main: Books) -> None:
        self._group, self._main = group, main
        self._owners: dict[str, str] = {}

    def fold(self, channel: str, symbol: str, data: Mapping[str, Any], action: Any) -> None:
        """Apply one book, or one change of a book."""
        if self._owners.get(symbol) == channel:
            book = self._main
        else:
            book = self._store(channel) if channel == _BBO else self._claim(channel, symbol)
        if action == "update":
            book.update(symbol, data)
        else:
            book.begin(symbol, data, is_only_one=action is not None)

    def expect(self, messages: Iterable[Any]) -> list[tuple[OrderBook, Any]]:
        """Return the books that these subscriptions will bring snapshots of."""
        asked = [pair for message in messages for pair in _asked(message)]
        for channel, symbol in asked:
            if channel != _BBO:
                self._claim(channel, symbol)
        return [
            (self._store(channel) if channel == _BBO else self._claim(channel, symbol), symbol)
            for channel, symbol in asked
        ]

    def subscription(self, book: OrderBook, symbol: Any) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        channel = self._owners.get(symbol, "books") if book is self._main else book.name.removeprefix("own ")
        if "/" in channel:
            return {"op": "subscribe", "args": [f"{channel}:{symbol}"]}
        return {"op": "subscribe", "args": [{"channel": channel, "instId": symbol}]}

    def left(self, channel: Any, symbol: Any) -> None:
        """Note that a channel was unsubscribed; not if that is only how its snapshot is asked for."""
        if not isinstance(channel, str) or not is_book(channel):
            return
        is_main = self._owners.get(symbol) == channel
        store = self._main if is_main else self._known(channel)
        if store is not None and not store.wants(symbol):
            store.leave(symbol, f"{channel} was unsubscribed")
            if is_main:
                del self._owners[symbol]

    def _claim(self, channel: str, symbol: str) -> Books:
        """Return the store of a channel; the main one if no deeper channel has it."""
        owner = self._owners.get(symbol)
        if owner == channel:
            return self._main
        if owner is not None and _depth(channel) <= _depth(owner):
            return self._store(channel)
        if owner is not None:
            self._main.leave(symbol, f"{channel} takes the place of {owner}")
        other = self._known(channel)
        if other is not None:
            other.leave(symbol, "moved to books")
        self._owners[symbol] = channel
        return self._main

    def _known(self, channel: str) -> Books | None:
        """Return the store of its own that a channel has."""
        name = _name(channel)
        return self._group.get(name, Books) if name in self._group else None

    def _store(self, channel: str) -> Books:
        if self._known(channel) is None:
            if sum(isinstance(self._group[known], Books) for known in self._group) > _MOST:
                raise ProtocolError(f"too many book channels, {channel} is one too many")
            self._group.create(_name(channel), datastore_class=Books)
        return self._group.get(_name(channel), Books)


def _asked(message: Any) -> list[tuple[str, str]]:
    """Return (channel, instrument) of each order book that a subscription asks for."""
    pairs: list[tuple[Any, Any]] = [(arg.get("channel"), arg.get("instId")) for arg in session.subscriptions(message)]
    pairs += [(parts[0], parts[2]) for name in legacy.channels(message) if (parts := name.partition(":"))[1]]
    return [
        (channel, symbol)
        for channel, symbol in pairs
        if isinstance(channel, str) and isinstance(symbol, str) and is_book(channel)
    ]


def _name(channel: str) -> str:
    """Return the name of a channel's own store; ``"books"`` is that of the main one."""
    return "own books" if channel == "books" else channel


def _depth(channel: str) -> int:
    return _DEPTHS.get(channel.rpartition("/")[2], 0)
