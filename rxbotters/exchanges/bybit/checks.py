"""What Bybit's messages must be before a store takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import BadNumber, ProtocolError

__all__ = ["numbers", "rows_of", "time_of_row", "whole"]

Item = Mapping[str, Any]
_INFINITY = float("inf")


def rows_of(data: Any) -> list[Item]:
    """Return a list of objects.

    Raises:
        ProtocolError: It is something else.
    """
    if data.__class__ is list:
        for row in data:
            if row.__class__ is not dict:
                break
        else:
            return cast("list[Item]", data)
    raise ProtocolError(f"a list of objects was expected, not {str(data)[:100]}")


def numbers(store: str, rows: Iterable[Item], fields: Sequence[str]) -> None:
    """Check that these fields, where a row has them and they are not empty, are finite and not negative.

    Raises:
        BadNumber: One is not.
    """
    for row in rows:
        for field in fields:
            value = row.get(field)
            if value is None or value == "":
                continue
            try:
                good = 0 <= float(value) < _INFINITY
            except (TypeError, ValueError, OverflowError):
                good = False
            if not good:
                raise BadNumber(store, field, value)


def whole(store: str, what: str, value: Any) -> int:
    """Return a whole number.

    Raises:
        BadNumber: It is none, or negative.
    """
    if value.__class__ is int and value >= 0:
        return value
    raise BadNumber(store, what, value)


def time_of_row(row: Item) -> int:
    """Return when the exchange last changed a row, Unix time in milliseconds; 0: it does not say."""
    try:
        return int(row.get("updatedTime") or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
