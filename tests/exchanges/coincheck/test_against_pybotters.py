"""The same records through both libraries: the same rows, save for what docs/exchanges/coincheck.md names."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

import rxbotters
from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.coincheck.signing import sign
from rxbotters.record import Record, read_records
from rxbotters.wire import Request, Secret
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"


class OddDiffs:
    """The reference shows plain diffs of a pair that has no snapshot yet, and with the next snapshot it forgets a numbered
    diff that came late."""

    def __init__(self) -> None:
        self.time = 0.0
        self.whole: set[str] = set()
        self.last: dict[str, int] = {}

    def __call__(self, record: Record) -> int | None:
        if record.time < self.time:
            self.whole.clear()
            self.last.clear()
        self.time = record.time
        if record.kind == "rest":
            if record.url.partition("?")[0].endswith("/api/order_books"):
                self.whole.add(URL(record.url).query.get("pair") or record.message.get("pair") or "btc_jpy")
            return None
        match record.message:
            case [str(pair), {"asks": _}]:
                return None if pair in self.whole else 1
            case [str(pair), {"sequence_number": number}]:
                late = int(number) <= self.last.get(pair, 0)
                self.last[pair] = max(int(number), self.last.get(pair, 0))
                return 2 if late else None
            case _:
                return None


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that docs/exchanges/coincheck.md names."""
    if store == "trades":  # 5: the ninth element is kept
        return {name: value for name, value in row.items() if name != "itayose_id"}
    if store == "order-events":  # 7: every row has every field
        return {name: value for name, value in row.items() if value is not None}
    return dict(row)


PAIRINGS = {
    "coincheck": Pairing(
        ours=rxbotters.CoincheckDataStore,
        theirs=pybotters.CoincheckDataStore,
        stores=["trades", "orderbook"],
        page="coincheck",
        canonical=canonical,
        differs={"trades": 5},
        sorts={"orderbook": 3},
        books=("orderbook",),
        skip=OddDiffs(),
    ),
    "coincheck_private": Pairing(
        ours=rxbotters.CoincheckPrivateDataStore,
        theirs=pybotters.CoincheckPrivateDataStore,
        stores=["order-events", "execution-events"],
        page="coincheck",
        canonical=canonical,
        differs={"order-events": 7},
    ),
}


@pytest.mark.parametrize(
    ("name", "file", "messages"),
    [("coincheck", "public", 300), ("coincheck", "samples", 1), ("coincheck_private", "private", 250)],
)
async def test_the_same_rows_as_the_reference(name: str, file: str, messages: int) -> None:
    seen = await compare(PAIRINGS[name], DATA / f"{file}.jsonl.gz")

    assert seen["ws"] > messages
    assert seen["skipped"] < 60


async def test_the_same_orders_once_their_answers_are_fed() -> None:
    """The whole life of orders: answers are fed to both, events fall on known orders."""
    mine, other = rxbotters.CoincheckPrivateDataStore(), pybotters.CoincheckPrivateDataStore()
    mine.errors.subscribe(lambda error: None)
    fed: set[int] = set()
    seen = 0
    for record in read_records(DATA / "private.jsonl.gz"):
        message = record.message
        if record.kind == "rest":
            if record.url.endswith("/api/exchange/orders") and message.get("success"):
                fed.add(message["id"])
                mine.order.feed_response(message)
                other.order.feed_response(dict(message))
            continue
        if not isinstance(message, dict) or message.get("id") not in fed:
            continue
        mine.onmessage(message)
        try:
            other.onmessage(message, None)
        except TypeError:
            continue  # 8: it fails on a fill of an order whose rest is unknown
        await asyncio.sleep(0)
        seen += 1
        rows = [[canonical("order-events", row) for row in store.order.find()] for store in (mine, other)]
        assert rows[0] == rows[1]

    assert seen > 50
    assert mine.order.find()


CALLS = [
    ("GET", "/api/exchange/orders/transactions_pagination", {"params": {"limit": 10, "order": "desc"}}),
    ("GET", "/api/order_books?pair=btc_jpy", {}),
    ("GET", "/api/x", {"params": {"a": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    (
        "POST",
        "/api/exchange/orders",
        {"data": {"pair": "btc_jpy", "order_type": "buy", "rate": 5000000.0, "amount": "0.01"}},
    ),
    ("POST", "/api/x", {"data": {"note": "注文 1+1&=", "list": ["1", "2"]}}),
    ("POST", "/api/x", {"data": {}}),
    ("POST", "/api/x", {}),
    ("PUT", "/api/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "/api/exchange/orders/12345", {}),
]


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, path: str, arguments: dict[str, Any]) -> None:
    apis = {"coincheck": ["CCKEY0123456789", "ccsecretccsecretccsecret0123456789"]}

    reference = await theirs(apis, method, f"https://coincheck.com{path}", **arguments)
    sent = ours(apis, method, f"https://coincheck.com{path}", **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    assert sent.header("ACCESS-KEY") == reference.header("ACCESS-KEY")
    assert sent.header("ACCESS-NONCE") == reference.header("ACCESS-NONCE")
    if sent.body:
        assert sent.header("Content-Type") == reference.header("Content-Type")
    # The url is signed with its scheme, and the reference was sent over http to the loopback server.
    request = Request(method, URL(f"http://coincheck.com{sent.target}", encoded=True), {}, sent.body)
    key, secret = apis["coincheck"]
    stamp = Stamp(1700000000123, lambda: "", lambda: 1700000000123)
    signed = sign(request, Credentials("coincheck", key, Secret(secret.encode())), stamp)
    assert signed.headers["ACCESS-SIGNATURE"] == reference.header("ACCESS-SIGNATURE")
