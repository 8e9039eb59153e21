"""Bitget's stores of V2: one fold for each channel. Source: bitget.com/api-doc (2025-10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore, OrderBook
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields

from .account import Account, IsolatedAccount, Positions
from .books import Books
from .feeds import BookFeeds
from .orders import Orders, OrdersAlgo
from .rows import Message
from .seeds import Seeds
from .session import ack, subscriptions
from .v1 import BitgetDataStore

__all__ = ["BitgetDataStore", "BitgetV2DataStore", "Candles", "Fills", "PositionsHistory", "Tickers", "Trades"]

Fold = Callable[[Message], None]

_CANDLE = ("startTime", "openPr", "highPr", "lowPr", "closePr", "baseVolume", "quoteVolume", "usdtVolume")
_HELD = frozenset(
    {"orders", "orders-crossed", "orders-isolated", "orders-algo", "account", "account-crossed", "account-isolated"}
    | {"positions"}
)
"""Channels whose messages wait while `initialize` is fetching what they continue."""


class Tickers(DataStore):
    """The latest ticker of each instrument."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId")


class Candles(DataStore):
    """Candles by instrument, ``granularity`` (the channel, such as ``candle1m``) and time."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId", "granularity", "startTime")

    def fold(self, message: Message) -> None:
        """Apply a message; columns that a candle lacks are missing in its row.

        Raises:
            TypeError, KeyError: A candle is no list; nothing was applied.
        """
        arg, rows = message["arg"], message["data"]
        if rows.__class__ is not list or any(row.__class__ is not list or not row for row in rows):
            raise TypeError(f"a list of lists was expected, not {str(rows)[:100]}")
        named = {"instType": arg["instType"], "instId": arg["instId"], "granularity": arg["channel"]}
        candles = [{**named, **dict(zip(_CANDLE, row, strict=False))} for row in rows]
        if message.get("action") == "snapshot":
            self._insert(candles)
        else:
            self._update(candles)


class Trades(DataStore):
    """Public trades by instrument and ``tradeId``; the last 99,999."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId", "tradeId")
    _MAXLEN = 99999


class Fills(DataStore):
    """Own fills by market, ``tradeId`` and ``symbol``; the last 99,999."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "tradeId", "symbol")
    _MAXLEN = 99999


class PositionsHistory(DataStore):
    """Closed positions by market, symbol and ``posId``; the last 99,999."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId", "posId")
    _MAXLEN = 99999


class BitgetV2DataStore(Seeds):
    """Every store of Bitget's V2, and the books of V3.

    Several book channels of one instrument never mix: `book` holds the deepest one, the others stand in stores of their
    own, such as ``store["books5"]``.

    Example:
        >>> store = BitgetV2DataStore()
        >>> store.onmessage({
        ...     "action": "snapshot", "arg": {"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"},
        ...     "data": [{"asks": [["27000.5", "8.760"]], "bids": [["27000.0", "2.710"]], "checksum": 0, "seq": 123,
        ...               "ts": "1695716059516"}]})
        >>> store.book.best(("USDT-FUTURES", "BTCUSDT")).ask
        {'instType': 'USDT-FUTURES', 'instId': 'BTCUSDT', 'side': 'asks', 'price': '27000.5', 'amount': '8.760'}
    """

    def _init(self) -> None:
        self.create("ticker", datastore_class=Tickers)
        self.create("candle", datastore_class=Candles)
        self.create("book", datastore_class=Books)
        self.create("trade", datastore_class=Trades)
        self.create("account", datastore_class=Account)
        self.create("account-crossed", datastore_class=Account)
        self.create("account-isolated", datastore_class=IsolatedAccount)
        self.create("positions", datastore_class=Positions)
        self.create("positions-history", datastore_class=PositionsHistory)
        self.create("fill", datastore_class=Fills)
        self.create("orders", datastore_class=Orders)
        self.create("orders-crossed", datastore_class=Orders)
        self.create("orders-isolated", datastore_class=Orders)
        self.create("orders-algo", datastore_class=OrdersAlgo)
        self._folds = Folds(self._bind)
        self._books = BookFeeds(self, self.book)

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        arg = msg.get("arg")
        if arg is None or "data" not in msg:
            self._event(msg)
            return
        if "topic" in arg:
            key = (arg["topic"], arg.get("instType"), arg.get("symbol"), True)
        else:
            key = (arg["channel"], arg.get("instType"), arg.get("instId"), False)
        self._folds[key](msg)

    def _bind(self, key: tuple[str, Any, Any, bool]) -> Fold:
        """Return the fold of a channel of one instrument; ``unified``: in the words of V3."""
        channel, kind, symbol, unified = key
        if self._books.is_book(channel):
            return self._books.bind(channel, kind, symbol, unified=unified)
        if unified:
            return lambda message: self._unhandled(f"v3 {channel}")
        if channel.startswith("candle"):
            return self.candle.fold
        store: DataStore | None = self.get(channel)
        match store:
            case Orders():
                return lambda message: self._fold_orders(channel, store, message)
            case Account() | Positions():
                return store.fold
            case Tickers():
                return lambda message: store._update(_tagged(message, "instType", "instId"))
            case Trades():
                return lambda message: store._insert(_tagged(message, "instType", "instId"))
            case Fills() | PositionsHistory():
                return lambda message: store._insert(_tagged(message, "instType"))
            case _:
                return lambda message: self._unhandled(channel)

    def _fold_orders(self, channel: str, store: Orders, message: Message) -> None:
        for status in store.fold(message):
            self._unhandled(f"{channel} {status}")

    def _event(self, msg: Mapping[str, Any]) -> None:
        """Hear what is no data: acknowledgements, errors, answers to orders."""
        event = msg.get("event")
        if event == "unsubscribe":
            self._books.unsubscribed(fields(msg.get("arg")))
        elif event == "error":
            self._unhandled("error")
            if ack(msg) is None:  # nobody else can say which subscription this is the end of
                raise ProtocolError(f"Bitget says: {msg.get('msg')} (code {msg.get('code')})")

    def _holds(self, msg: Any) -> bool:
        channel = fields(fields(msg).get("arg")).get("channel")
        return isinstance(channel, str) and channel in _HELD

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        for arg in (arg for message in messages for arg in subscriptions(message)):
            channel = arg.get("channel")
            store = self.get(channel) if isinstance(channel, str) else None
            if isinstance(store, Account | Positions):
                store.expect(arg.get("instType"))
        return self._books.expect(messages)

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return self._books.subscription(book, symbol)

    # ------------------------------------------------------------------ stores

    @property
    def ticker(self) -> Tickers:
        """Tickers."""
        return self.get("ticker", Tickers)

    @property
    def candle(self) -> Candles:
        """Candles."""
        return self.get("candle", Candles)

    @property
    def book(self) -> Books:
        """The order book: the deepest channel of each instrument."""
        return self.get("book", Books)

    @property
    def trade(self) -> Trades:
        """Public trades."""
        return self.get("trade", Trades)

    @property
    def account(self) -> Account:
        """Balances of spot and futures."""
        return self.get("account", Account)

    @property
    def account_crossed(self) -> Account:
        """Balances of crossed margin."""
        return self.get("account-crossed", Account)

    @property
    def account_isolated(self) -> IsolatedAccount:
        """Balances of isolated margin."""
        return self.get("account-isolated", IsolatedAccount)

    @property
    def positions(self) -> Positions:
        """Open positions."""
        return self.get("positions", Positions)

    @property
    def positions_history(self) -> PositionsHistory:
        """Closed positions."""
        return self.get("positions-history", PositionsHistory)

    @property
    def fill(self) -> Fills:
        """Own fills."""
        return self.get("fill", Fills)

    @property
    def orders(self) -> Orders:
        """Live orders of spot and futures."""
        return self.get("orders", Orders)

    @property
    def orders_crossed(self) -> Orders:
        """Live orders of crossed margin."""
        return self.get("orders-crossed", Orders)

    @property
    def orders_isolated(self) -> Orders:
        """Live orders of isolated margin."""
        return self.get("orders-isolated", Orders)

    @property
    def orders_algo(self) -> OrdersAlgo:
        """Live trigger orders."""
        return self.get("orders-algo", OrdersAlgo)


def _tagged(message: Message, *names: str) -> list[dict[str, Any]]:
    """Return the rows of a message, each with what its subscription says under these names."""
    arg = message["arg"]
    named = {name: arg[name] for name in names}
    return [{**named, **row} for row in objects(message["data"])]
