"""Phemex's stores: folds over what a message holds, for COIN-M, USDⓈ-M and spot. Source: phemex-docs.github.io (2026-01)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rxbotters.stores import OrderBook
from rxbotters.stores.proofs import objects

from .account import Accounts, Fills, Positions, RiskUnits, RiskWallets, Wallets
from .answers import Answers
from .board import Book
from .market import Klines, Market24h, Tickers, Trades
from .orders import Orders
from .private import PRIVATE
from .session import channel_of

__all__ = ["PhemexDataStore"]

Fold = Callable[[Any], None]

_PACK = "perp_market24h_pack_p.update"


class PhemexDataStore(Answers):
    """Every store of Phemex.

    Field names such as ``priceEp`` are those of COIN-M in all families; their values are scaled integers for COIN-M and
    spot, decimal text for USDⓈ-M.

    Example:
        >>> store = PhemexDataStore()
        >>> store.onmessage({
        ...     "depth": 30, "sequence": 77668172, "symbol": "BTCUSDT", "timestamp": 1666854171201355264,
        ...     "orderbook_p": {"asks": [["20702.9", "0.718"]], "bids": [["20700.5", "1.622"]]}, "type": "snapshot"})
        >>> store.orderbook.best("BTCUSDT").ask
        {'symbol': 'BTCUSDT', 'side': 'asks', 'priceEp': '20702.9', 'qty': '0.718'}
    """

    def _init(self) -> None:
        self.create("trade", datastore_class=Trades)
        self.create("orderbook", datastore_class=Book)
        self.create("ticker", datastore_class=Tickers)
        self.create("market24h", datastore_class=Market24h)
        self.create("kline", datastore_class=Klines)
        self.create("accounts", datastore_class=Accounts)
        self.create("orders", datastore_class=Orders)
        self.create("positions", datastore_class=Positions)
        self.create("wallets", datastore_class=Wallets)
        self.create("fills", datastore_class=Fills)
        self.create("risk_units", datastore_class=RiskUnits)
        self.create("risk_wallets", datastore_class=RiskWallets)
        super()._init()
        self._folds = self._bind()

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        folds = self._folds
        for name in msg:
            fold = folds.get(name)
            if fold is not None:
                fold(msg)
                return
        if msg.get("method") == _PACK:
            self.market24h.pack(msg["fields"], msg["data"])
        elif msg.get("error") is not None:
            self._unhandled("error")
        else:
            channel = channel_of(msg)
            if channel is not None:
                self._unhandled(channel)

    def _bind(self) -> Mapping[str, Fold]:
        """Return the fold of each name that tells what a message holds; an id, which answers have, tells nothing."""
        folds: dict[str, Fold] = {}
        for name in ("book", "orderbook_p"):
            folds[name] = self._book_fold(name)
        for family in ("", "_p"):
            folds[f"trades{family}"] = self._trade_fold(f"trades{family}")
            folds[f"kline{family}"] = self._kline_fold(f"kline{family}")
            folds[f"tick{family}"] = self._object_fold(self.ticker, f"tick{family}")
            folds[f"market24h{family}"] = self._object_fold(self.market24h, f"market24h{family}")
        folds["spot_market24h"] = self._object_fold(self.market24h, "spot_market24h")
        folds["risk_units"] = folds["risk_wallets"] = self._fold_risk
        folds.update(dict.fromkeys(PRIVATE, self._fold_account))
        return folds

    def _book_fold(self, name: str) -> Fold:
        book = self.orderbook
        return lambda msg: book.message(_symbol(msg), msg[name], msg)

    def _trade_fold(self, name: str) -> Fold:
        trade = self.trade
        return lambda msg: trade.message(_symbol(msg), msg[name], msg.get("type"))

    def _kline_fold(self, name: str) -> Fold:
        kline = self.kline
        return lambda msg: kline.message(_symbol(msg), msg[name])

    def _object_fold(self, store: Tickers | Market24h, name: str) -> Fold:
        return lambda msg: store.message(msg[name])

    def _fold_risk(self, msg: Any) -> None:
        units, wallets = objects(msg.get("risk_units", [])), objects(msg.get("risk_wallets", []))
        self.risk_units.check(units)
        self.risk_wallets.check(wallets)
        whole = msg.get("type") == "snapshot"
        self.risk_units.fold(units, whole=whole)
        self.risk_wallets.fold(wallets, whole=whole)

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        for message in messages:
            params = message.get("params") if isinstance(message, dict) else None  # pyright: ignore
            if isinstance(params, list) and params and _is_book(message):
                symbol: Any = params[0]  # pyright: ignore
                self.orderbook.topics[symbol] = message
                yield self.orderbook, symbol

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return self.orderbook.topics.get(symbol)

    # ------------------------------------------------------------------ stores

    @property
    def trade(self) -> Trades:
        """Public trades."""
        return self.get("trade", Trades)

    @property
    def orderbook(self) -> Book:
        """The order book."""
        return self.get("orderbook", Book)

    @property
    def ticker(self) -> Tickers:
        """Index, mark and funding ticks."""
        return self.get("ticker", Tickers)

    @property
    def market24h(self) -> Market24h:
        """24 hours of each symbol."""
        return self.get("market24h", Market24h)

    @property
    def risk_units(self) -> RiskUnits:
        """Risk units."""
        return self.get("risk_units", RiskUnits)

    @property
    def risk_wallets(self) -> RiskWallets:
        """Balances behind risk units."""
        return self.get("risk_wallets", RiskWallets)


def _symbol(msg: Mapping[str, Any]) -> str:
    symbol = msg["symbol"]
    if symbol.__class__ is not str:
        raise TypeError(f"symbol is no text: {str(symbol)[:100]}")
    return symbol  # type: ignore[no-any-return, unused-ignore]


def _is_book(message: Any) -> bool:
    return message.get("method") in ("orderbook.subscribe", "orderbook_p.subscribe")
