"""The same records through both libraries: the same rows, save for what docs/exchanges/bitget.md names."""

from __future__ import annotations

import json
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
V1 = ("orderbook", "ticker", "candlesticks", "account", "orders", "positions", "trade")
V2 = ("ticker", "candle", "book", "trade", "positions", "fill", "orders", "orders-algo", "positions-history")

BEGUN: set[Any] = set()  # instruments whose book had its snapshot


def fresh(collection: Any) -> Any:
    """Make a collection, for a new file."""

    def make() -> Any:
        BEGUN.clear()
        return collection()

    return make


class V1Store(rxbotters.BitgetDataStore):
    """Without the checksums of generated messages, which are made up: all are 1."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg.get("arg", {}).get("channel") == "books" and "data" in msg:
            msg = {**msg, "data": [{**one, "checksum": 0} if one["checksum"] == 1 else one for one in msg["data"]]}
        super()._onmessage(msg, ws)


def message_of(record: Record) -> dict[str, Any]:
    return json.loads(record.data)  # type: ignore[no-any-return]


def skip_v1(record: Record) -> int | None:
    """What is not compared, by its difference: the second snapshot of a book, updates without one, and answers."""
    if record.kind == "rest":
        return 6 if "/order/" in record.url else None
    message = message_of(record)
    arg = message.get("arg", {})
    channel = arg.get("channel", "")
    if channel == "books" and "data" in message:
        begun = arg["instId"] in BEGUN
        if message["action"] == "snapshot":
            BEGUN.add(arg["instId"])
            return 12 if begun else None
        return None if begun else 1
    if channel == "trade" and "data" in message:
        return 12 if len({trade[0] for trade in message["data"]}) < len(message["data"]) else None
    return 12 if channel.startswith("candle") and channel != "candle1m" else None


def skip_v2(record: Record) -> int | None:
    """What is not compared, by its difference: updates without a snapshot, books5 beside ``books``, odd candles."""
    message = message_of(record)
    arg = message.get("arg", {})
    channel = arg.get("channel", "")
    if channel == "books":
        symbol = (arg["instType"], arg["instId"])
        if message.get("action") == "snapshot":
            BEGUN.add(symbol)
        return None if symbol in BEGUN else 1
    if channel.startswith("candle") and "data" in message:
        return 11 if message["action"] == "odd" or any(len(row) < 8 for row in message["data"]) else None
    return 2 if channel == "books5" and '"17000' in record.data else None


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows of V2 without the differences that docs/exchanges/bitget.md names."""
    plain = dict(row)
    match store:
        case "positions":  # difference 4
            plain.pop("holdSide", None)
            return plain
        case "orders":  # difference 5
            return None if plain.get("status") == "cancelled" else plain
        case _:
            return plain


PAIRINGS = {
    "bitget_v1": Pairing(
        ours=fresh(V1Store),
        theirs=pybotters.BitgetDataStore,
        stores=V1,
        page="bitget",
        sorts={"orderbook": "rows 1"},
        skip=skip_v1,
        books=("orderbook",),
        every=10,  # its candles are thousands
    ),
    "bitget_v2": Pairing(
        ours=fresh(rxbotters.BitgetV2DataStore),
        theirs=pybotters.BitgetV2DataStore,
        stores=V2,
        page="bitget",
        canonical=canonical,
        differs={"positions": 4, "orders": 5},
        sorts={"book": "rows 1"},
        apart={"account": 3},
        skip=skip_v2,
        books=("book",),
    ),
}


@pytest.mark.parametrize(
    ("file", "least"),
    [
        ("v1-cryptofeed-2022-04-mix", 270),
        ("v1-cryptofeed-2022-04-spot", 390),
        ("v1-crypto-msg-parser-samples", 16),
        ("v1-synthetic", 300),
        ("v2-bitget.net-samples", 32),
        ("v2-synthetic", 300),
    ],
)
async def test_the_same_rows_as_the_reference(file: str, least: int) -> None:
    seen = await compare(PAIRINGS[f"bitget_{file[:2]}"], DATA / f"{file}.jsonl.gz")

    assert seen["ws"] >= least
    if not file.endswith("synthetic"):  # those have errors of the exchange
        assert not seen["errors of ours"]


@pytest.mark.parametrize("file", ["v2-bitget.net-samples", "v2-synthetic"])
async def test_the_same_balance_of_each_coin_as_the_reference(file: str) -> None:
    """Difference 3: the reference has one row for each market; given one coin alone, it has the same."""
    mine = rxbotters.BitgetV2DataStore()
    single: dict[tuple[str, str], Any] = {}

    for record in read_records(DATA / f"{file}.jsonl.gz"):
        message = message_of(record)
        arg = message.get("arg", {})
        if arg.get("channel") == "account" and "data" in message:
            mine.onmessage(message)
            for row in message["data"]:
                key = (arg["instType"], row.get("coin", row.get("marginCoin")))
                single.setdefault(key, pybotters.BitgetV2DataStore()).onmessage({**message, "data": [row]})

    assert len(single) >= 2
    for (kind, coin), other in single.items():
        held = mine.account.get({"instType": kind, "coin": coin})
        assert held is not None
        (known,) = other.account.find()
        assert {**known, "coin": coin} == dict(held)


def test_the_same_keys_and_caps_as_the_reference() -> None:
    """But for differences 3, 4 and 12: and the cap of a book is for each instrument and side."""
    for mine, other in (
        (rxbotters.BitgetDataStore(), pybotters.BitgetDataStore()),
        (rxbotters.BitgetV2DataStore(), pybotters.BitgetV2DataStore()),
    ):
        for name, store in other._stores.items():
            assert mine[name]._MAXLEN == store._MAXLEN, name
            if name == "trade" and isinstance(mine, rxbotters.BitgetDataStore):
                continue
            assert tuple(mine[name]._keys[: len(store._keys)]) == tuple(store._keys), name


APIS = {
    "bitget": ["rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP", "rxPass123"],
    "bitget_demo": ["rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP", "rxPass123"],
}
API = "https://api.bitget.com/api"
DEMO = {"paptrading": "1"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{API}/v2/mix/order/orders-pending", {"params": {"productType": "USDT-FUTURES", "symbol": "BTCUSDT"}}),
    ("GET", f"{API}/v2/spot/market/tickers?symbol=BTCUSDT", {}),
    ("GET", f"{API}/v2/public/time", {}),
    ("GET", f"{API}/v2/x", {"params": {"ids": "1,2", "time": "10:30", "f": ["1", "2"], "g": 3}}),
    ("GET", f"{API}/v2/spot/account/assets", {"headers": DEMO}),
    ("GET", f"{API}/v3/account/assets", {}),
    ("GET", f"{API}/mix/v1/order/current", {"params": {"symbol": "BTCUSDT_UMCBL"}}),
    ("POST", f"{API}/v2/mix/order/place-order", {"data": {"symbol": "BTCUSDT", "size": "0.01", "clientOid": "注文"}}),
    (
        "POST",
        f"{API}/v2/mix/order/batch-place-order",
        {"data": {"orderList": [{"a": 1}, {"b": None}]}, "headers": DEMO},
    ),
    ("POST", f"{API}/v3/trade/place-order", {"data": {"category": "SPOT", "qty": "1"}}),
    ("POST", f"{API}/v2/x", {"data": [{"orderId": "1"}]}),
    ("POST", f"{API}/v2/x", {"data": {}}),
    ("PUT", f"{API}/v2/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", f"{API}/v2/x", {}),
    ("DELETE", f"{API}/v2/x", {"data": {"a": 1}}),
]
HEADERS = ("ACCESS-KEY", "ACCESS-SIGN", "ACCESS-TIMESTAMP", "ACCESS-PASSPHRASE", "Content-Type", "paptrading", "locale")


@pytest.mark.parametrize(("method", "url", "arguments"), CALLS)
async def test_the_same_bytes_as_the_reference(method: str, url: str, arguments: dict[str, Any]) -> None:
    reference = await theirs(APIS, method, url, **arguments)
    sent = ours(APIS, method, url, **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in HEADERS:
        assert sent.header(name) == reference.header(name), name
    assert sent.header("ACCESS-KEY") == APIS["bitget"][0]


async def test_a_query_that_needs_escapes_is_sent_alike_and_signed_as_it_reads() -> None:
    """Difference 8."""
    arguments = {"params": {"symbol": "龙虾USDT", "b": "c d"}}
    reference = await theirs(APIS, "GET", f"{API}/v2/mix/market/ticker", **arguments)
    sent = ours(APIS, "GET", f"{API}/v2/mix/market/ticker", **arguments)

    assert (sent.target, sent.body) == (reference.target, reference.body)
    assert sent.header("ACCESS-TIMESTAMP") == reference.header("ACCESS-TIMESTAMP")
    assert sent.header("ACCESS-SIGN") != reference.header("ACCESS-SIGN")
