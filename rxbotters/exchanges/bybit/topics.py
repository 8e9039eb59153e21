"""Which fold takes which topic of Bybit, and who may speak of which symbol.

Rules
  1. Spot and linear share names, and no public message says which it is: the url of its connection does.
  2. A name is fed by the first topic that speaks of it; another category or depth of it is refused, and said once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from yarl import URL

from rxbotters.errors import StoreError
from rxbotters.stores import DataStoreCollection
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects

from .account import Executions
from .board import Book, RpiBook
from .market import BINDERS
from .session import category_of

__all__ = ["ACCOUNT", "Topics"]

Fold = Callable[[Any], None]

ACCOUNT = ("order", "position", "wallet")
"""Topics whose rows REST answers replace."""


class _Owner(NamedTuple):
    """What feeds a name: spot and linear share names, and no message says which it is."""

    category: str
    topic: str
    feed: Any


class Topics(DataStoreCollection):
    """The folds of `BybitDataStore`."""

    def _init(self) -> None:
        self._owners: dict[tuple[str, str], _Owner] = {}
        self._folds_of: dict[str, Folds[str, Fold]] = {}
        self._turn_to(None)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        topic = msg.get("topic")
        if topic is None:
            if msg.get("success") is False or msg.get("retCode", 0) != 0:
                self._unhandled("error")
            return
        if ws is not self._source:
            self._turn_to(ws)
        self._folds[topic](msg)

    def _turn_to(self, ws: Any) -> None:
        """Learn from the url of a connection which category its messages are of."""
        self._source = ws
        url = getattr(ws, "url", None)
        self._category = category_of(url) if isinstance(url, URL) else ""
        self._folds = self._folds_of.setdefault(self._category, Folds(self._bind))

    def _bind(self, topic: str) -> Fold:
        """Return the fold of a topic of the present category."""
        kind, _, rest = topic.partition(".")
        if kind == "orderbook":
            return self._bind_book(topic, *rest.partition(".")[::2])
        if kind == "execution":
            fills = self.get("execution", Executions)
            return lambda msg: fills.fold(objects(msg["data"]))
        if kind in ACCOUNT:
            store = self.get(kind)
            return lambda msg: store.fold(objects(msg["data"]))
        binder = BINDERS.get(kind)
        if binder is None:
            return lambda msg: self._unhandled(topic)
        if not self._claim((kind, rest), topic):
            return self._refuse(topic)
        return binder(self[kind], topic)

    def _bind_book(self, topic: str, depth: str, symbol: str) -> Fold:
        if not self._claim(("orderbook", symbol), topic):
            return self._refuse(topic)
        book, retail = self.orderbook, self.orderbook_rpi
        book.sources[symbol] = topic
        if depth == "rpi":
            return lambda msg: retail.message_with(book, symbol, msg)
        if depth == "full":
            return lambda msg: book.full(symbol, msg)
        return lambda msg: book.message(symbol, msg)

    # ------------------------------------------------------------------ who may speak

    def _claim(self, name: tuple[str, str], topic: str) -> bool:
        """Let the first topic have a name; return whether ``topic`` has it."""
        owner = self._owners.get(name)
        if owner is None or (owner.topic == topic and "" in (owner.category, self._category)):
            category = self._category or (owner.category if owner is not None else "")
            self._owners[name] = _Owner(category, topic, self.feeding)
            return True
        return owner.category == self._category and owner.topic == topic

    def _refuse(self, topic: str) -> Fold:
        kind, _, symbol = topic.partition(".")
        name = ("orderbook", symbol.partition(".")[2]) if kind == "orderbook" else (kind, symbol)
        owner = self._owners[name]
        self.errors.emit(
            StoreError(
                f"{topic} of {self._category or 'an unknown category'} is refused: {name[1]} is fed by {owner.topic} of "
                f"{owner.category or 'an unknown category'} already; use another BybitDataStore, or follow()"
            )
        )
        return lambda msg: self._unhandled(f"{topic} refused")

    def follow(self, topic: str, category: str = "") -> None:
        """Let another topic feed what the first one fed: another depth, or another category.

        A book is emptied and begins with the next snapshot.

        Args:
            topic: Such as ``"orderbook.200.BTCUSDT"``.
            category: ``"linear"``, ``"spot"`` …; empty: whichever comes.
        """
        kind, _, rest = topic.partition(".")
        symbol = rest.partition(".")[2] if kind == "orderbook" else rest
        for folds in self._folds_of.values():
            folds.clear()
        self._owners[kind, symbol] = _Owner(category, topic, self.feeding)
        if kind == "orderbook":
            self.orderbook.sources[symbol] = topic
            for book in (self.orderbook, self.orderbook_rpi):
                if symbol in book.instruments:
                    book.begin_anew(symbol)

    def release(self, feed: Any, error: Exception) -> None:
        """Forget what a connection fed that ended for good."""
        for name in [name for name, owner in self._owners.items() if owner.feed is feed]:
            del self._owners[name]
        for folds in self._folds_of.values():
            folds.clear()
        super().release(feed, error)

    # ------------------------------------------------------------------ stores

    @property
    def orderbook(self) -> Book:
        """The order book."""
        return self.get("orderbook", Book)

    @property
    def orderbook_rpi(self) -> RpiBook:
        """Sizes for retail orders, of ``orderbook.rpi``."""
        return self.get("orderbook.rpi", RpiBook)
