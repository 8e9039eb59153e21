"""bitFlyer's REST interface over the simulated exchange; it verifies signatures and timestamps."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from rxbotters.errors import ProtocolError
from rxbotters.sim.engine import Refused
from rxbotters.sim.faults import Faults
from rxbotters.wire import dumps, hmac_sha256, loads

from . import wire
from .venue import Venue

__all__ = ["Rest"]

_WINDOW_MS = 30_000
_TIF = {"GTC": "GTC", "IOC": "IOC", "FOK": "FOK"}
_STATUS = {"Invalid size": -110, "Invalid price": -109, "Insufficient funds": -200, "Invalid product": -154}


class Problem(Exception):
    """An error in the exchange's own form."""

    def __init__(self, http: int, status: int, text: str) -> None:
        super().__init__(text)
        self.http, self.status, self.text = http, status, text


class Rest:
    """The HTTP side.

    Attributes:
        orders_received: (account, timestamp, signature) of every accepted ``sendchildorder``: a request that was sent
            twice stands here twice.
    """

    def __init__(self, venue: Venue, keys: Mapping[str, str], faults: Faults) -> None:
        self._venue = venue
        self._keys = keys
        self._faults = faults
        self.orders_received: list[tuple[str, str, str]] = []

    def routes(self) -> list[web.RouteDef]:
        """Return every endpoint."""
        public: dict[str, Callable[[web.Request], Any]] = {
            "ticker": self._ticker,
            "board": self._board,
            "executions": self._executions,
        }
        routes = [
            web.get(f"/v1/{prefix}{name}", self._public(run)) for name, run in public.items() for prefix in ("", "get")
        ]
        routes += [
            web.get("/v1/gethealth", self._public(lambda _: {"status": "NORMAL"})),
            web.get("/v1/getboardstate", self._public(lambda _: {"health": "NORMAL", "state": "RUNNING"})),
        ]
        private: dict[str, Callable[[str, web.Request], Any]] = {
            "getchildorders": self._child_orders,
            "getparentorders": lambda account, request: [],
            "getexecutions": self._own_executions,
            "getpositions": self._positions,
            "getcollateral": self._collateral,
            "getbalance": self._balance,
        }
        routes += [web.get(f"/v1/me/{name}", self._private(run)) for name, run in private.items()]
        acting: dict[str, Callable[[str, web.Request, dict[str, Any]], Any]] = {
            "sendchildorder": self._send,
            "cancelchildorder": self._cancel,
            "cancelallchildorders": self._cancel_all,
        }
        return routes + [web.post(f"/v1/me/{name}", self._acting(run)) for name, run in acting.items()]

    # ------------------------------------------------------------------ doors

    def _public(self, run: Callable[[web.Request], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return self._respond(lambda: run(request))

        return handle

    def _private(self, run: Callable[[str, web.Request], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            return self._respond(lambda: run(self._account(request, body), request))

        return handle

    def _acting(
        self, run: Callable[[str, web.Request, dict[str, Any]], Any]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()

            def answer() -> Any:
                account = self._account(request, body)
                try:
                    order: Any = loads(body) if body else {}
                except ProtocolError:
                    raise Problem(400, -1, "Invalid JSON") from None
                return run(account, request, order if hasattr(order, "get") else {})

            return self._respond(answer)

        return handle

    def _respond(self, answer: Callable[[], Any]) -> web.Response:
        if self._faults.rest_status is not None:
            status, headers = self._faults.rest_status
            self._faults.happened["rest_status"] += 1
            return web.Response(status=status, headers=dict(headers), text="<html>maintenance</html>")
        try:
            value = answer()
        except Problem as problem:
            text = dumps({"status": problem.status, "error_message": problem.text, "data": None})
            return web.Response(status=problem.http, text=text, content_type="application/json")
        if value is None:
            return web.Response()
        return web.Response(text=dumps(value), content_type="application/json")

    def _account(self, request: web.Request, body: bytes) -> str:
        """Return the account that signed a request."""
        key = request.headers.get("ACCESS-KEY", "")
        stamp = request.headers.get("ACCESS-TIMESTAMP", "")
        secret = self._keys.get(key)
        if secret is None:
            raise Problem(401, -500, "Key not found")
        wanted = hmac_sha256(secret.encode(), f"{stamp}{request.method}{request.raw_path}".encode() + body)
        if not hmac.compare_digest(wanted, request.headers.get("ACCESS-SIGN", "")):
            raise Problem(401, -205, "Invalid signature")
        if not stamp.isdigit() or abs(int(stamp) - self._venue.clock() * 1000) > _WINDOW_MS:
            raise Problem(401, -205, "Invalid timestamp")
        return key

    # ------------------------------------------------------------------ public

    def _product(self, values: Mapping[str, Any]) -> str:
        product = str(values.get("product_code", "BTC_JPY"))
        if product not in self._venue.engine.products:
            raise Problem(400, -154, "Invalid product")
        return product

    def _ticker(self, request: web.Request) -> Any:
        product = self._product(request.query)
        return wire.ticker(self._venue.engine, self._venue.engine.products[product], 0, self._venue.clock())

    def _board(self, request: web.Request) -> Any:
        return self._venue.snapshot(self._product(request.query))

    def _executions(self, request: web.Request) -> Any:
        product = self._product(request.query)
        return _page([wire.execution(fill) for fill in self._venue.engine.fills if fill.product == product], request)

    # ------------------------------------------------------------------ private

    def _child_orders(self, account: str, request: web.Request) -> Any:
        product = self._product(request.query)
        state = request.query.get("child_order_state")
        wanted = request.query.get("child_order_acceptance_id")
        rows = [
            wire.order_row(order)
            for order in self._venue.history.get(account, [])
            if order.product == product
            and (state is None or order.state == state)
            and (wanted is None or order.id == wanted)
        ]
        return _page(rows, request)

    def _own_executions(self, account: str, request: web.Request) -> Any:
        product = self._product(request.query)
        rows = [
            {
                "id": fill.id,
                "child_order_id": order.id.replace("JRF", "JOR"),
                "side": order.side,
                "price": wire.num(fill.price),
                "size": wire.num(fill.size),
                "commission": wire.num(fill.size * self._venue.engine.products[product].fee),
                "exec_date": wire.iso(fill.time),
                "child_order_acceptance_id": order.id,
            }
            for fill in self._venue.own_fills.get(account, [])
            if fill.product == product
            for order in (fill.taker, fill.maker)
            if order.account == account
        ]
        return _page(rows, request)

    def _positions(self, account: str, request: web.Request) -> Any:
        product = self._product({"product_code": "FX_BTC_JPY", **request.query})
        holder = self._venue.engine.accounts[account]
        return [
            {
                "product_code": product,
                "side": lot.side,
                "price": wire.num(lot.price),
                "size": wire.num(lot.size),
                "commission": 0,
                "swap_point_accumulate": 0,
                "require_collateral": wire.num(lot.price * lot.size / 2),
                "open_date": wire.iso(self._venue.clock()),
                "leverage": 2,
                "pnl": 0,
                "sfd": 0,
            }
            for lot in holder.lots.get(product, ())
        ]

    def _collateral(self, account: str, request: web.Request) -> Any:
        holder = self._venue.engine.accounts[account]
        engine = self._venue.engine
        pnl = sum((holder.unrealised(code, engine.last.get(code, Decimal(0))) for code in holder.lots), Decimal(0))
        return {
            "collateral": wire.num(holder.money.get("JPY", Decimal(0))),
            "open_position_pnl": wire.num(pnl),
            "require_collateral": 0,
            "keep_rate": 0,
        }

    def _balance(self, account: str, request: web.Request) -> Any:
        money = self._venue.engine.accounts[account].money
        return [
            {"currency_code": currency, "amount": wire.num(amount), "available": wire.num(amount)}
            for currency, amount in money.items()
        ]

    # ------------------------------------------------------------------ acting

    def _send(self, account: str, request: web.Request, order: dict[str, Any]) -> Any:
        product = self._product(order)
        side, kind = order.get("side"), order.get("child_order_type")
        tif = _TIF.get(str(order.get("time_in_force", "GTC")))
        if side not in ("BUY", "SELL") or kind not in ("LIMIT", "MARKET") or tif is None:
            raise Problem(400, -208, "Order is not accepted. Please check side, child_order_type, time_in_force")
        try:
            size = Decimal(str(order.get("size")))
            price = Decimal(str(order.get("price"))) if kind == "LIMIT" else None
        except InvalidOperation:
            raise Problem(400, -208, "Invalid price or size") from None
        order_id, events = self._venue.place(account, product, side, size, price, tif)  # type: ignore[arg-type]
        refusal = next((event for event in events if isinstance(event, Refused)), None)
        if refusal is not None:
            raise Problem(400, _STATUS.get(refusal.reason, -208), refusal.reason)
        self.orders_received.append((account, request.headers["ACCESS-TIMESTAMP"], request.headers["ACCESS-SIGN"]))
        return {"child_order_acceptance_id": order_id}

    def _cancel(self, account: str, request: web.Request, order: dict[str, Any]) -> Any:
        wanted = str(order.get("child_order_acceptance_id") or str(order.get("child_order_id")).replace("JOR", "JRF"))
        events = self._venue.cancel(account, self._product(order), wanted)
        if isinstance(events[0], Refused):
            raise Problem(400, -111, "Order not found")

    def _cancel_all(self, account: str, request: web.Request, order: dict[str, Any]) -> Any:
        self._venue.cancel(account, self._product(order), None)


def _page(rows: list[dict[str, Any]], request: web.Request) -> list[dict[str, Any]]:
    """Cut a list as ``count``, ``before`` and ``after`` ask; the newest first."""
    query = request.query
    before, after = query.get("before"), query.get("after")
    count = int(query.get("count", "100"))
    kept = [
        row
        for row in reversed(rows)
        if (before is None or row["id"] < int(before)) and (after is None or row["id"] > int(after))
    ]
    return kept[:count]
