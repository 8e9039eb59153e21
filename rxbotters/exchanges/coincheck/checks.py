"""Numbers that Coincheck writes as text, or now and then as numbers: read, and written as the stream does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rxbotters.errors import ProtocolError

__all__ = ["sequence", "text"]


def text(number: Any) -> Any:
    """Return a rate or an amount as the text the stream uses.

    Example:
        >>> text(100), text(0.5), text(1e-7), text("148634.0")
        ('100.0', '0.5', '0.0000001', '148634.0')
    """
    if number.__class__ is float or number.__class__ is int:
        return format(Decimal(str(float(number))), "f")
    return number


def sequence(value: Any) -> int | None:
    """Return a sequence number, which is text on the wire; ``None`` if there is none.

    Raises:
        ProtocolError: It is something else.
    """
    if value is None:
        return None
    if value.__class__ is str or value.__class__ is int:
        return int(value)
    raise ProtocolError("a sequence number was expected", str(value))
