"""bitbank's live orders, from events whose order is not guaranteed.

Rules
  1. The status only ever moves forward: INACTIVE, UNFILLED, PARTIALLY_FILLED, the end; within a status the smaller
     remaining amount is the younger.
  2. An order that ended stays ended, whatever arrives later. INACTIVE is a stop order that waits: it is live.
  3. A REST answer is the truth for what was asked, except that it cannot turn the status back.

Source: bitbankinc/bitbank-api-docs, ``private-stream.md``, "Spot Order" and its sample client (2025-12-25).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import sizes

__all__ = ["SpotOrder"]

_END = 3
_STAGES = {
    "INACTIVE": 0,
    "UNFILLED": 1,
    "PARTIALLY_FILLED": 2,
    "FULLY_FILLED": _END,
    "CANCELED_UNFILLED": _END,
    "CANCELED_PARTIALLY_FILLED": _END,
    "REJECTED": _END,
}
_NUMBERS = ("start_amount", "remaining_amount", "executed_amount", "price", "average_price", "trigger_price")
_NARROW = frozenset({"count", "from_id", "end_id", "since", "end"})
"""Query fields that make an answer a part of the truth."""
Progress = tuple[int | None, Decimal | None]
"""The stage of a status, and what remains."""

_ENDED: Progress = (_END, None)
_UNKNOWN = Decimal("-Infinity")
_REMEMBERED = 20_000  # orders whose progress is known, live ones and ended ones


class SpotOrder(DataStore):
    """Live orders by ``order_id``: the fields of the last event, or of the REST answer."""

    _KEYS: ClassVar[Sequence[str]] = ("order_id",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._known: dict[Any, Progress] = {}

    def fold(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Apply order events, those of ended orders first.

        Raises:
            BadNumber: An amount or a price is no number; nothing was applied.
        """
        moves = [(row, _progress(self.name, row)) for row in rows]
        ended = [row for row, (stage, _) in moves if stage == _END]
        self._delete(ended)
        for row in ended:
            self._remember(row, _ENDED)
        self._update([row for row, move in moves if move[0] != _END and self._advances(row, move)])

    def invalidate(self, ids: Iterable[Any]) -> None:
        """Remove orders that the exchange accepted and then found invalid."""
        rows = [{"order_id": identity} for identity in ids]
        for row in rows:
            hash(row["order_id"])
        self._delete(rows)
        for row in rows:
            self._remember(row, _ENDED)

    def replace(self, rows: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> None:
        """Take the live orders of a REST answer as the truth for the pair asked for, or for all; also when it is empty.

        Raises:
            BadNumber: An amount or a price is no number; nothing was applied.
        """
        moves = [(row, _progress(self.name, row)) for row in rows]
        live = [(row, move) for row, move in moves if move[0] != _END]
        ids = {row["order_id"] for row, _ in live}
        if _NARROW.isdisjoint(query):
            scope = {"pair": query["pair"]} if "pair" in query else {}
            self._delete([row for row in self.find(scope) if row["order_id"] not in ids], reason="resync")
        self._insert([row for row, move in live if self._advances(row, move, rest=True)], reason="resync")
        self.refetched()

    def _advances(self, row: Mapping[str, Any], move: Progress, *, rest: bool = False) -> bool:
        """Whether a row is not older than what is known of its order; remembers it if so.

        An event that tells nothing new does not bring back an order that a REST answer did not list; an answer may.
        """
        known = self._known.get(row.get("order_id"))
        if known is not None:
            if move[0] is None:
                move = (known[0], move[1])
            if known == _ENDED or _order(move) < _order(known):
                return False
            if move == known and not rest and self.get(row) is None:
                return False
        self._remember(row, move)
        return True

    def _remember(self, row: Mapping[str, Any], move: Progress) -> None:
        identity = row.get("order_id")
        self._known.pop(identity, None)
        self._known[identity] = move
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]


def _progress(store: str, row: Mapping[str, Any]) -> Progress:
    """Return how far a row's order is; the stage of a status nobody knows is ``None``."""
    sizes(store, row, _NUMBERS)
    hash(row.get("order_id"))
    remaining = row.get("remaining_amount")
    stage = _STAGES.get(row.get("status", ""))
    if stage == _END:
        return _ENDED
    return stage, None if remaining is None else Decimal(str(remaining))


def _order(progress: Progress) -> tuple[int, Decimal]:
    stage, remaining = progress
    return stage or 0, _UNKNOWN if remaining is None else -remaining
