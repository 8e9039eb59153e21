"""OKJ's live orders and algo orders, from REST answers and pushes, of V5 and V3."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.exchanges.okx.orders import LiveOrders

from .rows import Query, matches

__all__ = ["AlgoOrders", "Orders"]


class _Orders(LiveOrders):
    """Orders as OKX tells of them; V3 tells the state by a number, and of states that nobody knows an order lives."""

    _ENDED: ClassVar[Collection[str]]
    _TEXTS = ()

    def _is_alive(self, row: Mapping[str, Any]) -> bool:
        return str(row.get("state", row.get("status"))) not in self._ENDED

    def _matches(self, row: Mapping[str, Any], query: Query) -> bool:
        return matches(row, query)


class Orders(_Orders):
    """Live orders by ``ordId``: not cancelled, filled or failed."""

    _KEYS: ClassVar[Sequence[str]] = ("ordId",)
    _ENDED = frozenset({"canceled", "filled", "mmp_canceled", "-2", "-1", "2"})


class AlgoOrders(_Orders):
    """Live algo orders by ``algoId``: not triggered, cancelled or failed."""

    _KEYS: ClassVar[Sequence[str]] = ("algoId",)
    _ENDED = frozenset({"effective", "canceled", "order_failed", "partially_failed", "2", "3", "6"})
    _NARROW = frozenset({"algoId", "algoClOrdId", "algo_id"})
