"""`Pipe`: one direction of a connection, with its weather.

Rules
  1. Bytes arrive once, in order, after the latency that is drawn for the instant they were written in.
  2. One delivery is one callback of at most one segment, as one ``recv`` would be.
  3. Nothing arrives while the reader has paused or the pipe is held; what is held arrives later, all of it.
  4. A silent pipe delivers nothing any more: neither bytes nor the end nor a reset. Its writer cannot tell, until what
     it wrote has gone unacknowledged for so long that TCP gives up.
  5. A reset overtakes what has not arrived yet: that is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Protocol

from .clock import Dice
from .weather import Drip, Range, Weather

__all__ = ["End", "Pipe"]


class End(Protocol):
    """What a pipe knows of the transports at its ends."""

    @property
    def takes(self) -> bool:
        """Whether the reader wants bytes."""
        ...

    def arrive(self, data: bytes) -> None:
        """Take bytes."""
        ...

    def arrive_end(self) -> None:
        """Take the peer's goodbye."""
        ...

    def arrive_reset(self) -> None:
        """Take a reset."""
        ...

    def time_out(self) -> None:
        """Hear that what was written will never arrive."""
        ...

    def drained(self) -> None:
        """Hear that what was written has arrived."""
        ...


class _Parcel:
    """What was written in one instant; ``data`` is ``None`` for the end, and for a reset."""

    __slots__ = ("data", "due", "sent")

    def __init__(self, sent: float, due: float, data: bytearray | None) -> None:
        self.sent = sent
        self.due = due
        self.data = data


class Pipe:
    """Carries bytes from ``source`` to ``target``.

    Args:
        loop: Its clock and timers.
        dice: For latencies and segment sizes; this pipe's alone.
        latency: Seconds, drawn evenly from the range.
        weather: Segment sizes, and when TCP gives up.
        moved: Called with the size of each delivery.

    Attributes:
        size: Bytes written and not yet arrived.
        silent: Rule 4.
        drip: Pace of delivery, or ``None``.
        cut: After so many more bytes ``on_cut`` is called; ``None``: never.
    """

    source: End
    target: End

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        dice: Dice,
        latency: Range,
        weather: Weather,
        moved: Callable[[int], None],
    ) -> None:
        self.latency = latency
        self.size = 0
        self.silent = False
        self.drip: Drip | None = None
        self.cut: int | None = None
        self.on_cut: Callable[[], None] | None = None
        self._loop = loop
        self._dice = dice
        self._segment = weather.segment
        self._give_up = weather.give_up
        self._moved = moved
        self._parcels: deque[_Parcel] = deque()
        self._held = 0.0
        self._next_drop = 0.0
        self._timer: asyncio.Handle | None = None
        self._over = False
        self._reset = False

    # ------------------------------------------------------------------ the writer's side

    def write(self, data: bytes) -> None:
        """Send bytes on their way."""
        if self._over:
            return
        now = self._loop.time()
        last = self._parcels[-1] if self._parcels else None
        if last is not None and last.sent == now and last.data is not None:
            last.data += data
        else:
            self._parcels.append(_Parcel(now, self._due(now), bytearray(data)))
        self.size += len(data)
        self._arm()

    def end(self) -> None:
        """Send the goodbye, after all that was written."""
        if not self._over:
            self._over = True
            now = self._loop.time()
            self._parcels.append(_Parcel(now, self._due(now), None))
            self._arm()

    def reset(self) -> None:
        """Send a reset; what has not arrived is lost."""
        if not self._reset:
            self._over = self._reset = True
            now = self._loop.time()
            self.clear()
            self._parcels.append(_Parcel(now, self._due(now), None))
            self._arm()

    def clear(self) -> None:
        """Lose what has not arrived."""
        self._parcels.clear()
        self.size = 0
        self._disarm()

    def _due(self, now: float) -> float:
        low, high = self.latency
        delay = low if low == high else low + (high - low) * self._dice.random()
        return round(now + delay, 9)

    # ------------------------------------------------------------------ the reader's side

    def wake(self) -> None:
        """Go on: the reader wants bytes again, or the pipe's weather has changed."""
        self._disarm()
        self._arm()

    def hold(self, until: float) -> None:
        """Deliver nothing before ``until``."""
        self._held = max(self._held, until)
        self.wake()

    def release(self) -> None:
        """Deliver what was held."""
        self._held = 0.0
        self.wake()

    def silence(self) -> None:
        """Deliver nothing any more."""
        self.silent = True
        self.wake()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ready_at(self) -> float:
        if self.silent:
            return inf
        at = max(self._parcels[0].due, self._held)
        if self.drip is None or self._parcels[0].data is None:
            return at
        return max(at, self._next_drop)

    def _arm(self) -> None:
        if self._timer is not None or not self._parcels:
            return
        at, now = self._ready_at(), self._loop.time()
        late = self._parcels[0].sent + self._give_up if self.silent or self._held > now else inf
        if at <= now:
            self._timer = self._loop.call_soon(self._pump)
        elif at <= late and at < inf:
            self._timer = self._loop.call_at(at, self._pump)
        elif self.size and late < inf:
            self._timer = self._loop.call_at(late, self._timed_out)

    def _timed_out(self) -> None:
        self._timer = None
        self.clear()
        self._over = True
        self.source.time_out()

    def _pump(self) -> None:
        self._timer = None
        parcel = self._parcels[0]
        if parcel.data is None:
            if self._reset:
                self._parcels.clear()
                self.target.arrive_reset()
            elif self.target.takes:
                self._parcels.popleft()
                self.target.arrive_end()
            return
        if not self.target.takes:
            return
        count = self._portion(len(parcel.data))
        data = bytes(parcel.data[:count])
        del parcel.data[:count]
        if not parcel.data:
            self._parcels.popleft()
        self.size -= count
        self._moved(count)
        self.target.arrive(data)
        self.source.drained()
        if self.cut is not None:
            self.cut -= count
            if self.cut <= 0 and self.on_cut is not None:
                self.cut = None
                self.on_cut()
        self._arm()

    def _portion(self, there: int) -> int:
        low, high = self._segment
        count = min(there, low if low == high else self._dice.randint(low, high))
        if self.drip is not None:
            now = self._loop.time()
            if now >= self.drip.until:
                self.drip = None
            else:
                count = min(count, self.drip.count)
                self._next_drop = now + self.drip.every
        if self.cut is not None:
            count = min(count, self.cut)
        return count
