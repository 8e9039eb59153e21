"""MEXC futures: watch a book, place an order, see it open and filled. Runs against a server of its own; no keys, no network.

To run it against MEXC, leave out `hosts`, connect to wss://contract.mexc.com/edge, and put your keys into apis.json.
"""

import asyncio

from aiohttp import web

import rxbotters

SYMBOL = "BTC_USDT"
BOOK = {
    "asks": [[80468.7, 3446, 2], [80469.1, 1239, 1]],
    "bids": [[80468.6, 31288, 7]],
    "version": 41925002140,
    "timestamp": 1789897581009,
}
CHANGE = {"asks": [[80468.7, 0, 0]], "bids": [], "begin": 41925002141, "end": 41925002142, "version": 41925002142}
ORDER = {"orderId": "102067003631907840", "symbol": SYMBOL, "side": 1, "price": 80468.6, "vol": 10, "openType": 1}


class Exchange:
    """Answers as MEXC's futures do: a login, a book, one order."""

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = web.WebSocketResponse()
        await self.socket.prepare(request)
        async for message in self.socket:
            method = message.json()["method"]
            if method == "ping":
                await self.socket.send_json({"channel": "pong", "data": 1789897581013})
            else:
                await self.socket.send_json({"channel": f"rs.{method}", "data": "success", "ts": 1789897581013})
            if method == "sub.depth":
                await self.push("depth", CHANGE)
        return self.socket

    async def depth(self, request: web.Request) -> web.Response:
        return web.json_response({"success": True, "code": 0, "data": BOOK})

    async def submit(self, request: web.Request) -> web.Response:
        await self.tell(2, 0)
        return web.json_response({"success": True, "code": 0, "data": ORDER["orderId"]})

    async def tell(self, state: int, filled: int) -> None:
        """Tell what became of the order."""
        await self.push("personal.order", {**ORDER, "state": state, "dealVol": filled, "remainVol": 10 - filled})

    async def push(self, channel: str, data: object) -> None:
        await self.socket.send_json({"channel": f"push.{channel}", "symbol": SYMBOL, "data": data, "ts": 1789897581013})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/edge", exchange.connect)
    app.router.add_get("/api/v1/contract/depth/{symbol}", exchange.depth)
    app.router.add_post("/api/v1/private/order/submit", exchange.submit)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.MEXCFuturesDataStore()
    apis, hosts = {"mexc": ["key", "secret"]}, {host: "contract.mexc.com"}
    async with rxbotters.Client(apis, f"http://{host}", hosts=hosts) as client:
        ws = client.ws_connect(
            f"ws://{host}/edge",
            send_json={"method": "sub.depth", "param": {"symbol": SYMBOL}},
            hdlr_json=store.onmessage,
        )
        await ws.ready()
        while len(store.depth) > 2:
            await store.depth.wait()
        best = store.depth.best(SYMBOL)
        print("book", best.bid["price"], best.ask["price"], store.depth.status_of(SYMBOL))

        with store.order.watch() as stream:
            data = {"symbol": SYMBOL, "price": 80468.6, "vol": 10, "side": 1, "type": 1, "openType": 1}
            answer = await client.fetch("POST", "/api/v1/private/order/submit", data=data)
            print("sent", answer.data["data"])
            print("order", (await stream.get()).data["remainVol"])
            await exchange.tell(2, 4)
            print("order", (await stream.get()).data["remainVol"])
            await exchange.tell(3, 10)
            print("order", (await stream.get()).operation, len(store.order))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
