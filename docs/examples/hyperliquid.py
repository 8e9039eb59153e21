"""Hyperliquid from book to order and back, against a server in this program: python docs/examples/hyperliquid.py"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

# The wallet of the exchange's documentation. Use an API wallet of your own, and keep its key out of your programs.
KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
ADDRESS = "0x14791697260e4c9a71f18484c9f997b308e59325"
BOOK = {
    "coin": "BTC",
    "time": 1764842873555,
    "levels": [[{"px": "99990", "sz": "0.5", "n": 2}], [{"px": "100010", "sz": "0.4", "n": 1}]],
}
ORDER = {
    "type": "order",
    "orders": [{"a": 0, "b": True, "p": "99000", "s": "0.01", "r": False, "t": {"limit": {"tif": "Alo"}}}],
    "grouping": "na",
}
CANCEL = {"type": "cancel", "cancels": [{"a": 0, "o": 1}]}


async def bot(host: str) -> None:
    """Everything you would write yourself, with the host of the exchange instead of ``host``."""
    store = rxbotters.HyperliquidDataStore()
    hosts = {host: "api.hyperliquid.xyz"}
    async with rxbotters.Client(apis={"hyperliquid": [KEY]}, hosts=hosts, base_url=f"http://{host}") as client:
        await store.initialize(client.fetch("POST", "/info", data={"type": "openOrders", "user": ADDRESS}))
        ws = client.ws_connect(
            f"ws://{host}/ws",
            send_json=[
                {"method": "subscribe", "subscription": {"type": "l2Book", "coin": "BTC"}},
                {"method": "subscribe", "subscription": {"type": "orderUpdates", "user": ADDRESS}},
            ],
            hdlr_json=store.onmessage,
        )
        await ws.ready()
        ask, bid = store.l2_book.best("BTC")
        assert ask is not None and bid is not None
        print(f"book: {bid['px']} x {bid['sz']} / {ask['px']} x {ask['sz']}")

        orders = store.order_updates
        version = orders.version
        await client.fetch("POST", "/exchange", data={"action": ORDER})
        version = await orders.wait(version)
        print(*(f"placed: order {row['oid']} is {row['status']}" for row in orders))

        # An order sent in send_json would be sent again after a reconnection: use the connection of this moment.
        assert ws.current_ws is not None
        request = {"type": "action", "payload": {"action": CANCEL}}
        await ws.current_ws.send_json({"method": "post", "id": 1, "request": request})
        await orders.wait(version)
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
            asked = message.json()
            if asked["method"] == "subscribe":
                await socket.send_json({"channel": "subscriptionResponse", "data": asked})
                if asked["subscription"]["type"] == "l2Book":
                    await socket.send_json({"channel": "l2Book", "data": BOOK})
            elif asked["method"] == "post":
                await self.tell("canceled")
        return socket

    async def exchange(self, request: web.Request) -> web.Response:
        assert "signature" in await request.json()
        await self.tell("open")
        return web.json_response({"status": "ok", "response": {"type": "order"}})

    async def info(self, request: web.Request) -> web.Response:
        return web.json_response([])

    async def tell(self, status: str) -> None:
        order: dict[str, Any] = {"coin": "BTC", "side": "B", "limitPx": "99000", "sz": "0.01", "oid": 1, "timestamp": 1}
        update = {"order": order, "status": status, "statusTimestamp": 1}
        for socket in self.sockets:
            await socket.send_json({"channel": "orderUpdates", "data": [update]})


async def main() -> None:
    venue = Venue()
    app = web.Application()
    app.add_routes([web.get("/ws", venue.ws), web.post("/exchange", venue.exchange), web.post("/info", venue.info)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await bot(f"127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
