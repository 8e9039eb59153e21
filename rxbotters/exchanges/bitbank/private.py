"""bitbank's account: orders, balances and margin, folded from the events of the private stream.

Source: bitbankinc/bitbank-api-docs, ``private-stream.md``, ``rest-api.md`` (2025-12-25).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from rxbotters.stores import DataStore, DataStoreCollection
from rxbotters.stores.proofs import objects, sizes

from .account import Asset, MarginNotice, MarginPayable, MarginPosition
from .orders import SpotOrder
from .session import error_text

__all__ = ["Log", "bitbankPrivateDataStore"]

Fold = Callable[[Any], None]


class Log(DataStore):
    """Events by their id, oldest first."""


class bitbankPrivateDataStore(DataStoreCollection):
    """The private stores of bitbank, fed by `rxbotters.helpers.bitbank`.

    Example:
        >>> store = bitbankPrivateDataStore()
        >>> store.onmessage({"method": "asset_update", "params": [{"asset": "xrp", "free_amount": "1.5"}]})
        >>> store.asset.find()
        [{'asset': 'xrp', 'free_amount': '1.5'}]
    """

    def _init(self) -> None:
        self.create("asset", datastore_class=Asset)
        self.create("spot_order", datastore_class=SpotOrder)
        self.create("spot_trade", keys=["trade_id"], datastore_class=Log)
        self.create("dealer_order", keys=["order_id"], datastore_class=Log)
        self.create("withdrawal", keys=["uuid"], datastore_class=Log)
        self.create("deposit", keys=["uuid"], datastore_class=Log)
        self.create("margin_position", datastore_class=MarginPosition)
        self.create("margin_payable", datastore_class=MarginPayable)
        self.create("margin_notice", datastore_class=MarginNotice)
        self._folds: dict[str, Fold] = {
            "asset_update": lambda rows: self.asset._update(objects(rows)),
            "spot_order_new": lambda rows: self.spot_order.fold(objects(rows)),
            "spot_order": lambda rows: self.spot_order.fold(objects(rows)),
            "spot_order_invalidation": self._invalidate,
            "spot_trade": self._trades,
            "dealer_order_new": lambda rows: self.dealer_order._update(objects(rows)),
            "withdrawal": lambda rows: self.withdrawal._update(objects(rows)),
            "deposit": lambda rows: self.deposit._update(objects(rows)),
            "margin_position_update": lambda rows: self.margin_position.fold(objects(rows)),
            "margin_payable_update": self._payables,
            "margin_notice_update": lambda rows: self.margin_notice._insert(objects(rows)),
        }

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        method = msg["method"]
        fold = self._folds.get(method)
        if fold is None:
            self._unhandled(str(method))
            return
        fold(msg["params"])

    def _invalidate(self, params: Any) -> None:
        ids = params["order_id"]
        self.spot_order.invalidate(ids if isinstance(ids, list) else [ids])  # pyright: ignore[reportUnknownArgumentType]

    def _trades(self, params: Any) -> None:
        rows = objects(params)
        for row in rows:
            sizes("spot_trade", row, ("price", "amount"))
        self.spot_trade._update(rows)

    def _payables(self, params: Any) -> None:
        rows = objects(params)
        for row in rows:
            sizes("margin_payable", row, ("amount",))
        for row in rows[-1:]:
            self.margin_payable.put(row)

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {
            "/v1/user/assets": lambda body, query: self.asset.replace(_listed(body, "assets", "asset")),
            "/v1/user/spot/active_orders": lambda body, query: self.spot_order.replace(
                _listed(body, "orders", "order_id", "status"), query
            ),
            "/v1/user/margin/positions": lambda body, query: self._margin(body),
        }

    def _margin(self, body: Any) -> None:
        positions = _listed(body, "positions", "pair", "position_side")
        data = body["data"]
        payables, notice = data.get("payables"), data.get("notice")
        self.margin_position.replace(positions)
        if isinstance(payables, dict) and "amount" in payables:
            self.margin_payable.put(cast("dict[str, Any]", payables), reason="resync")
        self.margin_payable.refetched()
        if isinstance(notice, dict):
            self.margin_notice.learn(cast("dict[str, Any]", notice))

    def _refusal(self, body: Any) -> str | None:
        return error_text(body)

    # ------------------------------------------------------------------ stores

    @property
    def asset(self) -> Asset:
        """Balances."""
        return self.get("asset", Asset)

    @property
    def spot_order(self) -> SpotOrder:
        """Live orders."""
        return self.get("spot_order", SpotOrder)

    @property
    def spot_trade(self) -> Log:
        """Own trades."""
        return self.get("spot_trade", Log)

    @property
    def dealer_order(self) -> Log:
        """Orders at the dealer's price."""
        return self.get("dealer_order", Log)

    @property
    def withdrawal(self) -> Log:
        """Withdrawals and how far they are."""
        return self.get("withdrawal", Log)

    @property
    def deposit(self) -> Log:
        """Deposits and how far they are."""
        return self.get("deposit", Log)

    @property
    def margin_position(self) -> MarginPosition:
        """Margin positions."""
        return self.get("margin_position", MarginPosition)

    @property
    def margin_payable(self) -> MarginPayable:
        """What must be paid."""
        return self.get("margin_payable", MarginPayable)

    @property
    def margin_notice(self) -> MarginNotice:
        """Margin calls."""
        return self.get("margin_notice", MarginNotice)


def _listed(body: Any, name: str, *fields: str) -> list[dict[str, Any]]:
    """Return the rows of a REST answer, each with these fields, which can be keys.

    Raises:
        LookupError, TypeError: It holds no list of that name, or a row lacks a field.
    """
    rows = objects(body["data"][name])
    for row in rows:
        for field in fields:
            hash(row[field])
    return rows
