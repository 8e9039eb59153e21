"""Law: whatever JSON arrives, nothing comes out but counted errors of two kinds, and every store stays bounded."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import BinanceCOINMDataStore, BinanceSpotDataStore, BinanceUSDSMDataStore
from rxbotters.errors import ProtocolError, RxbottersError, StoreError
from rxbotters.exchanges.binance.session import ack, channel_of, farewell, refusal, request_ids, split, time_of, undo
from rxbotters.record import read_records
from rxbotters_operators.events import Acknowledged, Live, Subscribed
from tests.exchanges.fuzzing import BIG, changed_on_a_walk, give, json_values, runs

DATA = Path(__file__).parent / "data"
MAKES = {"spot": BinanceSpotDataStore, "usdm": BinanceUSDSMDataStore, "coinm": BinanceCOINMDataStore}
RECORDS = {
    name: [record for file in sorted(DATA.glob(f"{name}-[bs]*.gz")) for record in read_records(file)] for name in MAKES
}
REAL = {name: [record.message for record in records if record.kind == "ws"] for name, records in RECORDS.items()}
KINDS = sorted({kind for make in MAKES.values() for kind in make()._events} | {"depthUpdate", "serverShutdown"})
QUIET = runs(forgives=BIG)

numbers = st.one_of(st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.integers())
texts = st.one_of(
    st.sampled_from(["0", "1", "-1", "nan", "1e999", "", "BTCUSDT", "NEW", "FILLED"]), st.text(max_size=4)
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
fields = st.one_of(
    st.sampled_from([*"eETsSabuUiXzqpkoPBflt", "cgO", "pu", "st", "data", "stream", "event", "id"]),
    st.text(max_size=3),
)
values = json_values(plain, fields)
streams = st.sampled_from(
    ["btcusdt@depth", "btcusdt@depth5", "btcusdt@trade", "!bookTicker", "!ticker@arr", "x", "@", ""]
)


@st.composite
def shaped(draw: st.DrawFn) -> Any:
    """A message of a known kind, and anything in it."""
    event = {**draw(st.dictionaries(fields, values, max_size=6)), "e": draw(st.sampled_from(KINDS))}
    wrap = draw(st.integers(0, 3))
    if wrap == 0:
        return event
    if wrap == 1:
        return {"subscriptionId": 0, "event": event}
    return {"stream": draw(streams), "data": draw(st.sampled_from([event, [event, event]]))}


@pytest.mark.parametrize("name", MAKES)
@QUIET
@given(st.data())
def test_nothing_but_counted_errors_comes_out(name: str, data: st.DataObject) -> None:
    """F67, F60, C71."""
    messages = data.draw(
        st.lists(
            st.one_of(values, shaped(), changed_on_a_walk(REAL[name], values), st.sampled_from(REAL[name])),
            min_size=1,
            max_size=8,
        )
    )
    store = MAKES[name]()

    give(store, messages)

    assert all(len(store[one]) <= 99_999 for one in store)
    check_books(store)


def check_books(store: Any) -> None:
    for book in (store.orderbook, store.partialdepth):
        for row in book:
            assert float(row["p"]) >= 0
            assert float(row["q"]) > 0
    for symbol in store.orderbook.instruments:
        asks, bids = store.orderbook.depth(symbol, 1)
        if asks and bids and store.orderbook.status_of(symbol) == Live():
            assert float(asks[0].price) > float(bids[0].price)


@pytest.mark.parametrize("name", MAKES)
@QUIET
@given(st.data())
def test_rest_answers_are_applied_or_refused(name: str, data: st.DataObject) -> None:
    """F66: a refused answer changes nothing."""
    record = data.draw(st.sampled_from([record for record in RECORDS[name] if record.kind == "rest"]))
    body = copy.deepcopy(record.message)
    place: Any = body
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        inner = place[key]
        if not isinstance(inner, dict | list) or not data.draw(st.integers(0, 3)):
            place[key] = data.draw(values)
            break
        place = inner
    store = MAKES[name]()
    store.errors.subscribe(lambda error: None)
    url = URL(record.url)

    refused: Exception | None = None
    try:
        store._apply_all([(url.path, body, dict(url.query))])
    except RxbottersError as error:
        refused = error

    assert refused is None or isinstance(refused, ProtocolError | StoreError)
    assert refused is None or not any(len(store[one]) for one in store)
    check_books(store)


@QUIET
@given(st.one_of(values, shaped(), changed_on_a_walk(REAL["usdm"], values)))
def test_the_session_reads_anything(message: Any) -> None:
    """F38, F60."""
    url = URL("wss://fstream.binance.com/public/ws")
    store = BinanceUSDSMDataStore()

    ack(message)
    channel_of(message)
    farewell(message)
    refusal(message)
    time_of(message)
    undo(message)
    assert isinstance(request_ids(message), tuple)
    assert list(split(message, url))
    store.onevent(Subscribed(None, [message]))
    store.onevent(Acknowledged(None, message))
