"""Every operator ends once: nothing after the end, nothing after dispose, however rude its source is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable
from reactivex.testing import TestScheduler

import rxbotters.operators as ops
from rxbotters_operators.hot import Lean

Make = Callable[[abc.SchedulerBase], Callable[[Observable[Any]], Observable[Any]]]

OPERATORS: dict[str, Make] = {
    "bounded": lambda clock: ops.bounded(9, scheduler=clock),
    "conflate": lambda clock: ops.conflate(every=1.0, scheduler=clock),
    "fail_on_silence": lambda clock: ops.fail_on_silence(5.0, scheduler=clock),
    "rate_limit": lambda clock: ops.rate_limit(1, 1.0, scheduler=clock),
    "retry_backoff": lambda clock: ops.retry_backoff((1, 1, 1, 1), attempts=2, dice=lambda: 1.0, scheduler=clock),
    "staleness": lambda clock: ops.staleness(5.0, scheduler=clock),
}


class Rude:
    """A source that talks on: after its end, and to those who left."""

    def __init__(self) -> None:
        self.stream: Observable[Any] = Lean(self._run)

    def _run(self, on_next: Any, on_error: Any, on_completed: Any, _: Any) -> abc.DisposableBase:
        self.say, self.fail, self.complete = on_next, on_error, on_completed
        return Disposable()


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
    source.say(1)
    source.say(2)
    for _ in range(3):
        getattr(source, end)(*[ValueError("x")] * (end == "fail"))
        clock.advance_by(10.0)
        source.say(3)
        source.fail(ValueError("late"))
        source.complete()
        clock.advance_by(10.0)

    ends = [place for place, note in enumerate(notes) if note != "n"]
    assert ends == [len(notes) - 1]


@pytest.mark.parametrize("silence", [0.0, 10.0])
def test_nothing_comes_after_dispose(make: Make, silence: float) -> None:
    clock, source, notes = TestScheduler(), Rude(), Notes()
    subscription = notes.subscribe(source.stream.pipe(make(clock)))
    source.say(1)
    source.say(2)
    clock.advance_by(silence)
    subscription.dispose()
    told = list(notes)

    source.say(3)
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
        source.say(number)
    clock.advance_by(10.0)

    assert len(heard) == 1
