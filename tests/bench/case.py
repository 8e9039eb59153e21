"""What a benchmark is: two sides that do the same work, and the goal their ratio has to meet.

Rules
  1. Correct first: both sides return what they ended with, and a measurement counts only if it is equal.
  2. What counts is CPU time of this process; a server, where one is needed, is another process.
  3. The sides take turns, so that a busy neighbour disturbs both; the median of the turns' ratios is the result.
  4. The garbage collector runs on both sides, over what the side itself made: everything older is frozen first.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

__all__ = ["Case", "Mismatch", "Result", "Sample", "Scale", "Side", "Stopwatch", "measure", "stopwatch"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn of one side.

    Attributes:
        cost: What one unit cost: seconds, or bytes.
        outcome: What the side ended with; must equal the other side's.
    """

    cost: float
    outcome: Any


Side = Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Case:
    """Two sides and their goal.

    Attributes:
        goal: The id of the goal in the speed budget, such as ``"G6"``.
        what: The work, in words.
        sense: ``"≥"``: the ratio is theirs over ours, how many times less we cost; ``"≤"``: ours over theirs.
        limit: What the ratio must reach or stay under; ``None``: told for information.
        ours: Our side.
        theirs: The other side.
        unit: What ``cost`` is told in.
        peer: Whom we are compared with.
    """

    goal: str
    what: str
    sense: Literal["≥", "≤"]
    limit: float | None
    ours: Side
    theirs: Side
    unit: Literal["µs", "ms", "B"] = "µs"
    peer: str = "pybotters"

    def ratio(self, ours: float, theirs: float) -> float:
        """Return the ratio of two costs in the sense of the goal."""
        return theirs / ours if self.sense == "≥" else ours / theirs


@dataclass(frozen=True, slots=True)
class Result:
    """What a case came to: the medians of its turns."""

    case: Case
    ours: float
    theirs: float
    ratio: float

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` without one."""
        limit = self.case.limit
        if limit is None:
            return None
        return self.ratio >= limit if self.case.sense == "≥" else self.ratio <= limit


class Mismatch(Exception):
    """The two sides did not end with the same: their costs cannot be compared."""

    def __init__(self, case: Case, ours: Any, theirs: Any) -> None:
        super().__init__(
            f"{case.goal} {case.what}: rxbotters and {case.peer} did not end with the same\n"
            f"  rxbotters: {_short(ours)}\n  {case.peer}: {_short(theirs)}"
        )


def measure(case: Case, runs: int) -> Result:
    """Let the sides take turns ``runs`` times.

    Raises:
        Mismatch: They did not end with the same.
    """
    turns: list[tuple[float, float]] = []
    for _ in range(runs):
        ours, theirs = case.ours(), case.theirs()
        if ours.outcome != theirs.outcome:
            raise Mismatch(case, ours.outcome, theirs.outcome)
        turns.append((ours.cost, theirs.cost))
    return Result(
        case,
        median(ours for ours, _ in turns),
        median(theirs for _, theirs in turns),
        median(case.ratio(*turn) for turn in turns),
    )


def _short(outcome: Any) -> str:
    text = repr(outcome)
    return text if len(text) <= 300 else f"{text[:150]} … {text[-150:]}"


@dataclass(slots=True)
class Stopwatch:
    """CPU seconds of this process between `start` and `stop`."""

    began: float = field(default=0.0, repr=False)
    seconds: float = 0.0

    def start(self) -> None:
        """Freeze what is older than this moment, and begin."""
        gc.collect()
        gc.freeze()
        self.began = time.process_time()

    def stop(self) -> None:
        """End, and give the collector everything back."""
        self.seconds = time.process_time() - self.began
        gc.unfreeze()


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time a block."""
    watch = Stopwatch()
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


@dataclass(frozen=True, slots=True)
class Scale:
    """How much work a case does: enough to be exact, or just enough to prove that it runs."""

    quick: bool = False

    def __call__(self, full: int, quick: int) -> int:
        return quick if self.quick else full
