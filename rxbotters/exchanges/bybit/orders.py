"""Bybit's live orders, from REST pages and order events.

Rules
  1. Only orders that can still trade are kept; the statuses below say which can.
  2. The newer of REST row and event wins, by ``updatedTime``; an order that ended does not come back.
  3. A REST answer in several pages replaces its scope when the last page came, not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores.proofs import numbers

from .checks import Item, time_of_row
from .paging import Paged, Scope

__all__ = ["Orders"]

ACTIVE = frozenset({"Created", "New", "PartiallyFilled", "Untriggered", "Active"})
ENDED = frozenset({"Filled", "PartiallyFilledCanceled", "Cancelled", "Rejected", "Triggered", "Deactivated"})
_NUMBERS = ("qty", "price", "leavesQty", "cumExecQty", "triggerPrice")
_NARROW = ("orderId", "orderLinkId", "orderFilter")
_REMEMBERED = 9999  # ended orders that are known not to come back


class Orders(Paged):
    """Live orders by ``orderId``; a row is the last event, or the REST row with its ``category``."""

    _KEYS: ClassVar[Sequence[str]] = ("orderId",)

    def _init(self) -> None:
        super()._init()
        self._ended: dict[Any, int] = {}

    def fold(self, rows: Sequence[Item]) -> None:
        """Apply order events in their order, once all of them were found readable."""
        self._check(rows)
        for row in rows:
            status = row.get("orderStatus")
            if status in ACTIVE:
                if "orderId" in row:
                    self.confirm((row["orderId"],))
                if not self._is_old(row):
                    self._update([row])
            elif status in ENDED:
                self._end(row)

    def replace(self, rows: Sequence[Item], query: Mapping[str, str], category: str | None, cursor: str) -> None:
        """Take a page of a REST answer.

        Args:
            rows: The orders of the page.
            query: What was asked for.
            category: Of all rows.
            cursor: Where the next page begins; empty if there is none.
        """
        self._check(rows)
        marked = [{**row, "category": category} if category is not None else row for row in rows]
        live = [row for row in marked if row.get("orderStatus") in ACTIVE and not self._is_old(row)]
        ids = [(row["orderId"],) for row in marked if "orderId" in row and row.get("orderStatus") not in ENDED]
        known = [row for row in marked if row.get("orderStatus") in ENDED and "orderId" in row]
        # Only recently ended orders, or only some: what is not in such an answer may well be live.
        whole = not any(name in query for name in _NARROW) and query.get("openOnly", "0") == "0"
        with self.page(Scope.of(query, category), query, len(rows), cursor, whole=whole):
            for key in ids:
                self.confirm(key)
            self._delete([row for row in known if not self._is_old(row)], reason="resync")
            self._update(live, reason="resync")

    def _check(self, rows: Iterable[Item]) -> None:
        rows = list(rows)
        numbers(self.name, rows, _NUMBERS)
        for row in rows:
            for field in ("orderId", "orderLinkId", "symbol", "category", "orderStatus"):
                if not isinstance(row.get(field, ""), str | None):
                    raise ProtocolError(f"{self.name}: {field} is no text: {str(row[field])[:100]}")

    def _is_old(self, row: Item) -> bool:
        """Whether a row is older than what is known of its order, or its order ended."""
        stamp, identity = time_of_row(row), row.get("orderId")
        if not stamp:
            return False
        if stamp <= self._ended.get(identity, 0):
            return True
        known = self._rows.get(identity)
        return known is not None and stamp < time_of_row(known)

    def _end(self, row: Item) -> None:
        """Remove an order, and the one of the same link: a conditional order of spot trades under another id."""
        if "orderId" in row:
            # A triggered order goes on trading, at once and under its own id in some markets.
            stamp = time_of_row(row) - (row.get("orderStatus") == "Triggered")
            self._ended.pop(row["orderId"], None)
            self._ended[row["orderId"]] = stamp
            if len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]
        self._delete([row])
        link = row.get("orderLinkId")
        if link:
            for twin in self.find({"orderLinkId": link}):
                if all(_agree(twin, row, field) for field in ("symbol", "category")):
                    self._delete([twin])


def _agree(one: Item, other: Item, field: str) -> bool:
    return field not in one or field not in other or one[field] == other[field]
