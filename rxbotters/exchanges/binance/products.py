"""What Binance's products have in common: the public stores of all three, and the stores of both futures products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rxbotters.errors import SnapshotError
from rxbotters.stores.proofs import objects

from .account import Balance, Position
from .books import Book, FuturesBook, PartialDepth
from .collection import Binance
from .market import BookTicker, ContinuousKline, Events, Kline, Liquidation, MarkPrice, Ticker, Trade
from .orders import AlgoOrders, FuturesOrders
from .userdata import Route

__all__ = ["Futures", "Market", "Query"]

Query = Mapping[str, str]


class Market(Binance):
    """The stores that all three products have."""

    def _event_folds(self) -> dict[str, Callable[[Events], None]]:
        kline = self.kline
        return {
            "trade": self.trade.take,
            "aggTrade": self.trade.take,
            "kline": lambda events: kline.take([event["k"] for event in events]),
            "24hrTicker": self.ticker.take,
            "24hrMiniTicker": self.ticker.take,
            "bookTicker": self.bookticker.take,
            "listenKeyExpired": self._ended,
        }

    def _create_market(self, book: type[Book]) -> None:
        self.create("trade", datastore_class=Trade)
        self.create("kline", datastore_class=Kline)
        self.create("ticker", datastore_class=Ticker)
        self.create("bookticker", datastore_class=BookTicker)
        self.create("orderbook", datastore_class=book)
        self.create("partialdepth", datastore_class=PartialDepth)

    def _klines(self, store: Kline, field: str = "symbol") -> Route:
        def route(body: Any, query: Query) -> None:
            if body.__class__ is not list or not all(row.__class__ is list for row in body):
                raise SnapshotError("klines", f"a list of lists was expected, not {str(body)[:100]}")
            store.snapshot(query[field], query["interval"], body)

        return route

    @property
    def trade(self) -> Trade:
        """Public trades and aggregated trades."""
        return self.get("trade", Trade)

    @property
    def kline(self) -> Kline:
        """Candles."""
        return self.get("kline", Kline)

    @property
    def ticker(self) -> Ticker:
        """24-hour tickers."""
        return self.get("ticker", Ticker)

    @property
    def bookticker(self) -> BookTicker:
        """Best bid and ask."""
        return self.get("bookticker", BookTicker)


class Futures(Market):
    """The stores that both futures products have."""

    def _create_futures(self) -> None:
        self._create_market(FuturesBook)
        self.create("markprice", datastore_class=MarkPrice)
        self.create("continuouskline", datastore_class=ContinuousKline)
        self.create("liquidation", datastore_class=Liquidation)
        self.create("balance", datastore_class=Balance)
        self.create("position", datastore_class=Position)
        self.create("order", datastore_class=FuturesOrders)
        self.create("algoorder", datastore_class=AlgoOrders)

    def _event_folds(self) -> dict[str, Callable[[Events], None]]:
        return {
            **super()._event_folds(),
            "markPriceUpdate": self.markprice.take,
            "continuous_kline": self.continuouskline.take,
            "forceOrder": self.liquidation.take,
            "ACCOUNT_UPDATE": self._accounts,
            "ORDER_TRADE_UPDATE": self._orders,
            "ALGO_UPDATE": self._algos,
        }

    def _accounts(self, events: Events) -> None:
        for event in events:
            change = event["a"]
            balances, positions = change.get("B", ()), change.get("P", ())
            moment = event.get("T")
            balances, positions = self.balance.news(balances, moment), self.position.news(positions, moment)
            self.balance.take(balances, moment)  # both were proved: the whole event or nothing of it
            self.position.take(positions, moment)

    def _orders(self, events: Events) -> None:
        for event in events:
            order = event["o"]
            self.order.take(order, order.get("T", event.get("T")))

    def _algos(self, events: Events) -> None:
        for event in events:
            self.algoorder.take(event["o"], event.get("T"))

    def _futures_routes(self) -> dict[str, Route]:
        prefix = self._PREFIX
        orders, algos = self.order, self.algoorder

        def balances(body: Any, query: Query) -> None:
            self.balance.snapshot(objects(body))

        def positions(body: Any, query: Query) -> None:
            self.position.snapshot(objects(body), query)

        def algo_orders(body: Any, query: Query) -> None:
            rows = body["orders"] if body.__class__ is dict else body
            algos.snapshot(objects(rows), query)

        return {
            f"{prefix}/depth": self._depth,
            f"{prefix}/klines": self._klines(self.kline),
            f"{prefix}/openOrders": lambda body, query: orders.snapshot(objects(body), query),
            f"{prefix}/openAlgoOrders": algo_orders,
            f"{prefix}/listenKey": self._listen,
            **{f"{prefix[:-1]}{version}/balance": balances for version in (1, 2, 3)},
            **{f"{prefix[:-1]}{version}/positionRisk": positions for version in (1, 2, 3)},
        }

    @property
    def markprice(self) -> MarkPrice:
        """Mark prices and funding rates."""
        return self.get("markprice", MarkPrice)

    @property
    def continuouskline(self) -> ContinuousKline:
        """Candles of continuous contracts."""
        return self.get("continuouskline", ContinuousKline)

    @property
    def liquidation(self) -> Liquidation:
        """Forced orders."""
        return self.get("liquidation", Liquidation)

    @property
    def balance(self) -> Balance:
        """Balances."""
        return self.get("balance", Balance)

    @property
    def position(self) -> Position:
        """Open positions."""
        return self.get("position", Position)

    @property
    def order(self) -> FuturesOrders:
        """Live orders."""
        return self.get("order", FuturesOrders)

    @property
    def algoorder(self) -> AlgoOrders:
        """Conditional orders that wait for their trigger."""
        return self.get("algoorder", AlgoOrders)
