"""OKJ's stores, fed by V5 or by V3. Source: dev.okj.com/apidoc (2026-09).

The books are OKX's: numbered by ``seqId`` in V5, proved by a checksum in both versions. An update of V3 has no number, its
checksum tells whether one is missing (okcoinjapan/V3-Open-API-SDK, ``OrderBookChecksumer.java``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.exchanges.okx.board import Books
from rxbotters.exchanges.okx.market import ByInstrument, Candles
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields

from . import legacy, session, v3
from .account import Account, details
from .feeds import BookFeeds
from .orders import AlgoOrders, Orders
from .rows import Query, answer_rows

__all__ = ["ByInstrument", "Candles", "OKJDataStore", "Trades"]

Fold = Callable[[Mapping[str, Any]], None]
_CANDLE = ("ts", "o", "h", "l", "c", "vol", "volCcy", "volCcyQuote", "confirm")
_PRIVATE = frozenset({"orders", "orders-algo", "account", "spot/order", "spot/order_algo", "spot/account"})


class Trades(DataStore):
    """Public trades, oldest first; the last 99,999 are kept."""

    _KEYS: ClassVar[Sequence[str]] = ("instId", "tradeId")
    _MAXLEN = 99999


class OKJDataStore(DataStoreCollection):
    """Every store of OKJ. Keys have the names of V5; rows of V3 keep their own fields beside them.

    Several book channels of one instrument never mix: `books` holds the deepest one, the others stand in stores of their
    own, such as ``store["books5"]``.

    Example:
        >>> store = OKJDataStore()
        >>> store.onmessage({
        ...     "arg": {"channel": "tickers", "instId": "BTC-JPY"}, "data": [{"instId": "BTC-JPY", "last": "13615162"}]})
        >>> store.onmessage({"table": "spot/ticker", "data": [{"instrument_id": "ETH-JPY", "last": "500000"}]})
        >>> [(row["instId"], row["last"]) for row in store.ticker]
        [('BTC-JPY', '13615162'), ('ETH-JPY', '500000')]
    """

    def _init(self) -> None:
        self.create("instruments", datastore_class=ByInstrument)
        self.create("ticker", datastore_class=ByInstrument)
        self.create("trades", datastore_class=Trades)
        self.create("tradesall", datastore_class=Trades)
        self.create("candle", datastore_class=Candles)
        self.create("books", datastore_class=Books)
        self.create("bbo-tbt", datastore_class=Books)
        self.create("orders", datastore_class=Orders)
        self.create("orders_algo", datastore_class=AlgoOrders)
        self.create("account", datastore_class=Account)
        self._folds = Folds(self._bind)
        self._tables = Folds(self._bind_v3)
        self._books = BookFeeds(self, self.books)

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if "data" not in msg:
            self._event(msg)
            return
        arg = msg.get("arg")
        if arg is not None:
            self._folds[arg["channel"], arg.get("instId")](msg)
        elif "table" in msg:
            self._tables[msg["table"]](msg)
        # else it is the answer to an order

    def _bind(self, key: tuple[str, Any]) -> Fold:
        """Return the fold of a channel of V5, of one instrument."""
        channel, symbol = key
        if self._books.is_book(channel):
            if not isinstance(symbol, str):
                raise ProtocolError(f"a book of {symbol!r}")
            return self._books.fold(channel, symbol)
        if channel.startswith("candle"):
            return lambda message: self.candle.fold(message, _CANDLE)
        match channel:
            case "tickers" | "instruments":
                store = self.ticker if channel == "tickers" else self.instruments
                return lambda message: store._update(objects(message["data"]))
            case "trades" | "trades-all":
                trades = self.trades if channel == "trades" else self.tradesall
                return lambda message: trades._insert(objects(message["data"]))
            case "orders" | "orders-algo":
                orders = self.orders if channel == "orders" else self.orders_algo
                return lambda message: orders.fold(message["data"])
            case "account":
                return self.account.fold
            case _:
                return lambda message: self._unhandled(channel)

    def _bind_v3(self, table: str) -> Fold:
        """Return the fold of a table of V3."""
        if self._books.is_book(table):
            return lambda message: self._fold_books_v3(table, message)
        name = table.partition("/")[2]
        if name.startswith("candle"):
            return lambda message: self.candle._update(v3.candles(name, message["data"]))
        match name:
            case "ticker":
                return lambda message: self.ticker._update(v3.renamed(message["data"]))
            case "trade":
                return lambda message: self.trades._insert(v3.renamed(message["data"]))
            case "order":
                return lambda message: self.orders.fold(v3.renamed(message["data"]))
            case "order_algo":
                return lambda message: self.orders_algo.fold(v3.renamed(message["data"]))
            case "account":
                return lambda message: self.account.merge(v3.renamed(message["data"]))
            case _:
                return lambda message: self._unhandled(table)

    def _fold_books_v3(self, table: str, message: Mapping[str, Any]) -> None:
        action = message.get("action")
        for data in objects(message["data"]):
            symbol = data["instrument_id"]
            if not isinstance(symbol, str):
                raise ProtocolError(f"a book of {symbol!r}")
            self._books.store(table, symbol).take(symbol, v3.book(data), action)

    def _event(self, msg: Mapping[str, Any]) -> None:
        """Hear what is no data: acknowledgements and errors of both versions."""
        event = msg.get("event")
        if event == "unsubscribe":
            arg, name = msg.get("arg"), msg.get("channel")
            if isinstance(arg, dict):
                asked = fields(arg)
                self._books.left(str(asked.get("channel")), asked.get("instId"))
            elif isinstance(name, str):
                channel, _, symbol = name.partition(":")
                self._books.left(channel, symbol)
        elif event == "error":
            self._unhandled("error")
            if session.ack(msg) is None and legacy.ack(msg) is None:
                what, code = msg.get("msg", msg.get("message")), msg.get("code", msg.get("errorCode"))
                raise ProtocolError(f"OKJ says: {what} (code {code})")

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Query], None]]:
        return {
            "/api/v5/market/tickers": lambda body, query: self.ticker._update(answer_rows(body)),
            "/api/v5/trade/orders-pending": lambda body, query: self.orders.replace(answer_rows(body), query),
            "/api/v5/trade/orders-algo-pending": lambda body, query: self.orders_algo.replace(answer_rows(body), query),
            "/api/v5/account/balance": lambda body, query: self.account.replace(details(answer_rows(body)), query),
            "/api/spot/v3/orders_pending": lambda body, query: self.orders.replace(
                v3.renamed(answer_rows(body)), v3.asked(query)
            ),
            "/api/spot/v3/algo": lambda body, query: self.orders_algo.replace(
                v3.renamed(answer_rows(body)), v3.asked(query)
            ),
            "/api/spot/v3/accounts": lambda body, query: self.account.replace(v3.renamed(answer_rows(body)), {}),
        }

    def _refusal(self, body: Any) -> str | None:
        """Read the errors of V5 (``code``, ``msg``) and V3 (``code`` or ``error_code``, ``message``)."""
        answer = fields(body)
        code = str(answer.get("error_code", answer.get("code", "0")))
        if code in ("0", ""):
            return None
        what = answer.get("msg") or answer.get("error_message") or answer.get("message") or "no reason given"
        return f"{what} (code {code})"

    def _repeats(self, path: str) -> bool:
        return path != "/api/v5/market/tickers"

    def _holds(self, msg: Any) -> bool:
        message = fields(msg)
        arg = message.get("arg")
        channel = fields(arg).get("channel") if isinstance(arg, dict) else message.get("table")
        return isinstance(channel, str) and channel in _PRIVATE

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        return self._books.expect(messages)

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return self._books.subscription(book, symbol)

    # ------------------------------------------------------------------ stores

    @property
    def instruments(self) -> ByInstrument:
        """Instruments and their rules, from V5."""
        return self.get("instruments", ByInstrument)

    @property
    def ticker(self) -> ByInstrument:
        """Tickers."""
        return self.get("ticker", ByInstrument)

    @property
    def trades(self) -> Trades:
        """Public trades."""
        return self.get("trades", Trades)

    @property
    def tradesall(self) -> Trades:
        """Public trades one by one, from V5's ``trades-all``."""
        return self.get("tradesall", Trades)

    @property
    def candle(self) -> Candles:
        """Candles; those of V3 do not say whether they are closed."""
        return self.get("candle", Candles)

    @property
    def books(self) -> Books:
        """The order book: the deepest channel of each instrument."""
        return self.get("books", Books)

    @property
    def bbo(self) -> Books:
        """Best bid and offer, from V5's ``bbo-tbt``."""
        return self.get("bbo-tbt", Books)

    @property
    def orders(self) -> Orders:
        """Live orders."""
        return self.get("orders", Orders)

    @property
    def orders_algo(self) -> AlgoOrders:
        """Live algo orders."""
        return self.get("orders_algo", AlgoOrders)

    @property
    def account(self) -> Account:
        """Balances by currency."""
        return self.get("account", Account)
