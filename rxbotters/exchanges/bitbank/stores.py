"""bitbank's public rooms: book, ticker, transactions, auctions.

Source: bitbankinc/bitbank-api-docs, ``public-stream.md`` (2025-12-25).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects, sizes
from rxbotters.wire import loads

from .depth import Depth
from .private import bitbankPrivateDataStore
from .session import room_of

__all__ = [
    "CircuitBreakInfo",
    "DepthOutside",
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
        self._folds = Folds(self._bind)

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
        fold = self._folds[room]
        if fold is None:
            self._unhandled(room)
        else:
            fold(body["message"]["data"])

    def _bind(self, room: str) -> Fold | None:
        """Return the fold of a room."""
        for prefix, make in (
            (_WHOLE, self._whole_fold),
            (_DIFF, self._diff_fold),
            (_TRANSACTIONS, self._transactions_fold),
            (_TICKER, self._ticker_fold),
            (_CIRCUIT, self._circuit_fold),
        ):
            if room.startswith(prefix):
                return make(room[len(prefix) :])
        return None

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
            rows = [{"pair": pair, **row} for row in objects(data["transactions"])]
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
