"""Bybit's market data but the books: trades, tickers, klines, liquidations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers, objects

__all__ = ["BINDERS", "Klines", "Lines", "Tickers"]

Fold = Callable[[Any], None]

_TICKER = ("lastPrice", "bid1Price", "ask1Price", "bid1Size", "ask1Size", "bidPrice", "askPrice", "markPrice")
_KLINE = ("open", "high", "low", "close", "volume", "turnover")


class Lines(DataStore):
    """Rows as they came, oldest first; the last 99,999 are kept."""

    _MAXLEN = 99999


class Tickers(DataStore):
    """One row for each ``symbol``: a snapshot replaces it, a delta is merged into it."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)


class Klines(DataStore):
    """One row for each ``symbol``, ``start`` and ``end`` (milliseconds); the last one grows until ``confirm``."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "start", "end")


def _lines(*fields: str) -> Callable[[DataStore, str], Fold]:
    def bind(store: DataStore, topic: str) -> Fold:
        def fold(msg: Any) -> None:
            data = msg["data"]
            rows = objects([data] if data.__class__ is dict else data)
            numbers(store.name, rows, fields)
            store._insert(rows)

        return fold

    return bind


def _ticker(store: DataStore, topic: str) -> Fold:
    def fold(msg: Any) -> None:
        rows = objects([msg["data"]])
        numbers(store.name, rows, _TICKER)
        if msg.get("type") == "snapshot":
            store._insert(rows)
        else:
            store._update(rows)

    return fold


def _kline(store: DataStore, topic: str) -> Fold:
    symbol = [*topic.split(".", 2), "", ""][2]

    def fold(msg: Any) -> None:
        rows = objects(msg["data"])
        numbers(store.name, rows, _KLINE)
        store._update([{**row, "symbol": symbol} for row in rows])

    return fold


BINDERS: Mapping[str, Callable[[DataStore, str], Fold]] = {
    "publicTrade": _lines("p", "v"),
    "allLiquidation": _lines("p", "v"),
    "liquidation": _lines("price", "size"),
    "tickers": _ticker,
    "tickers_lt": _ticker,
    "lt": _ticker,
    "kline": _kline,
    "kline_lt": _kline,
    "greeks": lambda store, topic: lambda msg: store._update(objects(msg["data"])),
}
"""First part of a topic, which is the name of its store → makes the fold of one topic."""
