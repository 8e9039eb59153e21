"""What is read from Binance is proved before it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.errors import BadNumber, ProtocolError, SnapshotError

__all__ = ["finite", "objects", "plain", "text", "whole"]


def plain(store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Prove that ``fields`` of ``row``, where they are, are finite and not negative: prices and quantities.

    Raises:
        BadNumber: One is not.
    """
    for field in fields:
        value = row.get(field)
        if value is not None and not _number(store, field, value) >= 0:
            raise BadNumber(store, field, value)


def finite(store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Prove that ``fields`` of ``row``, where they are, are finite numbers of either sign: positions and balances.

    Raises:
        BadNumber: One is not.
    """
    for field in fields:
        value = row.get(field)
        if value is not None:
            _number(store, field, value)


def _number(store: str, field: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise BadNumber(store, field, value) from None
    if number - number != 0:
        raise BadNumber(store, field, value)
    return number


def whole(what: str, value: Any) -> int:
    """Return an update id.

    Raises:
        ProtocolError: It is no whole number.
    """
    if value.__class__ is not int:
        raise ProtocolError(f"{what} is no whole number", repr(value))
    number: int = value
    return number


def text(what: str, value: Any) -> str:
    """Return a symbol or an asset.

    Raises:
        ProtocolError: It is no text.
    """
    if value.__class__ is not str:
        raise ProtocolError(f"{what} is no text", repr(value))
    name: str = value
    return name


def objects(endpoint: str, body: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a REST answer that is a list of objects.

    Raises:
        SnapshotError: It is none.
    """
    rows: list[Any] = list(body) if body.__class__ is list else [None]
    if not all(row.__class__ is dict for row in rows):
        raise SnapshotError(endpoint, f"a list of objects was expected, not {str(body)[:100]}")
    return rows
