"""What the three collections of Binance share: the way of a message to its store, and the connections behind it.

Rules
  1. The stream's name decides where there is one: diff and partial depth look alike on futures, and on spot some messages
     do not even name their symbol. Raw connections are known by their url and their subscriptions.
  2. A snapshot of a book is asked for once the exchange says that its diffs are on their way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from yarl import URL

from rxbotters.stores import OrderBook
from rxbotters.stores.feeding import feed_of
from rxbotters.stores.folds import Folds
from rxbotters_operators.events import Acknowledged, Stale

from .books import Book, PartialDepth
from .market import Events
from .streams import DIFF, PARTIAL, depth_kind, named, named_in_url, rest_of, symbol_of
from .userdata import UserData

__all__ = ["Binance", "Fold"]

Fold = Callable[[Any], None]
_PAYLOADS = {
    "trade": "trade",
    "aggTrade": "aggTrade",
    "bookTicker": "bookTicker",
}  # the busiest: straight to their store


class Binance(UserData):
    """One product of Binance.

    Attributes:
        depth_limit: Levels a side asked for in a snapshot of the diff book: at most 5,000 on spot, 1,000 on futures.
            Fewer weigh less: with hundreds of books give 100.
        listenkey: The key of the user data stream that ``initialize`` had; ``None`` before.
    """

    _PREFIX: ClassVar[str]
    _REST_ORIGIN: ClassVar[str]
    _TYPE: ClassVar[int | None] = None  # the ``st`` of this product's rows where streams carry those of both

    def _init(self) -> None:
        super()._init()
        self.depth_limit = 1000
        self._folds = Folds(self._way_of)
        self._raw_depths = Folds(self._way_of_depth)
        self._streams: dict[Any, frozenset[str]] = {}
        self._events = self._event_folds()

    def _event_folds(self) -> dict[str, Callable[[Events], None]]:
        """Return kind of event → what takes events of that kind."""
        raise NotImplementedError

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.__class__ is dict:
            stream = msg.get("stream")
            if stream.__class__ is str and "data" in msg:
                self._folds[stream](msg["data"])
            elif "data" in msg:
                self._raw(msg["data"], ws)
            elif "subscriptionId" in msg and "event" in msg:
                self._raw(msg["event"], ws)
            else:
                self._raw(msg, ws)
        elif msg.__class__ is list:
            self._several(msg)
        else:
            self._unhandled(type(msg).__name__)

    def _way_of(self, stream: str) -> Fold:
        """Return the way of a stream's payloads."""
        kind = depth_kind(stream)
        if kind == DIFF:
            return self.orderbook.change
        if kind == PARTIAL:
            return self._partial_fold(symbol_of(stream))
        if "depth" in stream.partition("@")[2].lower():
            return lambda data: self._unhandled(stream)  # another book, such as that of retail price improvement
        take = self._events.get(_PAYLOADS.get(stream.partition("@")[2], ""))
        if take is not None and not stream.startswith("!"):
            return lambda data: take([data])
        return lambda data: self._raw(data, None)

    def _partial_fold(self, symbol: str) -> Fold:
        levels = self.partialdepth
        return lambda data: levels.replace(symbol, data)

    def _raw(self, data: Any, ws: Any) -> None:
        """Hand on an event that names itself."""
        if data.__class__ is list:
            self._several(data)
            return
        kind = data.get("e")
        if kind is None:
            self._nameless(data, ws)
        elif kind == "depthUpdate":
            feed = self.feeding if ws is not None else None
            self._raw_depths[feed, data["s"]](data)
        else:
            self._fold_events(kind, [data])

    def _several(self, events: list[Any]) -> None:
        kinds: dict[Any, list[Any]] = {}
        for event in events:
            kinds.setdefault(event["e"], []).append(event)
        for kind, some in kinds.items():
            self._fold_events(kind, some)

    def _fold_events(self, kind: Any, events: list[Any]) -> None:
        take = self._events.get(kind)
        if take is None:
            self._unhandled(str(kind))
            return
        if self._TYPE is not None:
            events = [event for event in events if event.get("st", self._TYPE) == self._TYPE]
            if not events:
                return
        take(events)

    def _nameless(self, data: Any, ws: Any) -> None:
        """Hand on what is no event: answers, and the payloads of spot that do not say what they are."""
        if "error" in data:
            self._unhandled("error")
        elif "id" not in data and "result" not in data:
            self._unhandled("nameless")

    # ------------------------------------------------------------------ raw depth

    def _way_of_depth(self, key: tuple[Any, Any]) -> Fold:
        """Return the way of the depth of a symbol on a connection whose messages name no stream."""
        feed, symbol = key
        streams = [
            name for name in self._streams.get(feed, ()) if "depth" in name.lower() and symbol_of(name) == symbol
        ]
        if len({depth_kind(name) for name in streams}) > 1:
            return lambda data: self._unhandled(f"{symbol} depth of several kinds: connect to /stream")
        return self._way_of(streams[0]) if streams else self.orderbook.change

    def _lone_partial(self, ws: Any) -> str | None:
        """Return the symbol of a connection's partial depth, if it carries but one."""
        streams = self._streams.get(self.feeding) or named_in_url(getattr(ws, "url", None)) if ws is not None else ()
        symbols = {symbol_of(name) for name in streams if depth_kind(name) == PARTIAL}
        return symbols.pop() if len(symbols) == 1 else None

    # ------------------------------------------------------------------ the connection

    def _begin(self, feed: Any, messages: Sequence[Any]) -> None:
        dialled = named_in_url(getattr(feed, "url", None))
        self._carry(feed, frozenset([*dialled, *named(messages)]))
        super()._begin(feed, [*messages, {"method": "SUBSCRIBE", "params": dialled}])
        self._want(dialled, feed)

    def onevent(self, event: Any) -> None:
        """Hear of a connection that feeds the collection."""
        super().onevent(event)
        if isinstance(event, Acknowledged):
            feed = feed_of(event)
            more, fewer = list(named([event.request])), list(named([event.request], "UNSUBSCRIBE"))
            self._carry(feed, self._streams.get(feed, frozenset()).union(more).difference(fewer))
            self._want(more, feed)
            for name in fewer:
                if depth_kind(name) == DIFF:
                    self.orderbook.lose(symbol_of(name), Stale("unsubscribed"))

    def _carry(self, feed: Any, streams: frozenset[str]) -> None:
        self._streams[feed] = streams
        self._raw_depths.clear()

    def _want(self, streams: Iterable[str], feed: Any) -> None:
        for name in streams:
            if depth_kind(name) == DIFF:
                self.orderbook.want(symbol_of(name), feed)

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        for name in named(messages):
            kind = depth_kind(name)
            if kind is not None:
                yield self.orderbook if kind == DIFF else self.partialdepth, symbol_of(name)

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        if book is not self.orderbook:
            return None
        return f"{self._PREFIX}/depth", {"symbol": str(symbol), "limit": str(self.depth_limit)}

    def _rest(self, url: URL) -> str:
        return rest_of(url) or self._REST_ORIGIN

    def _left(self, feed: Any) -> bool:
        self._streams.pop(feed, None)
        self._raw_depths.clear()
        return super()._left(feed)

    # ------------------------------------------------------------------ snapshots

    def _depth(self, body: Any, query: Mapping[str, str]) -> None:
        self.orderbook.snapshot(query["symbol"].upper(), body)

    # ------------------------------------------------------------------ stores

    @property
    def orderbook(self) -> Book:
        """The diff books."""
        return self.get("orderbook", Book)

    @property
    def partialdepth(self) -> PartialDepth:
        """The best 5, 10 or 20 levels, of the streams ``@depth5``, ``@depth10`` and ``@depth20``."""
        return self.get("partialdepth", PartialDepth)
