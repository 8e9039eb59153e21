"""`leak_check`: what a block leaves behind: tasks, descriptors, subscriptions, ends of virtual connections."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from rxbotters_operators.hot import Hot

from .errors import Unclean
from .loop import VirtualLoop
from .where import describe

__all__ = ["descriptors", "leak_check"]

_LISTS = (Path("/proc/self/fd"), Path("/dev/fd"))


def descriptors() -> dict[int, str]:
    """Return the open file descriptors of this process and what they are; empty where the system does not say."""
    for folder in _LISTS:
        if folder.is_dir():
            break
    else:
        return {}
    found: dict[int, str] = {}
    for name in os.listdir(folder):
        try:
            found[int(name)] = os.readlink(folder / name)
        except OSError:
            continue  # the one that listed the others
    return found


class _Census:
    """Every task, subscription and descriptor alive at a moment."""

    def __init__(self) -> None:
        gc.collect()
        self.tasks: list[asyncio.Task[Any]] = []
        self.hots: list[tuple[Hot[Any], int]] = []
        self.ends: list[str] = []
        for thing in cast("list[object]", gc.get_objects()):
            kind = type(thing)  # `isinstance` would ask lazy proxies, and make them load
            if issubclass(kind, asyncio.Task):
                task = cast("asyncio.Task[Any]", thing)
                if not task.done():
                    self.tasks.append(task)
            elif issubclass(kind, Hot):
                hot = cast("Hot[Any]", thing)
                if hot.subscribers:
                    self.hots.append((hot, hot.subscribers))
            elif issubclass(kind, VirtualLoop):
                self.ends += cast(VirtualLoop, thing).network.open_ends()
        self.descriptors = descriptors()


@contextmanager
def leak_check() -> Generator[None]:
    """See that a block leaves behind nothing that was not there before.

    Looked at: pending tasks of any loop, open file descriptors, subscribers of `Hot` streams, open ends of virtual
    connections. What only waits for the garbage collector is no leak.

    Raises:
        Unclean: At the end of the block.

    Example:
        >>> from rxbotters_operators.hot import Hot
        >>> prices = Hot[float]("prices")
        >>> with leak_check():
        ...     subscription = prices.subscribe(print)
        Traceback (most recent call last):
        rxbotters.testing.errors.Unclean: left behind: 0 tasks, 0 open connections or files, 0 unhandled errors, 1 subscriptions
          subscriptions:
            'prices': 1 subscribers, 0 before
        >>> subscription.dispose()
    """
    before = _Census()
    yield
    after = _Census()
    old_tasks = {id(task) for task in before.tasks}
    old_hots = {id(hot): count for hot, count in before.hots}
    files = [
        f"descriptor {number}: {what}"
        for number, what in sorted(after.descriptors.items())
        if before.descriptors.get(number) != what
    ]
    tasks = sorted(describe(task) for task in after.tasks if id(task) not in old_tasks)
    ends = [end for end in after.ends if end not in before.ends]
    subscriptions = sorted(
        f"{hot.name!r}: {count} subscribers, {old_hots.get(id(hot), 0)} before"
        for hot, count in after.hots
        if count > old_hots.get(id(hot), 0)
    )
    if tasks or files or ends or subscriptions:
        raise Unclean(tasks=tasks, connections=[*ends, *files], subscriptions=subscriptions)
