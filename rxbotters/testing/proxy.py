"""`FaultProxy`: the faults of `VirtualLoop`, by the same names, on real sockets between a client and any server.

Rules
  1. Bytes are handed on as they come, in order; what a reader does not take, the writer is made to wait for.
  2. A fault hits the connections there are. ``refuse``, ``stall`` and ``drip`` last for their seconds; ``latency``, the
     middle of its range, stays with the connections it hit and meets new ones for its seconds, as in virtual time.
  3. Seconds of a script are multiplied by ``scale``: a script of an hour can be played in a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from fnmatch import fnmatchcase
from math import inf
from types import TracebackType
from typing import Any

from .connection import sides
from .line import Line
from .script import Fault
from .switches import Inject, Switches
from .weather import Drip, as_range

__all__ = ["FaultProxy"]

_Pair = float | list[float] | tuple[float, float]


class FaultProxy(Switches):
    """A server on 127.0.0.1 in front of another one, that makes connections go wrong by name or by a script.

    Args:
        target: ``host:port`` of the server behind, such as ``SimExchange.host`` or an echo server of yours.
        script: Faults; their times are seconds since the proxy began.
        scale: Real seconds for one second of the script and of the faults' arguments.

    Attributes:
        host: ``127.0.0.1:port``, where clients go; give it to ``Client(hosts={proxy.host: "bitflyer"})``.

    Raises:
        ValueError: A fault of the script is unknown or its arguments are wrong.

    Example:
        >>> from rxbotters.sim import SimExchange
        >>> async def main() -> None:
        ...     async with SimExchange(orders_per_s=0) as sim, FaultProxy(sim.host) as proxy:
        ...         proxy.inject("refuse", seconds=1.0)
        ...         print(proxy.history[0].name, proxy.happened["refuse"], proxy.ready)
        >>> asyncio.run(main())
        refuse 1 False
    """

    def __init__(self, target: str, script: Iterable[Fault] = (), *, scale: float = 1.0) -> None:
        if not scale > 0:
            raise ValueError(f"scale must be positive, got {scale!r}")
        name, _, port = target.rpartition(":")
        self.host = ""
        self._target = name, int(port)
        self._script, self._scale = tuple(script), scale
        self._server: asyncio.Server | None = None
        self._port = 0
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._began, self._runs = 0.0, False
        self._latency: dict[str, float] = {}
        known: dict[str, Inject] = {
            "drip": self._drip,
            "half_open": self._half_open,
            "heal": self._heal,
            "latency": self._slow,
            "refuse": self._refuse,
            "rst": self._rst,
            "stall": self._stall,
        }
        super().__init__(known)

    @property
    def ready(self) -> bool:
        """Whether a dial is taken now."""
        return self._server is not None

    async def __aenter__(self) -> FaultProxy:
        self._loop = asyncio.get_running_loop()
        await self._listen()
        self._began = self._loop.time()
        self.schedule(self._script)
        self._runs = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for timer in self._timers:
            timer.cancel()
        self._deaf()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # sockets that were cut are closed in the next turn of the loop

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{self._port}"

    def _deaf(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._spawn(self._carry(reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        line = Line(writer, forth)
        line.delay.update(self._latency)
        self._lines.add(line)
        try:
            await asyncio.gather(line.carry("up", reader), line.carry("down", back))
        finally:
            self._lines.discard(line)
            line.close()

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work, name="rxbotters proxy")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------ time

    @property
    def now(self) -> float:
        """The seconds of the script that have passed."""
        return (self._loop.time() - self._began) / self._scale if self._runs else 0.0

    def _now(self) -> float:
        return self.now

    def _at(self, when: float, name: str, args: dict[str, Any]) -> None:
        self._timers.append(self._loop.call_at(self._began + when * self._scale, self._inject, name, args))

    def _later(self, seconds: float | None, then: Any) -> None:
        if seconds is not None:
            self._timers.append(self._loop.call_later(self._real(seconds), then))

    def _real(self, seconds: float) -> float:
        if not seconds > 0:
            raise ValueError(f"seconds must be positive, or None for ever, got {seconds!r}")
        return seconds * self._scale

    # ------------------------------------------------------------------ the faults

    def _each(self, host: str) -> list[Line]:
        return list(self._lines) if fnmatchcase(self.host, host) else []

    def _rst(self, *, host: str = "*", to: str = "both", after: int = 0, direction: str = "down") -> int:
        lines = self._each(host)
        for line in lines:
            if after > 0:
                for way in sides(direction):
                    line.resets[way] = after, to
            else:
                line.reset(to)
        return len(lines)

    def _half_open(self, *, host: str = "*", direction: str = "both") -> int:
        lines = self._each(host)
        for line in lines:
            line.silent.update(sides(direction))
        return len(lines)

    def _stall(self, *, seconds: float, host: str = "*", direction: str = "both") -> int:
        until = self._loop.time() + self._real(seconds)
        lines = self._each(host)
        for line in lines:
            line.held.update(dict.fromkeys(sides(direction), until))
        return len(lines)

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
        until = inf if seconds is None else self._loop.time() + self._real(seconds)
        lines = self._each(host)
        for line in lines:
            line.dripping.update(dict.fromkeys(sides(direction), Drip(int(bytes), every * self._scale, until)))
        return len(lines)

    def _slow(
        self, *, host: str = "*", up: _Pair | None = None, down: _Pair | None = None, seconds: float | None = None
    ) -> int:
        delays = {"up": up, "down": down}
        real = {
            way: sum(as_range("latency", pair)) / 2 * self._scale for way, pair in delays.items() if pair is not None
        }
        lines = self._each(host)
        for line in lines:
            line.delay.update(real)
        if fnmatchcase(self.host, host):
            self._latency.update(real)
            self._later(seconds, self._latency.clear)
        return len(lines)

    def _refuse(self, *, host: str = "*", seconds: float | None = None) -> int:
        if not fnmatchcase(self.host, host):
            return 0
        self._later(seconds, self._hear)  # first: it refuses seconds that are none
        self._deaf()
        return 1

    def _hear(self) -> None:
        if self._server is None:
            self._spawn(self._listen())

    def _heal(self) -> int:
        for line in self._lines:
            line.heal()
        self._latency.clear()
        self._hear()
        return len(self._lines)
