"""The same records through both libraries: the same rows, save for what docs/exchanges/phemex.md names."""

from __future__ import annotations

import random
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
STORES = ["trade", "orderbook", "ticker", "market24h", "kline", "accounts", "orders", "positions"]


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that docs/exchanges/phemex.md names."""
    if store == "positions":  # difference 3
        return {name: value for name, value in row.items() if name != "posSide"}
    return dict(row)


class Differences:
    """What is not compared: records in which the reference does what the docs page says is wrong."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> Any:
        self.times: set[Any] = set()
        self.books: set[str] = set()
        self.klines = 0
        return rxbotters.PhemexDataStore()

    def skip(self, record: Record) -> int | None:
        if record.kind == "rest":
            return None
        message = record.message
        for name in ("trades", "trades_p"):
            if name in message:
                return 4 if self.repeats([(message["symbol"], trade[0]) for trade in message[name]]) else None
        if "kline" in message:  # of too many, the newest go there
            self.klines += len(message["kline"])
            return 5 if self.klines > 9900 else None
        if "book" in message or "orderbook_p" in message:
            return 2 if self.is_wild(message) else None
        orders = message.get("orders") or message.get("orders_p") or []
        return 7 if any(row["ordStatus"] == "Rejected" for row in orders) else None

    def repeats(self, times: list[Any]) -> bool:
        """Trades of one moment are one row there."""
        found = len(set(times)) < len(times) or not self.times.isdisjoint(times)
        if not found:
            self.times.update(times)
        return found

    def is_wild(self, message: Any) -> bool:
        """Increments without a snapshot, or that cross the book."""
        symbol = message["symbol"]
        if message["type"] == "snapshot":
            self.books.add(symbol)
            return False
        return symbol not in self.books


DIFFERENCES = Differences()
PAIRINGS = {
    "phemex": Pairing(
        ours=DIFFERENCES.start,
        theirs=pybotters.PhemexDataStore,
        stores=STORES,
        page="phemex",
        canonical=canonical,
        differs={"positions": 3},
        sorts={"orderbook": 1, "trade": 5, "kline": 5},
        calls={"orders": "stores 6"},
        skip=DIFFERENCES.skip,
        books=("orderbook",),
        every=3,
    )
}


@pytest.mark.parametrize(
    ("file", "least"), [("recorded.jsonl.gz", 800), ("klines.jsonl.gz", 25), ("synthetic.jsonl.gz", 300)]
)
async def test_the_same_rows_as_the_reference(file: str, least: int) -> None:
    seen = await compare(PAIRINGS["phemex"], DATA / file)

    assert seen["ws"] > least
    assert not seen["errors of ours"]


@pytest.mark.parametrize("family", ["book", "orderbook_p"])
@pytest.mark.parametrize("seed", range(4))
def test_a_whole_stream_gives_the_same_book(seed: int, family: str) -> None:
    dice = random.Random(seed)
    mine, other = rxbotters.PhemexDataStore(), pybotters.PhemexDataStore()

    def level(low: int, high: int, *, gone: bool) -> list[Any]:
        price, size = dice.randint(low, high), dice.choice([0, 1, 2, 45] if gone else [1, 2, 45])
        return [price, size] if family == "book" else [f"{price / 10:.1f}", str(size)]

    for number in range(1, 250):
        whole = number == 1 or dice.random() < 0.03
        sides = {
            side: [level(*limits, gone=not whole) for _ in range(dice.randint(0, 14 if whole else 2))]
            for side, limits in (("asks", (1010, 1030)), ("bids", (970, 1000)))
        }
        message = {family: sides, "depth": 0, "sequence": number * 7, "symbol": "BTCUSD", "timestamp": number}
        message["type"] = "snapshot" if whole else "incremental"
        mine.onmessage(message)
        other.onmessage(message, None)

        assert mine.orderbook.sorted({"symbol": "BTCUSD"}) == other.orderbook.sorted({"symbol": "BTCUSD"})


ORDER = {
    "symbol": "BTCUSDT",
    "clOrdID": "rx-1",
    "side": "Buy",
    "ordType": "Limit",
    "orderQtyRq": "0.01",
    "priceRp": "30000",
}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/g-orders/activeList", {"params": {"symbol": "BTCUSDT", "currency": "USDT"}}),
    ("GET", "/public/time", {}),
    ("GET", "/orders/x", {"params": {"a": "x y,z"}}),
    ("GET", "/orders/x?a=1&b=%E6%B3%A8", {"params": {"c": "b c", "d": "日本", "e": "1+1", "f": ["1", "2"], "g": 3}}),
    ("GET", "/orders/x", {"params": {"a": "100%", "b": "x&y=z", "c": "a/b?c:d"}}),
    ("POST", "/g-orders", {"data": ORDER}),
    ("POST", "/g-orders", {"data": {"text": "注文"}, "params": {"q": "1"}}),
    ("POST", "/g-orders", {"data": {"nested": [ORDER, {"a": None, "b": [1.5, True]}]}}),
    ("POST", "/g-orders", {}),
    ("POST", "/g-orders", {"data": {}}),
    ("PUT", "/g-orders/create", {"params": ORDER}),
    ("PUT", "/orders/replace", {"data": {"a": 1}, "params": {"b": "2"}}),
    ("DELETE", "/g-orders/cancel", {"params": {"symbol": "BTCUSDT", "orderID": "a,b"}}),
    ("DELETE", "/orders/x", {"data": {"a": [1, 2]}}),
]


@pytest.mark.parametrize(("method", "path", "arguments"), CALLS)
@pytest.mark.parametrize(
    ("api", "host"),
    [("phemex", "api.phemex.com"), ("phemex", "vapi.phemex.com"), ("phemex_testnet", "testnet-api.phemex.com")],
)
async def test_the_same_bytes_as_the_reference(
    api: str, host: str, method: str, path: str, arguments: dict[str, Any]
) -> None:
    """C20, C23, P7."""
    apis = {api: ["rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP"]}

    reference = await theirs(apis, method, f"https://{host}{path}", **arguments)
    sent = ours(apis, method, f"https://{host}{path}", **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in ("x-phemex-access-token", "x-phemex-request-expiry", "x-phemex-request-signature"):
        assert sent.header(name) == reference.header(name)
        assert sent.header(name) is not None
    if sent.body:
        assert sent.header("Content-Type") == reference.header("Content-Type")
