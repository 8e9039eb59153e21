"""Law: whatever well-formed JSON comes, nothing but ProtocolError and StoreError, on ``errors``; stores stay bounded (F67)."""

from __future__ import annotations

import copy
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxbotters import HyperliquidDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.record import read_records
from rxbotters_operators.events import StoreChange

from .test_against_pybotters import DATA

EXAMPLES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200
RULES = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

ATOMS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(["BTC", "", "NaN", "-1", "1.5", "open", "A", "0xAB"]) | st.text(max_size=4)
FIELDS = st.sampled_from(["coin", "data", "levels", "px", "sz", "user", "order", "status", "oid", "tid", "time", "dex"])
JSON = st.recursive(
    ATOMS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS | TEXTS, inner, max_size=4),
    max_leaves=12,
)
REAL = [record.message for name in ("synthetic.jsonl.gz", "samples.jsonl") for record in read_records(DATA / name)]
CHANNELS = st.sampled_from([*HyperliquidDataStore()._folds, "subscriptionResponse", "error", "post", "pong", "?"])


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A real message, with a few of its values replaced or taken away."""
    message = copy.deepcopy(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(message))
        if places:
            holder, key = draw(st.sampled_from(places))
            if draw(st.booleans()):
                holder[key] = draw(JSON)
            else:
                del holder[key]
    return message


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def check(messages: list[Any]) -> None:
    store = HyperliquidDataStore()
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    mirrors: dict[str, dict[Any, Any]] = {name: {} for name in store}

    for message in messages:
        before = copy.deepcopy(message)
        for change in store.apply(message):
            _follow(mirrors[change.store.name], change)
        assert message == before  # read, never changed

    assert all(isinstance(error, ProtocolError | StoreError) for error in errors)
    for name, mirror in mirrors.items():
        assert len(store[name]) == len(mirror) <= store[name]._MAXLEN * 10
        assert all(row in mirror.values() for row in store[name])


def _follow(mirror: dict[Any, Any], change: StoreChange) -> None:
    if change.operation == "delete":
        assert mirror.pop(change.key) == change.before
    else:
        mirror[change.key] = change.data


@RULES
@given(st.lists(JSON | st.builds(lambda channel, data: {"channel": channel, "data": data}, CHANNELS, JSON), max_size=6))
def test_any_json(messages: list[Any]) -> None:
    check(messages)


@RULES
@given(st.lists(mutated(), min_size=1, max_size=4))
def test_mutated_messages(messages: list[Any]) -> None:
    check(messages)
