"""MEXC's REST endpoints: which API a path belongs to, and whether it wants a key.

Source: mexc.com/api-docs, spot v3 and futures (2026-04); the futures moved to ``api.mexc.com`` on 2026-01-19.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["Family", "family_of", "is_public"]

Family = Literal["spot", "futures", "retired", "none"]

_SPOT = "/api/v3/"
_FUTURES = "/api/v1/"
_FUTURES_MARKET = "/api/v1/contract/"
_RETIRED_MARKET = ("/open/api/v2/market/", "/open/api/v2/common/")
_SPOT_MARKET = frozenset(
    {
        *("ping", "time", "defaultSymbols", "exchangeInfo", "depth", "trades", "historicalTrades", "aggTrades"),
        *("klines", "avgPrice", "ticker/24hr", "ticker/price", "ticker/bookTicker", "symbol/offline"),
    }
)


def family_of(path: str) -> Family:
    """Return whose rules a path follows: ``/api/v1/`` is futures, ``/open/api/`` the spot API of before v3."""
    if path.startswith(_FUTURES):
        return "futures"
    if path.startswith("/open/api/"):
        return "retired"
    return "spot" if path.startswith("/api/") else "none"


def is_public(method: str, path: str) -> bool:
    """Whether an endpoint gives its data to everybody; what is not known of an API is private."""
    if path.startswith(_SPOT):
        return method == "GET" and path.removeprefix(_SPOT) in _SPOT_MARKET
    return path.startswith((_FUTURES_MARKET, *_RETIRED_MARKET)) or family_of(path) == "none"
