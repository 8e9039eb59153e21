"""Bybit's positions, wallet and executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers, objects

from .checks import Item, time_of_row
from .paging import Paged, Scope

__all__ = ["Executions", "Greeks", "Positions", "Wallet"]


class Positions(Paged):
    """Positions by ``symbol`` and ``positionIdx``.

    REST calls the entry price ``avgPrice``, the stream ``entryPrice``: rows have both, and ``category``. A position that
    was closed stays, with its leverage and margin mode, and says so: ``flat`` is true.
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "positionIdx")

    def fold(self, rows: Sequence[Item]) -> None:
        """Apply position events."""
        fresh = self._read(rows, None)
        for row in fresh:
            if all(field in row for field in self._keys):
                self.confirm(tuple(row[field] for field in self._keys))
        self._update([row for row in fresh if not self._is_old(row)])

    def replace(self, rows: Sequence[Item], query: Mapping[str, str], category: str | None, cursor: str) -> None:
        """Take a page of a REST answer; arguments as of `Orders.replace`."""
        fresh = self._read(rows, category)
        with self.page(Scope.of(query, category), query, len(rows), cursor, whole=True):
            for row in fresh:
                if all(field in row for field in self._keys):
                    self.confirm(tuple(row[field] for field in self._keys))
            self._update([row for row in fresh if not self._is_old(row)], reason="resync")

    def _read(self, rows: Sequence[Item], category: str | None) -> list[dict[str, Any]]:
        numbers(self.name, rows, ("size", "entryPrice", "avgPrice", "markPrice"))
        fresh: list[dict[str, Any]] = []
        for row in rows:
            for field in self._keys:
                if not isinstance(row.get(field), str | int | None):
                    raise ProtocolError(f"{self.name}: {field} cannot be a key: {str(row[field])[:100]}")
            price = row.get("entryPrice", row.get("avgPrice"))
            same = {} if price is None else {"entryPrice": price, "avgPrice": price}
            flat = {"flat": float(row["size"]) == 0} if row.get("size") not in (None, "") else {}
            of = {} if category is None else {"category": category}
            fresh.append({**row, **same, **of, **flat})
        return fresh

    def _is_old(self, row: Item) -> bool:
        known, stamp = self.get(row), time_of_row(row)
        return known is not None and 0 < stamp < time_of_row(known)


class Wallet(DataStore):
    """Balances by ``accountType``; ``coin`` is a list with one entry for each coin.

    The stream names only coins that changed, so others are kept; a REST answer without ``coin`` names all there are.
    """

    _ON_LOSS = "refetch"
    _KEYS: ClassVar[Sequence[str]] = ("accountType",)

    def fold(self, rows: Sequence[Item], *, reason: str | None = None) -> None:
        """Merge wallet events, coin by coin."""
        self._check(rows)
        for row in rows:
            known = self.get(row)
            if known is None or "coin" not in row:
                self._update([row], reason=reason)
            else:
                coins = {coin["coin"]: coin for coin in known.get("coin", ())}
                coins.update((coin["coin"], coin) for coin in row["coin"])
                self._update([{**row, "coin": list(coins.values())}], reason=reason)

    def replace(self, rows: Sequence[Item], query: Mapping[str, str]) -> None:
        """Take a REST answer as the truth for the account and the coins asked for."""
        if query.get("coin"):
            self.fold(rows, reason="resync")
        else:
            self._check(rows)
            named = {row.get("accountType") for row in rows}
            asked = query.get("accountType")
            self._delete([row for row in self if row["accountType"] == asked and asked not in named], reason="resync")
            self._insert(rows, reason="resync")
        self.refetched()

    def _check(self, rows: Sequence[Item]) -> None:
        for row in rows:
            if not isinstance(row.get("accountType"), str | None):
                raise ProtocolError(f"{self.name}: accountType is no text: {str(row['accountType'])[:100]}")
            coins = objects(row["coin"]) if "coin" in row else []
            for coin in coins:
                if not isinstance(coin.get("coin"), str):
                    raise ProtocolError(f"{self.name}: a coin without a name: {str(coin)[:100]}")


class Executions(DataStore):
    """Fills by ``execId``: ``execution`` and ``execution.fast`` tell the same fill, which is one row."""

    _KEYS: ClassVar[Sequence[str]] = ("execId",)
    _MAXLEN = 99999

    def fold(self, rows: Sequence[Item]) -> None:
        """Note fills."""
        numbers(self.name, rows, ("execPrice", "execQty"))
        self._update(rows)


class Greeks(DataStore):
    """Greeks of the account by ``baseCoin``; nothing but the stream tells them, so they go with it."""

    _ON_LOSS = "clear"
    _KEYS: ClassVar[Sequence[str]] = ("baseCoin",)
