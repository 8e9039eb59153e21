"""A public book and the life of a private order, against a small Binance on this machine. It ends by itself."""

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = "BNBUSDT"
DEPTH = {"method": "SUBSCRIBE", "params": ["bnbusdt@depth@100ms"], "id": 1}
SNAPSHOT = {"lastUpdateId": 158, "bids": [["25.35", "31.21"]], "asks": [["25.36", "5"], ["25.37", "40.66"]]}
DIFF = {"e": "depthUpdate", "E": 2, "T": 2, "s": SYMBOL, "U": 157, "u": 160, "pu": 149, "b": [], "a": [["25.36", "0"]]}
ORDER = {
    "s": SYMBOL,
    "c": "mine",
    "S": "BUY",
    "o": "LIMIT",
    "f": "GTC",
    "q": "1",
    "p": "25.30",
    "i": 8886774,
    "ps": "BOTH",
}


class Exchange:
    """Answers as Binance's USDⓈ-M futures do: a listen key, a book, one order."""

    def __init__(self) -> None:
        self.private: web.WebSocketResponse | None = None
        self.now = 1568879465650

    async def public(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_json({"result": None, "id": message.json()["id"]})
            await socket.send_json({"stream": "bnbusdt@depth@100ms", "data": DIFF})
        return socket

    async def user_data(self, request: web.Request) -> web.WebSocketResponse:
        self.private = web.WebSocketResponse()
        await self.private.prepare(request)
        async for _ in self.private:
            pass
        return self.private

    async def listen_key(self, request: web.Request) -> web.Response:
        return web.json_response({"listenKey": "pqia91ma19a5s61cv6a81va65sdf19v8a65a1"})

    async def depth(self, request: web.Request) -> web.Response:
        return web.json_response(SNAPSHOT)

    async def listing(self, request: web.Request) -> web.Response:
        return web.json_response([])

    async def order(self, request: web.Request) -> web.Response:
        await self.tell("NEW", "0")
        return web.json_response({"orderId": ORDER["i"], "status": "NEW"})

    async def tell(self, status: str, filled: str) -> None:
        """Tell the private connection what became of the order, and of the position."""
        self.now += 1
        order = {**ORDER, "X": status, "z": filled, "T": self.now}
        position = {"s": SYMBOL, "pa": filled, "ep": "25.30", "up": "0", "mt": "cross", "iw": "0", "ps": "BOTH"}
        if self.private is not None:
            account = {"m": "ORDER", "B": [], "P": [position]}
            await self.private.send_json({"e": "ACCOUNT_UPDATE", "T": self.now, "E": self.now, "a": account})
            await self.private.send_json({"e": "ORDER_TRADE_UPDATE", "T": self.now, "E": self.now, "o": order})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/public/stream", exchange.public)
    app.router.add_get("/private/ws/{key}", exchange.user_data)
    app.router.add_post("/fapi/v1/listenKey", exchange.listen_key)
    app.router.add_get("/fapi/v1/depth", exchange.depth)
    app.router.add_post("/fapi/v1/order", exchange.order)
    app.router.add_get("/fapi/{version}/{list}", exchange.listing)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.BinanceUSDSMDataStore()
    async with rxbotters.Client({"binance": ["key", "secret"]}, f"http://{host}", hosts={host: "binance"}) as client:
        # On the exchange: wss://fstream.binance.com/public/stream, and client.lease("binance.usdm") for user data.
        await store.initialize(
            client.post("/fapi/v1/listenKey"),
            client.get("/fapi/v1/openOrders"),
            client.get("/fapi/v2/balance"),
            client.get("/fapi/v2/positionRisk"),
        )
        public = client.ws_connect(f"ws://{host}/public/stream", send_json=DEPTH, hdlr_json=store.onmessage)
        private = client.ws_connect(f"ws://{host}/private/ws/{store.listenkey}", hdlr_json=store.onmessage)
        await asyncio.gather(public.ready(), private.ready())
        while len(store.orderbook) > 2:
            await store.orderbook.wait()
        best: Any = store.orderbook.best(SYMBOL)
        print("book", best.bid["p"], best.ask["p"], store.orderbook.status_of(SYMBOL))

        with store.order.watch() as stream:
            data = {
                "symbol": SYMBOL,
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": 1,
                "price": "25.30",
            }
            answer = await client.fetch("POST", "/fapi/v1/order", data=data)
            print("sent", answer.data["orderId"])
            change = await stream.get()
            print("order", change.data["X"], change.data["z"])
            await exchange.tell("PARTIALLY_FILLED", "0.4")
            change = await stream.get()
            print("order", change.data["X"], change.data["z"])
            await exchange.tell("FILLED", "1")
            change = await stream.get()
            print("order", change.operation, len(store.order))
        print("position", *(row["pa"] for row in store.position))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
