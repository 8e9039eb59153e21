"""GMO Coin: watch a book, place an order, see it open and cancelled. Runs against a server of its own; no keys, no network.

To run it against GMO Coin, leave out `hosts` and the `base` of the lease, and put your keys into apis.json.
"""

import asyncio
import json

from aiohttp import web

import rxbotters

SYMBOL = "BTC_JPY"
LEVELS = {"asks": [{"price": "15000100", "size": "0.1"}], "bids": [{"price": "15000000", "size": "0.3"}]}


def order(status, kind):
    return {
        "channel": "orderEvents",
        "orderId": 123456789,
        "symbol": SYMBOL,
        "side": "BUY",
        "orderStatus": status,
        "orderPrice": "15000000",
        "orderSize": "0.01",
        "orderExecutedSize": "0",
        "orderTimestamp": "2025-11-25T02:15:06.081Z",
        "msgType": kind,
    }


class Venue:
    """As much of GMO Coin as this program needs."""

    def __init__(self):
        self.subscribed = asyncio.Event()

    async def token(self, request):
        return web.json_response({"status": 0, "data": "example"})

    async def place(self, request):
        await self.subscribed.wait()
        await self.private.send_json(order("ORDERED", "NOR"))
        return web.json_response({"status": 0, "data": "123456789"})

    async def cancel(self, request):
        await self.private.send_json(order("CANCELED", "COR"))
        return web.json_response({"status": 0})

    async def socket(self, request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for frame in ws:
            command = json.loads(frame.data)
            if command["channel"] == "orderbooks":
                book = {"channel": "orderbooks", "symbol": command["symbol"], "timestamp": "2025-11-25T02:15:06.081Z"}
                await ws.send_json({**book, **LEVELS})
            else:
                self.private = ws
                self.subscribed.set()
        return ws


async def trade(client, host):
    store = rxbotters.GMOCoinDataStore()
    store.orders.changes.subscribe(lambda change: print("order", change.operation, change.data["price"]))
    public = client.ws_connect(
        f"ws://{host}/ws/public/v1",
        send_json={"command": "subscribe", "channel": "orderbooks", "symbol": SYMBOL},
        hdlr_json=store.onmessage,
    )
    await public.ready()
    best = store.orderbooks.best(SYMBOL)
    print("best", best.ask["price"], best.bid["price"])

    private = client.ws_connect(
        client.lease("gmocoin.private", base=f"http://{host}"),
        send_json={"command": "subscribe", "channel": "orderEvents"},
        hdlr_json=store.onmessage,
    )
    await private.ready()  # one command a second is sent: this one waits for its turn
    placed = {"symbol": SYMBOL, "side": "BUY", "executionType": "LIMIT", "price": "15000000", "size": "0.01"}
    result = await client.fetch("POST", "/private/v1/order", data=placed)
    print("placed", result.data["data"])
    with store.orders.watch() as changes:
        await client.fetch("POST", "/private/v1/cancelOrder", data={"orderId": int(result.data["data"])})
        async for change in changes:
            if change.operation == "delete":
                break
    print("open orders:", len(store.orders))


async def main():
    venue = Venue()
    app = web.Application()
    app.router.add_post("/private/v1/ws-auth", venue.token)
    app.router.add_post("/private/v1/order", venue.place)
    app.router.add_post("/private/v1/cancelOrder", venue.cancel)
    app.router.add_get("/ws/{tail:.*}", venue.socket)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    apis = {"gmocoin": ["key", "secret"]}
    async with rxbotters.Client(apis=apis, base_url=f"http://{host}", hosts={host: "gmocoin"}) as client:
        await trade(client, host)
    await runner.cleanup()


asyncio.run(main())
