"""Bybit's REST answers: listings that come page by page, balances, and the full order book."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStoreCollection
from rxbotters.stores.proofs import objects
from rxbotters.stores.response import read_response
from rxbotters.wire import fields

from .account import Executions, Positions, Wallet
from .checks import Item
from .orders import Orders
from .paging import is_last
from .topics import ACCOUNT

__all__ = ["FULL_BOOK", "Listings", "result_of"]

Fetch = Callable[..., Awaitable[Any]]
Answer = tuple[str, Any, Mapping[str, str]]

_ORDERS, _POSITIONS, _WALLET = "/v5/order/realtime", "/v5/position/list", "/v5/account/wallet-balance"
FULL_BOOK = "/v5/market/full_orderbook"
_PAGES = 200  # of one listing, at most


class Listings(DataStoreCollection):
    """What `BybitDataStore` takes from REST."""

    def _init(self) -> None:
        self._again: dict[str, Callable[[], Awaitable[None]]] = {}

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {
            _ORDERS: lambda body, query: self.order.replace(*_page(body, query)),
            _POSITIONS: lambda body, query: self.position.replace(*_page(body, query)),
            _WALLET: lambda body, query: self.wallet.replace(_page(body, query)[0], query),
        }

    def _refusal(self, body: Any) -> str | None:
        answer = fields(body)
        return f"{answer.get('retMsg')} (code {answer['retCode']})" if answer.get("retCode", 0) != 0 else None

    def _holds(self, msg: Any) -> bool:
        topic = fields(msg).get("topic")
        return isinstance(topic, str) and topic.partition(".")[0] in ACCOUNT

    def _repeats(self, path: str) -> bool:
        return path != FULL_BOOK

    def _remember(self, aws: Iterable[Any], ready: Iterable[tuple[str, Any, Mapping[str, str]]]) -> None:
        first = [(pending, answer) for pending, answer in zip(aws, ready, strict=True) if not answer[2].get("cursor")]
        super()._remember([pending for pending, _ in first], [answer for _, answer in first])

    async def refresh(self, fetch: Fetch, category: str, **scope: str) -> None:
        """Make live orders, positions and wallet exactly what the exchange says: all pages, again after a reconnection.

        Events that arrive meanwhile wait and are folded afterwards.

        Args:
            fetch: ``client.fetch``.
            category: ``"linear"``, ``"inverse"``, ``"option"`` or ``"spot"``, which has no positions.
            scope: ``symbol``, ``baseCoin`` or ``settleCoin``; linear needs one of them.

        Raises:
            VenueError: The exchange answered with an error; nothing was applied.
            SnapshotError: A body is not what the endpoint promises.
        """
        listings = [(_ORDERS, 50)] if category == "spot" else [(_ORDERS, 50), (_POSITIONS, 200)]
        era = self._begin_initialize()
        try:
            answers = [
                answer
                for path, limit in listings
                async for answer in self._pages(fetch, path, {"category": category, **scope, "limit": str(limit)})
            ]
            wallet = fetch("GET", _WALLET, params={"accountType": "UNIFIED"})
            answers.append(await read_response(await wallet, self._routes(), self._refusal))
            self._apply_all(answers, era)
        finally:
            self._end_initialize()
        name = f"refresh {category} {sorted(scope.items())}"
        self._again[name] = lambda: self.refresh(fetch, category, **scope)
        self._remembered[name] = wallet

    async def _pages(self, fetch: Fetch, path: str, params: dict[str, str]) -> AsyncIterator[Answer]:
        for _ in range(_PAGES):
            answer = await read_response(await fetch("GET", path, params=params), self._routes(), self._refusal)
            yield answer
            rows, _, _, cursor = _page(answer[1], answer[2])
            if is_last(params, len(rows), cursor):
                return
            params = {**params, "cursor": cursor}
        raise SnapshotError(path, f"there are more than {_PAGES} pages: ask for less at once")

    async def reinitialize(self) -> dict[str, int]:
        """Repeat what filled the private stores: the requests given to `initialize`, and each `refresh`.

        Raises:
            VenueError, SnapshotError: As `initialize`.
        """
        single = [pending for name, pending in self._remembered.items() if name not in self._again]
        summary = await self.initialize(*single) if single else {}
        for again in list(self._again.values()):
            await again()
        return summary

    # ------------------------------------------------------------------ stores

    @property
    def position(self) -> Positions:
        """Positions."""
        return self.get("position", Positions)

    @property
    def order(self) -> Orders:
        """Live orders."""
        return self.get("order", Orders)

    @property
    def wallet(self) -> Wallet:
        """Balances."""
        return self.get("wallet", Wallet)

    @property
    def execution(self) -> Executions:
        """Fills."""
        return self.get("execution", Executions)


def result_of(body: Any) -> dict[str, Any]:
    """Return what an answer says.

    Raises:
        SnapshotError: It says nothing.
    """
    result: Any = body.get("result") if body.__class__ is dict else None
    if result.__class__ is not dict:
        raise SnapshotError("Bybit", f"an object with a result was expected, not {str(body)[:100]}")
    return result  # type: ignore[no-any-return, unused-ignore]


def _page(body: Any, query: Mapping[str, str]) -> tuple[Sequence[Item], Mapping[str, str], str | None, str]:
    """Return (rows, query, category, cursor of the next page) of a listing."""
    result = result_of(body)
    try:
        rows = objects(result.get("list"))
    except TypeError as error:
        raise SnapshotError("Bybit", str(error)) from None
    category = query.get("category") or result.get("category")
    cursor = str(result.get("nextPageCursor") or "")
    return rows, query, category if isinstance(category, str) else None, cursor
