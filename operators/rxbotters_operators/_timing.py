"""Where timed operators get their clock: the scheduler they are given, else the running event loop."""

from __future__ import annotations

import asyncio

from reactivex import abc
from reactivex.scheduler.eventloop import AsyncIOScheduler

__all__ = ["clock_of", "seconds"]


def clock_of(*schedulers: abc.SchedulerBase | None) -> abc.SchedulerBase:
    """Return the first scheduler given; without one, that of the running event loop (never a thread)."""
    for scheduler in schedulers:
        if scheduler is not None:
            return scheduler
    return AsyncIOScheduler(asyncio.get_running_loop())


def seconds(scheduler: abc.SchedulerBase) -> float:
    """Return the scheduler's time in seconds."""
    return scheduler.to_seconds(scheduler.now)
