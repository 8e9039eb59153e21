"""Time and chance of the simulation: the only place of this package that knows the machine's own.

Rules
  1. Every source of chance is a generator of its own, seeded by a text that says what it is for: one more draw here
     changes nothing there.
  2. What reads the clock behind our back is lent the loop's while the loop runs, and gets its own back afterwards.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import Protocol

from rxbotters.clock import Clock

__all__ = ["Clocks", "Dice", "Wall", "cpu_seconds", "lent", "seeded", "virtual_clock"]

Dice = random.Random
"""A seeded generator."""

cpu_seconds: Callable[[], float] = time.thread_time
"""CPU time of this thread, real seconds."""


class Wall(Protocol):
    """Something that knows the wall clock, such as `VirtualLoop`."""

    def wall(self) -> float:
        """Return Unix time in seconds."""
        ...


class Clocks(Wall, Protocol):
    """Something that knows both clocks, such as `VirtualLoop`."""

    def time(self) -> float:
        """Return seconds that only go forward."""
        ...


def seeded(seed: int, purpose: str) -> Dice:
    """Return the generator for one purpose.

    Example:
        >>> seeded(1, "dice").random() == seeded(1, "dice").random() != seeded(1, "nonce").random()
        True
    """
    return random.Random(f"{seed}/{purpose}")


def virtual_clock(loop: Wall, seed: int = 0, *, epoch: float | None = None) -> Clock:
    """Return a `Clock` whose time is the loop's and whose dice and nonces are seeded.

    Args:
        loop: The virtual loop.
        seed: The same seed gives the same dice and nonces.
        epoch: Unix time of this very moment; ``None``: the loop's own wall clock.

    Example:
        >>> class Noon:
        ...     def wall(self) -> float:
        ...         return 1_767_268_800.0
        >>> clock = virtual_clock(Noon(), seed=7)
        >>> clock.now(), clock.nonce() == virtual_clock(Noon(), seed=7).nonce()
        (1767268800.0, True)
    """
    offset = 0.0 if epoch is None else epoch - loop.wall()
    nonces = seeded(seed, "nonce")
    return Clock(
        now=lambda: loop.wall() + offset,
        dice=seeded(seed, "dice").random,
        nonce=lambda: f"{nonces.getrandbits(128):032x}",
    )


class _Time:
    """Stands in for the module `time` where somebody reads the wall clock through it."""

    def __init__(self, loop: Clocks) -> None:
        self.time = loop.wall

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


def _readers(loop: Clocks) -> list[tuple[str, str, object]]:
    """Return who reads a clock that is not the loop's: module, name, and what to put there."""

    def now() -> datetime:
        return datetime.fromtimestamp(loop.wall(), UTC)

    return [
        ("aiohttp.connector", "monotonic", loop.time),  # the age of idle connections, and of DNS entries
        ("aiohttp.helpers", "time", _Time(loop)),  # the Date header
        ("aiohttp.cookiejar", "time", _Time(loop)),
        ("reactivex.scheduler.scheduler", "default_now", now),  # every scheduler's `now`
    ]


@contextmanager
def lent(loop: Clocks, chance: Dice) -> Generator[None]:
    """Lend the loop's clocks and dice to those who read the machine's: aiohttp, reactivex, and the module `random`.

    ``chance`` keeps the state of `random` from one loan to the next.
    """
    before: list[tuple[ModuleType, str, object]] = []
    for module_name, name, ours in _readers(loop):
        module = sys.modules.get(module_name)
        if module is not None and hasattr(module, name):
            before.append((module, name, getattr(module, name)))
            setattr(module, name, ours)
    own = random.getstate()
    random.setstate(chance.getstate())
    try:
        yield
    finally:
        chance.setstate(random.getstate())
        random.setstate(own)
        for module, name, original in before:
            setattr(module, name, original)
