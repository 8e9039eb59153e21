"""Background order flow: makers who quote around a wandering price, takers who hit them. Seeded, pure."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .engine import Engine, Event, Placed, Side

__all__ = ["Flow", "Intent"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What one participant wants to do next: place an order, or cancel ``cancel``."""

    account: str
    product: str
    side: Side = "BUY"
    size: Decimal = Decimal(0)
    price: Decimal | None = None
    cancel: str | None = None


class Flow:
    """An endless sequence of intents that keeps a market alive.

    Args:
        product: The market.
        seed: The same seed gives the same flow on the same book.
        price: Where the price begins.
        levels: Price levels that are filled on each side.
    """

    MAKER, TAKER = "flow-maker", "flow-taker"

    def __init__(self, product: str, *, seed: int, price: int, levels: int = 12) -> None:
        self.product = product
        self._dice = random.Random(f"{seed}/{product}")
        self._fair = float(price)
        self._levels = levels
        self._resting: deque[str] = deque()

    def opening(self) -> Iterator[Intent]:
        """Yield the orders that fill an empty book."""
        for depth in range(1, self._levels + 1):
            for side, sign in (("SELL", 1), ("BUY", -1)):
                price = Decimal(round(self._fair + sign * 10 * depth))
                yield Intent(self.MAKER, self.product, side, self._size(), price)  # type: ignore[arg-type]

    def next(self, engine: Engine) -> Intent:
        """Return the next intent, given the books as they are."""
        dice = self._dice
        self._fair = max(1000.0, self._fair + dice.gauss(0.0, 4.0))
        bid, ask = engine.best(self.product)
        roll = dice.random()
        side: Side = "BUY" if dice.random() < 0.5 else "SELL"
        if len(self._resting) > 6 * self._levels or (roll < 0.3 and len(self._resting) > self._levels):
            return Intent(self.MAKER, self.product, cancel=self._take_resting())
        if roll < 0.78 or bid is None or ask is None:
            distance = 2 + int(dice.expovariate(0.03))
            price = Decimal(round(self._fair) + (distance if side == "SELL" else -distance))
            return Intent(self.MAKER, self.product, side, self._size(), price)
        return Intent(self.TAKER, self.product, side, self._size())

    def happened(self, events: list[Event]) -> None:
        """Remember which of our orders rest."""
        for event in events:
            if isinstance(event, Placed) and event.order.account == self.MAKER and event.order.remaining:
                self._resting.append(event.order.id)

    def _take_resting(self) -> str:
        self._resting.rotate(-self._dice.randrange(len(self._resting)))
        return self._resting.popleft()

    def _size(self) -> Decimal:
        return Decimal(self._dice.randint(1, 50)) / 100
