"""What bitFlyer does not stream and fills tell: positions, collateral, balances. Exact decimals throughout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, ClassVar

from rxbotters.stores import DataStore

from .proofs import amount, named, traded

__all__ = ["Balance", "Close", "Collateral", "Positions", "is_margin"]

_LOT = ("product_code", "side", "price", "size", "commission", "sfd")


def is_margin(product: str) -> bool:
    """Whether a product is traded on margin: ``FX_…`` and dated futures; spot codes are ``BASE_QUOTE``."""
    return product.startswith("FX_") or "_" not in product


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _minus(left: Any, right: Any) -> Any:
    """Subtract without binary dust; whole numbers stay whole."""
    if isinstance(left, int) and isinstance(right, int):
        return left - right
    return float(_decimal(left) - _decimal(right))


@dataclass(frozen=True, slots=True)
class Close:
    """A lot, or a part of one, that was closed."""

    side: str
    size: Any
    opened: Any
    closed: Any


class Positions(DataStore):
    """Open lots of margin products, oldest first, netted first in, first out.

    Rows have six fields: ``product_code, side, price, size, commission, sfd``. Executions missed while offline are not
    known here: after a reconnection refresh with ``initialize(client.get("/v1/me/getpositions", …))``.
    """

    _ON_LOSS = "refetch"

    def replace(self, rows: Iterable[Mapping[str, Any]], query: Mapping[str, str]) -> None:
        """Take a REST answer as the truth for the product asked for, also when it is empty."""
        rows = list(rows)
        for row in rows:
            traded(self.name, row)
        products = {query["product_code"]} if "product_code" in query else {row["product_code"] for row in rows}
        for product in products or {row["product_code"] for row in self}:
            self._find_and_delete({"product_code": product}, reason="resync")
        self._insert([_lot(row) for row in rows if row["size"]], reason="resync")
        self.refetched()

    def execute(self, event: Mapping[str, Any]) -> Iterator[Close]:
        """Apply a fill, and yield what it closed."""
        product = event["product_code"]
        if not is_margin(product):
            return
        remaining = event["size"]
        lots = [(key, row) for key, row in self._rows.items() if row["product_code"] == product]
        for key, lot in lots:
            if lot["side"] == event["side"] or remaining == 0:
                break
            closes_all = _decimal(lot["size"]) <= _decimal(remaining)
            size = lot["size"] if closes_all else remaining
            yield Close(event["side"], size, lot["price"], event["price"])
            remaining = _minus(remaining, size)
            if closes_all:
                self._drop(key, event, None)
                self._settle()
            else:
                self._amend(key, {"size": _minus(lot["size"], size)})
        if remaining != 0:
            self._insert([{**_lot(event), "size": remaining}])


def _lot(row: Mapping[str, Any]) -> dict[str, Any]:
    return {field: row.get(field, 0) for field in _LOT}


class Collateral(DataStore):
    """One row: ``collateral, open_position_pnl, require_collateral, keep_rate``.

    Between two REST answers ``collateral`` is an estimate, and ``estimated`` says so: the profit of each close is added
    exactly; commission, SFD and the exchange's own rounding are not known here.
    """

    _ON_LOSS = "refetch"

    def replace(self, body: Mapping[str, Any]) -> None:
        """Take a REST answer as the truth."""
        amount(self.name, body, ("collateral",), signed=True)
        rows = list(self._rows.items())
        if rows:
            self._amend(rows[0][0], {**body, **({"estimated": False} if "estimated" in rows[0][1] else {})})
        else:
            self._insert([body])
        self.refetched()

    def settle(self, close: Close) -> None:
        """Add the profit of a close; nothing is known before the first REST answer."""
        for key, row in list(self._rows.items()):
            opened, closed = _decimal(close.opened), _decimal(close.closed)
            gain = (closed - opened if close.side == "SELL" else opened - closed) * _decimal(close.size)
            if gain:
                self._amend(key, {"collateral": float(_decimal(row["collateral"]) + gain), "estimated": True})


class Balance(DataStore):
    """Spot balances by ``currency_code``: ``amount``, and ``available``, which a fill makes unknown (``None``)."""

    _ON_LOSS = "refetch"

    _KEYS: ClassVar[Sequence[str]] = ("currency_code",)

    def replace(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Merge a REST answer."""
        rows = list(rows)
        for row in rows:
            named(row, "currency_code")
            amount(self.name, row, ("amount",), signed=True)
        self._update(rows, reason="resync")
        self.refetched()

    def execute(self, event: Mapping[str, Any]) -> None:
        """Move both currencies of a spot fill, where they are known; the commission is paid in the base currency."""
        product = event["product_code"]
        parts = product.split("_")
        if is_margin(product) or len(parts) != 2:
            return
        base, quote = parts
        size, cost = _decimal(event["size"]), _decimal(event["size"]) * _decimal(event["price"])
        buys = event["side"] == "BUY"
        if quote == "JPY":
            cost = cost.to_integral_value(ROUND_CEILING if buys else ROUND_FLOOR)
        self._move(base, (size if buys else -size) - _decimal(event.get("commission", 0)))
        self._move(quote, -cost if buys else cost)

    def _move(self, currency: str, amount: Decimal) -> None:
        row = self.get({"currency_code": currency})
        if row is not None:
            total = float(_decimal(row["amount"]) + amount)
            self._update([{"currency_code": currency, "amount": total, "available": None}])
