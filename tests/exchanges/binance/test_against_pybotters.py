"""x"""

from __future__ import annotations

import warnings

import rxbotters
from tests.exchanges.compare import Pairing

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

M = ["trade", "kline", "ticker", "bookticker", "orderbook", "order"]
F = [*M, "markprice", "continuouskline", "liquidation", "balance", "position"]
KEPT = ("BCHUSD_PERP", "BTCUSD_211231", "LINKUSD_211231", "EOSUSD_PERP")


def canonical(store, row):
    if store == "position" and not float(row["pa"]):
        return None
    plain = dict(row)
    if store in ("balance", "position"):
        plain = {k: v for k, v in plain.items() if v is not None}
    if "kline" in store and plain.get("f") is None:
        plain.pop("x", None)
    if store == "order" and "e" not in plain:
        plain.pop("X", None)
    return plain


def skip(record):
    d = record.data
    synthetic = 1_699_000_000 < record.time < 1_701_000_000
    if synthetic and ("depthUpdate" in d or "/depth" in record.url):
        return True
    if any(x in record.url for x in ("/account", "/positionRisk", "/balance", "lines?", "/openOrderList")):
        return True
    if '"subscriptionId"' in d:
        return True
    if (d.startswith("[") and record.kind == "ws") or "@arr" in d:
        return True
    if '"lastUpdateId": 1027024' in d and "fapi" in record.url:
        return True
    if record.time < 1000 and "executionReport" in d:
        return True
    if (
        record.host in ("dstream.binance.com", "dapi.binance.com")
        and "162691" in d
        and not any(k in d or k.lower() in record.url.lower() for k in KEPT)
    ):
        return True
    return False


PAIRINGS = {
    "binance_spot": Pairing(
        ours=rxbotters.BinanceSpotDataStore,
        theirs=pybotters.BinanceSpotDataStore,
        stores=[*M, "account", "ocoorder"],
        sorts=frozenset({"orderbook"}),
        books=("orderbook",),
        canonical=canonical,
        skip=skip,
    ),
    "binance_usdm": Pairing(
        ours=rxbotters.BinanceUSDSMDataStore,
        theirs=pybotters.BinanceUSDSMDataStore,
        stores=[*F, "compositeindex"],
        sorts=frozenset({"orderbook"}),
        books=("orderbook",),
        canonical=canonical,
        skip=skip,
    ),
    "binance_coinm": Pairing(
        ours=rxbotters.BinanceCOINMDataStore,
        theirs=pybotters.BinanceCOINMDataStore,
        stores=[*F, "indexprice", "indexpricekline", "markpricekline"],
        sorts=frozenset({"orderbook"}),
        books=("orderbook",),
        canonical=canonical,
        skip=skip,
    ),
}
