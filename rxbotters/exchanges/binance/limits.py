"""How much a request weighs, and how much of it Binance allows.

Weights are those of the documentation; what an answer's headers say was used counts on top. ``/sapi`` has budgets of its
own for each endpoint, which are not counted here.

Source: developers.binance.com, spot REST API (2026-06) and USDⓈ-M and COIN-M futures (2026-06), each endpoint's weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rxbotters.descriptor import Limit
from rxbotters.wire import Request

__all__ = ["FUTURES", "PORTFOLIO", "SPOT", "futures_weight", "spot_weight"]

Query = Mapping[str, str]
Weight = float | Callable[[Query], float]

_MINUTE, _DAY = 60.0, 86_400.0


def _by_limit(default: int, *steps: tuple[int, float]) -> Weight:
    """Weigh by ``limit``: the first step that holds it; the last one for more."""

    def weigh(query: Query) -> float:
        try:
            asked = int(query.get("limit", default))
        except ValueError:
            asked = default
        return next((weight for most, weight in steps if asked <= most), steps[-1][1])

    return weigh


def _with(field: str, one: float, all_: float) -> Weight:
    """Weigh ``one`` where the query names a ``field``, else ``all_``."""
    return lambda query: one if field in query else all_


_SPOT: Mapping[str, Weight] = {
    "exchangeInfo": 20,
    "depth": _by_limit(100, (100, 5), (500, 25), (1000, 50), (5000, 250)),
    "trades": 25,
    "historicalTrades": 25,
    "aggTrades": 4,
    "klines": 2,
    "uiKlines": 2,
    "avgPrice": 2,
    "ticker/24hr": _with("symbol", 2, 80),
    "ticker/tradingDay": _with("symbol", 4, 200),
    "ticker/price": _with("symbol", 2, 4),
    "ticker/bookTicker": _with("symbol", 2, 4),
    "ticker": _with("symbol", 4, 200),
    "account": 20,
    "openOrders": _with("symbol", 6, 80),
    "openOrderList": 6,
    "allOrders": 20,
    "allOrderList": 20,
    "orderList": 4,
    "order": 4,
    "myTrades": _with("orderId", 5, 20),
    "myAllocations": 20,
    "myPreventedMatches": 20,
    "account/commission": 20,
    "rateLimit/order": 40,
    "userDataStream": 2,
}
_FUTURES: Mapping[str, Weight] = {
    "depth": _by_limit(500, (50, 2), (100, 5), (500, 10), (1000, 20)),
    "rpiDepth": 20,
    "trades": 5,
    "historicalTrades": 20,
    "aggTrades": 20,
    **dict.fromkeys(
        ("klines", "continuousKlines", "indexPriceKlines", "markPriceKlines", "premiumIndexKlines"),
        _by_limit(500, (99, 1), (499, 2), (1000, 5), (1500, 10)),
    ),
    "premiumIndex": _with("symbol", 1, 10),
    "ticker/24hr": _with("symbol", 1, 40),
    "ticker/price": _with("symbol", 1, 2),
    "ticker/bookTicker": _with("symbol", 2, 5),
    "indexInfo": _with("symbol", 1, 10),
    "assetIndex": _with("symbol", 1, 10),
    "openOrders": _with("symbol", 1, 40),
    "openAlgoOrders": _with("symbol", 1, 40),
    "allOrders": 5,
    "userTrades": 5,
    "balance": 5,
    "account": 5,
    "positionRisk": 5,
    "income": 30,
    "commissionRate": 20,
    "batchOrders": 5,
}
_PLACING = frozenset(
    {
        *("order", "order/cancelReplace", "order/oco", "sor/order", "orderList/oco", "orderList/oto"),
        *("orderList/otoco", "orderList/opo", "orderList/opoco"),
    }
)


def _tail(request: Request) -> tuple[str, str]:
    family, _, rest = request.url.path.strip("/").partition("/")
    return family, rest.partition("/")[2]


def _weigh(table: Mapping[str, Weight], tail: str, request: Request) -> float:
    weight = table.get(tail, 1.0)
    return weight(request.url.query) if callable(weight) else weight


def spot_weight(request: Request) -> float:
    """Return what a request to ``/api`` weighs; an order weighs 1 where reading one weighs more."""
    family, tail = _tail(request)
    if family != "api":
        return 0.0
    return _weigh(_SPOT, tail, request) if request.method == "GET" else 1.0


def futures_weight(request: Request) -> float:
    """Return what a request to ``/fapi`` or ``/dapi`` weighs."""
    family, tail = _tail(request)
    if family not in ("fapi", "dapi"):
        return 0.0
    return _weigh(_FUTURES, tail, request) if request.method == "GET" or tail == "batchOrders" else 1.0


def _spot_orders(request: Request) -> float:
    family, tail = _tail(request)
    return float(family == "api" and request.method == "POST" and tail in _PLACING)


def _futures_orders(request: Request) -> float:
    _, tail = _tail(request)
    if request.method not in ("POST", "PUT"):
        return 0.0
    return 5.0 if tail == "batchOrders" else float(tail in ("order", "algoOrder") or tail.endswith("/order"))


def _used(header: str) -> Callable[[Mapping[str, str]], float | None]:
    def read(headers: Mapping[str, str]) -> float | None:
        value = headers.get(header)
        return float(value) if value is not None and value.isdigit() else None

    return read


SPOT: Sequence[Limit] = (
    Limit("weight", 6000, _MINUTE, weigh=spot_weight, used=_used("X-MBX-USED-WEIGHT-1M")),
    Limit("orders 10s", 50, 10.0, weigh=_spot_orders, by_key=True, used=_used("X-MBX-ORDER-COUNT-10S")),
    Limit("orders 1d", 160_000, _DAY, weigh=_spot_orders, by_key=True, used=_used("X-MBX-ORDER-COUNT-1D")),
)
"""The 300,000 raw requests of five minutes are never reached: 6,000 weights a minute come first."""

FUTURES: Sequence[Limit] = (
    Limit("weight", 2400, _MINUTE, weigh=futures_weight, used=_used("X-MBX-USED-WEIGHT-1M")),
    Limit("orders 10s", 300, 10.0, weigh=_futures_orders, by_key=True, used=_used("X-MBX-ORDER-COUNT-10S")),
    Limit("orders 1m", 1200, _MINUTE, weigh=_futures_orders, by_key=True, used=_used("X-MBX-ORDER-COUNT-1M")),
)
"""USDⓈ-M and COIN-M share them since 2026-06-30."""

PORTFOLIO: Sequence[Limit] = (
    Limit("weight", 6000, _MINUTE, used=_used("X-MBX-USED-WEIGHT-1M")),
    Limit("orders 1m", 1200, _MINUTE, weigh=_futures_orders, by_key=True, used=_used("X-MBX-ORDER-COUNT-1M")),
)
