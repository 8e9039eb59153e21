"""GMO Coin's stores: seven folds over its channels. Source: api.coin.z.com/docs (2025-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.stores.collection import Route
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields

from .account import Executions, Positions, PositionSummary
from .book import OrderBooks
from .orders import Orders
from .session import error_of, refusal, token_of

__all__ = ["GMOCoinDataStore", "Ticker", "Trades"]

_PAGE = 100  # rows an answer has at most, unless fewer were asked for


class Ticker(DataStore):
    """The latest ticker of each symbol."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)


class Trades(DataStore):
    """Public trades, oldest first; the last 99,999 are kept."""

    _MAXLEN = 99999


class GMOCoinDataStore(DataStoreCollection):
    """Every store of GMO Coin: spot (``BTC``) and leverage (``BTC_JPY``) in one.

    Example:
        >>> store = GMOCoinDataStore()
        >>> store.onmessage({
        ...     "channel": "orderbooks", "symbol": "BTC", "timestamp": "2018-03-30T12:34:56.789Z",
        ...     "asks": [{"price": "455659", "size": "0.1"}], "bids": [{"price": "455655", "size": "0.3"}]})
        >>> store.orderbooks.best("BTC").bid
        {'symbol': 'BTC', 'side': 'bids', 'price': '455655', 'size': '0.3'}
    """

    def _init(self) -> None:
        self.create("ticker", datastore_class=Ticker)
        self.create("orderbooks", datastore_class=OrderBooks)
        self.create("trades", datastore_class=Trades)
        self.create("orders", datastore_class=Orders)
        self.create("positions", datastore_class=Positions)
        self.create("executions", datastore_class=Executions)
        self.create("position_summary", datastore_class=PositionSummary)
        self._token: str | None = None
        ticker, trades = self.ticker, self.trades
        self._folds: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "ticker": lambda message: ticker._update([message]),
            "orderbooks": self.orderbooks.replace,
            "trades": lambda message: trades._insert([message]),
            "orderEvents": self.orders.order_event,
            "executionEvents": self._execution,
            "positionEvents": self.positions.fold,
            "positionSummaryEvents": lambda message: self.position_summary.fold([message]),
        }

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        channel = msg.get("channel")
        fold = self._folds.get(channel)
        if fold is not None:
            fold(msg)
            return
        error = error_of(msg)
        if error is not None:
            self._unhandled("error")
            raise ProtocolError(f"GMO Coin refused something that was sent: {error}")
        if channel is not None:
            self._unhandled(channel)

    def _execution(self, message: Mapping[str, Any]) -> None:
        row = self.executions.normal(message)
        self.orders.execution(message)
        self.executions._insert([row])

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Route]:
        return {
            "/private/v1/activeOrders": _listing(self.orders),
            "/private/v1/openPositions": _listing(self.positions),
            "/private/v1/latestExecutions": lambda body, query: self.executions.take(_rows(body)),
            "/private/v1/positionSummary": lambda body, query: self.position_summary.replace(
                _rows(body), query.get("symbol")
            ),
            "/private/v1/ws-auth": self._auth,
        }

    def _auth(self, body: Any, query: Mapping[str, str]) -> None:
        self._token = token_of(body)

    def _repeats(self, path: str) -> bool:
        return not path.endswith("/ws-auth")

    def _refusal(self, body: Any) -> str | None:
        return refusal(body)

    def _holds(self, msg: Any) -> bool:
        channel = fields(msg).get("channel")
        return isinstance(channel, str) and channel.endswith("Events")

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        found: list[tuple[OrderBook, Any]] = []
        for message in messages:
            request = fields(message)
            symbol = request.get("symbol")
            wanted = request.get("command") == "subscribe" and request.get("channel") == "orderbooks"
            if wanted and isinstance(symbol, str):
                found.append((self.orderbooks, symbol))
        return found

    # ------------------------------------------------------------------ stores

    @property
    def ticker(self) -> Ticker:
        """The latest ticker of each symbol."""
        return self.get("ticker", Ticker)

    @property
    def orderbooks(self) -> OrderBooks:
        """The order books."""
        return self.get("orderbooks", OrderBooks)

    @property
    def trades(self) -> Trades:
        """Public trades."""
        return self.get("trades", Trades)

    @property
    def orders(self) -> Orders:
        """Live orders."""
        return self.get("orders", Orders)

    @property
    def positions(self) -> Positions:
        """Open leverage positions."""
        return self.get("positions", Positions)

    @property
    def executions(self) -> Executions:
        """The account's fills."""
        return self.get("executions", Executions)

    @property
    def position_summary(self) -> PositionSummary:
        """The sum of the positions of each symbol and side."""
        return self.get("position_summary", PositionSummary)


def _rows(body: Any) -> list[dict[str, Any]]:
    """Return the rows of an answer; one without a list has none."""
    return objects(body["data"].get("list", []))


def _listing(store: Orders | Positions) -> Route:
    """Return the route of a listing in pages; the first page, unless it is full, is the whole truth."""

    def route(body: Any, query: Mapping[str, str]) -> None:
        rows = _rows(body)
        whole = int(query.get("page", 1)) == 1 and len(rows) < int(query.get("count", _PAGE))
        store.replace(rows, query.get("symbol"), whole=whole)

    return route
