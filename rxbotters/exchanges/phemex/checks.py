"""What Phemex's messages must be before a store takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rxbotters.errors import ProtocolError

__all__ = ["Item", "identity", "texts", "time_of_row"]

Item = Mapping[str, Any]


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


def time_of_row(row: Item) -> int:
    """Return when the exchange last changed an order, Unix time in nanoseconds; 0: it does not say."""
    stamp = row.get("transactTimeNs") or row.get("actionTimeNs") or 0
    return stamp if stamp.__class__ is int else 0
