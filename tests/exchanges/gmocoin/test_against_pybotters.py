"""The same records and requests through both libraries: equal, save for what docs/exchanges/gmocoin.md names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.record import Record
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"
STORES = ["ticker", "orderbooks", "trades", "orders", "positions", "executions", "position_summary"]
BOTH_NAMES = frozenset({"executionSize", "executionPrice", "executionTimestamp", "size", "price", "timestamp"})


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without differences 1 and 2: both sets of names, and orders that a fill alone made."""
    if store == "executions":
        return {name: value for name, value in row.items() if name not in BOTH_NAMES}
    if store == "orders":
        return {"orderId": row["orderId"]} if "orderStatus" in row or "status" in row else None
    return dict(row)


def skip(record: Record) -> int | None:
    """An answer replaces; the reference only adds."""
    return 4 if record.kind == "rest" and "latestExecutions" not in record.url else None


PAIRINGS = {
    "gmocoin": Pairing(
        ours=rxbotters.GMOCoinDataStore,
        theirs=pybotters.GMOCoinDataStore,
        stores=STORES,
        page="gmocoin",
        canonical=canonical,
        differs={"executions": 1, "orders": 2},
        sorts={"orderbooks": "rows 1"},
        calls={"executions": 1},
        skip=skip,
        books=("orderbooks",),
    )
}


async def test_the_same_rows_as_the_reference() -> None:
    seen = await compare(PAIRINGS["gmocoin"], DATA / "synthetic.jsonl.gz")

    assert seen["ws"] > 350
    assert seen["errors of ours"] == 11  # messages of refusal: difference 7


APIS = {"gmocoin": ["GMOKEY0123456789abcdef", "gmosecretgmosecretgmosecret0123456789"]}
ORDER = {"symbol": "BTC_JPY", "side": "BUY", "executionType": "LIMIT", "price": "5000000", "size": "0.01"}
CALLS = [
    ("GET", "/private/v1/activeOrders", {"params": {"symbol": "BTC_JPY", "page": "1", "count": "100"}}),
    ("GET", "/private/v1/activeOrders?symbol=BTC", {}),
    ("GET", "/private/v1/x", {"params": {"a": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("POST", "/private/v1/order", {"data": ORDER}),
    ("POST", "/private/v1/order", {"data": {"note": "注文", "nested": [{"a": None}], "size": 0.01}}),
    ("POST", "/private/v1/ws-auth", {}),
    ("POST", "/private/v1/ws-auth", {"data": {}}),
    ("PUT", "/private/v1/ws-auth", {"data": {"token": "abc"}}),
    ("DELETE", "/private/v1/ws-auth", {"data": {"token": "abc"}}),
]


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, path: str, arguments: dict[str, Any]) -> None:
    reference = await theirs(APIS, method, f"https://api.coin.z.com{path}", **arguments)
    sent = ours(APIS, method, f"https://api.coin.z.com{path}", **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in ("API-KEY", "API-TIMESTAMP", "API-SIGN"):
        assert sent.header(name) == reference.header(name)


async def test_public_requests_carry_no_key() -> None:
    """Difference 8."""
    reference = await theirs(APIS, "GET", "https://api.coin.z.com/public/v1/ticker", params={"symbol": "BTC"})
    sent = ours(APIS, "GET", "https://api.coin.z.com/public/v1/ticker", params={"symbol": "BTC"})

    assert sent.target == reference.target
    assert reference.header("API-KEY") is not None
    assert sent.header("API-KEY") is sent.header("API-SIGN") is None
