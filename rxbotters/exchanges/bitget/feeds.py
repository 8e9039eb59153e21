"""`BookFeeds`: which channel feeds which book, where several tell of the same instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection, OrderBook

from .books import Books
from .session import subscriptions

__all__ = ["BookFeeds", "is_book", "named"]

Instrument = tuple[str, str]

_MOST = 16  # stores of channels, beside the main one


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
        self._owners: dict[Instrument, str] = {}
        self._unified: set[str] = set()  # types of instruments that are subscribed in the words of V3

    def fold(self, arg: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], None]:
        """Return the fold of one channel of an instrument.

        Raises:
            ProtocolError: It names no instrument.
        """
        found = named(arg)
        if found is None:
            raise ProtocolError(f"a book of no instrument: {str(arg)[:200]}")
        channel, symbol = found
        self._learn(arg)
        owners, main = self._owners, self._main

        def fold(message: Mapping[str, Any]) -> None:
            store = main if owners.get(symbol) == channel else self._claim(channel, symbol)
            store.fold(symbol, message)

        return fold

    def expect(self, messages: Iterable[Any]) -> list[tuple[OrderBook, Any]]:
        """Return the books that these subscriptions will bring snapshots of."""
        args = [arg for message in messages for arg in subscriptions(message)]
        asked = [found for arg in args if (found := named(arg)) is not None and is_book(found[0])]
        for arg in args:
            self._learn(arg)
        for channel, symbol in asked:
            self._claim(channel, symbol)  # the deepest first takes the main store, then it is said who has which
        return [(self._claim(channel, symbol), symbol) for channel, symbol in asked]

    def subscription(self, book: OrderBook, symbol: Instrument) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        channel = self._owners.get(symbol, "books") if book is self._main else book.name
        kind, name = symbol
        arg = (
            {"instType": kind, "topic": channel, "symbol": name}
            if kind in self._unified
            else {"instType": kind, "channel": channel, "instId": name}
        )
        return {"op": "subscribe", "args": [arg]}

    def left(self, arg: Mapping[str, Any]) -> None:
        """Note that a channel was unsubscribed; not if that is only how its snapshot is asked for."""
        found = named(arg)
        if found is None or not is_book(found[0]):
            return
        channel, symbol = found
        is_main = self._owners.get(symbol) == channel
        store = self._main if is_main else self._known(channel)
        if store is not None and not store.wants(symbol):
            store.leave(symbol, f"{channel} was unsubscribed")
            if is_main:
                del self._owners[symbol]

    def _learn(self, arg: Mapping[str, Any]) -> None:
        kind = arg.get("instType")
        if "topic" in arg and isinstance(kind, str) and len(self._unified) < 100:
            self._unified.add(kind)

    def _claim(self, channel: str, symbol: Instrument) -> Books:
        """Return the store of a channel; the main one if no deeper channel has it."""
        owner = self._owners.get(symbol)
        if owner == channel:
            return self._main
        if owner is not None and _depth(channel) <= _depth(owner):
            return self._own(channel)
        if owner is not None:
            self._main.leave(symbol, f"{channel} takes the place of {owner}")
        other = self._known(channel)
        if other is not None:
            other.leave(symbol, f"moved to {self._main.name}")
        self._owners[symbol] = channel
        return self._main

    def _known(self, channel: str) -> Books | None:
        """Return the store of its own that a channel has."""
        return self._group.get(channel, Books) if channel in self._group else None

    def _own(self, channel: str) -> Books:
        known = self._known(channel)
        if known is None:
            if sum(isinstance(self._group[name], Books) for name in self._group) > _MOST:
                raise ProtocolError(f"too many book channels, {channel} is one too many")
            self._group.create(channel, datastore_class=Books)
            known = self._group.get(channel, Books)
        return known


def named(arg: Mapping[str, Any]) -> tuple[str, Instrument] | None:
    """Return channel and instrument of an argument, in the words of V2 or V3; ``None`` if it names none."""
    names = (arg.get("channel", arg.get("topic")), arg.get("instType"), arg.get("instId", arg.get("symbol")))
    channel, kind, symbol = (name if isinstance(name, str) else None for name in names)
    return (channel, (kind, symbol)) if channel is not None and kind is not None and symbol is not None else None


def is_book(channel: str) -> bool:
    """Whether a channel is one of order books."""
    return channel.startswith("books")


def _depth(channel: str) -> float:
    """Return how many levels a channel has: ``books5`` has five, ``books`` all."""
    levels = channel.removeprefix("books")
    if levels == "":
        return float("inf")
    return float(levels) if levels.isascii() and levels.isdigit() and len(levels) < 9 else 0.0
