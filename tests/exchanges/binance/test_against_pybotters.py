"""The same records and requests through both libraries, save for what docs/exchanges/binance.md names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.record import Record, read_records
from tests.exchanges.compare import Answer, Pairing, awaitable, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"
MARKET = ["trade", "kline", "ticker", "bookticker", "orderbook", "order"]
FUTURES = [*MARKET, "markprice", "continuouskline", "liquidation", "balance", "position"]
FEW = ("BCHUSD_PERP", "BTCUSD_211231", "LINKUSD_211231", "EOSUSD_PERP")
REPLACED = (
    "/account",
    "/balance",
    "/positionRisk",
    "/openOrderList",
    "/klines",
    "/indexPriceKlines",
    "/markPriceKlines",
)


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences of the docs page."""
    plain = dict(row)
    if store == "position" and not float(row["pa"]):  # difference 5: a flat position is no row
        return None
    if store in ("balance", "position"):  # difference 6: what REST does not say is None, not missing
        return {name: value for name, value in plain.items() if value is not None}
    if "kline" in store and plain.get("f") is None:  # difference 7: the newest candle of an answer may be running
        del plain["x"]
    if store == "order" and "e" not in plain:  # difference 4: REST rows of spot say their status
        plain.pop("X", None)
    return plain


def skip(record: Record) -> int | None:
    """Return the number of the docs page that a record shows."""
    text, synthetic = record.data, 1_699_000_000 < record.time < 1_701_000_000
    if record.kind == "rest":
        if "listenKey" in record.url:  # the reference needs a client to go with it
            return 12
        if synthetic and "/depth" in record.url:  # no diffs follow it, and older ones come later
            return 1
        if record.url.partition("?")[0].endswith(REPLACED):  # see the tests below
            return 7 if "lines" in record.url else 3
        if '"lastUpdateId": 1027024' in text and "fapi" in record.url:  # a sample among diffs of another book
            return 1
        capped = "dapi" in record.url and '"T":162691' in text and not any(name in record.url for name in FEW)
        return 2 if capped else None
    if synthetic and "depthUpdate" in text:  # made-up books are crossed: emptied
        return 1
    if '"subscriptionId"' in text:
        return 8
    if "@arr" in text or text.startswith("["):
        return 9
    return 10 if record.time < 1000 and "executionReport" in text else None  # samples of one order in no order


DIFFERS = {
    "position": 5,
    "balance": 6,
    "order": 4,
    **dict.fromkeys(("kline", "continuouskline", "indexpricekline", "markpricekline"), 7),
}


def pairing(name: str, *more: str) -> Pairing:
    return Pairing(
        ours=getattr(rxbotters, name),
        theirs=getattr(pybotters, name),
        stores=[*(MARKET if "Spot" in name else FUTURES), *more],
        page="binance",
        canonical=canonical,
        differs=DIFFERS,
        sorts={"orderbook": "rows 1"},
        skip=skip,
        books=("orderbook",),
        every=29,
    )


PAIRINGS = {
    "binance_spot": pairing("BinanceSpotDataStore", "account", "ocoorder"),
    "binance_usdm": pairing("BinanceUSDSMDataStore", "compositeindex"),
    "binance_coinm": pairing("BinanceCOINMDataStore", "indexprice", "indexpricekline", "markpricekline"),
}


@pytest.mark.parametrize("path", sorted(DATA.glob("*.gz")), ids=lambda path: path.name.partition(".")[0])
async def test_the_same_rows_as_the_reference(path: Path) -> None:
    seen = await compare(PAIRINGS[f"binance_{path.name.partition('-')[0]}"], path)

    assert seen["ws"] > (10 if "samples" in path.name else 100)
    assert not seen["errors of theirs"]
    assert "samples" in path.name or not seen["errors of ours"]


REST_ROWS = [
    (name, record)
    for name in ("spot", "usdm", "coinm")
    for record in read_records(DATA / f"{name}-synthetic.jsonl.gz")
    if record.kind == "rest" and "listenKey" not in record.url
]


async def test_one_rest_answer_gives_the_same_rows_as_the_reference() -> None:
    """Into empty stores, where nothing is replaced."""
    filled = 0
    for name, record in REST_ROWS:
        pair = PAIRINGS[f"binance_{name}"]
        mine, other = pair.both()
        await mine.initialize(awaitable(Answer(record)))
        await other.initialize(awaitable(Answer(record)))
        for store in pair.names():
            left, right = pair.rows(store, mine[store].find()), pair.rows(store, other[store].find())
            crossed = store == "orderbook" and not left and right
            assert crossed or left == right, f"{record.url}: {store}"
            filled += bool(left)

    assert filled > 100


def test_the_reference_has_no_store_that_is_missing_here() -> None:
    """C1: names, keys and caps."""
    for pair in PAIRINGS.values():
        mine, other = pair.both()
        for name, store in other._stores.items():
            assert (tuple(store._keys), store._MAXLEN) == (tuple(mine[name]._keys), mine[name]._MAXLEN), name
        assert mine.listenkey is None
        assert other.listenkey is None


SPOT, USDM, COINM = "https://api.binance.com", "https://fapi.binance.com", "https://dapi.binance.com"
BATCH = '[{"symbol":"BTCUSDT","side":"BUY","quantity":"0.001"},{"symbol":"注文"}]'
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{SPOT}/api/v3/openOrders", {"params": {"symbol": "BTCUSDT", "recvWindow": 5000}}),
    ("GET", f"{SPOT}/api/v3/account?omitZeroBalances=true", {}),
    ("GET", f"{SPOT}/api/v3/account?a=+b&c=%2F", {"params": {"d": "x y", "e": ["1", "2"], "f": 3}}),
    (
        "GET",
        f"{SPOT}/api/v3/allOrders",
        {"params": {"symbol": "１２３４５６", "x": "日本", "y": "1+1", "z": '["a","b"]'}},
    ),
    ("POST", f"{SPOT}/api/v3/order", {"data": {"symbol": "BTCUSDT", "quantity": 0.01, "price": 30000}}),
    ("POST", f"{SPOT}/api/v3/order", {"data": {"newClientOrderId": "a b:c,d", "note": "注文"}}),
    ("POST", f"{SPOT}/api/v3/order/test", {}),
    ("POST", f"{SPOT}/api/v3/order", {"data": {}, "params": {"symbol": "BTCUSDT"}}),
    ("POST", f"{USDM}/fapi/v1/order", {"params": {"symbol": "BTCUSDT", "side": "BUY"}, "data": {"type": "MARKET"}}),
    ("POST", f"{USDM}/fapi/v1/batchOrders", {"data": {"batchOrders": BATCH}}),
    ("POST", f"{USDM}/fapi/v1/listenKey", {}),
    ("PUT", f"{USDM}/fapi/v1/listenKey", {}),
    ("DELETE", f"{USDM}/fapi/v1/listenKey", {}),
    ("PUT", f"{USDM}/fapi/v1/order", {"data": {"symbol": "BTCUSDT", "orderId": 1}, "params": {"side": "BUY"}}),
    ("DELETE", f"{COINM}/dapi/v1/order", {"data": {"symbol": "BTCUSD_PERP", "orderId": 42}}),
    ("DELETE", f"{COINM}/dapi/v1/order", {"params": {"symbol": "BTCUSD_PERP", "orderId": 42}}),
    ("GET", "https://testnet.binance.vision/api/v3/account", {}),
    ("DELETE", "https://testnet.binancefuture.com/fapi/v1/allOpenOrders", {"params": {"symbol": "BTCUSDT"}}),
]
APIS = {
    name: [f"{name}-key-0123456789", f"{name}-secret-0123456789"]
    for name in ("binance", "binancespot_testnet", "binancefuture_testnet")
}


@pytest.mark.parametrize(("method", "url", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, url: str, arguments: dict[str, Any]) -> None:
    reference = await theirs(APIS, method, url, **arguments)
    sent = ours(APIS, method, url, **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    assert sent.header("X-MBX-APIKEY") == reference.header("X-MBX-APIKEY")
    assert sent.header("X-MBX-APIKEY") is not None
    if sent.body:
        assert sent.header("Content-Type") == reference.header("Content-Type")


async def test_a_public_request_differs() -> None:
    """Difference 11: the reference signs it, and the exchange refuses that."""
    url, params = f"{SPOT}/api/v3/ticker/price", {"symbols": '["BTCUSDT","ETHUSDT"]'}

    reference = await theirs(APIS, "GET", url, params=params)
    sent = ours(APIS, "GET", url, params=params)

    assert sent.target == reference.target.partition("&timestamp=")[0]
    assert sent.header("X-MBX-APIKEY") is None
