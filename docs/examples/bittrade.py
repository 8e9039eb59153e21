"""A public book and the life of a private order, against a small BitTrade on this machine. It ends by itself."""

import asyncio
import gzip
import json
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = "btcjpy"
BOOK = {
    "ch": f"market.{SYMBOL}.depth.step0",
    "ts": 1790134136971,
    "tick": {"bids": [[1.3639421e7, 1.7e-4]], "asks": [[1.3640736e7, 0.00361]], "version": 204675265973},
}
ORDER = {"orderId": 59378, "symbol": SYMBOL, "type": "buy-limit", "orderPrice": "13600000", "orderSize": "0.001"}


class Exchange:
    """Answers as BitTrade does, on its public and its private path."""

    def __init__(self) -> None:
        self.private: list[web.WebSocketResponse] = []

    async def ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            topic = message.json().get("sub")
            answer = {"id": message.json().get("id"), "status": "ok", "subbed": topic, "ts": 1790134136971}
            for told in (answer, {"ping": 1790134139501}, BOOK) if topic is not None else ():
                await socket.send_bytes(gzip.compress(json.dumps(told).encode()))
        return socket

    async def v2(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.private.append(socket)
        async for message in socket:
            asked = message.json()
            await socket.send_json({"action": asked["action"], "code": 200, "ch": asked["ch"], "data": {}})
        return socket

    async def place(self, request: web.Request) -> web.Response:
        await self.tell("creation", "submitted", "0.001")
        return web.json_response({"status": "ok", "data": "59378"})

    async def tell(self, event: str, status: str, left: str) -> None:
        """Tell every private connection what became of the order."""
        data = {**ORDER, "eventType": event, "orderStatus": status, "remainAmt": left}
        for socket in self.private:
            await socket.send_json({"action": "push", "ch": f"orders#{SYMBOL}", "data": data})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/ws", exchange.ws)
    app.router.add_get("/ws/v2", exchange.v2)
    app.router.add_post("/v1/order/orders/place", exchange.place)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.BitTradeDataStore()
    async with rxbotters.Client(
        {"bittrade": ["access-key", "secret-key"]}, f"http://{host}", hosts={host: "bittrade"}
    ) as client:
        public = client.ws_connect(
            f"ws://{host}/ws",
            send_json={"sub": f"market.{SYMBOL}.depth.step0", "id": "1"},
            hdlr_json=store.onmessage,
        )
        private = client.ws_connect(
            f"ws://{host}/ws/v2",
            send_json={"action": "sub", "ch": f"orders#{SYMBOL}"},
            hdlr_json=store.onmessage,
        )
        await asyncio.gather(public.ready(), private.ready())
        best: Any = store.depth.best(SYMBOL)
        print("book", best.bid["price"], best.ask["price"], store.depth.status_of(SYMBOL))

        with store.orders.watch() as stream:
            order = {"account-id": "1000001", "symbol": SYMBOL, "type": "buy-limit", "price": "13600000"}
            answer = await client.fetch("POST", "/v1/order/orders/place", data={**order, "amount": "0.001"})
            print("sent", answer.data["data"])
            change = await stream.get()
            print("order", change.data["orderStatus"], change.data["remainAmt"])
            await exchange.tell("trade", "partial-filled", "0.0004")
            change = await stream.get()
            print("order", change.data["orderStatus"], change.data["remainAmt"])
            await exchange.tell("trade", "filled", "0")
            print("order", (await stream.get()).operation, len(store.orders))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
