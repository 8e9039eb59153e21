"""How far an exchange's clock is from ours, learned from the ``Date`` of its answers.

``Date`` has a resolution of one second, so one answer tells little. But each one bounds the difference from both sides:
the server's clock stood in [date, date + 1) at some moment between our sending and our receiving. The bounds of many
answers together are narrow.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import lru_cache

__all__ = ["Skew"]

_WIDEN = 0.0001  # seconds the bounds lose per second: clocks drift


class Skew:
    """The difference between one host's clock and ours, in seconds; positive if theirs is ahead.

    Example:
        >>> skew = Skew()
        >>> skew.learn("Tue, 14 Nov 2023 22:13:25 GMT", sent=1_700_000_000.0, received=1_700_000_000.1)
        >>> round(skew.low, 3), round(skew.high, 3)
        (4.9, 6.0)
    """

    def __init__(self) -> None:
        self.low = float("-inf")
        self.high = float("inf")
        self._at = 0.0

    @property
    def known(self) -> bool:
        """Whether there was an answer yet."""
        return self.low > float("-inf")

    @property
    def seconds(self) -> float:
        """The best guess; 0 where the bounds do not exclude it."""
        if not self.known or self.low <= 0.0 <= self.high:
            return 0.0
        return (self.low + self.high) / 2

    @property
    def at_least(self) -> float:
        """How far the clocks are apart in any case."""
        return max(0.0, self.low, -self.high)

    def learn(self, date: str | None, *, sent: float, received: float) -> None:
        """Narrow the bounds by one answer; ``sent`` and ``received`` are our Unix time in seconds."""
        if date is None:
            return
        stamp = _seconds(date)
        if stamp is None:
            return
        low, high = stamp - received, stamp + 1.0 - sent
        aged = max(0.0, received - self._at) * _WIDEN if self.known else 0.0
        self.low, self.high = max(low, self.low - aged), min(high, self.high + aged)
        if self.low > self.high:  # a clock was set: only the newest answer counts
            self.low, self.high = low, high
        self._at = received


@lru_cache(maxsize=64)  # answers of one second carry one text
def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None
