"""Coincheck: the public book and an order's life, against a server inside this program."""

import asyncio
import json

from aiohttp import web

import rxbotters

BOOK = {"asks": [["5000100.0", "0.5"]], "bids": [["4999900.0", "0.2"]]}
DIFF = ["btc_jpy", {"asks": [["5000000.0", "0.1"]], "bids": [], "last_update_at": "1700000000"}]
ORDER = {"id": 7, "pair": "btc_jpy", "order_type": "buy", "rate": "4999900.0", "amount": "0.01"}
EVENT = {"channel": "order-events", "id": 7, "pair": "btc_jpy", "order_event": "PARTIALLY_FILL"}


class Exchange:
    """coincheck.com, ws-api.coincheck.com and stream.coincheck.com in one."""

    def __init__(self) -> None:
        self.account: web.WebSocketResponse | None = None

    async def public(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for _ in ws:
            await ws.send_json(DIFF)
        return ws

    async def private(self, request: web.Request) -> web.WebSocketResponse:
        self.account = ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            if json.loads(message.data)["type"] == "login":
                await ws.send_json({"success": True, "available_channels": ["order-events", "execution-events"]})
        return ws

    async def books(self, request: web.Request) -> web.Response:
        return web.json_response(BOOK)

    async def opens(self, request: web.Request) -> web.Response:
        return web.json_response({"success": True, "orders": []})

    async def order(self, request: web.Request) -> web.Response:
        """Answer, but let a fill be faster than the answer."""
        assert self.account is not None
        await self.account.send_json({**EVENT, "latest_executed_amount": "0.004"})
        return web.json_response({"success": True, **ORDER})

    async def cancel(self, request: web.Request) -> web.Response:
        assert self.account is not None
        await self.account.send_json({**EVENT, "order_event": "CANCEL"})
        return web.json_response({"success": True, "id": 7})


async def start(*routes: web.RouteDef) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"127.0.0.1:{runner.addresses[0][1]}"


async def main() -> None:
    exchange = Exchange()
    public, public_host = await start(web.get("/", exchange.public), web.get("/api/order_books", exchange.books))
    private, private_host = await start(web.get("/", exchange.private))
    rest, rest_host = await start(
        web.get("/api/exchange/orders/opens", exchange.opens),
        web.post("/api/exchange/orders", exchange.order),
        web.delete("/api/exchange/orders/7", exchange.cancel),
    )
    hosts = {
        public_host: "ws-api.coincheck.com",
        private_host: "stream.coincheck.com",
        rest_host: "coincheck.com",
    }
    async with rxbotters.Client({"coincheck": ["key", "secret"]}, f"http://{rest_host}", hosts=hosts) as client:
        store = rxbotters.CoincheckDataStore()
        ws = client.ws_connect(
            f"ws://{public_host}/",
            send_json={"type": "subscribe", "channel": "btc_jpy-orderbook"},
            hdlr_json=store.onmessage,
        )
        await ws.ready()  # the snapshot is fetched by itself
        best = store.orderbook.best("btc_jpy")
        print("book", best.bid["rate"], best.ask["rate"], store.orderbook.status_of("btc_jpy"))

        account = rxbotters.CoincheckPrivateDataStore()
        stream = client.ws_connect(
            f"ws://{private_host}/",
            send_json={"type": "subscribe", "channels": ["order-events", "execution-events"]},
            hdlr_json=account.onmessage,
        )
        await stream.ready()
        await account.initialize(client.fetch("GET", "/api/exchange/orders/opens"))
        account.order.changes.subscribe(lambda change: print(change.operation, change.data["pending_amount"]))
        placed = await client.fetch("POST", "/api/exchange/orders", data={"pair": "btc_jpy", "order_type": "buy"})
        account.order.feed_response(placed.data)
        while account.order.find()[0]["pending_amount"] != "0.006":
            await account.order.wait()
        await client.fetch("DELETE", "/api/exchange/orders/7")
        while account.order.find():
            await account.order.wait()
        print("orders", account.order.find())
    for runner in (public, private, rest):
        await runner.cleanup()


asyncio.run(main())
