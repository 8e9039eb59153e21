"""GMO Coin's live orders, from REST answers, order events and fills.

REST and stream name the same things differently; every row has both names, always equal. Source: api.coin.z.com/docs,
"active-orders", "ws-order-events", "ws-execution-events" (2025-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from rxbotters.stores import DataStore

from .rows import Closed, both_names, decimal

__all__ = ["Orders"]

_NAMES = {
    "orderSize": "size",
    "orderExecutedSize": "executedSize",
    "orderPrice": "price",
    "orderStatus": "status",
    "orderTimestamp": "timestamp",
}
_LIVE = frozenset({"WAITING", "ORDERED", "MODIFYING", "CANCELLING"})
_EARLY = 10_000  # fills that came before their order


class Orders(DataStore):
    """Live orders by ``orderId``: those whose status is WAITING, ORDERED, MODIFYING or CANCELLING.

    What is executed never goes back, and an order that ended does not come back, in whatever order messages arrive.
    """

    _KEYS: ClassVar[Sequence[str]] = ("orderId",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._closed = Closed()
        self._early: dict[Any, Any] = {}  # order → executed size that a fill told before the order was known

    def order_event(self, event: Mapping[str, Any]) -> None:
        """Apply a new, changed or ended order; its status says which it is."""
        row = self._normal(event)
        if row["status"] not in _LIVE or self._is_filled(row):
            self._end(row)
        elif row["orderId"] not in self._closed:
            self._update([row])

    def execution(self, event: Mapping[str, Any]) -> None:
        """Apply a fill: it changes an order, and never makes one."""
        name, executed = event["orderId"], event["orderExecutedSize"]
        filled = decimal(executed, self.name) >= decimal(event["orderSize"], self.name)
        known = self.get(event)
        if filled:
            self._end(event)
        elif known is None:
            if name not in self._closed:
                self._remember(name, executed)
        else:
            self._update([{"orderId": name, **self._executed(executed, known.get("executedSize"))}])

    def replace(self, items: Iterable[Mapping[str, Any]], symbol: str | None, *, whole: bool) -> None:
        """Take a REST answer as the truth for a symbol; if it is one page of several, nothing is taken away."""
        rows = [self._normal(item) for item in items]
        live = [row for row in rows if row["status"] in _LIVE and row["orderId"] not in self._closed]
        kept = {row["orderId"] for row in live}
        gone: list[Mapping[str, Any]] = [row for row in rows if row["orderId"] not in kept]
        if whole:
            gone += [row for row in self if row["orderId"] not in kept and symbol in (None, row.get("symbol"))]
        self._delete(gone, reason="resync")
        self._update(live, reason="resync")
        self.refetched()

    def _normal(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return an order under both sets of names, with what is known of its execution."""
        row = both_names(item, _NAMES)
        decimal(row["size"], self.name)
        known = self.get(row)
        told = known.get("executedSize") if known is not None else self._early.get(row["orderId"])
        return {**row, **self._executed(row["executedSize"], told)}

    def _executed(self, new: Any, old: Any) -> dict[str, Any]:
        """Return the larger of two executed sizes, under both names."""
        size = decimal(new, self.name)
        more = old if old is not None and decimal(old, self.name) > size else new
        return {"executedSize": more, "orderExecutedSize": more}

    def _is_filled(self, row: Mapping[str, Any]) -> bool:
        size = decimal(row["size"], self.name)
        return size > Decimal(0) and decimal(row["executedSize"], self.name) >= size

    def _end(self, event: Mapping[str, Any]) -> None:
        self._closed.add(event["orderId"])
        self._early.pop(event["orderId"], None)
        self._delete([event])

    def _remember(self, name: Any, executed: Any) -> None:
        if name not in self._early and len(self._early) >= _EARLY:
            del self._early[next(iter(self._early))]
        self._early[name] = self._executed(executed, self._early.get(name))["executedSize"]
