"""`Ending`: how the subscription of an operator ends, whoever ends it."""

from __future__ import annotations

from reactivex import abc

from .hot import OnCompleted, OnError

__all__ = ["Ending"]


class Ending(abc.DisposableBase):
    """The one end of an operator: called by its source, its timer or a subscriber that raised, disposed by who left.

    What the operator holds is disposed of first; then, unless nobody is there any more, it is said how it ended.

    Args:
        on_error: Told the error of the end.
        on_completed: Told of an end without one.
        held: The subscription to the source, timers, tasks.

    Attributes:
        over: Whether it came; then nothing is handed on.
    """

    __slots__ = ("_held", "_on_completed", "_on_error", "over")

    def __init__(self, on_error: OnError, on_completed: OnCompleted, *held: abc.DisposableBase) -> None:
        self._on_error = on_error
        self._on_completed = on_completed
        self._held = held
        self.over = False

    def __call__(self, error: Exception | None = None) -> None:
        """End, once."""
        if not self.over:
            self.dispose()
            if error is None:
                self._on_completed()
            else:
                self._on_error(error)

    def dispose(self) -> None:
        """End without a word."""
        self.over = True
        for held in self._held:
            held.dispose()
