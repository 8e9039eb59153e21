"""The same records through both libraries: the same rows, save for what docs/exchanges/bybit.md names."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.record import Record
from tests.exchanges.compare import Answer, Pairing, awaitable, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"
STORES = [
    "orderbook",
    "publicTrade",
    "tickers",
    "kline",
    "allLiquidation",
    "kline_lt",
    "tickers_lt",
    "lt",
    "liquidation",
    "position",
    "execution",
    "order",
    "wallet",
    "greeks",
]
ENDED = ("Filled", "PartiallyFilledCanceled", "Cancelled", "Rejected", "Triggered", "Deactivated")


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that docs/exchanges/bybit.md names."""
    if store == "position":  # difference 6: both names of the entry price, the category, and whether it is flat
        return {
            name: value for name, value in row.items() if name not in ("entryPrice", "avgPrice", "category", "flat")
        }
    if store == "wallet":  # the order of coins means nothing
        return {**row, "coin": sorted(row.get("coin", ()), key=lambda coin: str(coin["coin"]))}
    return dict(row)


class Differences:
    """What is not compared: records in which the reference does what the docs page says is wrong."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> Any:
        self.numbers: dict[str, int] = {}
        self.seen: set[str] = set()
        return rxbotters.BybitDataStore()

    def skip(self, record: Record) -> int | None:
        if record.kind == "rest":  # the reference merges what ours takes as the whole truth
            if "/v5/order/realtime" in record.url:
                whole = not any(name in record.url for name in ("symbol=", "baseCoin=", "settleCoin="))
                return 3 if whole else None
            merged = {"/v5/position/list": 6, "/v5/account/wallet-balance": 8}
            return next((number for path, number in merged.items() if path in record.url), None)
        message = record.message
        topic = str(message.get("topic"))
        if topic.startswith("orderbook."):
            return 2 if self.jumps(topic, message) else None
        if topic.startswith(("tickers", "lt.")):
            return 5 if self.repeats(topic) and message.get("type") == "snapshot" else None
        if topic == "order":  # an order of the same link but another symbol stays
            linked = any(row["orderStatus"] in ENDED and row.get("orderLinkId") for row in message["data"])
            return 9 if linked else None
        return None

    def repeats(self, what: str) -> bool:
        known = what in self.seen
        self.seen.add(what)
        return known

    def jumps(self, topic: str, message: Any) -> bool:
        """Difference 2: deltas without their snapshot, or after a gap."""
        number, last = message["data"]["u"], self.numbers.get(topic)
        if message["type"] == "snapshot":
            self.numbers[topic] = number
            return False
        if last is None or number != last + 1:
            self.numbers.pop(topic, None)
            return True
        self.numbers[topic] = number
        return False


DIFFERENCES = Differences()
PAIRINGS = {
    "bybit": Pairing(
        ours=DIFFERENCES.start,
        theirs=pybotters.BybitDataStore,
        stores=STORES,
        page="bybit",
        canonical=canonical,
        differs={"position": 6, "wallet": 8},
        sorts={"orderbook": 1},
        sums={"order": "rows 4"},
        fails=11,
        calls={**dict.fromkeys(("tickers", "tickers_lt", "lt"), 5), "execution": 7},
        skip=DIFFERENCES.skip,
        books=("orderbook",),
    )
}


@pytest.mark.parametrize(("file", "least"), [("synthetic.jsonl.gz", 200), ("samples.jsonl", 25)])
async def test_the_same_rows_as_the_reference(file: str, least: int) -> None:
    seen = await compare(PAIRINGS["bybit"], DATA / file)

    assert seen["ws"] > least
    assert not seen["errors of ours"]


def book_message(topic: str, kind: str, number: int, levels: list[tuple[str, str, str]]) -> dict[str, Any]:
    sides: dict[str, list[list[str]]] = {"a": [], "b": []}
    for side, price, size in levels:
        sides[side].append([price, size])
    symbol = topic.rpartition(".")[2]
    return {"topic": topic, "type": kind, "ts": 1, "data": {"s": symbol, **sides, "u": number, "seq": number}}


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_stream_gives_the_same_book(seed: int) -> None:
    dice = random.Random(seed)
    mine, other = rxbotters.BybitDataStore(), pybotters.BybitDataStore()

    def levels(most: int) -> list[tuple[str, str, str]]:
        chosen = {("a", f"{dice.randint(1010, 1060) / 10:.1f}") for _ in range(dice.randint(0, most))}
        chosen |= {("b", f"{dice.randint(950, 1000) / 10:.1f}") for _ in range(dice.randint(0, most))}
        return [(side, price, dice.choice(["0", "0.5", "1", "2.25"])) for side, price in sorted(chosen)]

    for number in range(1, 300):
        whole = number == 1 or dice.random() < 0.02
        content = [level for level in levels(30 if whole else 4) if not (whole and level[2] == "0")]
        message = book_message("orderbook.50.BTCUSDT", "snapshot" if whole else "delta", number, content)
        mine.onmessage(message)
        other.onmessage(message, None)

        assert mine.orderbook.sorted({"s": "BTCUSDT"}) == other.orderbook.sorted({"s": "BTCUSDT"})


@pytest.mark.parametrize(
    ("store", "url", "body"),
    [
        (
            "position",
            "/v5/position/list?category=linear&symbol=BTCUSDT",
            '{"retCode":0,"result":{"category":"linear","list":[{"positionIdx":0,"symbol":"BTCUSDT","side":"Buy",'
            '"size":"0.1","avgPrice":"30000"},{"positionIdx":2,"symbol":"BTCUSDT","side":"","size":"0","avgPrice":"0"}]}}',
        ),
        (
            "wallet",
            "/v5/account/wallet-balance?accountType=UNIFIED",
            '{"retCode":0,"result":{"list":[{"accountType":"UNIFIED","coin":[{"coin":"BTC","equity":"1"}]}]}}',
        ),
        (
            "order",
            "/v5/order/realtime?category=linear&settleCoin=USDT",
            '{"retCode":0,"result":{"category":"linear","nextPageCursor":"a%3A1","list":[{"orderId":"1","symbol":"BTCUSDT",'
            '"orderStatus":"New","orderLinkId":""},{"orderId":"2","symbol":"ETHUSDT","orderStatus":"Untriggered"}]}}',
        ),
    ],
)
async def test_a_first_answer_gives_the_same_rows(store: str, url: str, body: str) -> None:
    record = Record(0.0, "rest", f"https://api.bybit.com{url}", body)
    mine, other = rxbotters.BybitDataStore(), pybotters.BybitDataStore()

    await mine.initialize(awaitable(Answer(record)))
    await other.initialize(awaitable(Answer(record)))

    assert [canonical(store, row) for row in mine[store]] == [canonical(store, row) for row in other[store]]
    assert len(mine[store]) > 0


ORDER = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderType": "Limit",
    "qty": "0.01",
    "price": "30000",
}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v5/order/realtime", {"params": {"category": "linear", "symbol": "BTCUSDT", "cursor": "page%3D1%2C2"}}),
    ("GET", "/v5/market/time", {}),
    ("GET", "/v5/x?a=1&b=%E6%B3%A8", {"params": {"c": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("GET", "/v5/x", {"params": {"a": "x,y:z/?&="}, "headers": {"X-BAPI-RECV-WINDOW": "8000"}}),
    ("POST", "/v5/order/create", {"data": ORDER}),
    ("POST", "/v5/order/create", {"data": ORDER, "headers": {"X-BAPI-RECV-WINDOW": "5000"}}),
    ("POST", "/v5/order/create", {"data": {"orderLinkId": "注文"}, "params": {"q": "1"}}),
    (
        "POST",
        "/v5/order/create-batch",
        {"data": {"category": "linear", "request": [ORDER, {"a": None, "b": [1.5, True]}]}},
    ),
    ("POST", "/v5/account/upgrade-to-uta", {}),
    ("POST", "/v5/account/upgrade-to-uta", {"data": {}}),
    ("PUT", "/v5/x", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "/v5/x", {"params": {"b": "2"}}),
    ("DELETE", "/v5/x", {"data": {"a": [1, 2]}}),
]


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
@pytest.mark.parametrize(
    ("api", "host"),
    [("bybit", "api.bybit.com"), ("bybit", "api.bytick.com"), ("bybit_testnet", "api-testnet.bybit.com")],
)
async def test_the_same_bytes_as_the_reference(
    api: str, host: str, method: str, path: str, arguments: dict[str, Any]
) -> None:
    """C20, C23, P7."""
    apis = {api: ["rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP"]}

    reference = await theirs(apis, method, f"https://{host}{path}", **arguments)
    sent = ours(apis, method, f"https://{host}{path}", **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in ("X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-SIGN", "X-BAPI-RECV-WINDOW"):
        assert sent.header(name) == reference.header(name)
    if sent.body:
        assert sent.header("Content-Type") == reference.header("Content-Type")
