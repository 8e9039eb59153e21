"""KuCoin: watch a book, place an order, see it open and filled. Runs against a server of its own; no keys, no network.

To run it against KuCoin, leave out `hosts` and the `base` of the lease, and put your keys into apis.json.
"""

import asyncio
import json

from aiohttp import web

import rxbotters

SYMBOL = "BTC-USDT"


def message(topic, data):
    return {"type": "message", "topic": topic, "subject": "example", "data": data}


def order(kind, filled, left):
    return {
        "orderId": "6720ecd9ec71", "symbol": SYMBOL, "side": "buy", "type": kind, "price": "67996",
        "size": "0.001", "filledSize": filled, "remainSize": left,
    }  # fmt: skip


class Venue:
    """As much of KuCoin as this program needs."""

    async def token(self, request):
        server = {"endpoint": f"ws://{request.host}/ws", "pingInterval": 18000, "pingTimeout": 10000}
        return web.json_response({"code": "200000", "data": {"token": "example", "instanceServers": [server]}})

    async def place(self, request):
        for event in (order("open", "0", "0.001"), order("match", "0.0004", "0.0006"), order("filled", "0.001", "0")):
            await self.ws.send_json(message("/spotMarket/tradeOrdersV2", event))
        return web.json_response({"code": "200000", "data": {"orderId": "6720ecd9ec71"}})

    async def socket(self, request):
        self.ws = web.WebSocketResponse()
        await self.ws.prepare(request)
        await self.ws.send_json({"id": request.query["connectId"], "type": "welcome"})
        async for frame in self.ws:
            asked = json.loads(frame.data)
            await self.ws.send_json({"id": str(asked["id"]), "type": "pong" if asked["type"] == "ping" else "ack"})
            if "Depth50" in asked.get("topic", ""):
                levels = {"asks": [["67996.7", "1.1"]], "bids": [["67996.6", "0.3"]], "timestamp": 1729822226746}
                await self.ws.send_json(message(asked["topic"], levels))
        return self.ws


async def trade(client, base):
    store = rxbotters.KuCoinDataStore()
    store.orders.changes.subscribe(lambda change: print("order", change.operation, change.data["remainSize"]))
    topics = {f"/spotMarket/level2Depth50:{SYMBOL}": False, "/spotMarket/tradeOrdersV2": True}
    ws = client.ws_connect(
        client.lease("kucoin.private", base=base),
        send_json=[
            {"id": number, "type": "subscribe", "topic": topic, "privateChannel": private, "response": True}
            for number, (topic, private) in enumerate(topics.items(), 1)
        ],
        hdlr_json=store.onmessage,
    )
    await ws.ready()
    best = store.orderbook50.best(SYMBOL)
    print("best", best.ask["price"], best.bid["price"])

    placed = {"clientOid": "1", "symbol": SYMBOL, "side": "buy", "type": "limit", "price": "67996", "size": "0.001"}
    with store.orders.watch() as changes:
        result = await client.fetch("POST", "/api/v1/hf/orders", data=placed)
        print("placed", result.data["data"]["orderId"])
        async for change in changes:
            if change.operation == "delete":
                break
    print("open orders:", len(store.orders))


async def main():
    venue = Venue()
    app = web.Application()
    app.router.add_post("/api/v1/bullet-private", venue.token)
    app.router.add_post("/api/v1/hf/orders", venue.place)
    app.router.add_get("/ws", venue.socket)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    apis = {"kucoin": ["key", "secret", "passphrase"]}
    async with rxbotters.Client(apis=apis, base_url=f"http://{host}", hosts={host: "kucoin"}) as client:
        await trade(client, f"http://{host}")
    await runner.cleanup()


asyncio.run(main())
