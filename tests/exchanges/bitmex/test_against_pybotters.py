"""The same records through both libraries: the same rows, save for what docs/exchanges/bitmex.md names."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.exchanges.bitmex.signing import signature
from rxbotters.record import Record, read_records
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import Sent, ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"
APIS = {"bitmex": ["test-key", "test-secret"], "bitmex_testnet": ["test-key-2", "test-secret-2"]}
STORES = [
    "funding",
    "instrument",
    "insurance",
    "liquidation",
    "orderBookL2",
    "quote",
    "trade",
    "execution",
    "order",
    "margin",
    "position",
    "wallet",
]
ENDED = ("Rejected", "Expired")


class Differences:
    """What one message shows of the differences, told by the reference's rows at that moment."""

    def __init__(self) -> None:
        self.reference: Any = None
        self.seen: set[str] = set()
        self.book = ""

    def theirs(self) -> Any:
        self.reference = pybotters.BitMEXDataStore()
        self.reference.orderbook._MAXLEN = 10**6  # difference 7: their cap is one for all instruments together
        self.seen, self.book = set(), ""
        return self.reference

    def skip(self, record: Record) -> int | None:
        message: Mapping[str, Any] = record.message
        return self._number(message) if "table" in message else None

    def _number(self, message: Mapping[str, Any]) -> int | None:
        table, action, data = message["table"], message["action"], message["data"]
        is_book = table.startswith("orderBookL2")
        name = "orderBookL2" if is_book else table
        if name not in self.reference or name not in STORES:
            return 2 if table.startswith(("quotebin", "tradebin")) else 3
        store = self.reference[name]
        if action == "partial":
            image = f"{name} {message.get('filter')}"
            if image in self.seen or "keys" not in message:
                return 4 if "keys" in message else 14
            self.seen.add(image)
            self.book = table if is_book else self.book
            return None
        if not store:
            return 1
        if is_book and table != self.book:
            return 6
        if action == "delete" and not store._keys:
            return 8
        if action == "update" and not all(store.get(row) for row in data):
            return 9
        if table == "order" and any((store.get(row) or {}).get("ordStatus") in ENDED for row in data):
            return 5
        if action == "delete" and len(data) >= len(store):
            return 1
        return None


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Difference 5: orders that ended are gone."""
    return None if store == "order" and row.get("ordStatus") in ENDED else dict(row)


DIFFERENCES = Differences()
PAIRINGS = {
    "bitmex": Pairing(
        ours=rxbotters.BitMEXDataStore,
        theirs=DIFFERENCES.theirs,
        stores=STORES,
        page="bitmex",
        canonical=canonical,
        differs={"order": 5},
        sorts={"orderBookL2": 10},
        apart={f"{kind}bin{length}": 2 for kind in ("quote", "trade") for length in ("1m", "5m", "1h", "1d")},
        skip=DIFFERENCES.skip,
        books=("orderBookL2",),
        every=50,
    )
}


@pytest.mark.parametrize(
    ("file", "least"), [("recorded.jsonl.gz", 900), ("synthetic.jsonl.gz", 120), ("samples.jsonl", 1)]
)
async def test_the_same_rows_as_the_reference(file: str, least: int) -> None:
    every = 50 if file.startswith("recorded") else 1
    seen = await compare(replace(PAIRINGS["bitmex"], every=every), DATA / file)

    assert seen["ws"] >= least
    assert not seen["errors of ours"]


def test_an_order_after_an_empty_image_is_no_longer_lost() -> None:
    """Defect 1, by the reference's own side."""
    mine, other = rxbotters.BitMEXDataStore(), pybotters.BitMEXDataStore()
    for message in (
        {"table": "order", "action": "partial", "keys": ["orderID"], "filter": {"account": 1}, "data": []},
        {"table": "order", "action": "insert", "data": [{"orderID": "a", "ordStatus": "New", "account": 1}]},
    ):
        mine.onmessage(copy.deepcopy(message))
        other._onmessage(copy.deepcopy(message), None)

    assert [row["orderID"] for row in mine.order] == ["a"]
    assert not other.order.find()


async def test_the_recording_ends_with_whole_books() -> None:
    """Ten books of 11,755 levels, none crossed, every one `Live`."""
    from rxbotters_operators.events import Live

    store = rxbotters.BitMEXDataStore()
    for record in read_records(DATA / "recorded.jsonl.gz"):
        store.onmessage(record.message)

    assert len(store.orderbook.instruments) == 10
    assert all(status == Live() for status in store.orderbook.instruments.values())
    for symbol in store.orderbook.instruments:
        ask, bid = store.orderbook.best(symbol)
        assert ask is not None
        assert bid is not None
        assert ask["price"] > bid["price"]


# ---------------------------------------------------------------------- requests

HOST, TESTNET = "https://www.bitmex.com", "https://testnet.bitmex.com"
ORDER = {"symbol": "XBTUSD", "side": "Buy", "orderQty": 100, "ordType": "Limit", "price": 50000.5}
CALLS = [
    ("GET", f"{HOST}/api/v1/order", {"params": {"symbol": "XBTUSD", "filter": '{"open":true}'}}),
    ("GET", f"{HOST}/api/v1/trade?symbol=XBTUSD&count=1", {}),
    ("GET", f"{HOST}/api/v1/x", {"params": {"a": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("POST", f"{HOST}/api/v1/order", {"data": ORDER}),
    ("POST", f"{TESTNET}/api/v1/order", {"data": {"text": "注文 é&=+ x", "symbol": "XBTUSD"}}),
    ("POST", f"{HOST}/api/v1/order", {"data": {}}),
    ("PUT", f"{HOST}/api/v1/order", {"data": {"orderID": "a", "orderQty": 5}, "params": {"q": "1"}}),
    ("DELETE", f"{HOST}/api/v1/order", {"data": {"orderID": ["a", "b"]}}),
    ("DELETE", f"{HOST}/api/v1/order/all", {}),
]


def wire(sent: Sent) -> tuple[Any, ...]:
    return sent.method, sent.target, sent.body, sent.header("api-key"), sent.header("api-expires")


@pytest.mark.parametrize(("method", "url", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, url: str, arguments: dict[str, Any]) -> None:
    """With the reference's expiry, a time in the year 55840 (difference 11), everything is equal.

    The reference is asked over http here and takes that for a WebSocket: it signs ``/realtime`` instead of the path, by
    the same rule; R1 and R2 in test_signing.py are its signatures over https.
    """
    secret = APIS["bitmex_testnet" if "testnet" in url else "bitmex"][1].encode()
    reference = await theirs(APIS, method, url, **copy.deepcopy(arguments))
    expires = reference.header("api-expires") or ""

    with_theirs = ours(APIS, method, url, headers={"api-expires": expires}, **arguments)
    own = ours(APIS, method, url, **arguments)

    assert wire(with_theirs) == wire(reference)
    assert reference.header("api-signature") == signature(secret, method, "/realtime", expires, reference.body)
    for sent in (with_theirs, own):
        stamp = sent.header("api-expires") or ""
        assert sent.header("api-signature") == signature(secret, method, sent.target, stamp, sent.body)
    assert (expires, own.header("api-expires")) == ("1700000005123", "1700000005")
    assert not own.body or own.header("Content-Type") == reference.header("Content-Type")
