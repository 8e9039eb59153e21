"""Where timed operators get their clock: the scheduler they are given, else the running event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from reactivex import abc
from reactivex.scheduler.eventloop import AsyncIOScheduler

__all__ = ["LoopScheduler", "clock_of", "positive", "reader", "seconds"]


class LoopScheduler(AsyncIOScheduler):
    """reactivex's scheduler on a loop, with the loop's own time: reactivex reads the wall clock, which steps and jumps."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.time = loop.time

    @property
    def now(self) -> datetime:
        """The loop's time, as if it had begun in 1970."""
        return datetime.fromtimestamp(self.time(), UTC)


def clock_of(*schedulers: abc.SchedulerBase | None) -> abc.SchedulerBase:
    """Return the first scheduler given; without one, that of the running event loop (never a thread)."""
    for scheduler in schedulers:
        if scheduler is not None:
            return scheduler
    return LoopScheduler(asyncio.get_running_loop())


def seconds(scheduler: abc.SchedulerBase) -> float:
    """Return the scheduler's time in seconds."""
    if isinstance(scheduler, LoopScheduler):
        return scheduler.time()
    return scheduler.to_seconds(scheduler.now)


def reader(scheduler: abc.SchedulerBase) -> Callable[[], float]:
    """Return what reads the scheduler's time, for whoever does so at every item.

    The loop's own time costs a tenth of other schedulers', which make a datetime of it.
    """
    return scheduler.time if isinstance(scheduler, LoopScheduler) else partial(seconds, scheduler)


def positive(name: str, value: float) -> float:
    """Return ``value`` if it is a positive, finite number of seconds.

    Raises:
        ValueError: It is not.
    """
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be a positive number of seconds, got {value!r}")
    return value
