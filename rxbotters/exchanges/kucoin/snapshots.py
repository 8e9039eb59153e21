"""What REST answers make of KuCoin's stores: snapshots, and the url of a token."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

from yarl import URL

from rxbotters.errors import ConfigError
from rxbotters.stores import OrderBook
from rxbotters.stores.collection import Route
from rxbotters.stores.proofs import objects

from .orders import is_futures
from .rooms import Rooms
from .tokens import refusal, token_of, url_of

__all__ = ["EndpointUnknown", "Snapshots"]

_FUTURES = "api-futures.kucoin.com"
_PAGES = frozenset({"symbol", "status", "tradeType", "currentPage", "pageSize", "pageNum"})
"""Query fields beside which an answer still lists every live order asked for."""
_FETCHED = ("/bullet-public", "/bullet-private", "/level2", "/snapshot", "/candles")


class EndpointUnknown(ConfigError, RuntimeError):
    """``store.endpoint`` was read before `initialize` was given the answer that tells it."""


class Snapshots(Rooms):
    """The stores, filled by `initialize`."""

    _SIGNED_SNAPSHOTS = True  # the whole spot book is a private request

    def _init(self) -> None:
        super()._init()
        self._endpoint: str | None = None

    def _routes(self) -> Mapping[str, Route]:
        return {
            "/api/v1/bullet-public": self._bullet,
            "/api/v1/bullet-private": self._bullet,
            "/api/v1/market/candles": self._candles,
            "/api/v3/market/orderbook/level2": self._level2,
            "/api/v1/level2/snapshot": self._level2,
            "/api/v1/positions": self._positions,
            "/api/v1/position": self._positions,
            "/api/v2/position": self._positions,
            "/api/v1/accounts": lambda body, query: self.balance.replace(objects(body["data"]), query),
            "/api/v1/orders": self._orders(status="done"),
            "/api/v1/hf/orders/active": self._orders(),
            "/api/v1/hf/orders/active/page": self._orders(),
            "/api/v1/stop-order": self._orders(stop=True),
            f"{_FUTURES}/api/v1/orders": self._orders(status="done", futures=True),
            "/api/v1/stopOrders": self._orders(stop=True, futures=True),
        }

    def _bullet(self, body: Any, query: Mapping[str, str]) -> None:
        self._endpoint = url_of(body, hashlib.sha256(token_of(body).encode()).hexdigest()[:32])

    def _candles(self, body: Any, query: Mapping[str, str]) -> None:
        self.kline.fold(query["symbol"], query["type"], body["data"], None)

    def _level2(self, body: Any, query: Mapping[str, str]) -> None:
        self.orderbook.snapshot(query["symbol"], body["data"])

    def _positions(self, body: Any, query: Mapping[str, str]) -> None:
        data = body["data"]
        self.positions.replace(objects([data] if isinstance(data, dict) else data), query)

    def _orders(self, *, status: str = "active", stop: bool = False, futures: bool = False) -> Route:
        """Return the route of an endpoint that lists orders of ``status`` unless the query asks for another."""

        def route(body: Any, query: Mapping[str, str]) -> None:
            data = body["data"]
            page = cast("dict[str, Any]", data if isinstance(data, dict) else {"items": data})
            active = query.get("status", status) == "active"
            whole = active and int(page.get("totalPage", 1)) <= 1 and _PAGES.issuperset(query)
            self.orders.replace(objects(page["items"]), query, stop=stop, futures=futures, whole=whole)

        return route

    def _repeats(self, path: str) -> bool:
        return not path.endswith(_FETCHED)

    def _refusal(self, body: Any) -> str | None:
        return refusal(body)

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: URL) -> tuple[str, Mapping[str, str]] | None:
        path = "/api/v1/level2/snapshot" if is_futures(symbol) else "/api/v3/market/orderbook/level2"
        return (path, {"symbol": symbol}) if book is self.orderbook else None

    def _rest(self, url: URL) -> str:
        return f"https://{_FUTURES}" if "futures" in (url.host or "") else "https://api.kucoin.com"

    @property
    def endpoint(self) -> str:
        """The WebSocket url of the last ``bullet-public`` or ``bullet-private`` answer given to `initialize`.

        Its token dies after 24 hours, and it is the same for every connection: `Client.lease` has neither limit.

        Raises:
            EndpointUnknown: There was no such answer; also a `RuntimeError`.
        """
        if self._endpoint is None:
            raise EndpointUnknown(
                'no endpoint yet: await store.initialize(client.post("/api/v1/bullet-public")), or connect to '
                'client.lease("kucoin.public")'
            )
        return self._endpoint
