"""Binance's three collections, one for each product. Source: developers.binance.com (2026-06)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from rxbotters.stores.proofs import objects

from .account import Account
from .books import Book
from .market import CompositeIndex, Events, IndexPrice, Kline
from .orders import OrderLists, SpotOrders
from .products import Futures, Market, Query
from .userdata import Route

__all__ = ["BinanceCOINMDataStore", "BinanceSpotDataStore", "BinanceUSDSMDataStore"]


class BinanceSpotDataStore(Market):
    """Every store of spot.

    Example:
        >>> store = BinanceSpotDataStore()
        >>> store.onmessage({"subscriptionId": 0, "event": {
        ...     "e": "outboundAccountPosition", "E": 1564034571105, "u": 1564034571073,
        ...     "B": [{"a": "ETH", "f": "10000.000000", "l": "0.000000"}]}})
        >>> store.account.find()
        [{'a': 'ETH', 'f': '10000.000000', 'l': '0.000000'}]
    """

    _PREFIX: ClassVar[str] = "/api/v3"
    _REST_ORIGIN: ClassVar[str] = "https://api.binance.com"
    _LISTEN: ClassVar[str] = "/api/v3/userDataStream"

    def _init(self) -> None:
        self._create_market(Book)
        self.create("order", datastore_class=SpotOrders)
        self.create("account", datastore_class=Account)
        self.create("ocoorder", datastore_class=OrderLists)
        super()._init()

    def _event_folds(self) -> dict[str, Callable[[Events], None]]:
        return {
            **super()._event_folds(),
            "executionReport": self._orders,
            "outboundAccountPosition": self._accounts,
            "listStatus": self._lists,
            "eventStreamTerminated": self._ended,
        }

    def _orders(self, events: Events) -> None:
        for event in events:
            self.order.take(event, event.get("T"))

    def _accounts(self, events: Events) -> None:
        for event in events:
            self.account.take(event)

    def _lists(self, events: Events) -> None:
        for event in events:
            self.ocoorder.take(event)

    def _nameless(self, data: Any, ws: Any) -> None:
        if "u" in data and "s" in data and "A" in data and "B" in data:
            self.bookticker.take([data])
        elif "lastUpdateId" in data and "asks" in data:
            symbol = self._lone_partial(ws)
            if symbol is None:
                self._unhandled("partial depth of an unknown symbol: connect to /stream")
            else:
                self.partialdepth.replace(symbol, data)
        else:
            super()._nameless(data, ws)

    def _routes(self) -> Mapping[str, Route]:
        return {
            "/api/v3/depth": self._depth,
            "/api/v3/klines": self._klines(self.kline),
            "/api/v3/openOrders": lambda body, query: self.order.snapshot(objects(body), query),
            "/api/v3/openOrderList": lambda body, query: self.ocoorder.snapshot(objects(body)),
            "/api/v3/account": lambda body, query: self.account.snapshot(objects(body["balances"])),
            "/api/v3/userDataStream": self._listen,
        }

    @property
    def order(self) -> SpotOrders:
        """Live orders."""
        return self.get("order", SpotOrders)

    @property
    def account(self) -> Account:
        """Balances."""
        return self.get("account", Account)

    @property
    def ocoorder(self) -> OrderLists:
        """Live order lists."""
        return self.get("ocoorder", OrderLists)


class BinanceUSDSMDataStore(Futures):
    """Every store of USDⓈ-M futures.

    Example:
        >>> store = BinanceUSDSMDataStore()
        >>> store.onmessage({"e": "markPriceUpdate", "E": 1562305380000, "s": "BTCUSDT", "p": "11794.15", "r": "0.00038167"})
        >>> store.markprice.get({"s": "BTCUSDT"})["p"]
        '11794.15'
    """

    _PREFIX: ClassVar[str] = "/fapi/v1"
    _REST_ORIGIN: ClassVar[str] = "https://fapi.binance.com"
    _LISTEN: ClassVar[str] = "/fapi/v1/listenKey"
    _TYPE: ClassVar[int | None] = 1

    def _init(self) -> None:
        self._create_futures()
        self.create("compositeindex", datastore_class=CompositeIndex)
        super()._init()

    def _event_folds(self) -> dict[str, Callable[[Events], None]]:
        return {**super()._event_folds(), "compositeIndex": self.compositeindex.take}

    def _routes(self) -> Mapping[str, Route]:
        def index_info(body: Any, query: Query) -> None:
            self.compositeindex.snapshot(objects([body] if body.__class__ is dict else body))

        return {**self._futures_routes(), "/fapi/v1/indexInfo": index_info}

    @property
    def compositeindex(self) -> CompositeIndex:
        """Composite indexes."""
        return self.get("compositeindex", CompositeIndex)


class BinanceCOINMDataStore(Futures):
    """Every store of COIN-M futures.

    Example:
        >>> store = BinanceCOINMDataStore()
        >>> store.onmessage({"e": "indexPriceUpdate", "E": 1591261236000, "i": "BTCUSD", "p": "9636.57860000"})
        >>> store.indexprice.get({"i": "BTCUSD"})["p"]
        '9636.57860000'
    """

    _PREFIX: ClassVar[str] = "/dapi/v1"
    _REST_ORIGIN: ClassVar[str] = "https://dapi.binance.com"
    _LISTEN: ClassVar[str] = "/dapi/v1/listenKey"
    _TYPE: ClassVar[int | None] = 2

    def _init(self) -> None:
        self._create_futures()
        self.create("indexprice", datastore_class=IndexPrice)
        self.create("indexpricekline", datastore_class=Kline)
        self.create("markpricekline", datastore_class=Kline)
        super()._init()

    def _event_folds(self) -> dict[str, Callable[[Events], None]]:
        index, mark = self.indexpricekline, self.markpricekline
        return {
            **super()._event_folds(),
            "indexPriceUpdate": self.indexprice.take,
            "indexPrice_kline": lambda events: index.take([{**event["k"], "s": event["ps"]} for event in events]),
            "markPrice_kline": lambda events: mark.take([event["k"] for event in events]),
        }

    def _routes(self) -> Mapping[str, Route]:
        return {
            **self._futures_routes(),
            "/dapi/v1/indexPriceKlines": self._klines(self.indexpricekline, "pair"),
            "/dapi/v1/markPriceKlines": self._klines(self.markpricekline),
        }

    @property
    def indexprice(self) -> IndexPrice:
        """Index prices."""
        return self.get("indexprice", IndexPrice)

    @property
    def indexpricekline(self) -> Kline:
        """Candles of index prices; ``s`` is the pair."""
        return self.get("indexpricekline", Kline)

    @property
    def markpricekline(self) -> Kline:
        """Candles of mark prices."""
        return self.get("markpricekline", Kline)
