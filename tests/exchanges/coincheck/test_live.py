"""Coincheck over real sockets: the book and its snapshot, the login, nonces in the order they arrive, a cut."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from rxbotters import CoincheckDataStore, CoincheckPrivateDataStore
from rxbotters.clock import Clock
from rxbotters.errors import LoginRefused, RateLimited
from rxbotters.wire import loads
from rxbotters_operators.events import Authenticated, Live, Stale
from tests.exchanges.coincheck.test_stores import P, event, listed, placed, plain, ranged, rates
from tests.exchanges.common import example

KEY, SECRET = "canary-key-7f3a9c", "canary-secret-51d0e8"
QUICK = (0.01, 0.05, 1.5, 0.01)
KEYS: dict[str, Any] = {"apis": {"coincheck": [KEY, SECRET]}}


class Exchange:
    """Both streams and the REST api: every nonce must be larger than the one before it, whoever brings it."""

    def __init__(self) -> None:
        self.nonces: list[int] = []
        self.heard: list[Any] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.answers: dict[str, Any] = {}
        self.url = ""

    def prove(self, nonce: str, text: str, signature: str) -> bool:
        good = hmac.new(SECRET.encode(), f"{nonce}{text}".encode(), hashlib.sha256).hexdigest() == signature
        fresh = not self.nonces or int(nonce) > self.nonces[-1]
        self.nonces.append(int(nonce))
        return good and fresh

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        self.sockets.append(ws)
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                continue
            told = loads(message.data)
            self.heard.append(told)
            if told["type"] == "login":
                await ws.send_json({"channel": "execution-events", "id": len(self.sockets), "order_id": 1, "rate": "1"})
                good = self.prove(told["access_nonce"], "wss://stream.coincheck.com/private", told["access_signature"])
                answer = {"success": True, "available_channels": ["order-events"]}
                await ws.send_json(answer if good else {"success": False, "message": "Unauthorized"})

    async def http(self, request: web.Request, body: bytes) -> web.StreamResponse:
        headers = request.headers
        if "ACCESS-NONCE" in headers:
            url = f"{self.url}{request.raw_path}{body.decode()}"
            if not self.prove(headers["ACCESS-NONCE"], url, headers["ACCESS-SIGNATURE"]):
                return web.json_response({"success": False, "error": "Nonce must be incremented"}, status=401)
        answer = self.answers.get(request.path, {"success": True})
        return web.json_response(answer() if callable(answer) else answer)


@pytest.fixture
async def exchange(serve: Any) -> Any:
    exchange = Exchange()
    exchange.server = server = await serve(ws=exchange.ws, http=exchange.http)  # type: ignore[attr-defined]
    exchange.url = server.url
    return exchange


def hosts(server: Any, name: str) -> dict[str, Any]:
    return {"hosts": {server.host: name}}


# ---------------------------------------------------------------------- the public stream


@pytest.mark.parametrize("channel", ["orderbook", "limit-range-orderbook"])
async def test_the_book_and_a_cut(exchange: Any, until: Any, channel: str) -> None:
    """Defect 6, D10: ready means that the snapshot is there, though no diff ever came; a cut empties and fetches anew."""
    server = exchange.server
    plainly = channel == "orderbook"
    snapshots: list[dict[str, str]] = []

    def book() -> Any:
        version = str(len(snapshots) + 1)
        snapshots.append(dict(server.requests[-1]["headers"]))
        if plainly:
            return {"asks": [["101.0", version]], "bids": [["99.0", "1"]]}
        return ranged("100", upper=[("101.0", version, "0")], lower=[("99.0", "0", "1")])[1]

    exchange.answers["/api/order_books"] = book
    async with server.client(**KEYS, **hosts(server, "ws-api.coincheck.com")) as client:
        store = CoincheckDataStore()
        ws = client.ws_connect(
            server.ws_url,
            send_json={"type": "subscribe", "channel": f"{P}-{channel}"},
            hdlr_json=store.onmessage,
            backoff=QUICK,
            min_uptime=0,
        )
        await ws.ready()

        assert rates(store, "asks") == [("101.0", "1")]
        assert server.requests[0]["target"] == f"/api/order_books?pair={P}" + ("" if plainly else "&version=1.0")
        assert "ACCESS-KEY" not in snapshots[0]
        diff = plain(bids=[("98.0", "5")]) if plainly else ranged("101", lower=[("98.0", "0", "5")])
        await exchange.sockets[0].send_json(diff)
        await until(lambda: len(rates(store, "bids")) == 2)
        statuses: list[Any] = []
        store.orderbook.statuses.subscribe(statuses.append)

        await exchange.sockets[0].close()
        await until(lambda: len(exchange.sockets) == 2 and store.orderbook.status == Live())

        assert any(isinstance(status, Stale) for status in statuses)
        assert rates(store, "asks") == [("101.0", "2")]
        assert len(rates(store, "bids")) == 1
        assert len(exchange.heard) == 2


# ---------------------------------------------------------------------- the private stream


async def test_the_account_and_a_cut(exchange: Any, serve: Any, until: Any) -> None:
    """Nonces of logins and requests are one row; the open orders are asked for again after a loss."""
    rest, stream = exchange.server, await serve(ws=exchange.ws)
    exchange.answers["/api/exchange/orders"] = placed()
    exchange.answers["/api/exchange/orders/opens"] = {"success": True, "orders": []}
    names = {rest.host: "coincheck.com", stream.host: "stream.coincheck.com"}
    async with rest.client(**KEYS, hosts=names) as client:
        store = CoincheckPrivateDataStore()
        ws = client.ws_connect(
            stream.ws_url,
            send_json={"type": "subscribe", "channels": ["order-events", "execution-events"]},
            hdlr_json=store.onmessage,
            backoff=QUICK,
            min_uptime=0,
        )
        await ws.ready()
        await store.initialize(client.fetch("GET", "/api/exchange/orders/opens"))
        answer = await client.fetch("POST", "/api/exchange/orders", data={"pair": P, "rate": "1.0"})
        store.order.feed_response(answer.data)
        await exchange.sockets[0].send_json(event("PARTIALLY_FILL", filled="0.001"))
        await until(lambda: [row["pending_amount"] for row in store.order] == ["0.0054"])
        exchange.answers["/api/exchange/orders/opens"] = {"success": True, "orders": [listed(left="0.0034"), listed(9)]}

        await exchange.sockets[0].close()
        await until(lambda: len(exchange.sockets) == 2 and len(store.order) == 2)

        assert [row["pending_amount"] for row in store.order] == ["0.0034", "0.0064"]
        assert store.order.status == Live()
        assert len(exchange.nonces) == 5
        assert exchange.nonces == sorted(set(exchange.nonces))


async def test_the_login_over_the_socket(exchange: Any, until: Any) -> None:
    """C31, F37: what comes before its answer is delivered; the subscription follows it; each login has a larger nonce."""
    server = exchange.server
    async with server.client(**KEYS, **hosts(server, "stream.coincheck.com")) as client:
        store = CoincheckPrivateDataStore()
        events: list[Any] = []
        ws = client.ws_connect(
            server.ws_url,
            send_json={"type": "subscribe", "channels": ["order-events"]},
            hdlr_json=store.onmessage,
            backoff=QUICK,
            min_uptime=0,
        )
        ws.events.subscribe(events.append)
        await ws.ready()
        await until(lambda: len(store.execution) == 1)
        added = await ws.add(send_json={"type": "subscribe", "channels": ["execution-events"]})
        added.dispose()
        await until(lambda: {"type": "unsubscribe", "channels": ["execution-events"]} in exchange.heard)

        await exchange.sockets[0].close()
        await until(lambda: len(store.execution) == 2)
        await ws.ready()

        assert [told["type"] for told in exchange.heard[:2]] == ["login", "subscribe"]
        assert len(exchange.nonces) == 2
        assert exchange.nonces[0] < exchange.nonces[1]
        assert sum(isinstance(item, Authenticated) for item in events) == 2


async def test_a_refused_login_ends_the_connection(exchange: Any) -> None:
    """F35, defect 10."""
    server = exchange.server
    options = {"apis": {"coincheck": [KEY, "another"]}, **hosts(server, "stream.coincheck.com")}
    async with server.client(**options) as client:
        ws = client.ws_connect(server.ws_url, send_json={"type": "subscribe", "channels": ["order-events"]})
        ws.errors.subscribe(lambda error: None)
        with pytest.raises(LoginRefused, match="Unauthorized"):
            await ws.ready()

    assert [told["type"] for told in exchange.heard] == ["login"]


# ---------------------------------------------------------------------- nonces


def a_slow_start() -> aiohttp.TraceConfig:
    """Every other request leaves a little later than it was signed, as a new connection would make it."""
    trace = aiohttp.TraceConfig()
    started = 0

    async def hold_up(*_: Any) -> None:
        nonlocal started
        started += 1
        if started % 2:
            await asyncio.sleep(0.003)

    trace.on_request_start.append(hold_up)
    return trace


async def test_200_requests_at_once_arrive_in_the_order_of_their_nonces(exchange: Any) -> None:
    """F99, defect 7: not only different, but larger each time, as the exchange sees them."""
    server = exchange.server
    options = {"patience": 60.0, "trace_configs": [a_slow_start()]}
    async with server.client(**KEYS, **hosts(server, "coincheck"), **options) as client:
        results = await asyncio.gather(*(client.fetch("GET", f"/api/accounts/balance?n={n}") for n in range(200)))

    assert all(result.data == {"success": True} for result in results)
    assert len(exchange.nonces) == 200
    assert exchange.nonces == sorted(set(exchange.nonces))


async def test_a_request_that_may_not_wait_for_its_turn_is_not_sent(exchange: Any) -> None:
    """The turn is under the client's patience as every wait is."""
    server = exchange.server
    gate = asyncio.Event()
    trace = aiohttp.TraceConfig()

    async def hold_up(*_: Any) -> None:
        await gate.wait()

    trace.on_request_start.append(hold_up)
    options = {"patience": 0.01, "trace_configs": [trace]}
    async with server.client(**KEYS, **hosts(server, "coincheck"), **options) as client:
        first = asyncio.ensure_future(_get(client, "/api/accounts/balance"))
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await client.fetch("GET", "/api/accounts/balance")
        gate.set()
        assert (await first).ok

    assert len(exchange.nonces) == 1


async def test_the_clock_goes_back(exchange: Any) -> None:
    """F100."""
    server = exchange.server
    now = [1_700_000_000.0]
    async with server.client(**KEYS, **hosts(server, "coincheck"), clock=Clock(now=lambda: now[0])) as client:
        for step in (0.0, -5.0, 3600.0, -3600.0, 0.001):
            now[0] += step
            results = await asyncio.gather(*(client.fetch("GET", "/api/accounts/balance") for _ in range(5)))
            assert all(result.ok for result in results)

    assert exchange.nonces == sorted(set(exchange.nonces))
    assert exchange.nonces[-1] - 1_700_003_595_000 < 100


async def test_what_waits_for_its_turn_is_signed_after_the_wait(exchange: Any) -> None:
    """Orders wait under the limit of four a second; a request that overtakes them does not spoil their nonces."""
    server = exchange.server
    exchange.answers["/api/exchange/orders"] = placed()
    async with server.client(**KEYS, **hosts(server, "coincheck")) as client:
        orders = [asyncio.ensure_future(_place(client, number)) for number in range(6)]
        balance = await client.fetch("GET", "/api/accounts/balance")
        placed_ = await asyncio.gather(*orders)

    assert balance.ok
    assert all(result.ok for result in placed_)
    paths = [request["target"] for request in server.requests]
    assert paths.index("/api/accounts/balance") < len(paths) - 1
    assert exchange.nonces == sorted(set(exchange.nonces))


async def _place(client: Any, number: int) -> Any:
    return await client.fetch("POST", "/api/exchange/orders", data={"n": number})


async def test_an_answer_that_stays_away_does_not_hold_up_the_next(serve: Any) -> None:
    """A cancellation must not wait for a balance that hangs."""
    gate = asyncio.Event()
    seen: list[str] = []

    async def http(request: web.Request, body: bytes) -> web.StreamResponse:
        seen.append(request.path)
        if request.path == "/hangs":
            await gate.wait()
        return web.json_response({"success": True})

    server = await serve(http=http)
    async with server.client(**KEYS, **hosts(server, "coincheck")) as client:
        hanging = asyncio.ensure_future(_get(client, "/hangs"))
        await asyncio.sleep(0)
        result = await client.fetch("DELETE", "/api/exchange/orders/1")
        assert result.ok
        assert not hanging.done()
        gate.set()
        await hanging

    assert seen == ["/hangs", "/api/exchange/orders/1"]


async def _get(client: Any, path: str) -> Any:
    return await client.fetch("GET", path)


def test_the_example_of_the_documentation() -> None:
    printed = example("coincheck")

    assert printed[0].startswith("book")
    assert printed[-1].startswith("orders")
