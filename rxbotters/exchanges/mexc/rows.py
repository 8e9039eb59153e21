"""Reading MEXC's rows: lists of objects, ids as text, numbers of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores.proofs import objects

__all__ = ["count", "listed", "named", "oldest_first"]


def listed(data: Any) -> list[dict[str, Any]]:
    """Return one object or several, or those of a page, as a list.

    Raises:
        TypeError: It is something else.
    """
    return objects(data.get("resultList", [data]) if data.__class__ is dict else data)


def named(row: Mapping[str, Any], *ids: str) -> dict[str, Any]:
    """Return a copy of a row with its ids as text: MEXC writes them as numbers or as text, from place to place.

    Raises:
        ProtocolError: The first of them is missing, or one is neither.
    """
    known = dict(row)
    for name in ids:
        value = known.get(name)
        if value.__class__ is int:
            known[name] = str(value)
        elif value.__class__ is not str and (name == ids[0] or value is not None):
            raise ProtocolError(f"{name} must be a number or a text, not {str(value)[:100]!r}")
    return known


def oldest_first(rows: Sequence[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    """Return rows in order of a time.

    Raises:
        TypeError: One is no whole number.
    """
    for row in rows:
        if row.get(field).__class__ is not int:
            raise TypeError(f"{field} must be a time in milliseconds, not {row.get(field)!r}")
    return sorted(rows, key=lambda row: row[field])


def count(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number of a query, at least 1.

    Raises:
        ValueError: It is none.
    """
    number = int(query.get(name, default))
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number
