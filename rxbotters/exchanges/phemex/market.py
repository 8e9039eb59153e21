"""Phemex's market data but the books: trades, tickers, klines. Arrays become rows with names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers, objects, whole

from .checks import Item, texts

__all__ = ["Klines", "Market24h", "Tickers", "Trades"]

_TRADE = ("timestamp", "side", "priceEp", "qty")
_KLINE = ("timestamp", "interval", "last_close", "open", "high", "low", "close", "volume", "turnover")
_PRICES = tuple(
    f"{name}{unit}" for name in ("open", "high", "low", "last", "close", "bid", "ask") for unit in ("", "Ep", "Rp")
)


class Trades(DataStore):
    """Public trades, oldest first: ``{symbol, timestamp, side, priceEp, qty}``; the last 99,999 are kept.

    Several trades may have one timestamp (nanoseconds). The 200 trades that each subscription begins with are added as
    far as they are new.
    """

    _MAXLEN = 99999

    def _init(self) -> None:
        self._newest: dict[str, tuple[int, Counter[tuple[Any, ...]]]] = {}  # symbol → time, and the trades of that time

    def message(self, symbol: str, trades: Any, kind: Any) -> None:
        """Fold a message of ``trade`` or ``trade_p``, whose trades come newest first."""
        rows = _named(trades, _TRADE)
        for row in rows:
            whole(self.name, "timestamp", row["timestamp"])
        texts(self.name, rows, ("side",))
        numbers(self.name, rows, ("priceEp", "qty"), may_lack=False)
        rows.reverse()
        rows.sort(key=lambda row: row["timestamp"])
        fresh = self._unseen(symbol, rows) if kind == "snapshot" else rows
        for row in fresh:
            self._remember(symbol, row)
        self._insert([{"symbol": symbol, **row} for row in fresh])

    def _unseen(self, symbol: str, rows: Iterable[Item]) -> list[Item]:
        newest, seen = self._newest.get(symbol, (-1, Counter[tuple[Any, ...]]()))
        known = Counter(seen)
        fresh: list[Item] = []
        for row in rows:
            trade = _content(row)
            if row["timestamp"] > newest or (row["timestamp"] == newest and known[trade] == 0):
                fresh.append(row)
            elif row["timestamp"] == newest:
                known[trade] -= 1
        return fresh

    def _remember(self, symbol: str, row: Item) -> None:
        newest, seen = self._newest.get(symbol, (-1, Counter[tuple[Any, ...]]()))
        if row["timestamp"] > newest:
            self._newest[symbol] = (row["timestamp"], Counter((_content(row),)))
        elif row["timestamp"] == newest:
            seen[_content(row)] += 1


class Tickers(DataStore):
    """Index, mark and funding ticks by ``symbol``: ``.BTC``, ``.MBTC``, ``.BTCFR8H`` …"""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)

    def message(self, tick: Any) -> None:
        """Fold a message of ``tick`` or ``tick_p``; funding rates may be negative."""
        self._update(objects([tick]))


class Market24h(DataStore):
    """24 hours of each ``symbol``; fields are named as the exchange names them in each of its families."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)

    def message(self, data: Any) -> None:
        """Fold a message of ``market24h``, ``market24h_p`` or ``spot_market24h``."""
        rows = objects([data])
        numbers(self.name, rows, _PRICES)
        self._update(rows)

    def pack(self, fields: Any, data: Any) -> None:
        """Fold a message of ``perp_market24h_pack_p``: names once, then a list of values for each symbol."""
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):  # pyright: ignore
            raise ProtocolError(f"a list of names was expected, not {str(fields)[:100]}")  # pyright: ignore
        rows = _named(data, fields)  # pyright: ignore
        numbers(self.name, rows, _PRICES)
        self._update(rows)


class Klines(DataStore):
    """Klines by ``symbol``, ``timestamp`` and ``interval`` (both in seconds); the last one grows until it is over."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "timestamp", "interval")

    def message(self, symbol: str, klines: Any) -> None:
        """Fold klines, which come newest first; the oldest is the first to go when there are too many."""
        rows = _named(klines, _KLINE)
        numbers(self.name, rows, _KLINE, may_lack=False)
        rows.sort(key=lambda row: float(row["timestamp"]))
        self._insert([{"symbol": symbol, **row} for row in rows])


def _content(row: Item) -> tuple[Any, ...]:
    return row["side"], row["priceEp"], row["qty"]


def _named(arrays: Any, names: Sequence[str]) -> list[Item]:
    """Return objects for arrays of values; what an array has beyond the names is left out.

    Raises:
        ProtocolError: These are no arrays, or one is too short.
    """
    many: list[Any] = arrays if arrays.__class__ is list else [None]
    rows: list[Mapping[str, Any]] = []
    for values in many:
        if values.__class__ is not list or len(values) < len(names):
            raise ProtocolError(f"an array of {', '.join(names)} was expected, not {str(values)[:100]}")
        rows.append(dict(zip(names, values, strict=False)))
    return rows
