"""Whatever well-formed JSON, or frame, arrives: nothing but a typed error comes out, and nothing grows without end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import MEXCFuturesDataStore, MEXCSpotDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.exchanges.mexc import EXCHANGE
from rxbotters.exchanges.mexc.frames import decode
from rxbotters.record import read_records
from rxbotters.stores import DataStoreCollection
from rxbotters.wire import dumps
from tests.exchanges.common import heard
from tests.exchanges.fuzzing import (
    BIG,
    changed_at_a_depth,
    changed_in_some_places,
    changed_on_a_walk,
    give_to_every_route,
    json_values,
    runs,
)

from .frames import ACCOUNT, DEPTH, balance, deals, depth, fill, order

DATA = Path(__file__).parent / "data"
RECORDS = [record.message for path in sorted(DATA.glob("*.gz")) for record in read_records(path)]
ORDER = {"orderId": 5, "symbol": "BTC_USDT", "state": 2, "vol": 3, "price": 1.5, "version": 2, "updateTime": 9}
POSITION = {"positionId": 1, "symbol": "BTC_USDT", "state": 1, "holdVol": 3, "version": 2}
LEVELS = {"asks": [[101, 1, 1]], "bids": [[99, 2, 1]], "version": 7, "begin": 6, "end": 7}
FUTURES = [
    *(record for record in RECORDS if isinstance(record, dict) and str(record.get("channel")).startswith("push.")),
    {"channel": "push.depth", "symbol": "BTC_USDT", "data": LEVELS, "ts": 1},
    {"channel": "push.depth.full", "symbol": "BTC_USDT", "data": LEVELS, "ts": 1},
    {"channel": "push.personal.order", "data": ORDER, "ts": 1},
    {"channel": "push.personal.order", "data": {**ORDER, "state": 3}, "ts": 2},
    {"channel": "push.personal.position", "data": POSITION, "ts": 1},
    {"channel": "push.personal.order.deal", "data": {"id": 1, "orderId": 5, "price": 1, "vol": 1}, "ts": 1},
    {"channel": "push.personal.adl.level", "data": {"positionId": 1, "adlLevel": 2}, "ts": 1},
    {"channel": "push.personal.risk.limit", "data": {"symbol": "BTC_USDT", "positionType": 1}, "ts": 1},
    {"channel": "push.personal.position.mode", "data": {"positionMode": 1}, "ts": 1},
    {"channel": "rs.error", "data": "Contract [NOPE_USDT] not exists", "ts": 1},
    {"method": "sub.depth", "param": {"symbol": "BTC_USDT"}},
    {"method": "sub.depth.full", "param": {"symbol": "BTC_USDT"}},
]
SPOT = [
    decode(depth("BTCUSDT", 5, 7, [("101", "1")], [("99", "0.5")])),
    decode(deals("BTCUSDT", [("101", "1", 1, 9)])),
    decode(order("BTCUSDT", id="a", status=1, quantity="1", cumulativeQuantity="0.5")),
    decode(order("BTCUSDT", id="a", status=2, quantity="1", cumulativeQuantity="1")),
    decode(fill("BTCUSDT", tradeId="t", orderId="a", price="1", quantity="1")),
    decode(balance(vcoinName="USDT", balanceAmount="1", frozenAmount="0", time=5)),
    {"id": 0, "code": 0, "msg": DEPTH + "BTCUSDT"},
    {"method": "SUBSCRIPTION", "params": [DEPTH + "BTCUSDT", ACCOUNT]},
]
REST_ORDER = {"symbol": "BTCUSDT", "orderId": "a", "origQty": "1", "executedQty": "0", "status": "NEW", "side": "BUY"}
ANSWERS: list[Any] = [
    {"success": True, "code": 0, "data": LEVELS},
    {"success": True, "code": 0, "data": [LEVELS]},
    {"success": True, "code": 0, "data": [ORDER]},
    {"success": True, "code": 0, "data": {"resultList": [ORDER]}},
    {"success": True, "code": 0, "data": [POSITION]},
    {"success": True, "code": 0, "data": [{"currency": "USDT", "frozenBalance": 0}]},
    {"success": True, "code": 0, "data": [{"p": 1, "v": 1, "t": 5}]},
    {"lastUpdateId": 7, "asks": [["101", "1"]], "bids": [["99", "1"]]},
    {"balances": [{"asset": "USDT", "free": "1", "locked": "0"}]},
    [REST_ORDER],
    [{"price": "1", "qty": "1", "time": 5, "isBuyerMaker": True}],
    [{"symbol": "BTCUSDT", "id": "t", "orderId": "a", "price": "1", "qty": "1", "isBuyer": True, "time": 5}],
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "1", "1.50", "-1", "NaN", "1e5", "1E999", "Infinity", "NEW", "BTC_USDT", "push.depth"])
    | st.text(max_size=6)
)
values = json_values(scalars, st.text(max_size=6) | st.sampled_from(["channel", "data", "symbol", "state"]))


def changed(real: list[Any]) -> st.SearchStrategy[Any]:
    return (
        values
        | changed_in_some_places(real, values, shortens=True)
        | changed_at_a_depth(real, values)
        | changed_on_a_walk(real, values)
    )


def check(store: DataStoreCollection, failures: list[Exception]) -> None:
    for failure in failures:
        assert isinstance(failure, ProtocolError | StoreError), repr(failure)
    for name in store:
        assert len(store[name]) <= 2 * store[name]._MAXLEN
    assert len(store.unhandled) <= 1001
    for name in ("depth", "depth_full"):
        if name not in store:
            continue
        book = store.get(name)
        for row in book:
            assert float(row["price"]) >= 0
            assert float(row.get("size", row.get("quantity"))) > 0
        for symbol in book.instruments:
            best = book.best(symbol)
            if name == "depth" and best.ask and best.bid:
                assert float(best.ask["price"]) > float(best.bid["price"])


def feed(store: DataStoreCollection, host_name: str, messages: list[Any]) -> None:
    failures = heard(store)
    host = EXCHANGE.ws[host_name]
    for message in messages:
        before = dumps(message)
        store.onmessage(message)
        store._holds(message)
        store._expects([message])
        for read in (host.ack, host.channel_of, host.time_of, host.request_ids, host.undo):
            assert read is not None
            read(message)
        if host.split is not None:
            host.split(message, URL("wss://wbs-api.mexc.com/ws"))
        assert dumps(message) == before
    check(store, failures)


@pytest.mark.timeout(3600)
@runs(forgives=BIG)
@given(st.lists(changed(FUTURES), max_size=6))
def test_messages_of_futures(messages: list[Any]) -> None:
    """C71, F60, F67: and a message is read, never changed."""
    feed(MEXCFuturesDataStore(), "contract.mexc.com", messages)


@pytest.mark.timeout(3600)
@runs(forgives=BIG)
@given(st.lists(changed(SPOT), max_size=6))
def test_messages_of_spot(messages: list[Any]) -> None:
    """C71, F60, F67."""
    feed(MEXCSpotDataStore(), "wbs-api.mexc.com", messages)


@pytest.mark.timeout(3600)
@runs(forgives=BIG)
@given(
    st.sampled_from([MEXCFuturesDataStore, MEXCSpotDataStore]),
    changed(ANSWERS),
    st.dictionaries(
        st.sampled_from(["symbol", "page_num", "page_size"]), st.sampled_from(["BTC_USDT", "1", "0", "x", ""])
    ),
)
def test_answers(make: type[DataStoreCollection], body: Any, query: dict[str, str]) -> None:
    """C73: an answer is applied, or refused by name."""
    store = make()
    failures = heard(store)
    for message in FUTURES[-16:] if make is MEXCFuturesDataStore else SPOT:
        store.onmessage(message)
    failures.clear()  # subscriptions are no messages

    give_to_every_route(store, body, query)
    store._refusal(body)

    check(store, failures)
