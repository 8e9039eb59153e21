"""Bitget's live orders and trigger orders, from REST answers and pushes.

Rules
  1. An order stands while its status says that it may still be filled, and goes with any status that ends it.
  2. A push that is older than what is known of its order, by ``uTime``, changes nothing; also not after the order went.
  3. The channels bring changes only: after a loss a request must say what is.

Source: bitget.com/api-doc, "Order Channel", "Trigger Order Channel", "Cross-Margin Orders Channel", "Get Pending Orders",
"Get Pending Trigger Order", "Get Current Orders", "Get Current Plan Orders", "Get Cross Current Orders" (2025-10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects, texts
from rxbotters_operators.events import Stale

from .rows import Message, Query, symbol_of, whole_number

__all__ = ["Orders", "OrdersAlgo", "list_of"]

_PAGE = 100
_REMEMBERED = 9999  # orders that went, and when
_FINE = {"new": "live", "init": "live", "not_trigger": "live", "partial_fill": "partially_filled"}
"""Other names of statuses, seen in REST answers and margin orders."""
_RANKS = {"live": 0, "executing": 1, "partially_filled": 1}
_NARROW = ("orderId", "clientOid", "status")
"""Query fields beside which an answer does not list every live order."""
_PLANS = {
    **dict.fromkeys(("pl", "normal_plan"), "normal_plan"),
    **dict.fromkeys(("track", "track_plan"), "track_plan"),
    **dict.fromkeys(("tp", "sl", "ptp", "psl", "mtpsl", "profit_loss"), "profit_loss"),
    **dict.fromkeys(("profit_plan", "loss_plan", "pos_profit", "pos_loss", "moving_plan"), "profit_loss"),
}
"""What the channel and the answers call a trigger order → the ``planType`` that a request asks for it with."""


class Orders(DataStore):
    """Live orders by market, symbol and ``orderId``: ``status`` is ``live`` or ``partially_filled``."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId", "orderId")
    _ON_LOSS = "refetch"
    _ALIVE: ClassVar[frozenset[str]] = frozenset({"live", "partially_filled"})
    _ENDED: ClassVar[frozenset[str] | None] = frozenset({"filled", "full_fill", "canceled", "cancelled", "reject"})
    """Statuses that end an order; ``None``: every one that is not alive."""

    def _init(self) -> None:
        self._gone: dict[Any, int] = {}  # orders that went → when, in milliseconds

    def fold(self, message: Message) -> set[str]:
        """Apply a push; return the statuses in it that are not known, whose orders are left as they were.

        Raises:
            TypeError, KeyError, ProtocolError: A row is none; nothing was applied.
        """
        arg = message["arg"]
        rows = [self._named(row, arg["instType"], symbol_of(arg)) for row in objects(message["data"])]
        unknown: set[str] = set()
        for row in rows:
            status = row.get("status")
            if status in self._ALIVE:
                if not self._is_late(row):
                    self._update([row])
            elif status is not None and (self._ENDED is None or status in self._ENDED):
                self._end(row)
            else:
                unknown.add(str(status))
        return unknown

    def replace(self, items: Any, kind: str, query: Query, *, page: int = _PAGE) -> None:
        """Take a REST answer as the truth for what it was asked for, also when it is empty.

        A full page tells nothing of the orders older than its last one: they stand, and the store is `Stale` until the
        page with ``idLessThan`` was given too. So do orders made before ``startTime`` or after ``endTime``.

        Args:
            items: The orders, as REST writes them.
            kind: Their ``instType``.
            query: What was asked.
            page: How many the exchange gives unless ``limit`` says otherwise.

        Raises:
            TypeError, ProtocolError, SnapshotError: They cannot be read; nothing was applied.
        """
        rows = [self._named(_streamed(item), kind, None) for item in objects(items)]
        ids = [_id(row["orderId"]) for row in rows]
        size, high = (_id(query[name]) if name in query else None for name in ("limit", "idLessThan"))
        low, late = (_id(query[name]) if name in query else None for name in ("startTime", "endTime"))
        rest = min(ids) if ids and len(rows) >= min(size or page, _PAGE) else 0
        alive = [row for row in rows if row.get("status") in self._ALIVE]
        gone = [row for row in rows if row.get("status") not in self._ALIVE]
        is_whole = not any(name in query for name in _NARROW)
        if is_whole:
            kept = {self._key_of(row) for row in alive}
            asked = [
                (row, _is_timely(row, low, late))
                for key, row in self._select(_asked(kind, query))
                if key not in kept and self._is_asked(row, query) and _within(row["orderId"], rest, high)
            ]
            gone += [row for row, is_timely in asked if is_timely]
            is_whole = all(is_timely for _, is_timely in asked)  # what is older than it asks for it does not tell
        self._delete(gone, reason="resync")
        self._update([row for row in alive if not self._is_late(row)], reason="resync")
        if is_whole and rest:
            self._set_status(Stale(f"a full page came: initialize with idLessThan={rest} too"))
        elif is_whole:
            self.refetched()

    def _named(self, row: Mapping[str, Any], kind: Any, symbol: str | None) -> dict[str, Any]:
        """Return a row with its market and symbol, and its status in the words of the stream."""
        named: dict[str, Any] = {"instType": kind, **row}
        named["instType"] = kind
        name = row.get("instId", row.get("symbol", symbol))
        if name is not None:
            named["instId"] = name
        texts(named, (*self._keys, "status", "uTime"))
        status = row.get("status")
        if status in _FINE:
            named["status"] = _FINE[status]
        return named

    def _is_late(self, row: Mapping[str, Any]) -> bool:
        """Whether a push is older than what is known of its order."""
        time = whole_number(row.get("uTime"))
        known = self.get(row)
        if time is None or not all(name in row for name in self._keys):
            return False
        if known is None:
            return time <= self._gone.get(self._key_of(row), -1)
        before = whole_number(known.get("uTime"))
        return before is not None and (time, _rank(row)) < (before, _rank(known))

    def _end(self, row: Mapping[str, Any]) -> None:
        self._delete([row])
        time = whole_number(row.get("uTime"))
        if time is not None and all(name in row for name in self._keys):
            self._gone.pop(self._key_of(row), None)
            self._gone[self._key_of(row)] = time
            if len(self._gone) > _REMEMBERED:
                del self._gone[next(iter(self._gone))]

    def _is_asked(self, row: Mapping[str, Any], query: Query) -> bool:
        """Whether a row is of the kind that a request asks for: spot lists its stop orders by themselves."""
        return bool(row.get("tpslType", "normal") == query.get("tpslType", "normal"))


class OrdersAlgo(Orders):
    """Live trigger orders by market, symbol and ``orderId``: ``status`` is ``live`` or ``executing``."""

    _ALIVE = frozenset({"live", "executing"})
    _ENDED = None

    def _is_asked(self, row: Mapping[str, Any], query: Query) -> bool:
        plan = query.get("planType")
        return plan is None or _PLANS.get(str(row.get("planType"))) == plan


def _asked(kind: str, query: Query) -> dict[str, str]:
    """Return the fields that the rows a request asks for have in common."""
    return {"instType": kind, **({"instId": query["symbol"].upper()} if "symbol" in query else {})}


def _streamed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order of a REST answer with the names of the stream beside its own."""
    row = dict(item)
    texts(row, ("symbol",))
    if "symbol" in row:
        row["instId"] = row["symbol"].upper()
    for name, others in (("status", ("state", "planStatus")), ("accBaseVolume", ("baseVolume",))):
        for other in others:
            if other in row:
                row.setdefault(name, row[other])
    return row


def _rank(row: Mapping[str, Any]) -> int:
    return _RANKS.get(str(row.get("status")), 0)


def _id(value: Any) -> int:
    number = whole_number(value)
    if number is None:
        raise SnapshotError("orders", f"an id must be a text of digits, not {value!r}")
    return number


def _is_timely(row: Mapping[str, Any], low: int | None, high: int | None) -> bool:
    """Whether an order was made between two times; one that does not say when, only if none are given."""
    time = whole_number(row.get("cTime"))
    return (low is None and high is None) or (
        time is not None and (low is None or low <= time) and (high is None or time <= high)
    )


def _within(value: Any, low: int, high: int | None) -> bool:
    """Whether an id lies between two others; an id that is no number is always meant."""
    number = whole_number(value)
    return number is None or (low < number and (high is None or number < high))


def list_of(data: Any, *names: str) -> Any:
    """Return the list in an answer, which stands there itself or under one of these names; ``null`` is an empty one.

    Raises:
        KeyError: It is under none of them.
    """
    if data.__class__ is not dict:
        return data if data is not None else []
    name = next((name for name in names if name in data), names[0])
    return data[name] if data[name] is not None else []
