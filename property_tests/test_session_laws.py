"""The same book everywhere: a `Live` book is the exchange's, whatever happened on the way; laws in `sessions.session`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property_tests.sessions import Broken, Session, every_wire, run
from property_tests.sessions.script import VERBS, action
from property_tests.sessions.seeds import failure_of, script_of, smallest
from rxbotters.exchanges.index import NAMES
from rxbotters.stores import OrderBook
from rxbotters_operators.events import Live

WIRES = every_wire()
BY_WIRE = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


@st.composite
def _actions(draw: st.DrawFn, verbs: Any = VERBS) -> Any:
    return action(draw(st.sampled_from(verbs)), lambda low, high: draw(st.integers(low, high)))


_ANYTHING = st.lists(st.one_of(_actions(("step",)), _actions()), min_size=1, max_size=25)
_TRADING = st.lists(_actions(("step", "whole")), max_size=15)


@BY_WIRE
@settings(max_examples=2 * settings().max_examples)
@given(script=_ANYTHING, watched=st.booleans())
def test_a_live_book_is_the_true_one_and_comes_back(wire: Any, script: Any, watched: bool) -> None:
    """P2, F68–F74: whatever is lost, doubled, late, reordered, renumbered or cut off."""
    run(wire, script, watched=watched)


@BY_WIRE
@given(script=_TRADING)
def test_without_a_fault_there_is_no_alarm(wire: Any, script: Any) -> None:
    """P2: a book that empties itself for nothing is wrong too."""
    session = Session(wire)
    session.do(("open", 0))
    live: set[Any] = set()
    fallen: list[Any] = []

    def watch(told: Any) -> None:
        symbol, status = told
        if isinstance(status, Live):
            live.add(symbol)
        elif symbol in live:
            fallen.append(told)

    session.book.instrument_statuses.subscribe(watch)
    for what in script:
        session.do(what)
    session.settle()

    assert (fallen, session.errors) == ([], [])
    assert live | set(session.judge.live) == set(wire.symbols)


def test_every_exchange_with_a_book_has_a_wire() -> None:
    there = {wire(_market(wire)).collection().__class__.__module__.split(".")[2] for wire in WIRES.values()}

    assert there == set(NAMES)


@BY_WIRE
def test_the_laws_see_a_book_that_is_wrong(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that vanishes between the store and its reader is enough."""
    whole = OrderBook.depth

    def short(book: Any, symbol: Any, limit: Any = None) -> Any:
        return whole(book, symbol, limit)._replace(asks=whole(book, symbol).asks[1:])

    monkeypatch.setattr(OrderBook, "depth", short)

    with pytest.raises(Broken, match="Live with"):
        run(wire, [])


def test_a_seed_that_fails_shrinks_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    wire: Any = WIRES["Bybit"]
    always = staticmethod(lambda last, diff, first: "apply")
    monkeypatch.setattr("rxbotters.exchanges.bybit.board.Book._FOLLOWS", always)
    seed = next(seed for seed in range(200) if failure_of(script_of(wire, seed)))

    found = smallest(script_of(wire, seed))

    assert "Live with" in failure_of(found)
    assert len(found.actions) <= 10
    assert all(not failure_of(found._replace(actions=shorter)) for shorter in _shorter(found.actions))


def _market(wire: Any) -> Any:
    return Session(wire).market


def _shorter(actions: list[Any]) -> list[list[Any]]:
    return [[*actions[:index], *actions[index + 1 :]] for index in range(len(actions))]
