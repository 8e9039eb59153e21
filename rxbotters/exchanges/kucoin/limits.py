"""KuCoin's budgets: pools of weight for 30 seconds. Source: kucoin.com/docs-new/rate-limit and the official
machine-readable description, field ``API-RATE-LIMIT-WEIGHT`` (2025-11); the figures are those of the lowest level."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rxbotters.descriptor import Limit
from rxbotters.wire import JSON, Request

__all__ = ["FUTURES_LIMITS", "SPOT_LIMITS", "compact"]

_PER_S = 30.0
_WEIGHT = 3.0  # of an endpoint that is not listed; the headers of each answer correct the count
_WEIGHTS = {
    "/api/v1/market/orderbook/level1": 2.0,
    "/api/v1/ticker": 2.0,
    "/api/v1/timestamp": 2.0,
    "/api/v1/accounts": 5.0,
    "/api/v1/account-overview": 5.0,
    "/api/v1/trade/history": 5.0,
    "/api/v1/allTickers": 5.0,
    "/api/v1/bullet-public": 10.0,
    "/api/v1/bullet-private": 10.0,
    "/api/v1/market/allTickers": 15.0,
    "/api/v1/market/stats": 15.0,
    "/api/v3/announcements": 20.0,
}
_PUBLIC = (
    "/api/v1/market/",
    "/api/v1/markets",
    "/api/v1/symbols",
    "/api/v2/symbols",
    "/api/v1/currencies",
    "/api/v3/currencies",
    "/api/v1/prices",
    "/api/v1/mark-price",
    "/api/v3/announcements",
    "/api/v1/contracts",
    "/api/v1/ticker",
    "/api/v1/allTickers",
    "/api/v1/level2/",
    "/api/v1/trade/history",
    "/api/v1/kline/",
    "/api/v1/interest/",
    "/api/v1/index/",
    "/api/v1/premium/",
    "/api/v1/timestamp",
    "/api/v1/status",
    "/api/v1/bullet-public",
)
_MANAGEMENT = (
    "/api/v1/accounts",
    "/api/v2/accounts",
    "/api/v3/accounts",
    "/api/v2/user-info",
    "/api/v1/user/",
    "/api/v1/sub",
    "/api/v2/sub",
    "/api/v1/deposit",
    "/api/v3/deposit",
    "/api/v1/withdrawals",
    "/api/v3/withdrawals",
)


def _pool(path: str, own: str) -> str:
    """Return the pool a path is counted in; ``own`` is that of its host."""
    if path.startswith(_PUBLIC):
        return "public"
    return "management" if own == "spot" and path.startswith(_MANAGEMENT) else own


def _weigh(pool: str, own: str) -> Callable[[Request], float]:
    def weigh(request: Request) -> float:
        path = request.url.path
        return _WEIGHTS.get(path, _WEIGHT) if _pool(path, own) == pool else 0.0

    return weigh


def _used(headers: Mapping[str, str]) -> float | None:
    """Read how much of a pool is used."""
    try:
        return float(headers["gw-ratelimit-limit"]) - float(headers["gw-ratelimit-remaining"])
    except (KeyError, ValueError):
        return None


def _limits(own: str, weight: float) -> tuple[Limit, ...]:
    return (
        Limit("public", 2000, _PER_S, weigh=_weigh("public", own), used=_used),
        Limit("management", 2000, _PER_S, weigh=_weigh("management", own), by_key=True, used=_used),
        Limit(own, weight, _PER_S, weigh=_weigh(own, own), by_key=True, used=_used),
    )


SPOT_LIMITS = _limits("spot", 4000)
FUTURES_LIMITS = _limits("futures", 2000)


def compact(data: Any) -> tuple[bytes, str]:
    """Encode as JSON without spaces, as KuCoin asks; nothing at all if empty.

    Example:
        >>> compact({"side": "buy", "size": "0.1"})
        (b'{"side":"buy","size":"0.1"}', 'application/json')
    """
    return (json.dumps(data, allow_nan=False, separators=(",", ":")).encode(), JSON) if data else (b"", JSON)
