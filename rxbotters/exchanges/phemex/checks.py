"""What Phemex's messages must be before a store takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import BadNumber, ProtocolError

__all__ = ["Item", "identity", "numbers", "rows_of", "texts", "time_of_row", "whole"]

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


def numbers(store: str, rows: Iterable[Item], fields: Sequence[str], *, may_lack: bool = True) -> None:
    """Check that these fields are finite and not negative; ``may_lack``: where a row has them and they are not empty.

    Raises:
        BadNumber: One is not.
    """
    for row in rows:
        for field in fields:
            value: Any = row.get(field)
            if may_lack and (value is None or value == ""):
                continue
            try:
                good = 0 <= float(value) < _INFINITY
            except (TypeError, ValueError, OverflowError):
                good = False
            if not good:
                raise BadNumber(store, field, value)


def texts(store: str, rows: Iterable[Item], fields: Sequence[str]) -> None:
    """Check that these fields, where a row has them, are text.

    Raises:
        ProtocolError: One is not.
    """
    for row in rows:
        for field in fields:
            if not isinstance(row.get(field, ""), str):
                raise ProtocolError(f"{store}: {field} is no text: {str(row[field])[:100]}")


def identity(store: str, rows: Iterable[Item], fields: Sequence[str]) -> None:
    """Check that these fields, where a row has them, can tell rows apart: text or whole numbers.

    Raises:
        ProtocolError: One cannot.
    """
    for row in rows:
        for field in fields:
            if not isinstance(row.get(field, ""), str | int):
                raise ProtocolError(f"{store}: {field} cannot be a key: {str(row[field])[:100]}")


def whole(store: str, what: str, value: Any) -> int:
    """Return a whole number.

    Raises:
        BadNumber: It is none, or negative.
    """
    if value.__class__ is int and value >= 0:
        return value  # type: ignore[no-any-return, unused-ignore]
    raise BadNumber(store, what, value)


def time_of_row(row: Item) -> int:
    """Return when the exchange last changed an order, Unix time in nanoseconds; 0: it does not say."""
    stamp = row.get("transactTimeNs") or row.get("actionTimeNs") or 0
    return stamp if stamp.__class__ is int else 0
