"""`BookChannels`: which channel feeds which book, where several tell of the same instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from rxbotters.errors import ProtocolError
from rxbotters_operators.events import Stale

from .book import OrderBook
from .checked import CheckedBook
from .collection import DataStoreCollection

__all__ = ["BookChannels"]

B = TypeVar("B", bound=CheckedBook)

_MOST = 16  # stores of channels, beside the main one


class BookChannels(Generic[B]):
    """The books of a collection.

    Rules
      1. The main store holds, for each instrument, the deepest channel that was subscribed or has spoken.
      2. Any other channel of that instrument has a store of its own, called as the channel is.
      3. A channel that was left gives its place to the next that speaks.

    Args:
        group: Where the other stores are made.
        main: The main store.
    """

    _DEEPEST: ClassVar[str] = "books"
    """The channel that is asked for where none has spoken."""

    def __init__(self, group: DataStoreCollection, main: B) -> None:
        self._group, self._main = group, main
        self._owners: dict[Any, str] = {}

    # ------------------------------------------------------------------ what an exchange fills in

    def is_book(self, channel: str) -> bool:
        """Whether a channel is one of order books."""
        return channel.startswith(self._DEEPEST)

    def subscription(self, book: OrderBook, symbol: Any) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        raise NotImplementedError

    def _asked(self, message: Any) -> Iterable[tuple[str, Any]]:
        """Return (channel, instrument) of each channel that a subscription asks for."""
        raise NotImplementedError

    def _depth(self, channel: str) -> float:
        """Return how deep a channel is, as a number: the deeper, the larger."""
        raise NotImplementedError

    def _name(self, channel: str) -> str:
        """Return the name of a channel's own store."""
        return channel

    # ------------------------------------------------------------------ what is the same everywhere

    def fold(self, channel: str, symbol: Any) -> Callable[[Mapping[str, Any]], None]:
        """Return the fold of one channel of an instrument."""
        owners, main = self._owners, self._main

        def fold(message: Mapping[str, Any]) -> None:
            store = main if owners.get(symbol) == channel else self.store(channel, symbol)
            store.fold(symbol, message)

        return fold

    def store(self, channel: str, symbol: Any) -> B:
        """Return the store that a channel feeds for an instrument: the main one if no deeper channel has it."""
        owner = self._owners.get(symbol)
        if owner == channel:
            return self._main
        if owner is not None and self._depth(channel) <= self._depth(owner):
            return self._own(channel)
        if owner is not None:
            _leave(self._main, symbol, f"{channel} takes the place of {owner}")
        other = self._known(channel)
        if other is not None:
            _leave(other, symbol, f"moved to {self._main.name}")
        self._owners[symbol] = channel
        self._main.take_up(symbol)  # the channel before it may have been unsubscribed
        return self._main

    def channel(self, book: OrderBook, symbol: Any) -> str:
        """Return the channel that feeds a book."""
        return self._owners.get(symbol, self._DEEPEST) if book is self._main else book.name

    def expect(self, messages: Iterable[Any]) -> list[tuple[OrderBook, Any]]:
        """Return the books that these subscriptions will bring snapshots of."""
        asked = [each for message in messages for each in self._asked(message) if self.is_book(each[0])]
        for channel, symbol in asked:
            self.store(channel, symbol)  # the deepest first takes the main store, then it is said who has which
        return [(self.store(channel, symbol), symbol) for channel, symbol in asked]

    def left(self, channel: str, symbol: Any) -> None:
        """Note that a channel was unsubscribed; not if that is only how its snapshot is asked for."""
        if not self.is_book(channel):
            return
        is_main = self._owners.get(symbol) == channel
        store = self._main if is_main else self._known(channel)
        if store is not None and not store.wants(symbol):
            _leave(store, symbol, f"{channel} was unsubscribed")
            if is_main:
                del self._owners[symbol]

    def _known(self, channel: str) -> B | None:
        """Return the store of its own that a channel has."""
        name = self._name(channel)
        return self._group.get(name, type(self._main)) if name in self._group else None

    def _own(self, channel: str) -> B:
        """Return the store of its own that a channel has, or has from now on."""
        known, kind = self._known(channel), type(self._main)
        if known is None:
            if sum(isinstance(self._group[name], kind) for name in self._group) > _MOST:
                raise ProtocolError(f"too many book channels, {channel} is one too many")
            self._group.create(self._name(channel), datastore_class=kind)
            known = self._group.get(self._name(channel), kind)
        return known


def _leave(book: OrderBook, symbol: Any, reason: str) -> None:
    """Let go of an instrument that is not fed here any more."""
    if symbol in book.instruments:
        book.lose(symbol, Stale(reason))
