"""Where timed operators get their clock: the scheduler they are given, else the running event loop."""

from __future__ import annotations

import asyncio

from reactivex import abc
from reactivex.scheduler.eventloop import AsyncIOScheduler

__all__ = ["clock_of", "positive", "seconds"]


def clock_of(*schedulers: abc.SchedulerBase | None) -> abc.SchedulerBase:
    """Return the first scheduler given; without one, that of the running event loop (never a thread)."""
    for scheduler in schedulers:
        if scheduler is not None:
            return scheduler
    return AsyncIOScheduler(asyncio.get_running_loop())


def seconds(scheduler: abc.SchedulerBase) -> float:
    """Return the scheduler's time in seconds."""
    return scheduler.to_seconds(scheduler.now)


def positive(name: str, value: float) -> float:
    """Return ``value`` if it is a positive, finite number of seconds.

    Raises:
        ValueError: It is not.
    """
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be a positive number of seconds, got {value!r}")
    return value
