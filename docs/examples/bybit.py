"""A public book and the life of a private order, against a small Bybit on this machine. It ends by itself."""

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = "BTCUSDT"
TOPIC = f"orderbook.50.{SYMBOL}"
SNAPSHOT = {"s": SYMBOL, "b": [["16493.50", "0.006"]], "a": [["16611.00", "0.029"], ["16612.00", "0.213"]], "u": 100}
DELTA = {"s": SYMBOL, "b": [], "a": [["16611.00", "0"]], "u": 101}
ORDER = {"category": "linear", "symbol": SYMBOL, "orderId": "5cf98598", "side": "Buy", "price": "16400", "qty": "1"}


class Exchange:
    """Answers as Bybit does: login, subscriptions, one order."""

    def __init__(self) -> None:
        self.private: web.WebSocketResponse | None = None

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if request.path == "/v5/private":
            self.private = socket
        async for message in socket:
            asked = message.json()
            if asked["op"] == "subscribe":
                await socket.send_json({"success": True, "ret_msg": "", "req_id": asked["req_id"], "op": "subscribe"})
            else:
                await socket.send_json({"success": True, "ret_msg": "", "op": asked["op"]})
            if TOPIC in asked.get("args", []):
                await socket.send_json({"topic": TOPIC, "type": "snapshot", "ts": 1672304484978, "data": SNAPSHOT})
                await socket.send_json({"topic": TOPIC, "type": "delta", "ts": 1672304485000, "data": DELTA})
        return socket

    async def order(self, request: web.Request) -> web.Response:
        await self.tell("New", "0")
        return web.json_response({"retCode": 0, "retMsg": "OK", "result": {"orderId": ORDER["orderId"]}})

    async def listing(self, request: web.Request) -> web.Response:
        return web.json_response({"retCode": 0, "retMsg": "OK", "result": {"list": [], "nextPageCursor": ""}})

    async def tell(self, status: str, filled: str) -> None:
        """Tell the private connection what became of the order."""
        row = {**ORDER, "orderStatus": status, "cumExecQty": filled}
        if self.private is not None:
            await self.private.send_json({"topic": "order", "creationTime": 1672364262474, "data": [row]})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/v5/public/linear", exchange.connect)
    app.router.add_get("/v5/private", exchange.connect)
    app.router.add_post("/v5/order/create", exchange.order)
    app.router.add_get("/v5/{what}/{list}", exchange.listing)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.BybitDataStore()
    async with rxbotters.Client({"bybit": ["key", "secret"]}, f"http://{host}", hosts={host: "bybit"}) as client:
        public = client.ws_connect(
            f"ws://{host}/v5/public/linear",
            send_json={"op": "subscribe", "args": [TOPIC]},
            hdlr_json=store.onmessage,
        )
        private = client.ws_connect(
            f"ws://{host}/v5/private",
            send_json={"op": "subscribe", "args": ["order", "execution", "position", "wallet"]},
            hdlr_json=store.onmessage,
        )
        await asyncio.gather(public.ready(), private.ready())
        await store.refresh(client.fetch, "linear", settleCoin="USDT")
        while len(store.orderbook) > 2:
            await store.orderbook.wait()
        best: Any = store.orderbook.best(SYMBOL)
        print("book", best.bid["p"], best.ask["p"], store.orderbook.status_of(SYMBOL))

        with store.order.watch() as stream:
            data = {
                "category": "linear",
                "symbol": SYMBOL,
                "side": "Buy",
                "orderType": "Limit",
                "qty": "1",
                "price": "16400",
            }
            answer = await client.fetch("POST", "/v5/order/create", data=data)
            print("sent", answer.data["result"]["orderId"])
            print("order", (await stream.get()).data["orderStatus"])
            await exchange.tell("PartiallyFilled", "0.4")
            print("order", (await stream.get()).data["cumExecQty"])
            await exchange.tell("Filled", "1")
            print("order", (await stream.get()).operation, len(store.order))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
