"""What OKX's private channels tell of an account: balances, positions, risk. Source: okx.com/docs-v5 (2026-07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import is_zero, objects, texts
from rxbotters_operators.events import Stale

from .pages import Pages
from .rows import Query, matches

__all__ = ["Account", "Balance", "BalanceAndPosition", "LiquidationWarning", "Positions"]

Message = Mapping[str, Any]
_POSITION = ("instId", "mgnMode", "posSide")
_WORTH = ("eq", "availEq", "availBal", "cashBal")


class _Snapshots(DataStore):
    """A store whose channel begins with a snapshot, in pages, and goes on with changes.

    Messages of before 2025 do not say which they are: the first one of a subscription is the snapshot.
    """

    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._pages = Pages()
        self._first = True

    def expect(self) -> None:
        """Note that a snapshot will come: the channel was subscribed."""
        self._pages.clear()
        self._first = True

    def _lost(self, feed: Any, status: Stale) -> None:
        self.expect()
        super()._lost(feed, status)

    def fold(self, message: Message) -> None:
        """Apply a message: a snapshot replaces what it speaks of once its last page is here, a change is merged.

        Raises:
            TypeError, ProtocolError, BadNumber: It cannot be read; nothing was applied.
        """
        rows = objects(message["data"])
        self._check(rows)
        kind = message.get("eventType")
        if kind == "snapshot" or (kind is None and self._first):
            whole = self._pages.add(message, rows)
            if whole is not None:
                self._replace(whole, cast(Query, message["arg"]))
                self._first = False
                self.refetched()
        else:
            self._merge(rows)

    def replace(self, rows: Sequence[dict[str, Any]], query: Query) -> None:
        """Take a REST answer as the truth for what it was asked for.

        Raises:
            TypeError, ProtocolError, BadNumber: It cannot be read; nothing was applied.
        """
        self._check(rows)
        self._replace(rows, query)
        self.refetched()

    def _check(self, rows: Sequence[dict[str, Any]]) -> None:
        raise NotImplementedError

    def _replace(self, rows: Sequence[dict[str, Any]], query: Query) -> None:
        raise NotImplementedError

    def _merge(self, rows: Sequence[dict[str, Any]], *, reason: str | None = None) -> None:
        raise NotImplementedError


class Positions(_Snapshots):
    """Open positions by instrument, margin mode and side; a position of zero is none."""

    _KEYS: ClassVar[Sequence[str]] = _POSITION

    def _check(self, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            texts(row, _POSITION)
            is_zero(self.name, "pos", row["pos"])

    def _replace(self, rows: Sequence[dict[str, Any]], query: Query) -> None:
        keys = {tuple(row.get(name) for name in _POSITION) for row in rows}
        if "posId" not in query:
            gone = [row for row in self if matches(row, query) and tuple(row[name] for name in _POSITION) not in keys]
            self._delete(gone, reason="resync")
        self._merge(rows, reason="resync")

    def _merge(self, rows: Sequence[dict[str, Any]], *, reason: str | None = None) -> None:
        for row in rows:
            if is_zero(self.name, "pos", row["pos"]):
                self._delete([row], reason=reason)
            else:
                self._update([row], reason=reason)


class Balance(_Snapshots):
    """Balances by ``ccy``, as ``balance_and_position`` tells them; a balance of zero is none."""

    _KEYS: ClassVar[Sequence[str]] = ("ccy",)

    def _check(self, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            texts(row, self._KEYS)
            is_zero(self.name, "cashBal", row["cashBal"])

    def _replace(self, rows: Sequence[dict[str, Any]], query: Query) -> None:
        kept = {row.get("ccy") for row in rows}
        self._delete([row for row in self if row["ccy"] not in kept], reason="resync")
        self._merge(rows, reason="resync")

    def _merge(self, rows: Sequence[dict[str, Any]], *, reason: str | None = None) -> None:
        for row in rows:
            if is_zero(self.name, "cashBal", row["cashBal"]):
                self._delete([row], reason=reason)
            else:
                self._update([row], reason=reason)


class Account(_Snapshots):
    """One row: the account, with the ``details`` of every currency that is not zero.

    A change tells only of the currencies that changed; they are merged into ``details`` by ``ccy``.
    """

    def _check(self, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            for detail in objects(row.get("details", [])):
                if not isinstance(detail.get("ccy"), str):
                    raise TypeError(f"a detail without a currency: {detail}")
                self._is_worthless(detail)

    def _replace(self, rows: Sequence[dict[str, Any]], query: Query) -> None:
        asked = query["ccy"].split(",") if "ccy" in query else None
        kept = [] if asked is None else [one for one in self._details() if one["ccy"] not in asked]
        self._put(rows, {one["ccy"]: one for one in kept}, "resync")

    def _merge(self, rows: Sequence[dict[str, Any]], *, reason: str | None = None) -> None:
        self._put(rows, {one["ccy"]: one for one in self._details()}, reason)

    def _details(self) -> list[dict[str, Any]]:
        return [detail for row in self for detail in row.get("details", ())]

    def _put(self, rows: Sequence[dict[str, Any]], details: dict[str, dict[str, Any]], reason: str | None) -> None:
        """Make the row from the pages of one message, and from the details that stand."""
        account: dict[str, Any] = {}
        for row in rows:
            account |= row
            for detail in row.get("details", []):
                merged = {**details.pop(detail["ccy"], {}), **detail}
                if not self._is_worthless(merged):
                    details[detail["ccy"]] = merged
        account["details"] = list(details.values())
        known = next(iter(self._rows), None)
        if known is not None:
            self._amend(known, account, reason=reason)
        elif rows:
            self._insert([account], reason=reason)

    def _is_worthless(self, detail: Mapping[str, Any]) -> bool:
        worth = [detail[name] for name in _WORTH if detail.get(name, "") != ""]
        zeros = [is_zero(self.name, "details", value) for value in worth]
        return bool(zeros) and all(zeros)


class BalanceAndPosition(DataStore):
    """The last message of ``balance_and_position`` as it came, and the two stores that it feeds."""

    @property
    def balance(self) -> Balance:
        """Balances by ``ccy``."""
        return cast(Balance, self._group.get("balance_and_position.balance"))

    @property
    def position(self) -> Positions:
        """Open positions."""
        return cast(Positions, self._group.get("balance_and_position.position"))

    def fold(self, message: Message) -> None:
        """Apply a message.

        Raises:
            TypeError, ProtocolError, BadNumber: It cannot be read; nothing was applied.
        """
        rows = objects(message["data"])
        balance, position = self.balance, self.position
        for row in rows:
            balance._check(objects(row.get("balData", [])))
            position._check(objects(row.get("posData", [])))
        for row in rows:
            kind: dict[str, Any] = {
                "eventType": None if row.get("eventType") == "snapshot" else "event_update",
                "arg": {},
            }
            balance.fold({**kind, "data": row.get("balData", [])})
            position.fold({**kind, "data": row.get("posData", [])})
        if rows and next(iter(self), None) != rows[-1]:
            self._clear(reason="replaced")
            self._insert(rows[-1:])


class LiquidationWarning(DataStore):
    """Positions at risk, by instrument, margin mode and side."""

    _KEYS: ClassVar[Sequence[str]] = _POSITION
