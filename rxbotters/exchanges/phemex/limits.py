"""What Phemex allows in a minute. Source: phemex-docs.github.io, "Rate limits" (2026-01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rxbotters.descriptor import Limit, Sends
from rxbotters.errors import ProtocolError
from rxbotters.wire import Request, loads

__all__ = ["LIMITS", "TESTNET_LIMITS", "VIP_LIMITS", "WS_SENDS"]

_CONTRACT = ("/orders", "/g-orders", "/accounts/", "/g-accounts/", "/g-positions/")
_SPOT = "/spot/orders"
_KLINE = "/exchange/public/md/"
_WITH_PNL = ("/accounts/positions", "/g-accounts/positions")
_ALL_ORDERS = ("/orders/all", "/g-orders/all")


def _contract(request: Request) -> float:
    path = request.url.path
    if not path.startswith(_CONTRACT):
        return 0.0
    return 25.0 if path in _WITH_PNL else 3.0 if path in _ALL_ORDERS else 1.0


def _spot(request: Request) -> float:
    if not request.url.path.startswith(_SPOT):
        return 0.0
    return 2.0 if request.method == "DELETE" else 1.0


def _others(request: Request) -> float:
    path = request.url.path
    if path.startswith((*_CONTRACT, _SPOT)):
        return 0.0
    return 10.0 if path.startswith(_KLINE) else 1.0


def _symbol(request: Request) -> str:
    """Return the symbol a request is about; empty: it is about all of them."""
    symbol: Any = request.url.query.get("symbol")
    if symbol is None and request.body:
        try:
            body = loads(request.body)
        except ProtocolError:
            return ""
        symbol = body.get("symbol") if body.__class__ is dict else None
    return symbol if isinstance(symbol, str) else ""


def _used(group: str) -> Callable[[Mapping[str, str]], float | None]:
    """Read how much of a group's budget is used: its capacity less what remains."""
    suffix = f"-{group}" if group else ""

    def used(headers: Mapping[str, str]) -> float | None:
        remaining, capacity = (headers.get(f"x-ratelimit-{what}{suffix}") for what in ("remaining", "capacity"))
        try:
            return float(capacity or "") - float(remaining or "")
        except ValueError:
            return None

    return used


_GROUPS = (
    Limit("contract", 500, 60.0, weigh=_contract, by_key=True, used=_used("contract")),
    Limit("spotOrder", 500, 60.0, weigh=_spot, by_key=True, used=_used("spotOrder")),
    Limit("others", 100, 60.0, weigh=_others, by_key=True, used=_used("")),
)

LIMITS = (Limit("ip", 5000, 300.0), *_GROUPS)
TESTNET_LIMITS = (Limit("testnet", 500, 300.0), *_GROUPS)
VIP_LIMITS = (
    Limit("vip contract", 5000, 60.0, weigh=_contract, by_key=True),
    Limit("vip symbol", 500, 60.0, weigh=_contract, by_key=True, scope=_symbol),
    *_GROUPS[1:],
)
"""For whitelisted addresses; requests about all symbols have a budget like that of one symbol."""

WS_SENDS = Sends(20, 1.0)
