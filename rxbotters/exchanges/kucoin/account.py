"""KuCoin's positions and balances. Source: kucoin.com/docs-new, "Get Position List", "All Position Change" (2025-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.query import number
from rxbotters.stores.row import Row

if TYPE_CHECKING:
    from reactivex import Observable

__all__ = ["Balance", "MarginPositions", "Positions"]

_ONE_WAY = "BOTH"


class Positions(DataStore):
    """Open futures positions by ``symbol`` and ``positionSide``: ``BOTH``, or ``LONG`` and ``SHORT`` in hedge mode.

    ``side`` is ``BUY`` or ``SELL``. `get` and `at` take a symbol alone for ``BOTH``.
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "positionSide")
    _ON_LOSS = "refetch"

    def get(self, item: Mapping[str, Any]) -> Row | None:
        """Return a position."""
        return super().get({"positionSide": _ONE_WAY, **item})

    def at(self, item: Mapping[str, Any]) -> Observable[Row | None]:
        """Stream a position; ``None`` when it is closed."""
        return super().at({"positionSide": _ONE_WAY, **item})

    def fold(self, symbol: str, data: Mapping[str, Any]) -> None:
        """Apply a ``position.change``, whatever its reason: what it says of the quantity counts."""
        symbol = data.get("symbol") or symbol
        if "currentQty" in data or data.get("isOpen") is False:
            row = self._row({**data, "symbol": symbol})
            if row["side"] is None:
                self._delete([row])
            else:
                self._update([row])
            return
        known = self.find({"symbol": symbol})
        if "positionSide" in data:
            known = [row for row in known if row["positionSide"] == data["positionSide"]]
        if len(known) == 1:  # a new mark price, and what depends on it
            self._update([{**data, "symbol": symbol, "positionSide": known[0]["positionSide"]}])

    def replace(self, items: Iterable[Mapping[str, Any]], query: Mapping[str, str]) -> None:
        """Take a REST answer as the truth for what was asked: a symbol, a currency, or everything."""
        rows = [self._row(item) for item in items]
        scope = {name: query[field] for name, field in _SCOPES if field in query}
        kept = {(row["symbol"], row["positionSide"]) for row in rows if row["side"] is not None}
        self._delete(
            [row for row in self.find(scope) if (row["symbol"], row["positionSide"]) not in kept], reason="resync"
        )
        self._insert([row for row in rows if row["side"] is not None], reason="resync")
        self.refetched()

    def _row(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return a position with its side, which is ``None`` if it is closed."""
        hedge = item.get("positionSide") or _ONE_WAY
        quantity = number(item.get("currentQty", 0), store=self.name, what="currentQty")
        side: str | None = "BUY" if hedge == "LONG" or (hedge == _ONE_WAY and quantity > 0) else "SELL"
        if quantity == 0 or item.get("isOpen") is False:
            side = None
        return {**item, "symbol": item["symbol"], "positionSide": hedge, "side": side}


_SCOPES = (("symbol", "symbol"), ("settleCurrency", "currency"))


class Balance(DataStore):
    """Balances of spot and margin accounts by ``accountId``: ``total``, ``available``, ``hold`` …"""

    _KEYS: ClassVar[Sequence[str]] = ("accountId",)
    _ON_LOSS = "refetch"

    def replace(self, items: Iterable[Mapping[str, Any]], query: Mapping[str, str]) -> None:
        """Take a REST answer as the truth for what was asked: a ``currency``, a ``type`` of account, or everything."""
        rows = [_balance(item) for item in items]
        known = {row["accountId"] for row in rows}
        scope = {name: query[name] for name in ("currency", "type") if name in query}
        self._delete([row for row in self.find(scope) if row["accountId"] not in known], reason="resync")
        self._update(rows, reason="resync")
        self.refetched()


def _balance(item: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in item.items() if name not in ("id", "balance", "holds")}
    return {**row, "accountId": item["id"], "total": item["balance"], "hold": item["holds"]}


class MarginPositions(DataStore):
    """The last word on the margin position: one row."""

    def replace(self, data: Mapping[str, Any]) -> None:
        """Forget the row before."""
        if [dict(data)] != self.find():
            self._clear(reason=None)
            self._insert([data])
