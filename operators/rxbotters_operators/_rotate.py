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
        self._current, self._successor = SerialDisposable(), SerialDisposable()
        self._age, self._timer, self._asked = SerialDisposable(), SerialDisposable(), SerialDisposable()
        self._connection: Any = None
        self._held: list[Any] | None = None
        self._draining = False
        self._told: Counter[Any] = Counter()

    def start(self) -> abc.DisposableBase:
        if self._trigger is not None:
            self._asked.disposable = self._trigger.subscribe(lambda _: self._begin())
        self._current.disposable = self._source.subscribe(
            self._first_says, self._first_failed, self._first_ended, scheduler=self._clock
        )
        return CompositeDisposable(self._asked, self._age, self._timer, self._successor, self._current)

    # ------------------------------------------------------------------ the connection in use

    def _first_says(self, item: Any) -> None:
        if item.__class__ is Frame:
            if self._told and self._held is None and self._told[item.data] > 0:
                self._told[item.data] -= 1
                return
            if self._held is not None and (item.kind == "text" or item.kind == "binary"):
                self._told[item.data] += 1
        elif isinstance(item, Opened):
            self._connection = item.connection
            self._arm(self._max_age)
        elif isinstance(item, Closed) and self._draining:
            return
        self._on_next(item)

    def _first_failed(self, error: Exception) -> None:
        if self._draining:
            self._switch()
        else:
            self._stop()
            self._on_error(error)

    def _first_ended(self) -> None:
        if self._draining:
            self._switch()
        else:
            self._stop()
            self._on_completed()

    def _stop(self) -> None:
        for part in (self._asked, self._age, self._timer, self._successor):
            part.dispose()

    # ------------------------------------------------------------------ the successor

    def _arm(self, after: float | None) -> None:
        if after is not None:
            self._age.disposable = self._clock.schedule_relative(after, lambda _clock, _state: self._begin())

    def _begin(self) -> None:
        if self._held is not None or self._connection is None:
            return
        self._held = []
        self._told.clear()
        self._successor.disposable = self._source.subscribe(
            self._second_says, lambda _: self._abandon(), self._abandon, scheduler=self._clock
        )

    def _second_says(self, item: Any) -> None:
        if self._held is None:
            self._first_says(item)  # it has taken over
            return
        if isinstance(item, Connecting | Closed):
            return
        if len(self._held) >= _HELD:
            self._abandon()
            return
        self._held.append(item)
        if isinstance(item, Subscribed):
            self._timer.disposable = self._clock.schedule_relative(self._overlap, lambda _clock, _state: self._let_go())

    def _abandon(self) -> None:
        """The successor did not come up, or failed before it took over: stay with what works."""
        if self._held is None:
            self._first_ended()
            return
        if self._draining:
            return  # the predecessor is going already: reconnect takes over when it ends
        self._held = None
        self._told.clear()
        self._successor.disposable = None
        self._arm(self._retry)

    def _let_go(self) -> None:
        """Say goodbye to the predecessor; what it still has to say is told first."""
        self._draining = True
        self._connection.close(1000, "rotated", cause="rotated")
        self._timer.disposable = self._clock.schedule_relative(_DRAIN, lambda _clock, _state: self._switch())

    def _switch(self) -> None:
        if not self._draining or self._held is None:
            return
        held, self._held = self._held, None
        self._draining = False
        self._timer.disposable = None
        previous = self._connection
        self._current.disposable = self._successor.disposable
        self._successor = SerialDisposable()
        opening = [item for item in held if not isinstance(item, Frame)]
        for item in opening:
            self._first_says(item)
        self._on_next(Rotated(self._connection, previous))
        for item in held:
            if isinstance(item, Frame):
                self._first_says(item)
