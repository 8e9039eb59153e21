"""Law: whatever JSON arrives, nothing comes out but counted errors of two kinds, and every store stays bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters import OKXDataStore
from rxbotters.exchanges.okx.session import ack, channel_of, farewell, needs_login, request_ids, split, undo
from rxbotters.record import read_records
from rxbotters_operators.events import Subscribed
from tests.exchanges.fuzzing import BIG, changed_on_a_walk, give, json_values, runs

DATA = Path(__file__).parent / "data"
REAL = [
    record.message
    for name in ("okx.net-samples", "crypto-msg-parser-samples", "synthetic")
    for record in read_records(DATA / f"{name}.jsonl.gz")
    if record.kind == "ws"
]
CHANNELS = sorted(
    {message["arg"]["channel"] for message in REAL if "arg" in message} | {"trades-all", "books50-l2-tbt"}
)
QUIET = runs(forgives=BIG)

numbers = st.one_of(st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.integers())
texts = st.one_of(
    st.sampled_from(["0", "1", "-1", "nan", "1e999", "", "BTC-USDT", "live", "snapshot"]), st.text(max_size=4)
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
names = st.one_of(
    st.sampled_from(["arg", "data", "channel", "instId", "asks", "bids", "seqId", "prevSeqId", "state", "pos", "ccy"]),
    st.text(max_size=3),
)
values = json_values(plain, names)


@st.composite
def shaped(draw: st.DrawFn) -> dict[str, Any]:
    """A message with a known channel, and anything in it."""
    arg = {"channel": draw(st.sampled_from(CHANNELS)), "instId": draw(st.one_of(st.just("BTC-USDT"), plain))}
    more = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "action": st.one_of(st.sampled_from(["snapshot", "update"]), values),
                "eventType": st.one_of(st.sampled_from(["snapshot", "event_update"]), values),
                "curPage": values,
                "lastPage": values,
            },
        )
    )
    return {"arg": arg, "data": draw(st.one_of(values, st.lists(values, max_size=3))), **more}


@QUIET
@given(
    st.lists(
        st.one_of(values, shaped(), changed_on_a_walk(REAL, values), st.sampled_from(REAL)), min_size=1, max_size=8
    )
)
def test_nothing_but_counted_errors_comes_out(messages: list[Any]) -> None:
    """F67, F60, C71."""
    store = OKXDataStore()

    give(store, messages)

    assert all(len(store[name]) <= 9999 for name in store)
    for row in store.books:
        assert float(row["px"]) >= 0
        assert float(row["sz"]) > 0


@QUIET
@given(st.one_of(values, changed_on_a_walk(REAL, values)))
def test_the_session_reads_anything(message: Any) -> None:
    """F38, F60."""
    url = URL("wss://ws.okx.com:8443/ws/v5/public")
    store = OKXDataStore()

    ack(message)
    channel_of(message)
    farewell(message)
    needs_login([message], url)
    assert isinstance(request_ids(message), tuple)
    assert list(split(message, url))
    undo(message)
    store.onevent(Subscribed(None, [message]))
