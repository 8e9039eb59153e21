"""`Counts`: what one `WebSocketApp` did, counted as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from rxbotters.clock import Clock
from rxbotters.descriptor import Host
from rxbotters.errors import ProtocolError
from rxbotters_operators.events import Answered, Connecting, Event, Frame, Late, Opened

from .metrics import ConnectionMetrics
from .socket import Connection

__all__ = ["Counts"]

_SAMPLE = 64  # one frame in so many is timed: reading the clock twice costs as much as a small handler


class Counts:
    """The counters of one app; a frame costs it an addition."""

    __slots__ = (
        "_began",
        "_bytes",
        "_clock",
        "_frames",
        "_handling",
        "_lag",
        "_late",
        "_rtt",
        "_seen",
        "attempts",
        "opened",
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.attempts = 0
        self.opened = 0
        self._frames = 0
        self._bytes = 0
        self._seen = 0
        self._began: float | None = None
        self._handling: float | None = None
        self._rtt: float | None = None
        self._lag: float | None = None
        self._late = 0.0

    def begin(self, frame: Frame, host: Host | None) -> None:
        """Note that a frame is being handled."""
        self._seen += 1
        if self._seen % _SAMPLE == 1:
            if host is not None and host.time_of is not None:
                self._measure_lag(frame, host.time_of)
            self._began = asyncio.get_running_loop().time()

    def _measure_lag(self, frame: Frame, time_of: Callable[[Any], float | None]) -> None:
        try:
            told = time_of(frame.message)
        except (ProtocolError, KeyError, TypeError, ValueError, AttributeError):
            return  # whoever reads the frame hears of it
        if told is not None:
            self._lag = self._clock.now() - told

    def end(self) -> None:
        """Note that a frame was handled."""
        if self._began is not None:
            self._handling = asyncio.get_running_loop().time() - self._began
            self._began = None

    def follow(self, event: Event) -> None:
        """Count what is no frame."""
        match event:
            case Connecting():
                self.attempts += 1
            case Opened():
                self.opened += 1
            case Answered(rtt=rtt):
                self._rtt = rtt
            case Late(seconds=seconds):
                self._late = seconds
            case _:
                pass

    def gone(self, port: Connection | None) -> None:
        """Keep the counts of a connection that ended."""
        if port is not None:
            self._frames += port.frames
            self._bytes += port.bytes

    def snapshot(
        self,
        name: str,
        state: str,
        port: Connection | None,
        *,
        errors: int,
        depths: Mapping[str, int],
        dropped: int,
    ) -> ConnectionMetrics:
        """Return everything counted so far."""
        return ConnectionMetrics(
            name=name,
            state=state,
            attempts=self.attempts,
            opened=self.opened,
            frames=self._frames + (port.frames if port is not None else 0),
            bytes=self._bytes + (port.bytes if port is not None else 0),
            errors=errors,
            rtt_s=self._rtt,
            lag_s=self._lag,
            handling_s=self._handling,
            late_s=self._late,
            outbox=port.waiting if port is not None else 0,
            dropped=dropped,
            depths=depths,
        )
