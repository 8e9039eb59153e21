"""`dead_man_switch` and `on_exit`: orders that do not outlive the pipeline that watches them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from ._ending import Ending
from ._timing import clock_of, positive, seconds
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["dead_man_switch", "on_exit"]

T = TypeVar("T")


def dead_man_switch(
    arm: Callable[[], Awaitable[Any]],
    *,
    every: float,
    alive_within: float,
    on_failure: Callable[[Exception], None],
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[T]], Observable[T]]:
    """Arm an exchange's cancel-all timer again and again, for as long as the pipeline lives.

    ::

        source                 -a--b---c---------------        the pipeline stalls after c
        dead_man_switch: arm   a----a----a----                  then the exchange's own timer cancels everything

    The exchange cancels all orders when it was not armed for the time ``arm`` asks for (BitMEX ``cancelAllAfter``, OKX
    ``cancel-all-after``, Bybit ``dcp``). Items pass through.

    Args:
        arm: Asks the exchange to cancel everything in a while; must ask for more than ``every`` seconds.
        every: Seconds between two calls.
        alive_within: Seconds within which an item must have passed for the pipeline to count as alive.
        on_failure: Hears that a call failed; the next one comes in time.
        scheduler: Where the timer runs; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if a duration is not positive.

    Example:
        >>> import asyncio, reactivex as rx
        >>> async def arm() -> None:
        ...     print("armed")
        >>> async def main() -> None:
        ...     switch = dead_man_switch(arm, every=5.0, alive_within=10.0, on_failure=print)
        ...     subscription = rx.never().pipe(switch).subscribe()
        ...     await asyncio.sleep(0.01)
        ...     subscription.dispose()
        >>> asyncio.run(main())
        armed
    """
    positive("every", every)
    positive("alive_within", alive_within)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            timer, upstream = SerialDisposable(), SerialDisposable()
            heard = seconds(clock)
            task: asyncio.Task[None]

            async def call() -> None:
                try:
                    async with asyncio.timeout(every):
                        await arm()
                except Exception as error:
                    on_failure(error)

            def beat(*_: object) -> None:
                nonlocal task
                if seconds(clock) - heard <= alive_within:
                    task = asyncio.get_running_loop().create_task(call(), name="rxbotters dead man's switch")
                timer.disposable = clock.schedule_relative(every, beat)

            def cancel() -> None:
                task.cancel()

            end = Ending(on_error, on_completed, timer, upstream, Disposable(cancel))

            def forward(item: T) -> None:
                nonlocal heard
                if not end.over:
                    heard = seconds(clock)
                    on_next(item)

            beat()
            upstream.disposable = source.subscribe(forward, end, end, scheduler=given)
            return end

        return Lean(run)

    return operator


def on_exit(
    act: Callable[[], Awaitable[Any]],
    *,
    within: float = 5.0,
    on_failure: Callable[[Exception], None],
) -> Callable[[Observable[T]], Observable[T]]:
    """Do something once when the stream ends, fails or is disposed: cancel all orders, say.

    ::

        source      -a--b--#          or |, or disposed
        on_exit     -a--b--#  act()

    The end is told to the subscriber at once; ``act`` runs in a task of its own, which the loop keeps.

    Args:
        act: What to do, such as ``lambda: client.fetch("POST", "/v1/me/cancelallchildorders", data={…})``.
        within: Seconds it may take.
        on_failure: Hears that it failed or took longer.

    Raises:
        ValueError: At call time, if ``within`` is not positive.

    Example:
        >>> import asyncio, reactivex as rx
        >>> async def cancel_all() -> None:
        ...     print("cancelled")
        >>> async def main() -> None:
        ...     rx.of(1).pipe(on_exit(cancel_all, on_failure=print)).subscribe(print)
        ...     await asyncio.sleep(0.01)
        >>> asyncio.run(main())
        1
        cancelled
    """
    positive("within", within)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            loop = asyncio.get_running_loop()
            done = False

            async def call() -> None:
                try:
                    async with asyncio.timeout(within):
                        await act()
                except Exception as error:
                    on_failure(error)

            def leave() -> None:
                nonlocal done
                if not done:
                    done = True
                    task = loop.create_task(call(), name="rxbotters on_exit")
                    _RUNNING.add(task)
                    task.add_done_callback(_RUNNING.discard)

            def fail(error: Exception) -> None:
                leave()
                on_error(error)

            def complete() -> None:
                leave()
                on_completed()

            return CompositeDisposable(source.subscribe(on_next, fail, complete, scheduler=given), Disposable(leave))

        return Lean(run)

    return operator


_RUNNING: set[asyncio.Task[None]] = set()
"""The loop itself holds tasks weakly."""
