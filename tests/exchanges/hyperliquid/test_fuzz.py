"""Law: whatever well-formed JSON comes, nothing but ProtocolError and StoreError, on ``errors``; stores stay bounded (F67)."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from rxbotters import HyperliquidDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.record import read_records
from rxbotters_operators.events import StoreChange
from tests.exchanges.common import heard
from tests.exchanges.fuzzing import changed_in_some_places, json_values, runs

from .test_against_pybotters import DATA

RULES = runs(forgives=list(HealthCheck))

ATOMS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(["BTC", "", "NaN", "-1", "1.5", "open", "A", "0xAB"]) | st.text(max_size=4)
FIELDS = st.sampled_from(["coin", "data", "levels", "px", "sz", "user", "order", "status", "oid", "tid", "time", "dex"])
JSON = json_values(ATOMS | TEXTS, FIELDS | TEXTS)
REAL = [record.message for name in ("synthetic.jsonl.gz", "samples.jsonl") for record in read_records(DATA / name)]
CHANNELS = st.sampled_from([*HyperliquidDataStore()._folds, "subscriptionResponse", "error", "post", "pong", "?"])
MUTATED = changed_in_some_places(REAL, JSON, least=1, shortens=True)


def check(messages: list[Any]) -> None:
    store = HyperliquidDataStore()
    errors = heard(store)
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
@given(st.lists(MUTATED, min_size=1, max_size=4))
def test_mutated_messages(messages: list[Any]) -> None:
    check(messages)
