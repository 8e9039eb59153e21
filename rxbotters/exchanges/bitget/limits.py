"""Bitget's limits on requests: calls a second for each endpoint, by address or by key, and a total by address.

Source: bitget.com/api-doc, the pages of the endpoints, "Frequency limit" (2025-10). The total of 6,000 a minute is known
from the exchange's announcements, not from those pages. What exceeds them is answered with HTTP 429.
"""

from __future__ import annotations

from rxbotters.descriptor import Limit
from rxbotters.wire import Request

__all__ = ["LIMITS"]

_SLOW = 1.0
_USUAL = 10.0
_FAST = 20.0
_BY_KEY = {
    "/api/v2/mix/order/close-positions": _SLOW,
    "/api/v2/mix/order/batch-place-order": 5.0,
    "/api/v2/mix/position/all-position": 5.0,
    "/api/v2/mix/account/set-leverage": 5.0,
    "/api/v2/mix/account/set-margin-mode": 5.0,
    "/api/v2/mix/account/set-position-mode": 5.0,
    "/api/v2/spot/trade/batch-orders": 5.0,
    "/api/v2/spot/trade/cancel-symbol-order": 5.0,
    "/api/v2/spot/trade/orderInfo": _FAST,
    "/api/v2/spot/trade/unfilled-orders": _FAST,
    "/api/v2/spot/trade/history-orders": _FAST,
    "/api/v2/spot/trade/current-plan-order": _FAST,
    "/api/v2/spot/trade/place-plan-order": _FAST,
    "/api/v2/spot/trade/cancel-plan-order": _FAST,
}
_PUBLIC = ("/market/", "/public/")


def _is_public(request: Request) -> bool:
    return any(part in request.url.path for part in _PUBLIC)


def _scope(request: Request) -> str:
    return f"{request.method} {request.url.path}"


def _public(request: Request) -> float:
    return 1.0 if _is_public(request) else 0.0


def _private(request: Request) -> float:
    """Return the part of a second's ten calls that one takes: two of them where five are allowed, a half where twenty."""
    return 0.0 if _is_public(request) else _USUAL / _BY_KEY.get(request.url.path, _USUAL)


LIMITS = (
    Limit("ip", 6000, 60.0),
    Limit("market", _FAST, 1.0, weigh=_public, scope=_scope),
    Limit("key", _USUAL, 1.0, weigh=_private, scope=_scope, by_key=True),
)
