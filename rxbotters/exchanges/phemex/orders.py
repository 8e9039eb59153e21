"""Phemex's live orders of all three families, from REST answers and account messages.

Rules
  1. Only orders that can still trade are kept; a history of ended orders in a snapshot ends them, in whatever order.
  2. The newer of REST row and event wins, by ``transactTimeNs``; an order that ended does not come back.
  3. A snapshot is the whole truth of its accounts: what it does not name is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers

from .checks import Item, identity, texts, time_of_row

__all__ = ["Orders"]

_CODES = dict(
    enumerate(
        (
            "Created",
            "Untriggered",
            "Deactivated",
            "Triggered",
            "Rejected",
            "New",
            "PartiallyFilled",
            "Filled",
            "Canceled",
        )
    )
)
"""REST's numbers for what the stream says in words."""
_LIVE = frozenset({"New", "PartiallyFilled", "Untriggered"})
_ENDED = frozenset({"Filled", "Deactivated", "Rejected", "Canceled"})
_NUMBERS = (
    *("priceEp", "priceRp", "price", "orderQty", "orderQtyRq", "leavesQty", "leavesQtyRq"),
    *("cumQty", "cumQtyRq", "baseQtyEv", "quoteQtyEv"),
)
_REMEMBERED = 9999  # ended orders that are known not to come back


class Orders(DataStore):
    """Live orders by ``orderID``; ``ordStatus`` is a word, also where REST gives a number."""

    _ON_LOSS = "refetch"
    _KEYS: ClassVar[Sequence[str]] = ("orderID",)

    def _init(self) -> None:
        self._ended: dict[str, int] = {}
        self._families: dict[str, str] = {}  # order → "", "p" or "wo"

    def check(self, rows: Sequence[Item]) -> None:
        """Raise `BadNumber` or `ProtocolError` if one of these rows cannot be read."""
        numbers(self.name, rows, _NUMBERS)
        texts(self.name, rows, ("orderID", "symbol", "action"))
        identity(self.name, rows, ("accountID", "ordStatus", "userID"))

    def fold(self, rows: Iterable[Item], family: str, *, reason: str | None = None) -> None:
        """Apply checked order events in their order."""
        for row in rows:
            status = _status(row)
            if status in _LIVE:
                if not self._is_old(row):
                    self._keep({**row, "ordStatus": status}, family, reason)
            elif status in _ENDED and not (status == "Canceled" and row.get("action") == "Replace"):
                self._end(row, reason)

    def whole(self, rows: Sequence[Item], family: str, accounts: Collection[Any]) -> None:
        """Take checked rows as everything there is of these accounts; REST rows name none and belong to a family."""
        named = {row.get("orderID") for row in rows}
        field = "userID" if family == "wo" else "accountID"
        self._forget(
            row
            for row in self
            if row["orderID"] not in named
            and self._families.get(row["orderID"]) == family
            and row.get(field, None) in (*accounts, None)
        )
        self.fold(rows, family, reason="resync")

    def replace(self, rows: Sequence[Item], family: str, symbol: str | None) -> None:
        """Take a REST answer as the live orders of a symbol; without one it removes nothing."""
        self.check(rows)
        named = {row.get("orderID") for row in rows}
        if symbol is not None:
            self._forget(row for row in self if row["orderID"] not in named and row.get("symbol") == symbol)
        self.fold(rows, family, reason="resync")

    # ------------------------------------------------------------------ one order

    def _keep(self, row: Item, family: str, reason: str | None) -> None:
        if row["ordStatus"] == "Untriggered" and reason is None:
            self._insert([row])
        else:
            self._update([row], reason=reason)
        if "orderID" in row:
            self._families[row["orderID"]] = family

    def _end(self, row: Item, reason: str | None) -> None:
        name = row.get("orderID")
        if name is not None:
            self._ended.pop(name, None)
            self._ended[name] = time_of_row(row)
            if len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]
            self._families.pop(name, None)
        self._delete([row], reason=reason)

    def _forget(self, rows: Iterable[Item]) -> None:
        gone = list(rows)
        for row in gone:
            self._families.pop(row["orderID"], None)
        self._delete(gone, reason="resync")

    def _is_old(self, row: Item) -> bool:
        """Whether a row is older than what is known of its order, or its order ended."""
        stamp, name = time_of_row(row), row.get("orderID")
        if not stamp or name is None:
            return False
        if stamp <= self._ended.get(name, 0):
            return True
        known = self._rows.get(name)
        return known is not None and stamp < time_of_row(known)


def _status(row: Item) -> Any:
    status: Any = row.get("ordStatus")
    return _CODES.get(status, status) if status.__class__ is int else status
