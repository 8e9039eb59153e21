"""A numbered book is never `Live` while it differs from the exchange's, and is `Live` again once it can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxbotters.stores import DataStoreCollection, Diff, SyncedBook, by_previous, by_range, consecutive
from rxbotters_operators.events import Closed, Live, Syncing

Levels = list[tuple[float, float]]


class Ranged(SyncedBook):
    _FOLLOWS: ClassVar[Callable[..., Any]] = by_range


class Linked(SyncedBook):
    _FOLLOWS: ClassVar[Callable[..., Any]] = by_previous


class Venue(NamedTuple):
    """An exchange's book through time: what each message says, and what is true after each number."""

    diffs: list[Diff]
    truth: dict[int, tuple[dict[float, float], dict[float, float]]]


CHANGES = st.lists(
    st.tuples(st.sampled_from([101.0, 102.0, 103.0, 97.0, 98.0, 99.0]), st.integers(0, 3)), min_size=1, max_size=3
)


@st.composite
def venues(draw: Any, *, spans: bool) -> Venue:
    """Diffs 1, 2, 3 …; with ``spans`` one message may carry several numbers."""
    asks: dict[float, float] = {104.0: 1.0}
    bids: dict[float, float] = {96.0: 1.0}
    number, diffs, truth = 0, list[Diff](), {0: (dict(asks), dict(bids))}
    for changes in draw(st.lists(CHANGES, min_size=3, max_size=10)):
        previous, number = number, number + (draw(st.integers(1, 3)) if spans else 1)
        for price, size in changes:
            side = asks if price > 100 else bids
            side[price] = float(size)
            if not size:
                del side[price]
        told = {price: float(size) for price, size in changes}
        diffs.append(
            Diff(
                [(price, size) for price, size in told.items() if price > 100],
                [(price, size) for price, size in told.items() if price < 100],
                last=number,
                first=previous + 1,
                previous=previous,
            )
        )
        truth[number] = (dict(asks), dict(bids))
    return Venue(diffs, truth)


class Fed(DataStoreCollection):
    """One book, and how often each instrument was asked for."""

    def __init__(self, kind: type[SyncedBook]) -> None:
        self._kind = kind
        super().__init__()
        self.book: SyncedBook = self["book"]  # type: ignore[assignment]
        self.asked: list[Any] = []
        self.asks.subscribe(self.asked.append)
        self.errors.subscribe(lambda error: None)

    def _init(self) -> None:
        self.create("book", datastore_class=self._kind)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if isinstance(msg, Diff):
            self.book.on_diff("X", msg)
        else:
            number, (asks, bids) = msg
            self.book.on_snapshot("X", number, list(asks.items()), list(bids.items()))

    def holds(self) -> tuple[dict[Any, Any], dict[Any, Any]]:
        depth = self.book.depth("X")
        return dict(depth.asks), dict(depth.bids)  # type: ignore[arg-type]

    def check(self, venue: Venue) -> None:
        """The law: what is `Live` is true, what is not is empty or being asked for, and nothing is asked for twice."""
        last = self.book._numbers["X"].last if "X" in self.book._numbers else None
        if isinstance(self.book.status_of("X"), Live):
            assert self.holds() == venue.truth[last]
            assert not self.book.wants("X")
        else:
            assert self.holds() == ({}, {})


KINDS = [(SyncedBook, False), (Ranged, True), (Linked, True)]
SCRIPTS = st.lists(
    st.one_of(
        st.tuples(st.just("diff"), st.integers(0, 9)),
        st.tuples(st.just("next"), st.integers(0, 1)),
        st.tuples(st.just("snapshot"), st.integers(0, 9)),
        st.tuples(st.just("close"), st.just(0)),
    ),
    max_size=25,
)


@pytest.mark.parametrize(("kind", "spans"), KINDS)
@given(data=st.data(), script=SCRIPTS)
def test_what_is_live_is_true(kind: type[SyncedBook], spans: bool, data: Any, script: list[tuple[str, int]]) -> None:
    """F68, F69, F70, F71, F73, F74: diffs lost, doubled, swapped and replayed, snapshots early, late and old."""
    venue = data.draw(venues(spans=spans))
    fed, at = Fed(kind), 0
    for verb, index in script:
        if verb == "close":
            fed.onevent(Closed(1006))
        elif verb == "snapshot":
            number = sorted(venue.truth)[index % len(venue.truth)]
            fed.onmessage((number, venue.truth[number]))
        else:
            at = min(at + index, len(venue.diffs) - 1) if verb == "next" else index % len(venue.diffs)
            fed.onmessage(venue.diffs[at])
            if not isinstance(fed.book.status_of("X"), Live):
                assert fed.book.wants("X")
        fed.check(venue)


@pytest.mark.parametrize(("kind", "spans"), KINDS)
@given(data=st.data(), script=SCRIPTS)
def test_whatever_was_it_ends_live_once_nothing_is_lost_any_more(
    kind: type[SyncedBook], spans: bool, data: Any, script: list[tuple[str, int]]
) -> None:
    """F73, F74: a snapshot, with what follows it before or after, is all it takes; then nothing more is asked for."""
    venue = data.draw(venues(spans=spans))
    fed = Fed(kind)
    for verb, index in script:
        if verb != "snapshot":
            fed.onmessage(venue.diffs[index % len(venue.diffs)])
    fed.onevent(Closed(1006))
    early = data.draw(st.integers(0, len(venue.diffs)))
    covered = data.draw(st.integers(0, early))
    asked = len(fed.asked)

    for diff in venue.diffs[:early]:
        fed.onmessage(diff)
    assert len(fed.asked) == asked + bool(early)
    number = venue.diffs[covered - 1].last if covered else 0
    fed.onmessage((number, venue.truth[number]))
    for diff in venue.diffs[early:]:
        fed.onmessage(diff)

    assert fed.book.status_of("X") == Live()
    assert fed.holds() == venue.truth[venue.diffs[-1].last]
    assert len(fed.asked) == asked + bool(early)


@given(st.integers(0, 100), st.integers(1, 100), st.integers(0, 20))
def test_a_span_follows_if_it_leaves_no_number_out(last: int, first: int, more: int) -> None:
    """F68: by_range to the number."""
    number = first + more
    verdict = by_range(last, Diff([], [], last=number, first=first), False)

    assert verdict == ("skip" if number <= last else "apply" if first <= last + 1 else "gap")
    if verdict == "apply":
        assert set(range(first, number + 1)) >= {last + 1}
    assert consecutive(last, Diff([], [], last=number), False) == (
        "apply" if number == last + 1 else "skip" if number <= last else "gap"
    )
    linked = by_previous(last, Diff([], [], last=number, previous=first), False)
    assert linked == ("apply" if first == last else "skip" if number <= last else "gap")


def test_an_instrument_that_is_waited_for_is_syncing_and_others_are_not_its_business() -> None:
    """F76."""
    fed = Fed(SyncedBook)
    fed.book.on_snapshot("Y", 5, [(101.0, 1.0)], [])
    fed.book.on_diff("X", Diff([], [], last=1))

    assert fed.book.instruments == {"Y": Live(), "X": Syncing()}
    assert fed.book.status == Syncing()
