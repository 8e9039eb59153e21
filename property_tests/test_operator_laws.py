"""Laws of the stream operators, for any arrivals."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import reactivex as rx
from hypothesis import given
from hypothesis import strategies as st
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxbotters import operators as ops
from rxbotters_operators._buffer import Buffer
from rxbotters_operators.events import Live, StoreChange

TIMES = st.lists(st.integers(0, 60), max_size=25).map(sorted)


def at_times(clock: TestScheduler, times: list[int], items: list[Any]) -> Subject[Any]:
    source: Subject[Any] = Subject()
    for at, item in zip(times, items, strict=False):
        clock.schedule_absolute(float(at) + 0.001, lambda *_, item=item: source.on_next(item))
    return source


def run(clock: TestScheduler, stream: Any, seconds: float = 10_000) -> list[tuple[float, Any]]:
    seen: list[tuple[float, Any]] = []
    stream.subscribe(lambda item: seen.append((clock.to_seconds(clock.now), item)))
    clock.advance_to(seconds)
    return seen


@given(
    st.integers(1, 4),
    st.sampled_from(["drop_oldest", "drop_newest", "latest_per_key", "error"]),
    st.lists(st.one_of(st.tuples(st.just("push"), st.integers(0, 9)), st.just("pop")), max_size=40),
)
def test_a_buffer_loses_only_what_it_counts(maxsize: int, overflow: Any, steps: list[Any]) -> None:
    """C78: delivered + waiting + dropped = pushed; order is kept; never more than maxsize wait."""
    buffer: Buffer[tuple[int, int]] = Buffer(maxsize, overflow, key=lambda item: item[1])
    pushed: list[tuple[int, int]] = []
    got: list[tuple[int, int]] = []
    for step in steps:
        if step == "pop":
            if len(buffer):
                got.append(buffer.get_nowait())
        elif not buffer.closed:
            pushed.append((len(pushed), step[1]))
            buffer.push(pushed[-1])
        assert len(buffer) <= maxsize
    while len(buffer):
        got.append(buffer.get_nowait())

    assert len(got) + buffer.dropped == len(pushed)
    assert set(got) <= set(pushed)
    if overflow != "latest_per_key":
        assert got == sorted(got)
    if overflow == "drop_oldest" and pushed:
        assert got[-1] == pushed[-1]


@given(TIMES, st.integers(1, 4), st.integers(1, 20))
def test_no_window_holds_more_than_its_calls(times: list[int], calls: int, per: int) -> None:
    clock = TestScheduler()

    seen = run(clock, at_times(clock, times, list(range(25))).pipe(ops.rate_limit(calls, per, scheduler=clock)))

    assert [item for _, item in seen] == list(range(len(times)))
    sent = [at for at, _ in seen]
    assert all(sent[n + calls] - at >= per - 1e-6 for n, at in enumerate(sent[:-calls]))


@given(TIMES, st.integers(1, 20), st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_conflation_never_loses_the_newest_of_a_key(times: list[int], every: int, keys: list[int]) -> None:
    clock = TestScheduler()
    items = [(key, number) for number, key in enumerate(keys)][: len(times)]

    source = at_times(clock, times, items)
    seen = run(clock, source.pipe(ops.conflate(key=lambda item: item[0], every=every, scheduler=clock)))

    assert dict(item for _, item in seen) == dict(items)
    assert len(seen) == len({item for _, item in seen})
    assert all(a[1] < b[1] for a, b in pairwise(seen) if a[1][0] == b[1][0])


@given(TIMES, st.integers(1, 20))
def test_silence_fails_exactly_after_the_limit(times: list[int], limit: int) -> None:
    clock = TestScheduler()
    ends: list[float] = []
    source = at_times(clock, times, times)
    source.pipe(ops.fail_on_silence(limit + 0.5, scheduler=clock)).subscribe(
        on_error=lambda _: ends.append(clock.to_seconds(clock.now))
    )
    clock.advance_to(10_000)

    heard = 0.0
    for at in times:
        if at + 0.001 - heard >= limit + 0.5:
            break
        heard = at + 0.001
    assert len(ends) == 1
    assert abs(ends[0] - (heard + limit + 0.5)) < 0.01


@given(TIMES, st.integers(1, 20))
def test_staleness_alternates(times: list[int], after: int) -> None:
    clock = TestScheduler()

    seen = run(clock, at_times(clock, times, times).pipe(ops.staleness(after, scheduler=clock)))

    lives = [isinstance(status, Live) for _, status in seen]
    assert all(a != b for a, b in pairwise(lives))
    assert not lives[-1]


ROWS = st.dictionaries(st.sampled_from("ab"), st.sampled_from([0, 1, None]))


@given(st.lists(st.tuples(st.sampled_from(["insert", "update", "delete"]), ROWS)), st.sampled_from([1, None]))
def test_select_is_a_filter(changes: list[Any], wanted: int | None) -> None:
    """A field that is not there is not a field that is ``None``."""
    stream = [StoreChange(None, operation, None, row) for operation, row in changes]
    seen: list[StoreChange] = []

    rx.from_iterable(stream).pipe(ops.select(operation=("insert", "delete"), query={"a": wanted})).subscribe(
        seen.append
    )

    assert seen == [
        change
        for change in stream
        if change.operation != "update" and "a" in change.data and change.data["a"] == wanted
    ]


@given(st.lists(st.integers(0, 3), max_size=15), st.integers(1, 4))
def test_map_async_in_order_is_map(delays: list[int], limit: int) -> None:
    async def work(item: tuple[int, int]) -> int:
        for _ in range(item[1]):
            await asyncio.sleep(0)
        return item[0]

    async def main() -> list[int]:
        seen: list[int] = []
        done = asyncio.Event()
        rx.from_iterable(enumerate(delays)).pipe(ops.map_async(work, limit=limit)).subscribe(
            seen.append, on_completed=done.set
        )
        await asyncio.wait_for(done.wait(), 5)
        return seen

    assert asyncio.run(main()) == list(range(len(delays)))
