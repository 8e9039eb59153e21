"""Hyperliquid's live orders, from order updates and whole lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects

__all__ = ["Orders"]

_LIVE = frozenset({"open", "triggered"})
"""A triggered order awaits its execution, and may be open again; every other status is an end."""


class Orders(DataStore):
    """Live orders by ``coin`` and ``oid``: the order, its ``status`` (``open`` or ``triggered``) and ``statusTimestamp``.

    ``user`` stands in rows whose user is known: updates do not name it, but a connection that follows one user does.
    """

    _KEYS: ClassVar[Sequence[str]] = ("coin", "oid")
    _ON_LOSS = "refetch"

    def fold(self, updates: Any, user: str | None) -> None:
        """Apply order updates in their order."""
        known = {} if user is None else {"user": user}
        rows: list[dict[str, Any]] = []
        for update in objects(updates):
            row = {**update["order"], "status": update["status"], "statusTimestamp": update["statusTimestamp"], **known}
            rows.append(_proved(row))
        for row in rows:
            if row["status"] in _LIVE:
                self._update([row])
            else:
                self._delete([row])

    def replace(self, orders: Any, user: str | None, dex: str | None) -> None:
        """Take a whole list as the truth for a user and a dex, also when it is empty."""
        dex = dex or ""
        known = {} if user is None else {"user": user}
        rows = [
            _proved({**order, "status": "open", "statusTimestamp": order.get("timestamp"), **known})
            for order in objects(orders)
        ]
        live = {(row["coin"], row["oid"]) for row in rows}
        gone = [
            row
            for key, row in self._rows.items()
            if key not in live and row.get("user", user) == user and (dex == "ALL_DEXS" or _dex_of(row["coin"]) == dex)
        ]
        self._delete(gone, reason="resync")
        self._update([{**row, **_later(self.get(row))} for row in rows], reason="resync")
        self.refetched()


def _proved(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of an order; raises `TypeError` unless its coin and its number are what they must be."""
    if not isinstance(row["coin"], str) or not isinstance(row["oid"], int) or not isinstance(row["status"], str):
        raise TypeError("an order needs coin, oid and status")
    return row


def _later(known: Any) -> dict[str, Any]:
    """Return what a list does not say of a known order: since when it is open."""
    return {"statusTimestamp": known["statusTimestamp"]} if known is not None and known["status"] == "open" else {}


def _dex_of(coin: str) -> str:
    """Return the dex of a coin: ``xyz`` for ``xyz:GOLD``, none for the first dex and spot."""
    return coin.partition(":")[0] if ":" in coin else ""
