"""`reconcile`: ask the exchange, compare with what is believed, and say the differences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Any, NamedTuple

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from ._timing import clock_of, positive
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Difference", "audit", "reconcile"]


class Difference(NamedTuple):
    """Something the exchange and we see differently.

    Attributes:
        key: Of the row or level.
        ours: What we have; ``None``: nothing.
        theirs: What the exchange has; ``None``: nothing.
    """

    key: Any
    ours: Any
    theirs: Any


Believed = Callable[[], Mapping[Hashable, Any]]


def reconcile(
    every: float,
    fetch: Callable[[], Awaitable[Mapping[Hashable, Any]]],
    believed: Believed,
    *,
    version: Callable[[], Any] | None = None,
    tries: int = 5,
    timeout: float = 10.0,
    on_failure: Callable[[Exception], None] | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Observable[Difference]:
    """Compare what we believe with what the exchange says, again and again.

    ::

        fetch          ----a----a----a--      every so many seconds
        reconcile      ----D---------D--      D Difference

    An answer counts only if nothing changed here between question and answer, so that an event under way is no
    difference; after ``tries`` restless answers this round is given up. Each difference is said once for as long as it
    stands the same.

    Args:
        every: Seconds between two rounds.
        fetch: Asks the exchange: key → what counts, such as order id → remaining size.
        believed: Tells the same of our side.
        version: Tells whether our side changed meanwhile, such as ``lambda: store.version``; default what ``believed``
            says.
        tries: Answers per round that may come while things change.
        timeout: Seconds one answer may take.
        on_failure: Hears of rounds that failed; ``None``: the stream fails.
        scheduler: Where the pauses run; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if a duration is not positive.

    Errors:
        What ``fetch`` raises, without ``on_failure``.

    Example:
        >>> import asyncio
        >>> async def main() -> None:
        ...     async def fetch():
        ...         return {"order-1": 0.5}
        ...     told = asyncio.get_running_loop().create_future()
        ...     stream = reconcile(0.001, fetch, lambda: {"order-1": 1.0})
        ...     subscription = stream.subscribe(told.set_result)
        ...     print(await told)
        ...     subscription.dispose()
        >>> asyncio.run(main())
        Difference(key='order-1', ours=1.0, theirs=0.5)
    """
    positive("every", every)
    positive("timeout", timeout)
    changed = version or believed

    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        clock = clock_of(scheduler, given)
        timer = SerialDisposable()
        task: asyncio.Task[None] | None = None
        known: dict[Any, Difference] = {}
        over = False

        async def compare() -> None:
            try:
                for _ in range(tries):
                    before = changed()
                    async with asyncio.timeout(timeout):
                        theirs = await fetch()
                    if changed() == before:
                        tell(differences(believed(), theirs))
                        break
            except Exception as error:
                if over:
                    return
                if on_failure is None:
                    on_error(error)
                    return
                on_failure(error)
            later()

        def tell(found: Iterable[Difference]) -> None:
            standing = {difference.key: difference for difference in found}
            news = [difference for key, difference in standing.items() if known.get(key) != difference]
            known.clear()
            known.update(standing)
            for difference in news:
                if not over:
                    on_next(difference)

        def later() -> None:
            if not over:
                timer.disposable = clock.schedule_relative(every, ask)

        def ask(*_: object) -> None:
            nonlocal task
            task = asyncio.get_running_loop().create_task(compare(), name="rxbotters reconcile")

        def stop() -> None:
            nonlocal over
            over = True
            if task is not None:
                task.cancel()

        later()
        return CompositeDisposable(timer, Disposable(stop))

    return Lean(run)


def differences(ours: Mapping[Hashable, Any], theirs: Mapping[Hashable, Any]) -> list[Difference]:
    """Return what differs, in our order, then in theirs."""
    keys = [*ours, *(key for key in theirs if key not in ours)]
    return [Difference(key, ours.get(key), theirs.get(key)) for key in keys if ours.get(key) != theirs.get(key)]


def audit(
    every: float,
    fetch_book: Callable[[], Awaitable[tuple[Iterable[tuple[Any, Any]], Iterable[tuple[Any, Any]]]]],
    book: Any,
    symbol: Any,
    *,
    levels: int = 10,
    scheduler: abc.SchedulerBase | None = None,
    **options: Any,
) -> Observable[Difference]:
    """Sample an exchange's REST book against the live one and say every level that differs.

    Keys are ``("asks" | "bids", price)``, prices and sizes compared as numbers. A book that is not `Live` is not
    compared: it says itself that it is wrong.

    Args:
        every: Seconds between two samples.
        fetch_book: Gets (asks, bids), each (price, size), best first.
        book: An `OrderBook`.
        symbol: Which instrument.
        levels: How many levels a side count.
        scheduler: As `reconcile`, as are ``options``.

    Example:
        >>> from rxbotters.stores import OrderBook
        >>> audit(60.0, None, OrderBook(), "BTC_JPY")  # doctest: +ELLIPSIS
        <rxbotters_operators.hot.Lean object at ...>
    """

    async def fetch() -> Mapping[Hashable, Any]:
        asks, bids = await fetch_book()
        return _levels(list(asks)[:levels], list(bids)[:levels])

    def believed() -> Mapping[Hashable, Any]:
        asks, bids = book.depth(symbol, levels)
        return _levels(asks, bids)

    return reconcile(
        every, fetch, believed, version=lambda: (book.version, book.status_of(symbol)), scheduler=scheduler, **options
    )


def _levels(asks: Iterable[Any], bids: Iterable[Any]) -> dict[Hashable, float]:
    return {
        (side, float(level[0])): float(level[1]) for side, rows in (("asks", asks), ("bids", bids)) for level in rows
    }
