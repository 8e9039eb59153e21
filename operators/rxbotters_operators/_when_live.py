"""`when_live` and `when_fresh`: a strategy decides only on data it may trust."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from ._timing import clock_of, positive, reader
from .events import Answered, Frame, Live, Status
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Trusted", "when_fresh", "when_live"]

T = TypeVar("T")


class Trusted(Protocol):
    """What says whether it can be trusted: a store."""

    @property
    def status(self) -> Status: ...


def when_live(*sources: Trusted | tuple[Any, Any]) -> Callable[[Observable[T]], Observable[T]]:
    """Let items through only while every source is `Live`.

    ::

        source             -a--b--c--d--e-
        status of a store  -L-----S-----L-      L Live  S Stale
        when_live(store)   -a--b-----------e-   c and d are decided on nothing

    Args:
        sources: Stores, or ``(book, symbol)`` for one instrument of a book.

    Raises:
        ValueError: At call time, without a source.

    Example:
        >>> import reactivex as rx
        >>> from rxbotters.stores import DataStore
        >>> rx.of(1, 2).pipe(when_live(DataStore())).run()
        2
    """
    if not sources:
        raise ValueError("when_live() needs a store, or (book, symbol)")
    asks: list[Callable[[], Status]] = [
        partial(source[0].status_of, source[1]) if isinstance(source, tuple) else partial(_status, source)
        for source in sources
    ]

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            def forward(item: T) -> None:
                for ask in asks:
                    if not isinstance(ask(), Live):
                        return
                on_next(item)

            return source.subscribe(forward, on_error, on_completed, scheduler=given)

        return Lean(run)

    return operator


def _status(store: Trusted) -> Status:
    return store.status


def when_fresh(
    max_age: float, events: Observable[Any], *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[T]], Observable[T]]:
    """Let items through only while the last proof of life is at most ``max_age`` seconds old.

    ::

        events            ---f------------p---      f frame   p pong
        source            -a--b-------c----d--
        when_fresh(5)     ----b------------d--      a: nothing yet; c: too old

    A quiet market is not a dead one: a pong proves life as a frame does. To ask for data, not for life, use `staleness`.

    Args:
        max_age: Seconds a proof of life is good for.
        events: Where proofs come from: ``ws.events``. `Frame` and `Answered` count.
        scheduler: Whose clock counts; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if ``max_age`` is not positive.

    Example:
        >>> from reactivex.subject import Subject
        >>> from reactivex.testing import TestScheduler
        >>> clock, events, prices = TestScheduler(), Subject(), Subject()
        >>> _ = prices.pipe(when_fresh(5.0, events, scheduler=clock)).subscribe(print)
        >>> prices.on_next(100)
        >>> events.on_next(Frame("text", "1"))
        >>> prices.on_next(101)
        101
        >>> clock.advance_to(6.0)
        >>> prices.on_next(102)
    """
    positive("max_age", max_age)

    def operator(source: Observable[T]) -> Observable[T]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            clock = clock_of(scheduler, given)
            now = reader(clock)
            proof = float("-inf")

            def alive(event: Any) -> None:
                nonlocal proof
                if event.__class__ is Frame or isinstance(event, Answered):
                    proof = now()

            def forward(item: T) -> None:
                if now() - proof <= max_age:
                    on_next(item)

            return CompositeDisposable(
                events.subscribe(alive, lambda _: None, scheduler=given),
                source.subscribe(forward, on_error, on_completed, scheduler=given),
            )

        return Lean(run)

    return operator
