"""What GMO Coin's stores share: exact numbers, two sets of names, and the memory of what has ended."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rxbotters.errors import BadNumber
from rxbotters.stores.query import number

__all__ = ["Closed", "both_names", "decimal"]

_REMEMBERED = 20_000


class Closed:
    """The ids of what ended last: what is said of them later comes late.

    Example:
        >>> closed = Closed()
        >>> closed.add(7)
        >>> 7 in closed, 8 in closed
        (True, False)
    """

    def __init__(self) -> None:
        self._ids: dict[Any, None] = {}

    def add(self, name: Any) -> None:
        """Remember an id; the oldest is forgotten for it."""
        self._ids[name] = None
        if len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]

    def __contains__(self, name: object) -> bool:
        return name in self._ids


def decimal(value: Any, store: str) -> Decimal:
    """Return a size or price as an exact number.

    Raises:
        BadNumber: It is no number, or below zero.
    """
    found: Any = number(value, store=store, what="size")
    if found < 0:
        raise BadNumber(store, "size", value)
    return Decimal(str(found))


def both_names(item: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return ``item`` with each value under its name of the stream and its name of REST, where it has either."""
    row = dict(item)
    for stream, rest in names.items():
        if stream in row:
            row[rest] = row[stream]
        elif rest in row:
            row[stream] = row[rest]
    return row
