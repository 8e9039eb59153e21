"""What stores ask of rows before they take them. Who is told in which words, the collection decides.

What raises `TypeError` here becomes a `ProtocolError` where a message was read, and a `SnapshotError` where an answer was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from rxbotters.errors import BadNumber, ProtocolError

from .row import CONTAINERS

__all__ = ["culprit", "is_zero", "numbers", "objects", "plain", "sizes", "texts", "whole"]

_INFINITY = float("inf")
_KINDS = (str, int, float)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return ``value``, proved to be a list of objects.

    Raises:
        TypeError: It is something else.

    Example:
        >>> objects([{"id": 1}])
        [{'id': 1}]
    """
    if value.__class__ is list:
        for row in value:
            if row.__class__ is not dict:
                break
        else:
            return cast("list[dict[str, Any]]", value)
    raise TypeError(f"a list of objects was expected, not {str(value)[:100]}")


def sizes(store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Prove that prices and amounts are finite and not negative; a field may be missing, or null.

    Raises:
        BadNumber: One is not.

    Example:
        >>> sizes("orders", {"price": "101.5", "amount": None}, ("price", "amount", "fee"))
    """
    for field in fields:
        value = row.get(field)
        if value is not None:
            try:
                number = float(value) if value.__class__ in _KINDS else -1.0
            except (ValueError, OverflowError):
                number = -1.0
            if not 0 <= number < _INFINITY:
                raise BadNumber(store, field, value)


def numbers(store: str, rows: Iterable[Mapping[str, Any]], fields: Iterable[str], *, may_lack: bool = True) -> None:
    """Prove that fields of rows are finite and not negative; ``may_lack``: where a row has them and they are not empty.

    Raises:
        BadNumber: One is not.

    Example:
        >>> numbers("orders", [{"price": "101.5", "stop": ""}], ("price", "stop", "fee"))
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


def whole(store: str, what: str, value: Any) -> int:
    """Return a whole number.

    Raises:
        BadNumber: It is none, or negative.
    """
    if value.__class__ is int and value >= 0:
        return value
    raise BadNumber(store, what, value)


def texts(row: Mapping[str, Any], names: Iterable[str]) -> None:
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


def plain(value: Any) -> Any:
    """Return a field of a level, which is no container: rows of a book hold nothing that could be changed."""
    if value.__class__ in CONTAINERS:
        raise TypeError(value)
    return value


def culprit(store: str, pairs: Iterable[Any]) -> BadNumber:
    """Return the error that names the first level whose price or size is no number, or negative."""
    for pair in pairs:
        if not isinstance(pair, list | tuple):
            return BadNumber(store, "level", pair)
        for what, value in zip(("price", "size"), cast("Sequence[Any]", pair), strict=False):
            try:
                number = float(value)
                good = number >= 0 and number - number == 0
            except (TypeError, ValueError, OverflowError):
                good = False
            if not good:
                return BadNumber(store, what, value)
    return BadNumber(store, "level", list(pairs))
