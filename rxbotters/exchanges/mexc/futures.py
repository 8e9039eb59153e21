"""MEXC's futures: one fold for each channel. Source: mexc.com/api-docs/futures/websocket-api (2026-04)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from yarl import URL

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore, OrderBook
from rxbotters.stores.proofs import numbers

from .account import Adl, Assets, FuturesFills, PositionMode, Positions, RiskLimits
from .booked import Booked
from .books import FullBook, FuturesBook
from .orders import FuturesOrders
from .paths import Paths
from .rows import listed, oldest_first
from .session import depths

__all__ = ["Deals", "MEXCFuturesDataStore", "Tickers"]

Push = Mapping[str, Any]
Query = Mapping[str, str]
_DEPTH = "/api/v1/contract/depth"
_PRIVATE = "/api/v1/private"


class Tickers(DataStore):
    """The latest ticker of each contract."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)


class Deals(DataStore):
    """Public trades, oldest first: ``p`` price, ``v`` contracts, ``T`` 1 (buy) or 2 (sell), ``t`` milliseconds."""

    _MAXLEN = 99_999

    def take(self, symbol: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add trades of one contract."""
        if symbol.__class__ is not str:
            raise ProtocolError(f"{self.name}: trades of {symbol!r}")
        known = [{"symbol": symbol, **row} for row in rows]
        numbers(self.name, known, ("p", "v"), may_lack=False)
        self._insert(known)


class MEXCFuturesDataStore(Booked):
    """Every store of MEXC's futures.

    Example:
        >>> store = MEXCFuturesDataStore()
        >>> store.onmessage({
        ...     "channel": "push.depth.full", "symbol": "BTC_USDT", "ts": 1789897581013,
        ...     "data": {"asks": [[80468.7, 3446, 2]], "bids": [[80468.6, 31288, 7]], "version": 41925002140}})
        >>> store.depth_full.best("BTC_USDT").bid
        {'symbol': 'BTC_USDT', 'side': 'bids', 'price': 80468.6, 'size': 31288, 'orders': 7}
    """

    _PRIVATE = "push.personal."

    def _init(self) -> None:
        self.create("ticker", datastore_class=Tickers)
        self.create("deal", datastore_class=Deals)
        self.create("depth", datastore_class=FuturesBook)
        self.create("depth_full", datastore_class=FullBook)
        self.create("order", datastore_class=FuturesOrders)
        self.create("order_deal", datastore_class=FuturesFills)
        self.create("position", datastore_class=Positions)
        self.create("asset", datastore_class=Assets)
        self.create("adl", datastore_class=Adl)
        self.create("risk_limit", datastore_class=RiskLimits)
        self.create("position_mode", datastore_class=PositionMode)
        self._folds: Mapping[str, Callable[[Push], None]] = {
            "push.ticker": lambda msg: self.ticker._update(listed(msg["data"])),
            "push.tickers": lambda msg: self.ticker._update(listed(msg["data"])),
            "push.deal": lambda msg: self.deal.take(msg["symbol"], listed(msg["data"])),
            "push.depth": lambda msg: self.depth.change(_symbol_of(msg), msg["data"]),
            "push.depth.full": lambda msg: self.depth_full.replace(_symbol_of(msg), msg["data"]),
            "push.personal.order": lambda msg: self.order.fold(listed(msg["data"])),
            "push.personal.order.deal": lambda msg: self.order_deal.take(listed(msg["data"])),
            "push.personal.position": self._position,
            "push.personal.asset": self._asset,
            "push.personal.adl.level": lambda msg: self.adl._update(listed(msg["data"])),
            "push.personal.risk.limit": lambda msg: self.risk_limit._update(listed(msg["data"])),
            "push.personal.position.mode": lambda msg: self.position_mode.replace(msg["data"]),
        }
        self._paths = Paths(
            {
                "/api/v1/contract/ticker": lambda body, query: self.ticker._update(listed(body["data"])),
                "/api/v1/contract/deals/{symbol}": self._deals,
                f"{_DEPTH}/{{symbol}}": self._snapshot,
                f"{_DEPTH}_commits/{{symbol}}/{{limit}}": self._commits,
                f"{_PRIVATE}/order/list/open_orders": self._orders,
                f"{_PRIVATE}/order/list/open_orders/{{symbol}}": self._orders,
                f"{_PRIVATE}/order/list/order_deals": lambda body, query: self.order_deal.take(listed(body["data"])),
                f"{_PRIVATE}/position/open_positions": self._positions,
                f"{_PRIVATE}/account/assets": lambda body, query: self.asset.replace(listed(body["data"])),
                f"{_PRIVATE}/account/asset/{{currency}}": self._one_asset,
            }
        )

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        channel = msg["channel"]
        fold = self._folds.get(channel)
        if fold is not None:
            fold(msg)
        elif channel == "rs.error" or not channel.startswith(("rs.", "pong")):
            self._unhandled(channel)

    def _position(self, msg: Push) -> None:
        closed = self.position.fold(listed(msg["data"]), msg.get("ts"))
        self.adl._delete(closed)

    def _asset(self, msg: Push) -> None:
        self.asset.push(dict(msg["data"]), msg.get("ts"))

    # ------------------------------------------------------------------ snapshots

    def _deals(self, body: Any, query: Query) -> None:
        self.deal.take(query["symbol"], oldest_first(listed(body["data"]), "t"))

    def _snapshot(self, body: Any, query: Query) -> None:
        self.depth.snapshot(query["symbol"], body.get("data") or body)

    def _commits(self, body: Any, query: Query) -> None:
        """Apply the latest changes, which close a gap that is not too wide."""
        for change in sorted(listed(body["data"]), key=lambda change: change["version"]):
            self.depth.change(query["symbol"], change)

    def _orders(self, body: Any, query: Query) -> None:
        self.order.answer(listed(body["data"]), query)

    def _positions(self, body: Any, query: Query) -> None:
        self.position.replace(listed(body["data"]), query.get("symbol"))

    def _one_asset(self, body: Any, query: Query) -> None:
        self.asset.replace(listed(body["data"]), whole=False)

    def _refusal(self, body: Any) -> str | None:
        if body.__class__ is not dict:
            return None
        code = body.get("code", 0)
        if code not in (0, 200) or ("code" not in body and body.get("success") is False):
            return f"{body.get('message') or 'no reason given'} (code {code})"
        return None

    def _repeats(self, path: str) -> bool:
        return path.startswith(_PRIVATE)

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        return (f"{_DEPTH}/{symbol}", {"limit": "1000"}) if book is self.depth else None

    def _book(self) -> FuturesBook:
        return self.depth

    def _depths(self, request: Any) -> Iterable[str]:
        return depths(request)

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        full = [symbol for message in messages for symbol in depths(message, "sub.depth.full")]
        return [*super()._expects(messages), *((self.depth_full, symbol) for symbol in full)]

    # ------------------------------------------------------------------ stores

    @property
    def ticker(self) -> Tickers:
        """Tickers."""
        return self.get("ticker", Tickers)

    @property
    def deal(self) -> Deals:
        """Public trades."""
        return self.get("deal", Deals)

    @property
    def depth(self) -> FuturesBook:
        """The whole book, from ``sub.depth``."""
        return self.get("depth", FuturesBook)

    @property
    def depth_full(self) -> FullBook:
        """The best 5, 10 or 20 levels, from ``sub.depth.full``."""
        return self.get("depth_full", FullBook)

    @property
    def order(self) -> FuturesOrders:
        """Live orders."""
        return self.get("order", FuturesOrders)

    @property
    def order_deal(self) -> FuturesFills:
        """One's own fills."""
        return self.get("order_deal", FuturesFills)

    @property
    def position(self) -> Positions:
        """Open positions."""
        return self.get("position", Positions)

    @property
    def asset(self) -> Assets:
        """Balances."""
        return self.get("asset", Assets)

    @property
    def adl(self) -> Adl:
        """Levels of automatic deleveraging."""
        return self.get("adl", Adl)

    @property
    def risk_limit(self) -> RiskLimits:
        """Risk limits."""
        return self.get("risk_limit", RiskLimits)

    @property
    def position_mode(self) -> PositionMode:
        """Hedge or one way."""
        return self.get("position_mode", PositionMode)


def _symbol_of(msg: Push) -> str:
    symbol = msg["symbol"]
    if not isinstance(symbol, str):
        raise ProtocolError(f"a book of {symbol!r}")
    return symbol
