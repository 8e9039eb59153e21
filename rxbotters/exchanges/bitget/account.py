"""Bitget's balances and positions, from REST answers and pushes.

Source: bitget.com/api-doc, "Account Channel", "Position Channel", "Cross-Margin Account Channel", "Isolated-Margin Account
Channel", "Get Account List", "Get Account Assets", "Get All Positions" (2025-10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import is_zero, objects, texts
from rxbotters_operators.events import Stale

from .rows import Message, Query, symbol_of

__all__ = ["Account", "IsolatedAccount", "Positions"]


class _Awaited(DataStore):
    """A store whose channel begins with a snapshot, one for each market that is subscribed."""

    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._awaited: set[str] = set()  # markets whose snapshot will come

    def expect(self, kind: Any) -> None:
        """Note that the snapshot of a market will come: its channel was subscribed."""
        if isinstance(kind, str) and len(self._awaited) < 100:
            self._awaited.add(kind)

    def _lost(self, feed: Any, status: Stale) -> None:
        self._awaited.clear()
        super()._lost(feed, status)

    def _came(self, kind: str) -> bool:
        """Note the push of a market; return whether it was its snapshot."""
        if kind not in self._awaited:
            return False
        self._awaited.discard(kind)
        if not self._awaited:
            self.refetched()
        return True


class Account(_Awaited):
    """Balances by market and ``coin``. Futures call it ``marginCoin``, and have both.

    The first push of a subscription replaces the balances of its market, every other is merged.
    """

    _KEYS: ClassVar[Sequence[str]] = ("instType", "coin")

    def fold(self, message: Message) -> None:
        """Apply a push.

        Raises:
            TypeError, KeyError, ProtocolError: A row is none; nothing was applied.
        """
        kind = message["arg"]["instType"]
        rows = [self._named(row, kind) for row in objects(message["data"])]
        self._put(rows, {"instType": kind} if self._came(kind) else None)

    def replace(self, items: Any, kind: str, query: Query) -> None:
        """Take a REST answer as the truth for its market, or for the ``coin`` it was asked for.

        Raises:
            TypeError, ProtocolError: It cannot be read; nothing was applied.
        """
        rows = [self._named(row, kind) for row in objects(items)]
        for row in rows:
            if "coin" in row:
                row["coin"] = row["coin"].upper()
        asked = {"coin": query["coin"].upper()} if "coin" in query else {}
        self._put(rows, {"instType": kind, **asked})
        self.refetched()

    def _put(self, rows: Sequence[Mapping[str, Any]], scope: Mapping[str, Any] | None) -> None:
        """Merge rows; with a scope they are all there are of it."""
        if scope is None:
            self._update(rows)
            return
        kept = {tuple(row.get(name) for name in self._keys) for row in rows}
        self._delete([row for key, row in self._select(scope) if key not in kept], reason="resync")
        self._update(rows, reason="resync")

    def _named(self, row: Mapping[str, Any], kind: Any) -> dict[str, Any]:
        coin = row.get("coin", row.get("marginCoin"))
        named: dict[str, Any] = {"instType": kind, **row}
        named["instType"] = kind
        if coin is not None:
            named["coin"] = coin
        texts(named, self._keys)
        return named


class IsolatedAccount(Account):
    """Balances of isolated margin, by market, ``symbol`` and ``coin``."""

    _KEYS: ClassVar[Sequence[str]] = ("instType", "symbol", "coin")


class Positions(_Awaited):
    """Open positions by market, symbol, ``posId`` and ``holdSide``; a position of zero is none.

    Every push is the whole list of what was subscribed: what it does not name has gone.
    """

    _KEYS: ClassVar[Sequence[str]] = ("instType", "instId", "posId", "holdSide")

    def fold(self, message: Message) -> None:
        """Apply a push.

        Raises:
            TypeError, KeyError, ProtocolError, BadNumber: A row is none; nothing was applied.
        """
        arg = message["arg"]
        kind, symbol = arg["instType"], symbol_of(arg)
        rows = [self._named(row, kind, row.get("instId", symbol)) for row in objects(message["data"])]
        open_ = [row for row in rows if not is_zero(self.name, "total", row["total"])]
        self._put(open_, {"instType": kind, **({"instId": symbol} if symbol is not None else {})}, None)
        self._came(kind)

    def replace(self, items: Any, kind: str, query: Query) -> None:
        """Take a REST answer as the truth for its market, or for the ``marginCoin`` or ``symbol`` it was asked for.

        Answers have no ``posId``: a position that is known keeps its own, another has an empty one until it is pushed.

        Raises:
            TypeError, KeyError, ProtocolError, BadNumber: It cannot be read; nothing was applied.
        """
        rows = [self._known(self._named(row, kind, row["symbol"].upper())) for row in objects(items)]
        open_ = [row for row in rows if not is_zero(self.name, "total", row["total"])]
        scope = {"instType": kind}
        for name, other in (("symbol", "instId"), ("marginCoin", "marginCoin")):
            if name in query:
                scope[other] = query[name].upper()
        self._put(open_, scope, "resync")
        self.refetched()

    def _put(self, rows: Sequence[Mapping[str, Any]], scope: Mapping[str, Any], reason: str | None) -> None:
        kept = {tuple(row.get(name) for name in self._keys) for row in rows}
        self._delete([row for key, row in self._select(scope) if key not in kept], reason=reason)
        self._update(rows, reason=reason)

    def _named(self, row: Mapping[str, Any], kind: Any, symbol: Any) -> dict[str, Any]:
        named: dict[str, Any] = {"instType": kind, "instId": symbol, "posId": "", "holdSide": "", **row}
        named["instType"], named["instId"] = kind, symbol
        texts(named, self._keys)
        return named

    def _known(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row of an answer under the id that its position is known by."""
        names = ("instType", "instId", "holdSide", "marginCoin", "marginMode")
        for known in self._select({name: row.get(name) for name in names}):
            return {**row, "posId": known[1]["posId"]}
        return row
