"""The exchanges, one folder each. A descriptor is imported when a client is made, a store when it is named."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from rxbotters.descriptor import Api, Exchange

from .index import COLLECTIONS, NAMES

__all__ = ["COLLECTIONS", "FOREIGN_APIS", "NAMES", "all_exchanges", "collection", "exchange_of"]

_PASSPHRASE = ("key", "secret", "passphrase")

FOREIGN_APIS: dict[str, Api] = {
    "binance": Api(),
    "binancefuture_testnet": Api(),
    "binancespot_testnet": Api(),
    "bitbank": Api(),
    "bitget": Api(_PASSPHRASE),
    "bitmex": Api(),
    "bitmex_testnet": Api(),
    "bittrade": Api(),
    "bybit": Api(),
    "bybit_demo": Api(),
    "bybit_testnet": Api(),
    "coincheck": Api(),
    "gmocoin": Api(),
    "hyperliquid": Api(("key",)),
    "hyperliquid_testnet": Api(("key",)),
    "kucoin": Api(_PASSPHRASE),
    "mexc": Api(),
    "okj": Api(_PASSPHRASE),
    "okx": Api(_PASSPHRASE),
    "okx_demo": Api(_PASSPHRASE),
    "phemex": Api(),
    "phemex_testnet": Api(),
}
"""Api names that are recognised, so that an apis file is checked whole, before their exchanges are here."""


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
    return cast(Exchange, import_module(f"{__name__}.{name}").EXCHANGE)


def collection(class_name: str) -> type:
    """Return a collection class, importing its module only now."""
    return cast(type, getattr(import_module(f"{__name__}.{COLLECTIONS[class_name]}.stores"), class_name))
