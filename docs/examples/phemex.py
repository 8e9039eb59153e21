"""A public book and the life of a private order, against a small Phemex on this machine. It ends by itself."""

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = "BTCUSDT"
BOOK = {"depth": 30, "symbol": SYMBOL, "timestamp": 1666854171201355264}
SNAPSHOT = {"asks": [["20702.9", "0.718"], ["20703.9", "0.524"]], "bids": [["20700.5", "1.622"]]}
INCREMENT = {"asks": [["20702.9", "0"]], "bids": []}
ACCOUNT = {"accountID": 9328670003, "currency": "USDT", "accountBalanceRv": "1508.48", "userID": 932867}
ORDER = {
    "accountID": 9328670003,
    "orderID": "fa64c6f2",
    "symbol": SYMBOL,
    "side": "Buy",
    "action": "New",
    "orderQty": "3",
}


class Exchange:
    """Answers as Phemex does: login, subscriptions, one order."""

    def __init__(self) -> None:
        self.private: web.WebSocketResponse | None = None

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            asked = message.json()
            if asked["method"] == "server.ping":
                await socket.send_json({"error": None, "id": asked["id"], "result": "pong"})
                continue
            await socket.send_json({"error": None, "id": asked["id"], "result": {"status": "success"}})
            if asked["method"] == "orderbook_p.subscribe":
                await socket.send_json({**BOOK, "orderbook_p": SNAPSHOT, "sequence": 77668172, "type": "snapshot"})
                await socket.send_json({**BOOK, "orderbook_p": INCREMENT, "sequence": 77668209, "type": "incremental"})
            elif asked["method"] == "aop_p.subscribe":
                self.private = socket
                await self.tell([], "snapshot")
        return socket

    async def order(self, request: web.Request) -> web.Response:
        await self.tell([{**ORDER, "ordStatus": "New", "cumQty": "0"}])
        return web.json_response({"code": 0, "msg": "", "data": {"orderID": ORDER["orderID"], "ordStatus": "Created"}})

    async def tell(self, orders: list[dict[str, Any]], kind: str = "incremental") -> None:
        """Tell the private connection what became of the account."""
        message = {"accounts_p": [ACCOUNT], "orders_p": orders, "positions_p": [], "sequence": 1, "type": kind}
        if self.private is not None:
            await self.private.send_json(message)


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/", exchange.connect)
    app.router.add_post("/g-orders", exchange.order)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.PhemexDataStore()
    async with rxbotters.Client({"phemex": ["key", "secret"]}, f"http://{host}", hosts={host: "phemex"}) as client:
        ws = client.ws_connect(
            f"ws://{host}",
            send_json=[
                {"id": 1, "method": "orderbook_p.subscribe", "params": [SYMBOL]},
                {"id": 2, "method": "aop_p.subscribe", "params": []},
            ],
            hdlr_json=store.onmessage,
        )
        await ws.ready()
        while len(store.orderbook) > 2:
            await store.orderbook.wait()
        best: Any = store.orderbook.best(SYMBOL)
        print("book", best.bid["priceEp"], best.ask["priceEp"], store.orderbook.status_of(SYMBOL))
        while not store.accounts.find():
            await store.accounts.wait()
        print("account", store.accounts.find()[0]["accountBalanceRv"])

        with store.orders.watch() as stream:
            data = {"symbol": SYMBOL, "side": "Buy", "ordType": "Limit", "orderQtyRq": "3", "priceRp": "20000"}
            answer = await client.fetch("POST", "/g-orders", data=data)
            print("sent", answer.data["data"]["orderID"])
            print("order", (await stream.get()).data["ordStatus"])
            await exchange.tell([{**ORDER, "ordStatus": "PartiallyFilled", "cumQty": "1"}])
            print("order", (await stream.get()).data["cumQty"])
            await exchange.tell([{**ORDER, "ordStatus": "Filled", "cumQty": "3"}])
            print("order", (await stream.get()).operation, len(store.orders))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
