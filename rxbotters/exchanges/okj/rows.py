"""Reading OKJ's rows: lists of objects, texts, and which of them a request asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from rxbotters.errors import BadNumber, ProtocolError, SnapshotError

__all__ = ["Query", "answer_rows", "matches", "number", "objects", "texts"]

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
    """Return the rows of a REST answer: V5 has them under ``data``, V3 is the list, or a list for each instrument.

    Raises:
        SnapshotError: It has none.
    """
    try:
        if body.__class__ is list:
            return objects(body)
        if "data" in body:
            return objects(body["data"])
        return [row for rows in body.values() for row in objects(rows)]
    except (ProtocolError, AttributeError, TypeError):
        raise SnapshotError(endpoint, f"a list of objects was expected, not {str(body)[:100]}") from None


def texts(row: Mapping[str, Any], names: Sequence[str]) -> None:
    """Check that fields are texts where they are there at all.

    Raises:
        ProtocolError: One is something else.
    """
    for name in names:
        if not isinstance(row.get(name, ""), str):
            raise ProtocolError(f"{name} must be a text", str(row)[:200])


def number(store: str, what: str, value: Any) -> None:
    """Check a decimal text; an empty one says that the field does not apply.

    Raises:
        BadNumber: It is no finite number.
    """
    try:
        if value == "" or Decimal(value if isinstance(value, str) else str(value)).is_finite():
            return
    except InvalidOperation:
        pass
    raise BadNumber(store, what, value)


def matches(row: Mapping[str, Any], query: Query) -> bool:
    """Whether a row is one that a request with this query asks for; several values are parted by commas."""
    return all(
        name not in query or query[name] == "ANY" or row.get(name) in query[name].split(",")
        for name in ("instType", "instId", "ordType", "state", "order_type", "status")
    )
