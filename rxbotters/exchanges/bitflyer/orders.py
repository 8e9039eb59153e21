"""bitFlyer's live orders, from REST answers and order events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

from .proofs import named

__all__ = ["ChildOrders", "ParentOrders"]

_NARROW = frozenset({"child_order_id", "child_order_acceptance_id", "parent_order_id", "count", "before", "after"})
"""Query fields that make an answer a part of the truth, not all of a product's."""


class _Orders(DataStore):
    """What child and parent orders share: the replacement of a whole product by a REST answer."""

    _ON_LOSS = "refetch"
    _STATE: ClassVar[str]

    def replace(self, rows: Iterable[Mapping[str, Any]], query: Mapping[str, str]) -> None:
        """Take the live orders of a REST answer as the truth for the products it speaks of, also when it is empty.

        The products are the one asked for; without one, those in the answer; all if the answer is empty.
        """
        rows = list(rows)
        for row in rows:
            named(row, *self._keys, "product_code", self._STATE)
        live = [row for row in rows if row[self._STATE] == "ACTIVE"]
        ids = {row[self._keys[0]] for row in live}
        if _NARROW.isdisjoint(query):
            products = {query["product_code"]} if "product_code" in query else {row["product_code"] for row in rows}
            gone: list[Mapping[str, Any]] = [
                row
                for row in self
                if row[self._keys[0]] not in ids and (not products or row["product_code"] in products)
            ]
        else:
            gone = [row for row in rows if row[self._STATE] != "ACTIVE"]
        self._delete(gone, reason="resync")
        self._insert(live, reason="resync")
        self.refetched()


class ChildOrders(_Orders):
    """Live child orders by ``child_order_acceptance_id``.

    A row is the ORDER event, or the REST row. After a fill ``size`` and ``outstanding_size`` are what remains, by the
    exchange's own count, and ``original_size`` is what was ordered.
    """

    _KEYS: ClassVar[Sequence[str]] = ("child_order_acceptance_id",)
    _STATE = "child_order_state"

    def fold(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Apply order events in their order."""
        for event in events:
            match event["event_type"]:
                case "ORDER":
                    self._insert([event])
                case "CANCEL" | "EXPIRE":
                    self._delete([event])
                case "EXECUTION":
                    self._fill(event)
                case _:
                    pass  # ORDER_FAILED and CANCEL_FAILED change no live order

    def _fill(self, event: Mapping[str, Any]) -> None:
        order = self.get(event)
        remaining = event["outstanding_size"]
        if remaining == 0:
            self._delete([event])
        elif order is None:
            # Placed before this store listened: it is live, and only a REST answer can say what it is.
            identity = event.get("child_order_acceptance_id")
            self._set_status(Stale(f"fill of unknown order {identity}: refresh with initialize(getchildorders)"))
        else:
            self._update(
                [
                    {
                        **{field: event[field] for field in self._keys},
                        "size": remaining,
                        "outstanding_size": remaining,
                        "original_size": order.get("original_size", order.get("size")),
                    }
                ]
            )


class ParentOrders(_Orders):
    """Live parent orders by ``parent_order_acceptance_id``; an IFD or IFDOCO order ends with its second leg."""

    _KEYS: ClassVar[Sequence[str]] = ("parent_order_acceptance_id",)
    _STATE = "parent_order_state"

    def fold(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Apply order events in their order."""
        for event in events:
            match event["event_type"]:
                case "ORDER":
                    self._insert([event])
                case "CANCEL" | "EXPIRE":
                    self._delete([event])
                case "COMPLETE":
                    order = self.get(event)
                    legs = order is not None and order.get("parent_order_type") in ("IFD", "IFDOCO")
                    if not legs or event["parameter_index"] >= 2:
                        self._delete([event])
                case _:
                    pass
