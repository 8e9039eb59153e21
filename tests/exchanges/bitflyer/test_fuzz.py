"""Whatever well-formed JSON arrives, nothing but a typed error comes out, what is refused changes nothing, and nothing
grows without end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxbotters import bitFlyerDataStore
from rxbotters.errors import ProtocolError, StoreError, VenueError
from rxbotters.exchanges.bitflyer import EXCHANGE
from rxbotters.record import Record, read_records
from rxbotters.wire import dumps
from rxbotters_operators.events import Live
from tests.exchanges.bitflyer.test_stores import P, fill, order
from tests.exchanges.common import heard
from tests.exchanges.compare import Answer, awaitable
from tests.exchanges.fuzzing import BIG, changed_in_some_places, json_values, runs

DATA = Path(__file__).parent / "data"
RECORDS = [record for name in ("synthetic", "recorded") for record in read_records(DATA / f"{name}.jsonl.gz")]
STREAM = [record.message for record in RECORDS if record.kind == "ws" and len(record.data) < 4000]
ANSWERS = [(record.url, record.message) for record in RECORDS if record.kind == "rest"]
ROUTES = sorted(bitFlyerDataStore()._routes())


def pushed(channel: str, message: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "channelMessage", "params": {"channel": channel, "message": message}}


FILLS = [
    pushed("child_order_events", [order(size=0.5), fill(side, 100, size, outstanding_size=0.1, **spot)])
    for side in ("BUY", "SELL")
    for size in (0.1, 3)
    for spot in ({}, {"product_code": "BTC_JPY", "commission": 0.001})
]
BOOKS = [
    pushed(f"lightning_board{kind}_{P}", {"mid_price": 100.0, "bids": [level, below], "asks": [above]})
    for kind in ("_snapshot", "")
    for level in ({"price": 100.0, "size": 1.0}, {"price": 101.0, "size": 2.0})
    for below, above in [({"price": 99.0, "size": 0.0}, {"price": 102.0, "size": 0.5})]
]
REAL = STREAM + 10 * (FILLS + BOOKS)

quiet = runs(forgives=BIG)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "1.5", "-1", "NaN", "1E999", "BUY", "SELL", P, "BTC_JPY", "JRF1", "ORDER", "EXECUTION"])
    | st.text(max_size=6)
)
values = json_values(scalars, st.text(max_size=6))


def rows(store: bitFlyerDataStore) -> dict[str, list[dict[str, Any]]]:
    return {name: [dict(row) for row in store[name]] for name in store}


def check(store: bitFlyerDataStore) -> None:
    for name in store:
        assert len(store[name]) <= 2 * store[name]._MAXLEN
    assert len(store._folds) <= 10_000
    assert len(store.unhandled) <= 1001
    for product in store.board.instruments:
        asks, bids = store.board.depth(product)
        if asks and bids and store.board.status_of(product) == Live():
            assert asks[0].price > bids[0].price
    sides: dict[str, str] = {}
    for lot in store.positions:
        assert lot["side"] == sides.setdefault(lot["product_code"], lot["side"]) in ("BUY", "SELL")
        assert lot["size"] > 0
        assert lot["price"] >= 0
    for row in store.balance:
        assert isinstance(row["amount"], int | float)
    assert len(store.collateral) <= 1


@pytest.mark.timeout(3600)
@quiet
@given(st.lists(values | changed_in_some_places(REAL, values), max_size=6))
def test_messages(messages: list[Any]) -> None:
    """C71, F60, F79: a message is applied or refused whole; it is read, never changed."""
    store = bitFlyerDataStore()
    store.balance._insert([{"currency_code": "JPY", "amount": 1000}, {"currency_code": "BTC", "amount": 1.0}])
    store.collateral._insert([{"collateral": 1000}])
    failures = heard(store)
    host = EXCHANGE.ws["ws.lightstream.bitflyer.com"]

    for message in messages:
        written, before, failed = dumps(message), rows(store), len(failures)
        store.onmessage(message)
        if len(failures) > failed:
            assert rows(store) == before
        store._holds(message)
        list(store._expects([message]))
        for read in (host.ack, host.channel_of, host.request_ids, host.undo):
            assert read is not None
            read(message)
        assert dumps(message) == written
        check(store)

    for failure in failures:
        assert isinstance(failure, ProtocolError | StoreError), repr(failure)


@pytest.mark.timeout(3600)
@quiet
@given(st.lists(changed_in_some_places(REAL, values), max_size=2), st.data())
def test_answers(messages: list[Any], drawn: st.DataObject) -> None:
    """C73: an answer is applied, or refused whole."""
    store = bitFlyerDataStore()
    failures = heard(store)
    for message in messages:
        store.onmessage(message)
    before = rows(store)
    if drawn.draw(st.booleans()):
        url, body = drawn.draw(st.sampled_from(ANSWERS))
        body = drawn.draw(changed_in_some_places([body], values))
    else:
        url, body = f"https://api.bitflyer.com{drawn.draw(st.sampled_from(ROUTES))}", drawn.draw(values)
    query = drawn.draw(st.sampled_from(["", f"?product_code={P}", "?count=1"]))

    try:
        asyncio.run(store.initialize(awaitable(Answer(Record(0.0, "rest", url + query, dumps(body))))))
    except Exception as error:
        failures.append(error)
        assert rows(store) == before

    for failure in failures:
        assert isinstance(failure, ProtocolError | StoreError | VenueError), repr(failure)
    store.onmessage(FILLS[0])
    store.onmessage(FILLS[-1])
    check(store)
