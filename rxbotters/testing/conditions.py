"""`Conditions`: what is wrong with the network at the moment, and until when."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import inf

from .weather import Range, Weather

__all__ = ["Condition", "Conditions"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong.

    Attributes:
        kind: ``refuse``, ``dns``, ``partition`` or ``latency``.
        host: Pattern of the hosts it is about.
        until: Virtual time it ends at.
        origin: Pattern of the other side of a partition.
        up: Latency to the host, ``None``: as it is.
        down: Latency from the host.
    """

    kind: str
    host: str
    until: float
    origin: str = "*"
    up: Range | None = None
    down: Range | None = None


class Conditions:
    """The list of what is wrong. Asked, never asking: it touches no connection.

    Args:
        loop: Its clock and timers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._all: list[Condition] = []
        self._waiting: list[asyncio.Future[None]] = []

    def add(self, condition: Condition) -> None:
        """Let something go wrong."""
        self._all.append(condition)

    def clear(self) -> None:
        """Let everything be well again."""
        self._all.clear()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _now(self, kind: str) -> list[Condition]:
        now = self._loop.time()
        self._all = [condition for condition in self._all if condition.until > now]
        return [condition for condition in self._all if condition.kind == kind]

    def holds(self, kind: str, host: str) -> bool:
        """Whether something is wrong with a host."""
        return any(fnmatchcase(host, condition.host) for condition in self._now(kind))

    def weather(self, host: str, usual: Weather) -> Weather:
        """Return the weather of a host: the latest change of latency over the usual."""
        for condition in self._now("latency"):
            if fnmatchcase(host, condition.host):
                usual = replace(usual, up=condition.up or usual.up, down=condition.down or usual.down)
        return usual

    def cut_until(self, origin: str, host: str) -> float:
        """Return until when two hosts are apart; 0 if they are not."""
        return max(
            (
                condition.until
                for condition in self._now("partition")
                if (fnmatchcase(origin, condition.origin) and fnmatchcase(host, condition.host))
                or (fnmatchcase(origin, condition.host) and fnmatchcase(host, condition.origin))
            ),
            default=0.0,
        )

    async def until_reachable(self, origin: str, host: str) -> None:
        """Wait while two hosts are apart."""
        while until := self.cut_until(origin, host):
            healed: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append(healed)
            timer = self._loop.call_at(until, _settle, healed) if until < inf else None
            try:
                await healed
            finally:
                self._waiting.remove(healed)
                if timer is not None:
                    timer.cancel()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
