"""What is read from Binance is proved before it is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.errors import BadNumber, ProtocolError

__all__ = ["finite", "plain", "text", "whole"]

_MAX = sys.float_info.max


def plain(store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Prove that ``fields`` of ``row``, where they are, are finite and not negative: prices and quantities.

    Raises:
        BadNumber: One is not.
    """
    _between(0.0, store, row, fields)


def finite(store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Prove that ``fields`` of ``row``, where they are, are finite numbers of either sign: positions and balances.

    Raises:
        BadNumber: One is not.
    """
    _between(-_MAX, store, row, fields)


def _between(least: float, store: str, row: Mapping[str, Any], fields: Iterable[str]) -> None:
    for field in fields:
        value = row.get(field)
        if value is not None:
            try:
                good = least <= float(value) <= _MAX  # false for NaN and infinity
            except (TypeError, ValueError, OverflowError):
                good = False
            if not good:
                raise BadNumber(store, field, value)


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
