"""The same records through both libraries: the same rows, save for what docs/exchanges/bitbank.md names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.record import Record
from rxbotters.wire import loads
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"


class OddDiffs:
    """The reference shows diffs of a pair that has no whole book yet, and with the next whole book it applies a late diff
    over a younger one."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def __call__(self, record: Record) -> int | None:
        if record.data.startswith("0{"):
            self.last.clear()
        if not record.data.startswith("42"):
            return None
        _, body = loads(record.data[2:])
        kind, _, pair = body["room_name"].partition("_")[2].partition("_")
        data = body["message"]["data"]
        if kind == "whole":
            self.last.setdefault(pair, 0)
        if kind != "diff":
            return None
        number, last = int(data["s"]), self.last.get(pair)
        if last is None:
            return 1
        if number <= last:
            return 2
        self.last[pair] = number
        return None


STAGES = {"INACTIVE": 0, "UNFILLED": 1, "PARTIALLY_FILLED": 2}


class OddOrders:
    """The reference deletes stop orders that wait, turns the status of an order back, and empties stores for an answer
    without rows."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, Decimal]] = {}

    def __call__(self, record: Record) -> int | None:
        message = record.message
        if record.kind == "rest":
            if record.url.endswith("active_orders") and message["success"] == 1:
                self.known.update({row["order_id"]: self.place(row) for row in message["data"]["orders"]})
            return 9 if message["success"] == 1 and not message["data"] else None
        if message["method"] == "spot_order_invalidation":
            self.known.update({number: (3, Decimal()) for number in message["params"]["order_id"]})
        if message["method"] not in ("spot_order_new", "spot_order"):
            return None
        places = [(row["order_id"], self.place(row)) for row in message["params"]]
        odd, known = None, dict(self.known)
        for number, place in sorted(places, key=lambda pair: pair[1][0] != 3):  # the ended first, as both take them
            if place[0] == 0:
                odd = odd or 4
            elif place < known.get(number, (0, Decimal("-inf"))):
                odd = odd or 5
            known[number] = place
        if not odd:
            self.known = known
        return odd

    @staticmethod
    def place(row: Mapping[str, Any]) -> tuple[int, Decimal]:
        stage = STAGES.get(row["status"], 3)
        return stage, -Decimal(row["remaining_amount"]) if stage < 3 else Decimal()


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that docs/exchanges/bitbank.md names."""
    if store == "margin_payable":  # 6: the reference never stores one
        return None
    if store == "margin_position":  # 7: both names of a field
        return {
            name: value
            for name, value in row.items()
            if name not in ("open", "locked", "unrealized_fee", "unrealized_interest")
        }
    return dict(row)


PAIRINGS = {
    "bitbank": Pairing(
        ours=rxbotters.bitbankDataStore,
        theirs=pybotters.bitbankDataStore,
        stores=["transactions", "depth", "ticker"],
        page="bitbank",
        sorts={"depth": 3},
        raw=True,
        books=("depth",),
        skip=OddDiffs(),
    ),
    "bitbank_private": Pairing(
        ours=rxbotters.bitbankPrivateDataStore,
        theirs=pybotters.bitbankPrivateDataStore,
        stores=[
            "asset",
            "spot_order",
            "spot_trade",
            "dealer_order",
            "withdrawal",
            "deposit",
            "margin_position",
            "margin_payable",
            "margin_notice",
        ],
        page="bitbank",
        canonical=canonical,
        differs={"margin_payable": 6, "margin_position": 7},
        sums={"asset": "rows 4", "spot_order": "rows 4", "margin_position": "rows 4"},
        skip=OddOrders(),
    ),
}


@pytest.mark.parametrize(("name", "file"), [("bitbank", "public"), ("bitbank_private", "private")])
async def test_the_same_rows_as_the_reference(name: str, file: str) -> None:
    seen = await compare(PAIRINGS[name], DATA / f"{file}.jsonl.gz")

    assert seen["ws"] > 300
    assert seen["skipped"] < 70
    assert not seen["errors of ours"]


CALLS = [
    ("GET", "/v1/user/spot/active_orders", {"params": {"pair": "btc_jpy", "count": 10}}),
    ("GET", "/v1/user/spot/order?pair=btc_jpy&order_id=1", {}),
    ("GET", "/v1/user/x", {"params": {"a": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("GET", "/v1/user/assets", {"headers": {"ACCESS-TIME-WINDOW": "1000"}}),
    ("POST", "/v1/user/spot/order", {"data": {"pair": "btc_jpy", "amount": "0.01", "post_only": True, "note": "注文"}}),
    ("POST", "/v1/user/spot/cancel_orders", {"data": {"pair": "btc_jpy", "order_ids": [1, 2], "nested": {"a": None}}}),
    ("POST", "/v1/user/x", {"data": {}}),
    ("POST", "/v1/user/x", {}),
    ("PUT", "/v1/user/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "/v1/user/x", {}),
]


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, path: str, arguments: dict[str, Any]) -> None:
    apis = {"bitbank": ["bbkey-0123-4567-89ab", "bbsecretbbsecretbbsecretbbsecret0123"]}

    reference = await theirs(apis, method, f"https://api.bitbank.cc{path}", **arguments)
    sent = ours(apis, method, f"https://api.bitbank.cc{path}", **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in ("ACCESS-KEY", "ACCESS-REQUEST-TIME", "ACCESS-TIME-WINDOW", "ACCESS-SIGNATURE"):
        assert sent.header(name) == reference.header(name)
    if sent.body:
        assert sent.header("Content-Type") == reference.header("Content-Type")


async def test_requests_without_keys_are_the_same() -> None:
    url = "https://public.bitbank.cc/btc_jpy/ticker"

    reference, sent = await theirs({}, "GET", url), ours({}, "GET", url)

    assert (sent.target, sent.header("ACCESS-KEY")) == (reference.target, None)
