"""Metrics: what a client does, as one snapshot and as a stream of them.

Counting costs an addition; everything that costs more is done when a snapshot is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from rxbotters_operators._timing import clock_of, positive
from rxbotters_operators.hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["ConnectionMetrics", "Meter", "Metrics", "Snapshot"]


@dataclass(frozen=True, slots=True)
class ConnectionMetrics:
    """What one `WebSocketApp` did so far.

    Attributes:
        name: Its url without secrets.
        state: Name of its current state.
        attempts: Dials, the present connection's included.
        opened: Handshakes that succeeded.
        frames: Data frames received.
        bytes: Their size, inflated.
        errors: What went to its ``errors``.
        rtt_s: Seconds the last pong took; ``None`` before the first.
        lag_s: Seconds from the exchange's own timestamp to the reception of the last timed message, clocks corrected
            by nothing; ``None`` where messages carry no time.
        handling_s: Seconds all handlers and subscribers took for the last measured frame.
        late_s: Seconds this process stood still the last time it did.
        outbox: Messages that wait to be sent.
        dropped: Items that overflow policies of its handlers and queues threw away.
        depths: Items that wait, by buffer.
    """

    name: str
    state: str
    attempts: int = 0
    opened: int = 0
    frames: int = 0
    bytes: int = 0
    errors: int = 0
    rtt_s: float | None = None
    lag_s: float | None = None
    handling_s: float | None = None
    late_s: float = 0.0
    outbox: int = 0
    dropped: int = 0
    depths: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a client did so far.

    Attributes:
        connections: One entry for each open `WebSocketApp`.
        requests: Requests sent, by host.
        statuses: Answers, by HTTP status.
        failures: Requests without an answer.
        tasks: Tasks the client owns now.
        errors: What went to the client's ``errors``.
        skews: Host → seconds its clock is ahead of ours at least (negative: behind), where that is known.
    """

    connections: tuple[ConnectionMetrics, ...] = ()
    requests: Mapping[str, int] = field(default_factory=dict[str, int])
    statuses: Mapping[int, int] = field(default_factory=dict[int, int])
    failures: int = 0
    tasks: int = 0
    errors: int = 0
    skews: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def frames(self) -> int:
        """Data frames received on the open connections."""
        return sum(connection.frames for connection in self.connections)

    @property
    def dropped(self) -> int:
        """Items thrown away by overflow policies of the open connections."""
        return sum(connection.dropped for connection in self.connections)


class Meter:
    """Counts the requests of one client."""

    __slots__ = ("failures", "requests", "statuses")

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.failures = 0

    def sent(self, host: str) -> None:
        """Count one request; beyond a thousand hosts they are counted together."""
        self.requests[host if host in self.requests or len(self.requests) < 1000 else "…"] += 1


class Metrics(Observable[Snapshot]):
    """What a client does: `snapshot` now, or a stream of snapshots, one each ``every`` seconds while subscribed.

    Args:
        take: Takes a snapshot.
        every: Seconds between two.

    Example:
        >>> import asyncio
        >>> from rxbotters import Client
        >>> async def main() -> None:
        ...     async with Client(apis={}) as client:
        ...         print(client.metrics.snapshot().frames)
        >>> asyncio.run(main())
        0
    """

    def __init__(self, take: Callable[[], Snapshot], every: float = 1.0) -> None:
        super().__init__()
        self._take = take
        self._every = positive("every", every)
        self._open: set[Callable[[], None]] = set()

    def snapshot(self) -> Snapshot:
        """Return what was done so far."""
        return self._take()

    def every(self, seconds: float) -> Observable[Snapshot]:
        """Return the stream with another pace."""
        return self._stream(positive("seconds", seconds))

    def _stream(self, every: float) -> Observable[Snapshot]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(given)
            timer = SerialDisposable()

            def tick(*_: Any) -> None:
                on_next(self._take())
                timer.disposable = clock.schedule_relative(every, tick)

            def end() -> None:
                timer.dispose()
                on_completed()

            self._open.add(end)
            timer.disposable = clock.schedule_relative(every, tick)
            return CompositeDisposable(timer, Disposable(lambda: self._open.discard(end)))

        return Lean(run)

    def subscribe(
        self,
        on_next: abc.ObserverBase[Snapshot] | Callable[[Snapshot], None] | None = None,
        on_error: OnError | None = None,
        on_completed: OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        return self._stream(self._every).subscribe(on_next, on_error, on_completed, scheduler=scheduler)

    def complete(self) -> None:
        """End every subscription: the client was closed."""
        ends: Iterable[Callable[[], None]] = list(self._open)
        self._open.clear()
        for end in ends:
            end()
