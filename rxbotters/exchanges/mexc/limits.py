"""How much MEXC allows: on spot a budget of weight for each endpoint, on futures a number of calls for each.

Source: mexc.com/api-docs, spot v3 "General Info" and the weight of each endpoint, futures the rate of each endpoint (2026-04).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rxbotters.descriptor import Limit
from rxbotters.wire import Request

from .endpoints import Family, family_of, is_public

__all__ = ["LIMITS"]

_WEIGHTS: Mapping[str, float] = {
    "GET exchangeInfo": 10,
    "GET trades": 5,
    "GET historicalTrades": 5,
    "GET order": 2,
    "GET openOrders": 3,
    "GET allOrders": 10,
    "GET myTrades": 10,
    "GET account": 10,
}
"""Weights on spot that are not 1."""
_ALL_TICKERS: Mapping[str, float] = {"GET ticker/24hr": 40, "GET ticker/price": 2, "GET ticker/bookTicker": 2}
"""Weights of what is asked for every symbol."""

_SLOW: Mapping[str, tuple[float, float]] = {
    "GET contract/detail": (1, 5.0),
    "GET private/order/batch_query": (5, 2.0),
    "POST private/order/submit_batch": (1, 2.0),
}
"""Futures endpoints of another rate than 20 in 2 seconds: (calls, seconds)."""


def _endpoint(request: Request) -> str:
    """Return method and path without its version; on futures without the symbols, currencies and ids in it, too."""
    parts = request.url.path.strip("/").split("/")[2:]
    if family_of(request.url.path) == "futures":
        parts = [part for part in parts if part.islower() and not part.isdecimal()]
    return f"{request.method} {'/'.join(parts)}"


def _spot(request: Request) -> float:
    if family_of(request.url.path) != "spot":
        return 0.0
    endpoint = _endpoint(request)
    if endpoint in _ALL_TICKERS and "symbol" not in request.url.query:
        return _ALL_TICKERS[endpoint]
    return _WEIGHTS.get(endpoint, 1.0)


def _futures(request: Request) -> float:
    return 1.0 if family_of(request.url.path) == "futures" and _endpoint(request) not in _SLOW else 0.0


def _private(weigh: Callable[[Request], float], private: bool) -> Callable[[Request], float]:
    """Return ``weigh`` for private endpoints only, or for public ones only."""
    return lambda request: weigh(request) if is_public(request.method, request.url.path) is not private else 0.0


def _only(family: Family, *endpoints: str) -> Callable[[Request], float]:
    return lambda request: float(family_of(request.url.path) == family and _endpoint(request) in endpoints)


LIMITS = (
    Limit("spot address", 500, 10.0, weigh=_spot, scope=_endpoint),
    Limit("spot key", 500, 10.0, weigh=_private(_spot, True), by_key=True, scope=_endpoint),
    Limit("spot account", 2, 1.0, weigh=_only("spot", "GET account"), by_key=True),
    Limit("spot batch", 2, 1.0, weigh=_only("spot", "POST batchOrders"), by_key=True),
    Limit("futures address", 20, 2.0, weigh=_private(_futures, False), scope=_endpoint),
    Limit("futures key", 20, 2.0, weigh=_private(_futures, True), by_key=True, scope=_endpoint),
    *(
        Limit(f"futures {endpoint}", calls, per_s, weigh=_only("futures", endpoint), by_key="private" in endpoint)
        for endpoint, (calls, per_s) in _SLOW.items()
    ),
)
