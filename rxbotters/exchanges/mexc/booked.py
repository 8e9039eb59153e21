"""`Booked`: a collection whose book begins with a REST snapshot, asked for once its subscription is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from yarl import URL

from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters.stores.feeding import feed_of
from rxbotters_operators.events import Acknowledged, Stale

from .books import NumberedBook
from .paths import Paths

__all__ = ["REST", "Booked"]

REST = "https://api.mexc.com"
"""Where every snapshot comes from, since 2026-01-19 those of futures too."""
_ENDED = Stale("unsubscribed")


class Booked(DataStoreCollection):
    """What the collections of spot and futures have in common."""

    _paths: Paths
    _PRIVATE: ClassVar[str]
    """How the channels of one's own account begin."""

    def _book(self) -> NumberedBook:
        """Return the book that is kept by numbered changes."""
        raise NotImplementedError

    def _depths(self, request: Any) -> Iterable[str]:
        """Return the symbols whose changes a request subscribes to."""
        return ()

    def _ended(self, request: Any) -> Iterable[str]:
        """Return the symbols whose changes a request ends."""
        return ()

    def onevent(self, event: Any) -> None:
        """Hear of a connection that feeds the collection."""
        super().onevent(event)
        if isinstance(event, Acknowledged):
            book = self._book()
            feed = feed_of(event)
            for symbol in self._depths(event.request):
                book.want(symbol, feed)
            for symbol in self._ended(event.request):
                book.lose(symbol, _ENDED)

    def _holds(self, msg: Any) -> bool:
        channel = msg.get("channel") if msg.__class__ is dict else None
        return isinstance(channel, str) and channel.startswith(self._PRIVATE)

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        return [(self._book(), symbol) for message in messages for symbol in self._depths(message)]

    def _routes(self) -> Paths:
        return self._paths

    def _rest(self, url: URL) -> str:
        return REST
