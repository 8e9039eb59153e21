"""Whatever arrives: nothing but counted ProtocolError and StoreError on ``errors``, and bounded stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxbotters import CoincheckDataStore, CoincheckPrivateDataStore
from rxbotters.errors import StoreError, VenueError
from rxbotters.record import read_records
from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters_operators.events import Live
from tests.exchanges.fuzzing import changed_at_a_depth, give, give_to_every_route, json_values, runs

DATA = Path(__file__).parent / "data"
DEEP = runs()

PUBLIC = [
    record.message for record in read_records(DATA / "public.jsonl.gz") if record.kind == "ws" and record.data != "[]"
]
PRIVATE = [record.message for record in read_records(DATA / "private.jsonl.gz") if record.kind == "ws"]
PRIVATE = [message for message in PRIVATE if isinstance(message, dict)]
ANSWERS = [record.message for file in ("public", "private") for record in read_records(DATA / f"{file}.jsonl.gz")
           if record.kind == "rest"]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "1", "-1", "0.00", "NaN", "inf", "1e400", "x", "btc_jpy", "FILL", "PARTIALLY_FILL"])
    | st.text(max_size=4)
)
names = st.sampled_from(
    ["asks", "bids", "upper", "lower", "rate", "ask_amount", "bid_amount", "sequence_number", "last_update_at", "pair",
     "channel", "id", "order_event", "amount", "latest_executed_amount", "pending_amount", "success", "orders", "error"]
) | st.text(max_size=3)  # fmt: skip
values = json_values(scalars, names, fields=5)
levels = st.lists(st.tuples(scalars, scalars).map(list) | values, max_size=3)
rows = st.lists(
    st.fixed_dictionaries({}, optional={"rate": scalars, "ask_amount": scalars, "bid_amount": scalars}) | values,
    max_size=3,
)
books = st.fixed_dictionaries(
    {}, optional={"asks": levels, "bids": levels, "upper": rows, "lower": rows, "sequence_number": scalars,
                  "last_update_at": scalars}
)  # fmt: skip
to_pairs = st.tuples(st.sampled_from(["btc_jpy", "x"]), books).map(list)
events = st.fixed_dictionaries(
    {"channel": st.sampled_from(["order-events", "execution-events"]), "id": st.integers(0, 3) | values,
     "pair": st.just("btc_jpy") | values, "order_event": st.sampled_from(["TRIGGERED", "PARTIALLY_FILL", "FILL"]) | values},
    optional={"latest_executed_amount": scalars, "amount": scalars, "rate": scalars, "order_id": scalars},
)  # fmt: skip
answers = st.fixed_dictionaries(
    {"success": st.just(True), "id": st.integers(0, 3) | values, "pair": st.just("btc_jpy") | values},
    optional={"amount": scalars, "market_buy_amount": scalars, "rate": scalars},
)


def check(store: DataStoreCollection, messages: list[Any]) -> None:
    give(store, messages)
    for name in store:
        kept = store[name]
        if isinstance(kept, OrderBook):
            for symbol in kept.instruments:
                asks, bids = kept.depth(symbol)
                assert max(len(asks), len(bids)) <= kept._MAXLEN
                if asks and bids and isinstance(kept.status_of(symbol), Live):
                    assert float(asks[0].price) >= float(bids[0].price)
        else:
            assert len(kept) <= kept._MAXLEN
        kept.find()


@DEEP
@given(
    st.lists(values | to_pairs | changed_at_a_depth(PUBLIC, values, deepest=4) | st.sampled_from(PUBLIC), max_size=8)
)
def test_any_public_message(messages: list[Any]) -> None:
    """F67, F79."""
    store = CoincheckDataStore()
    for pair in ("btc_jpy", "etc_jpy"):
        store.orderbook.snapshot(pair, {"asks": [["101.0", "1"]], "bids": [["99.0", "1"]]})
    check(store, messages)
    check(CoincheckDataStore(), messages)


@DEEP
@given(
    st.lists(answers, max_size=3),
    st.lists(values | events | changed_at_a_depth(PRIVATE, values, deepest=4) | st.sampled_from(PRIVATE), max_size=8),
)
def test_any_private_message(fed: list[Any], messages: list[Any]) -> None:
    """F67, F79."""
    store = CoincheckPrivateDataStore()
    for answer in fed:
        try:
            store.order.feed_response(answer)
        except (StoreError, VenueError):
            pass
    check(store, messages)


@DEEP
@given(
    changed_at_a_depth(ANSWERS, values, deepest=4) | values,
    st.dictionaries(st.sampled_from(["pair", "version"]), st.text(max_size=3)),
)
def test_any_answer(body: Any, query: dict[str, str]) -> None:
    """F66: a body that is not what it should be is an error with a name."""
    for store in (CoincheckDataStore(), CoincheckPrivateDataStore()):
        store._refusal(body)
        give_to_every_route(store, body, query)
