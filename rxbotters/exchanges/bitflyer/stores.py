"""bitFlyer's stores: ten folds over its JSON-RPC channels. Source: bf-lightning-api.readme.io (2026-08)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects
from rxbotters.stores.response import read_response
from rxbotters.wire import dumps, fields

from .account import Balance, Collateral, Positions
from .board import Board
from .orders import ChildOrders, ParentOrders
from .proofs import child_events, parent_events

__all__ = ["Executions", "Log", "Ticker", "bitFlyerDataStore"]

_SNAPSHOT = "lightning_board_snapshot_"
_BOARD = "lightning_board_"
_TICKER = "lightning_ticker_"
_EXECUTIONS = "lightning_executions_"


Fetch = Callable[..., Awaitable[Any]]


class Ticker(DataStore):
    """The latest ticker of each product."""

    _KEYS: ClassVar[Sequence[str]] = ("product_code",)


class Executions(DataStore):
    """Public executions, oldest first; the last 99,999 are kept."""

    _MAXLEN = 99999


class Log(DataStore):
    """Events as they came."""


class bitFlyerDataStore(DataStoreCollection):
    """Every store of bitFlyer.

    Subscribe to both board channels of a product, ``lightning_board_snapshot_<product>`` and
    ``lightning_board_<product>``; the snapshot channel is left again once its first snapshot arrived.

    Example:
        >>> store = bitFlyerDataStore()
        >>> store.onmessage({
        ...     "jsonrpc": "2.0", "method": "channelMessage",
        ...     "params": {"channel": "lightning_board_snapshot_FX_BTC_JPY", "message": {
        ...         "mid_price": 100.0, "bids": [{"price": 99.0, "size": 1.0}], "asks": [{"price": 101.0, "size": 2.0}]}}})
        >>> store.board.best("FX_BTC_JPY").bid
        {'product_code': 'FX_BTC_JPY', 'side': 'bids', 'price': 99.0, 'size': 1.0}
    """

    def _init(self) -> None:
        self.create("board", datastore_class=Board)
        self.create("ticker", datastore_class=Ticker)
        self.create("executions", datastore_class=Executions)
        self.create("childorderevents", datastore_class=Log)
        self.create("childorders", datastore_class=ChildOrders)
        self.create("parentorderevents", datastore_class=Log)
        self.create("parentorders", datastore_class=ParentOrders)
        self.create("positions", datastore_class=Positions)
        self.create("collateral", datastore_class=Collateral)
        self.create("balance", datastore_class=Balance)
        self._folds = Folds(self._bind)
        self._as_of: dict[str, int] = {}

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        params = msg.get("params")
        if params is None:
            if "error" in msg:
                self._unhandled("error")
            return
        channel = params["channel"]
        fold = self._folds[channel]
        if fold is None:
            self._unhandled(channel)
        else:
            fold(params["message"], ws)

    def _bind(self, channel: str) -> Callable[[Any, Any], None] | None:
        """Return the fold of a channel."""
        if channel.startswith(_SNAPSHOT):
            return self._snapshot_fold(channel, channel[len(_SNAPSHOT) :])
        if channel.startswith(_BOARD):
            return self._board_fold(channel[len(_BOARD) :])
        if channel.startswith(_TICKER):
            ticker = self.ticker
            return lambda message, ws: ticker._update([message])
        if channel.startswith(_EXECUTIONS):
            return self._executions_fold(channel[len(_EXECUTIONS) :])
        return {
            "child_order_events": self._child_order_events,
            "parent_order_events": self._parent_order_events,
        }.get(channel)

    def _snapshot_fold(self, channel: str, product: str) -> Callable[[Any, Any], None]:
        board = self.board
        goodbye = dumps({"method": "unsubscribe", "params": {"channel": channel}})

        def fold(message: Any, ws: Any) -> None:
            first = not board.is_synced(product)
            board.snapshot(product, message)
            post = getattr(ws, "post", None)
            if first and post is not None:
                post(goodbye)

        return fold

    def _board_fold(self, product: str) -> Callable[[Any, Any], None]:
        board = self.board
        return lambda message, ws: board.delta(product, message)

    def _executions_fold(self, product: str) -> Callable[[Any, Any], None]:
        executions = self.executions
        return lambda message, ws: executions._insert([{"product_code": product, **row} for row in message])

    def _child_order_events(self, message: Any, ws: Any) -> None:
        events = child_events(message)
        fills = [event for event in events if event["event_type"] == "EXECUTION" and self._is_new(event)]
        self.childorderevents._insert(events)
        self.childorders.fold(events)
        for event in fills:
            for close in self.positions.execute(event):
                self.collateral.settle(close)
        for event in fills:
            self.balance.execute(event)

    def _is_new(self, event: Mapping[str, Any]) -> bool:
        """Whether a fill is not part of the last `refresh` already."""
        known = self._as_of.get(event["product_code"])
        return known is None or event["exec_id"] > known

    def _parent_order_events(self, message: Any, ws: Any) -> None:
        events = parent_events(message)
        self.parentorderevents._insert(events)
        self.parentorders.fold(events)

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {
            "/v1/me/getchildorders": lambda body, query: self.childorders.replace(objects(body), query),
            "/v1/me/getparentorders": lambda body, query: self.parentorders.replace(objects(body), query),
            "/v1/me/getpositions": lambda body, query: self.positions.replace(objects(body), query),
            "/v1/me/getcollateral": lambda body, query: self.collateral.replace(body),
            "/v1/me/getbalance": lambda body, query: self.balance.replace(objects(body)),
        }

    async def refresh(self, fetch: Fetch, product: str, *, tries: int = 10) -> list[Any]:
        """Make orders, positions, collateral and balances exactly what the exchange says, while fills go on.

        The answers count only if no fill happened between the first and the last request; the id of the last fill
        they contain is remembered, and events up to it are not counted again.

        Args:
            fetch: ``client.fetch``.
            product: The product to refresh.
            tries: How often to begin again because of a fill.

        Returns:
            The executions the exchange knows of, newest first (at most 100): what a lost connection did not tell.

        Raises:
            SnapshotError: There was a fill during every try.
            VenueError: The exchange answered with an error.
        """
        scope = {"product_code": product}
        executions = fetch("GET", "/v1/me/getexecutions", params=scope)
        era = self._begin_initialize()
        try:
            for _ in range(tries):
                before = await self._executions_of(executions)
                held = len(self._held)
                answers = [
                    await read_response(await fetch("GET", path, params=params), self._routes(), self._refusal)
                    for path, params in (
                        ("/v1/me/getchildorders", {**scope, "child_order_state": "ACTIVE"}),
                        ("/v1/me/getpositions", scope),
                        ("/v1/me/getcollateral", {}),
                        ("/v1/me/getbalance", {}),
                    )
                ]
                after = await self._executions_of(executions)
                if before[:1] == after[:1] and held == len(self._held):
                    self._apply_all(answers, era)
                    if after:
                        self._as_of[product] = after[0]["id"]
                    return after
        finally:
            self._end_initialize()
        raise SnapshotError("refresh", f"there was a fill during each of {tries} tries: try again")

    async def _executions_of(self, fetch: Awaitable[Any]) -> list[Any]:
        routes = {"/v1/me/getexecutions": None}
        _, body, _ = await read_response(await fetch, routes, self._refusal)
        try:
            return [dict(row) for row in objects(body)]
        except TypeError as error:
            raise SnapshotError("/v1/me/getexecutions", str(error)) from None

    def _refusal(self, body: Any) -> str | None:
        answer = fields(body)
        return f"{answer['error_message']} (status {answer.get('status')})" if "error_message" in answer else None

    def _holds(self, msg: Any) -> bool:
        return str(fields(fields(msg).get("params")).get("channel")).endswith("_order_events")

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        return [
            (self.board, channel[len(_SNAPSHOT) :]) for channel in _channels(messages) if channel.startswith(_SNAPSHOT)
        ]

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return {"method": "subscribe", "params": {"channel": f"{_SNAPSHOT}{symbol}"}}

    # ------------------------------------------------------------------ stores

    @property
    def board(self) -> Board:
        """The order book."""
        return self.get("board", Board)

    @property
    def ticker(self) -> Ticker:
        """The ticker."""
        return self.get("ticker", Ticker)

    @property
    def executions(self) -> Executions:
        """Public executions."""
        return self.get("executions", Executions)

    @property
    def childorderevents(self) -> Log:
        """Every child order event as it came."""
        return self.get("childorderevents", Log)

    @property
    def childorders(self) -> ChildOrders:
        """Live child orders."""
        return self.get("childorders", ChildOrders)

    @property
    def parentorderevents(self) -> Log:
        """Every parent order event as it came."""
        return self.get("parentorderevents", Log)

    @property
    def parentorders(self) -> ParentOrders:
        """Live parent orders."""
        return self.get("parentorders", ParentOrders)

    @property
    def positions(self) -> Positions:
        """Open lots of margin products, oldest first."""
        return self.get("positions", Positions)

    @property
    def collateral(self) -> Collateral:
        """Collateral; an estimate between two REST answers."""
        return self.get("collateral", Collateral)

    @property
    def balance(self) -> Balance:
        """Spot balances."""
        return self.get("balance", Balance)


def _channels(messages: Iterable[Any]) -> Iterable[str]:
    for message in messages:
        request = fields(message)
        params = request.get("params")
        if request.get("method") == "subscribe" and isinstance(params, dict):
            yield str(fields(params).get("channel"))
