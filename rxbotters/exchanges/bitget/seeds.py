"""`Seeds`: the private stores of V2, filled by `initialize`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rxbotters.stores import DataStoreCollection
from rxbotters.stores.collection import Route
from rxbotters.wire import fields

from .account import Account, Positions
from .orders import Orders, list_of
from .rows import Query, market_of

__all__ = ["Seeds", "refusal"]

_PLANS_A_PAGE = 20  # spot trigger orders of an answer, unless ``limit`` asks for more

Market = Callable[[Query], str]


class Seeds(DataStoreCollection):
    """What REST answers say of orders, positions and balances.

    Source:
        bitget.com/api-doc, the pages of the endpoints (2025-10).
    """

    def _routes(self) -> Mapping[str, Route]:
        return {
            "/api/v2/mix/order/orders-pending": self._orders("orders", market_of, "entrustedList"),
            "/api/v2/mix/order/orders-plan-pending": self._orders("orders-algo", market_of, "entrustedList"),
            "/api/v2/spot/trade/unfilled-orders": self._orders("orders", _spot, "orderList"),
            "/api/v2/spot/trade/current-plan-order": self._orders(
                "orders-algo", _spot, "orderList", page=_PLANS_A_PAGE
            ),
            "/api/v2/margin/crossed/open-orders": self._orders("orders-crossed", _margin, "orderList"),
            "/api/v2/margin/isolated/open-orders": self._orders("orders-isolated", _margin, "orderList"),
            "/api/v2/mix/position/all-position": self._positions,
            "/api/v2/mix/position/single-position": self._positions,
            "/api/v2/mix/account/accounts": self._account("account", market_of),
            "/api/v2/spot/account/assets": self._account("account", _spot),
            "/api/v2/margin/crossed/account/assets": self._account("account-crossed", _margin),
            "/api/v2/margin/isolated/account/assets": self._account("account-isolated", _margin),
        }

    def _orders(self, name: str, market: Market, field: str, *, page: int = 100) -> Route:
        store = self.get(name, Orders)
        return lambda body, query: store.replace(list_of(body["data"], field), market(query), query, page=page)

    def _account(self, name: str, market: Market) -> Route:
        store = self.get(name, Account)
        return lambda body, query: store.replace(list_of(body["data"], "list"), market(query), query)

    def _positions(self, body: Any, query: Query) -> None:
        store = self.get("positions", Positions)
        store.replace(list_of(body["data"], "list"), market_of(query), query)

    def _refusal(self, body: Any) -> str | None:
        return refusal(body)


def refusal(body: Any) -> str | None:
    """Return Bitget's error text if ``body`` is an error: its code is not ``00000``."""
    answer = fields(body)
    if "code" in answer and str(answer["code"]) != "00000":
        return f"{answer.get('msg') or 'no reason given'} (code {answer['code']})"
    return None


def _spot(query: Query) -> str:
    return "SPOT"


def _margin(query: Query) -> str:
    return "MARGIN"
