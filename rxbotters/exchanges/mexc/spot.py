"""MEXC's spot: one fold for each kind of push. Source: mexc.com/api-docs/spot-v3 (2026-04)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from yarl import URL

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore, OrderBook
from rxbotters.stores.proofs import numbers, objects

from .account import Balances, SpotFills
from .booked import Booked
from .books import SpotBook
from .orders import SpotOrders
from .paths import Paths
from .rows import oldest_first
from .streams import depths, refusal

__all__ = ["MEXCSpotDataStore", "Trades"]

Push = Mapping[str, Any]
Query = Mapping[str, str]
_PRIVATE = ("/api/v3/account", "/api/v3/openOrders", "/api/v3/myTrades")


class Trades(DataStore):
    """Public trades, oldest first: ``tradeType`` is 1 (buy) or 2 (sell), ``time`` milliseconds."""

    _MAXLEN = 99_999

    def take(self, symbol: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add trades of one symbol."""
        known = [{"symbol": symbol, **row} for row in rows]
        numbers(self.name, known, ("price", "quantity"), may_lack=False)
        self._insert(known)

    def answer(self, symbol: str, rows: Sequence[dict[str, Any]]) -> None:
        """Add ``trades`` of REST, under the names of the stream: where the buyer was the maker, a seller took."""
        self.take(
            symbol,
            [
                {
                    "price": row["price"],
                    "quantity": row["qty"],
                    "tradeType": 2 if row["isBuyerMaker"] else 1,
                    "time": row["time"],
                }
                for row in oldest_first(rows, "time")
            ],
        )


class MEXCSpotDataStore(Booked):
    """Every store of MEXC's spot; the frames are decoded by the connection.

    Example:
        >>> store = MEXCSpotDataStore()
        >>> store.onmessage({
        ...     "channel": "spot@private.account.v3.api.pb", "sendTime": 1736417034307,
        ...     "privateAccount": {"vcoinName": "USDT", "balanceAmount": "21.94", "frozenAmount": "0",
        ...                        "type": "CONTRACT_TRANSFER", "time": 1736416910000}})
        >>> store.account.get({"vcoinName": "USDT"})["balanceAmount"]
        '21.94'
    """

    _PRIVATE = "spot@private."

    def _init(self) -> None:
        self.create("depth", datastore_class=SpotBook)
        self.create("trades", datastore_class=Trades)
        self.create("account", datastore_class=Balances)
        self.create("orders", datastore_class=SpotOrders)
        self.create("deals", datastore_class=SpotFills)
        self._folds: Mapping[str, Callable[[Push], None]] = {
            "publicAggreDepths": lambda msg: self.depth.change(_symbol_of(msg), msg["publicAggreDepths"]),
            "publicAggreDeals": lambda msg: self.trades.take(
                _symbol_of(msg), objects(msg["publicAggreDeals"]["deals"])
            ),
            "privateAccount": lambda msg: self.account.push(
                dict(msg["privateAccount"]), msg["privateAccount"].get("time")
            ),
            "privateOrders": lambda msg: self.orders.push(_symbol_of(msg), msg["privateOrders"], msg.get("sendTime")),
            "privateDeals": lambda msg: self.deals.take([{"symbol": _symbol_of(msg), **msg["privateDeals"]}]),
        }
        self._paths = Paths(
            {
                "/api/v3/depth": lambda body, query: self.depth.snapshot(query["symbol"], body),
                "/api/v3/trades": lambda body, query: self.trades.answer(query["symbol"], objects(body)),
                "/api/v3/account": lambda body, query: self.account.answer(objects(body["balances"])),
                "/api/v3/openOrders": lambda body, query: self.orders.answer(objects(body), query),
                "/api/v3/myTrades": lambda body, query: self.deals.answer(objects(body)),
            }
        )

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        channel = msg.get("channel")
        if channel is None:
            if "msg" not in msg:
                self._unhandled("…")
            return  # an answer; who asked hears of it
        for body, fold in self._folds.items():
            if body in msg:
                fold(msg)
                return
        self._unhandled(str(channel))

    # ------------------------------------------------------------------ snapshots

    def _refusal(self, body: Any) -> str | None:
        return refusal(body)

    def _repeats(self, path: str) -> bool:
        return path in _PRIVATE

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        return ("/api/v3/depth", {"symbol": str(symbol), "limit": "1000"}) if book is self.depth else None

    def _book(self) -> SpotBook:
        return self.depth

    def _depths(self, request: Any) -> Iterable[str]:
        return depths(request)

    def _ended(self, request: Any) -> Iterable[str]:
        return depths(request, "UNSUBSCRIPTION")

    # ------------------------------------------------------------------ stores

    @property
    def depth(self) -> SpotBook:
        """The order book, from ``spot@public.aggre.depth.v3.api.pb``."""
        return self.get("depth", SpotBook)

    @property
    def trades(self) -> Trades:
        """Public trades, from ``spot@public.aggre.deals.v3.api.pb``."""
        return self.get("trades", Trades)

    @property
    def account(self) -> Balances:
        """Balances."""
        return self.get("account", Balances)

    @property
    def orders(self) -> SpotOrders:
        """Live orders."""
        return self.get("orders", SpotOrders)

    @property
    def deals(self) -> SpotFills:
        """One's own fills."""
        return self.get("deals", SpotFills)


def _symbol_of(msg: Push) -> str:
    """Return the symbol of a push; of market data it stands at the end of the channel too."""
    symbol = msg.get("symbol")
    if symbol is None and msg["channel"].startswith("spot@public."):
        symbol = msg["channel"].rpartition("@")[2]
    if not isinstance(symbol, str) or not symbol:
        raise ProtocolError(f"a push of {symbol!r}")
    return symbol
