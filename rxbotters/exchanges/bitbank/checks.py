"""Numbers that bitbank writes as text: proved before a row with them enters a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.errors import BadNumber

__all__ = ["rows_of", "sizes"]


_KINDS = (str, int, float)


def sizes(store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Prove that prices and amounts are finite and not negative; a field may be missing, or null.

    Raises:
        BadNumber: One is not.
    """
    for field in fields:
        value = row.get(field)
        if value is not None:
            try:
                number = float(value) if value.__class__ in _KINDS else -1.0
            except (ValueError, OverflowError):
                number = -1.0
            if not 0 <= number < float("inf"):
                raise BadNumber(store, field, value)


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Return ``value`` if it is a list of objects.

    Raises:
        TypeError: It is not.
    """
    if value.__class__ is not list or not all(row.__class__ is dict for row in value):
        raise TypeError(f"a list of objects was expected, not {str(value)[:100]}")
    return list(value)
