"""The stream operators, in virtual time where they know time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import reactivex as rx
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxbotters import DataStore, DataStoreCollection
from rxbotters import operators as ops
from rxbotters_operators._buffer import Buffer
from rxbotters_operators.errors import BufferOverflow, ProtocolError, RetriesExhausted, SilenceError
from rxbotters_operators.events import Closed, Frame, Live, Stale, StoreChange
from rxbotters_operators.hot import Hot, Latest


class Timeline(list[tuple[float, Any]]):
    """What an operator emitted, and when."""

    def __init__(self, clock: TestScheduler) -> None:
        self._clock = clock

    def __call__(self, item: Any = "end") -> None:
        self.append((round(self._clock.to_seconds(self._clock.now), 3), item))


def play(clock: TestScheduler, *items: tuple[float, Any]) -> Subject[Any]:
    """A hot source that emits at given times; an Exception fails, "end" completes."""
    source: Subject[Any] = Subject()
    for at, item in items:
        if isinstance(item, Exception):
            clock.schedule_absolute(at, lambda *_, item=item: source.on_error(item))
        elif item == "end":
            clock.schedule_absolute(at, lambda *_: source.on_completed())
        else:
            clock.schedule_absolute(at, lambda *_, item=item: source.on_next(item))
    return source


def run(clock: TestScheduler, stream: Any, seconds: float = 1000) -> Timeline:
    seen = Timeline(clock)
    stream.subscribe(seen, seen, seen)
    clock.advance_to(seconds)
    return seen


def test_a_quiet_stream_fails_after_the_limit() -> None:
    """The timer restarts on each value, and runs before the first."""
    clock = TestScheduler()

    seen = run(clock, play(clock, (10, "a"), (30, "b"), (90, "late")).pipe(ops.fail_on_silence(30, scheduler=clock)))

    assert seen[:2] == [(10, "a"), (30, "b")]
    assert seen[2][0] == 60
    assert isinstance(seen[2][1], SilenceError)
    assert len(seen) == 3
    mute = run(clock := TestScheduler(), rx.never().pipe(ops.fail_on_silence(30, scheduler=clock)))
    assert mute[0][0] == 30


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_durations_are_checked_at_call_time(bad: float) -> None:
    for make in (ops.fail_on_silence, ops.staleness, lambda seconds: ops.rate_limit(1, seconds)):
        with pytest.raises(ValueError, match="positive"):
            make(bad)


def test_staleness_alternates() -> None:
    clock = TestScheduler()

    seen = run(clock, play(clock, (2, 1), (4, 2), (20, 3)).pipe(ops.staleness(5, scheduler=clock)), 30)

    assert [(at, type(status)) for at, status in seen] == [(2, Live), (9, Stale), (20, Live), (25, Stale)]


def test_json_decodes_once_and_reports_what_is_not_json() -> None:
    """C35, F55: the same object for everybody; control frames and bare pings are dropped."""
    bad: list[ProtocolError] = []
    good = Frame("text", '{"a": 1}')
    frames = [good, Frame("ping", b""), Frame("text", "pong"), Frame("text", "<html>" * 100), "[2]"]
    seen: list[Any] = []

    rx.from_iterable(frames).pipe(ops.json(on_bad=bad.append)).subscribe(seen.append)

    assert seen == [{"a": 1}, [2]]
    assert seen[0] is good.message
    assert len(bad) == 1
    assert len(str(bad[0])) < 400
    with pytest.raises(ProtocolError):
        rx.of("nope").pipe(ops.json(on_bad=None)).run()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", '{"a":', "[" * 200_000, "9" * 5000, b"\xff\xfe", ""])
def test_hostile_json_is_a_typed_error(text: Any) -> None:
    """F55, F56, F57, F58, F59."""
    with pytest.raises(ProtocolError) as caught:
        _ = Frame("text", text).message

    assert len(str(caught.value)) < 500


def test_the_last_of_duplicate_names_wins() -> None:
    """F64."""
    assert Frame("text", '{"a": 1, "a": 2}').message == {"a": 2}


def test_fold_emits_the_changes_of_every_message() -> None:
    """C76: frames, messages and the end of a connection."""

    class Ticks(DataStoreCollection):
        def _init(self) -> None:
            self.create("tick", keys=["id"])

        def _onmessage(self, msg: Any, ws: Any = None) -> None:
            self["tick"]._update([msg])

    ticks = Ticks()
    errors: list[Exception] = []
    ticks.errors.subscribe(errors.append)
    source = rx.of(Frame("text", '{"id": 1}'), {"id": 1, "v": 2}, Frame("text", "junk"), Closed(1006), {"bad": 1})

    seen: list[StoreChange] = []
    source.pipe(ops.fold(ticks)).subscribe(seen.append)

    assert [change.data for change in seen] == [{"id": 1}, {"id": 1, "v": 2}]
    assert isinstance(ticks["tick"].status, Stale)
    assert len(errors) == 2


def test_select_by_operation_and_row() -> None:
    store = DataStore(keys=["id"])
    seen: list[Any] = []
    store.changes.pipe(ops.select(operation=("insert", "delete"), query={"side": "BUY"})).subscribe(
        lambda change: seen.append((change.operation, change.data["id"]))
    )

    store._insert([{"id": 1, "side": "BUY"}, {"id": 2, "side": "SELL"}])
    store._update([{"id": 1, "v": 1}])
    store._clear()

    assert seen == [("insert", 1), ("delete", 1)]
    with pytest.raises(ValueError, match="operation"):
        ops.select(operation="upsert")  # type: ignore[arg-type]


def test_conflate_keeps_the_newest_of_each_key() -> None:
    clock = TestScheduler()
    source = play(clock, (1, "a1"), (2, "b1"), (3, "a2"), (30, "b2"), (31, "end"))

    seen = run(clock, source.pipe(ops.conflate(key=lambda item: item[0], every=10, scheduler=clock)))

    assert seen == [(11, "a2"), (11, "b1"), (31, "b2"), (31, "end")]


def test_bounded_drops_by_its_policy_and_counts() -> None:
    """C78."""
    clock = TestScheduler()
    drops: list[int] = []
    source = play(clock, *[(1, n) for n in range(5)], (2, "end"))

    seen = run(clock, source.pipe(ops.bounded(2, "drop_oldest", on_drop=drops.append, scheduler=clock)))

    items = [item for _, item in seen]
    assert items[-1] == "end"
    assert items[:-1] == sorted(items[:-1])
    assert len(items) - 1 + (drops[-1] if drops else 0) == 5
    with pytest.raises(ValueError, match="block"):
        ops.bounded(2, "block")


def test_rate_limit_delays_and_keeps_order() -> None:
    clock = TestScheduler()
    source = play(clock, *[(1, n) for n in range(5)], (50, "end"))

    seen = run(clock, source.pipe(ops.rate_limit(2, 10, scheduler=clock)))

    assert seen == [(1, 0), (1, 1), (11, 2), (11, 3), (21, 4), (50, "end")]


def test_retry_backoff_grows_obeys_retry_after_and_gives_up() -> None:
    """C26."""

    class Busy(Exception):
        retry_after = 30.0

    clock = TestScheduler()
    errors = [ConnectionError("a"), Busy(), ConnectionError("c"), ConnectionError("d")]
    asked: list[float] = []

    def ask(_: Any) -> Any:
        asked.append(clock.to_seconds(clock.now))
        return rx.throw(errors[len(asked) - 1])

    stream = rx.defer(ask).pipe(ops.retry_backoff((1, 60, 2, 4), attempts=4, dice=lambda: 0.5, scheduler=clock))
    seen = run(clock, stream)

    assert asked == [0, 2, 32, 36]
    assert isinstance(seen[0][1], RetriesExhausted)

    class Fatal(Exception):
        fatal = True

    clock = TestScheduler()
    fatal = run(clock, rx.throw(Fatal()).pipe(ops.retry_backoff(scheduler=clock)))
    assert isinstance(fatal[0][1], Fatal)


async def test_map_async_keeps_order_limits_and_cancels() -> None:
    """C77: nothing runs after dispose."""
    running = most = 0
    gates: dict[int, asyncio.Event] = {n: asyncio.Event() for n in range(4)}

    async def work(n: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await gates[n].wait()
        finally:
            running -= 1
        return n * 10

    seen: list[Any] = []
    done = asyncio.Event()
    rx.of(0, 1, 2, 3).pipe(ops.map_async(work, limit=2)).subscribe(seen.append, seen.append, done.set)
    for n in (1, 0, 3, 2):
        await asyncio.sleep(0)
        gates[n].set()
    await asyncio.wait_for(done.wait(), 5)
    assert seen == [0, 10, 20, 30]
    assert most == 2
    gates[0].clear()
    subscription = rx.of(0).pipe(ops.map_async(work)).subscribe(seen.append)
    await asyncio.sleep(0)
    subscription.dispose()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert running == 0
    failing: list[Any] = []
    rx.of(0, 1).pipe(ops.map_async(lambda n: asyncio.wait_for(asyncio.sleep(0), 1) if n else 1 / 0)).subscribe(
        failing.append, failing.append
    )
    await asyncio.sleep(0.01)
    assert isinstance(failing[0], ZeroDivisionError)


async def test_to_aiter_is_bounded_and_unsubscribes() -> None:
    """C65, C78, F87."""
    source = Hot[int]("numbers")
    async with ops.to_aiter(source, maxsize=2, overflow="drop_oldest") as pull:
        for n in range(5):
            source.emit(n)
        assert [await anext(pull), await anext(pull)] == [3, 4]
        assert pull.dropped == 3
    assert not source.observed
    strict = ops.to_aiter(source, maxsize=2)
    for n in range(5):
        source.emit(n)
    assert not source.observed
    assert [await anext(strict), await anext(strict)] == [0, 1]
    with pytest.raises(BufferOverflow):
        await anext(strict)


async def test_streams_go_to_aiostream_and_back() -> None:
    """D18."""
    from aiostream import pipe, stream

    there = await (ops.to_stream(rx.of(1, 2, 3)) | pipe.map(lambda n: n * 2) | pipe.list())
    back: list[int] = []
    done = asyncio.Event()
    ops.from_stream(stream.range(3)).subscribe(back.append, on_completed=done.set)
    await asyncio.wait_for(done.wait(), 5)

    assert there == [2, 4, 6]
    assert back == [0, 1, 2]


async def test_a_buffer_blocks_wakes_and_closes() -> None:
    """C38, C78: every policy keeps its promise; a cancelled reader loses nothing."""
    buffer: Buffer[int] = Buffer(1, "block")
    buffer.push(1)
    waiting = asyncio.ensure_future(buffer.put(2))
    await asyncio.sleep(0)
    assert not waiting.done()
    with pytest.raises(BufferOverflow):
        buffer.push(9)
    assert await buffer.get() == 1
    await waiting
    assert await buffer.get() == 2
    reader, other = asyncio.ensure_future(buffer.get()), asyncio.ensure_future(buffer.get())
    await asyncio.sleep(0)
    buffer.push(3)
    reader.cancel()
    assert await other == 3
    buffer.close()
    with pytest.raises(StopAsyncIteration):
        await buffer.get()
    latest: Buffer[str] = Buffer(2, "latest_per_key", key=lambda item: item[0])
    latest.push_all(["a1", "b1", "a2", "c1"])
    assert [latest.get_nowait() for _ in range(len(latest))] == ["b1", "c1"]
    assert latest.dropped == 2
    for bad in ({"maxsize": 0}, {"maxsize": 1, "overflow": "nope"}, {"maxsize": 1, "overflow": "latest_per_key"}):
        with pytest.raises(ValueError, match="buffer"):
            Buffer(**bad)  # type: ignore[arg-type]


def test_hot_and_latest_keep_their_rules() -> None:
    """C74, C77, D2."""
    faults: list[Exception] = []
    hot = Hot[int]("hot", on_fault=faults.append)
    told: list[Any] = []
    hot.subscribe(lambda item: told.append(("bad", item)) or 1 / 0, lambda error: told.append(type(error)))
    hot.subscribe(lambda item: told.append(("good", item)), on_completed=lambda: told.append("done"))

    hot.emit(1)
    hot.emit(2)
    hot.complete()
    hot.complete()
    hot.emit(3)
    hot.subscribe(on_completed=lambda: told.append("late"))

    assert told == [("bad", 1), ZeroDivisionError, ("good", 1), ("good", 2), "done", "late"]
    assert len(faults) == 1
    state = Latest("a", name="state")
    greeted: list[str] = []
    state.emit("b")
    state.subscribe(greeted.append)
    assert greeted == ["b"]


def test_every_operator_of_reactivex_is_here_too() -> None:
    import reactivex.operators as theirs

    assert not set(theirs.__all__) - set(ops.__all__)
    assert all(hasattr(ops, name) for name in ops.__all__)


def test_a_nested_bomb_is_an_error_whatever_the_recursion_limit() -> None:
    """F56: eth-account raises the limit of the whole process; the decoder must not run over the stack for it."""
    import sys

    from rxbotters_operators import codec
    from rxbotters_operators.errors import ProtocolError

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(ProtocolError):
            codec.loads("[" * 200_000)
        assert codec.loads("[" + "1," * 10_000 + "1]")
        assert sys.getrecursionlimit() == 100_000
    finally:
        sys.setrecursionlimit(limit)
