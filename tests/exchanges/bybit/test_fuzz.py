"""Whatever JSON arrives: nothing but counted ProtocolError and StoreError on ``errors``, and bounded stores."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rxbotters import BybitDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.record import read_records
from rxbotters.stores import OrderBook
from rxbotters_operators.events import Live

DATA = Path(__file__).parent / "data"
DEEP = settings(max_examples=10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 300, deadline=None)

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
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=12
)
addressed = st.fixed_dictionaries(
    {"topic": st.sampled_from(TOPICS), "data": values},
    optional={"type": st.sampled_from(["snapshot", "delta"]) | values},
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A real message, one place of which holds something else, or nothing."""
    message = copy.deepcopy(draw(st.sampled_from(REAL)))
    place = message
    for _ in range(draw(st.integers(0, 5))):
        inner = list(place.values()) if isinstance(place, dict) else place
        containers = [value for value in inner if isinstance(value, dict | list) and value]
        if not containers:
            break
        place = draw(st.sampled_from(containers))
    key = draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
    if draw(st.booleans()):
        place[key] = draw(values)
    else:
        del place[key]
    return message


def check(messages: list[Any]) -> None:
    store = BybitDataStore()
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    for message in messages:
        before = copy.deepcopy(message)
        store.onmessage(message)
        assert repr(message) == repr(before)
    assert all(isinstance(error, ProtocolError | StoreError) for error in errors)
    assert store.errors.total == len(errors)
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
@given(st.lists(mutated() | st.sampled_from(REAL), min_size=1, max_size=8))
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
    for route in store._routes().values():
        try:
            route(body, {str(name): str(value) for name, value in query.items()})
        except (ProtocolError, StoreError):
            pass
