"""`Hot`: the observable behind every live source of the library.

Rules
  1. One Python call per subscriber and item; no locks, no scheduler, no copy.
  2. A subscriber that raises is detached and gets its ``on_error``; the owner hears of it; siblings notice nothing.
  3. Items emitted while an item is being delivered wait, so that all subscribers see one order.
  4. After the end nothing is delivered; who comes late gets the end at once.
  5. Single event loop; not thread-safe.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from .errors import SubscriberError

__all__ = ["Errors", "Hot", "Latest", "Lean", "OnCompleted", "OnError", "OnNext", "callbacks", "nothing"]

_log = logging.getLogger("rxbotters")

T = TypeVar("T")
OnNext = Callable[[Any], None]
OnError = Callable[[Exception], None]
OnCompleted = Callable[[], None]


def nothing(*_: object) -> None:
    """Do nothing; stands where a subscriber gave no callback."""


def callbacks(
    on_next: abc.ObserverBase[Any] | OnNext | None,
    on_error: OnError | None,
    on_completed: OnCompleted | None,
) -> tuple[OnNext, OnError, OnCompleted]:
    """Return the three callbacks of a subscription, however they were given."""
    if isinstance(on_next, abc.ObserverBase):
        return on_next.on_next, on_next.on_error, on_next.on_completed  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return (
        nothing if on_next is None else on_next,
        nothing if on_error is None else on_error,
        nothing if on_completed is None else on_completed,
    )


class Lean(Observable[T]):
    """A cold observable whose subscription is one function call.

    reactivex wraps every subscription in a guard and a trampoline, which costs more than most items are worth.
    ``run(on_next, on_error, on_completed, scheduler)`` must itself keep the contract: nothing after the end, nothing
    after dispose.
    """

    def __init__(
        self, run: Callable[[OnNext, OnError, OnCompleted, abc.SchedulerBase | None], abc.DisposableBase]
    ) -> None:
        super().__init__()
        self._run = run

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | Callable[[T], None] | None = None,
        on_error: OnError | None = None,
        on_completed: OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        return self._run(*callbacks(on_next, on_error, on_completed), scheduler)


class _Slot:
    """One subscription. Disposing swaps the callback, so an emission under way skips it too."""

    __slots__ = ("on_completed", "on_error", "on_next")

    def __init__(self, on_next: OnNext, on_error: OnError, on_completed: OnCompleted) -> None:
        self.on_next = on_next
        self.on_error = on_error
        self.on_completed = on_completed


class Hot(Observable[T], Generic[T]):
    """A multicast source that its owner drives with `emit` and `complete`.

    Args:
        name: What error messages call this stream.
        on_fault: Hears a `SubscriberError` for each subscriber that raised.
        on_audience: Called whenever somebody subscribes or leaves, so that an owner can skip work nobody wants.

    Example:
        >>> prices = Hot[int]("prices")
        >>> seen: list[int] = []
        >>> subscription = prices.subscribe(seen.append)
        >>> prices.emit(101)
        >>> subscription.dispose()
        >>> prices.emit(102)
        >>> seen
        [101]
    """

    def __init__(
        self,
        name: str = "stream",
        *,
        on_fault: Callable[[SubscriberError], None] | None = None,
        on_audience: Callable[[], None] = nothing,
    ) -> None:
        super().__init__()
        self.name = name
        self._on_fault = on_fault
        self._on_audience = on_audience
        self._slots: tuple[_Slot, ...] = ()
        self._busy = False
        self._pending: deque[T] = deque()
        self._ending = False
        self._error: Exception | None = None
        self._ended = False

    @property
    def observed(self) -> bool:
        """Whether anybody is subscribed; owners skip building items that nobody wants."""
        return bool(self._slots)

    @property
    def subscribers(self) -> int:
        """How many subscriptions are alive."""
        return len(self._slots)

    @property
    def ended(self) -> bool:
        """Whether the stream completed or failed."""
        return self._ended

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | Callable[[T], None] | None = None,
        on_error: OnError | None = None,
        on_completed: OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        slot = _Slot(*callbacks(on_next, on_error, on_completed))
        if self._ended:
            self._finish(slot, self._error)
            return Disposable()
        self._slots = (*self._slots, slot)
        self._on_audience()
        return Disposable(lambda: self._drop(slot))

    def emit(self, item: T) -> None:
        """Hand ``item`` to every subscriber, in the order they subscribed; ignored after the end."""
        if self._busy:
            self._pending.append(item)
            return
        if self._ended:
            return
        self._busy = True
        try:
            for slot in self._slots:
                try:
                    slot.on_next(item)
                except Exception as error:
                    self._fault(slot, error)
            if self._pending:
                self._drain()
        finally:
            self._busy = False
            if self._ending:
                self._end()

    def _drain(self) -> None:
        pending = self._pending
        while pending:
            item = pending.popleft()
            for slot in self._slots:
                try:
                    slot.on_next(item)
                except Exception as error:
                    self._fault(slot, error)

    def complete(self, error: Exception | None = None) -> None:
        """End the stream, once: every subscriber gets ``on_error(error)`` or ``on_completed``."""
        if self._ended or self._ending:
            return
        self._ending = True
        self._error = error
        if not self._busy:
            self._end()

    def release(self, error: Exception | None = None) -> None:
        """End every present subscription; the stream itself stays open for new ones."""
        slots, self._slots = self._slots, ()
        self._on_audience()
        for slot in slots:
            slot.on_next = nothing
            self._finish(slot, error)

    def _end(self) -> None:
        self._ended = True
        self._ending = False
        slots, self._slots = self._slots, ()
        self._pending.clear()
        for slot in slots:
            slot.on_next = nothing
            self._finish(slot, self._error)

    def _finish(self, slot: _Slot, error: Exception | None) -> None:
        try:
            if error is not None:
                slot.on_error(error)
            else:
                slot.on_completed()
        except Exception as fault:
            self._report(fault)

    def _fault(self, slot: _Slot, error: Exception) -> None:
        self._drop(slot)
        try:
            slot.on_error(error)
        except Exception as second:
            # reactivex's default on_error re-raises what it is given: that is not a second fault.
            if second is not error:
                self._report(second)
        self._report(error)

    def _report(self, error: Exception) -> None:
        if self._on_fault is not None:
            self._on_fault(SubscriberError(self.name, error))

    def _drop(self, slot: _Slot) -> None:
        slot.on_next = nothing
        self._slots = tuple(other for other in self._slots if other is not slot)
        self._on_audience()


class Latest(Hot[T]):
    """A `Hot` that remembers its last item and greets every subscriber with it.

    Example:
        >>> state = Latest("connecting", name="state")
        >>> seen: list[str] = []
        >>> _ = state.subscribe(seen.append)
        >>> state.emit("open")
        >>> seen, state.value
        (['connecting', 'open'], 'open')
    """

    def __init__(
        self, value: T, *, name: str = "state", on_fault: Callable[[SubscriberError], None] | None = None
    ) -> None:
        super().__init__(name, on_fault=on_fault)
        self.value = value

    def emit(self, item: T) -> None:
        self.value = item
        super().emit(item)

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | Callable[[T], None] | None = None,
        on_error: OnError | None = None,
        on_completed: OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        subscription = super().subscribe(on_next, on_error, on_completed, scheduler=scheduler)
        if not self._ended:
            slot = self._slots[-1]
            try:
                slot.on_next(self.value)
            except Exception as error:
                self._fault(slot, error)
        return subscription


class Errors(Hot[Exception]):
    """Where an owner says what went wrong. An error that nobody is subscribed to is logged, never swallowed.

    Example:
        >>> errors = Errors("ws.errors")
        >>> seen: list[Exception] = []
        >>> _ = errors.subscribe(seen.append)
        >>> errors.emit(ValueError("bad frame"))
        >>> errors.total, seen
        (1, [ValueError('bad frame')])
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.total = 0

    def emit(self, item: Exception) -> None:
        self.total += 1
        if not self._slots:
            _log.warning("%s: %s: %s", self.name, type(item).__name__, item)
        super().emit(item)
