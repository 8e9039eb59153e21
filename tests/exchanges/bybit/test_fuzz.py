"""Whatever JSON arrives: nothing but counted ProtocolError and StoreError on ``errors``, and bounded stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxbotters import BybitDataStore
from rxbotters.record import read_records
from rxbotters.stores import OrderBook
from rxbotters_operators.events import Live
from tests.exchanges.fuzzing import changed_at_a_depth, give, give_to_every_route, json_values, runs

DATA = Path(__file__).parent / "data"
DEEP = runs(300)

REAL = [
    record.message
    for name in ("samples.jsonl", "synthetic.jsonl.gz")
    for record in read_records(DATA / name)
    if record.kind == "ws"
]
TOPICS = [
    *sorted({str(message["topic"]) for message in REAL if "topic" in message}),
    "orderbook.rpi.BTCUSDT",
    "orderbook.full.BTCUSDT",
    "orderbook.50",
    "orderbook",
    "kline.5",
    "kline",
    "order.linear",
    "execution.fast.linear",
    "",
    ".",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.sampled_from(["", "0", "1", "-1", "NaN", "inf", "1e400", "x", "snapshot", "delta", "New", "Filled", "BTCUSDT"])
    | st.text(max_size=4)
)
names = st.sampled_from(
    ["topic", "type", "data", "s", "a", "b", "u", "p", "v", "symbol", "orderId", "orderStatus", "orderLinkId", "coin"]
) | st.text(max_size=3)
values = json_values(scalars, names, fields=5)
addressed = st.fixed_dictionaries(
    {"topic": st.sampled_from(TOPICS), "data": values},
    optional={"type": st.sampled_from(["snapshot", "delta"]) | values},
)


def check(messages: list[Any]) -> None:
    store = BybitDataStore()
    give(store, messages)
    for name in store:
        kept = store[name]
        if isinstance(kept, OrderBook):
            for symbol in kept.instruments:
                asks, bids = kept.depth(symbol)
                assert max(len(asks), len(bids)) <= kept._MAXLEN
                if asks and bids and isinstance(kept.status_of(symbol), Live) and name == "orderbook":
                    assert float(asks[0].price) > float(bids[0].price)
        else:
            assert len(kept) <= kept._MAXLEN
        kept.find()


@DEEP
@given(st.lists(values | addressed, max_size=6))
def test_any_json(messages: list[Any]) -> None:
    """F67."""
    check(messages)


@DEEP
@given(st.lists(changed_at_a_depth(REAL, values) | st.sampled_from(REAL), min_size=1, max_size=8))
def test_mutated_messages(messages: list[Any]) -> None:
    """F67, F79."""
    check(messages)


@DEEP
@given(st.lists(st.dictionaries(names, values, max_size=4), max_size=3), st.dictionaries(names, scalars, max_size=3))
def test_any_rows_of_a_listing(rows: list[Any], query: dict[str, Any]) -> None:
    """A REST body is checked as a message is."""
    store = BybitDataStore()
    store.errors.subscribe(lambda error: None)
    body = {"retCode": 0, "result": {"list": rows, "category": "linear", "nextPageCursor": query.get("p")}}
    give_to_every_route(store, body, {str(name): str(value) for name, value in query.items()})
