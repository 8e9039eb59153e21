"""OKX's live orders and algo orders, from REST answers and pushes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects, texts
from rxbotters_operators.events import Stale

from .rows import Query, matches

__all__ = ["AlgoAdvance", "LiveOrders", "Orders", "OrdersAlgo", "ids_of"]

_PAGE = 100


class LiveOrders(DataStore):
    """Orders that may still be filled; the channel brings changes only, so that after a loss a request must say what is."""

    _ON_LOSS = "refetch"
    _ALIVE: ClassVar[Collection[str]] = ()
    _NARROW: ClassVar[Collection[str]] = ()
    _TEXTS: ClassVar[Sequence[str]] = ("state",)

    def fold(self, data: Any) -> None:
        """Apply pushes in their order: an order in a state that ends it goes, every other is merged.

        Raises:
            TypeError, ProtocolError: A row is none; nothing was applied.
        """
        rows = objects(data)
        for row in rows:
            texts(row, (*self._keys, *self._TEXTS))
        for row in rows:
            if self._is_alive(row):
                self._update([row])
            else:
                self._delete([row])

    def forget(self, data: Iterable[Mapping[str, Any]]) -> None:
        """Drop orders that another store has."""
        self._delete([row for row in data if self.get(row) is not None])

    def replace(self, rows: Sequence[Mapping[str, Any]], query: Query, *, page: int | None = None) -> None:
        """Take a REST answer as the truth for what it was asked for, also when it is empty.

        A full page tells nothing of the orders older than its last one: they stand, and the store is `Stale` until the
        page that begins ``after`` it was given too.

        Args:
            rows: The orders.
            query: What was asked.
            page: How many rows the answer had, if these are not all of them.

        Raises:
            SnapshotError: An id is no number.
        """
        (key,) = self._keys
        ids = ids_of(rows, key)
        alive = [row for row in rows if self._is_alive(row)]
        rest = 0
        if any(name in query for name in self._NARROW):
            self._delete([row for row in rows if row not in alive], reason="resync")
        else:
            if (len(rows) if page is None else page) >= min(_bound(query, "limit") or _PAGE, _PAGE):
                rest = min(ids, default=0)
            low, high = max(rest, _bound(query, "before") or 0), _bound(query, "after")
            kept = {row[key] for row in alive}
            gone = [
                row
                for row in self
                if row[key] not in kept and self._matches(row, query) and _within(row[key], low, high)
            ]
            self._delete(gone, reason="resync")
        self._update(alive, reason="resync")
        if rest:
            self._set_status(Stale(f"a full page came: initialize with after={rest} too"))
        else:
            self.refetched()

    def _is_alive(self, row: Mapping[str, Any]) -> bool:
        return row.get("state") in self._ALIVE

    def _matches(self, row: Mapping[str, Any], query: Query) -> bool:
        return matches(row, query)


class Orders(LiveOrders):
    """Live orders by ``ordId``: ``state`` is ``live`` or ``partially_filled``."""

    _KEYS: ClassVar[Sequence[str]] = ("ordId",)
    _ALIVE = frozenset({"live", "partially_filled"})


class OrdersAlgo(LiveOrders):
    """Live algo orders by ``algoId``: ``state`` is ``live``, ``pause`` or ``partially_effective``."""

    _KEYS: ClassVar[Sequence[str]] = ("algoId",)
    _ALIVE = frozenset({"live", "pause", "partially_effective"})
    _NARROW = frozenset({"algoId", "algoClOrdId"})
    TYPES: ClassVar[Collection[str]] = frozenset({"conditional", "oco", "trigger", "chase"})


class AlgoAdvance(OrdersAlgo):
    """Live advanced algo orders: iceberg, TWAP, trailing stops."""

    TYPES = frozenset({"iceberg", "twap", "move_order_stop", "smart_iceberg"})


def ids_of(rows: Iterable[Mapping[str, Any]], key: str) -> set[int]:
    """Return the ids of the rows of an answer.

    Raises:
        SnapshotError: One is missing or no number.
    """
    return {_id(row.get(key)) for row in rows}


def _id(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise SnapshotError("orders", f"an id must be a text of digits, not {value!r}")


def _within(value: str, low: int, high: int | None) -> bool:
    """Whether an id lies between two others; an id that is no number is always meant."""
    return not value.isdigit() or (low < int(value) and (high is None or int(value) < high))


def _bound(query: Query, name: str) -> int | None:
    return _id(query[name]) if name in query else None
