"""KuCoin's stores: one fold for each topic. Source: kucoin.com/docs-new and its machine-readable description (2025-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rxbotters.stores import OrderBook
from rxbotters.stores.folds import Folds

from .books import TopKOrderBook
from .session import symbols_of
from .snapshots import Snapshots

__all__ = ["KuCoinDataStore"]

Fold = Callable[[Mapping[str, Any]], None]

_BOOKS = {
    "/spotMarket/level2Depth5": "orderbook5",
    "/contractMarket/level2Depth5": "orderbook5",
    "/spotMarket/level2Depth50": "orderbook50",
    "/contractMarket/level2Depth50": "orderbook50",
    "/market/level2": "orderbook",
    "/contractMarket/level2": "orderbook",
}
_PRIVATE = ("/spotMarket/", "/contractMarket/tradeOrders", "/contractMarket/advancedOrders", "/contract/position",
            "/account/")  # fmt: skip


class KuCoinDataStore(Snapshots):
    """Every store of KuCoin: spot, margin and futures in one, told apart by their symbols.

    Example:
        >>> store = KuCoinDataStore()
        >>> store.onmessage({
        ...     "type": "message", "topic": "/spotMarket/level2Depth5:BTC-USDT", "subject": "level2",
        ...     "data": {"asks": [["9989", "8"]], "bids": [["9988", "56"]], "timestamp": 1586948108193}})
        >>> store.orderbook5.best("BTC-USDT").bid
        {'symbol': 'BTC-USDT', 'side': 'bids', 'price': '9988', 'size': '56', 'timestamp': 1586948108193}
    """

    def _init(self) -> None:
        super()._init()
        self._folds = Folds(self._bind)

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        topic = msg.get("topic")
        if topic is None:
            if msg.get("type") == "error":
                self._unhandled("error")
            return
        fold = self._folds[topic]
        if fold is None:
            self._unhandled(topic)
        else:
            fold(msg)

    def _bind(self, topic: str) -> Fold | None:
        """Return the fold of a topic."""
        head = topic.partition(":")[0]
        symbol = topic.rpartition(":")[2]
        return self._public(head, symbol) or self._private(head, symbol)

    def _public(self, head: str, symbol: str) -> Fold | None:
        """Return the fold of a topic of market data."""
        if head in _BOOKS:
            return self._book_fold(head, symbol)
        match head:
            case "/market/ticker" | "/contractMarket/tickerV2" | "/contractMarket/ticker":
                ticker = self.ticker
                if symbol == "all":
                    return lambda msg: ticker._update([{"symbol": msg["subject"], **msg["data"]}])
                return lambda msg: ticker._update([{"symbol": symbol, **msg["data"]}])
            case "/market/match" | "/contractMarket/execution":
                execution = self.execution
                return lambda msg: execution._insert([msg["data"]])
            case "/market/candles" | "/contractMarket/limitCandle":
                kline, (pair, _, interval) = self.kline, symbol.rpartition("_")
                return lambda msg: kline.fold(pair, interval, [msg["data"]["candles"]], msg["data"]["time"])
            case "/market/snapshot":
                return lambda msg: self.symbolsnapshot._update([msg["data"]["data"]])
            case "/indicator/index":
                return lambda msg: self.indexprice._update([msg["data"]])
            case "/indicator/markPrice":
                return lambda msg: self.markprice._update([msg["data"]])
            case "/contract/instrument":
                return lambda msg: self.instrument._insert([_named(msg, symbol)])
            case "/contractMarket/snapshot":
                return lambda msg: self.transactionstats._insert([_named(msg, symbol)])
            case "/contract/announcement":
                return lambda msg: self.announcements._insert([_named(msg)])
            case "/margin/fundingBook":
                return lambda msg: self.marginfundingbook._insert([msg["data"]])
            case _:
                return None

    def _book_fold(self, head: str, symbol: str) -> Fold:
        name = _BOOKS[head]
        if name != "orderbook":
            top = self.get(name, TopKOrderBook)
            return lambda msg: top.replace(symbol, msg["data"])
        book = self.orderbook
        apply = book.spot if head == "/market/level2" else book.futures
        return lambda msg: apply(symbol, msg["data"])

    def _private(self, head: str, symbol: str) -> Fold | None:
        """Return the fold of a topic of the account."""
        match head:
            case "/spotMarket/tradeOrders" | "/spotMarket/tradeOrdersV2" | "/contractMarket/tradeOrders":
                return lambda msg: self._order(head, msg["data"], stop=False)
            case "/spotMarket/advancedOrders" | "/contractMarket/advancedOrders":
                return lambda msg: self._order(head, msg["data"], stop=True)
            case "/contract/position" | "/contract/positionAll":
                return lambda msg: self._position(symbol, msg)
            case "/account/balance":
                return lambda msg: self.balance._update([msg["data"]])
            case "/contractAccount/wallet":
                return lambda msg: self.balanceevents._insert([_named(msg, symbol)])
            case "/margin/position":
                return self._margin_position
            case "/margin/loan":
                return self._margin_loan
            case _:
                return None

    def _order(self, topic: str, event: Mapping[str, Any], *, stop: bool) -> None:
        kind = self.orders.check(event)
        self.orderevents._insert([event])
        if not self.orders.fold(event, stop=stop):
            self._unhandled(f"{topic} {kind}")

    def _position(self, symbol: str, msg: Mapping[str, Any]) -> None:
        """Apply a change of a position; settlements and risk limits change none."""
        if msg["subject"] == "position.change":
            self.positions.fold(symbol, msg["data"])

    def _margin_position(self, msg: Mapping[str, Any]) -> None:
        data = dict(msg["data"])
        self.marginpositions.replace(data)
        self.marginpositionevents._insert([data])

    def _margin_loan(self, msg: Mapping[str, Any]) -> None:
        subject, data = msg["subject"], dict(msg["data"])
        self.marginorderevents._insert([{"subject": subject, **data}])
        self.marginorders.fold(subject, data)

    # ------------------------------------------------------------------ the connection

    def _holds(self, msg: Any) -> bool:
        topic = msg.get("topic") if isinstance(msg, dict) else None  # pyright: ignore
        return isinstance(topic, str) and topic.startswith(_PRIVATE) and "level" not in topic

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        subscribed = [symbols_of(message) for message in messages]
        return [
            (self.get(_BOOKS[head], OrderBook), symbol)
            for head, symbols in subscribed
            if head in _BOOKS
            for symbol in symbols
        ]


def _named(msg: Mapping[str, Any], *symbol: str) -> dict[str, Any]:
    """Return the data of a message with its subject, and the symbol of its topic."""
    named: dict[str, Any] = {"subject": msg["subject"]}
    if symbol:
        named["symbol"] = symbol[0]
    return {**named, **msg["data"]}
