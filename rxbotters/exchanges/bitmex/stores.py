"""BitMEX's stores. Source: bitmex.com/app/wsAPI, bitmex.com/api/explorer (2026-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import ProtocolError, SnapshotError
from rxbotters.stores import OrderBook
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields, loads

from .book import Book
from .catalogue import Catalogue
from .session import topics
from .tables import TableStore

__all__ = ["BitMEXDataStore"]

_BOOKS = ("orderBookL2", "orderBookL2_25")
_BINS = ("quotebin", "tradebin")
_HELD = frozenset({"order", "position", "margin", "wallet", "execution"})
_COUNT = 100  # rows an answer has at most, unless asked for more
_WHOLE = frozenset({"symbol", "filter", "count", "currency", "reverse"})
_PRIVATE = ("/api/v1/order", "/api/v1/position", "/api/v1/execution", "/api/v1/user/")


class BitMEXDataStore(Catalogue):
    """Every store of BitMEX.

    Example:
        >>> store = BitMEXDataStore()
        >>> store.onmessage({"table": "orderBookL2_25", "action": "partial", "filter": {"symbol": "XBTUSD"}, "data": [
        ...     {"symbol": "XBTUSD", "id": 17999992000, "side": "Sell", "size": 100, "price": 80},
        ...     {"symbol": "XBTUSD", "id": 17999995000, "side": "Buy", "size": 10, "price": 50}]})
        >>> store.orderbook.best("XBTUSD").bid
        {'symbol': 'XBTUSD', 'id': 17999995000, 'side': 'Buy', 'size': 10, 'price': 50}
    """

    def _init(self) -> None:
        super()._init()
        self._folds: dict[str, Callable[[Mapping[str, Any]], None]] = {
            name: cast(TableStore, self[name]).fold for name in self if name != "orderBookL2"
        }
        self._folds |= {name: _book_fold(self.orderbook, name) for name in _BOOKS}
        for name in list(self._folds):
            for prefix in _BINS:  # the exchange writes quoteBin1m
                if name.startswith(prefix):
                    self._folds[prefix.replace("bin", "Bin") + name.removeprefix(prefix)] = self._folds[name]

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        table = msg.get("table")
        if table is None:
            self._heed(msg)
            return
        fold = self._folds.get(table)
        if fold is None:
            self._unhandled(str(table))
        else:
            fold(msg)

    def _heed(self, msg: Mapping[str, Any]) -> None:
        """Read what is no table: greetings and answers. Errors echo the request, keys and all: they are counted."""
        if "error" in msg:
            self._unhandled("error")
        ended = msg.get("unsubscribe")
        if msg.get("success") is True and isinstance(ended, str):
            table, _, symbol = ended.partition(":")
            if table in _BOOKS:
                self.orderbook.unsubscribed(table, symbol)
            elif table in self._folds:
                self._table(table).unsubscribed(symbol)

    def _table(self, name: str) -> TableStore:
        return cast(TableStore, self[name if name in self else name.lower()])

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        live = {"order": self.order, "position": self.position}
        account = {"user/margin": self.margin, "user/wallet": self.wallet}
        logs = {
            "execution": self.execution,
            "funding": self.funding,
            "instrument": self.instrument,
            "insurance": self.insurance,
            "liquidation": self.liquidation,
            "quote": self.quote,
            "trade": self.trade,
        }
        return {
            "/api/v1/orderBook/L2": lambda body, query: self.orderbook.answer(objects(body), query.get("symbol")),
            "/api/v1/quote/bucketed": lambda body, query: self._bins("quotebin", body, query),
            "/api/v1/trade/bucketed": lambda body, query: self._bins("tradebin", body, query),
            **{f"/api/v1/{path}": _live_route(path, store) for path, store in live.items()},
            **{f"/api/v1/{path}": _account_route(store) for path, store in account.items()},
            **{f"/api/v1/{path}": _log_route(store) for path, store in logs.items()},
        }

    def _bins(self, prefix: str, body: Any, query: Mapping[str, str]) -> None:
        name = prefix + query.get("binSize", "1m")
        if name not in self:
            raise SnapshotError(prefix, f"no store has bins of {query.get('binSize')}")
        cast(TableStore, self[name]).add(_in_time(objects(body)))

    def _refusal(self, body: Any) -> str | None:
        error = fields(body).get("error")
        if error is None:
            return None
        return str(fields(error).get("message")) if isinstance(error, dict) else str(error)

    def _holds(self, msg: Any) -> bool:
        return fields(msg).get("table") in _HELD

    def _repeats(self, path: str) -> bool:
        return path.startswith(_PRIVATE)

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        for message in messages:
            op, listed = topics(message)
            for topic in listed if op == "subscribe" else ():
                table, _, symbol = topic.partition(":")
                if table in _BOOKS and symbol:
                    yield self.orderbook, symbol

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        table = self.orderbook.tables.get(symbol, _BOOKS[0])
        return {"op": "subscribe", "args": [f"{table}:{symbol}"]}


def _book_fold(book: Book, table: str) -> Callable[[Mapping[str, Any]], None]:
    def fold(msg: Mapping[str, Any]) -> None:
        if msg["action"] == "partial":
            book.image(table, objects(msg["data"]), msg.get("filter"))
        else:
            book.change(table, msg["action"], msg["data"])

    return fold


# ---------------------------------------------------------------------- REST answers


def _live_route(path: str, store: TableStore) -> Callable[[Any, Mapping[str, str]], None]:
    def route(body: Any, query: Mapping[str, str]) -> None:
        rows = objects(body)
        store.answer(rows, _scope(path, rows, query))

    return route


def _account_route(store: TableStore) -> Callable[[Any, Mapping[str, str]], None]:
    def route(body: Any, query: Mapping[str, str]) -> None:
        whole = query.get("currency", "").lower() == "all"
        store.answer(objects(body if isinstance(body, list) else [body]), {} if whole else None)

    return route


def _log_route(store: TableStore) -> Callable[[Any, Mapping[str, str]], None]:
    return lambda body, query: store.add(_in_time(objects(body)))


def _scope(path: str, rows: Sequence[Any], query: Mapping[str, str]) -> dict[str, Any] | None:
    """Return which rows an answer is the whole truth for; ``None``: it may be a part of it."""
    try:
        if not _WHOLE.issuperset(query) or len(rows) >= int(query.get("count", _COUNT)):
            return None
        wanted: Any = loads(query["filter"]) if "filter" in query else {}
    except (ProtocolError, ValueError):
        return None
    if not isinstance(wanted, dict):
        return None
    fields = cast("dict[str, Any]", wanted)
    is_open = fields.pop("open", None) is True
    if (path == "order" and not is_open) or (path == "position" and is_open) or not {"symbol"}.issuperset(fields):
        return None
    symbol = query.get("symbol", fields.get("symbol"))
    return {} if symbol is None else {"symbol": symbol}


def _in_time(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows oldest first, where all say their time: an answer may be in reverse."""
    known = all(isinstance(row.get("timestamp"), str) for row in rows)
    return sorted(rows, key=lambda row: row["timestamp"]) if known else rows
