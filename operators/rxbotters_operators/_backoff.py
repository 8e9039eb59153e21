"""`Backoff`: how long to wait before the next try."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Backoff", "Delays"]

Delays = Callable[[], Iterator[float]]
"""Makes the delays of one outage, in seconds, afresh for each outage."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays on consecutive failures, in seconds.

    The first is drawn from [0, ``initial``]; the second is ``min × factor``; each further one is the previous times
    ``factor``; none exceeds ``max``. With ``jitter`` a delay d from the second on is drawn from
    [d × (1 − jitter), d], so that many clients do not come back as one.

    ::

        failure   1         2      3      4      5       6 …
        delay     U(0,5)    3.11   5.03   8.13   13.16   21.29 … 60   (defaults)

    Args:
        min: Base of the growth, seconds; above 0.
        max: Longest delay, seconds; at least ``min``.
        factor: Growth per failure; at least 1.
        initial: Upper end of the first delay, seconds.
        jitter: 0 (none: the delays are as written) to 1 (full).

    Raises:
        ValueError: A parameter breaks its rule.

    Example:
        >>> from itertools import islice
        >>> [round(delay, 2) for delay in islice(Backoff().delays(lambda: 0.5), 5)]
        [2.5, 3.11, 5.03, 8.13, 13.16]
    """

    min: float = 1.92
    max: float = 60.0
    factor: float = 1.618
    initial: float = 5.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        rules = {
            "initial must be at least 0": self.initial >= 0,
            "min must be above 0": self.min > 0,
            "max must be at least min": self.max >= self.min,
            "factor must be at least 1": self.factor >= 1,
            "jitter must be between 0 and 1": 0 <= self.jitter <= 1,
        }
        finite = all(math.isfinite(value) for value in (self.min, self.max, self.factor, self.initial))
        for rule, kept in {**rules, "all must be finite numbers": finite}.items():
            if not kept:
                raise ValueError(f"backoff (min, max, factor, initial): {rule}, got {self}")

    def delays(self, dice: Callable[[], float]) -> Iterator[float]:
        """Yield the delays of one outage; ``dice`` gives numbers in [0, 1)."""
        yield min(self.max, self.initial * dice())
        delay = self.min
        while True:
            delay = min(self.max, delay * self.factor)
            yield delay * (1 - self.jitter * dice()) if self.jitter else delay

    @classmethod
    def of(cls, value: Backoff | tuple[float, float, float, float] | Delays, dice: Callable[[], float]) -> Delays:
        """Return the maker of delays that ``value`` means: a `Backoff`, a tuple (min, max, factor, initial), or already
        a function that returns an iterator.

        Raises:
            ValueError: It is none of these, or breaks a rule of `Backoff`.
        """
        if isinstance(value, Backoff):
            return lambda: value.delays(dice)
        if callable(value):
            return value
        numbers: tuple[Any, ...] = tuple(value)
        if len(numbers) != 4 or not all(isinstance(number, int | float) for number in numbers):
            raise ValueError(f"backoff must be (min, max, factor, initial) in seconds, got {value!r}")
        backoff = cls(*numbers)
        return lambda: backoff.delays(dice)
