"""Every operator ends once: nothing after the end, nothing after dispose, however rude its source is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable
from reactivex.testing import TestScheduler

import rxbotters.operators as ops
from rxbotters.testing import current_loop, run
from rxbotters_operators.hot import Lean

Make = Callable[[abc.SchedulerBase], Callable[[Observable[Any]], Observable[Any]]]


class Echo:
    """The least that can be folded into: each message is its own change."""

    def apply(self, message: Any, ws: Any = None) -> list[Any]:
        return [message]


OPERATORS: dict[str, Make] = {
    "bounded": lambda clock: ops.bounded(9, scheduler=clock),
    "conflate": lambda clock: ops.conflate(every=1.0, scheduler=clock),
    "fail_on_silence": lambda clock: ops.fail_on_silence(5.0, scheduler=clock),
    "fold": lambda clock: ops.fold(Echo()),
    "json": lambda clock: ops.json(),
    "rate_limit": lambda clock: ops.rate_limit(1, 1.0, scheduler=clock),
    "retry_backoff": lambda clock: ops.retry_backoff((1, 1, 1, 1), attempts=2, dice=lambda: 1.0, scheduler=clock),
    "staleness": lambda clock: ops.staleness(5.0, scheduler=clock),
}


class Rude:
    """A source that talks on: after its end, and to those who left.

    Attributes:
        left: How many subscriptions were given back.
    """

    def __init__(self) -> None:
        self.stream: Observable[Any] = Lean(self._run)
        self.left = 0

    def _run(self, on_next: Any, on_error: Any, on_completed: Any, _: Any) -> abc.DisposableBase:
        self.say, self.fail, self.complete = on_next, on_error, on_completed

        def leave() -> None:
            self.left += 1

        return Disposable(leave)


class Notes(list[str]):
    """What a subscriber was told: ``n``, ``e`` or ``c``."""

    def subscribe(self, stream: Observable[Any]) -> abc.DisposableBase:
        return stream.subscribe(lambda _: self.append("n"), lambda _: self.append("e"), lambda: self.append("c"))


@pytest.fixture(params=sorted(OPERATORS))
def make(request: pytest.FixtureRequest) -> Make:
    return OPERATORS[request.param]


@pytest.mark.parametrize("end", ["complete", "fail"])
def test_nothing_comes_after_the_end(make: Make, end: str) -> None:
    clock, source, notes = TestScheduler(), Rude(), Notes()
    notes.subscribe(source.stream.pipe(make(clock)))
    clock.advance_by(1.0)
    source.say("1")
    source.say("2")
    for _ in range(3):
        getattr(source, end)(*[ValueError("x")] * (end == "fail"))
        clock.advance_by(10.0)
        source.say("3")
        source.fail(ValueError("late"))
        source.complete()
        clock.advance_by(10.0)

    ends = [place for place, note in enumerate(notes) if note != "n"]
    assert ends == [len(notes) - 1]


@pytest.mark.parametrize("silence", [0.0, 10.0])
def test_nothing_comes_after_dispose(make: Make, silence: float) -> None:
    clock, source, notes = TestScheduler(), Rude(), Notes()
    subscription = notes.subscribe(source.stream.pipe(make(clock)))
    source.say("1")
    source.say("2")
    clock.advance_by(silence)
    subscription.dispose()
    told = list(notes)

    source.say("3")
    clock.advance_by(10.0)
    source.fail(ValueError("late"))
    source.complete()
    clock.advance_by(10.0)
    subscription.dispose()

    assert notes == told


def test_who_leaves_at_an_item_hears_no_other(make: Make) -> None:
    clock, source, heard = TestScheduler(), Rude(), list[Any]()
    subscription = SerialDisposable()

    def leave(item: Any) -> None:
        heard.append(item)
        subscription.dispose()

    subscription.disposable = source.stream.pipe(make(clock)).subscribe(leave)
    for number in range(3):
        source.say(str(number))
    clock.advance_by(10.0)

    assert len(heard) == 1


# ---------------------------------------------------------------------- a subscriber that raises


class Broken(Exception):
    """What the subscriber of a test raises."""


TIMED = ["bounded", "conflate", "rate_limit", "staleness"]
"""They hand on in a turn of their own, where no source hears that the subscriber raised."""


@pytest.mark.parametrize("name", TIMED)
def test_a_subscriber_that_raises_in_a_timers_turn_has_its_error_and_nothing_more(name: str) -> None:
    """F85: the fault is seen by whoever runs the timers, told to the subscriber, and the source is let go."""
    clock, source, told = TestScheduler(), Rude(), list[Any]()
    items = 0

    def fail(item: Any) -> None:
        nonlocal items
        items += 1
        if items == 2:
            raise Broken

    source.stream.pipe(OPERATORS[name](clock)).subscribe(fail, told.append, lambda: told.append("end"))
    with pytest.raises(Broken):
        for number in range(3):
            source.say(str(number))
            clock.advance_by(5.0)
    source.say("late")
    source.complete()
    clock.advance_by(100.0)

    assert [type(error) for error in told] == [Broken]
    assert source.left == 1
    assert items == 2


def test_a_subscriber_that_raises_is_not_asked_again() -> None:
    """`retry_backoff` repeats what its source could not do, never what its subscriber could not."""
    clock, source, told = TestScheduler(), Rude(), list[Any]()

    def fail(item: Any) -> None:
        raise Broken

    source.stream.pipe(ops.retry_backoff(scheduler=clock)).subscribe(fail, told.append)
    with pytest.raises(Broken):
        source.say(1)
    clock.advance_by(100.0)

    assert [type(error) for error in told] == [Broken]
    assert source.left == 1


# ---------------------------------------------------------------------- operators with tasks


async def work(item: Any) -> Any:
    await asyncio.sleep(1.0)
    return item


async def rest() -> None:
    await asyncio.sleep(0.5)


TASKED: dict[str, Callable[[], Callable[[Observable[Any]], Observable[Any]]]] = {
    "dead_man_switch": lambda: ops.dead_man_switch(rest, every=5.0, alive_within=100.0, on_failure=print),
    "map_async": lambda: ops.map_async(work, limit=2),
    "map_async, as they come": lambda: ops.map_async(work, limit=2, ordered=False),
    "resync": lambda: ops.resync(lambda: work(1), covers=int, number=int, follows=lambda last, diff, first: "apply"),
}


def played(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return run(main())


@pytest.mark.parametrize("end", ["complete", "fail", "dispose"])
@pytest.mark.parametrize("name", sorted(TASKED))
def test_nothing_comes_after_the_end_of_what_runs_tasks(name: str, end: str) -> None:
    """C77: nor does a task outlive it."""

    async def main() -> tuple[list[str], list[str]]:
        source, notes = Rude(), Notes()
        subscription = notes.subscribe(source.stream.pipe(TASKED[name]()))
        source.say(2)
        source.say(3)
        await asyncio.sleep(0.9)
        if end == "dispose":
            subscription.dispose()
        else:
            getattr(source, end)(*[ValueError("x")] * (end == "fail"))
        await asyncio.sleep(10.0)
        told = list(notes)
        source.say(4)
        source.fail(ValueError("late"))
        source.complete()
        await asyncio.sleep(10.0)
        assert len(asyncio.all_tasks()) == 1
        return told, list(notes)

    told, notes = played(main)

    assert notes == told
    assert [note for note in notes if note != "n"] == ([] if end == "dispose" else [notes[-1]])


@pytest.mark.parametrize("ordered", [True, False])
def test_a_subscriber_of_map_async_that_raises_has_its_error_and_cancels_the_rest(ordered: bool) -> None:
    async def main() -> tuple[list[Any], list[Any], int]:
        loop, source, told, faults = current_loop(), Rude(), list[Any](), list[Any]()
        loop.set_exception_handler(lambda _, context: faults.append(context.get("exception")))

        def fail(item: Any) -> None:
            raise Broken

        source.stream.pipe(ops.map_async(work, limit=2, ordered=ordered)).subscribe(fail, told.append)
        for number in range(5):
            source.say(number)
        await asyncio.sleep(10.0)
        assert len(asyncio.all_tasks()) == 1
        return told, faults, source.left

    told, faults, left = played(main)

    assert [type(error) for error in told] == [Broken]
    assert [type(error) for error in faults] == [Broken]
    assert left == 1


def test_a_subscriber_of_from_stream_that_raises_has_its_error_and_closes_the_iterator() -> None:
    closed: list[str] = []

    async def numbers() -> Any:
        try:
            for number in range(9):
                yield number
        finally:
            closed.append("closed")

    async def main() -> tuple[list[Any], list[Any]]:
        told, faults = list[Any](), list[Any]()
        current_loop().set_exception_handler(lambda _, context: faults.append(context.get("exception")))

        def fail(item: Any) -> None:
            raise Broken

        ops.from_stream(numbers()).subscribe(fail, told.append)
        await asyncio.sleep(1.0)
        return told, faults

    told, faults = played(main)

    assert [type(error) for error in told] == [Broken]
    assert [type(error) for error in faults] == [Broken]
    assert closed == ["closed"]
