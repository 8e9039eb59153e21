"""Rate limits: every request of a client passes here before it is sent.

Rules
  1. In any window of ``per_s`` seconds at most ``weight`` is spent, counted where the exchange counts: by address or key,
     and by scope.
  2. What an answer's headers say was used is believed when it is more than was counted here: other programs trade too.
  3. 429 and 418 stop every request to that exchange until the time it asked for has passed.
  4. Where numbers must arrive in their order, the requests of a key go one after the other.
  5. Nobody waits longer than ``patience``: then `RateLimited` says how long it would have been. First come, first served.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from rxbotters.descriptor import Host, Limit, Sends
from rxbotters.errors import RateLimited
from rxbotters.wire import Request

__all__ = ["Limiter", "Throttle", "Window"]

_BAN = 10.0  # seconds to stay away when 429 or 418 comes without Retry-After


class Window:
    """Spending in a sliding window of time.

    Example:
        >>> window = Window(weight=2, per_s=1.0)
        >>> [window.reserve(1, now) for now in (0.0, 0.1, 0.2, 0.3)]
        [0.0, 0.0, 0.8, 0.8]
    """

    __slots__ = ("_spent", "_total", "per_s", "weight")

    def __init__(self, weight: float, per_s: float) -> None:
        self.weight = weight
        self.per_s = per_s
        self._spent: deque[tuple[float, float]] = deque()  # (when, weight), in order of time
        self._total = 0.0

    def delay(self, weight: float, now: float) -> float:
        """Return the seconds until ``weight`` fits behind all who wait already; more than a window's worth waits for an
        empty one."""
        spent = self._spent
        while spent and spent[0][0] + self.per_s <= now:
            self._total -= spent.popleft()[1]
        if not spent:
            self._total = 0.0
            return 0.0
        queue = max(0.0, spent[-1][0] - now)
        over = self._total + min(weight, self.weight) - self.weight
        for when, gone in spent:
            if over <= 1e-9:
                break
            over -= gone
            queue = max(queue, when + self.per_s - now)
        return round(queue, 6)

    def spend(self, weight: float, when: float) -> None:
        """Count ``weight`` as spent at ``when``."""
        self._spent.append((when, weight))
        self._total += weight

    def reserve(self, weight: float, now: float) -> float:
        """Spend ``weight`` at the first moment it fits; return the seconds until then."""
        delay = self.delay(weight, now)
        self.spend(weight, now + delay)
        return delay

    def believe(self, used: float, now: float) -> None:
        """Take the exchange's word for what is used."""
        queue = self.delay(0, now)
        if used > self._total:
            self.spend(used - self._total, now + queue)


class Throttle:
    """Paces the frames of one connection, or of all connections to one host."""

    __slots__ = ("_window",)

    def __init__(self, rule: Sends) -> None:
        self._window = Window(rule.calls, rule.per_s)

    async def wait(self) -> None:
        """Wait for the next turn."""
        delay = self._window.reserve(1, asyncio.get_running_loop().time())
        if delay > 0:
            await asyncio.sleep(delay)


class Limiter:
    """The budgets of one client.

    Args:
        patience: Seconds a request may wait for its turn.
        counts: Whether the exchanges' limits are kept; bans are obeyed in any case.
    """

    def __init__(self, patience: float = 10.0, *, counts: bool = True) -> None:
        self.patience = patience
        self._counts = counts
        self._windows: dict[tuple[str, str, str, str], Window] = {}
        self._banned: dict[str, float] = {}
        self._throttles: dict[str, Throttle] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def turn(self, key: str, seconds: float) -> AsyncGenerator[None]:
        """Let the requests of a key go one after the other: each begins when the one before it was answered, or was
        under way for ``seconds``.

        Raises:
            RateLimited: The turn did not come within ``patience``.
        """
        lock = self._turns.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self.patience):
                await lock.acquire()
        except TimeoutError:
            raise RateLimited(key, self.patience, self.patience) from None
        over = False

        def release() -> None:
            nonlocal over
            if not over:
                over = True
                lock.release()

        timer = asyncio.get_running_loop().call_later(seconds, release)
        try:
            yield
        finally:
            timer.cancel()
            release()

    async def admit(self, host: Host | None, group: str, request: Request | None, key: str) -> None:
        """Wait until a request may be sent.

        Args:
            host: What is known of the host.
            group: The exchange, or the host where no exchange is known.
            request: What will be sent; ``None``: nothing is known of it, only bans count.
            key: The api name that signs, empty if none.

        Raises:
            RateLimited: It would take longer than ``patience``.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        delay = self._banned.get(group, 0.0) - now
        spending = [] if host is None or request is None else self._spending(host.limits, group, request, key)
        for window, weight, _ in spending:
            delay = max(delay, window.delay(weight, now))
        if delay > self.patience:
            raise RateLimited(group, delay, self.patience)
        delay = max(delay, 0.0)
        for window, weight, _ in spending:
            window.spend(weight, now + delay)
        if delay > 0:
            await asyncio.sleep(delay)

    def learn(
        self,
        host: Host | None,
        group: str,
        request: Request | None,
        key: str,
        *,
        status: int,
        headers: Mapping[str, str],
        retry_after: float | None,
    ) -> None:
        """Believe what an answer says of the budgets."""
        now = asyncio.get_running_loop().time()
        if status in (429, 418):
            until = now + (_BAN if retry_after is None else retry_after)
            self._banned[group] = max(self._banned.get(group, 0.0), until)
        if host is not None and request is not None:
            for window, _, limit in self._spending(host.limits, group, request, key):
                used = limit.used(headers)
                if used is not None:
                    window.believe(used, now)

    def throttle(self, host: Host | None, name: str) -> Throttle | None:
        """Return what paces the frames of a new connection to a host."""
        if host is None or host.sends is None:
            return None
        if not host.sends.shared:
            return Throttle(host.sends)
        return self._throttles.setdefault(name, Throttle(host.sends))

    def _spending(
        self, limits: Sequence[Limit], group: str, request: Request, key: str
    ) -> list[tuple[Window, float, Limit]]:
        found: list[tuple[Window, float, Limit]] = []
        for limit in limits if self._counts else ():
            weight = limit.weigh(request)
            if weight > 0:
                name = (group, limit.name, key if limit.by_key else "", limit.scope(request))
                window = self._windows.get(name)
                if window is None:
                    window = self._windows[name] = Window(limit.weight, limit.per_s)
                found.append((window, weight, limit))
        return found
