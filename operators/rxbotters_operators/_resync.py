"""`resync`: a snapshot and the diffs that follow it, made one stream that is right or says that it is not."""

from __future__ import annotations

import asyncio
import random as _random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from ._backoff import Backoff, Delays
from ._continuity import Continuity, Follows
from ._timing import clock_of, positive
from .errors import RetriesExhausted
from .events import Live, Stale, Syncing
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Snapshot", "resync"]

S = TypeVar("S")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """A whole state: forget what you had, begin with ``value``."""

    value: S


def resync(
    fetch: Callable[[], Awaitable[S]],
    *,
    covers: Callable[[S], Any],
    number: Callable[[D], Any],
    follows: Follows,
    hold: int = 8000,
    tries: int = 5,
    timeout: float = 10.0,
    backoff: Backoff | tuple[float, float, float, float] | Delays | None = None,
    dice: Callable[[], float] = _random.random,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[D]], Observable[Any]]:
    """Join numbered diffs to a snapshot that is fetched for them, and do it again after every gap.

    ::

        source      -4-5-6------7-9-----10----      diffs, by number
        fetch        ------s5-----  ----s9----      snapshots, by the last number they cover
        resync      Y------s6L--7-XY----s(10)L-      Y Syncing  L Live  X Stale   s Snapshot

    Diffs wait while the snapshot is fetched; what it covers is dropped, the rest is replayed, then comes `Live`. A
    snapshot older than what waits is fetched again. A gap is said as `Stale`, and everything begins anew.

    Args:
        fetch: Gets a snapshot.
        covers: Finds the last number a snapshot covers.
        number: Finds the number the state has after a diff.
        follows: Compares a diff with the last number; see `rxbotters.stores.consecutive` and its siblings.
        hold: Diffs that may wait; beyond it the oldest go, and the snapshot must be newer.
        tries: Fetches in a row before giving up.
        timeout: Seconds one fetch may take.
        backoff: Delays between them, in seconds.
        dice: A number in [0, 1), for the first delay.
        scheduler: Where the delays run; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, for bad numbers.

    Errors:
        RetriesExhausted: ``tries`` fetches in a row failed, or were too old.

    Example:
        >>> import asyncio, reactivex as rx
        >>> from reactivex.subject import Subject
        >>> def follows(last, diff, first):
        ...     return "apply" if diff == last + 1 else "skip" if diff <= last else "gap"
        >>> async def main() -> None:
        ...     async def fetch() -> int:
        ...         return 5
        ...     diffs = Subject()
        ...     joined = diffs.pipe(resync(fetch, covers=int, number=int, follows=follows))
        ...     subscription = joined.subscribe(print)
        ...     diffs.on_next(5), diffs.on_next(6)
        ...     await asyncio.sleep(0.01)
        ...     diffs.on_next(7)
        ...     subscription.dispose()
        >>> asyncio.run(main())
        Syncing()
        Snapshot(value=5)
        6
        Live()
        7
    """
    positive("timeout", timeout)
    if tries < 1 or hold < 1:
        raise ValueError(f"tries and hold must be at least 1, got {tries!r} and {hold!r}")
    make = Backoff.of(Backoff(min=0.5, max=8.0, factor=2.0, initial=0.2) if backoff is None else backoff, dice)

    def operator(source: Observable[D]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            numbers: Continuity[D] = Continuity(follows, number, hold=hold)
            joined = _Joined(fetch, covers, numbers, tries, timeout, make, clock_of(scheduler, given))
            return joined.start(source, on_next, on_error, on_completed)

        return Lean(run)

    return operator


class _Joined(Generic[S, D]):
    """One subscription of `resync`."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[S]],
        covers: Callable[[S], Any],
        numbers: Continuity[D],
        tries: int,
        timeout: float,
        delays: Delays,
        clock: abc.SchedulerBase,
    ) -> None:
        self._fetch, self._covers, self._numbers = fetch, covers, numbers
        self._tries, self._timeout, self._delays, self._clock = tries, timeout, delays, clock
        self._upstream, self._timer = SerialDisposable(), SerialDisposable()
        self._task: asyncio.Task[None] | None = None
        self._outage: Iterator[float] = delays()
        self._failures = 0
        self._over = False

    def start(
        self, source: Observable[D], on_next: OnNext, on_error: OnError, on_completed: OnCompleted
    ) -> abc.DisposableBase:
        self._on_next, self._on_error, self._on_completed = on_next, on_error, on_completed
        on_next(Syncing())
        self._upstream.disposable = source.subscribe(self._take, self._end, self._end, scheduler=self._clock)
        self._ask()
        return CompositeDisposable(Disposable(self._stop))

    def _stop(self) -> None:
        self._over = True
        self._timer.dispose()
        self._upstream.dispose()
        if self._task is not None:
            self._task.cancel()

    def _end(self, error: Exception | None = None) -> None:
        if not self._over:
            self._stop()
            if error is None:
                self._on_completed()
            else:
                self._on_error(error)

    def _take(self, diff: D) -> None:
        if self._over:
            return
        expected = self._numbers.last
        verdict = self._numbers.take(diff)
        if verdict == "apply":
            self._on_next(diff)
        elif verdict == "gap":
            self._on_next(Stale(f"gap after {expected}"))
            self._on_next(Syncing())
            self._outage, self._failures = self._delays(), 0
            self._ask()

    def _ask(self) -> None:
        if not self._over:
            self._task = asyncio.get_running_loop().create_task(self._get(), name="rxbotters resync")

    async def _get(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                snapshot = await self._fetch()
            replay = self._numbers.start(self._covers(snapshot))
        except Exception as error:
            self._again(error)
            return
        if self._over:
            return
        if replay is None:
            self._again(ValueError("the snapshot is older than the diffs that wait"))
            return
        self._on_next(Snapshot(snapshot))
        for diff in replay:
            self._on_next(diff)
        self._on_next(Live())

    def _again(self, error: Exception) -> None:
        if self._over:
            return
        self._failures += 1
        delay = next(self._outage, None) if self._failures < self._tries else None
        if delay is None:
            self._end(RetriesExhausted(self._failures, error))
        else:
            self._timer.disposable = self._clock.schedule_relative(delay, lambda _clock, _state: self._ask())
