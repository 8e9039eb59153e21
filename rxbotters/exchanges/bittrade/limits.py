"""BitTrade's budgets of requests.

Source: api-doc.bittrade.co.jp (read 2026-09): ten public requests a second for each address; BitTrade-Inc/BitTrade-api-docs,
``trade.md`` (2024-04): ten requests for fills in two seconds. Others are not known.
"""

from __future__ import annotations

from rxbotters.descriptor import Limit
from rxbotters.wire import Request

from .signing import is_public

__all__ = ["LIMITS"]


def _public(request: Request) -> float:
    return float(is_public(request.url))


def _fills(request: Request) -> float:
    return float(request.url.path == "/v1/order/matchresults")


LIMITS = (
    Limit("public", 10, 1.0, weigh=_public),
    Limit("matchresults", 10, 2.0, weigh=_fills, by_key=True),
)
