"""Coincheck's live orders. No event tells of a new one: the answer to the order itself must be fed.

Rules
  1. Events and the answer may come in either order: events of an order that is not known yet wait for it, and an order
     that ended stays ended.
  2. A partial fill says what was filled, not what is left: the rest is computed, exactly, where it is known.
  3. What came while the list of open orders was being fetched is counted once. Where that cannot be told the store says
     so, and is right after the next fetch.

Source: coincheck.com/documents/exchange/api, "Order Events", "New order", "Unsettled order list" (2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from rxbotters.errors import SnapshotError, VenueError
from rxbotters.stores import Ask, DataStore
from rxbotters.stores.proofs import sizes
from rxbotters_operators.events import Stale

from .session import error_text

__all__ = ["KINDS", "Order"]

KINDS = frozenset({"TRIGGERED", "PARTIALLY_FILL", "FILL", "EXPIRY", "CANCEL"})
"""The events there are."""

_ENDS = frozenset({"FILL", "EXPIRY", "CANCEL"})
_FIELDS = (
    "id", "pair", "order_type", "rate", "stop_loss_rate", "amount", "pending_amount", "market_buy_amount",
    "pending_market_buy_amount", "time_in_force", "created_at",
)  # fmt: skip
_NUMBERS = (
    "rate", "stop_loss_rate", "amount", "pending_amount", "market_buy_amount", "pending_market_buy_amount",
    "latest_executed_amount", "latest_executed_market_buy_amount",
)  # fmt: skip
_PENDING = {
    "pending_amount": ("latest_executed_amount", "amount"),
    "pending_market_buy_amount": ("latest_executed_market_buy_amount", "market_buy_amount"),
}
"""What is left → what an event says was filled of it, and what was ordered."""
_REMEMBERED = 10_000  # ended orders, and orders that are not known yet
_UNSURE = Stale("a fill came while the open orders were fetched: initialize again")

Key = tuple[Any, Any]


class Order(DataStore):
    """Live orders by ``id``, ``pair``. Every row has the fields of an order; what nobody said is ``None``.

    ``pending_amount`` is what is left, in the base currency; ``pending_market_buy_amount`` in yen, for market buys.
    """

    _KEYS: ClassVar[Sequence[str]] = ("id", "pair")
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._ended: dict[Key, None] = {}
        self._early: dict[Key, list[Mapping[str, Any]]] = {}
        self._covered: dict[Key, int] = {}  # fills to come that the fetched rows contain already
        self._fresh: set[Key] = set()  # fed while the list was being fetched, which may not know them

    def feed_response(self, data: Mapping[str, Any]) -> None:
        """Take the answer to ``POST /api/exchange/orders``, which is never changed.

        Raises:
            VenueError: It is an error.
            SnapshotError: It is no order.
            BadNumber: An amount is no number; nothing was applied.
        """
        refused = error_text(data) if "success" in data else "no order"
        if refused is not None:
            raise VenueError("/api/exchange/orders", 200, refused)
        try:
            key = (data["id"], data["pair"])
            hash(key)
        except (KeyError, TypeError):
            raise SnapshotError("/api/exchange/orders", f"no order: {str(data)[:100]}") from None
        row = _whole(data)
        row["pending_amount"], row["pending_market_buy_amount"] = row["amount"], row["market_buy_amount"]
        sizes(self.name, row, _NUMBERS)
        if self._group is not None and self._group.fetching:
            self._fresh.add(key)
        early = self._early.pop(key, [])
        known = self.get(row)
        if known is not None:  # listed among the open orders already, and perhaps filled since
            self._update([{**row, **{name: value for name, value in known.items() if value is not None}}])
        elif key not in self._ended:
            self._insert([row])
            for event in early:
                self.fold(event)

    def fold(self, event: Mapping[str, Any]) -> None:
        """Apply an order event.

        Raises:
            BadNumber: An amount is no number; nothing was applied.
        """
        sizes(self.name, event, _NUMBERS)
        key = (event["id"], event["pair"])
        kind = event["order_event"]
        row = self.get(event)
        if kind in _ENDS:
            _remember(self._ended, key, None)
            self._early.pop(key, None)
            self._delete([event])
        elif row is None:
            if key not in self._ended:
                _remember(self._early, key, [*self._early.get(key, ()), dict(event)][-100:])
        elif kind == "PARTIALLY_FILL":
            self._update([{**event, **self._left(key, row, event)}])
        else:
            self._update([event])

    def _left(self, key: Key, row: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is left of an order after a fill."""
        covered = self._covered.get(key, 0)
        if covered:
            self._covered[key] = covered - 1
            return {}
        left: dict[str, Any] = {}
        for pending, (filled, _) in _PENDING.items():
            if event.get(filled) is not None and row.get(pending) is not None:
                rest = _decimal(row[pending]) - _decimal(event[filled])
                left[pending] = str(rest) if rest >= 0 else None
                if rest < 0:
                    self._doubt()
        return left

    def replace(self, rows: Sequence[Mapping[str, Any]], held: Iterable[Mapping[str, Any]]) -> None:
        """Take the list of open orders as the truth, also when it is empty.

        Args:
            rows: The list.
            held: Fills that came while it was fetched, and will be folded after it.

        Raises:
            BadNumber: An amount is no number; nothing was applied.
        """
        whole = [_whole(row) for row in rows]
        for row in whole:
            sizes(self.name, row, _NUMBERS)
        live = [row for row in whole if (row["id"], row["pair"]) not in self._ended]
        before = {(row["id"], row["pair"]): row for row in self}
        listed = {(row["id"], row["pair"]): row for row in live}
        fills: dict[Key, list[Mapping[str, Any]]] = {}
        for event in held:
            fills.setdefault((event.get("id"), event.get("pair")), []).append(event)
        counts = {key: _contained(listed[key], before.get(key), fills[key]) for key in listed if key in fills}
        self._covered = {key: len(fills[key]) if count is None else count for key, count in counts.items()}
        gone = [row for key, row in before.items() if key not in listed and key not in self._fresh]
        self._delete(gone, reason="resync")
        self._insert([_with_old(row, before.get(key)) for key, row in listed.items()], reason="resync")
        for key in listed:
            self._early.pop(key, None)
        if None in counts.values():
            self._doubt()
        else:
            self.refetched()

    def settle(self) -> None:
        """Note that no list is being fetched any more."""
        self._fresh.clear()
        self._covered.clear()

    def _doubt(self) -> None:
        """Say that an amount may be wrong, and ask for the open orders again."""
        self._set_status(_UNSURE)
        if self._group is not None:
            self._group.asks.emit(Ask(None, None, self._group.feeding))


def _contained(
    row: Mapping[str, Any], before: Mapping[str, Any] | None, fills: Sequence[Mapping[str, Any]]
) -> int | None:
    """Return how many of the fills a fetched row contains already; ``None``: nobody can tell."""
    for pending, (filled, ordered) in _PENDING.items():
        now = row.get(pending)
        start = before.get(pending) if before is not None else fills[0].get(ordered)
        if now is None or start is None:
            continue
        rest = _decimal(start)
        for count in range(len(fills) + 1):
            if rest == _decimal(now):
                return count
            if count < len(fills):
                rest -= _decimal(fills[count].get(filled) or 0)
    return None


def _whole(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(_FIELDS), **row}


def _with_old(row: dict[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keep what the list does not say of an order that is known already."""
    if before is None:
        return row
    return {**before, **{name: value for name, value in row.items() if value is not None or name not in before}}


def _remember(known: dict[Key, Any], key: Key, value: Any) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))
