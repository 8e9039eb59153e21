"""OKX's limits on requests: calls in two seconds, counted by address, by key, or by key and instrument.

Source: okx.com/docs-v5, "Rate Limits" and the page of each endpoint (2026-07). The exchange answers what exceeds them with
code 50011, or 50061 for the orders of a sub-account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from rxbotters.descriptor import Limit
from rxbotters.errors import ProtocolError
from rxbotters.wire import Request, loads

__all__ = ["LIMITS"]

_BY_ADDRESS = {
    10: ("market/books-full", "public/mark-price", "public/time"),
    20: (
        *("market/ticker", "market/tickers", "market/index-tickers", "market/history-candles"),
        *("public/instruments", "public/open-interest", "public/funding-rate", "public/price-limit"),
    ),
    40: ("market/books", "market/candles"),
    100: ("market/trades",),
}
_BY_KEY = {
    10: ("account/balance", "account/positions", "account/account-position-risk", "trade/fills-history"),
    20: (
        *("trade/order-algo", "trade/cancel-algos", "trade/amend-algos", "trade/orders-algo-pending"),
        *("trade/orders-algo-history", "trade/close-position", "trade/orders-history-archive"),
        *("account/instruments", "account/set-leverage", "account/leverage-info"),
    ),
    40: ("trade/orders-history",),
    60: ("trade/orders-pending", "trade/fills"),
}
_BY_INSTRUMENT = {
    60: ("trade/order", "trade/cancel-order", "trade/amend-order"),
    300: ("trade/batch-orders", "trade/cancel-batch-orders", "trade/amend-batch-orders"),
}
_COUNTED = frozenset({"trade/order", "trade/batch-orders", "trade/amend-order", "trade/amend-batch-orders"})
"""What a sub-account may do 1000 times in two seconds: new orders and amendments; to cancel is free."""


def _path(request: Request) -> str:
    return request.url.path.removeprefix("/api/v5/")


def _orders(request: Request) -> list[dict[str, Any]]:
    """Return the orders of a request, be they one or many."""
    try:
        body = loads(request.body)
    except ProtocolError:
        return []
    many: list[Any] = list(body) if body.__class__ is list else [body]
    return [cast("dict[str, Any]", one) for one in many if isinstance(one, dict)]


def _instrument(request: Request) -> str:
    """Return method, path and instrument: each has a budget of its own."""
    orders = _orders(request)
    first: Mapping[str, Any] = orders[0] if orders else request.url.query
    return f"{request.method} {_path(request)} {first.get('instId', first.get('instIdCode', ''))}"


def _count(request: Request) -> float:
    return float(len(_orders(request)) or 1)


def _sub_account(request: Request) -> float:
    return _count(request) if request.method == "POST" and _path(request) in _COUNTED else 0.0


def _one_of(paths: tuple[str, ...], weight: Callable[[Request], float]) -> Callable[[Request], float]:
    known = frozenset(paths)
    return lambda request: weight(request) if _path(request) in known else 0.0


def _one(request: Request) -> float:
    return 1.0


LIMITS = (
    *(Limit(f"ip {n}", n, 2.0, weigh=_one_of(paths, _one), scope=_path) for n, paths in _BY_ADDRESS.items()),
    *(Limit(f"key {n}", n, 2.0, weigh=_one_of(paths, _one), scope=_path, by_key=True) for n, paths in _BY_KEY.items()),
    *(
        Limit(f"instrument {n}", n, 2.0, weigh=_one_of(paths, _count), scope=_instrument, by_key=True)
        for n, paths in _BY_INSTRUMENT.items()
    ),
    Limit("orders", 1000, 2.0, weigh=_sub_account, by_key=True),
)
