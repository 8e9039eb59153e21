"""A public book and the life of a private order, against a small Bitget on this machine. It ends by itself."""

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = ("USDT-FUTURES", "BTCUSDT")
BOOK = {
    "action": "snapshot",
    "arg": {"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"},
    "data": [
        {
            "asks": [["27000.5", "8.760"], ["27001.0", "0.400"]],
            "bids": [["27000.0", "2.710"]],
            "checksum": 0,
            "seq": 123,
            "ts": "1695716059516",
        }
    ],
    "ts": 1695716059516,
}
UPDATE = {
    "action": "update",
    "arg": BOOK["arg"],
    "data": [
        {
            "asks": [["27000.5", "0"]],
            "bids": [["26999.5", "1.000"]],
            "checksum": -1350859966,
            "seq": 124,
            "ts": "1695716059716",
        }
    ],
    "ts": 1695716059716,
}
ORDER = {"orderId": "1171636690028761089", "instId": "BTCUSDT", "side": "buy", "price": "26990", "size": "13"}


class Exchange:
    """Answers as Bitget does: logins, subscriptions, one order."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []
        self.time = 1715065875539

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.data == "ping":
                await socket.send_str("pong")
                continue
            asked = message.json()
            if asked["op"] == "login":
                await socket.send_json({"event": "login", "code": "0", "msg": ""})
            for arg in asked["args"] if asked["op"] == "subscribe" else ():
                await socket.send_json({"event": "subscribe", "arg": arg})
                if arg["channel"] == "books":
                    await socket.send_json(BOOK)
                    await socket.send_json(UPDATE)
        return socket

    async def order(self, request: web.Request) -> web.Response:
        await self.tell("live", "0")
        return web.json_response({"code": "00000", "msg": "success", "data": {"orderId": ORDER["orderId"]}})

    async def tell(self, status: str, filled: str) -> None:
        """Tell every connection what became of the order."""
        self.time += 1
        row = {**ORDER, "status": status, "accBaseVolume": filled, "uTime": str(self.time)}
        arg = {"instType": "USDT-FUTURES", "channel": "orders", "instId": "default"}
        for socket in self.sockets:
            await socket.send_json({"action": "snapshot", "arg": arg, "data": [row], "ts": self.time})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/v2/ws/{kind}", exchange.connect)
    app.router.add_post("/api/v2/mix/order/place-order", exchange.order)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.BitgetV2DataStore()
    async with rxbotters.Client(
        {"bitget": ["key", "secret", "passphrase"]}, f"http://{host}", hosts={host: "bitget"}
    ) as client:
        public = client.ws_connect(
            f"ws://{host}/v2/ws/public",
            send_json={"op": "subscribe", "args": [BOOK["arg"]]},
            hdlr_json=store.onmessage,
        )
        orders = {"instType": "USDT-FUTURES", "channel": "orders", "instId": "default"}
        private = client.ws_connect(
            f"ws://{host}/v2/ws/private",
            send_json={"op": "subscribe", "args": [orders]},
            hdlr_json=store.onmessage,
        )
        await asyncio.gather(public.ready(), private.ready())
        while len(store.book.depth(SYMBOL).bids) < 2:
            await store.book.wait()
        best: Any = store.book.best(SYMBOL)
        print("book", best.bid["price"], best.ask["price"], store.book.status_of(SYMBOL))

        with store.orders.watch() as stream:
            data = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "side": "buy", "price": "26990", "size": "13"}
            answer = await client.fetch("POST", "/api/v2/mix/order/place-order", data=data)
            print("sent", answer.data["data"]["orderId"])
            print("order", (await stream.get()).data["status"])
            await exchange.tell("partially_filled", "4")
            print("order", (await stream.get()).data["accBaseVolume"])
            await exchange.tell("filled", "13")
            print("order", (await stream.get()).operation, len(store.orders))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
