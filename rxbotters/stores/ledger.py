"""`Ledger`: a bot's own orders and fills, true or `unknown`, never guessed.

Rules
  1. An order is known by the client order id it was sent with, before any answer.
  2. An order whose answer was lost is ``unknown`` until the exchange's own list of orders, or a fill, says what became
     of it.
  3. A fill counts once, by the exchange's trade id, however often and in whatever order it is told.
  4. The position is the sum of the fills, in exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

from .store import DataStore

__all__ = ["Ledger", "OrderState"]

OrderState = Literal["sent", "open", "unknown", "rejected", "closed"]
_FINAL = frozenset({"rejected", "closed"})
_ZERO = Decimal(0)


def _exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


class Ledger(DataStore):
    """One row per order: ``id, symbol, side, size, price, filled, state, exchange_id``.

    ``side`` is ``"buy"`` or ``"sell"``; sizes and prices are `decimal.Decimal`. A stateful law stands in
    ``property_tests/test_ledger_laws.py``.

    Example:
        >>> ledger = Ledger()
        >>> ledger.sent("mine-1", symbol="BTC_JPY", side="buy", size="0.02", price=5_000_000)
        >>> ledger.lost("mine-1")  # no answer came
        >>> ledger.get({"id": "mine-1"})["state"]
        'unknown'
        >>> ledger.fill("trade-7", id="mine-1", size="0.01", price=5_000_000)
        True
        >>> ledger.fill("trade-7", id="mine-1", size="0.01", price=5_000_000)  # told again
        False
        >>> ledger.position("BTC_JPY"), ledger.get({"id": "mine-1"})["state"]
        (Decimal('0.01'), 'open')
    """

    _KEYS: ClassVar[Sequence[str]] = ("id",)
    _INDEXES: ClassVar[Sequence[str]] = ("state",)

    def _init(self) -> None:
        self._trades: dict[str, None] = {}
        self._positions: dict[Any, Decimal] = {}
        self._names: dict[Any, Any] = {}  # exchange id → client order id

    # ------------------------------------------------------------------ what happens

    def sent(self, id: str, *, symbol: Any, side: str, size: Any, price: Any = None) -> None:  # noqa: A002
        """Note an order before it is sent.

        Raises:
            ValueError: The id was used before, the side is no side, or the size is not positive.
        """
        if self.get({"id": id}) is not None:
            raise ValueError(f"order id {id!r} was used before: an id is good for one order")
        if side not in ("buy", "sell"):
            raise ValueError(f"side must be 'buy' or 'sell', got {side!r}")
        exact = _exact(size)
        if not exact > 0:
            raise ValueError(f"size must be positive, got {size!r}")
        row = {
            "id": id,
            "symbol": symbol,
            "side": side,
            "size": exact,
            "price": None if price is None else _exact(price),
            "filled": _ZERO,
            "state": "sent",
            "exchange_id": None,
        }
        self._insert([row])

    def accepted(self, id: str, *, exchange_id: Any = None) -> None:  # noqa: A002
        """Note the exchange's yes. A fill may have come before it."""
        row = self._row(id)
        if exchange_id is not None:
            self._names[exchange_id] = id
        state = "open" if row["state"] in ("sent", "unknown") else row["state"]
        self._update([{"id": id, "state": state, "exchange_id": exchange_id or row["exchange_id"]}])

    def rejected(self, id: str) -> None:  # noqa: A002
        """Note the exchange's no; an order that has fills stays what it is."""
        if not self._row(id)["filled"]:
            self._update([{"id": id, "state": "rejected"}])

    def lost(self, id: str) -> None:  # noqa: A002
        """Note that no answer came: only the exchange knows now."""
        if self._row(id)["state"] == "sent":
            self._update([{"id": id, "state": "unknown"}])

    def closed(self, id: str) -> None:  # noqa: A002
        """Note that the rest of an order is gone: cancelled, expired or filled."""
        if self._row(id)["state"] != "rejected":
            self._update([{"id": id, "state": "closed"}])

    def fill(self, trade: Any, *, id: Any, size: Any, price: Any) -> bool:  # noqa: A002
        """Count a fill.

        Args:
            trade: The exchange's trade id.
            id: The client order id, or the exchange's id of an accepted order.
            size: How much.
            price: At what price.

        Returns:
            Whether it was new.

        Raises:
            KeyError: The order is not ours.
            ValueError: More would be filled than was ordered.
        """
        if trade in self._trades:
            return False
        row = self._row(self._names.get(id, id))
        exact = _exact(size)
        filled = row["filled"] + exact
        if not exact > 0 or filled > row["size"]:
            raise ValueError(f"fill {trade!r} of {exact} on {row['id']!r}: {row['filled']} of {row['size']} is filled")
        self._trades[trade] = None
        symbol = row["symbol"]
        self._positions[symbol] = self.position(symbol) + (exact if row["side"] == "buy" else -exact)
        done = filled == row["size"] or row["state"] == "closed"
        self._update([{"id": row["id"], "filled": filled, "state": "closed" if done else "open"}])
        return True

    def reconciled(self, live: Iterable[str], *, known: Mapping[str, OrderState] | None = None) -> list[str]:
        """Take the exchange's word for what became of orders.

        Args:
            live: Client order ids of all live orders, asked for after every order here was sent.
            known: What the exchange says of others: its own history of orders.

        Returns:
            The ids whose state changed: orders that were ``unknown`` or ``open`` and are neither live nor in the
            history never reached the exchange, or are gone; both are ``closed``, or ``rejected`` without a fill.
        """
        alive, history = set(live), known or {}
        changed: list[str] = []
        for row in self.find():
            if row["state"] in _FINAL:
                continue
            if row["id"] in alive:
                state: str = "open"
            else:
                state = history.get(row["id"], "closed" if row["filled"] or row["state"] == "open" else "rejected")
            if state != row["state"]:
                changed.append(row["id"])
                self._update([{"id": row["id"], "state": state}])
        return changed

    # ------------------------------------------------------------------ what is true

    def position(self, symbol: Any) -> Decimal:
        """Return the signed sum of the fills of an instrument."""
        return self._positions.get(symbol, _ZERO)

    @property
    def unknown(self) -> list[str]:
        """The ids of orders nobody knows the fate of: reconcile before more is sent."""
        return [row["id"] for row in self.find({"state": "unknown"})]

    def _row(self, id: Any) -> Mapping[str, Any]:  # noqa: A002
        row = self.get({"id": id})
        if row is None:
            raise KeyError(id)
        return row
