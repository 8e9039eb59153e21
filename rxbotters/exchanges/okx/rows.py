"""Reading OKX's rows: lists of objects, decimal texts, and which of them a request asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from rxbotters.errors import BadNumber, ProtocolError, SnapshotError

__all__ = ["Query", "answer_rows", "is_zero", "matches", "objects", "texts"]

Query = Mapping[str, str]


def objects(value: Any) -> list[dict[str, Any]]:
    """Return a list of objects.

    Raises:
        ProtocolError: It is none.
    """
    rows: list[Any] = list(value) if value.__class__ is list else [None]
    for row in rows:
        if not isinstance(row, dict):
            raise ProtocolError("a list of objects was expected", str(value)[:200])
    return cast("list[dict[str, Any]]", rows)


def answer_rows(body: Any, endpoint: str) -> list[dict[str, Any]]:
    """Return the rows of a REST answer.

    Raises:
        SnapshotError: It has none.
    """
    try:
        return objects(body["data"])
    except (ProtocolError, KeyError, TypeError):
        raise SnapshotError(endpoint, f"{{data: [objects]}} was expected, not {str(body)[:100]}") from None


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
