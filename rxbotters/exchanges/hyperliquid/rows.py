"""Small stores of Hyperliquid, and how their rows are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import BadNumber
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects

__all__ = [
    "AllDexsAssetCtxs",
    "Candle",
    "Events",
    "Log",
    "PerCoin",
    "contexts",
    "events",
    "prove",
    "state",
]


class PerCoin(DataStore):
    """The latest of each coin."""

    _KEYS: ClassVar[Sequence[str]] = ("coin",)


class Candle(DataStore):
    """Candles by ``t`` (open), ``T`` (close), ``s`` (coin) and ``i`` (interval)."""

    _KEYS: ClassVar[Sequence[str]] = ("t", "T", "s", "i")
    _MAXLEN = 99999


class AllDexsAssetCtxs(DataStore):
    """Contexts of every perpetual by ``dex`` and ``index`` in the universe of that dex."""

    _KEYS: ClassVar[Sequence[str]] = ("dex", "index")


class Log(DataStore):
    """Events as they came."""


class Events(DataStore):
    """User events, each with its ``type``."""

    _MAXLEN = 99999


def events(data: Mapping[str, Any], user: str | None) -> list[dict[str, Any]]:
    """Return a row for each user event, with its type, and its user where that is known."""
    known = {} if user is None else {"user": user}
    rows: list[dict[str, Any]] = []
    for kind, value in data.items():
        items = objects(value if isinstance(value, list) else [value])
        rows += [{"type": kind, **item, **known} for item in items]
    return rows


def contexts(ctxs: Iterable[Any]) -> list[dict[str, Any]]:
    """Return a row for each perpetual of each dex."""
    return [
        {"dex": dex, "index": index, **context}
        for dex, contexts in ctxs
        for index, context in enumerate(objects(contexts))
    ]


def state(data: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a clearinghouse state."""
    return {"user": data["user"], "dex": data.get("dex") or "", **state}


def prove(store: str, rows: Iterable[Mapping[str, Any]], *fields: str) -> None:
    """Raise `BadNumber` unless every field is a finite number that is not negative."""
    for row in rows:
        for field in fields:
            value = row[field]
            try:
                good = float(value) >= 0 and float(value) - float(value) == 0
            except (TypeError, ValueError, OverflowError):
                good = False
            if not good:
                raise BadNumber(store, field, value)
