"""V3 in the words of V5: rows keep all their fields and get the keys of V5 beside them.

``instrument_id`` is also ``instId``, ``order_id`` is ``ordId``, ``algo_id`` is ``algoId``, ``trade_id`` is ``tradeId``,
``currency`` is ``ccy``; the ``timestamp`` of a book is also its ``ts``. Levels of books are lists in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores.proofs import objects

from .rows import Query

__all__ = ["asked", "book", "candles", "renamed"]

_NAMES = {
    "instrument_id": "instId",
    "order_id": "ordId",
    "algo_id": "algoId",
    "trade_id": "tradeId",
    "currency": "ccy",
}
_CANDLE = ("ts", "o", "h", "l", "c", "vol")


def renamed(rows: Any) -> list[dict[str, Any]]:
    """Return rows with the keys of V5 beside their own.

    Raises:
        TypeError: They are none.
    """
    return [{**row, **{new: row[old] for old, new in _NAMES.items() if old in row}} for row in objects(rows)]


def asked(query: Query) -> Query:
    """Return what a request of V3 asked for, in the words of V5."""
    return {_NAMES.get(name, name): value for name, value in query.items()}


def candles(channel: str, rows: Any) -> list[dict[str, Any]]:
    """Return candles: ``{"candle": [ts, o, h, l, c, vol], "instrument_id": …}`` as rows.

    Raises:
        TypeError, ProtocolError: One has no list.
    """
    found: list[dict[str, Any]] = []
    for row in objects(rows):
        values = row["candle"]
        if values.__class__ is not list:
            raise ProtocolError("a candle must be a list", str(row)[:200])
        named = dict(zip(_CANDLE, values, strict=False))
        found.append({"channel": channel, "instId": row["instrument_id"], **named})
    return found


def book(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a book or a change of one; levels of three fields lack the one that is 0 in those of four."""
    renamed = {"ts": data["timestamp"], **data} if data.get("timestamp") is not None else data
    asks, bids = data.get("asks"), data.get("bids")
    if _is_short(asks) or _is_short(bids):
        return {**renamed, "asks": _levels(asks), "bids": _levels(bids)}
    return renamed


def _is_short(levels: Any) -> bool:
    return levels.__class__ is list and bool(levels) and levels[0].__class__ is list and len(levels[0]) == 3


def _levels(levels: Any) -> Any:
    """Put the missing field into each level; what is no level is left to the book to refuse."""
    if not _is_short(levels):
        return levels
    return [[*level[:2], "0", *level[2:]] if level.__class__ is list else level for level in levels]
