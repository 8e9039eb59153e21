"""Whatever arrives: nothing but counted ProtocolError and StoreError on ``errors``, and bounded stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxbotters import bitbankDataStore, bitbankPrivateDataStore
from rxbotters.record import read_records
from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters.wire import dumps, loads
from rxbotters_operators.events import Live
from tests.exchanges.fuzzing import changed_at_a_depth, give, give_to_every_route, json_values, runs

DATA = Path(__file__).parent / "data"
DEEP = runs()

PUBLIC = [loads(record.data[2:]) for record in read_records(DATA / "public.jsonl.gz") if record.data.startswith("42")]
PRIVATE = [record.message for record in read_records(DATA / "private.jsonl.gz") if record.kind == "ws"]
ANSWERS = [record.message for record in read_records(DATA / "private.jsonl.gz") if record.kind == "rest"]
ROOMS = ["depth_whole_x", "depth_diff_x", "ticker_x", "transactions_x", "circuit_break_info_x", "depth_", "x", ""]
METHODS = sorted(bitbankPrivateDataStore()._folds)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "1", "-1", "0.0000", "NaN", "inf", "1e400", "x", "UNFILLED", "FULLY_FILLED", "NONE"])
    | st.text(max_size=4)
)
names = st.sampled_from(
    ["method", "params", "data", "a", "b", "s", "t", "ao", "asks", "bids", "sequenceId", "timestamp", "transactions",
     "order_id", "status", "remaining_amount", "pair", "asset", "amount", "open", "mode", "price"]
) | st.text(max_size=3)  # fmt: skip
values = json_values(scalars, names, fields=5)
levels = st.lists(st.tuples(scalars, scalars).map(list) | values, max_size=3)
books = st.fixed_dictionaries(
    {}, optional={"a": levels, "b": levels, "asks": levels, "bids": levels, "s": scalars, "sequenceId": scalars,
                  "t": scalars, "timestamp": scalars, "ao": scalars}
)  # fmt: skip
to_rooms = st.builds(
    lambda room, data: ["message", {"room_name": room, "message": {"data": data}}],
    st.sampled_from(ROOMS),
    books | values,
)
to_methods = st.fixed_dictionaries({"method": st.sampled_from(METHODS), "params": values})


def check(store: DataStoreCollection, messages: list[Any]) -> None:
    give(store, messages)
    for name in store:
        kept = store[name]
        if isinstance(kept, OrderBook):
            for symbol in kept.instruments:
                asks, bids = kept.depth(symbol)
                assert max(len(asks), len(bids)) <= kept._MAXLEN
                if asks and bids and isinstance(kept.status_of(symbol), Live) and not store["circuit_break_info"]:
                    assert float(asks[0].price) >= float(bids[0].price)
        else:
            assert len(kept) <= kept._MAXLEN
        kept.find()


@DEEP
@given(st.lists(values | to_rooms | changed_at_a_depth(PUBLIC, values) | st.sampled_from(PUBLIC), max_size=8))
def test_any_public_message(messages: list[Any]) -> None:
    """F67, F79."""
    check(bitbankDataStore(), messages)


@DEEP
@given(st.lists(st.text(max_size=8) | st.sampled_from(["42", "40", "2"]) | to_rooms.map(dumps), max_size=6))
def test_any_text(texts: list[str]) -> None:
    """F60."""
    check(bitbankDataStore(), [*texts, *("42" + text for text in texts)])


@DEEP
@given(st.lists(values | to_methods | changed_at_a_depth(PRIVATE, values) | st.sampled_from(PRIVATE), max_size=8))
def test_any_private_message(messages: list[Any]) -> None:
    """F67, F79."""
    check(bitbankPrivateDataStore(), messages)


@DEEP
@given(
    changed_at_a_depth(ANSWERS, values) | values,
    st.dictionaries(st.sampled_from(["pair", "count"]), st.text(max_size=3)),
)
def test_any_answer(body: Any, query: dict[str, str]) -> None:
    """F66: a body that is not what it should be is an error with a name."""
    store = bitbankPrivateDataStore()
    store._refusal(body)
    give_to_every_route(store, body, query)
