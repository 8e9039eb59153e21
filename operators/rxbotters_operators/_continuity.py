"""`Continuity`: which diffs of a numbered stream may be applied, and when a new snapshot is needed. Pure.

Rules
  1. Before the snapshot every diff is held, up to a bound; beyond it the oldest go, and the snapshot must be newer.
  2. The snapshot names the last number it covers; what was held and is not covered is replayed, in order of arrival.
  3. Each later diff follows, is old, or shows a gap. After a gap everything begins anew, that diff held first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

__all__ = ["Continuity", "Follows", "Verdict"]

D = TypeVar("D")
Verdict = Literal["apply", "skip", "gap", "hold"]
Follows = Callable[[Any, Any, bool], Literal["apply", "skip", "gap"]]
"""``follows(last, diff, first)``: what a diff is to the state whose last number is ``last``; ``first``: the first after
the snapshot, for which some exchanges have a rule of its own."""


class Continuity(Generic[D]):
    """The numbers of one stream.

    Args:
        follows: Compares a diff with the last number.
        number: The number the state has once a diff was applied.
        hold: Diffs kept while there is no snapshot.

    Attributes:
        last: The last number applied; ``None`` while there is no snapshot.

    Example:
        >>> def follows(last, diff, first):
        ...     return "apply" if diff == last + 1 else "skip" if diff <= last else "gap"
        >>> numbers = Continuity(follows, lambda diff: diff)
        >>> [numbers.take(diff) for diff in (5, 6, 7)]
        ['hold', 'hold', 'hold']
        >>> numbers.start(5)
        [6, 7]
        >>> [numbers.take(diff) for diff in (7, 8, 10)]
        ['skip', 'apply', 'gap']
    """

    __slots__ = ("_first", "_follows", "_held", "_number", "last", "lost")

    def __init__(self, follows: Follows, number: Callable[[D], Any], *, hold: int = 8000) -> None:
        self._follows = follows
        self._number = number
        self._held: deque[D] = deque(maxlen=hold)
        self._first = True
        self.last: Any = None
        self.lost = 0

    def take(self, diff: D) -> Verdict:
        """Say what to do with a diff; after ``"apply"`` it counts as applied, after ``"gap"`` it is held."""
        if self.last is None:
            self._hold(diff)
            return "hold"
        verdict = self._follows(self.last, diff, self._first)
        if verdict == "apply":
            self.last = self._number(diff)
            self._first = False
        elif verdict == "gap":
            self.reset()
            self._hold(diff)
        return verdict

    def start(self, last: Any) -> list[D] | None:
        """Begin from a snapshot that covers everything up to ``last``.

        Returns:
            The held diffs to replay, now counted as applied; ``None`` if the snapshot is older than what was held: it
            was not taken, fetch another.
        """
        now, first = last, True
        replay: list[D] = []
        for diff in self._held:
            verdict = self._follows(now, diff, first)
            if verdict == "gap":
                return None
            if verdict == "apply":
                replay.append(diff)
                now, first = self._number(diff), False
        self._held.clear()
        self.last, self._first = now, first
        return replay

    def reset(self) -> None:
        """Forget the state: a new snapshot is needed."""
        self.last = None
        self._first = True
        self._held.clear()

    def _hold(self, diff: D) -> None:
        if len(self._held) == self._held.maxlen:
            self.lost += 1
        self._held.append(diff)

    @property
    def held(self) -> int:
        """How many diffs wait for a snapshot."""
        return len(self._held)
