"""The rooms of `KuCoinDataStore`: every store, its class and its property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore, DataStoreCollection

from .account import Balance, MarginPositions, Positions
from .books import IncrementBook, TopKOrderBook
from .klines import Kline
from .orders import OrderEvents, Orders

__all__ = ["BySubject", "BySymbol", "Execution", "Log", "MarginOrders", "Rooms"]


class BySymbol(DataStore):
    """The latest of each symbol."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)


class BySubject(DataStore):
    """The latest of each symbol and subject."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "subject")


class Execution(DataStore):
    """Public trades by ``tradeId``, oldest first; the last 99,999 are kept."""

    _KEYS: ClassVar[Sequence[str]] = ("tradeId",)
    _MAXLEN = 99999


class Log(DataStore):
    """Events as they came."""


class MarginOrders(DataStore):
    """Open margin lending orders by ``orderId``."""

    _KEYS: ClassVar[Sequence[str]] = ("orderId",)

    def fold(self, subject: str, data: Mapping[str, Any]) -> None:
        """Apply one event."""
        match subject:
            case "order.open":
                self._insert([data])
            case "order.update":
                self._update([data])
            case "order.done":
                self._delete([data])
            case _:
                pass


class Rooms(DataStoreCollection):
    """The stores, empty."""

    def _init(self) -> None:
        for name, cls in _STORES.items():
            self.create(name, datastore_class=cls)

    @property
    def ticker(self) -> BySymbol:
        """The latest ticker of each symbol."""
        return self.get("ticker", BySymbol)

    @property
    def kline(self) -> Kline:
        """Closed candles; `Kline.latest` has the open one."""
        return self.get("kline", Kline)

    @property
    def symbolsnapshot(self) -> BySymbol:
        """The latest 24 hour snapshot of each spot symbol."""
        return self.get("symbolsnapshot", BySymbol)

    @property
    def orderbook(self) -> IncrementBook:
        """The whole book, by increments."""
        return self.get("orderbook", IncrementBook)

    @property
    def orderbook5(self) -> TopKOrderBook:
        """The best 5 levels of each side."""
        return self.get("orderbook5", TopKOrderBook)

    @property
    def orderbook50(self) -> TopKOrderBook:
        """The best 50 levels of each side."""
        return self.get("orderbook50", TopKOrderBook)

    @property
    def execution(self) -> Execution:
        """Public trades."""
        return self.get("execution", Execution)

    @property
    def indexprice(self) -> BySymbol:
        """The latest index price of each symbol."""
        return self.get("indexprice", BySymbol)

    @property
    def markprice(self) -> BySymbol:
        """The latest mark price of each symbol."""
        return self.get("markprice", BySymbol)

    @property
    def orderevents(self) -> OrderEvents:
        """Every order event as it came."""
        return self.get("orderevents", OrderEvents)

    @property
    def orders(self) -> Orders:
        """Live orders, ordinary and stop orders."""
        return self.get("orders", Orders)

    @property
    def balance(self) -> Balance:
        """Balances of spot and margin accounts."""
        return self.get("balance", Balance)

    @property
    def marginfundingbook(self) -> Log:
        """Updates of the lending book as they came."""
        return self.get("marginfundingbook", Log)

    @property
    def marginpositions(self) -> MarginPositions:
        """The last word on the margin position."""
        return self.get("marginpositions", MarginPositions)

    @property
    def marginpositionevents(self) -> Log:
        """Every word on the margin position."""
        return self.get("marginpositionevents", Log)

    @property
    def marginorderevents(self) -> Log:
        """Every event of a margin lending order."""
        return self.get("marginorderevents", Log)

    @property
    def marginorders(self) -> MarginOrders:
        """Open margin lending orders."""
        return self.get("marginorders", MarginOrders)

    @property
    def instrument(self) -> BySubject:
        """The latest mark and index price, and funding rate, of each contract."""
        return self.get("instrument", BySubject)

    @property
    def announcements(self) -> Log:
        """Funding announcements as they came."""
        return self.get("announcements", Log)

    @property
    def transactionstats(self) -> BySubject:
        """The latest 24 hour statistics of each contract."""
        return self.get("transactionstats", BySubject)

    @property
    def balanceevents(self) -> Log:
        """Every change of the futures wallet."""
        return self.get("balanceevents", Log)

    @property
    def positions(self) -> Positions:
        """Open futures positions."""
        return self.get("positions", Positions)


_STORES: Mapping[str, type[DataStore]] = {
    "ticker": BySymbol,
    "kline": Kline,
    "symbolsnapshot": BySymbol,
    "orderbook": IncrementBook,
    "orderbook5": TopKOrderBook,
    "orderbook50": TopKOrderBook,
    "execution": Execution,
    "indexprice": BySymbol,
    "markprice": BySymbol,
    "orderevents": OrderEvents,
    "orders": Orders,
    "balance": Balance,
    "marginfundingbook": Log,
    "marginpositions": MarginPositions,
    "marginpositionevents": Log,
    "marginorderevents": Log,
    "marginorders": MarginOrders,
    "instrument": BySubject,
    "announcements": Log,
    "transactionstats": BySubject,
    "balanceevents": Log,
    "positions": Positions,
}
