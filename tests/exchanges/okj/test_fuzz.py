"""Law: whatever arrives, nothing comes out but counted errors of two kinds, and every store stays bounded."""

from __future__ import annotations

import contextlib
import json
import zlib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import OKJDataStore
from rxbotters.errors import ProtocolError
from rxbotters.exchanges.okj import legacy, session
from rxbotters.exchanges.okj.frames import BUDGET, DEFLATED, inflate
from rxbotters.record import read_records
from rxbotters_operators.events import Subscribed
from tests.exchanges.fuzzing import BIG, changed_on_a_walk, give, json_values, runs

DATA = Path(__file__).parent / "data"
BTC = {"instId": "BTC-JPY"}
LEVELS = {"asks": [["252.52", "1909.156", "0", "2"]], "bids": [["251.87", "601.749", "0", "1"]], "ts": "1790133750004"}
REAL: list[dict[str, Any]] = [record.message for record in read_records(DATA / "okex-v3-2021-04.jsonl.gz")][::9]
REAL += [
    {"arg": {"channel": "books", **BTC}, "action": "snapshot", "data": [{**LEVELS, "seqId": 1, "prevSeqId": -1}]},
    {"arg": {"channel": "books", **BTC}, "action": "update", "data": [{**LEVELS, "seqId": 2, "prevSeqId": 1}]},
    {"arg": {"channel": "books5", **BTC}, "data": [{**LEVELS, "seqId": 1}]},
    {"arg": {"channel": "bbo-tbt", **BTC}, "data": [{**LEVELS, "seqId": 1}]},
    {"arg": {"channel": "tickers", **BTC}, "data": [{**BTC, "last": "13615162"}]},
    {"arg": {"channel": "trades", **BTC}, "data": [{**BTC, "tradeId": "1", "px": "13615162", "sz": "1"}]},
    {"arg": {"channel": "candle1m", **BTC}, "data": [["1597026383085", "3", "5", "1", "4", "10", "40", "41", "1"]]},
    {"arg": {"channel": "orders", "instType": "SPOT"}, "data": [{**BTC, "ordId": "1", "state": "live"}]},
    {"arg": {"channel": "orders-algo", "instType": "SPOT"}, "data": [{**BTC, "algoId": "1", "state": "live"}]},
    {
        "arg": {"channel": "account"},
        "eventType": "snapshot",
        "curPage": 1,
        "lastPage": True,
        "data": [{"details": [{"ccy": "JPY", "cashBal": "1"}]}],
    },
    {"table": "spot/order", "data": [{"instrument_id": "BTC-JPY", "order_id": "1", "state": "0"}]},
    {"table": "spot/order_algo", "data": [{"instrument_id": "BTC-JPY", "algo_id": "1", "status": "1"}]},
    {"table": "spot/account", "data": [{"currency": "JPY", "balance": "1", "available": "1", "hold": "0"}]},
    {"table": "spot/candle60s", "data": [{"instrument_id": "BTC-JPY", "candle": ["t", "3", "5", "1", "4", "10"]}]},
    {"event": "error", "msg": "Please log in", "code": "60011"},
    {"event": "unsubscribe", "arg": {"channel": "books", **BTC}},
    {"event": "unsubscribe", "channel": "spot/depth:BTC-JPY"},
]
QUIET = runs(forgives=BIG)

numbers = st.one_of(st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.integers())
texts = st.one_of(
    st.sampled_from(["0", "1", "-1", "nan", "1e999", "", "BTC-JPY", "live", "snapshot"]), st.text(max_size=4)
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
names = st.one_of(
    st.sampled_from(["arg", "table", "data", "channel", "instId", "instrument_id", "asks", "bids", "seqId", "state"]),
    st.text(max_size=3),
)
values = json_values(plain, names)


@QUIET
@given(st.lists(st.one_of(values, changed_on_a_walk(REAL, values), st.sampled_from(REAL)), min_size=1, max_size=8))
def test_nothing_but_counted_errors_comes_out(messages: list[Any]) -> None:
    """F67, F60, C71."""
    store = OKJDataStore()

    give(store, messages)

    assert all(len(store[name]) <= 99999 for name in store)
    for row in store.books:
        assert float(row["px"]) >= 0
        assert float(row["sz"]) > 0


@QUIET
@given(st.one_of(values, changed_on_a_walk(REAL, values)))
def test_the_sessions_read_anything(message: Any) -> None:
    """F38, F60."""
    url = URL("wss://ws.okj.com:443/ws/v5/public")
    store = OKJDataStore()

    for room in (session, legacy):
        room.ack(message)
        room.channel_of(message)
        room.needs_login([message], url)
        assert isinstance(room.request_ids(message), tuple)
        assert list(room.split(message, url))
        room.undo(message)
    session.farewell(message)
    store.onevent(Subscribed(None, [message]))


@QUIET
@given(st.binary(max_size=200), st.integers(0, 100), st.integers(0, 255))
def test_a_frame_is_a_message_or_a_typed_error(noise: bytes, place: int, byte: int) -> None:
    """F52, F54, F59, defect 6: random bytes, and real frames with one byte changed."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    frame = bytearray(stream.compress(json.dumps(REAL[0]).encode()) + stream.flush())
    frame[place % len(frame)] = byte

    for data in (noise, bytes(frame)):
        DEFLATED.is_noise(data)
        with contextlib.suppress(ProtocolError):
            assert len(inflate(data)) <= BUDGET
            DEFLATED.decode(data)
