"""Whatever well-formed JSON arrives, nothing but a typed error comes out, and nothing grows without end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import KuCoinDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.exchanges.kucoin import EXCHANGE
from rxbotters.record import read_records
from rxbotters.wire import dumps
from tests.exchanges.common import heard
from tests.exchanges.fuzzing import BIG, changed_in_some_places, give, give_answer, json_values, runs

DATA = Path(__file__).parent / "data"
RECORDS = [record for path in sorted(DATA.glob("s*.gz")) for record in read_records(path)]
REAL = [record.message for record in RECORDS if record.kind == "ws" and "topic" in record.data]
ANSWERS = [(record.url, record.message) for record in RECORDS if record.kind == "rest"]
ROUTES = sorted(KuCoinDataStore()._routes())
HOST = "api.kucoin.com"
SOCKET = URL("wss://ws-api-spot.kucoin.com/")

quiet = runs(forgives=BIG)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "0", "1", "1.50", "-1", "NaN", "1e5", "1E999", "Infinity", "open", "buy", "BTC-USDT", "a,b,c"]
    )
    | st.text(max_size=6)
)
values = json_values(scalars, st.text(max_size=6))


def check(store: KuCoinDataStore, failures: list[Exception]) -> None:
    for failure in failures:
        assert isinstance(failure, ProtocolError | StoreError), repr(failure)
    for name in store:
        assert len(store[name]) <= 2 * store[name]._MAXLEN
    assert len(store._folds) <= 10_000
    assert len(store.unhandled) <= 1001
    for book in (store.orderbook5, store.orderbook50, store.orderbook):
        for row in book:
            assert float(row["price"]) >= 0
            assert float(row["size"]) > 0
        for symbol in book.instruments:
            book.sorted({"symbol": symbol})
    for row in store.positions:
        assert row["side"] in ("BUY", "SELL")


@pytest.mark.timeout(3600)
@quiet
@given(st.lists(values | changed_in_some_places(REAL, values), max_size=6))
def test_messages(messages: list[Any]) -> None:
    """C71, F60: and a message is read, never changed."""
    store = KuCoinDataStore()
    failures = heard(store)
    host = EXCHANGE.ws["ws-api-spot.kucoin.com"]

    for message in messages:
        before = dumps(message)
        store.onmessage(message)
        store._holds(message)
        store._expects([message])
        for read in (host.ack, host.farewell, host.channel_of, host.time_of, host.request_ids, host.undo):
            assert read is not None
            read(message)
        assert host.split is not None
        host.split(message, SOCKET)
        assert dumps(message) == before

    check(store, failures)


@pytest.mark.timeout(3600)
@quiet
@given(st.lists(changed_in_some_places(REAL, values), max_size=2), st.data())
def test_answers(messages: list[Any], drawn: st.DataObject) -> None:
    """C73: an answer is applied, or refused whole."""
    store = KuCoinDataStore()
    give(store, messages)
    if drawn.draw(st.booleans()):
        url, body = drawn.draw(st.sampled_from(ANSWERS))
        body = drawn.draw(changed_in_some_places([body], values))
    else:
        route, data = drawn.draw(st.sampled_from(ROUTES)), drawn.draw(values)
        url = f"https://{route if not route.startswith('/') else HOST + route}?symbol=BTC-USDT&type=1min"
        body = {"code": "200000", "data": data} if drawn.draw(st.booleans()) else data

    give_answer(store, url, body)
    check(store, [])
