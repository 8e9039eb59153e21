"""Reading Bitget's rows: which market they are of, which of them a request asked for, and what REST calls otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from rxbotters.errors import BadNumber, ProtocolError

__all__ = ["Message", "Query", "is_zero", "market_of", "symbol_of", "texts", "whole_number"]

Message = Mapping[str, Any]
Query = Mapping[str, str]

_ALL = "default"
"""What a subscription says instead of a symbol: all of them."""


def texts(row: Message, names: Sequence[str]) -> None:
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


def symbol_of(arg: Message) -> str | None:
    """Return the symbol that a subscription names; ``None``: it is one to all symbols."""
    symbol = arg.get("instId")
    return symbol if isinstance(symbol, str) and symbol != _ALL else None


def market_of(query: Query) -> str:
    """Return the ``instType`` of a futures request, which calls it ``productType`` and takes it in small letters too.

    Raises:
        KeyError: It names none.
    """
    return query["productType"].upper()


def whole_number(value: Any) -> int | None:
    """Return a whole number of text, such as an id or a time; ``None`` if it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 30:
        return int(value)
    return int(value) if value.__class__ is int else None
