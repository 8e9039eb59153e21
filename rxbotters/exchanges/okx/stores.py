"""OKX's stores: one fold for each channel. Source: okx.com/docs-v5 (2026-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields

from .account import Account, Balance, BalanceAndPosition, LiquidationWarning, Positions
from .board import Books
from .feeds import BookFeeds
from .market import ByCurrency, ByInstrument, Candles, Log
from .orders import AlgoAdvance, Orders, OrdersAlgo
from .rows import Query
from .session import ack

__all__ = ["ByCurrency", "ByInstrument", "Candles", "Log", "OKXDataStore"]

Fold = Callable[[Mapping[str, Any]], None]

_INSTRUMENTS = {
    "instruments": "instruments",
    "tickers": "tickers",
    "openinterest": "open-interest",
    "estimatedprice": "estimated-price",
    "markprice": "mark-price",
    "pricelimit": "price-limit",
    "optsummary": "opt-summary",
    "fundingrate": "funding-rate",
    "indextickers": "index-tickers",
}
_LOGS = ("trades", "trades-all", "fills", "status")
_CANDLES = {
    "mark-price-candle": ("ts", "o", "h", "l", "c", "confirm"),
    "index-candle": ("ts", "o", "h", "l", "c", "confirm"),
    "candle": ("ts", "o", "h", "l", "c", "vol", "volCcy", "volCcyQuote", "confirm"),
}
_SNAPSHOTS = ("account", "positions", "balance_and_position.balance", "balance_and_position.position")
_HELD = frozenset({"orders", "orders-algo", "algo-advance", "account", "positions"})


class OKXDataStore(DataStoreCollection):
    """Every store of OKX.

    Several book channels of one instrument never mix: `books` holds the deepest one, the others stand in stores of their
    own, such as ``store["books5"]``.

    Example:
        >>> store = OKXDataStore()
        >>> store.onmessage({
        ...     "arg": {"channel": "books5", "instId": "BTC-USDT"},
        ...     "data": [{"asks": [["101", "1", "0", "2"]], "bids": [["99", "3", "0", "1"]], "ts": "1", "seqId": 5}]})
        >>> store.books.best("BTC-USDT").ask
        {'instId': 'BTC-USDT', 'side': 'asks', 'px': '101', 'sz': '1', 'liqSz': '0', 'ordSz': '2'}
    """

    def _init(self) -> None:
        for channel in _INSTRUMENTS.values():
            self.create(channel, datastore_class=ByInstrument)
        for channel in _LOGS:
            self.create(channel, datastore_class=Log)
        for channel in _CANDLES:
            self.create(channel, datastore_class=Candles)
        self.create("books", datastore_class=Books)
        self.create("bbo-tbt", datastore_class=Books)
        self.create("account", datastore_class=Account)
        self.create("positions", datastore_class=Positions)
        self.create("balance_and_position", datastore_class=BalanceAndPosition)
        self.create("balance_and_position.balance", datastore_class=Balance)
        self.create("balance_and_position.position", datastore_class=Positions)
        self.create("orders", datastore_class=Orders)
        self.create("orders-algo", datastore_class=OrdersAlgo)
        self.create("algo-advance", datastore_class=AlgoAdvance)
        self.create("liquidation-warning", datastore_class=LiquidationWarning)
        self.create("account-greeks", datastore_class=ByCurrency)
        self._folds = Folds(self._bind)
        self._books = BookFeeds(self, self.books)

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        arg = msg.get("arg")
        if arg is None or "data" not in msg:
            self._event(msg)
            return
        self._folds[arg["channel"], arg.get("instId")](msg)

    def _bind(self, key: tuple[str, Any]) -> Fold:
        """Return the fold of a channel of one instrument."""
        channel, symbol = key
        if self._books.is_book(channel):
            if not isinstance(symbol, str):
                raise ProtocolError(f"a book of {symbol!r}")
            return self._books.fold(channel, symbol)
        if channel in _LOGS:
            log = self[channel]
            return lambda message: log._insert(objects(message["data"]))
        if channel in _INSTRUMENTS.values() or channel in ("liquidation-warning", "account-greeks"):
            store = self[channel]
            return lambda message: store._update(objects(message["data"]))
        for prefix, names in _CANDLES.items():
            if channel.startswith(prefix):
                candles = self.get(prefix, Candles)
                return lambda message: candles.fold(message, names)
        match channel:
            case "orders":
                orders = self.orders
                return lambda message: orders.fold(message["data"])
            case "orders-algo":
                return self._algo_fold(self.ordersalgo, self.algoadvance)
            case "algo-advance":
                return self._algo_fold(self.algoadvance, self.ordersalgo)
            case "account":
                return self.account.fold
            case "positions":
                return self.positions.fold
            case "balance_and_position":
                return self.balance_and_position.fold
            case _:
                return lambda message: self._unhandled(channel)

    def _algo_fold(self, store: OrdersAlgo, other: OrdersAlgo) -> Fold:
        """Some orders came on either channel: where one is told of last, there it is."""

        def fold(message: Mapping[str, Any]) -> None:
            store.fold(message["data"])
            other.forget(message["data"])

        return fold

    def _event(self, msg: Mapping[str, Any]) -> None:
        """Hear what is no data: acknowledgements, errors, answers to orders."""
        event, arg = msg.get("event"), msg.get("arg")
        if event in ("subscribe", "unsubscribe") and isinstance(arg, dict):
            asked = fields(arg)
            channel, symbol = asked.get("channel"), asked.get("instId")
            if event == "unsubscribe":
                self._books.left(str(channel), symbol)
            else:
                for name in _SNAPSHOTS:
                    if name.partition(".")[0] == channel:
                        cast(Any, self[name]).expect()
        elif event == "error" or event == "channel-conn-count-error":
            self._unhandled("error")
            if ack(msg) is None:  # nobody else can say which subscription this is the end of
                what = msg.get("msg") or f"{event} on {msg.get('channel')}"
                raise ProtocolError(f"OKX says: {what} (code {msg.get('code')})")

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Query], None]]:
        return {
            "/api/v5/trade/orders-pending": lambda body, query: self.orders.replace(objects(body["data"]), query),
            "/api/v5/trade/orders-algo-pending": self._replace_algos,
            "/api/v5/account/balance": lambda body, query: self.account.replace(objects(body["data"]), query),
            "/api/v5/account/positions": lambda body, query: self.positions.replace(objects(body["data"]), query),
        }

    def _replace_algos(self, body: Any, query: Query) -> None:
        """Sort the rows of one answer into the two stores of algo orders."""
        rows = objects(body["data"])
        asked = set(query.get("ordType", "").split(",")) | {str(row.get("ordType")) for row in rows}
        for store, other in ((self.ordersalgo, self.algoadvance), (self.algoadvance, self.ordersalgo)):
            mine = [row for row in rows if (store if row.get("ordType") in store.TYPES else other) is store]
            if mine or not asked.isdisjoint(store.TYPES):
                store.replace(mine, query, page=len(rows))

    def _refusal(self, body: Any) -> str | None:
        answer = fields(body)
        return None if str(answer.get("code", "0")) == "0" else f"{answer.get('msg')} (code {answer.get('code')})"

    def _holds(self, msg: Any) -> bool:
        return fields(fields(msg).get("arg")).get("channel") in _HELD

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        return self._books.expect(messages)

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return self._books.subscription(book, symbol)

    # ------------------------------------------------------------------ stores

    @property
    def instruments(self) -> ByInstrument:
        """Instruments and their rules."""
        return self.get("instruments", ByInstrument)

    @property
    def tickers(self) -> ByInstrument:
        """Tickers."""
        return self.get("tickers", ByInstrument)

    @property
    def openinterest(self) -> ByInstrument:
        """Open interest."""
        return self.get("open-interest", ByInstrument)

    @property
    def candle(self) -> Candles:
        """Candles of trades."""
        return self.get("candle", Candles)

    @property
    def trades(self) -> Log:
        """Public trades, several of one price in one row."""
        return self.get("trades", Log)

    @property
    def tradesall(self) -> Log:
        """Public trades, one by one."""
        return self.get("trades-all", Log)

    @property
    def estimatedprice(self) -> ByInstrument:
        """Estimated delivery and exercise prices."""
        return self.get("estimated-price", ByInstrument)

    @property
    def markprice(self) -> ByInstrument:
        """Mark prices."""
        return self.get("mark-price", ByInstrument)

    @property
    def markpricecandle(self) -> Candles:
        """Candles of mark prices."""
        return self.get("mark-price-candle", Candles)

    @property
    def pricelimit(self) -> ByInstrument:
        """Highest and lowest prices of orders."""
        return self.get("price-limit", ByInstrument)

    @property
    def books(self) -> Books:
        """The order book: the deepest channel of each instrument."""
        return self.get("books", Books)

    @property
    def bbo(self) -> Books:
        """Best bid and offer, from ``bbo-tbt``."""
        return self.get("bbo-tbt", Books)

    @property
    def optsummary(self) -> ByInstrument:
        """Greeks and volatilities of options."""
        return self.get("opt-summary", ByInstrument)

    @property
    def fundingrate(self) -> ByInstrument:
        """Funding rates."""
        return self.get("funding-rate", ByInstrument)

    @property
    def indexcandle(self) -> Candles:
        """Candles of indices."""
        return self.get("index-candle", Candles)

    @property
    def indextickers(self) -> ByInstrument:
        """Tickers of indices."""
        return self.get("index-tickers", ByInstrument)

    @property
    def status(self) -> Log:
        """Maintenance of the exchange."""
        return self.get("status", Log)

    @property
    def account(self) -> Account:
        """The account and its currencies."""
        return self.get("account", Account)

    @property
    def positions(self) -> Positions:
        """Open positions."""
        return self.get("positions", Positions)

    @property
    def balance_and_position(self) -> BalanceAndPosition:
        """The last message of that channel; its ``balance`` and ``position`` are stores."""
        return self.get("balance_and_position", BalanceAndPosition)

    @property
    def orders(self) -> Orders:
        """Live orders."""
        return self.get("orders", Orders)

    @property
    def fills(self) -> Log:
        """Own fills, for VIPs."""
        return self.get("fills", Log)

    @property
    def ordersalgo(self) -> OrdersAlgo:
        """Live algo orders: conditional, OCO, trigger."""
        return self.get("orders-algo", OrdersAlgo)

    @property
    def algoadvance(self) -> AlgoAdvance:
        """Live advanced algo orders: iceberg, TWAP, trailing stop."""
        return self.get("algo-advance", AlgoAdvance)

    @property
    def liquidationwarning(self) -> LiquidationWarning:
        """Positions at risk of liquidation."""
        return self.get("liquidation-warning", LiquidationWarning)

    @property
    def accountgreeks(self) -> ByCurrency:
        """Greeks of the account by currency."""
        return self.get("account-greeks", ByCurrency)
