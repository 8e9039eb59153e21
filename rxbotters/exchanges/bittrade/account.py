"""BitTrade's balances and fills. Source: BitTrade-Inc/BitTrade-api-docs, ``websocket-api.md``, ``account.md``, ``trade.md``
(2024-04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects

from .counted import Counted
from .rows import EXACT, check, decimal, plain, present, serial

__all__ = ["Accounts", "Clearing"]

_AMOUNTS = ("balance", "available")
_FILL = {
    "trade-id": "tradeId",
    "order-id": "orderId",
    "match-id": "matchId",
    "symbol": "symbol",
    "price": "tradePrice",
    "filled-amount": "tradeVolume",
    "filled-fees": "transactFee",
    "fee-currency": "feeCurrency",
    "filled-points": "feeDeduct",
    "fee-deduct-currency": "feeDeductType",
    "created-at": "tradeTime",
    "type": "orderType",
    "source": "source",
}


class Accounts(Counted):
    """Balances by ``accountId``, ``currency`` and ``accountType``: ``available``, and ``balance`` with what orders hold.

    ``balance`` and ``available`` are decimal text. ``seqNum`` grows with each change; an older one of the same connection
    is dropped.
    """

    _KEYS: ClassVar[Sequence[str]] = ("accountId", "currency", "accountType")
    _NUMBER = "seqNum"
    _ON_LOSS = "refetch"

    def fold(self, data: Mapping[str, Any]) -> None:
        """Apply a change.

        Raises:
            BadNumber, ProtocolError: It cannot be read; nothing was applied.
        """
        present(data, self._KEYS)
        check(self.name, [data], _AMOUNTS, signed=True)
        key = tuple(data[name] for name in self._KEYS)
        number, old = self._numbers(key, data)
        if number is None or old is None or number >= old:
            self._update([{name: data[name] for name in data if name not in _AMOUNTS or data[name] is not None}])
            self._counted.add(key)

    def replace(self, data: Mapping[str, Any]) -> None:
        """Take an answer as the truth for its account; what is free and what orders hold stand apart in it.

        Raises:
            BadNumber, ProtocolError, TypeError, KeyError: It cannot be read; nothing was applied.
        """
        account = data["id"]
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        held: dict[tuple[str, str], Decimal] = {}
        for item in objects(data["list"]):
            present({**item, "accountId": account}, ("accountId", "currency", "type"))
            kind = "trade" if item["type"] == "frozen" else str(item["type"])
            key = (item["currency"], kind)
            amount = decimal(self.name, "balance", item["balance"])
            row = rows.setdefault(key, {"accountId": account, "currency": item["currency"], "accountType": kind})
            held[key] = EXACT.add(held.get(key, Decimal(0)), amount)
            row["balance"] = plain(held[key])
            if item["type"] == "trade":
                row["available"] = item["balance"]
            number = serial(self.name, "seq-num", item.get("seq-num"))
            if number is not None:
                row["seqNum"] = max(number, row.get("seqNum", 0))
        gone = [row for row in self.find({"accountId": account}) if (row["currency"], row["accountType"]) not in rows]
        self._delete(gone, reason="resync")
        self._update(rows.values(), reason="resync")
        self.refetched()


class Clearing(DataStore):
    """Fills by ``tradeId`` and ``orderId``, oldest first; the last 99,999 are kept.

    The stream does not keep their order: a fill may come after the cancellation of the rest, so cancellations are not
    here. They are what `Orders` is for.
    """

    _KEYS: ClassVar[Sequence[str]] = ("tradeId", "orderId")
    _MAXLEN = 99999

    def fold(self, data: Mapping[str, Any]) -> None:
        """Add a fill, once.

        Raises:
            BadNumber, ProtocolError: It cannot be read; nothing was applied.
        """
        if data.get("eventType") != "trade":
            present(data, ("eventType", "orderId"))
            return
        self._check(data)
        self._insert([data])

    def fill(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Add the fills of an answer, newest first, that are not known yet, in the names of the stream.

        Raises:
            BadNumber, ProtocolError: One cannot be read; nothing was applied.
        """
        rows: list[dict[str, Any]] = []
        for item in items:
            row = {"eventType": "trade", **{name: item[old] for old, name in _FILL.items() if old in item}}
            if "role" in item:
                row["aggressor"] = item["role"] == "taker"
            side = str(item.get("type")).partition("-")[0]
            if side in ("buy", "sell"):
                row["orderSide"] = side
            self._check(row)
            rows.append(row)
        self._insert([row for row in rows[::-1] if self.get(row) is None], reason="resync")

    def _check(self, row: Mapping[str, Any]) -> None:
        present(row, ("tradeId", "orderId", "symbol"))
        check(self.name, [row], ("tradePrice", "tradeVolume"))
        check(self.name, [row], ("transactFee",), signed=True)  # a maker may be paid one
