"""Binance's live orders: plain ones, order lists of spot, conditional ones of futures.

Source: developers.binance.com, user data streams of spot, USDⓈ-M and COIN-M (2026-06).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from .checks import plain
from .private import Private, Row, in_scope, renamed

__all__ = ["AlgoOrders", "FuturesOrders", "OrderLists", "SpotOrders"]

_FINAL = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"})
_ALGO_FINAL = frozenset({"FINISHED", "CANCELED", "REJECTED", "EXPIRED"})


class _Orders(Private):
    """Orders under ``s`` and an id, for as long as they are live.

    An order that ended is remembered for a while, so that an answer or a message from before its end does not bring it
    back.
    """

    _ENDS: ClassVar[frozenset[str]] = _FINAL
    _REST: ClassVar[Mapping[str, str]]
    _NUMBERS: ClassVar[Sequence[str]] = ("q", "p", "z")

    def _init(self) -> None:
        super()._init()
        self._ended: dict[Any, None] = {}

    def take(self, order: Row, moment: Any) -> None:
        """Apply the state of one order; ``moment`` is when it was so, milliseconds."""
        plain(self.name, order, self._NUMBERS)
        key = self._key_of(order)
        if order["X"] in self._ENDS:
            self._delete([order])
            self.note(key, moment)
            self._end(key)
        elif not self._is_past(key, order, moment):
            self._ended.pop(key, None)
            self._update([order])
            self.note(key, moment)

    def snapshot(self, rows: Iterable[Row], query: Mapping[str, str]) -> None:
        """Take a REST answer as the truth for its symbol, its pair, or all."""
        live: list[Row] = []
        for row in rows:
            order = renamed(row, self._REST)
            plain(self.name, order, self._NUMBERS)
            key, moment = self._key_of(order), row.get("updateTime")
            if order["X"] in self._ENDS or (key in self._ended and self.age(key, moment) <= 0):
                continue
            known = self._rows.get(key)
            live.append(known if known is not None and self.age(key, moment) < 0 else order)
        self.replace(live, in_scope(query))

    def _end(self, key: Any) -> None:
        self._ended[key] = None
        if len(self._ended) > self._MAXLEN:
            del self._ended[next(iter(self._ended))]

    def _is_past(self, key: Any, order: Row, moment: Any) -> bool:
        """Whether an order was already known to be further than this."""
        age = self.age(key, moment)
        if key in self._ended:
            return age <= 0
        known = self._rows.get(key)
        if age or known is None:
            return age < 0
        return float(order.get("z") or 0) < float(known.get("z") or 0)


class SpotOrders(_Orders):
    """Live orders of spot, by symbol ``s`` and order id ``i``: the last ``executionReport``, or the REST row."""

    _KEYS: ClassVar[Sequence[str]] = ("s", "i")
    _REST = {  # noqa: RUF012
        "symbol": "s",
        "orderId": "i",
        "clientOrderId": "c",
        "price": "p",
        "origQty": "q",
        "executedQty": "z",
        "cummulativeQuoteQty": "Z",
        "status": "X",
        "timeInForce": "f",
        "type": "o",
        "side": "S",
        "stopPrice": "P",
        "icebergQty": "F",
        "time": "E",
        "updateTime": "T",
        "isWorking": "w",
        "origQuoteOrderQty": "Q",
    }


class FuturesOrders(_Orders):
    """Live orders of futures, by symbol ``s`` and order id ``i``: the ``o`` of the last event, or the REST row.

    Conditional orders stand in `AlgoOrders` until they trigger.
    """

    _KEYS: ClassVar[Sequence[str]] = ("s", "i")
    _REST = {  # noqa: RUF012
        "symbol": "s",
        "clientOrderId": "c",
        "side": "S",
        "type": "o",
        "timeInForce": "f",
        "origQty": "q",
        "price": "p",
        "avgPrice": "ap",
        "stopPrice": "sp",
        "status": "X",
        "orderId": "i",
        "executedQty": "z",
        "updateTime": "T",
        "reduceOnly": "R",
        "workingType": "wt",
        "origType": "ot",
        "positionSide": "ps",
        "closePosition": "cp",
        "priceProtect": "pP",
    }


class AlgoOrders(_Orders):
    """Conditional orders of futures that wait for their trigger, by symbol ``s`` and algo id ``aid``."""

    _KEYS: ClassVar[Sequence[str]] = ("s", "aid")
    _ENDS = _ALGO_FINAL
    _NUMBERS = ("q", "p", "tp")
    _REST = {  # noqa: RUF012
        "clientAlgoId": "caid",
        "algoId": "aid",
        "algoType": "at",
        "orderType": "o",
        "symbol": "s",
        "side": "S",
        "positionSide": "ps",
        "timeInForce": "f",
        "quantity": "q",
        "algoStatus": "X",
        "actualOrderId": "ai",
        "triggerPrice": "tp",
        "price": "p",
        "selfTradePreventionMode": "V",
        "workingType": "wt",
        "priceMatch": "pm",
        "closePosition": "cp",
        "priceProtect": "pP",
        "reduceOnly": "R",
        "triggerTime": "tt",
        "goodTillDate": "gtd",
    }


class OrderLists(Private):
    """Live order lists of spot (OCO, OTO …), by symbol ``s`` and list id ``g``."""

    _KEYS: ClassVar[Sequence[str]] = ("s", "g")

    def take(self, event: Row) -> None:
        """Apply one ``listStatus``."""
        key, moment = self._key_of(event), event.get("T")
        if self.age(key, moment) < 0:
            return
        if event["l"] == "ALL_DONE":
            self._delete([event])
        else:
            self._update([event])
        self.note(key, moment)

    def snapshot(self, rows: Iterable[Row]) -> None:
        """Take the answer of ``openOrderList`` as the truth."""
        everything: Callable[[Row], bool] = in_scope({})
        self.replace([_list_row(row) for row in rows], everything)


def _list_row(row: Row) -> Row:
    orders = [{"s": order["symbol"], "i": order["orderId"], "c": order["clientOrderId"]} for order in row["orders"]]
    return {
        "e": "listStatus",
        "E": None,
        "s": row["symbol"],
        "g": row["orderListId"],
        "c": row["contingencyType"],
        "l": row["listStatusType"],
        "L": row["listOrderStatus"],
        "r": "NONE",
        "C": row["listClientOrderId"],
        "T": row["transactionTime"],
        "O": orders,
    }
