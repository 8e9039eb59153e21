"""pybotters has no stores for OKJ: its requests are compared byte by byte, and the books with the plainest of folds."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.exchanges.okj.frames import DEFLATED
from rxbotters.record import read_records
from rxbotters_operators.events import Live
from tests.exchanges.common import heard
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

DATA = Path(__file__).parent / "data"


class Rows(list[dict[str, Any]]):
    def find(self) -> list[dict[str, Any]]:
        return self


class Plain:
    """What the documentation says, in dicts: a partial replaces, a size of 0 removes, all else is set."""

    def __init__(self) -> None:
        self.levels: dict[str, dict[str, dict[str, list[str]]]] = {}
        self.stores: dict[str, Rows] = {name: Rows() for name in ("ticker", "trades")}

    def __getitem__(self, name: str) -> Rows:
        if name != "books":
            return self.stores[name]
        return Rows(
            {"instId": symbol, "side": side, "px": price, "sz": level[1], "liqSz": level[2], "ordSz": level[3]}
            for symbol, sides in self.levels.items()
            for side, levels in sides.items()
            for price, level in levels.items()
        )

    def onmessage(self, message: Mapping[str, Any], _: Any) -> None:
        for row in message.get("data", ()):
            symbol = row["instrument_id"]
            match message["table"].partition("/")[2]:
                case "depth_l2_tbt":
                    if message["action"] == "partial":
                        self.levels[symbol] = {"asks": {}, "bids": {}}
                    for side in ("asks", "bids"):
                        for level in row[side]:
                            self.levels[symbol][side][level[0]] = level
                            if float(level[1]) == 0:
                                del self.levels[symbol][side][level[0]]
                case "ticker":
                    self.stores["ticker"] = Rows(held for held in self["ticker"] if held["instId"] != symbol)
                    self.stores["ticker"].append({**row, "instId": symbol})
                case "trade":
                    self.stores["trades"].append({**row, "instId": symbol, "tradeId": row["trade_id"]})


PAIRINGS = {"okj_standin_okex_v3": Pairing(ours=rxbotters.OKJDataStore, page="okj", alone=2)}
PLAIN = Pairing(
    ours=rxbotters.OKJDataStore,
    theirs=Plain,
    stores=["books", "ticker", "trades"],
    sorts=frozenset({"books", "ticker"}),
    every=7,
)


async def test_the_same_rows_as_the_plainest_of_folds() -> None:
    """F72: and all 936 checksums of the recording add up."""
    seen = await compare(PLAIN, DATA / "okex-v3-2021-04.jsonl.gz")

    assert seen["ws"] == 1000
    assert not seen["errors of ours"]
    assert not seen["errors of theirs"]


def test_the_recording_as_it_was_on_the_wire() -> None:
    """Defect 3: raw deflate, frame by frame; the lost frame of a second run is noticed by the next checksum."""
    records = list(read_records(DATA / "okex-v3-2021-04.jsonl.gz"))
    frames = []
    for record in records:
        stream = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        frames.append(stream.compress(record.data.encode()) + stream.flush())

    for lost in (None, 700):
        store = rxbotters.OKJDataStore()
        errors = heard(store)
        for number, frame in enumerate(frames):
            if number != lost:
                store.onmessage(DEFLATED.decode(frame))
        live = [status for status in store.books.instruments.values() if status == Live()]
        assert len(live) == (10 if lost is None else 9)
        assert [type(error).__name__ for error in errors] == ([] if lost is None else ["BookMismatch"])


APIS = {"okj": ["okjkey-0000-1111-2222", "OKJSECRET0123456789ABCDEF", "OkjPass!1"]}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/spot/v3/orders", {"params": {"instrument_id": "BTC-JPY", "state": "2", "limit": "10"}}),
    ("GET", "/api/general/v3/time?a=1", {}),
    ("GET", "/api/spot/v3/x", {"params": {"a": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("POST", "/api/spot/v3/orders", {"data": {"side": "buy", "instrument_id": "BTC-JPY", "note": "注文"}}),
    ("POST", "/api/spot/v3/batch_orders", {"data": [{"a": {"b": [1, None]}}, {"c": True}]}),
    ("POST", "/api/spot/v3/cancel_orders/1", {"data": {}}),
    ("PUT", "/api/spot/v3/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "/api/spot/v3/x", {}),
    ("DELETE", "/api/spot/v3/x", {"data": {"a": 1}}),
]
HEADERS = (
    *("OK-ACCESS-KEY", "OK-ACCESS-SIGN", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE"),
    "Content-Type",
)
HALF_PAST = 1_700_000_000.5  # a binary fraction: the reference cuts microseconds


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, path: str, arguments: dict[str, Any]) -> None:
    url = f"https://www.okcoin.jp{path}"

    reference = await theirs(APIS, method, url, now=HALF_PAST, **arguments)
    sent = ours(APIS, method, url, now=HALF_PAST, **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in HEADERS:
        assert sent.header(name) == reference.header(name), name


@pytest.mark.parametrize("host", ["www.okj.com", "api.okj.com"])
async def test_the_new_hosts_are_signed_like_the_old_one(host: str) -> None:
    """Defect 1: the reference sends to them unsigned."""
    reference = await theirs(APIS, "GET", f"https://{host}/api/v5/account/balance", now=HALF_PAST)
    known = await theirs(APIS, "GET", "https://www.okcoin.jp/api/v5/account/balance", now=HALF_PAST)
    sent = ours(APIS, "GET", f"https://{host}/api/v5/account/balance", now=HALF_PAST)

    assert reference.header("OK-ACCESS-SIGN") is None
    assert [sent.header(name) for name in HEADERS] == [known.header(name) for name in HEADERS]
