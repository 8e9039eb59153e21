"""`lease`: a token that is kept alive, and replaced when it cannot be."""

from __future__ import annotations

import asyncio
import random as _random
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from ._backoff import Backoff, Delays
from ._timing import clock_of, positive
from .errors import RetriesExhausted
from .events import Leased, LeaseFailed
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["lease"]


def lease(
    create: Callable[[], Awaitable[str]],
    renew: Callable[[str], Awaitable[None]] | None = None,
    *,
    every: float,
    first: str | None = None,
    renewals: int = 3,
    expired: Observable[Any] | None = None,
    backoff: Backoff | tuple[float, float, float, float] | Delays | None = None,
    fatal: Callable[[BaseException], bool] = lambda error: bool(getattr(error, "fatal", False)),
    dice: Callable[[], float] = _random.random,
    scheduler: abc.SchedulerBase | None = None,
) -> Observable[Leased | LeaseFailed]:
    """Get a token, extend it in time, get another when it cannot be extended.

    ::

        create       t1                      t2
        renew        --------ok------#-#-#---
        lease        L-------l-------F-F-F---L       L Leased  l Leased(renewed)  F LeaseFailed

    A cold observable: each subscription holds a lease of its own, and disposing gives it up.

    Args:
        create: Asks for a token.
        renew: Extends one; ``None``: it cannot be extended, a new one is taken each time.
        every: Seconds between two renewals; well below the life of the token.
        first: A token that exists already; it is renewed at once.
        renewals: Failed renewals in a row after which the token is given up.
        expired: Each item says that the token has died before its time.
        backoff: Delays after failures, in seconds; default ``Backoff()``.
        fatal: Which errors end the stream: keys that are refused today are refused tomorrow.
        dice: A number in [0, 1), for the first delay.
        scheduler: Where the timers run; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if ``every`` is not positive or ``renewals`` below 1.

    Errors:
        Whatever ``fatal`` holds for; RetriesExhausted when a finite ``backoff`` is used up.

    Example:
        >>> import asyncio
        >>> async def create() -> str:
        ...     return "token-1"
        >>> async def main() -> None:
        ...     granted = asyncio.get_running_loop().create_future()
        ...     subscription = lease(create, every=1800.0).subscribe(granted.set_result)
        ...     print((await granted).token)
        ...     subscription.dispose()
        >>> asyncio.run(main())
        token-1
    """
    positive("every", every)
    if renewals < 1:
        raise ValueError(f"renewals must be at least 1, got {renewals!r}")
    make = Backoff.of(Backoff() if backoff is None else backoff, dice)

    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        clock = clock_of(scheduler, given)
        return _Lease(create, renew, every, first, renewals, expired, make, fatal, clock, on_next, on_error).start()

    return Lean(run)


class _Lease:
    """One subscription of `lease`."""

    def __init__(
        self,
        create: Callable[[], Awaitable[str]],
        renew: Callable[[str], Awaitable[None]] | None,
        every: float,
        first: str | None,
        renewals: int,
        expired: Observable[Any] | None,
        delays: Delays,
        fatal: Callable[[BaseException], bool],
        clock: abc.SchedulerBase,
        on_next: OnNext,
        on_error: OnError,
    ) -> None:
        self._create, self._renew, self._every, self._renewals = create, renew, every, renewals
        self._delays, self._fatal, self._clock = delays, fatal, clock
        self._on_next, self._on_error = on_next, on_error
        self._token = first
        self._expired = expired
        self._outage: Iterator[float] | None = None
        self._failures = 0
        self._over = False
        self._timer, self._told = SerialDisposable(), SerialDisposable()

    def start(self) -> abc.DisposableBase:
        self._go(self._ask() if self._token is None else self._extend(self._token))
        if self._expired is not None:
            self._told.disposable = self._expired.subscribe(lambda _: self._died())
        return CompositeDisposable(self._timer, self._told, Disposable(self._stop))

    def _stop(self) -> None:
        self._over = True
        self._task.cancel()

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(work, name="rxbotters lease")

    def _died(self) -> None:
        """Replace a token the exchange says is dead; ignored while a new one is being asked for.

        During an outage it is not extended any more, and another is asked for when the delay has passed.
        """
        if self._over or self._token is None:
            return
        self._token = None
        if self._outage is not None and self._task.done():
            return
        self._timer.disposable = None
        self._task.cancel()
        self._go(self._ask())

    async def _ask(self) -> None:
        try:
            token = await self._create()
        except Exception as error:
            self._failed(error)
        else:
            self._token = token
            self._granted(Leased(token))

    async def _extend(self, token: str) -> None:
        if self._renew is None:
            await self._ask()
            return
        try:
            await self._renew(token)
        except Exception as error:
            self._failed(error)
        else:
            self._granted(Leased(token, renewed=True))

    def _granted(self, event: Leased) -> None:
        if self._over:
            return
        self._outage, self._failures = None, 0
        self._after(self._every)
        self._on_next(event)

    def _failed(self, error: Exception) -> None:
        if self._over:
            return
        self._failures += 1
        if self._token is not None and self._failures >= self._renewals:
            self._token = None
        if self._outage is None:
            self._outage = self._delays()
        delay = next(self._outage, None)
        if delay is None or self._fatal(error):
            self._over = True
            self._told.dispose()
            self._on_error(error if delay is not None else RetriesExhausted(self._failures, error))
            return
        delay = max(delay, float(getattr(error, "retry_after", None) or 0.0))
        self._after(delay)
        self._on_next(LeaseFailed(error, delay))

    def _after(self, delay: float) -> None:
        def again(*_: object) -> None:
            self._go(self._ask() if self._token is None else self._extend(self._token))

        self._timer.disposable = self._clock.schedule_relative(delay, again)
