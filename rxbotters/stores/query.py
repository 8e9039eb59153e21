"""Finding and sorting rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import compress, repeat
from operator import eq, itemgetter
from typing import Any

from rxbotters.errors import BadNumber

from .row import Row

__all__ = ["Side", "matching", "number", "split_sorted"]

Side = dict[str, list[Row]]
_MISSING = object()


def matching(rows: Iterable[Row], query: Mapping[str, Any]) -> list[Row]:
    """Return the rows that hold every field of ``query`` with an equal value."""
    found = list(rows)
    for field, value in query.items():
        try:  # no Python code runs per row
            found = list(compress(found, map(eq, map(itemgetter(field), found), repeat(value))))
        except KeyError:
            found = [row for row in found if row.get(field, _MISSING) == value]
    return found


def number(value: Any, *, store: str = "sorted", what: str = "value") -> Any:
    """Return ``value`` as a number that compares exactly: text becomes a `Decimal`, numbers stay.

    Raises:
        BadNumber: It is no finite number.
    """
    if value.__class__ is str:
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise BadNumber(store, what, value) from None
    try:
        if value - value == 0:  # false for NaN and infinity
            return value
    except (TypeError, ArithmeticError):
        pass
    raise BadNumber(store, what, value)


def split_sorted(rows: Iterable[Row], item_key: str, asc: str, desc: str, sort_key: str, limit: int | None) -> Side:
    """Split rows into an ascending and a descending side, each cut to ``limit``."""
    if limit is not None and limit < 0:
        raise ValueError(f"limit must not be negative, got {limit}")
    sides: Side = {asc: [], desc: []}
    for row in rows:
        side = sides.get(row[item_key])
        if side is not None:
            side.append(row)
    for name, side in sides.items():
        side.sort(key=lambda row: number(row[sort_key], what=sort_key), reverse=name == desc)
    return sides if limit is None else {name: side[:limit] for name, side in sides.items()}
