"""BitMEX from book to order and back, against a server in this program: python docs/examples/bitmex.py"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

LEVELS = [
    {"symbol": "XBTUSD", "id": 8796781950, "side": "Sell", "size": 161000, "price": 32180.5},
    {"symbol": "XBTUSD", "id": 8796782000, "side": "Buy", "size": 1050200, "price": 32180},
]
ORDER = {"symbol": "XBTUSD", "side": "Buy", "orderQty": 100, "ordType": "Limit", "price": 32000}


async def bot(host: str) -> None:
    """Everything you would write yourself, with www.bitmex.com and ws.bitmex.com instead of ``host``."""
    store = rxbotters.BitMEXDataStore()
    hosts = {host: "www.bitmex.com"}
    async with rxbotters.Client(apis={"bitmex": ["KEY", "SECRET"]}, hosts=hosts, base_url=f"http://{host}") as client:
        ws = client.ws_connect(
            f"ws://{host}/realtime",
            send_json={"op": "subscribe", "args": ["orderBookL2_25:XBTUSD", "order"]},
            hdlr_json=store.onmessage,
        )
        await ws.ready()
        ask, bid = store.orderbook.best("XBTUSD")
        assert ask is not None and bid is not None
        print(f"book: {bid['price']} x {bid['size']} / {ask['price']} x {ask['size']}")

        orders = store.order
        with orders.watch() as changes:
            await client.fetch("POST", "/api/v1/order", data=ORDER)
            change = await changes.get()
            print(
                f"placed: order {change.data['orderID']} is {change.data['ordStatus']}, {change.data['leavesQty']} left"
            )
            change = await changes.get()
            print(f"partly filled: {change.data['leavesQty']} left")
            await client.fetch("DELETE", "/api/v1/order", data={"orderID": change.data["orderID"]})
            while change.operation != "delete":
                change = await changes.get()
        print("cancelled: no order is open" if not orders.find() else "still open")


class Venue:
    """As much of the exchange as this program needs."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []

    async def ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.data == "ping":
                await socket.send_str("pong")
                continue
            asked = message.json()
            if asked["op"] == "authKeyExpires":
                await socket.send_json({"success": True, "request": asked})
            elif asked["op"] == "subscribe":
                await socket.send_json({"success": True, "subscribe": asked["args"][0], "request": asked})
                await socket.send_json(image(asked["args"][0]))
        return socket

    async def order(self, request: web.Request) -> web.Response:
        assert "api-signature" in request.headers
        row = {"orderID": "a1", "account": 7}
        if request.method == "POST":
            await self.tell("insert", {**row, **ORDER, "ordStatus": "New", "leavesQty": 100})
            await self.tell("update", {**row, "ordStatus": "PartiallyFilled", "leavesQty": 60})
        else:
            await self.tell("update", {**row, "ordStatus": "Canceled", "leavesQty": 0})
        return web.json_response(row)

    async def tell(self, action: str, row: dict[str, Any]) -> None:
        for socket in self.sockets:
            await socket.send_json({"table": "order", "action": action, "data": [row]})


def image(topic: str) -> dict[str, Any]:
    """What the exchange sends first for a topic."""
    if topic == "order":
        return {"table": "order", "action": "partial", "keys": ["orderID"], "filter": {"account": 7}, "data": []}
    table, _, symbol = topic.partition(":")
    keys = ["symbol", "id", "side"]
    return {"table": table, "action": "partial", "keys": keys, "filter": {"symbol": symbol}, "data": LEVELS}


async def main() -> None:
    venue = Venue()
    app = web.Application()
    app.add_routes([web.get("/realtime", venue.ws), web.route("*", "/api/v1/order", venue.order)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await bot(f"127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
