"""Reading OKX's rows: lists of objects, decimal texts, and which of them a request asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from rxbotters.errors import BadNumber, ProtocolError

__all__ = ["Query", "is_zero", "matches", "texts"]

Query = Mapping[str, str]


def texts(row: Mapping[str, Any], names: Sequence[str]) -> None:
    """Check that fields are texts where they are there at all.

    Raises:
        ProtocolError: One is something else.
    """
    for name in names:
        if not isinstance(row.get(name, ""), str):
            raise ProtocolError(f"{name} must be a text", str(row)[:200])


def is_zero(store: str, what: str, value: Any) -> bool:
    """Whether a decimal text is zero, however it is written.

    Raises:
        BadNumber: It is no finite number.
    """
    try:
        number = Decimal(value if isinstance(value, str) else str(value))
    except InvalidOperation:
        raise BadNumber(store, what, value) from None
    if not number.is_finite():
        raise BadNumber(store, what, value)
    return not number


def matches(row: Mapping[str, Any], query: Query) -> bool:
    """Whether a row is one that a request with this query asks for; several values are parted by commas."""
    family = query.get("instFamily", query.get("uly"))
    if family is not None and not str(row.get("instId")).startswith(f"{family}-"):
        return False
    return all(
        name not in query or query[name] == "ANY" or row.get(name) in query[name].split(",")
        for name in ("instType", "instId", "ordType", "state")
    )
