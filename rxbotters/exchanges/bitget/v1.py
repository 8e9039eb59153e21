"""Bitget's stores of V1, which was shut down on 2025-11-28: for recordings, and for programs that name them.

V1 tells the markets of one symbol apart by ``instType``, its rows do not: give spot and futures a collection each.
Source: bitgetlimited.github.io/apidoc/en/mix (2022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.stores.proofs import is_zero, objects, texts
from rxbotters.wire import fields

from .books import Books
from .rows import Message, Query
from .seeds import refusal
from .session import ack, subscriptions

__all__ = ["Account", "BitgetDataStore", "CandleSticks", "OrderBookV1", "OrdersV1", "PositionsV1", "Ticker", "Trade"]

_LONG = ("close_short", "open_long")


class Trade(DataStore):
    """Public trades; the last 99,999. V1 gives them no id: equal ones of one millisecond are one row."""

    _KEYS: ClassVar[Sequence[str]] = ("instId", "ts", "px", "sz", "side")
    _MAXLEN = 99999


class OrderBookV1(Books):
    """Rows ``{instId, side, px, sz}`` of the channel ``books``."""

    _KEYS: ClassVar[Sequence[str]] = ("instId", "side", "px")
    _SIZE = "sz"
    _RESIZED = "insert"


class Ticker(DataStore):
    """The latest ticker of each instrument."""

    _KEYS: ClassVar[Sequence[str]] = ("instId",)


class CandleSticks(DataStore):
    """Candles by instrument, interval and time."""

    _KEYS: ClassVar[Sequence[str]] = ("instId", "interval", "ts")


class Account(DataStore):
    """Balances by ``marginCoin``."""

    _KEYS: ClassVar[Sequence[str]] = ("marginCoin",)
    _ON_LOSS = "refetch"


class OrdersV1(DataStore):
    """Live orders by instrument and ``clOrdId``."""

    _KEYS: ClassVar[Sequence[str]] = ("instId", "clOrdId")
    _ON_LOSS = "refetch"

    def fold(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Apply pushes in their order."""
        for row in rows:
            match row.get("status"):
                case "new":
                    self._insert([row])
                case "partial-fill":
                    self._update([row])
                case "cancelled" | "full-fill":
                    self._delete([row])
                case _:
                    pass

    def replace(self, items: Any, query: Query) -> None:
        """Take a REST answer as the truth for the symbol it was asked for.

        Raises:
            TypeError, KeyError: It cannot be read; nothing was applied.
        """
        rows = [_order(item) for item in objects(items)]
        for row in rows:
            texts(row, self._KEYS)
        kept = {self._key_of(row) for row in rows}
        scope = {"instId": query["symbol"]} if "symbol" in query else None
        self._delete([row for key, row in self._select(scope) if key not in kept], reason="resync")
        self._insert(rows, reason="resync")
        self.refetched()


class PositionsV1(DataStore):
    """Open positions by ``posId`` and instrument; a position of zero is none."""

    _KEYS: ClassVar[Sequence[str]] = ("posId", "instId")
    _ON_LOSS = "refetch"

    def fold(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Apply pushes in their order.

        Raises:
            KeyError, BadNumber: One has no size; nothing was applied.
        """
        zeros = [is_zero(self.name, "total", row["total"]) for row in rows]
        for row, is_flat in zip(rows, zeros, strict=True):
            if is_flat:
                self._delete([row])
            else:
                self._insert([row])


class BitgetDataStore(DataStoreCollection):
    """Every store of Bitget's V1."""

    def _init(self) -> None:
        self.create("trade", datastore_class=Trade)
        self.create("orderbook", datastore_class=OrderBookV1)
        self.create("ticker", datastore_class=Ticker)
        self.create("candlesticks", datastore_class=CandleSticks)
        self.create("account", datastore_class=Account)
        self.create("orders", datastore_class=OrdersV1)
        self.create("positions", datastore_class=PositionsV1)
        self._args: dict[str, Message] = {}  # instrument → the subscription of its book

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        arg = msg.get("arg")
        if arg is None or "data" not in msg:
            if msg.get("event") == "error":
                self._unhandled("error")
                if ack(msg) is None:
                    raise ProtocolError(f"Bitget says: {msg.get('msg')} (code {msg.get('code')})")
            return
        channel, data = arg["channel"], msg["data"]
        match channel:
            case "books":
                self._args[_instrument(arg)] = arg
                self.orderbook.fold(arg["instId"], msg)
            case "trade":
                self.trade._insert(_listed(arg, {}, ("ts", "px", "sz", "side"), data))
            case "ticker":
                self.ticker._update(objects(data))
            case "account":
                self.account._update(_keyed(self.account, data))
                self.account.refetched()  # the first push of a subscription is the whole
            case "orders":
                self.orders.fold(_keyed(self.orders, data))
            case "positions":
                self.positions.fold(_keyed(self.positions, data))
                self.positions.refetched()
            case str() if channel.startswith("candle"):
                named = {"interval": channel.removeprefix("candle")}
                self.candlesticks._insert(_listed(arg, named, ("ts", "o", "h", "l", "c", "baseVol"), data))
            case _:
                self._unhandled(str(channel))

    def _routes(self) -> Mapping[str, Callable[[Any, Query], None]]:
        return {
            "/api/mix/v1/order/current": lambda body, query: self.orders.replace(body["data"], query),
            "/api/mix/v1/order/marginCoinCurrent": lambda body, query: self.orders.replace(body["data"], query),
        }

    def _refusal(self, body: Any) -> str | None:
        return refusal(body)

    def _holds(self, msg: Any) -> bool:
        return fields(fields(msg).get("arg")).get("channel") == "orders"

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        args = [arg for message in messages for arg in subscriptions(message)]
        return [
            (self.orderbook, arg["instId"])
            for arg in args
            if arg.get("channel") == "books" and isinstance(arg.get("instId"), str)
        ]

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        arg = self._args.get(symbol)
        return None if arg is None else {"op": "subscribe", "args": [dict(arg)]}

    @property
    def trade(self) -> Trade:
        """Public trades."""
        return self.get("trade", Trade)

    @property
    def orderbook(self) -> OrderBookV1:
        """The order book."""
        return self.get("orderbook", OrderBookV1)

    @property
    def ticker(self) -> Ticker:
        """Tickers."""
        return self.get("ticker", Ticker)

    @property
    def candlesticks(self) -> CandleSticks:
        """Candles."""
        return self.get("candlesticks", CandleSticks)

    @property
    def account(self) -> Account:
        """Balances."""
        return self.get("account", Account)

    @property
    def orders(self) -> OrdersV1:
        """Live orders."""
        return self.get("orders", OrdersV1)

    @property
    def positions(self) -> PositionsV1:
        """Open positions."""
        return self.get("positions", PositionsV1)


def _instrument(arg: Message) -> str:
    symbol = arg["instId"]
    if not isinstance(symbol, str):
        raise ProtocolError(f"a book of {symbol!r}")
    return symbol


def _keyed(store: DataStore, data: Any) -> list[dict[str, Any]]:
    """Return rows, once the fields of their keys are proved to be texts."""
    rows = objects(data)
    for row in rows:
        texts(row, store._keys)
    return rows


def _listed(arg: Message, named: Message, columns: Sequence[str], data: Any) -> list[dict[str, Any]]:
    """Return the rows of a message that has them as lists."""
    if data.__class__ is not list or any(row.__class__ is not list or not row for row in data):
        raise TypeError(f"a list of lists was expected, not {str(data)[:100]}")
    head = {"instId": arg["instId"], **named}
    return [{**head, **dict(zip(columns, row, strict=False))} for row in data]


def _order(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order of a REST answer in the words of the stream."""
    return {
        "accFillSz": str(item["filledQty"]),
        "cTime": int(item["cTime"]),
        "clOrdId": item["clientOid"],
        "force": item["timeInForce"],
        "instId": item["symbol"],
        "ordId": item["orderId"],
        "ordType": item["orderType"],
        "posSide": item["posSide"],
        "px": str(item["price"]),
        "side": "buy" if item["side"] in _LONG else "sell",
        "status": item["state"],
        "sz": str(item["size"]),
        "tgtCcy": item["marginCoin"],
        "uTime": int(item["uTime"]),
    }
