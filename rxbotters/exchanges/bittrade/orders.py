"""BitTrade's live orders, from order events and from the list of open orders.

Rules
  1. Only orders that can still trade are kept; the states below say which can.
  2. An order that ended does not come back, however late a message about it is.
  3. What is left of an order only shrinks: an event that says more is older than what is known.
  4. A list that may not be whole takes nothing away.

Source: BitTrade-Inc/BitTrade-api-docs, ``websocket-api.md`` and ``trade.md`` (2024-04); ``trade`` and ``cancellation``
events are those of the family, huobiapi.github.io/docs/spot (2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import BadNumber, ProtocolError
from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

from .rows import EXACT, Query, check, decimal, plain, present

__all__ = ["Orders"]

_LIVE = frozenset({"created", "submitted", "partial-filled", "canceling"})
_ENDED = frozenset({"filled", "canceled", "partial-canceled", "rejected"})
_ENDS = frozenset({"deletion", "delete", "cancellation"})
_AMOUNTS = ("orderPrice", "orderSize", "orderValue", "tradePrice", "tradeVolume", "remainAmt", "execAmt")
_NAMES = {
    "id": "orderId",
    "symbol": "symbol",
    "account-id": "accountId",
    "client-order-id": "clientOrderId",
    "price": "orderPrice",
    "amount": "orderSize",
    "type": "type",
    "state": "orderStatus",
    "source": "orderSource",
    "created-at": "orderCreateTime",
}
_NARROW = ("from", "direct", "types")
_PAGE = 100  # orders of an answer, if no size is asked for
_LARGEST_PAGE = 500
_REMEMBERED = 9999  # ended orders that are known not to come back


class Orders(DataStore):
    """Live orders by ``orderId``, in the names of the stream; ``remainAmt`` is what is left of an order.

    What is left is an amount of the quote currency for ``buy-market`` orders, as ``orderSize`` is.
    """

    _KEYS: ClassVar[Sequence[str]] = ("orderId",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._ended: dict[Any, None] = {}

    def fold(self, event: Mapping[str, Any]) -> None:
        """Apply an event.

        Raises:
            BadNumber, ProtocolError: It cannot be read; nothing was applied.
        """
        ends = self._check(event)
        if event.get("orderId") is None:
            if not ends:
                raise ProtocolError("a live order without orderId", str(event)[:200])
            self._end_by_name(event)
        elif ends:
            self._end(event)
        elif event["orderId"] not in self._ended:
            known = self.get(event)
            if known is not None and event.get("eventType") == "creation":
                self._update([{**event, **known}])  # it may have been filled meanwhile
            elif not self._is_older(event):
                self._update([event])

    def replace(self, items: Sequence[Mapping[str, Any]], query: Query) -> None:
        """Take the list of open orders as the truth for what was asked: an account, a symbol, a side, or everything.

        A full page says nothing of the orders that are not in it: they stand, and the store is `Stale`.

        Raises:
            BadNumber, ProtocolError: An order cannot be read; nothing was applied.
        """
        rows = [self._row(item) for item in items]
        live = [row for row in rows if row["orderStatus"] in _LIVE and row["orderId"] not in self._ended]
        size = min(int(query["size"]), _LARGEST_PAGE) if query.get("size", "").isdecimal() else _PAGE
        full = len(rows) >= size
        narrow = any(name in query for name in _NARROW)
        if not full and not narrow:
            kept = {row["orderId"] for row in live}
            self._delete([row for row in self if row["orderId"] not in kept and _asked(row, query)], reason="resync")
        for row in rows:
            if row["orderStatus"] in _ENDED:
                self._end(row, reason="resync")
        self._update([row for row in live if not self._is_older(row)], reason="resync")
        if full:
            self._set_status(Stale(f"a full page of {size} orders came: initialize with a larger size, or by symbol"))
        elif not narrow:
            self.refetched()

    def _check(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event ends its order, once it is proved to be readable."""
        present(event, ("symbol",) if event.get("orderId") is None else ("orderId", "symbol"))
        check(self.name, [event], _AMOUNTS)
        status, kind = event.get("orderStatus"), event.get("eventType")
        if status in _ENDED or kind in _ENDS:
            return True
        if status not in _LIVE:
            raise ProtocolError(f"an order in a state nobody knows: {status!r} (event {kind!r})", str(event)[:200])
        return False

    def _is_older(self, event: Mapping[str, Any]) -> bool:
        known = self.get(event)
        new, old = event.get("remainAmt"), known.get("remainAmt") if known is not None else None
        if not new or not old:
            return False
        return decimal(self.name, "remainAmt", new) > decimal(self.name, "remainAmt", old)

    def _end(self, event: Mapping[str, Any], *, reason: str | None = None) -> None:
        self._ended.pop(event["orderId"], None)
        self._ended[event["orderId"]] = None
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        self._delete([event], reason=reason)

    def _end_by_name(self, event: Mapping[str, Any]) -> None:
        """Remove an order that ended before it had an id, should it be here under its own name."""
        name = event.get("clientOrderId")
        if isinstance(name, str) and name:
            self._delete(self.find({"clientOrderId": name, "symbol": event["symbol"]}))

    def _row(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return an order of the list in the names of the stream, with what is left of it."""
        row = {name: item[old] for old, name in _NAMES.items() if old in item}
        present(row, ("orderId", "symbol"))
        by_value = row.get("type") == "buy-market"
        done = item.get("filled-cash-amount" if by_value else "filled-amount")
        if done is not None and row.get("orderSize") is not None:
            size, filled = (decimal(self.name, "orderSize", value) for value in (row["orderSize"], done))
            if filled < 0:
                raise BadNumber(self.name, "filled-amount", done)
            row["remainAmt"] = plain(max(EXACT.subtract(size, filled), decimal(self.name, "remainAmt", 0)))
        self._check(row)
        return row


def _asked(row: Mapping[str, Any], query: Query) -> bool:
    """Whether an order is one that a request with this query asks for."""
    account, symbol, side = query.get("account-id"), query.get("symbol"), query.get("side")
    return (
        (account is None or "accountId" not in row or str(row["accountId"]) == account)
        and (symbol is None or row["symbol"] == symbol)
        and (side is None or str(row.get("type", side)).startswith(side))
    )
