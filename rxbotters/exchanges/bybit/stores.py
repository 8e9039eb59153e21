"""Bybit's stores: folds over the topics of API v5. Source: bybit-exchange.github.io/docs/v5 (2026-07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yarl import URL

from rxbotters.errors import SnapshotError
from rxbotters.stores import OrderBook
from rxbotters.stores.collection import Route
from rxbotters.wire import fields

from .account import Executions, Greeks, Positions, Wallet
from .board import Book, RpiBook
from .listings import FULL_BOOK, Listings, result_of
from .market import Klines, Lines, Tickers
from .orders import Orders
from .session import category_of
from .topics import Topics

__all__ = ["BybitDataStore"]


class BybitDataStore(Topics, Listings):
    """Every store of Bybit.

    One collection takes one category of each symbol, and one depth: what else comes for it is refused, and said once. Use
    a collection for spot and another for derivatives, or `follow`.

    Example:
        >>> store = BybitDataStore()
        >>> store.onmessage({
        ...     "topic": "orderbook.50.BTCUSDT", "type": "snapshot", "ts": 1672304484978,
        ...     "data": {"s": "BTCUSDT", "b": [["16493.50", "0.006"]], "a": [["16611.00", "0.029"]], "u": 18521288}})
        >>> store.orderbook.best("BTCUSDT").bid
        {'s': 'BTCUSDT', 'S': 'b', 'p': '16493.50', 'v': '0.006'}
    """

    def _init(self) -> None:
        self.create("orderbook", datastore_class=Book)
        self.create("orderbook.rpi", datastore_class=RpiBook)
        self.create("publicTrade", datastore_class=Lines)
        self.create("tickers", datastore_class=Tickers)
        self.create("kline", datastore_class=Klines)
        self.create("allLiquidation", datastore_class=Lines)
        self.create("kline_lt", datastore_class=Klines)
        self.create("tickers_lt", datastore_class=Tickers)
        self.create("lt", datastore_class=Tickers)
        self.create("liquidation", datastore_class=Lines)
        self.create("position", datastore_class=Positions)
        self.create("execution", datastore_class=Executions)
        self.create("order", datastore_class=Orders)
        self.create("wallet", datastore_class=Wallet)
        self.create("greeks", datastore_class=Greeks)
        Topics._init(self)
        Listings._init(self)

    # ------------------------------------------------------------------ the full book

    def _routes(self) -> Mapping[str, Route]:
        return {**super()._routes(), FULL_BOOK: self._full_snapshot}

    def _full_snapshot(self, body: Any, query: Mapping[str, str]) -> None:
        result = result_of(body)
        symbol = str(result.get("s"))
        topic = self.orderbook.sources.get(symbol)
        if topic != f"orderbook.full.{symbol}":
            raise SnapshotError(
                FULL_BOOK, f"the book of {symbol} is fed by {topic or 'nothing'}, not by orderbook.full"
            )
        self.orderbook.full_snapshot(symbol, result)

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        for topic in _topics(messages):
            kind, depth, symbol = [*topic.split(".", 2), "", ""][:3]
            if kind == "orderbook" and symbol:
                yield self.orderbook, symbol
                if depth == "rpi":
                    yield self.orderbook_rpi, symbol

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        topic = self.orderbook.sources.get(symbol)
        return None if topic is None else {"op": "subscribe", "args": [topic]}

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        if not str(self.orderbook.sources.get(symbol, "")).startswith("orderbook.full."):
            return None
        return FULL_BOOK, {"category": category_of(url), "symbol": symbol}

    def _rest(self, url: URL) -> str:
        return f"https://{str(url.host).replace('stream', 'api', 1)}"

    # ------------------------------------------------------------------ stores

    @property
    def trade(self) -> Lines:
        """Public trades, oldest first; the last 99,999 are kept."""
        return self.get("publicTrade", Lines)

    @property
    def ticker(self) -> Tickers:
        """Tickers."""
        return self.get("tickers", Tickers)

    @property
    def kline(self) -> Klines:
        """Klines."""
        return self.get("kline", Klines)

    @property
    def all_liquidation(self) -> Lines:
        """Liquidations, oldest first; ``S`` is the side of the liquidated position."""
        return self.get("allLiquidation", Lines)

    @property
    def liquidation(self) -> Lines:
        """The topic before ``allLiquidation``."""
        return self.get("liquidation", Lines)

    @property
    def lt_kline(self) -> Klines:
        """Klines of leveraged tokens, delisted in 2025."""
        return self.get("kline_lt", Klines)

    @property
    def lt_ticker(self) -> Tickers:
        """Tickers of leveraged tokens, delisted in 2025."""
        return self.get("tickers_lt", Tickers)

    @property
    def lt_nav(self) -> Tickers:
        """Net asset values of leveraged tokens, delisted in 2025."""
        return self.get("lt", Tickers)

    @property
    def greek(self) -> Greeks:
        """Greeks of options."""
        return self.get("greeks", Greeks)


def _topics(messages: Iterable[Any]) -> Iterable[str]:
    for message in messages:
        request = fields(message)
        if request.get("op") == "subscribe" and isinstance(request.get("args"), list):
            yield from map(str, request["args"])
