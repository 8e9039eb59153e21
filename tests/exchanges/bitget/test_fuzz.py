"""Law: whatever JSON arrives, nothing comes out but counted errors of two kinds, and every store stays bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import BitgetDataStore, BitgetV2DataStore
from rxbotters.exchanges.bitget.session import ack, channel_of, request_ids, split, time_of, undo
from rxbotters.record import read_records
from rxbotters.stores import DataStoreCollection
from rxbotters_operators.events import Subscribed
from tests.exchanges.fuzzing import (
    BIG,
    changed_at_a_depth,
    changed_in_some_places,
    changed_on_a_walk,
    give,
    give_to_every_route,
    json_values,
    runs,
)

DATA = Path(__file__).parent / "data"
V1 = [
    record.message
    for name in ("v1-crypto-msg-parser-samples", "v1-synthetic")
    for record in read_records(DATA / f"{name}.jsonl.gz")
    if record.kind == "ws"
]
UNIFIED = [
    {
        "action": action,
        "arg": {"instType": "usdt-futures", "topic": "books", "symbol": "BTCUSDT"},
        "data": [{"a": [["101", "1"]], "b": [["99", "1"]], "checksum": 0, "pseq": pseq, "seq": "10", "ts": "1"}],
        "ts": 2,
    }
    for action, pseq in (("snapshot", 0), ("update", 10))
]
V2 = [
    *(
        record.message
        for name in ("v2-bitget.net-samples", "v2-synthetic")
        for record in read_records(DATA / f"{name}.jsonl.gz")
    ),
    *UNIFIED,
]
ANSWERS: list[Any] = [
    {
        "code": "00000",
        "data": {"entrustedList": [{"orderId": "1", "symbol": "BTCUSDT", "status": "live"}], "endId": "1"},
    },
    {"code": "00000", "data": {"orderList": [{"orderId": "1", "symbol": "BTCUSDT", "status": "live", "uTime": "5"}]}},
    {"code": "00000", "data": [{"symbol": "BTCUSDT", "holdSide": "long", "total": "1", "marginCoin": "USDT"}]},
    {"code": "00000", "data": [{"coin": "USDT", "available": "1", "symbol": "BTCUSDT"}]},
]
FIELDS = [
    *("arg", "data", "channel", "topic", "symbol", "instId", "instType", "asks", "bids", "seq", "pseq", "ts"),
    *("status", "orderId", "coin", "total"),
]
QUIET = runs(forgives=BIG)

numbers = st.one_of(st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.integers())
texts = st.one_of(
    st.sampled_from(["0", "1", "-1", "nan", "1e999", "", "BTCUSDT", "live", "filled", "snapshot", "update", "default"]),
    st.text(max_size=4),
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
names = st.one_of(
    st.sampled_from(FIELDS),
    st.text(max_size=3),
)
values = json_values(plain, names)
changed = {
    real: st.one_of(
        values,
        changed_on_a_walk(messages, values),
        changed_at_a_depth(messages, values),
        changed_in_some_places(messages, values, shortens=True),
        st.sampled_from(messages),
    )
    for real, messages in (("v1", V1), ("v2", V2))
}


def prove(store: DataStoreCollection, messages: list[Any]) -> None:
    give(store, messages)
    assert len(list(store)) < 40


@QUIET
@given(st.lists(changed["v2"], min_size=1, max_size=8))
def test_nothing_but_counted_errors_comes_out_of_v2(messages: list[Any]) -> None:
    """F67, F60, C71."""
    store = BitgetV2DataStore()
    prove(store, messages)

    for row in store.book:
        assert float(row["price"]) >= 0
        assert float(row["amount"]) > 0
    for row in store.positions:
        assert float(row["total"]) != 0
    for known in (store.orders, store.orders_algo):
        assert all(row["status"] in known._ALIVE for row in known)


@QUIET
@given(st.lists(changed["v1"], min_size=1, max_size=8))
def test_nothing_but_counted_errors_comes_out_of_v1(messages: list[Any]) -> None:
    """F67, F60, C71."""
    prove(BitgetDataStore(), messages)


@QUIET
@given(
    st.one_of(values, changed_on_a_walk(ANSWERS, values), changed_in_some_places(ANSWERS, values)),
    st.dictionaries(
        st.sampled_from(["productType", "symbol", "limit", "idLessThan", "coin", "planType"]), st.text(max_size=4)
    ),
)
def test_answers_are_taken_or_refused_by_name(body: Any, query: dict[str, str]) -> None:
    """F66."""
    for store in (BitgetV2DataStore(), BitgetDataStore()):
        store.onmessage(V2[-1])
        give_to_every_route(store, body, {"productType": "USDT-FUTURES", **query})
        give_to_every_route(store, body, query)
        store._refusal(body)


@QUIET
@given(st.one_of(changed["v1"], changed["v2"]))
def test_the_session_reads_anything(message: Any) -> None:
    """F38, F60."""
    url = URL("wss://ws.bitget.com/v2/ws/public")

    ack(message)
    channel_of(message)
    time_of(message)
    assert isinstance(request_ids(message), tuple)
    assert list(split(message, url))
    undo(message)
    for store in (BitgetV2DataStore(), BitgetDataStore()):
        store._holds(message)
        store.onevent(Subscribed(None, [message, {"op": "subscribe", "args": [message]}]))


@pytest.mark.parametrize("messages", [V1, V2])
def test_the_real_messages_are_many(messages: list[Any]) -> None:
    assert len(messages) > 400
