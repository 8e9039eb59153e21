"""OKJ's balances, one row for each currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from rxbotters.exchanges.okx.pages import Pages
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects, texts
from rxbotters_operators.events import Stale

from .rows import Query, number

__all__ = ["Account"]

_AMOUNTS = ("cashBal", "availBal", "frozenBal", "eq", "balance", "available", "hold")


class Account(DataStore):
    """Balances by ``ccy``: the fields of V5 (``cashBal``, ``availBal`` …) or of V3 (``balance``, ``available``, ``hold``).

    A push is merged; one that says it is a snapshot, and an answer of a request, replace what they speak of.
    """

    _KEYS: ClassVar[Sequence[str]] = ("ccy",)
    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._pages = Pages()

    def fold(self, message: Mapping[str, Any]) -> None:
        """Apply a message of V5.

        Raises:
            TypeError, ProtocolError, BadNumber: It cannot be read; nothing was applied.
        """
        rows = details(message["data"])
        self._check(rows)
        if message.get("eventType") != "snapshot":
            self._update(rows)
            return
        whole = self._pages.add(message, rows)
        if whole is not None:
            self.replace(whole, cast(Query, message["arg"]))

    def merge(self, rows: Sequence[dict[str, Any]]) -> None:
        """Apply balances of V3.

        Raises:
            ProtocolError, BadNumber: They cannot be read; nothing was applied.
        """
        self._check(rows)
        self._update(rows)

    def replace(self, rows: Sequence[dict[str, Any]], query: Query) -> None:
        """Take balances as the truth for the currencies that were asked for; for all, if none was named.

        Raises:
            ProtocolError, BadNumber: They cannot be read; nothing was applied.
        """
        self._check(rows)
        asked = query["ccy"].split(",") if "ccy" in query else None
        kept = {row.get("ccy") for row in rows}
        gone = [row for row in self if row["ccy"] not in kept and (asked is None or row["ccy"] in asked)]
        self._delete(gone, reason="resync")
        self._update(rows, reason="resync")
        self.refetched()

    def _lost(self, feed: Any, status: Stale) -> None:
        self._pages.clear()
        super()._lost(feed, status)

    def _check(self, rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            texts(row, self._keys)
            for name in _AMOUNTS:
                if name in row:
                    number(self.name, name, row[name])


def details(data: Any) -> list[dict[str, Any]]:
    """Return the currencies of V5's accounts.

    Raises:
        TypeError: There are none to be found.
    """
    return [detail for row in objects(data) for detail in objects(row.get("details", []))]
