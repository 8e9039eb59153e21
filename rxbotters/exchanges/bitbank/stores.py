"""bitbank's collections: the public rooms, and the private events.

Source: bitbankinc/bitbank-api-docs, ``public-stream.md``, ``private-stream.md``, ``rest-api.md`` (2025-12-25).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.wire import loads

from .account import Asset, MarginNotice, MarginPayable, MarginPosition
from .checks import rows_of, sizes
from .depth import Depth
from .orders import SpotOrder
from .session import error_text, room_of

__all__ = [
    "CircuitBreakInfo",
    "DepthOutside",
    "Log",
    "Ticker",
    "Transactions",
    "bitbankDataStore",
    "bitbankPrivateDataStore",
]

_WHOLE, _DIFF, _TICKER = "depth_whole_", "depth_diff_", "ticker_"
_TRANSACTIONS, _CIRCUIT = "transactions_", "circuit_break_info_"
_PRICES = ("sell", "buy", "open", "high", "low", "last", "vol")
_OUTSIDE = {
    "ao": "asks_over",
    "bu": "bids_under",
    "au": "asks_under",
    "bo": "bids_over",
    "am": "ask_market",
    "bm": "bid_market",
}
"""What a diff calls a quantity outside the book → what a whole book calls it."""

Fold = Callable[[Any], None]


class Ticker(DataStore):
    """The latest ticker of each pair."""

    _KEYS: ClassVar[Sequence[str]] = ("pair",)


class Transactions(DataStore):
    """Public trades as they came; the recent ones that come again after each join are known already."""

    _KEYS: ClassVar[Sequence[str]] = ("pair", "transaction_id")
    _MAXLEN = 99999


class CircuitBreakInfo(DataStore):
    """The mode of each pair: ``NONE``, ``CIRCUIT_BREAK``, ``FULL_RANGE_CIRCUIT_BREAK``, ``RESUMPTION``, ``LISTING``."""

    _KEYS: ClassVar[Sequence[str]] = ("pair",)


class DepthOutside(DataStore):
    """What lies outside each book: amounts beyond its last levels, and market orders that wait in an auction."""

    _KEYS: ClassVar[Sequence[str]] = ("pair",)
    _ON_LOSS = "clear"


class bitbankDataStore(DataStoreCollection):
    """The public stores of bitbank, fed by raw texts (``hdlr_str``) or decoded messages (``hdlr_json``).

    Join both rooms of a pair's book, ``depth_whole_<pair>`` and ``depth_diff_<pair>``.

    Example:
        >>> store = bitbankDataStore()
        >>> store.onmessage('42["message",{"room_name":"depth_whole_btc_jpy","message":{"data":{"asks":[["101","0.5"]],'
        ...                 '"bids":[["99","0.2"]],"timestamp":1700000000000,"sequenceId":"5"}}}]')
        >>> store.depth.best("btc_jpy").ask
        {'pair': 'btc_jpy', 'side': 'asks', 'price': '101', 'amount': '0.5'}
    """

    def _init(self) -> None:
        self.create("transactions", datastore_class=Transactions)
        self.create("depth", datastore_class=Depth)
        self.create("ticker", datastore_class=Ticker)
        self.create("circuit_break_info", datastore_class=CircuitBreakInfo)
        self.create("depth_outside", datastore_class=DepthOutside)
        self._folds: dict[str, Fold] = {}

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.__class__ is str:
            if not msg.startswith("42"):
                return  # the session's own frames
            msg = loads(msg[2:])
        kind, body = msg
        if kind != "message":
            self._unhandled(str(kind))
            return
        room = body["room_name"]
        fold = self._folds.get(room)
        if fold is None:
            fold = self._bind(room)
            if fold is None:
                self._unhandled(room)
                return
        fold(body["message"]["data"])

    def _bind(self, room: str) -> Fold | None:
        """Return the fold of a room, bound once."""
        fold: Fold | None = None
        for prefix, make in (
            (_WHOLE, self._whole_fold),
            (_DIFF, self._diff_fold),
            (_TRANSACTIONS, self._transactions_fold),
            (_TICKER, self._ticker_fold),
            (_CIRCUIT, self._circuit_fold),
        ):
            if room.startswith(prefix):
                fold = make(room[len(prefix) :])
        if fold is not None and len(self._folds) < 10_000:
            self._folds[room] = fold
        return fold

    def _whole_fold(self, pair: str) -> Fold:
        depth, outside = self.depth, self.depth_outside

        def fold(data: Any) -> None:
            around = {name: data[name] for name in _OUTSIDE.values() if name in data}
            sizes(outside.name, around, around)
            depth.whole(pair, data)
            if around:
                outside._insert([{"pair": pair, **around}])

        return fold

    def _diff_fold(self, pair: str) -> Fold:
        depth, outside = self.depth, self.depth_outside

        def fold(data: Any) -> None:
            if len(data) == 4:  # the book alone
                depth.diff(pair, data)
                return
            around = {name: data[short] for short, name in _OUTSIDE.items() if short in data}
            sizes(outside.name, around, around)
            depth.diff(pair, data)
            if around:
                outside._update([{"pair": pair, **around}])

        return fold

    def _transactions_fold(self, pair: str) -> Fold:
        transactions = self.transactions

        def fold(data: Any) -> None:
            rows = [{"pair": pair, **row} for row in rows_of(data["transactions"])]
            for row in rows:
                sizes(transactions.name, row, ("price", "amount"))
            transactions._insert(rows)

        return fold

    def _ticker_fold(self, pair: str) -> Fold:
        ticker = self.ticker

        def fold(data: Any) -> None:
            row = {"pair": pair, **data}
            sizes(ticker.name, row, _PRICES)
            ticker._insert([row])

        return fold

    def _circuit_fold(self, pair: str) -> Fold:
        info, depth = self.circuit_break_info, self.depth

        def fold(data: Any) -> None:
            mode = data["mode"]
            info._insert([{"pair": pair, **data}])
            depth.auction(pair, mode)

        return fold

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        rooms = [room_of(message) for message in messages]
        return [(self.depth, room[len(_WHOLE) :]) for room in rooms if room is not None and room.startswith(_WHOLE)]

    @property
    def transactions(self) -> Transactions:
        """Public trades."""
        return self.get("transactions", Transactions)

    @property
    def depth(self) -> Depth:
        """The order book."""
        return self.get("depth", Depth)

    @property
    def ticker(self) -> Ticker:
        """The ticker."""
        return self.get("ticker", Ticker)

    @property
    def circuit_break_info(self) -> CircuitBreakInfo:
        """Whether a pair is in an auction, and at which prices one would begin."""
        return self.get("circuit_break_info", CircuitBreakInfo)

    @property
    def depth_outside(self) -> DepthOutside:
        """Amounts outside the levels of each book."""
        return self.get("depth_outside", DepthOutside)


# ---------------------------------------------------------------------- private


class Log(DataStore):
    """Events by their id, oldest first."""


class bitbankPrivateDataStore(DataStoreCollection):
    """The private stores of bitbank, fed by `rxbotters.helpers.bitbank`.

    Example:
        >>> store = bitbankPrivateDataStore()
        >>> store.onmessage({"method": "asset_update", "params": [{"asset": "xrp", "free_amount": "1.5"}]})
        >>> store.asset.find()
        [{'asset': 'xrp', 'free_amount': '1.5'}]
    """

    def _init(self) -> None:
        self.create("asset", datastore_class=Asset)
        self.create("spot_order", datastore_class=SpotOrder)
        self.create("spot_trade", keys=["trade_id"], datastore_class=Log)
        self.create("dealer_order", keys=["order_id"], datastore_class=Log)
        self.create("withdrawal", keys=["uuid"], datastore_class=Log)
        self.create("deposit", keys=["uuid"], datastore_class=Log)
        self.create("margin_position", datastore_class=MarginPosition)
        self.create("margin_payable", datastore_class=MarginPayable)
        self.create("margin_notice", datastore_class=MarginNotice)
        self._folds: dict[str, Fold] = {
            "asset_update": lambda rows: self.asset._update(rows_of(rows)),
            "spot_order_new": lambda rows: self.spot_order.fold(rows_of(rows)),
            "spot_order": lambda rows: self.spot_order.fold(rows_of(rows)),
            "spot_order_invalidation": self._invalidate,
            "spot_trade": self._trades,
            "dealer_order_new": lambda rows: self.dealer_order._update(rows_of(rows)),
            "withdrawal": lambda rows: self.withdrawal._update(rows_of(rows)),
            "deposit": lambda rows: self.deposit._update(rows_of(rows)),
            "margin_position_update": lambda rows: self.margin_position.fold(rows_of(rows)),
            "margin_payable_update": self._payables,
            "margin_notice_update": lambda rows: self.margin_notice._insert(rows_of(rows)),
        }

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        method = msg["method"]
        fold = self._folds.get(method)
        if fold is None:
            self._unhandled(str(method))
            return
        fold(msg["params"])

    def _invalidate(self, params: Any) -> None:
        ids = params["order_id"]
        self.spot_order.invalidate(ids if isinstance(ids, list) else [ids])  # pyright: ignore[reportUnknownArgumentType]

    def _trades(self, params: Any) -> None:
        rows = rows_of(params)
        for row in rows:
            sizes("spot_trade", row, ("price", "amount"))
        self.spot_trade._update(rows)

    def _payables(self, params: Any) -> None:
        rows = rows_of(params)
        for row in rows:
            sizes("margin_payable", row, ("amount",))
        for row in rows[-1:]:
            self.margin_payable.put(row)

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {
            "/v1/user/assets": lambda body, query: self.asset.replace(_listed(body, "assets", "asset")),
            "/v1/user/spot/active_orders": lambda body, query: self.spot_order.replace(
                _listed(body, "orders", "order_id", "status"), query
            ),
            "/v1/user/margin/positions": lambda body, query: self._margin(body),
        }

    def _margin(self, body: Any) -> None:
        positions = _listed(body, "positions", "pair", "position_side")
        data = body["data"]
        payables, notice = data.get("payables"), data.get("notice")
        self.margin_position.replace(positions)
        if isinstance(payables, dict) and "amount" in payables:
            self.margin_payable.put(cast("dict[str, Any]", payables), reason="resync")
        self.margin_payable.refetched()
        if isinstance(notice, dict):
            self.margin_notice.learn(cast("dict[str, Any]", notice))

    def _refusal(self, body: Any) -> str | None:
        return error_text(body)

    # ------------------------------------------------------------------ stores

    @property
    def asset(self) -> Asset:
        """Balances."""
        return self.get("asset", Asset)

    @property
    def spot_order(self) -> SpotOrder:
        """Live orders."""
        return self.get("spot_order", SpotOrder)

    @property
    def spot_trade(self) -> Log:
        """Own trades."""
        return self.get("spot_trade", Log)

    @property
    def dealer_order(self) -> Log:
        """Orders at the dealer's price."""
        return self.get("dealer_order", Log)

    @property
    def withdrawal(self) -> Log:
        """Withdrawals and how far they are."""
        return self.get("withdrawal", Log)

    @property
    def deposit(self) -> Log:
        """Deposits and how far they are."""
        return self.get("deposit", Log)

    @property
    def margin_position(self) -> MarginPosition:
        """Margin positions."""
        return self.get("margin_position", MarginPosition)

    @property
    def margin_payable(self) -> MarginPayable:
        """What must be paid."""
        return self.get("margin_payable", MarginPayable)

    @property
    def margin_notice(self) -> MarginNotice:
        """Margin calls."""
        return self.get("margin_notice", MarginNotice)


def _listed(body: Any, name: str, *fields: str) -> list[dict[str, Any]]:
    """Return the rows of a REST answer.

    Raises:
        SnapshotError: It holds no list of that name, or a row lacks a field.
    """
    try:
        rows = rows_of(body["data"][name])
        for row in rows:
            for field in fields:
                hash(row[field])
    except (KeyError, TypeError) as error:
        raise SnapshotError("bitbank", f"no list of {name} ({type(error).__name__}: {error})") from None
    return rows
