"""What Hyperliquid tells of an account as a whole: each message is the truth, until the connection is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

__all__ = ["Accounts", "AssetData", "Clearinghouse", "TwapStates"]


class _Whole(DataStore):
    """Rows that the next message makes right again; where there are none, nothing can be wrong."""

    _ON_LOSS = "refetch"

    def _lost(self, feed: Any, status: Stale) -> None:
        if self._rows:
            super()._lost(feed, status)


class Accounts(_Whole):
    """One row for each ``user``."""

    _KEYS: ClassVar[Sequence[str]] = ("user",)

    def merge(self, row: Mapping[str, Any]) -> None:
        """Merge what the exchange says now."""
        self._update([self._proved(row)])
        self.refetched()

    def put(self, row: Mapping[str, Any]) -> None:
        """Replace what was known."""
        self._insert([self._proved(row)])
        self.refetched()

    def _proved(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        for key in self._keys:
            if not isinstance(row[key], str):
                raise TypeError(f"{key}: text was expected, not {row[key]!r}")
        return row


class AssetData(Accounts):
    """Leverage and limits of a user, by ``user`` and ``coin``."""

    _KEYS: ClassVar[Sequence[str]] = ("user", "coin")


class Clearinghouse(Accounts):
    """Margin and positions of a user, by ``user`` and ``dex`` (empty: the first)."""

    _KEYS: ClassVar[Sequence[str]] = ("user", "dex")


class TwapStates(_Whole):
    """Running TWAP orders, by ``user``, ``dex`` and ``twapId``."""

    _KEYS: ClassVar[Sequence[str]] = ("user", "dex", "twapId")

    def replace(self, states: Any, user: Any, dex: Any) -> None:
        """Take a list of (id, state) as the truth for a user and a dex."""
        rows = [{"user": user, "dex": dex, "twapId": number, **state} for number, state in states]
        kept = {key for key, _ in self._ingest(rows)}
        gone = [row for key, row in self._rows.items() if key[:2] == (user, dex) and key not in kept]
        self._delete(gone, reason="resync")
        self._insert(rows)
        self.refetched()
