"""Reading Bitget's rows: which market they are of, which of them a request asked for, and what REST calls otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Message", "Query", "market_of", "symbol_of", "whole_number"]

Message = Mapping[str, Any]
Query = Mapping[str, str]

_ALL = "default"
"""What a subscription says instead of a symbol: all of them."""


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
