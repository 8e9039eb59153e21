"""What a message does to one book, proved whole and not yet applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rxbotters.errors import BadNumber
from rxbotters.stores import Row
from rxbotters.stores.row import freeze, merge

from .levels import Place

__all__ = ["Change", "Plan", "gone", "is_number"]

Change = tuple[Any, Row | None, float]
"""Price, the whole row of the level (``None``: it goes), its size."""

_NUMBERS: frozenset[Any] = frozenset({int, float})
_INF = float("inf")


def is_number(value: Any) -> bool:
    """Whether a value is a number of JSON that is finite and not negative."""
    return value.__class__ in _NUMBERS and 0 <= value < _INF


def gone(price: Any) -> Change:
    """Return the change that removes a level."""
    return price, None, 0.0


class Plan:
    """The changes of one book, in their order.

    Attributes:
        asks: Changes of asks.
        bids: Changes of bids.
        ids: Whether a bid, the id, its price (``None``: it goes).
    """

    __slots__ = ("_fresh", "_store", "asks", "bids", "ids")

    def __init__(self, store: str) -> None:
        self.asks: list[Change] = []
        self.bids: list[Change] = []
        self.ids: list[tuple[bool, Any, Any]] = []
        self._fresh: dict[tuple[bool, Any], Row | None] = {}  # (whether a bid, id) → its row so far
        self._store = store

    def put(self, row: Mapping[str, Any]) -> None:
        """Add a level of an image."""
        level = freeze(row)
        self._put(_is_bid(level["side"]), level, None)

    def add(self, action: str, row: Mapping[str, Any], book: tuple[Place, Place], most: int) -> bool:
        """Add a row of a change.

        Args:
            action: ``insert``, ``update`` or ``delete``.
            row: The row.
            book: What is there.
            most: Levels a side may have: beyond these, the absence of one shows nothing.

        Returns:
            Whether what the row speaks of is there.
        """
        number, bids = row["id"], _is_bid(row["side"])
        place, fresh = book[bids], self._fresh
        known = fresh[bids, number] if fresh and (bids, number) in fresh else place.row(number)
        if action == "update":
            if known is None:
                return len(place.ladder.prices) >= most
            level = Row(known)
            merge(level, freeze(row))
            self._put(bids, level, known)
        elif action == "insert":
            self._put(bids, freeze(row), known)
        elif action != "delete":
            raise ValueError(f"unknown action {action!r}")
        elif known is not None:
            (self.bids if bids else self.asks).append(gone(known["price"]))
            self.ids.append((bids, number, None))
            fresh[bids, number] = None
        return True

    def _put(self, bids: bool, level: Row, known: Row | None) -> None:
        number, price, size = level["id"], level["price"], level["size"]
        if not (is_number(price) and is_number(size)):
            bad = "size" if is_number(price) else "price"
            raise BadNumber(self._store, bad, level[bad])
        changes = self.bids if bids else self.asks
        if known is not None and known["price"] != price:
            changes.append(gone(known["price"]))
        changes.append((price, level, size))
        if known is None or not size or known["price"] != price:
            self.ids.append((bids, number, price if size else None))
        self._fresh[bids, number] = level if size else None


def _is_bid(side: Any) -> bool:
    if side == "Buy":
        return True
    if side == "Sell":
        return False
    raise ValueError(f"a book has the sides 'Sell' and 'Buy', not {side!r}")
