"""Live orders of spot and futures, from pushes and REST answers. Source: mexc.com/api-docs, spot v3 and futures (2026-04)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from rxbotters.errors import BadNumber, ProtocolError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers
from rxbotters_operators.events import Stale

from .memory import Memory
from .rows import count, named

__all__ = ["FuturesOrders", "LiveOrders", "SpotOrders"]

Query = Mapping[str, str]


class LiveOrders(DataStore):
    """Orders that may still be filled. What is over goes, and does not come back if an older word of it comes late."""

    _ON_LOSS = "refetch"
    _STATE: ClassVar[str]
    _ALIVE: ClassVar[Collection[Any]]
    _OVER: ClassVar[Collection[Any]]
    _SIZES: ClassVar[Sequence[str]]
    _CLOCKS: ClassVar[Sequence[str]]

    def _init(self) -> None:
        self._heard = Memory(*self._CLOCKS, final=True)
        self._pages: dict[str | None, tuple[int, set[Any]]] = {}

    def fold(self, rows: Iterable[dict[str, Any]]) -> None:
        """Apply pushes.

        Raises:
            ProtocolError, BadNumber: A row is none; nothing was applied.
        """
        known = [self._proved(row) for row in rows]
        for row in known:
            self._take(row, None)

    def replace(
        self, rows: Iterable[dict[str, Any]], symbol: str | None, *, page: int = 1, most: int | None = None
    ) -> None:
        """Take a REST answer as the truth for one symbol, or for all.

        An answer in pages is whole when a page comes that is not full, and all before it came in their order. Until
        then nothing is taken away, and the store is `Stale`.

        Args:
            rows: The orders.
            symbol: What was asked for; ``None``: everything.
            page: Which page it is.
            most: How many rows a page may have; ``None``: there are no pages.

        Raises:
            ProtocolError, BadNumber: A row is none; nothing was applied.
        """
        (key,) = self._keys
        known = [self._proved(row) for row in rows]
        before, seen = self._pages.pop(symbol, (0, set[Any]())) if page > 1 else (0, set[Any]())
        in_order, is_full = page == before + 1, most is not None and len(known) >= most
        seen = seen | {row[key] for row in known}
        if in_order and not is_full:
            scope = self.find({"symbol": symbol} if symbol is not None else None)
            self._delete([row for row in scope if row[key] not in seen], reason="resync")
        for row in known:
            self._take(row, "resync")
        if in_order and is_full:
            if len(self._pages) > 1000:
                self._pages.clear()
            self._pages[symbol] = page, seen
            self._set_status(Stale(f"a full page came: initialize with page_num={page + 1} too"))
        elif in_order:
            self.refetched()

    def _take(self, row: dict[str, Any], reason: str | None) -> None:
        (key,) = self._keys
        over, clocks = row[self._STATE] in self._OVER, self._clocks_of(row)
        if self._heard.is_late(row[key], clocks) and (reason is None or self._is_known(row)):
            return
        self._heard.note(row[key], clocks, over=over)
        if over:
            self._delete([row], reason=reason)
        else:
            self._update([row], reason=reason)

    def _is_known(self, row: Mapping[str, Any]) -> bool:
        """Whether an order is here, or over: else an answer that is not new tells of it all the same."""
        (key,) = self._keys
        return self.get(row) is not None or self._heard.is_over(row[key])

    def _clocks_of(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return row

    def _proved(self, row: dict[str, Any]) -> dict[str, Any]:
        state = row.get(self._STATE)
        if state.__class__ is not int or (state not in self._ALIVE and state not in self._OVER):
            raise ProtocolError(f"{self.name}: an order in the unknown {self._STATE} {state!r}", str(row)[:200])
        if not isinstance(row.get("symbol"), str):
            raise ProtocolError(f"{self.name}: an order without a symbol", str(row)[:200])
        numbers(self.name, [row], self._SIZES)
        return row


class FuturesOrders(LiveOrders):
    """Live futures orders by ``orderId``, a text; ``state`` is 1 (not yet in the book) or 2 (open)."""

    _KEYS: ClassVar[Sequence[str]] = ("orderId",)
    _STATE = "state"
    _ALIVE = frozenset({1, 2})
    _OVER = frozenset({3, 4, 5})
    _SIZES = ("price", "vol", "dealVol", "remainVol", "dealAvgPrice")
    _CLOCKS = ("version", "updateTime", "dealVol")

    def _proved(self, row: dict[str, Any]) -> dict[str, Any]:
        return super()._proved(named(row, "orderId"))

    def answer(self, rows: Iterable[dict[str, Any]], query: Query) -> None:
        """Take a page of ``open_orders``: 20 orders, or as many as were asked for, at most 100."""
        most = min(count(query, "page_size", 20), 100)
        self.replace(rows, query.get("symbol"), page=count(query, "page_num", 1), most=most)


_STATUS = {"NEW": 1, "FILLED": 2, "PARTIALLY_FILLED": 3, "CANCELED": 4, "PARTIALLY_CANCELED": 5}
_SIDE = {"BUY": 1, "SELL": 2}
_TYPE = {"LIMIT": 1, "LIMIT_MAKER": 2, "IMMEDIATE_OR_CANCEL": 3, "FILL_OR_KILL": 4, "MARKET": 5}
_RENAMED = {
    "orderId": "id",
    "clientOrderId": "clientId",
    "price": "price",
    "origQty": "quantity",
    "executedQty": "cumulativeQuantity",
    "cummulativeQuoteQty": "cumulativeAmount",
    "time": "createTime",
    "updateTime": "updateTime",
}


class SpotOrders(LiveOrders):
    """Live spot orders by ``id``, as the stream writes them; ``status`` is 1 (not traded) or 3 (partly), ``tradeType`` 1
    (buy) or 2 (sell). ``updateTime`` is when MEXC sent the last word of it, in milliseconds."""

    _KEYS: ClassVar[Sequence[str]] = ("id",)
    _STATE = "status"
    _ALIVE = frozenset({1, 3})
    _OVER = frozenset({2, 4, 5})
    _SIZES = ("price", "quantity", "remainQuantity", "cumulativeQuantity")
    _CLOCKS = ("filled", "updateTime")

    def push(self, symbol: str, order: Mapping[str, Any], sent: Any) -> None:
        """Apply one push."""
        self.fold([{"symbol": symbol, **order, "updateTime": sent}])

    def answer(self, rows: Iterable[Mapping[str, Any]], query: Query) -> None:
        """Take ``openOrders`` as the truth."""
        self.replace([_streamed(row) for row in rows], query.get("symbol"))

    def _clocks_of(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"filled": float(row.get("cumulativeQuantity") or 0), "updateTime": row.get("updateTime")}

    def _proved(self, row: dict[str, Any]) -> dict[str, Any]:
        known = super()._proved(row)
        if not isinstance(known.get("id"), str) or not known["id"]:
            raise ProtocolError(f"{self.name}: an order without an id", str(row)[:200])
        return known


def _streamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order of REST with the names and numbers of the stream."""
    known = {ours: row[theirs] for theirs, ours in _RENAMED.items() if row.get(theirs) is not None}
    known |= {"symbol": row["symbol"], "status": _STATUS[row["status"]], "tradeType": _SIDE[row["side"]]}
    if row.get("type") in _TYPE:
        known["orderType"] = _TYPE[row["type"]]
    try:
        left = Decimal(row["origQty"]) - Decimal(row["executedQty"])
    except InvalidOperation:
        raise BadNumber("orders", "origQty", row["origQty"]) from None
    return {**named(known, "id"), "remainQuantity": f"{max(left, Decimal()):f}"}
