"""Coincheck's collections: public trades and books, and the account's orders and executions.

Source: coincheck.com/documents/exchange/api, "WebSocket", "Private channels" (2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from yarl import URL

from rxbotters.errors import ProtocolError, SnapshotError
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.stores.proofs import sizes

from .orderbook import Orderbook
from .orders import KINDS, Order
from .session import BOOK, RANGE, error_text

__all__ = ["CoincheckDataStore", "CoincheckPrivateDataStore", "Execution", "Trades"]

_TRADE: tuple[str, ...] = ("timestamp", "id", "pair", "rate", "amount", "side", "taker_id", "maker_id", "itayose_id")
_BOOKS = "/api/order_books"


class Trades(DataStore):
    """Public trades as they came: ``timestamp, id, pair, rate, amount, side, taker_id, maker_id, itayose_id``."""

    _KEYS: ClassVar[Sequence[str]] = ("pair", "id")
    _MAXLEN = 99999


class CoincheckDataStore(DataStoreCollection):
    """The public stores of Coincheck.

    Subscribe to ``<pair>-orderbook``; the snapshot of the book is fetched by itself.

    Example:
        >>> store = CoincheckDataStore()
        >>> store.onmessage([["1663318663", "2357062", "btc_jpy", "2820896.0", "5.0", "sell", "1193401", "2078767", None]])
        >>> store.trades.find()[0]["rate"]
        '2820896.0'
    """

    def _init(self) -> None:
        self.create("trades", datastore_class=Trades)
        self.create("orderbook", datastore_class=Orderbook)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.__class__ is not list:
            text = error_text(msg)
            raise ProtocolError("an error" if text is not None else "no message of Coincheck", text or repr(msg))
        if not msg:
            return
        first = msg[0]
        if first.__class__ is str and len(msg) == 2:
            self.orderbook.diff(first, msg[1])
        elif first.__class__ is list:
            self.trades._insert([_trade(self.trades.name, trade) for trade in msg])
        else:
            self._unhandled("array")

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {_BOOKS: self._book}

    def _book(self, body: Any, query: Mapping[str, str]) -> None:
        try:
            pair = query.get("pair") or body.get("pair") or "btc_jpy"
            self.orderbook.snapshot(pair, body)
        except (AttributeError, KeyError, TypeError, ValueError, ProtocolError) as error:
            raise SnapshotError(_BOOKS, f"no order book ({type(error).__name__}: {error})") from None

    def _refusal(self, body: Any) -> str | None:
        return error_text(body)

    def _repeats(self, path: str) -> bool:
        return False

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        version = {"version": "1.0"} if self.orderbook.is_ranged(symbol) else {}
        return _BOOKS, {"pair": str(symbol), **version}

    def _rest(self, url: URL) -> str:
        return "https://coincheck.com"

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        pairs: dict[str, None] = {}
        for channel in _channels(messages):
            for ending in (RANGE, BOOK):
                if channel.endswith(ending):
                    pair = channel.removesuffix(ending)
                    self.orderbook.expect(pair, ranged=ending == RANGE)
                    pairs[pair] = None
                    break
        return [(self.orderbook, pair) for pair in pairs]

    # ------------------------------------------------------------------ stores

    @property
    def trades(self) -> Trades:
        """Public trades."""
        return self.get("trades", Trades)

    @property
    def orderbook(self) -> Orderbook:
        """The order book."""
        return self.get("orderbook", Orderbook)


def _trade(store: str, trade: Any) -> dict[str, Any]:
    if trade.__class__ is not list or len(trade) < len(_TRADE) - 1:
        raise ProtocolError("a trade has eight elements or nine", str(trade))
    row: dict[str, Any] = dict(zip(_TRADE, (*trade, None), strict=False))
    sizes(store, row, ("rate", "amount"))
    return row


def _channels(messages: Sequence[Any]) -> Iterable[str]:
    for message in messages:
        match message:
            case {"type": "subscribe", "channel": str(channel)}:
                yield channel
            case _:
                pass


# ---------------------------------------------------------------------- private


class Execution(DataStore):
    """Own executions, oldest first."""

    _KEYS: ClassVar[Sequence[str]] = ("id", "order_id")
    _MAXLEN = 99999


class CoincheckPrivateDataStore(DataStoreCollection):
    """The private stores of Coincheck.

    Nothing tells of a new order: give the answer of each to ``store.order.feed_response``.

    Example:
        >>> store = CoincheckPrivateDataStore()
        >>> answer = {"success": True, "id": 1, "pair": "btc_jpy", "order_type": "buy", "rate": "1.0", "amount": "0.5"}
        >>> store.order.feed_response(answer)
        >>> store.onmessage({"channel": "order-events", "id": 1, "pair": "btc_jpy", "order_event": "PARTIALLY_FILL",
        ...                  "latest_executed_amount": "0.2"})
        >>> store.order.find()[0]["pending_amount"]
        '0.3'
    """

    def _init(self) -> None:
        self.create("order-events", datastore_class=Order)
        self.create("execution-events", datastore_class=Execution)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.__class__ is not dict:
            raise ProtocolError("no message of Coincheck", repr(msg))
        text = error_text(msg)
        if text is not None:
            raise ProtocolError("an error", text)
        channel = msg.get("channel")
        if channel == "order-events" and msg["order_event"] in KINDS:
            self.order.fold(msg)
        elif channel == "execution-events":
            sizes(self.execution.name, msg, ("rate",))
            self.execution._insert([msg])
        elif "success" not in msg:
            self._unhandled(str(channel))

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {"/api/exchange/orders/opens": self._opens}

    def _opens(self, body: Any, query: Mapping[str, str]) -> None:
        rows: Any = body.get("orders") if body.__class__ is dict and "success" in body else None
        if rows.__class__ is not list or not all(
            row.__class__ is dict and {"id", "pair"} <= row.keys() for row in rows
        ):
            raise SnapshotError("/api/exchange/orders/opens", "no list of orders")
        waiting = [cast("dict[str, Any]", msg) for msg, _ in self._held if _is_fill(msg)]
        self.order.replace(rows, waiting)

    def _refusal(self, body: Any) -> str | None:
        return error_text(body)

    def _holds(self, msg: Any) -> bool:
        return msg.__class__ is dict and msg.get("channel") == "order-events"

    @property
    def fetching(self) -> bool:
        """Whether an `initialize` is under way."""
        return self._initializing > 0

    def _end_initialize(self) -> None:
        super()._end_initialize()
        if not self.fetching:
            self.order.settle()

    @property
    def order(self) -> Order:
        """Live orders."""
        return self.get("order-events", Order)

    @property
    def execution(self) -> Execution:
        """Own executions."""
        return self.get("execution-events", Execution)


def _is_fill(msg: Any) -> bool:
    return msg.__class__ is dict and msg.get("order_event") == "PARTIALLY_FILL"
