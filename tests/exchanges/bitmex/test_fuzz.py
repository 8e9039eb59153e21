"""Law: whatever well-formed JSON comes, nothing but ProtocolError and StoreError, on ``errors``; stores stay bounded (F67)."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from rxbotters import BitMEXDataStore
from rxbotters.errors import ProtocolError, StoreError
from rxbotters.record import read_records
from rxbotters_operators.events import Live
from tests.exchanges.common import heard
from tests.exchanges.fuzzing import changed_in_some_places, json_values, runs

from .test_against_pybotters import DATA

RULES = runs(forgives=list(HealthCheck))

ATOMS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.sampled_from(["XBTUSD", "", "Buy", "Sell", "Filled", "New"]) | st.text(max_size=4)
FIELDS = st.sampled_from(["symbol", "id", "side", "size", "price", "orderID", "ordStatus", "account", "currency"])
JSON = json_values(ATOMS | TEXTS, FIELDS | TEXTS)
FILES = ("synthetic.jsonl.gz", "samples.jsonl", "parser-samples.jsonl")
REAL = [record.message for name in FILES for record in read_records(DATA / name)]
TABLES = st.sampled_from([*BitMEXDataStore()._folds, "chat"])
ACTIONS = st.sampled_from(["partial", "insert", "update", "delete", "x"])
KEYS = st.sampled_from([[], ["symbol"], ["symbol", "id", "side"], ["orderID"], "x", None, [1]])
FILTERS = st.sampled_from([{}, {"symbol": "XBTUSD"}, {"account": 1}, None]) | JSON
ROWS = st.lists(
    st.fixed_dictionaries(
        {"symbol": st.sampled_from(["XBTUSD", "ETHUSD"]), "id": st.integers(1, 4), "side": st.sampled_from(["Buy", "Sell"])},
        optional={"size": st.integers(-1, 3), "price": st.integers(1, 6), "ordStatus": TEXTS, "orderID": TEXTS},
    )
    | JSON,
    max_size=4,
)  # fmt: skip
MESSAGES = st.fixed_dictionaries(
    {"table": TABLES, "action": ACTIONS, "data": ROWS | JSON}, optional={"keys": KEYS, "filter": FILTERS}
)
MUTATED = changed_in_some_places(REAL, JSON, least=1, shortens=True)


def check(messages: list[Any], *, watched: bool = True) -> BitMEXDataStore:
    store = BitMEXDataStore()
    errors = heard(store)
    mirrors: dict[str, dict[Any, Any]] = {name: {} for name in store}
    for message in messages:
        before = copy.deepcopy(message)
        if watched:
            for change in store.apply(message):
                mirror = mirrors[change.store.name]
                if change.operation == "delete":
                    assert mirror.pop(change.key) == change.before
                else:
                    assert mirror.get(change.key) == change.before
                    mirror[change.key] = change.data
        else:
            store.onmessage(message)
        assert message == before  # read, never changed

    assert all(isinstance(error, ProtocolError | StoreError) for error in errors)
    book = store.orderbook
    for symbol, status in book.instruments.items():
        ask, bid = book.best(symbol)
        if isinstance(status, Live) and ask is not None and bid is not None:
            assert ask["price"] > bid["price"]
    assert all(book.get(row) == row for row in book)
    for name, mirror in mirrors.items() if watched else ():
        assert len(store[name]) == len(mirror) <= store[name]._MAXLEN * 10
        assert all(row in mirror.values() for row in store[name])
    return store


@RULES
@given(st.lists(JSON | MESSAGES, max_size=6))
def test_any_json(messages: list[Any]) -> None:
    check(messages)


@RULES
@given(st.lists(MUTATED, min_size=1, max_size=4))
def test_mutated_messages(messages: list[Any]) -> None:
    check(messages)


@RULES
@given(st.lists(MESSAGES, max_size=12))
def test_watched_or_not_it_is_the_same(messages: list[Any]) -> None:
    """The quick way of a store that nobody watches leads to the same rows."""
    one, two = check(messages), check(messages, watched=False)

    assert {name: one[name].find() for name in one} == {name: two[name].find() for name in two}
