"""Law: whatever arrives, nothing comes out but counted errors of two kinds, and every store stays bounded and sane."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import BitTradeDataStore
from rxbotters.clock import Stamp
from rxbotters.errors import ProtocolError
from rxbotters.exchanges.bittrade import session
from rxbotters.exchanges.bittrade.frames import BUDGET, GZIPPED
from rxbotters.record import read_records
from rxbotters.wire import Frame, inflate
from rxbotters_operators.events import Live, Subscribed
from tests.exchanges.bittrade.test_stores import CHANGE, CREATED, FILL, REST_ORDER
from tests.exchanges.common import heard
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
URLS = [URL(f"wss://api-cloud.bittrade.co.jp{path}") for path in ("/ws", "/ws/v2", "/retail/ws")]
TICK = {"asks": [[101.0, 1.0], [102.0, 0.5]], "bids": [[99.0, 2.0]], "version": 5}
CANDLE = {"id": 60, "open": 1.0, "close": 1.0, "low": 1.0, "high": 1.0, "amount": 1.0, "vol": 1.0, "count": 3}
TRADE = {"id": 1, "ts": 1, "tradeId": 7, "amount": 0.1, "price": 4.0, "direction": "buy"}
OFFER = {"id": "26cb", "symbol": "BTCJPY", "buy_price": "474141.06", "sell_price": "387930.3", "market_price": "431035"}
REAL: list[dict[str, Any]] = [
    record.message for path in sorted(DATA.glob("samples-*.gz")) for record in read_records(path)
] + [
    {"ch": "market.btcjpy.depth.step0", "ts": 1000, "tick": TICK},
    {"ch": "market.btcjpy.depth.step0", "ts": 1001, "data": {**TICK, "version": 6}},
    {"ch": "market.btcjpy.depth.step2", "ts": 1001, "tick": TICK},
    {"rep": "market.btcjpy.depth.step0", "status": "ok", "ts": 1001, "data": TICK},
    {"ch": "market.btcjpy.kline.1min", "ts": 1, "tick": CANDLE},
    {"rep": "market.btcjpy.kline.1min", "status": "ok", "data": [CANDLE]},
    {
        "ch": "market.btcjpy.bbo",
        "ts": 1,
        "tick": {"seqId": 1, "ask": 101.0, "askSize": 1.0, "bid": 99.0, "bidSize": 1.0},
    },
    {"ch": "market.btcjpy.trade.detail", "ts": 1, "tick": {"data": [TRADE, {**TRADE, "tradeId": 8}]}},
    {"ch": "market.btcjpy.detail", "ts": 1, "tick": CANDLE},
    {"action": "push", "ch": "orders#btcjpy", "data": CREATED},
    {
        "action": "push",
        "ch": "orders#btcjpy",
        "data": {**CREATED, "eventType": "trade", "orderStatus": "partial-filled", "remainAmt": "1"},
    },
    {
        "action": "push",
        "ch": "orders#btcjpy",
        "data": {**CREATED, "eventType": "cancellation", "orderStatus": "canceled"},
    },
    {"ch": "trade.clearing#btcjpy#1", "data": FILL},
    {"action": "push", "ch": "accounts.update#2", "data": CHANGE},
    {"code": 200, "success": True, "data": {"topic": 1, "action": 1, "ts": 1571388770, "offer": [OFFER]}},
    {"status": "error", "ts": 1, "err-code": "bad-request", "err-msg": "not json"},
    {"action": "sub", "code": 2001, "ch": "orders#x", "message": "invalid.symbol"},
]
ANSWERS: list[dict[str, Any]] = [
    {"status": "ok", "ch": "market.btcjpy.depth.step0", "ts": 1002, "tick": {**TICK, "version": 7}},
    {"status": "ok", "ch": "market.btcjpy.kline.1day", "ts": 1, "data": [CANDLE]},
    {"status": "ok", "ch": "market.btcjpy.trade.detail", "ts": 1, "data": [{"id": 1, "data": [TRADE]}]},
    {"status": "ok", "ch": "market.btcjpy.detail.merged", "ts": 1, "tick": {**CANDLE, "bid": [1, 2], "ask": [2, 3]}},
    {"status": "ok", "data": [REST_ORDER, {**REST_ORDER, "id": 2}]},
    {"status": "ok", "data": [{"trade-id": 1, "order-id": 2, "symbol": "btcjpy", "price": "1", "filled-amount": "1"}]},
    {
        "status": "ok",
        "data": {
            "id": 1,
            "list": [{"currency": "jpy", "type": kind, "balance": "1.5"} for kind in ("trade", "frozen")],
        },
    },
]
QUERIES = [{}, {"symbol": "btcjpy"}, {"account-id": "1", "side": "buy"}, {"size": "1"}, {"size": "x", "from": "1"}]
QUIET = runs(forgives=BIG)

numbers = st.one_of(st.integers(-3, 3), st.floats(), st.integers())
texts = st.one_of(
    st.sampled_from(
        ["0", "1", "-1", "nan", "1e999", "1E-70", "", "btcjpy", "filled", "submitted", "trade", "creation"]
    ),
    st.text(max_size=4),
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
names = st.one_of(
    st.sampled_from(
        ["ch", "tick", "data", "action", "rep", "topic", "offer", "asks", "bids", "ts", "status", "code", "id"]
    ),
    st.text(max_size=3),
)
values = json_values(plain, names)
messages = st.one_of(
    values,
    changed_on_a_walk(REAL, values),
    changed_at_a_depth(REAL, values),
    changed_in_some_places(REAL, values, shortens=True),
    st.sampled_from(REAL),
)


def check(store: BitTradeDataStore) -> None:
    assert all(len(store[name]) <= 99999 for name in store)
    for row in store.depth:
        assert float(row["price"]) >= 0
        assert float(row["amount"]) > 0
    for symbol, status in store.depth.instruments.items():
        asks, bids = store.depth.depth(symbol)
        if asks or bids:
            assert status == Live()
        assert not (asks and bids) or asks[0].price > bids[0].price
    assert all(row["orderStatus"] not in ("filled", "canceled") for row in store.orders if "orderStatus" in row)


@QUIET
@given(st.lists(messages, min_size=1, max_size=8))
def test_nothing_but_counted_errors_comes_out(given_: list[Any]) -> None:
    """F67, F60, C71."""
    store = BitTradeDataStore()

    give(store, given_)

    check(store)


@QUIET
@given(
    st.lists(st.sampled_from(REAL), max_size=5),
    st.one_of(values, changed_on_a_walk(ANSWERS, values), changed_in_some_places(ANSWERS, values, shortens=True)),
    st.sampled_from(QUERIES),
)
def test_every_route_takes_an_answer_or_refuses_it_by_name(real: list[Any], body: Any, query: dict[str, str]) -> None:
    store = BitTradeDataStore()
    heard(store)
    for message in real:
        store.onmessage(message)

    store._refusal(body)
    give_to_every_route(store, body, query)

    check(store)


@QUIET
@given(messages)
def test_the_sessions_read_anything(message: Any) -> None:
    """F38, F60."""
    store = BitTradeDataStore()
    for url in URLS:
        assert list(session.split(message, url))
        answer = session.beat(url).answer
        assert answer is not None
        with contextlib.suppress(ValueError):  # JSON has no NaN
            frame = Frame("text", json.dumps(message, allow_nan=False))
            assert isinstance(answer(frame, Stamp(0, str)), str | None)
    session.ack(message)
    assert isinstance(session.channel_of(message), str | None)
    assert isinstance(session.time_of(message), float | None)
    assert all(isinstance(name, str) for name in session.request_ids(message))
    session.undo(message)
    store.onevent(Subscribed(None, [message]))


@QUIET
@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_a_frame_is_a_message_or_a_typed_error(noise: bytes, place: int, byte: int) -> None:
    """F52, F54, F59: random bytes, and real frames with one byte changed."""
    text = json.dumps(REAL[-2]).encode()
    frame = bytearray(gzip.compress(text, mtime=0))
    frame[place % len(frame)] = byte

    for data in (noise, bytes(frame)):
        with contextlib.suppress(ProtocolError):
            assert len(inflate(data, "gzip", budget=BUDGET)) <= BUDGET
        with contextlib.suppress(ProtocolError):
            assert GZIPPED.decode(data) == json.loads(text)
