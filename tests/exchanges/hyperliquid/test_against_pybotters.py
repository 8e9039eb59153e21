"""The same records through both libraries: the same rows, save for what docs/exchanges/hyperliquid.md names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.record import Record
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import NOW, Sent, ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"
APIS = {
    "hyperliquid": ["0x0123456789012345678901234567890123456789012345678901234567890123"],
    "hyperliquid_testnet": ["0x0123456789012345678901234567890123456789012345678901234567890123"],
}
STORES = [
    "allMids",
    "notification",
    "webData2",
    "candle",
    "l2Book",
    "trades",
    "orderUpdates",
    "userEvents",
    "userFills",
    "userFundings",
    "userNonFundingLedgerUpdates",
    "activeAssetCtx",
    "activeAssetData",
    "userTwapSliceFills",
    "userTwapHistory",
    "bbo",
]

KEYED = frozenset({"webData2", "activeAssetData"})
"""Stores whose rows have a user in the reference too."""


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that the page names."""
    if store == "orderUpdates" and row["status"] == "triggered":  # difference 2: it is not gone
        return None
    if store == "activeAssetCtx" and "circulatingSupply" in row:  # difference 4: spot contexts
        return None
    return {name: value for name, value in row.items() if name != "user" or store in KEYED}  # difference 5


def skip(record: Record) -> int | None:
    """The reference takes no answers of requests, and keeps what a snapshot repeats."""
    if record.kind == "rest":
        return 8
    return 3 if '"isSnapshot": true' in record.data else None


PAIRINGS = {
    "hyperliquid": Pairing(
        ours=rxbotters.HyperliquidDataStore,
        theirs=pybotters.HyperliquidDataStore,
        stores=STORES,
        page="hyperliquid",
        canonical=canonical,
        differs={**dict.fromkeys(STORES, 5), "orderUpdates": 2, "activeAssetCtx": 4},
        sorts={"l2Book": 1, "orderUpdates": 2},
        skip=skip,
        books=("l2Book",),
    )
}


@pytest.mark.parametrize(("file", "least"), [("synthetic.jsonl.gz", 300), ("samples.jsonl", 10)])
async def test_the_same_rows_as_the_reference(file: str, least: int) -> None:
    seen = await compare(PAIRINGS["hyperliquid"], DATA / file)

    assert seen["ws"] >= least


async def test_every_recorded_answer_is_taken_or_refused_by_name() -> None:
    """The requests whose answers fill stores: all of the recording but those of types that no store wants."""
    from rxbotters.record import read_records
    from tests.exchanges.compare import Answer, awaitable

    store = rxbotters.HyperliquidDataStore()
    refused = []
    for record in read_records(DATA / "rest.jsonl.gz"):
        try:
            await store.initialize(awaitable(Answer(record)))
        except rxbotters.errors.SnapshotError as error:  # type: ignore[attr-defined]
            refused.append(str(error).partition("type ")[2].partition(";")[0])

    assert refused == ["'meta'", "'fundingHistory'", "'userFunding'", "'historicalOrders'"]
    assert len(store.order_updates) > 100
    assert (len(store.l2_book), len(store.clearinghouse_state)) == (40, 1)
    assert (len(store.candle), len(store.all_mids)) == (24, 28)


# ---------------------------------------------------------------------- requests

HOST, TESTNET = "https://api.hyperliquid.xyz", "https://api.hyperliquid-testnet.xyz"
ORDER = {
    "type": "order",
    "orders": [{"a": 1, "b": True, "p": "100", "s": "100", "r": False, "t": {"limit": {"tif": "Gtc"}}}],
    "grouping": "na",
}
SEND = {
    "type": "usdSend",
    "hyperliquidChain": "Testnet",
    "signatureChainId": "0x66eee",
    "destination": "0x5e9ee1089755c3435139848e47e6635505d5a13a",
    "amount": "1",
    "time": 1700000000123,
}
CALLS = [
    ("POST", f"{HOST}/exchange", {"data": {"action": ORDER}}),
    ("POST", f"{TESTNET}/exchange", {"data": {"action": ORDER}}),
    ("POST", f"{HOST}/exchange", {"data": {"action": {"type": "setReferrer", "code": "注文 é \u2028"}}}),
    ("POST", f"{HOST}/exchange", {"data": {"action": {"type": "x", "deep": [{"a": [1.5, -3, None]}, {}]}, "nonce": 5}}),
    ("POST", f"{HOST}/exchange", {"data": {"action": ORDER, "vaultAddress": None}}),
    (
        "POST",
        f"{HOST}/exchange",
        {
            "data": {
                "action": {"type": "cancel", "cancels": [{"a": 1, "o": 123}]},
                "vaultAddress": "0x1719884eb866cb12b2287399b15f7db5e7d775ea",
                "expiresAfter": 1700000060000,
            }
        },
    ),
    ("POST", f"{TESTNET}/exchange", {"data": {"action": SEND}}),
    ("POST", f"{HOST}/exchange", {"data": {"action": ORDER}, "params": {"q": "é 1+1"}}),
    ("PUT", f"{HOST}/other", {"data": {"action": ORDER}}),
    ("POST", f"{HOST}/info", {"data": {"type": "openOrders", "user": "0xAB"}}),
    ("POST", f"{TESTNET}/info", {"data": {"type": "meta"}}),
]


def wire(sent: Sent) -> tuple[Any, ...]:
    return sent.method, sent.target, sent.body, sent.header("Content-Type")


@pytest.mark.parametrize(("method", "url", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, url: str, arguments: dict[str, Any]) -> None:
    import copy

    reference = await theirs(APIS, method, url, **copy.deepcopy(arguments))

    assert wire(ours(APIS, method, url, **arguments)) == wire(reference)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_requests_without_a_body_go_out_as_they_are(method: str) -> None:
    """Difference 6: the reference signs, and fails, where there is nothing to sign."""
    sent = ours(APIS, method, f"{HOST}/info", params={"a": "b c"})

    assert (sent.method, sent.target, sent.body) == (method, "/info?a=b+c", b"")
    assert NOW == 1_700_000_000.123
