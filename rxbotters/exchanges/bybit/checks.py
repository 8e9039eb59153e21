"""What is read of Bybit's rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Item", "time_of_row"]

Item = Mapping[str, Any]


def time_of_row(row: Item) -> int:
    """Return when the exchange last changed a row, Unix time in milliseconds; 0: it does not say."""
    try:
        return int(row.get("updatedTime") or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
