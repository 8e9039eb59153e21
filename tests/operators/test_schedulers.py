"""C75: every timed operator runs on the scheduler it was given, else on its subscription's, and hands that to its source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from reactivex import Observable, abc
from reactivex.disposable import Disposable
from reactivex.testing import TestScheduler

import rxbotters.operators as ops
from rxbotters_operators import freshness, heartbeat, keepalive, lateness, login, reconnect, subscribe_channels
from rxbotters_operators._rotate import rotate
from rxbotters_operators.hot import Lean

Make = Callable[[abc.SchedulerBase | None], Callable[[Observable[Any]], Observable[Any]]]

OPERATORS: dict[str, Make] = {
    "bounded": lambda clock: ops.bounded(9, scheduler=clock),
    "conflate": lambda clock: ops.conflate(every=1.0, scheduler=clock),
    "fail_on_silence": lambda clock: ops.fail_on_silence(5.0, scheduler=clock),
    "freshness": lambda clock: freshness({"a": 1.0}, lambda message: None, scheduler=clock),
    "heartbeat": lambda clock: heartbeat(10.0, scheduler=clock),
    "keepalive": lambda clock: keepalive(lambda port: None, scheduler=clock),
    "lateness": lambda clock: lateness(1.0, scheduler=clock),
    "login": lambda clock: login(lambda: None, scheduler=clock),
    "rate_limit": lambda clock: ops.rate_limit(1, 1.0, scheduler=clock),
    "reconnect": lambda clock: reconnect(scheduler=clock),
    "retry_backoff": lambda clock: ops.retry_backoff(scheduler=clock),
    "rotate": lambda clock: rotate(scheduler=clock),
    "staleness": lambda clock: ops.staleness(5.0, scheduler=clock),
    "subscribe_channels": lambda clock: subscribe_channels(lambda port: [], scheduler=clock),
}
UNTIMED: dict[str, Callable[[], Callable[[Observable[Any]], Observable[Any]]]] = {
    "json": ops.json,
    "select": ops.select,
}


class Source:
    """A source that notes the scheduler of its subscription."""

    def __init__(self) -> None:
        self.stream: Observable[Any] = Lean(self._run)
        self.given: list[abc.SchedulerBase | None] = []

    def _run(self, on_next: Any, on_error: Any, on_completed: Any, given: Any) -> abc.DisposableBase:
        self.given.append(given)
        return Disposable()


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_without_one_the_subscriptions_scheduler_is_used_by_everything(name: str) -> None:
    """Not a thread, and no event loop: there is none here."""
    clock, source = TestScheduler(), Source()

    source.stream.pipe(OPERATORS[name](None)).subscribe(print, scheduler=clock)
    clock.advance_by(0.5)

    assert source.given == [clock]


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_the_scheduler_of_the_operator_goes_first(name: str) -> None:
    clock, source = TestScheduler(), Source()

    source.stream.pipe(OPERATORS[name](clock)).subscribe(print, scheduler=TestScheduler())
    clock.advance_by(0.5)

    assert len(source.given) == 1


@pytest.mark.parametrize("name", sorted(UNTIMED))
def test_what_knows_no_time_hands_the_scheduler_through(name: str) -> None:
    clock, source = TestScheduler(), Source()

    source.stream.pipe(UNTIMED[name]()).subscribe(print, scheduler=clock)

    assert source.given == [clock]
