"""`Faults`: makes things go wrong, now or at scheduled virtual times, each by its name.

Rules
  1. A fault is named in the trace together with how much it hit.
  2. ``host`` is a pattern (``*``, ``ws.*``, ``127.0.0.1:8080``) of names as they were dialled; ``seconds=None`` lasts
     until ``heal``.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from .conditions import Condition
from .script import Fault
from .switches import Inject, Switches
from .weather import Drip, as_range

if TYPE_CHECKING:
    from .loop import VirtualLoop

__all__ = ["Faults"]

Pair = float | list[float] | tuple[float, float]


class Faults(Switches):
    """The fault switches of one `VirtualLoop`; its attribute ``faults``.

    Args:
        loop: Whose network, clock and tasks go wrong.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        known: dict[str, Inject] = {
            "cancel": self._cancel,
            "clock": self._clock,
            "dns": self._dns,
            "drip": self._drip,
            "half_open": self._half_open,
            "heal": self._heal,
            "latency": self._latency,
            "partition": self._partition,
            "refuse": self._refuse,
            "rst": self._rst,
            "stall": self._stall,
        }
        super().__init__(known)
        self._loop = loop

    def _now(self) -> float:
        return self._loop.time()

    def _at(self, when: float, name: str, args: dict[str, Any]) -> None:
        self._loop.call_at(when, self._inject, name, args)

    def _until(self, seconds: float | None) -> float:
        if seconds is None:
            return inf
        if not seconds > 0:
            raise ValueError(f"seconds must be positive, or None for ever, got {seconds!r}")
        return round(self._loop.time() + seconds, 9)

    def _note(self, fault: Fault, hits: int) -> None:
        args = {key: str(value) for key, value in fault.args.items()}
        self._loop.trace.add(fault.at, "fault", fault.name, **args, hits=hits)

    # ------------------------------------------------------------------ what hits connections

    def _rst(self, *, host: str = "*", to: str = "both", after: int = 0, direction: str = "down") -> int:
        connections = self._loop.network.connections(host)
        for connection in connections:
            if after > 0:
                connection.reset_after(after, direction, to)
            else:
                connection.reset(to)
        return len(connections)

    def _half_open(self, *, host: str = "*", direction: str = "both") -> int:
        connections = self._loop.network.connections(host)
        for connection in connections:
            connection.silence(direction)
        return len(connections)

    def _stall(self, *, seconds: float, host: str = "*", direction: str = "both") -> int:
        connections = self._loop.network.connections(host)
        for connection in connections:
            connection.hold(self._until(seconds), direction)
        return len(connections)

    def _drip(
        self,
        *,
        host: str = "*",
        bytes: int = 1,  # noqa: A002
        every: float = 0.5,
        seconds: float | None = None,
        direction: str = "down",
    ) -> int:
        if not bytes >= 1 or not every > 0:
            raise ValueError(f"drip needs bytes >= 1 and every > 0 seconds, got {bytes!r} and {every!r}")
        connections = self._loop.network.connections(host)
        for connection in connections:
            connection.drip(Drip(int(bytes), every, self._until(seconds)), direction)
        return len(connections)

    # ------------------------------------------------------------------ what hits hosts

    def _refuse(self, *, host: str = "*", seconds: float | None = None) -> int:
        self._loop.network.conditions.add(Condition("refuse", host, self._until(seconds)))
        return 1

    def _dns(self, *, host: str = "*", seconds: float | None = None) -> int:
        self._loop.network.conditions.add(Condition("dns", host, self._until(seconds)))
        return 1

    def _partition(self, *, a: str = "*", b: str = "*", seconds: float | None = None) -> int:
        network = self._loop.network
        until = self._until(seconds)
        network.conditions.add(Condition("partition", b, until, origin=a))
        apart = [
            connection
            for connection in network.connections()
            if network.conditions.cut_until(connection.route.origin, connection.route.host) > self._loop.time()
        ]
        for connection in apart:
            connection.hold(until)
        return len(apart)

    def _latency(
        self, *, host: str = "*", up: Pair | None = None, down: Pair | None = None, seconds: float | None = None
    ) -> int:
        network = self._loop.network
        to, back = (None if pair is None else as_range("latency", pair) for pair in (up, down))
        network.conditions.add(Condition("latency", host, self._until(seconds), up=to, down=back))
        connections = network.connections(host)
        for connection in connections:
            connection.change(to, back)
        return len(connections)

    def _heal(self) -> int:
        network = self._loop.network
        network.conditions.clear()
        for connection in network.connections():
            connection.heal(network.weather.up, network.weather.down)
        return len(network.connections())

    # ------------------------------------------------------------------ what hits this machine

    def _clock(self, *, by: float) -> int:
        self._loop.jump(by)
        return 1

    def _cancel(self, *, task: str, point: int = 0) -> int:
        return self._loop.cancel(task, point)
