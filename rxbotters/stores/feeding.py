"""`Feeding`: which connection feeds which store, and what the stores make of its coming and going.

Rules
  1. A store belongs to the connections whose messages changed it; a book, instrument by instrument.
  2. When a connection ends, what it fed is `Stale` at once. Books are emptied: nobody knows what they missed.
  3. When it is back, logs and tickers are `Live` again; books with their snapshot; orders, positions and balances once
     the requests that filled them were repeated.
  4. While a pong is overdue, or this process stood still, what was `Live` is `Stale` until the next proof of life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from yarl import URL

from rxbotters_operators.events import (
    Answered,
    Closed,
    Joined,
    Late,
    Left,
    Live,
    Overdue,
    Quiet,
    Stale,
    Subscribed,
    Syncing,
)
from rxbotters_operators.hot import Errors, Hot

from .book import OrderBook
from .store import DataStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

__all__ = ["Ask", "Feeding", "feed_of"]


class Ask(NamedTuple):
    """A collection needs something that its stream does not bring.

    Attributes:
        store: The book that needs a snapshot; ``None``: repeat the requests that filled the private stores.
        symbol: The instrument of the book.
        feed: The connection that feeds it.
    """

    store: OrderBook | None
    symbol: Any
    feed: Any


class Feeding:
    """The connections of a `DataStoreCollection`."""

    errors: Errors
    _stores: dict[str, DataStore]
    _SIGNED_SNAPSHOTS: ClassVar[bool] = False
    """Whether the exchange gives the REST snapshots of its books only to who signs."""

    def _init_feeding(self) -> None:
        self.asks: Hot[Ask] = Hot(f"{type(self).__name__}.asks", on_fault=self.errors.emit)
        self.feeding: Any = None  # whose message is being folded
        self._ws: Any = None
        self._feeds: dict[Any, None] = {}
        self._fed: dict[Any, dict[DataStore, None]] = {}
        self._broken: set[Any] = set()  # feeds that were lost and have not been made whole
        self._wanted: dict[Any, list[Any]] = {}  # connection → its subscriptions
        self._remembered: dict[str, Awaitable[Any]] = {}
        self._when_synced: list[Callable[[], None]] = []

    # ------------------------------------------------------------------ what an exchange fills in

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        """Return (book, symbol) for each book that these subscriptions will bring a snapshot of."""
        return ()

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        """Return (path, params) of the public REST snapshot of a book; ``None``: the stream brings its own.

        Args:
            book: Which book.
            symbol: Which instrument.
            url: The WebSocket that feeds it.
        """
        return None

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        """Return the subscription that brings a new snapshot when it is made again; ``None``: one comes by itself."""
        return None

    def _rest(self, url: URL) -> str:
        """Return the origin of the REST api that belongs to a WebSocket of the exchange."""
        return str(url.origin())

    # ------------------------------------------------------------------ the connection

    def _attach(self, ws: Any) -> None:
        """Learn who feeds this collection, and ask to be told when that connection comes and goes."""
        self._ws = ws
        app = getattr(ws, "app", None)
        self.feeding = app if app is not None else ws
        if app is not None:
            app.attach(self)

    def _note_fed(self, stores: Iterable[DataStore]) -> None:
        fed = self._fed.get(self.feeding)
        if fed is None:
            fed = self._fed[self.feeding] = {}
        for store in stores:
            fed[store] = None
            store._fed_by = self.feeding

    def onevent(self, event: Any) -> None:
        """Hear of a connection that feeds the collection."""
        feed = feed_of(event)
        match event:
            case Subscribed(messages=messages):
                self._begin(feed, messages)
            case Closed(cause=cause):
                self._broken.add(feed)
                for store in self._of(feed):
                    store._lost(feed, Stale(f"closed: {cause}"))
            case Joined(messages=messages):
                self._wanted.setdefault(feed, []).extend(messages)
                for book, symbol in self._expects(messages):
                    book.take_up(symbol, feed)
            case Left(messages=messages):
                self._let_go(feed, messages)
            case Overdue(seconds=seconds):
                self._suspect(feed, f"pong overdue by {seconds:g} s")
            case Late(seconds=seconds):
                self._suspect(feed, f"this process stood still for {seconds:.1f} s")
            case Quiet(channel=channel, seconds=seconds):
                self._suspect(feed, f"{channel} silent for {seconds:.1f} s")
            case Answered():
                # All of them: some were told of this doubt before it was known that another connection feeds them.
                for store in self._stores.values():
                    store._cleared(feed)
            case _:
                pass

    def _of(self, feed: Any) -> list[DataStore]:
        """Return the stores a connection feeds, and those of which nobody knows who feeds them."""
        if feed is None:
            return list(self._stores.values())
        claimed: set[DataStore] = set()
        for stores in self._fed.values():
            claimed.update(stores)
        mine = self._fed.get(feed, {})
        return [store for store in self._stores.values() if store in mine or store not in claimed]

    def _let_go(self, feed: Any, messages: Sequence[Any]) -> None:
        """Let go of the books that these subscriptions fed and no other subscription of the connection feeds."""
        kept = self._wanted[feed] = [message for message in self._wanted.get(feed, ()) if message not in messages]
        still = {(book.name, symbol) for book, symbol in self._expects(kept)}
        for book, symbol in list(self._expects(messages)):
            if (book.name, symbol) not in still and book._sources.get(symbol, feed) is feed:
                book.let_go(symbol)

    def _begin(self, feed: Any, messages: Sequence[Any]) -> None:
        self._wanted[feed] = list(messages)
        for store in self._of(feed):
            store._resumed(feed)
        expected = list(self._expects(messages))
        for book, symbol in expected:
            book.take_up(symbol, feed)
            book.await_snapshot(symbol, feed)
        if expected:
            fed = self._fed.setdefault(feed, {})
            for book, _ in expected:
                fed[book] = None
        if feed in self._broken:
            self._broken.discard(feed)
            if self._remembered:
                self.asks.emit(Ask(None, None, feed))

    def _suspect(self, feed: Any, reason: str) -> None:
        for store in self._of(feed):
            store._suspected(feed, Stale(reason))

    def ask_for(self, book: OrderBook, symbol: Any, feed: Any) -> None:
        """Say that a book needs a snapshot; whoever feeds the collection hears it on ``asks``."""
        self.asks.emit(Ask(book, symbol, feed))

    def joined(self, feed: Any) -> None:
        """Note a connection that feeds this collection."""
        self._feeds[feed] = None

    def _left(self, feed: Any) -> bool:
        """Forget a connection that ended for good; return whether it was the last one."""
        self._feeds.pop(feed, None)
        for store in self._fed.pop(feed, ()):
            if store._fed_by is feed:
                store._fed_by = None
        self._broken.discard(feed)
        self._wanted.pop(feed, None)
        for store in self._stores.values():
            store._down.discard(feed)
            store._doubts.pop(feed, None)
        if self._feeds:
            return False
        self._ws = self.feeding = None
        return True

    # ------------------------------------------------------------------ readiness

    @property
    def syncing(self) -> bool:
        """Whether a store still waits for its snapshot."""
        return any(isinstance(store.status, Syncing) for store in self._stores.values())

    def when_synced(self, then: Callable[[], None]) -> None:
        """Call ``then`` once no store waits for its snapshot any more."""
        self._when_synced.append(then)

    def _tell_synced(self) -> None:
        if self._when_synced and not self.syncing:
            callbacks, self._when_synced = self._when_synced, []
            for callback in callbacks:
                callback()

    @property
    def is_live(self) -> bool:
        """Whether everything that was ever fed can be trusted."""
        return all(isinstance(store.status, Live) or not store.was_fed for store in self._stores.values())


def feed_of(event: Any) -> Any:
    """Return the app behind an event's connection, or the connection itself where there is no app."""
    connection = getattr(event, "connection", None)
    ws = getattr(connection, "ws", connection)
    app = getattr(ws, "app", None)
    return app if app is not None else ws
