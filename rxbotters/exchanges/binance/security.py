"""What an endpoint wants: nothing, the key alone, or a signature.

Source: developers.binance.com, spot REST API, USDⓈ-M and COIN-M futures, security type of each endpoint (2026-06).
"""

from __future__ import annotations

from typing import Literal

__all__ = ["Security", "security_of", "wants_of_method"]

Security = Literal["none", "key", "signed"]

_FAMILIES = frozenset({"api", "fapi", "dapi", "papi"})
_PUBLIC = frozenset(
    {
        *("ping", "time", "exchangeInfo", "depth", "rpiDepth", "trades", "aggTrades", "klines", "uiKlines"),
        *("continuousKlines", "indexPriceKlines", "markPriceKlines", "premiumIndexKlines", "premiumIndex"),
        *("avgPrice", "fundingRate", "fundingInfo", "openInterest", "indexInfo", "assetIndex", "constituents"),
        *("insuranceBalance", "symbolAdlRisk", "tradingSchedule", "executionRules", "referencePrice"),
        *("referencePrice/calculation", "ticker", "ticker/24hr", "ticker/price", "ticker/bookTicker"),
        "ticker/tradingDay",
    }
)
_KEY_ALONE = frozenset({"userDataStream", "listen-key", "listenKey", "historicalTrades", "historicalBlockTrades"})

_SIGNED_METHODS = frozenset(
    {
        *("session.logon", "allOrders", "allOrderLists", "allAlgoOrders", "myTrades", "myPreventedMatches"),
        *("myAllocations", "myFilters", "openOrderLists.status", "userDataStream.subscribe.signature"),
    }
)
_SIGNED_FAMILIES = ("order.", "orderList.", "openOrders.", "sor.order.", "account.", "algoOrder.")
_KEYED_METHODS = frozenset({"userDataStream.start", "userDataStream.ping", "userDataStream.stop"})


def security_of(method: str, path: str) -> Security:
    """Return what a REST endpoint wants.

    A signed request to an endpoint of type NONE is refused by the exchange (-1101), so those are known by name;
    what is not known is signed.

    Args:
        method: Upper case.
        path: Without the query.
    """
    parts = path.strip("/").split("/")
    if parts[-1] in _KEY_ALONE or "userDataStream" in parts:
        return "key"
    if method != "GET":
        return "signed"
    tail = "/".join(parts[2:])
    if parts[0] in _FAMILIES and tail in _PUBLIC:
        return "none"
    if parts[:2] == ["futures", "data"] or (parts[0] == "sapi" and tail == "system/status"):
        return "none"
    return "signed"


def wants_of_method(method: str) -> Security:
    """Return what a method of the WebSocket API wants; a version in front of the name, ``v2/``, counts for nothing."""
    version, slash, name = method.partition("/")
    if not (slash and version[:1] == "v" and version[1:].isdigit()):
        name = method
    if name in _SIGNED_METHODS or name.startswith(_SIGNED_FAMILIES):
        return "signed"
    return "key" if name in _KEYED_METHODS else "none"
