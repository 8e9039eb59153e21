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


@pytest.mark.parametrize(
    "make",
    [
        lambda: ops.bounded(0),
        lambda: ops.bounded(1, "block"),
        lambda: ops.conflate(every=-1),
        lambda: ops.map_async(asyncio.sleep, overflow="block"),  # type: ignore[arg-type]
        lambda: ops.map_async(asyncio.sleep, limit=0),
        lambda: ops.rate_limit(1, 1.0, overflow="block"),  # type: ignore[arg-type]
        lambda: ops.retry_backoff(attempts=0),
        lambda: ops.select(operation=[]),
        lambda: ops.select(reason=[]),
        lambda: ops.to_aiter(rx.never(), overflow="block"),
        lambda: ops.resync(asyncio.sleep, covers=int, number=int, follows=max, tries=0),  # type: ignore[arg-type]
        lambda: ops.lease(asyncio.sleep, every=1.0, renewals=0),  # type: ignore[arg-type]
        lambda: ops.login(lambda: None, timeout=0),
        lambda: ops.subscribe_channels(lambda port: [], timeout=0),
        lambda: ops.reconnect(min_uptime=-1),
    ],
)
def test_what_an_operator_cannot_do_is_refused_at_call_time(make: Any) -> None:
    with pytest.raises(ValueError, match=r"must|cannot|can overflow"):
        make()


def test_select_by_store_and_reason() -> None:
    one, other = DataStore(keys=["id"]), DataStore(keys=["id"])
    changes: list[StoreChange] = []
    for store in (one, other):
        store.changes.subscribe(changes.append)
    one._insert([{"id": 1}])
    other._insert([{"id": 2}])
    one._clear(reason="resync")

    def kept(**wanted: Any) -> list[Any]:
        seen: list[Any] = []
        rx.from_iterable(changes).pipe(ops.select(**wanted)).subscribe(lambda change: seen.append(change.data["id"]))
        return seen

    assert kept(store=one) == [1, 1]
    assert kept(reason="resync") == [1]
    assert kept(store=other, reason="resync") == []


def test_bounded_hands_on_what_waited_before_it_says_that_it_overflowed() -> None:
    clock, source, lost = TestScheduler(), Subject[int](), list[int]()
    seen = Timeline(clock)
    source.pipe(ops.bounded(2, "error", on_drop=lost.append, scheduler=clock)).subscribe(seen, seen, seen)

    for number in range(4):
        source.on_next(number)
    clock.start()

    assert [item for _, item in seen[:2]] == [0, 1]
    assert isinstance(seen[2][1], BufferOverflow)
    assert len(seen) == 3
    assert lost == [1]
    assert not source.observers


def test_bounded_gives_the_loop_a_turn_in_a_long_burst() -> None:
    """F87: other timers of the same moment are not held up by a thousand items."""
    clock, source = TestScheduler(), Subject[Any]()
    seen: list[Any] = []
    source.pipe(ops.bounded(1000, scheduler=clock)).subscribe(seen.append, on_completed=lambda: seen.append("end"))
    for number in range(1000):
        source.on_next(number)
    clock.schedule(lambda *_: seen.append("somebody else"))
    source.on_completed()
    clock.start()

    assert seen.index("somebody else") < 100
    assert [item for item in seen if item != "somebody else"] == [*range(1000), "end"]


def test_who_leaves_in_the_middle_of_a_handover_gets_no_more_of_it() -> None:
    clock, source, seen = TestScheduler(), Subject[Any](), list[Any]()

    def leave(item: Any) -> None:
        seen.append(item)
        subscription.dispose()

    subscription = source.pipe(ops.conflate(key=lambda item: item, every=1.0, scheduler=clock)).subscribe(leave)
    for item in "abc":
        source.on_next(item)
    clock.advance_to(5)

    assert seen == ["a"]


def test_rate_limit_says_what_it_could_not_hold() -> None:
    """C77: an order that waits too long behind others is no surprise later."""
    clock = TestScheduler()
    lost: list[int] = []
    source = play(clock, *[(1, number) for number in range(5)])
    seen = run(clock, source.pipe(ops.rate_limit(1, 5.0, maxsize=2, on_drop=lost.append, scheduler=clock)))

    assert seen[0] == (1, 0)
    assert isinstance(seen[1][1], BufferOverflow)
    assert len(seen) == 2
    assert lost == [1]


def test_retry_backoff_asks_the_users_own_rule() -> None:
    """C26: a type, a tuple of types or a function; a rule that fails ends it; a senseless Retry-After counts as none."""

    class Busy(Exception):
        retry_after: Any = None

    def retried(error: Exception, **options: Any) -> Timeline:
        clock = TestScheduler()
        answers = iter([rx.throw(error), rx.of("ok")])
        source = rx.defer(lambda _: next(answers))
        return run(clock, source.pipe(ops.retry_backoff((1, 1, 1, 1), dice=lambda: 1.0, scheduler=clock, **options)))

    busy, odd, infinite, numeric = Busy(), Busy(), Busy(), Busy()
    odd.retry_after, infinite.retry_after, numeric.retry_after = "soon", float("inf"), "7.5"

    assert retried(busy, retry_on=lambda error: error is busy) == [(1, "ok"), (1, "end")]
    assert retried(busy, retry_on=lambda error: False) == [(0, busy)]
    assert retried(busy, retry_on=KeyError) == [(0, busy)]
    assert [type(item) for _, item in retried(busy, retry_on=lambda error: 1 / 0 > 0)] == [ZeroDivisionError]
    assert retried(odd, retry_on=Busy)[0] == (1, "ok")
    assert retried(infinite, retry_on=Busy)[0] == (1, "ok")
    assert retried(numeric, retry_on=Busy)[0] == (7.5, "ok")


def test_json_reads_texts_and_bytes_by_any_decoder() -> None:
    """C18: such as one that keeps decimals; what it raises is a typed error, whatever it is."""
    from decimal import Decimal
    from json import loads

    seen: list[Any] = []
    bad: list[Any] = []
    source = rx.of('{"p": 0.1}', b"[0.2]", Frame("text", "0.3"), 7, None, "nope", "ping")
    source.pipe(ops.json(loads=lambda text: loads(text, parse_float=Decimal), on_bad=bad.append)).subscribe(seen.append)

    assert seen == [{"p": Decimal("0.1")}, [Decimal("0.2")], Decimal("0.3")]
    assert [type(error) for error in bad] == [ProtocolError]


def test_fold_needs_no_errors_and_no_tape() -> None:
    """C76: a target of the user's own: control frames and bare pings are nothing, what is not JSON fails the stream."""

    class Mine:
        def __init__(self) -> None:
            self.events: list[Any] = []

        def apply(self, message: Any, ws: Any = None) -> list[Any]:
            return [message, message]

        def onevent(self, event: Any) -> None:
            self.events.append(event)

    mine = Mine()
    seen: list[Any] = []
    closed = Closed(1006)
    frames = [Frame("ping", b""), Frame("text", "pong"), Frame("text", "[1]"), closed, Frame("text", "junk"), "late"]
    rx.from_iterable(frames).pipe(ops.fold(mine)).subscribe(seen.append, seen.append)

    assert seen[:2] == [[1], [1]]
    assert isinstance(seen[2], ProtocolError)
    assert len(seen) == 3
    assert mine.events == [closed]


def test_who_leaves_at_a_change_hears_nothing_more_of_its_message() -> None:
    class Twice:
        def apply(self, message: Any, ws: Any = None) -> list[Any]:
            return [message, message]

    source, seen = Subject[Any](), list[Any]()

    def leave(item: Any) -> None:
        seen.append(item)
        subscription.dispose()

    subscription = source.pipe(ops.fold(Twice())).subscribe(leave)
    source.on_next(1)

    assert seen == [1]


@pytest.mark.parametrize(
    ("overflow", "answers", "drops"),
    [("error", [], [1]), ("drop_oldest", [0, 3], [1, 2]), ("drop_newest", [0, 1], [1, 2])],
)
async def test_map_async_overflows_by_its_policy(overflow: Any, answers: list[int], drops: list[int]) -> None:
    async def same(number: int) -> int:
        return number

    source, seen, lost = Subject[int](), list[Any](), list[int]()
    stream = source.pipe(ops.map_async(same, limit=1, buffer=1, overflow=overflow, on_drop=lost.append))
    stream.subscribe(seen.append, seen.append)
    for number in range(4):
        source.on_next(number)
    for _ in range(9):
        await asyncio.sleep(0)

    assert [item for item in seen if isinstance(item, int)] == answers
    assert [type(item) for item in seen if not isinstance(item, int)] == [BufferOverflow] * (overflow == "error")
    assert lost == drops


async def test_a_task_of_map_async_that_somebody_else_cancels_is_an_error() -> None:
    async def work(_: int) -> None:
        tasks.append(asyncio.current_task())
        await asyncio.sleep(3600)

    tasks: list[Any] = []
    seen: list[Any] = []
    rx.of(1, 2).pipe(ops.map_async(work, limit=2)).subscribe(seen.append, seen.append)
    await asyncio.sleep(0)
    tasks[0].cancel()
    for _ in range(4):
        await asyncio.sleep(0)

    assert [type(item) for item in seen] == [RuntimeError]
    assert all(task.cancelled() for task in tasks)


async def test_what_is_no_exception_stops_map_async_and_reaches_the_loop() -> None:
    """An exit is nobody's item; nothing goes on as if it had not come."""

    class Exit(BaseException):
        pass

    async def work(number: int) -> int:
        if number:
            await asyncio.sleep(3600)
        raise Exit

    faults: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    source, seen = Subject[int](), list[Any]()
    source.pipe(ops.map_async(work, limit=2)).subscribe(seen.append, seen.append)
    source.on_next(0)
    source.on_next(1)
    for _ in range(5):
        await asyncio.sleep(0)

    assert [type(fault) for fault in faults] == [Exit]
    assert not seen
    assert not source.observers
    assert len(asyncio.all_tasks()) == 1


async def test_an_iterator_that_cannot_be_closed_is_read_all_the_same() -> None:
    class Plain:
        def __init__(self) -> None:
            self.numbers = iter((1, 2))

        def __aiter__(self) -> Plain:
            return self

        async def __anext__(self) -> int:
            try:
                return next(self.numbers)
            except StopIteration:
                raise StopAsyncIteration from None

    assert await ops.from_stream(Plain()).pipe(ops.to_list()) == [1, 2]


async def test_a_reader_that_is_cancelled_hands_its_wake_up_on() -> None:
    """C78: cancelled after it was woken, before it ran: the item is somebody else's, and none is lost."""
    buffer: Buffer[int] = Buffer(9)
    gone = asyncio.ensure_future(buffer.get())
    await asyncio.sleep(0)
    gone.cancel()
    buffer.push(0)  # before the cancelled one had a turn: nobody to wake
    assert await buffer.get() == 0
    readers = [asyncio.ensure_future(buffer.get()) for _ in range(3)]
    await asyncio.sleep(0)
    readers[1].cancel()  # still waits
    buffer.push(1)  # wakes the first …
    readers[0].cancel()  # … who goes

    assert await asyncio.wait_for(readers[2], 1) == 1
    assert not len(buffer)
    assert buffer  # true even when empty: it is a buffer, not its content


def test_a_fault_in_an_answer_to_an_item_costs_one_subscriber_only() -> None:
    """C35, F85: items that were emitted while one was handed out come after it, and one who raises there is dropped."""
    faults: list[Exception] = []
    hot = Hot[int]("hot", on_fault=faults.append)
    seen: list[int] = []

    def again(item: int) -> None:
        if item == 1:
            hot.emit(2)

    hot.subscribe(again)
    hot.subscribe(lambda item: 1 / 0 if item == 2 else None, lambda _: None)
    hot.subscribe(seen.append)
    hot.emit(1)
    hot.emit(3)

    assert seen == [1, 2, 3]
    assert len(faults) == 1
    assert hot.subscribers == 2


def test_a_stream_can_be_ended_by_who_listens_to_it() -> None:
    """C77: the others still get the item that was under way, then everybody the end, once; nothing after it."""
    hot = Hot[int]("hot")
    told: list[Any] = []
    hot.subscribe(lambda _: hot.complete(), on_completed=lambda: told.append("first"))
    hot.subscribe(told.append, on_completed=lambda: told.append("second"))

    hot.emit(1)
    hot.emit(2)

    assert told == [1, "first", "second"]


def test_a_fault_at_the_end_is_reported_and_the_next_one_is_told_all_the_same() -> None:
    faults: list[Exception] = []
    told: list[str] = []
    for hot in (Hot[int]("hot", on_fault=faults.append), Hot[int]("hot without a listener")):
        hot.subscribe(on_completed=lambda: 1 / 0)
        hot.subscribe(on_completed=lambda: told.append("end"))
        hot.complete()

    assert told == ["end", "end"]
    assert len(faults) == 1


def test_a_subscriber_that_raises_at_the_greeting_is_dropped_and_a_late_one_has_the_end() -> None:
    """C74."""
    faults: list[Exception] = []
    state = Latest("a", name="state", on_fault=faults.append)
    told: list[Any] = []
    state.subscribe(lambda _: 1 / 0, told.append)
    assert [type(error) for error in told] == [ZeroDivisionError]
    assert len(faults) == 1
    assert not state.observed

    state.complete()
    state.subscribe(told.append, on_completed=lambda: told.append("end"))
    assert told[1:] == ["end"]


def test_subscriptions_can_be_let_go_and_the_stream_stays() -> None:
    """C65: as when a store is given up by its collection."""
    hot = Hot[int]("hot")
    told: list[Any] = []
    hot.subscribe(told.append, told.append, lambda: told.append("end"))
    hot.release()
    hot.subscribe(told.append, told.append, lambda: told.append("end"))
    hot.release(ValueError("gone"))
    hot.emit(1)
    later: list[int] = []
    hot.subscribe(later.append)
    hot.emit(2)

    assert told[0] == "end"
    assert isinstance(told[1], ValueError)
    assert len(told) == 2
    assert later == [2]


def test_control_frames_are_noise() -> None:
    """F60: whatever bytes they carry."""
    assert Frame("ping", b"\xff").is_noise
    assert Frame("pong", b"{").is_noise
    assert Frame("text", "ping").is_noise
    assert not Frame("text", "{").is_noise


def test_the_loops_own_time_is_the_time_of_its_scheduler() -> None:
    """C75: reactivex asks for absolute moments too; they are the loop's, virtual or not, never the wall clock's."""
    from datetime import timedelta

    from rxbotters.testing import current_loop
    from rxbotters.testing import run as run_virtual
    from rxbotters_operators._timing import clock_of, seconds

    async def main() -> tuple[float, float]:
        clock = clock_of(None)
        begun, ran = seconds(clock), asyncio.get_running_loop().create_future()
        clock.schedule_absolute(clock.now + timedelta(seconds=90), lambda *_: ran.set_result(current_loop().time()))
        return begun, await ran

    begun, ran = run_virtual(main())

    assert ran - begun == pytest.approx(90, abs=1e-3)


def test_a_subscriber_whose_answer_to_its_own_fault_fails_is_two_faults() -> None:
    """F85."""
    faults: list[Exception] = []
    hot = Hot[int]("hot", on_fault=faults.append)
    hot.subscribe(lambda _: 1 / 0, lambda _: {}["x"])  # type: ignore[arg-type]
    hot.emit(1)

    assert [type(fault.__cause__) for fault in faults] == [KeyError, ZeroDivisionError]
    hot.pipe(ops.map(lambda item: item)).subscribe(lambda _: 1 / 0)  # reactivex raises the fault itself again
    hot.emit(2)
    assert [type(fault.__cause__) for fault in faults[2:]] == [ZeroDivisionError]
