"""Phemex's account messages: accounts, orders and positions in one, of one family each; spot wallets with orders.

Rules
  1. A message is checked whole before any of it is applied.
  2. Each subscription begins with one snapshot for each account; what it does not name of its account is gone.
  3. After a lost connection the stores are `Stale` until every account that was known has had its snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection
from rxbotters.stores.feeding import feed_of
from rxbotters.stores.proofs import objects
from rxbotters_operators.events import Closed

from .account import Accounts, Fills, Positions, Wallets
from .checks import Item
from .orders import Orders

__all__ = ["PRIVATE", "Private"]

PRIVATE = frozenset({"accounts", "orders", "positions", "accounts_p", "orders_p", "positions_p", "wallets"})
"""Names that only account messages have."""

_Account = tuple[str, Any]  # family and account, or "wo" and user


class Private(DataStoreCollection):
    """The private side of `PhemexDataStore`."""

    def _init(self) -> None:
        self._fed_by: dict[_Account, Any] = {}
        self._awaited: set[_Account] = set()  # accounts whose connection was lost and whose snapshot has not come

    # ------------------------------------------------------------------ messages

    def _fold_account(self, msg: Mapping[str, Any]) -> None:
        orders = msg.get("orders")
        if "wallets" in msg or orders.__class__ is dict:
            self._fold_spot(msg)
        else:
            self._fold_family(msg, "p" if any(name.endswith("_p") for name in msg) else "")

    def _fold_family(self, msg: Mapping[str, Any], family: str) -> None:
        suffix = "_p" if family else ""
        accounts, orders, positions = (
            objects(msg.get(f"{name}{suffix}", [])) for name in ("accounts", "orders", "positions")
        )
        self.accounts.check(accounts)
        self.orders.check(orders)
        self.positions.check(positions)
        named = _values("accountID", accounts, orders, positions)
        self.accounts._update(accounts)
        if msg.get("type") == "snapshot":
            self.orders.whole(orders, family, named)
            self.positions.whole(positions, named)
            self._arrived({(family, account) for account in named})
        else:
            self.orders.fold(orders, family)
            self.positions.fold(positions)
        for account in named:
            self._fed_by[family, account] = self.feeding

    def _fold_spot(self, msg: Mapping[str, Any]) -> None:
        wallets, orders = objects(msg.get("wallets", [])), msg.get("orders", {})
        if orders.__class__ is not dict:
            raise ProtocolError(f"open, closed and filled orders were expected, not {str(orders)[:100]}")
        live, closed, fills = (objects(orders.get(name, [])) for name in ("open", "closed", "fills"))
        self.wallets.check(wallets)
        self.orders.check([*live, *closed])
        self.fills.check(fills)
        ended = [{**row, "ordStatus": _closed(row.get("ordStatus"))} for row in closed]
        named = _values("userID", wallets, live, closed)
        if msg.get("type") == "snapshot":
            self.wallets.whole(wallets, named)
            self.orders.whole([*ended, *live], "wo", named)
            self._arrived({("wo", user) for user in named})
        else:
            self.wallets.fold(wallets)
            self.orders.fold([*ended, *live], "wo")
        self.fills._insert(fills)
        for user in named:
            self._fed_by["wo", user] = self.feeding

    # ------------------------------------------------------------------ what was lost

    def onevent(self, event: Any) -> None:
        """Hear of a connection; when it ends, remember whose snapshots must come again."""
        before = set(self._feeds_of(event)) if isinstance(event, Closed) else set[_Account]()
        super().onevent(event)
        self._awaited |= before

    def release(self, feed: Any, error: Exception) -> None:
        """Wait for no snapshot of a connection that ended for good."""
        for account in [account for account, known in self._fed_by.items() if known is feed]:
            del self._fed_by[account]
            self._awaited.discard(account)
        super().release(feed, error)

    def _feeds_of(self, event: Closed) -> list[_Account]:
        feed = feed_of(event)
        return [account for account, known in self._fed_by.items() if feed is None or known is None or known is feed]

    def _arrived(self, accounts: set[_Account]) -> None:
        self._awaited -= accounts
        self._settle_private()

    def _settle_private(self) -> None:
        """Say that the private rows can be trusted again, once nothing is awaited."""
        if not self._awaited:
            for store in (self.accounts, self.orders, self.positions, self.wallets):
                store.refetched()

    # ------------------------------------------------------------------ stores

    @property
    def accounts(self) -> Accounts:
        """Trading accounts."""
        return self.get("accounts", Accounts)

    @property
    def orders(self) -> Orders:
        """Live orders of all families."""
        return self.get("orders", Orders)

    @property
    def positions(self) -> Positions:
        """Positions."""
        return self.get("positions", Positions)

    @property
    def wallets(self) -> Wallets:
        """Spot balances."""
        return self.get("wallets", Wallets)

    @property
    def fills(self) -> Fills:
        """Spot fills."""
        return self.get("fills", Fills)


def _values(field: str, *groups: Iterable[Item]) -> set[Any]:
    return {row[field] for rows in groups for row in rows if field in row}


def _closed(status: Any) -> Any:
    """Return the status of a closed order: whatever it is called, it does not trade any more."""
    return status if status in ("Filled", "Deactivated", "Rejected") else "Canceled"
