"""KuCoin's live orders, ordinary and stop orders of spot, margin and futures, and the log of their events.

Source: kucoin.com/docs-new, "Order V1", "Order V2", "Stop Order", "Get Open Orders" (2025-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import BadNumber, ProtocolError
from rxbotters.stores import DataStore
from rxbotters.stores.query import number
from rxbotters.stores.row import Row

__all__ = ["OrderEvents", "Orders", "is_futures"]

_SIZES = ("size", "originSize", "filledSize", "remainSize", "matchSize")
_QUIET = frozenset({"received", "triggered"})
_ENDS = frozenset({"cancel", "canceled", "filled"})


def is_futures(symbol: Any) -> bool:
    """Whether a symbol is a contract: ``XBTUSDTM``; spot symbols are ``BTC-USDT``."""
    return "-" not in str(symbol)


class OrderEvents(DataStore):
    """Every order event as it came, oldest first."""

    _INDEXES: ClassVar[Sequence[str]] = ("orderId",)

    def get(self, item: Mapping[str, Any]) -> Row | None:
        """Return the last event of the order ``item["orderId"]``."""
        events = self.find({"orderId": item["orderId"]}) if "orderId" in item else []
        return events[-1] if events else None


class Orders(DataStore):
    """Live orders by ``orderId``: the event that opened it, and everything later ones changed.

    Fills keep ``filledSize`` and ``remainSize`` as KuCoin counts them. A stop order is here until it is cancelled or
    triggered. An event about an order that was never seen open is not an order.
    """

    _KEYS: ClassVar[Sequence[str]] = ("orderId",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._stops: set[Any] = set()  # which of the rows are stop orders

    def check(self, event: Mapping[str, Any]) -> str:
        """Return the kind of an event, once its sizes are proved to be numbers.

        Raises:
            BadNumber: One is none, or negative.
            ProtocolError: It is no event of an order.
        """
        kind = event.get("type")
        if not isinstance(kind, str) or not isinstance(event.get("orderId"), str | int):
            raise ProtocolError(f"{self.name}: an event without type or orderId")
        for name in _SIZES:
            value = event.get(name)
            if value is not None and value != "" and not number(value, store=self.name, what=name) >= 0:
                raise BadNumber(self.name, name, value)
        return kind.lower()

    def fold(self, event: Mapping[str, Any], *, stop: bool) -> bool:
        """Apply one event of an ordinary or a stop order; return whether its kind is known."""
        kind = self.check(event)
        name = event["orderId"]
        known = self.get(event)
        if known is None:
            if kind == "open":
                self._open(event, stop)
        elif stop and name not in self._stops:
            pass  # the stop order has become an ordinary one of the same id
        elif _is_older(event, known):
            pass
        elif kind in _ENDS or (stop and kind == "triggered"):
            self._delete([event])
        elif kind == "open":
            self._open(event, stop)
        elif kind in ("match", "update"):
            self._update([event])
        return kind in _ENDS or kind in _QUIET or kind in ("open", "match", "update")

    def _open(self, event: Mapping[str, Any], stop: bool) -> None:
        (self._stops.add if stop else self._stops.discard)(event["orderId"])
        self._insert([event])

    def _drop(self, key: Any, source: Any, reason: str | None) -> None:
        self._stops.discard(key)
        super()._drop(key, source, reason)

    def replace(
        self, items: Iterable[Mapping[str, Any]], query: Mapping[str, str], *, stop: bool, futures: bool, whole: bool
    ) -> None:
        """Take a REST answer as the truth.

        Args:
            items: The orders, as REST writes them.
            query: What was asked: one ``symbol``, or all.
            stop: Whether it lists stop orders, else ordinary ones.
            futures: Whether it comes from the futures host.
            whole: Whether it lists every live order asked for; if not, nothing is taken away that it does not name.
        """
        rows = [self._normal(item) for item in items]
        live = [row for row in rows if _is_live(row)]
        gone: list[Mapping[str, Any]] = [row for row in rows if not _is_live(row)]
        if whole:
            kept = {row["orderId"] for row in live}
            symbol, trade = query.get("symbol"), query.get("tradeType", "TRADE")
            gone += [
                row
                for row in self
                if row["orderId"] not in kept
                and (row["orderId"] in self._stops) is stop
                and is_futures(row.get("symbol")) is futures
                and (symbol is None or row.get("symbol") == symbol)
                and (futures or stop or row.get("tradeType", "TRADE") == trade)
            ]
        self._delete(gone, reason="resync")
        for row in live:
            (self._stops.add if stop else self._stops.discard)(row["orderId"])
        self._insert(live, reason="resync")
        self.refetched()

    def _normal(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return a REST order with the names of the stream beside its own."""
        row = {"status": "open", **item, "orderId": item["id"], "orderType": item.get("type"), "type": "open"}
        filled = item.get("dealSize", item.get("filledSize"))
        if filled is not None and item.get("size") is not None:
            row["filledSize"] = filled
            size, done = (number(value, store=self.name, what="size") for value in (item["size"], filled))
            left = max(size - done, 0)  # an order by funds has no size
            row.setdefault("remainSize", f"{left:f}" if isinstance(item["size"], str) else left)
        self.check(row)
        return row


def _is_live(row: Mapping[str, Any]) -> bool:
    return row.get("isActive", row.get("active", True)) is not False and row["status"] in ("open", "NEW", "new")


def _is_older(event: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    new, old = event.get("ts"), known.get("ts")
    return isinstance(new, int) and isinstance(old, int) and new < old
