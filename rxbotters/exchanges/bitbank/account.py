"""What bitbank says of an account beside orders: balances and margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import sizes

__all__ = ["Asset", "MarginNotice", "MarginPayable", "MarginPosition"]

_ALIASES = {
    "open": "open_amount",
    "locked": "locked_amount",
    "unrealized_fee": "unrealized_fee_amount",
    "unrealized_interest": "unrealized_interest_amount",
}
"""What the stream calls a field → what REST and the documentation (since 2025-06-10) call it."""


class Asset(DataStore):
    """Balances by ``asset``."""

    _KEYS: ClassVar[Sequence[str]] = ("asset",)
    _ON_LOSS = "refetch"

    def replace(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take a REST answer, which lists every asset, as the truth."""
        listed = {row["asset"] for row in rows}
        self._delete([row for row in self if row["asset"] not in listed], reason="resync")
        self._insert(rows, reason="resync")
        self.refetched()


class MarginPosition(DataStore):
    """Margin positions by ``pair`` and ``position_side``; a closed one stays, with amounts of zero.

    The stream and REST call four fields differently. Every row has both names, with equal values.
    """

    _KEYS: ClassVar[Sequence[str]] = ("pair", "position_side")
    _ON_LOSS = "refetch"

    def fold(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Merge position events.

        Raises:
            BadNumber: An amount or the price is no number; nothing was applied.
        """
        self._update([_both_names(self.name, row) for row in rows])

    def replace(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take a REST answer, which lists every position, as the truth."""
        named = [_both_names(self.name, row) for row in rows]
        listed = {(row["pair"], row["position_side"]) for row in named}
        self._delete([row for row in self if (row["pair"], row["position_side"]) not in listed], reason="resync")
        self._insert(named, reason="resync")
        self.refetched()


def _both_names(store: str, row: Mapping[str, Any]) -> dict[str, Any]:
    sizes(store, row, ("open", "open_amount", "locked", "locked_amount", "product", "average_price"))
    named = dict(row)
    for short, long in _ALIASES.items():
        if long in row:
            named[short] = row[long]
        elif short in row:
            named[long] = row[short]
    return named


class MarginPayable(DataStore):
    """What must be paid: one row ``{amount}``, the last that was told."""

    _ON_LOSS = "refetch"

    def put(self, row: Mapping[str, Any], *, reason: str | None = None) -> None:
        """Replace the row."""
        sizes(self.name, row, ("amount",))
        for key in list(self._rows):
            if self._rows[key] == row:
                return
            self._drop(key, None, reason)
        self._insert([row], reason=reason)


class MarginNotice(DataStore):
    """Margin calls and what became of them, oldest first: ``{what, occurred_at, amount, due_date_at}``; all null: over."""

    def learn(self, row: Mapping[str, Any]) -> None:
        """Append what a REST answer says, if that is news."""
        last = next(reversed(self), None)
        news = any(value is not None for value in row.values()) if last is None else dict(last) != dict(row)
        if news and row:
            self._insert([row], reason="resync")
