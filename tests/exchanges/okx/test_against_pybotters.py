"""The same records through both libraries: the same rows, save for what docs/exchanges/okx.md names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.record import Record, read_records
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"
NAMES = {
    name: name
    for name in (
        *("instruments", "tickers", "open-interest", "candle", "trades", "estimated-price", "mark-price"),
        *("mark-price-candle", "price-limit", "books", "opt-summary", "funding-rate", "index-candle", "index-tickers"),
        *("status", "account", "positions", "orders", "orders-algo", "algo-advance"),
        "account-greeks",
    )
}
ALGO_STATES = {"order_failed", "pause", "partially_effective", "partially_filled"}


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that docs/exchanges/okx.md names."""
    plain = dict(row)
    match store:
        case "candle" | "mark-price-candle" | "index-candle":  # difference 10
            return {name: value for name, value in plain.items() if name not in ("volCcyQuote", "confirm")}
        case "account":  # difference 5: details are merged
            return {name: value for name, value in plain.items() if name != "details"}
        case "positions":  # difference 6
            return None if float(plain["pos"]) == 0 else plain
        case "orders-algo" | "algo-advance":  # difference 8
            return None if plain["state"] in ALGO_STATES else plain
        case _:
            return plain


def skip(record: Record) -> int | None:
    """REST answers replace; a book channel never touches another's rows; an update without a snapshot changes nothing."""
    made_up = '"ts": "17000' in record.data
    if record.kind == "rest":
        return 7
    if "books-l2-tbt" in record.data or (made_up and '"books5"' in record.data):
        return 3
    if made_up and '"books"' in record.data:
        message = record.message
        if message["action"] == "snapshot":
            BEGUN.add(message["arg"]["instId"])
        return None if message["arg"]["instId"] in BEGUN else 1
    return None


BEGUN: set[str] = set()  # instruments of generated messages whose book had its snapshot


class Ours(rxbotters.OKXDataStore):
    """Without the checksums of generated messages, which are made up: -9 to 9."""

    def _init(self) -> None:
        BEGUN.clear()
        super()._init()

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.get("arg", {}).get("channel") == "books" and "data" in msg:
            data = [
                {name: value for name, value in one.items() if name != "checksum" or abs(value) > 9}
                for one in msg["data"]
            ]
            msg = {**msg, "data": data}
        super()._onmessage(msg, ws)


DIFFERS = {
    **dict.fromkeys(("candle", "mark-price-candle", "index-candle"), 10),
    "account": 5,
    "positions": 6,
    "orders-algo": 8,
    "algo-advance": 8,
}
PAIRINGS = {
    "okx": Pairing(
        ours=Ours,
        theirs=pybotters.OKXDataStore,
        stores=NAMES,
        page="okx",
        canonical=canonical,
        differs=DIFFERS,
        sorts={"books": "rows 1"},
        sums={"account": 5},
        apart={"liquidation-warning": 11, "balance_and_position": 15},
        fails=2,
        skip=skip,
        books=("books",),
    )
}


@pytest.mark.parametrize(
    ("file", "least"),
    [
        ("cryptofeed-2022-05.jsonl.gz", 246),
        ("synthetic.jsonl.gz", 360),
        ("okx.net-samples.jsonl.gz", 41),
        ("crypto-msg-parser-samples.jsonl.gz", 21),
    ],
)
async def test_the_same_rows_as_the_reference(file: str, least: int) -> None:
    seen = await compare(PAIRINGS["okx"], DATA / file)

    assert seen["ws"] >= least
    if not file.startswith("synthetic"):  # that one has an error, and warnings without the fields of their key
        assert not seen["errors of ours"]


async def test_the_same_balances_and_positions_as_the_reference() -> None:
    """Difference 6: what is zero is gone."""
    mine, other = rxbotters.OKXDataStore(), pybotters.OKXDataStore()
    seen = 0

    for record in read_records(DATA / "synthetic.jsonl.gz"):
        if '"balance_and_position"' in record.data:
            mine.onmessage(record.message)
            other.onmessage(record.message, None)
            seen += 1
            for ours_, theirs_, number in (
                (mine.balance_and_position.balance, other.balance_and_position.balance, "cashBal"),
                (mine.balance_and_position.position, other.balance_and_position.position, "pos"),
            ):
                held = [row for row in theirs_.find() if float(row[number]) != 0]
                assert sorted(ours_.find(), key=str) == sorted(held, key=str)

    assert seen == 11


APIS = {
    "okx": ["rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP", "rxPass123"],
    "okx_demo": ["rxDemo0123456789abcde", "rxDemoSecret0123456789ABCDEFGHIJKL", "rxPass456"],
}
DEMO = {"x-simulated-trading": "1"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "https://www.okx.com/api/v5/account/balance", {"params": {"ccy": "BTC,ETH"}}),
    ("GET", "https://aws.okx.com/api/v5/market/ticker?instId=BTC-USDT", {}),
    ("GET", "https://www.okx.com/api/v5/x", {"params": {"a": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("POST", "https://www.okx.com/api/v5/trade/order", {"data": {"instId": "BTC-USDT", "sz": "0.01", "tag": "注文"}}),
    ("POST", "https://www.okx.com/api/v5/trade/order-algo", {"data": {"attachAlgoOrds": [{"a": 1}, {"b": None}]}}),
    ("POST", "https://www.okx.com/api/v5/trade/cancel-batch-orders", {"data": [{"ordId": "1"}], "headers": DEMO}),
    ("GET", "https://www.okx.com/api/v5/account/config", {"headers": DEMO}),
    ("POST", "https://www.okx.com/api/v5/trade/order", {"data": {"a": 1}, "headers": {"x-simulated-trading": "0"}}),
    ("POST", "https://www.okx.com/api/v5/trade/mass-cancel", {"data": {}}),
    ("PUT", "https://www.okx.com/api/v5/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "https://www.okx.com/api/v5/x", {}),
    ("DELETE", "https://www.okx.com/api/v5/x", {"data": {"a": 1}}),
]


@pytest.mark.parametrize(("method", "url", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, url: str, arguments: dict[str, Any]) -> None:
    now = 1_700_000_000.5  # a binary fraction: the reference cuts microseconds

    reference = await theirs(APIS, method, url, now=now, **arguments)
    sent = ours(APIS, method, url, now=now, **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in (
        *("OK-ACCESS-KEY", "OK-ACCESS-SIGN", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE"),
        *("Content-Type", "x-simulated-trading"),
    ):
        assert sent.header(name) == reference.header(name), name
    assert sent.header("OK-ACCESS-KEY") == APIS["okx_demo" if arguments.get("headers") == DEMO else "okx"][0]
