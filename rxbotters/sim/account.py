"""An account of the simulated exchange: money, coins, and the lots of its margin positions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

__all__ = ["Account", "Fill", "Lot"]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fill:
    """One side of a trade."""

    product: str
    side: Literal["BUY", "SELL"]
    price: Decimal
    size: Decimal
    fee: Decimal
    margin: bool


@dataclass(frozen=True, slots=True)
class Lot:
    """An open part of a position."""

    side: Literal["BUY", "SELL"]
    price: Decimal
    size: Decimal


@dataclass(slots=True)
class Account:
    """Money by currency, and open lots by product, oldest first.

    Attributes:
        house: May owe money; for the accounts of the background flow.
        profit: Realised profit on margin, in the quote currency; part of ``money`` already.
    """

    name: str
    money: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    house: bool = False
    lots: dict[str, deque[Lot]] = field(default_factory=dict[str, "deque[Lot]"])
    profit: Decimal = ZERO

    def receive(self, currency: str, amount: Decimal) -> None:
        """Add to (or, if negative, take from) a currency."""
        self.money[currency] = self.money.get(currency, ZERO) + amount

    def book(self, fill: Fill) -> None:
        """Apply one fill."""
        if fill.margin:
            self._net(fill)
            return
        base, quote = fill.product.split("_")
        sign = 1 if fill.side == "BUY" else -1
        self.receive(base, sign * fill.size - fill.fee)
        self.receive(quote, -sign * fill.size * fill.price)

    def _net(self, fill: Fill) -> None:
        """Close the oldest opposite lots, then open a lot with what is left."""
        lots = self.lots.setdefault(fill.product, deque())
        left = fill.size
        while left and lots and lots[0].side != fill.side:
            lot = lots[0]
            size = min(left, lot.size)
            gain = (fill.price - lot.price if lot.side == "BUY" else lot.price - fill.price) * size
            self.profit += gain
            self.receive("JPY", gain)
            left -= size
            if size == lot.size:
                lots.popleft()
            else:
                lots[0] = Lot(lot.side, lot.price, lot.size - size)
        if left:
            lots.append(Lot(fill.side, fill.price, left))

    def position(self, product: str) -> Decimal:
        """Return the signed size of a margin position."""
        return sum((lot.size if lot.side == "BUY" else -lot.size for lot in self.lots.get(product, ())), ZERO)

    def unrealised(self, product: str, price: Decimal) -> Decimal:
        """Return the profit that closing at ``price`` would realise."""
        return sum(
            (
                (price - lot.price if lot.side == "BUY" else lot.price - price) * lot.size
                for lot in self.lots.get(product, ())
            ),
            ZERO,
        )
