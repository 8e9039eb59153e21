"""Law: whatever JSON arrives, nothing comes out but counted errors of two kinds, and every store stays bounded."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from rxbotters import OKXDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.exchanges.okx.session import ack, channel_of, farewell, needs_login, request_ids, split, undo
from rxbotters.record import read_records
from rxbotters_operators.events import Subscribed

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
EXAMPLES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

numbers = st.one_of(st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False), st.integers())
texts = st.one_of(
    st.sampled_from(["0", "1", "-1", "nan", "1e999", "", "BTC-USDT", "live", "snapshot"]), st.text(max_size=4)
)
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
names = st.one_of(
    st.sampled_from(["arg", "data", "channel", "instId", "asks", "bids", "seqId", "prevSeqId", "state", "pos", "ccy"]),
    st.text(max_size=3),
)
values = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


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


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A real message, in which one value somewhere is another."""
    message = copy.deepcopy(draw(st.sampled_from(REAL)))
    place: Any = message
    while True:
        inner = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not inner:
            return message
        key = draw(st.sampled_from(inner))
        if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 3)):
            place = place[key]
            continue
        if isinstance(place, dict) and draw(st.booleans()):
            del place[key]
        else:
            place[key] = draw(values)
        return message


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIET)
@given(st.lists(st.one_of(values, shaped(), mutated(), st.sampled_from(REAL)), min_size=1, max_size=8))
def test_nothing_but_counted_errors_comes_out(messages: list[Any]) -> None:
    """F67, F60, C71."""
    store = OKXDataStore()
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    before = copy.deepcopy(messages)

    for message in messages:
        store.onmessage(message)

    assert messages == before
    assert all(isinstance(error, ProtocolError | StoreError) for error in errors)
    assert all(len(store[name]) <= 9999 for name in store)
    for row in store.books:
        assert float(row["px"]) >= 0
        assert float(row["sz"]) > 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIET)
@given(st.one_of(values, mutated()))
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
