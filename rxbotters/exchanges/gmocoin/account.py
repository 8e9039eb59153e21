"""GMO Coin's executions, open positions and their summary. Source: api.coin.z.com/docs (2025-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore

from .rows import Closed, both_names, decimal

__all__ = ["Executions", "PositionSummary", "Positions"]

_NAMES = {"executionSize": "size", "executionPrice": "price", "executionTimestamp": "timestamp"}


class Executions(DataStore):
    """The account's fills by ``executionId``, under the names of the stream and of REST."""

    _KEYS: ClassVar[Sequence[str]] = ("executionId",)
    _ON_LOSS = "refetch"

    def normal(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return a fill under both sets of names."""
        row = both_names(item, _NAMES)
        decimal(row["size"], self.name)
        hash(row["executionId"])
        return row

    def take(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add what a REST answer lists; a row of the stream, which says more, is kept."""
        self._update([self.normal(item) for item in items], reason="resync")
        self.refetched()


class Positions(DataStore):
    """Open positions by ``positionId``. One that was closed does not come back."""

    _KEYS: ClassVar[Sequence[str]] = ("positionId",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._closed = Closed()

    def fold(self, event: Mapping[str, Any]) -> None:
        """Apply a position that was opened, changed or closed."""
        kind, name = event["msgType"], event["positionId"]
        if kind == "CPR" or decimal(event["size"], self.name) == 0:
            self._closed.add(name)
            self._delete([event])
        elif name not in self._closed:
            (self._insert if kind == "OPR" else self._update)([event])

    def replace(self, items: Iterable[Mapping[str, Any]], symbol: str | None, *, whole: bool) -> None:
        """Take a REST answer as the truth for a symbol; if it is one page of several, nothing is taken away."""
        rows = [dict(item) for item in items if decimal(item["size"], self.name) > 0]
        rows = [row for row in rows if row["positionId"] not in self._closed]
        kept = {row["positionId"] for row in rows}
        if whole:
            gone = [row for row in self if row["positionId"] not in kept and symbol in (None, row.get("symbol"))]
            self._delete(gone, reason="resync")
        self._update(rows, reason="resync")
        self.refetched()


class PositionSummary(DataStore):
    """The sum of the positions of each symbol and side; ``sumPositionQuantity`` "0" is no position."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "side")
    _ON_LOSS = "refetch"

    def fold(self, items: Iterable[Mapping[str, Any]], *, reason: str | None = None) -> None:
        """Merge what the stream, or REST, says."""
        rows = list(items)
        for row in rows:
            decimal(row["sumPositionQuantity"], self.name)
        self._update(rows, reason=reason)

    def replace(self, items: Iterable[Mapping[str, Any]], symbol: str | None) -> None:
        """Take a REST answer as the truth for a symbol, or for all."""
        rows = list(items)
        kept = {(row["symbol"], row["side"]) for row in rows}
        gone = [row for row in self if (row["symbol"], row["side"]) not in kept and symbol in (None, row.get("symbol"))]
        self.fold(rows, reason="resync")
        self._delete(gone, reason="resync")
        self.refetched()
