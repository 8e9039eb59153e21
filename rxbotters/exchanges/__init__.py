"""The exchanges, one folder each. A descriptor is imported when a client is made, a store when it is named."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from .index import COLLECTIONS, NAMES

if TYPE_CHECKING:
    from rxbotters.descriptor import Exchange

__all__ = ["COLLECTIONS", "NAMES", "all_exchanges", "collection", "exchange_of"]


@cache
def all_exchanges() -> tuple[Exchange, ...]:
    """Return the descriptor of every exchange."""
    return tuple(exchange_of(name) for name in NAMES)


def exchange_of(name: str) -> Exchange:
    """Return the descriptor of one exchange.

    Raises:
        KeyError: There is none of that name.
    """
    if name not in NAMES:
        raise KeyError(name)
    return cast("Exchange", import_module(f"{__name__}.{name}").EXCHANGE)


def collection(class_name: str) -> type:
    """Return a collection class, importing its module only now."""
    return cast(type, getattr(import_module(f"{__name__}.{COLLECTIONS[class_name]}.stores"), class_name))
