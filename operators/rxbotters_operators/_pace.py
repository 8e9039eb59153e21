"""`Pace`: how long to wait before the next dial. A pure state machine: it is told what happened and when.

Rules
  1. A dial that failed waits the next delay of the outage.
  2. A connection that worked and ended is dialled again at once, and the outage is over: delays start afresh.
  3. A connection that ended before it was of use (never got through login and subscription, or delivered nothing and
     lived shorter than ``min_uptime``, or broke the protocol) is one more failure of the same outage.
  4. With a ``limit`` of n dials in any t seconds: connections that keep ending before ``healthy`` seconds wait growing
     delays too, after a few free returns, and no dial ever breaks the limit.
  5. What the server asks for (Retry-After, close codes 1012 and 1013) is a lower bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from ._backoff import Delays
from .errors import ProtocolError, RetriesExhausted
from .events import Closed

__all__ = ["Pace"]

_FREE_RETURNS = 5  # losses of young connections that are forgiven before they count


class Pace:
    """Decides the delay before each dial.

    Args:
        delays: Makes the delays of one outage.
        min_uptime: Seconds a mute connection must live to count as a success; 0 turns the guard off.
        healthy: Seconds a connection must live to be forgotten by rule 4.
        limit: (dials, seconds) for rule 4; ``None``: only rules 1 to 3.
        dice: A number in [0, 1).
    """

    def __init__(
        self,
        delays: Delays,
        *,
        min_uptime: float = 1.0,
        healthy: float = 60.0,
        limit: tuple[int, float] | None = None,
        dice: Callable[[], float],
    ) -> None:
        self._make = delays
        self._min_uptime = min_uptime
        self._healthy = healthy
        self._limit = limit
        self._dice = dice
        self._outage: Iterator[float] = delays()
        self._flapping: Iterator[float] = delays()
        self._flaps = 0
        self._dials: deque[float] = deque(maxlen=limit[0] if limit else 1)
        self.failures = 0

    def dialled(self, now: float) -> None:
        """Note a dial."""
        self._dials.append(now)

    def failed(self, now: float, error: BaseException) -> float:
        """Return the delay after a dial that failed.

        Raises:
            RetriesExhausted: The delays are used up.
        """
        self.failures += 1
        delay = max(self._next(self._outage, error), _retry_after(error))
        return self._keep_limit(now, delay)

    def lost(self, now: float, closed: Closed, *, useful: bool) -> float:
        """Return the delay after an open connection ended; ``useful``: it got through login and subscription.

        Raises:
            RetriesExhausted: The delays are used up.
        """
        mute = not closed.delivered and closed.uptime < self._min_uptime
        if not useful or mute or isinstance(closed.error, ProtocolError):
            self.failures += 1
            delay = self._next(self._outage, closed.error or ConnectionError(closed.reason or closed.cause))
        else:
            self.failures = 0
            self._outage = self._make()
            delay = self._flap(closed)
        return self._keep_limit(now, max(delay, _retry_after(closed.error), self._asked(closed.code)))

    def _flap(self, closed: Closed) -> float:
        if closed.uptime >= self._healthy:
            self._flaps = 0
            self._flapping = self._make()
            return 0.0
        self._flaps += 1
        if self._limit is None or self._flaps <= _FREE_RETURNS:
            return 0.0
        return self._next(self._flapping, ConnectionError("the connection keeps ending young"))

    def _next(self, delays: Iterator[float], error: BaseException) -> float:
        try:
            return next(delays)
        except StopIteration:
            raise RetriesExhausted(self.failures, error) from error

    def _asked(self, code: int) -> float:
        """Return what a close code asks for: 1012 service restart, 5 to 30 s; 1013 try again later, 5 s at least."""
        if code == 1012:
            return 5.0 + 25.0 * self._dice()
        return 5.0 if code == 1013 else 0.0

    def _keep_limit(self, now: float, delay: float) -> float:
        if self._limit is None:
            return delay
        calls, per = self._limit
        if len(self._dials) < calls:
            return delay
        return max(delay, self._dials[0] + per - now)


def _retry_after(error: BaseException | None) -> float:
    seconds = getattr(error, "retry_after", None)
    return float(seconds) if seconds is not None else 0.0
