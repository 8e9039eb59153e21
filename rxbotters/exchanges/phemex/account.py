"""Phemex's accounts, positions, spot wallets, fills and risk units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers

from .checks import Item, identity, time_of_row

__all__ = ["Accounts", "Fills", "Positions", "RiskUnits", "RiskWallets", "Wallets"]


class Accounts(DataStore):
    """Trading accounts by ``accountID`` and ``currency``."""

    _ON_LOSS = "refetch"
    _KEYS: ClassVar[Sequence[str]] = ("accountID", "currency")

    def check(self, rows: Sequence[Item]) -> None:
        """Raise `ProtocolError` if one of these rows cannot be read."""
        identity(self.name, rows, self._keys)


class Positions(DataStore):
    """Positions by ``accountID``, ``symbol`` and ``posSide``: ``"Long"`` and ``"Short"``, or ``"Merged"`` in one-way mode.

    COIN-M names no ``posSide``: it is ``"Merged"`` here. A closed position stays, with its size 0, until a snapshot
    comes without it.
    """

    _ON_LOSS = "refetch"
    _KEYS: ClassVar[Sequence[str]] = ("accountID", "symbol", "posSide")

    def check(self, rows: Sequence[Item]) -> None:
        """Raise `BadNumber` or `ProtocolError` if one of these rows cannot be read."""
        identity(self.name, rows, self._keys)
        numbers(self.name, rows, ("size", "sizeRq", "avgEntryPrice", "avgEntryPriceEp", "avgEntryPriceRp"))

    def fold(self, rows: Sequence[Item], *, reason: str | None = None) -> None:
        """Put checked rows, unless a newer one stands there."""
        fresh = [_position(row) for row in rows]
        self._insert([row for row in fresh if not self._is_old(row)], reason=reason)

    def whole(self, rows: Sequence[Item], accounts: Collection[Any], symbol: str | None = None) -> None:
        """Take checked rows as everything there is of these accounts, or of one symbol of theirs."""
        named = {tuple(row.get(field) for field in self._keys) for row in map(_position, rows)}
        self._delete(
            [
                row
                for row in self
                if row["accountID"] in accounts
                and symbol in (None, row["symbol"])
                and tuple(row[field] for field in self._keys) not in named
            ],
            reason="resync",
        )
        self.fold(rows, reason="resync")

    def _is_old(self, row: Item) -> bool:
        known, stamp = self.get(row), time_of_row(row)
        return known is not None and 0 < stamp < time_of_row(known)


def _position(row: Item) -> dict[str, Any]:
    size = {"size": row["sizeRq"]} if "sizeRq" in row and "size" not in row else {}
    return {**row, **size, "posSide": row.get("posSide") or "Merged"}


class Wallets(DataStore):
    """Spot balances by ``userID`` and ``currency``; a REST answer names no user, and its rows have ``None``."""

    _ON_LOSS = "refetch"
    _KEYS: ClassVar[Sequence[str]] = ("userID", "currency")

    def check(self, rows: Sequence[Item]) -> None:
        """Raise `BadNumber` or `ProtocolError` if one of these rows cannot be read."""
        identity(self.name, rows, self._keys)
        numbers(self.name, rows, ("balanceEv", "lockedTradingBalanceEv", "lockedWithdrawEv"))

    def fold(self, rows: Sequence[Item], *, reason: str | None = None) -> None:
        """Merge checked rows."""
        self._delete([{**row, "userID": None} for row in rows if "currency" in row], reason=reason)
        self._update(rows, reason=reason)

    def whole(self, rows: Sequence[Item], users: Collection[Any]) -> None:
        """Take checked rows as everything there is of these users."""
        named = {row.get("currency") for row in rows}
        self._delete(
            [row for row in self if row["userID"] in (*users, None) and row["currency"] not in named], reason="resync"
        )
        self.fold(rows, reason="resync")

    def replace(self, rows: Sequence[Item]) -> None:
        """Merge a REST answer into the rows of its currencies."""
        self.check(rows)
        for row in rows:
            known = self.find({"currency": row.get("currency")})
            self._update([{**row, "userID": known[0]["userID"] if known else None}], reason="resync")


class Fills(DataStore):
    """Spot fills by ``execID``; each snapshot repeats up to 100 of them."""

    _KEYS: ClassVar[Sequence[str]] = ("execID",)
    _MAXLEN = 99999

    def check(self, rows: Sequence[Item]) -> None:
        """Raise `BadNumber` or `ProtocolError` if one of these rows cannot be read."""
        identity(self.name, rows, self._keys)
        numbers(self.name, rows, ("execPriceEp", "execBaseQtyEv", "execQuoteQtyEv"))


class _Risk(DataStore):
    """What risk units and their wallets share: nothing but the stream tells them."""

    _ON_LOSS = "clear"

    def check(self, rows: Sequence[Item]) -> None:
        """Raise `ProtocolError` if one of these rows cannot be read."""
        identity(self.name, rows, self._keys)

    def fold(self, rows: Sequence[Item], *, whole: bool) -> None:
        """Merge checked rows; ``whole``: there are no others."""
        if whole:
            named = {tuple(row.get(field) for field in self._keys) for row in rows}
            self._delete(
                [row for row in self if tuple(row[field] for field in self._keys) not in named], reason="resync"
            )
        self._update(rows)


class RiskUnits(_Risk):
    """Risk units by ``riskMode``, ``valuationCurrency``, ``symbol`` and ``posSide``."""

    _KEYS: ClassVar[Sequence[str]] = ("riskMode", "valuationCurrency", "symbol", "posSide")


class RiskWallets(_Risk):
    """Balances behind risk units by ``userID`` and ``currency``."""

    _KEYS: ClassVar[Sequence[str]] = ("userID", "currency")
