"""`Faults`: makes things go wrong, now or at scheduled virtual times, each by its name.

Rules
  1. A fault is named in the trace together with how much it hit.
  2. Names and arguments of a script are checked when it is scheduled; if one is wrong nothing is scheduled.
  3. ``host`` is a pattern (``*``, ``ws.*``, ``127.0.0.1:8080``) of names as they were dialled; ``seconds=None`` lasts
     until ``heal``.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable
from math import inf
from typing import TYPE_CHECKING, Any

from .conditions import Condition
from .connection import check_side, sides
from .script import Fault, Script, Value
from .weather import Drip, as_range

if TYPE_CHECKING:
    from .loop import VirtualLoop

__all__ = ["Faults"]

Pair = float | list[float] | tuple[float, float]


class Faults:
    """The fault switches of one `VirtualLoop`; its attribute ``faults``.

    Args:
        loop: Whose network, clock and tasks go wrong.

    Attributes:
        happened: How often each fault was injected.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self.happened: Counter[str] = Counter()
        self._loop = loop
        self._history: list[Fault] = []
        self._known: dict[str, Callable[..., int | None]] = {
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

    # ------------------------------------------------------------------ using

    @property
    def names(self) -> tuple[str, ...]:
        """The faults that can be named."""
        return tuple(sorted(self._known))

    @property
    def history(self) -> Script:
        """What has happened so far: a script that replays it."""
        return tuple(self._history)

    def define(self, name: str, inject: Callable[..., int | None]) -> None:
        """Give a name to a fault of your own, such as a switch of a simulated exchange.

        Args:
            name: A new name.
            inject: Called with the fault's arguments; may return how much it hit.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._known:
            raise ValueError(f"there is a fault {name!r} already")
        self._known[name] = inject

    def schedule(self, script: Iterable[Fault]) -> None:
        """Let faults happen at their times.

        Raises:
            ValueError: A fault is unknown, its arguments are wrong, or its time is past. Nothing was scheduled.
        """
        faults = tuple(script)
        for fault in faults:
            self._check(fault.name, dict(fault.args))
            if fault.at < self._loop.time():
                raise ValueError(f"{fault!r} is in the past: it is {self._loop.time():g} s")
        for fault in faults:
            self._loop.call_at(fault.at, self._inject, fault.name, dict(fault.args))

    def inject(self, fault: str, **args: Value) -> int:
        """Let a fault happen now; return how many connections, tasks or conditions it hit.

        Raises:
            ValueError: It is unknown, or its arguments are wrong.
        """
        self._check(fault, args)
        return self._inject(fault, args)

    def _check(self, name: str, args: dict[str, Any]) -> None:
        inject = self._known.get(name)
        if inject is None:
            raise ValueError(f"there is no fault {name!r}; known: {', '.join(self.names)}")
        try:
            inspect.signature(inject).bind(**args)
        except TypeError as error:
            raise ValueError(f"fault {name!r}: {error}; it takes {inspect.signature(inject)}") from None
        if "direction" in args:
            sides(args["direction"])
        if "to" in args:
            check_side(args["to"])

    def _inject(self, name: str, args: dict[str, Any]) -> int:
        hits = self._known[name](**args) or 0
        now = self._loop.time()
        self._history.append(Fault(now, name, **args))
        self.happened[name] += 1
        self._loop.trace.add(now, "fault", name, **{key: str(value) for key, value in args.items()}, hits=hits)
        return hits

    def _until(self, seconds: float | None) -> float:
        if seconds is None:
            return inf
        if not seconds > 0:
            raise ValueError(f"seconds must be positive, or None for ever, got {seconds!r}")
        return round(self._loop.time() + seconds, 9)

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
