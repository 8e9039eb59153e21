"""Positions, balances and fills of MEXC. Source: mexc.com/api-docs, spot v3 and futures (2026-04)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers

from .memory import Memory
from .rows import named

__all__ = ["Adl", "Assets", "Balances", "FuturesFills", "PositionMode", "Positions", "RiskLimits", "SpotFills"]


class Positions(DataStore):
    """Open futures positions by ``positionId``; ``holdVol`` in contracts, ``positionType`` 1 (long) or 2 (short)."""

    _KEYS: ClassVar[Sequence[str]] = ("positionId",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._heard = Memory("version", "updateTime", "ts")

    def fold(self, rows: Iterable[dict[str, Any]], ts: Any) -> list[dict[str, Any]]:
        """Apply pushes sent at a time; return the positions that are closed now.

        Raises:
            ProtocolError, BadNumber: A row is none; nothing was applied.
        """
        known = [self._proved(row) for row in rows]
        return [row for row in known if self._take(row, ts, None)]

    def replace(self, rows: Iterable[dict[str, Any]], symbol: str | None) -> None:
        """Take a REST answer as the truth for one symbol, or for all.

        Raises:
            ProtocolError, BadNumber: A row is none; nothing was applied.
        """
        known = [self._proved(row) for row in rows]
        kept = {row["positionId"] for row in known}
        scope = self.find({"symbol": symbol} if symbol is not None else None)
        self._delete([row for row in scope if row["positionId"] not in kept], reason="resync")
        for row in known:
            self._take(row, None, "resync")
        self.refetched()

    def _take(self, row: dict[str, Any], ts: Any, reason: str | None) -> bool:
        """Apply one row, unless it is late; return whether it says that the position is closed."""
        key, event = row["positionId"], {**row, "ts": ts}
        known = self.get(row) is not None or self._heard.is_over(key)
        if self._heard.is_late(key, event) and (reason is None or known):
            return False
        closed = row.get("state") == 3 or float(row["holdVol"]) == 0
        self._heard.note(key, event, over=closed)
        if closed:
            self._delete([row], reason=reason)
        else:
            self._update([row], reason=reason)
        return closed

    def _proved(self, row: dict[str, Any]) -> dict[str, Any]:
        if row.get("positionId").__class__ is not int or not isinstance(row.get("symbol"), str):
            raise ProtocolError(f"{self.name}: a position without positionId or symbol", str(row)[:200])
        numbers(self.name, [row], ("holdVol",), may_lack=False)
        return row


class _ByCurrency(DataStore):
    """Balances, each with the time of its last word."""

    _ON_LOSS = "refetch"
    _CLOCK: ClassVar[str]
    _AMOUNTS: ClassVar[Sequence[str]]

    def _init(self) -> None:
        self._heard = Memory(self._CLOCK)

    def push(self, row: dict[str, Any], time: Any) -> None:
        """Apply one balance of a time, unless a newer one is known.

        Raises:
            ProtocolError, BadNumber: It is none.
        """
        self._prove([row])
        self._take(row, time, None)

    def replace(self, rows: Sequence[dict[str, Any]], *, whole: bool = True) -> None:
        """Take a REST answer as the truth, for the currencies it names or for all.

        Raises:
            ProtocolError, BadNumber: A row is none; nothing was applied.
        """
        self._prove(rows)
        if whole:
            (key,) = self._keys
            kept = {row[key] for row in rows}
            self._delete([row for row in self if row[key] not in kept], reason="resync")
        for row in rows:
            self._take(row, None, "resync")
        if whole:
            self.refetched()

    def _take(self, row: dict[str, Any], time: Any, reason: str | None) -> None:
        (key,) = self._keys
        event = {self._CLOCK: time}
        if not self._heard.is_late(row[key], event):
            self._heard.note(row[key], event)
            self._update([row], reason=reason)

    def _prove(self, rows: Iterable[Mapping[str, Any]]) -> None:
        (key,) = self._keys
        for row in rows:
            if not isinstance(row.get(key), str) or not row[key]:
                raise ProtocolError(f"{self.name}: a balance without {key}", str(row)[:200])
        numbers(self.name, rows, self._AMOUNTS)


class Assets(_ByCurrency):
    """Futures balances by ``currency``: ``availableBalance``, ``frozenBalance``, ``positionMargin`` …"""

    _KEYS: ClassVar[Sequence[str]] = ("currency",)
    _CLOCK = "ts"
    _AMOUNTS = ("frozenBalance", "positionMargin")


class Balances(_ByCurrency):
    """Spot balances by ``vcoinName``: ``balanceAmount`` is free, ``frozenAmount`` in orders."""

    _KEYS: ClassVar[Sequence[str]] = ("vcoinName",)
    _CLOCK = "time"
    _AMOUNTS = ("balanceAmount", "frozenAmount")

    def answer(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take ``balances`` of ``/api/v3/account`` as the truth."""
        self.replace(
            [{"vcoinName": row["asset"], "balanceAmount": row["free"], "frozenAmount": row["locked"]} for row in rows]
        )


class Adl(DataStore):
    """The level at which a position is reduced, by ``positionId``: 1 to 5."""

    _KEYS: ClassVar[Sequence[str]] = ("positionId",)
    _ON_LOSS = "clear"


class RiskLimits(DataStore):
    """Risk limits by ``symbol`` and ``positionType``."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "positionType")
    _ON_LOSS = "clear"


class PositionMode(DataStore):
    """One row: ``positionMode`` 1 (hedge) or 2 (one way)."""

    _ON_LOSS = "clear"

    def replace(self, row: Mapping[str, Any]) -> None:
        """Forget the row before."""
        if row.get("positionMode").__class__ is not int:
            raise ProtocolError(f"{self.name}: no positionMode", str(row)[:200])
        if [dict(row)] != self.find():
            self._clear(reason=None)
            self._insert([row])


class FuturesFills(DataStore):
    """One's own fills on futures by ``id``; ``id`` and ``orderId`` are text."""

    _KEYS: ClassVar[Sequence[str]] = ("id",)
    _MAXLEN = 99_999

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add fills; what is known already is not added again."""
        known = [named(row, "id", "orderId") for row in rows]
        numbers(self.name, known, ("price", "vol"), may_lack=False)
        self._update(known)


class SpotFills(DataStore):
    """One's own fills on spot by ``tradeId``, as the stream writes them; ``tradeType`` is 1 (buy) or 2 (sell)."""

    _KEYS: ClassVar[Sequence[str]] = ("tradeId",)
    _MAXLEN = 99_999

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add fills; what is known already is not added again."""
        known = [named(row, "tradeId", "orderId") for row in rows]
        if not all(row["tradeId"] for row in known):
            raise ProtocolError(f"{self.name}: a fill without tradeId")
        numbers(self.name, known, ("price", "quantity"), may_lack=False)
        self._update(known)

    def answer(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add ``myTrades``, under the names of the stream."""
        self.take([_streamed(row) for row in rows])


_RENAMED = {
    "symbol": "symbol",
    "price": "price",
    "qty": "quantity",
    "quoteQty": "amount",
    "isMaker": "isMaker",
    "isSelfTrade": "isSelfTrade",
    "id": "tradeId",
    "clientOrderId": "clientOrderId",
    "orderId": "orderId",
    "commission": "feeAmount",
    "commissionAsset": "feeCurrency",
    "time": "time",
}


def _streamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fill of REST with the names and numbers of the stream."""
    known = {ours: row[theirs] for theirs, ours in _RENAMED.items() if row.get(theirs) is not None}
    return {**known, "tradeType": 1 if row["isBuyer"] else 2}
