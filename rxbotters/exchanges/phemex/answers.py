"""Phemex's REST answers: klines, and the seeds of orders, positions, accounts and wallets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rxbotters.errors import SnapshotError
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields
from rxbotters_operators.events import Stale

from .market import Klines
from .private import PRIVATE, Private

__all__ = ["Answers"]

Query = Mapping[str, str]

_KLINES = "/exchange/public/md"
_NOT_FOUND = 10002  # there are no such orders


class Answers(Private):
    """What `PhemexDataStore` takes from REST."""

    def _routes(self) -> Mapping[str, Callable[[Any, Query], None]]:
        def orders(family: str) -> Callable[[Any, Query], None]:
            return lambda body, query: self._replace_orders(body, query, family)

        return {
            **{
                f"{_KLINES}{path}": self._replace_klines
                for path in ("/kline", "/v2/kline", "/v2/kline/last", "/v2/kline/list")
            },
            "/orders/activeList": orders(""),
            "/g-orders/activeList": orders("p"),
            "/spot/orders": orders("wo"),
            **{
                f"/{kind}/{path}": self._replace_positions
                for kind in ("accounts", "g-accounts")
                for path in ("accountPositions", "positions")
            },
            "/spot/wallets": self._replace_wallets,
        }

    def _refusal(self, body: Any) -> str | None:
        answer = fields(body)
        if answer.get("code", 0) in (0, _NOT_FOUND):
            return None
        return f"{answer.get('msg')} (code {answer.get('code')})"

    def _holds(self, msg: Any) -> bool:
        return not PRIVATE.isdisjoint(fields(msg))

    def _replace_klines(self, body: Any, query: Query) -> None:
        data = _data(body)
        rows: Any = data.get("rows") if data.__class__ is dict else None
        if rows.__class__ is not list:
            raise SnapshotError("klines", f"a list of rows was expected, not {str(data)[:100]}")
        symbol = query.get("symbol")
        if symbol is None:
            raise SnapshotError("klines", "the request names no symbol, so nobody knows whose klines these are")
        self.kline.message(symbol, rows)

    def _replace_orders(self, body: Any, query: Query, family: str) -> None:
        data: Any = {} if body.__class__ is dict and body.get("code") == _NOT_FOUND else _data(body)
        listing: dict[str, Any] = data if data.__class__ is dict else {"rows": data}
        more = listing.get("nextPageArg")
        rows = objects(listing.get("rows", []))
        self.orders.replace(rows, family, None if more else query.get("symbol"))
        if more:
            self.orders._set_status(Stale("there are more live orders than this answer holds"))
        else:
            self._settle_private()

    def _replace_positions(self, body: Any, query: Query) -> None:
        data = _data(body)
        if data.__class__ is not dict:
            raise SnapshotError("positions", f"an account and its positions were expected, not {str(data)[:100]}")
        account: Any = data.get("account")
        if account.__class__ is not dict:
            raise SnapshotError("positions", f"an account was expected, not {str(account)[:100]}")
        number = account.get("accountID", account.get("accountId"))
        accounts = [{**{name: value for name, value in account.items() if name != "accountId"}, "accountID": number}]
        positions = objects(data.get("positions", []))
        self.accounts.check(accounts)
        self.positions.check(positions)
        self.accounts._update(accounts, reason="resync")
        named = {number, *(row["accountID"] for row in positions if "accountID" in row)}
        self.positions.whole(positions, named, query.get("symbol"))
        self._settle_private()

    def _replace_wallets(self, body: Any, query: Query) -> None:
        self.wallets.replace(objects(_data(body)))
        self._settle_private()

    @property
    def kline(self) -> Klines:
        """Klines."""
        return self.get("kline", Klines)


def _data(body: Any) -> Any:
    if body.__class__ is not dict or "data" not in body or body.get("code", 0) != 0:
        raise SnapshotError("Phemex", f"an object with data was expected, not {str(body)[:100]}")
    return body["data"]
