"""Reading OKJ's rows: lists of objects, texts, and which of them a request asked for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from rxbotters.errors import BadNumber
from rxbotters.exchanges.okx.rows import Query
from rxbotters.stores.proofs import objects

__all__ = ["Query", "answer_rows", "matches", "number"]


def answer_rows(body: Any) -> list[dict[str, Any]]:
    """Return the rows of a REST answer: V5 has them under ``data``, V3 is the list, or a list for each instrument.

    Raises:
        TypeError, AttributeError: It has none.
    """
    if body.__class__ is list:
        return objects(body)
    if "data" in body:
        return objects(body["data"])
    return [row for rows in body.values() for row in objects(rows)]


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
