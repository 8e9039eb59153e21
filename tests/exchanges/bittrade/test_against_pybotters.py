"""pybotters has no stores for BitTrade: its requests are compared byte by byte, and the books with the plainest of folds."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

import rxbotters
from rxbotters.exchanges.bittrade.frames import GZIPPED
from rxbotters.record import read_records
from rxbotters_operators.events import Live
from tests.exchanges.common import heard
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

DATA = Path(__file__).parent / "data"
APIS = {"bittrade": ["btkey-0000-1111-2222-33333", "btsecret-aaaa-bbbb-cccc-ddddd"]}


class Rows(list[dict[str, Any]]):
    def find(self) -> list[dict[str, Any]]:
        return self


class Plain:
    """What the documentation says, in dicts: a book replaces the one before it, a trade is added once."""

    def __init__(self) -> None:
        self.books: dict[str, Mapping[str, Any]] = {}
        self.trades: dict[int, dict[str, Any]] = {}

    def __getitem__(self, name: str) -> Rows:
        if name == "trade":
            return Rows(self.trades.values())
        return Rows(
            {"symbol": symbol, "side": side, "price": price, "amount": amount}
            for symbol, book in self.books.items()
            for side in ("asks", "bids")
            for price, amount in book[side]
        )

    def onmessage(self, message: Mapping[str, Any], _: Any) -> None:
        match str(message.get("ch")).split("."):
            case ["market", symbol, "depth", "step0" | "step1"]:  # no symbol has both in these recordings
                self.books[symbol] = message["tick"]
            case ["market", symbol, "trade", "detail"]:
                self.trades |= {trade["tradeId"]: {"symbol": symbol, **trade} for trade in message["tick"]["data"]}
            case _:
                pass


PAIRINGS = {"huobi_for_bittrade": Pairing(ours=rxbotters.BitTradeDataStore, page="bittrade", alone=8)}
PLAIN = Pairing(
    ours=rxbotters.BitTradeDataStore,
    theirs=Plain,
    stores=["depth", "trade"],
    sorts=frozenset({"depth"}),
    # Derivatives, which BitTrade does not have, write their channels in capitals.
    skip=lambda record: any(letter.isupper() for letter in str(record.message.get("ch", ""))),
)


@pytest.mark.parametrize(
    ("name", "number"),
    [("huobi-2021-04", 217), ("samples-htx.net-spot", 19), ("samples-crypto-msg-parser", 9)],
)
async def test_the_same_rows_as_the_plainest_of_folds(name: str, number: int) -> None:
    """C46."""
    seen = await compare(PLAIN, DATA / f"{name}.jsonl.gz")

    assert seen["ws"] == number
    assert not seen["errors of ours"]
    assert not seen["errors of theirs"]


def test_the_recording_as_it_was_on_the_wire() -> None:
    """Defect 4: gzip, frame by frame; pings and acknowledgements among them."""
    store = rxbotters.BitTradeDataStore()
    errors = heard(store)
    for record in read_records(DATA / "huobi-2021-04.jsonl.gz"):
        store.onmessage(GZIPPED.decode(gzip.compress(record.data.encode())))

    assert list(store.depth.instruments.values()) == [Live()] * 10
    assert all(0 < len(side) <= 150 for symbol in store.depth.instruments for side in store.depth.depth(symbol))
    assert not errors
    assert not store.unhandled


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v1/order/openOrders", {"params": {"account-id": "1000001", "symbol": "btcjpy", "size": "10"}}),
    ("GET", "/v1/account/accounts", {}),
    ("GET", "/v1/account/accounts/1000001/balance", {}),
    ("GET", "/v1/order/orders?symbol=btcjpy&states=filled%2Ccanceled", {}),
    ("GET", "/v1/x", {"params": {"a": "日本", "b": "1+1", "c": "~*-_.", "d": "x/y:z", "e": "", "B": "=&?#"}}),
    ("GET", "/v1/x", {"params": {"f": ["2", "1"], "g": 3}}),
    (
        "POST",
        "/v1/order/orders/place",
        {
            "data": {
                "account-id": "1000001",
                "symbol": "btcjpy",
                "type": "buy-limit",
                "amount": "0.001",
                "price": "5000000",
            }
        },
    ),
    ("POST", "/v1/order/orders/batchcancel", {"data": {"order-ids": ["1", "2", {"a": [None, True]}]}}),
    ("POST", "/v1/order/orders/1/submitcancel", {}),
    ("POST", "/v1/retail/order/place", {"data": {"id": "79", "note": "注文"}, "params": {"b": "2"}}),
    ("PUT", "/v1/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "/v1/x", {}),
    ("DELETE", "/v1/x", {"data": {"a": 1}}),
]


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, path: str, arguments: dict[str, Any]) -> None:
    url = f"https://api-cloud.bittrade.co.jp{path}"

    reference = await theirs(APIS, method, url, **arguments)
    sent = ours(APIS, method, url, **arguments)

    assert "Signature=" in sent.target
    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    if method != "POST" or arguments:  # what has no body needs no Content-Type
        assert sent.header("Content-Type") == reference.header("Content-Type")


async def test_a_space_is_signed_as_the_exchange_signs_it() -> None:
    """Defect 7: the one difference of signatures."""
    url = "https://api-cloud.bittrade.co.jp/v1/x"

    reference = await theirs(APIS, "GET", url, params={"a": "b c"})
    sent = ours(APIS, "GET", url, params={"a": "b c"})

    here, there = (URL(f"https://x.example{one.target}", encoded=True).query for one in (sent, reference))
    assert {**here, "Signature": ""} == {**there, "Signature": ""}
    assert here["Signature"] != there["Signature"]


@pytest.mark.parametrize("path", ["/market/depth?symbol=btcjpy&type=step0", "/v1/common/symbols"])
async def test_public_requests_carry_the_key_in_the_reference_only(path: str) -> None:
    """Defect 5."""
    url = f"https://api-cloud.bittrade.co.jp{path}"

    reference = await theirs(APIS, "GET", url)
    sent = ours(APIS, "GET", url)

    assert "AccessKeyId" in reference.target
    assert sent.target == path
