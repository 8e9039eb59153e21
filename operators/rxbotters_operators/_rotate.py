"""`rotate`: replace a connection before it is cut, without losing a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from ._timing import clock_of, positive
from .events import Closed, Connecting, Frame, Opened, Rotated, Subscribed
from .hot import Hot, Lean, OnCompleted, OnError, OnNext

__all__ = ["rotate"]

_HELD = 10_000  # events of the successor that may wait for the switch
_DRAIN = 1.0  # seconds the predecessor may take to say goodbye


def rotate(
    max_age: float | None = None,
    *,
    trigger: Hot[Any] | None = None,
    overlap: float = 1.0,
    retry: float = 60.0,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Make before break: open a second connection, let both run for a moment, then let the first one go.

    ::

        first    O-S-a-b-c-d|
        second         O-S-b-c-d-e-f-        b c d came twice
        rotate   O-S-a-b-c-d-OSR-e-f-        R Rotated; nothing missing, nothing twice

    A frame that both connections delivered during the overlap is told once: the second copy, equal byte for byte, is
    dropped. If the second connection does not come up the first one stays, and it is tried again.

    Args:
        max_age: Seconds after which a connection is replaced; ``None``: only when asked.
        trigger: Each item asks for a replacement now.
        overlap: Seconds both connections run side by side once the second is subscribed.
        retry: Seconds until the next try if the second connection failed.
        scheduler: Where the timers run; default the one of the subscription, else the running event loop.

    Raises:
        ValueError: At call time, if a duration is not positive.
    """
    if max_age is not None:
        positive("max_age", max_age)
    positive("overlap", overlap)
    positive("retry", retry)

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            return _Rotation(
                source, on_next, on_error, on_completed, clock_of(scheduler, given), max_age, trigger, overlap, retry
            ).start()

        return Lean(run)

    return operator


class _Rotation:
    """One subscription of `rotate`: the connection in use, and its successor while there is one."""

    def __init__(
        self,
        source: Observable[Any],
        on_next: OnNext,
        on_error: OnError,
        on_completed: OnCompleted,
        clock: abc.SchedulerBase,
        max_age: float | None,
        trigger: Hot[Any] | None,
        overlap: float,
        retry: float,
    ) -> None:
        self._source, self._clock = source, clock
        self._on_next, self._on_error, self._on_completed = on_next, on_error, on_completed
        self._max_age, self._trigger, self._overlap, self._retry = max_age, trigger, overlap, retry
        self._legs = CompositeDisposable()
        self._age, self._timer, self._asked = SerialDisposable(), SerialDisposable(), SerialDisposable()
        self._first: _Leg | None = None
        self._second: _Leg | None = None
        self._connection: Any = None
        self._draining = False
        self._told: Counter[Any] = Counter()  # what the first said during the overlap, until the second repeats it

    def start(self) -> abc.DisposableBase:
        if self._trigger is not None:
            self._asked.disposable = self._trigger.subscribe(lambda _: self._begin())
        self._first = _Leg()
        self._subscribe(self._first)
        return CompositeDisposable(self._asked, self._age, self._timer, self._legs)

    def _subscribe(self, leg: _Leg) -> None:
        self._legs.add(leg.life)
        leg.life.disposable = self._source.subscribe(
            lambda item: self._says(leg, item),
            lambda error: self._ends(leg, error),
            lambda: self._ends(leg, None),
            scheduler=self._clock,
        )

    def _says(self, leg: _Leg, item: Any) -> None:
        if leg is self._first:
            self._tell(item)
        elif leg is self._second and not isinstance(item, Connecting):
            if len(leg.held) >= _HELD:
                self._abandon()
                return
            leg.held.append(item)
            if isinstance(item, Subscribed):
                self._timer.disposable = self._clock.schedule_relative(
                    self._overlap, lambda _clock, _state: self._let_go()
                )

    def _tell(self, item: Any) -> None:
        """Hand on what the connection in use says."""
        if item.__class__ is Frame:
            if self._second is not None:
                if item.kind == "text" or item.kind == "binary":
                    self._told[item.data] += 1
            elif self._told and self._told[item.data] > 0:
                self._told[item.data] -= 1
                return
        elif isinstance(item, Opened):
            self._connection = item.connection
            self._arm(self._max_age)
        elif isinstance(item, Closed) and self._draining:
            return
        self._on_next(item)

    def _ends(self, leg: _Leg, error: Exception | None) -> None:
        if leg is self._second:
            if self._draining:
                leg.end = (error,)  # the first is going already: told once everything before it is
            else:
                self._abandon()
            return
        if leg is not self._first:
            return
        if self._draining and self._second is not None:
            self._switch()
            return
        for part in (self._asked, self._age, self._timer, self._legs):
            part.dispose()
        if error is None:
            self._on_completed()
        else:
            self._on_error(error)

    def _arm(self, after: float | None) -> None:
        if after is not None:
            self._age.disposable = self._clock.schedule_relative(after, lambda _clock, _state: self._begin())

    def _begin(self) -> None:
        if self._second is None and self._connection is not None:
            self._told.clear()
            self._second = _Leg()
            self._subscribe(self._second)

    def _abandon(self) -> None:
        """The successor did not come up: stay with what works, and try again later."""
        assert self._second is not None
        self._legs.remove(self._second.life)  # disposes it
        self._second = None
        self._timer.disposable = None
        self._told.clear()
        self._arm(self._retry)

    def _let_go(self) -> None:
        """Say goodbye to the predecessor; what it still has to say is told first."""
        self._draining = True
        self._connection.close(1000, "rotated", cause="rotated")
        self._timer.disposable = self._clock.schedule_relative(_DRAIN, lambda _clock, _state: self._switch())

    def _switch(self) -> None:
        first, second, previous = self._first, self._second, self._connection
        if not self._draining or first is None or second is None:
            return
        self._draining = False
        self._timer.disposable = None
        self._first, self._second = second, None
        self._legs.remove(first.life)
        held, second.held = second.held, []
        for item in held:
            if not isinstance(item, Frame | Closed):
                self._tell(item)
        self._on_next(Rotated(self._connection, previous))
        for item in held:
            if isinstance(item, Frame | Closed):
                self._tell(item)
        if second.end is not None:
            self._ends(second, *second.end)


class _Leg:
    """One of the two connections, and what waits of it."""

    def __init__(self) -> None:
        self.life = SerialDisposable()
        self.held: list[Any] = []
        self.end: tuple[Exception | None] | None = None  # how it ended, where that waits too
