"""OKJ's live orders and algo orders, from REST answers and pushes, of V5 and V3."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

from .rows import Query, matches, texts

__all__ = ["AlgoOrders", "Orders"]

_PAGE = 100


class _Orders(DataStore):
    """Orders that may still be filled; the channel brings changes only, so that after a loss a request must say what is."""

    _ON_LOSS = "refetch"
    _ENDED: ClassVar[Collection[str]]
    _NARROW: ClassVar[Collection[str]] = ()

    def fold(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Apply pushes in their order: an order in a state that ends it goes, every other is merged.

        Raises:
            ProtocolError: An id is no text; nothing was applied.
        """
        for row in rows:
            texts(row, self._keys)
        for row in rows:
            if self._is_over(row):
                self._delete([row])
            else:
                self._update([row])

    def replace(self, rows: Sequence[Mapping[str, Any]], query: Query) -> None:
        """Take a REST answer as the truth for what it was asked for, also when it is empty.

        A full page tells nothing of the orders older than its last one: they stand, and the store is `Stale` until the
        page that begins ``after`` it was given too.

        Raises:
            SnapshotError: An id is no number.
        """
        (key,) = self._keys
        ids = {_id(row.get(key)) for row in rows}
        alive = [row for row in rows if not self._is_over(row)]
        rest = 0
        if any(name in query for name in self._NARROW):
            self._delete([row for row in rows if row not in alive], reason="resync")
        else:
            if len(rows) >= min(_bound(query, "limit") or _PAGE, _PAGE):
                rest = min(ids)
            low, high = max(rest, _bound(query, "before") or 0), _bound(query, "after")
            kept = {row[key] for row in alive}
            gone = [
                row for row in self if row[key] not in kept and matches(row, query) and _within(row[key], low, high)
            ]
            self._delete(gone, reason="resync")
        self._update(alive, reason="resync")
        if rest:
            self._set_status(Stale(f"a full page came: initialize with after={rest} too"))
        else:
            self.refetched()

    def _is_over(self, row: Mapping[str, Any]) -> bool:
        return str(row.get("state", row.get("status"))) in self._ENDED


class Orders(_Orders):
    """Live orders by ``ordId``: not cancelled, filled or failed."""

    _KEYS: ClassVar[Sequence[str]] = ("ordId",)
    _ENDED = frozenset({"canceled", "filled", "mmp_canceled", "-2", "-1", "2"})


class AlgoOrders(_Orders):
    """Live algo orders by ``algoId``: not triggered, cancelled or failed."""

    _KEYS: ClassVar[Sequence[str]] = ("algoId",)
    _ENDED = frozenset({"effective", "canceled", "order_failed", "partially_failed", "2", "3", "6"})
    _NARROW = frozenset({"algoId", "algoClOrdId", "algo_id"})


def _id(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise SnapshotError("OKJ", f"an id must be a text of digits, not {value!r}")


def _bound(query: Query, name: str) -> int | None:
    return _id(query[name]) if name in query else None


def _within(value: str, low: int, high: int | None) -> bool:
    """Whether an id lies between two others; an id that is no number is always meant."""
    return not value.isdigit() or (low < int(value) and (high is None or int(value) < high))
