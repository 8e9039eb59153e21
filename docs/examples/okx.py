"""A public book and the life of a private order, against a small OKX on this machine. It ends by itself."""

import asyncio
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = "BTC-USDT"
BOOK = {
    "arg": {"channel": "books", "instId": SYMBOL},
    "action": "snapshot",
    "data": [
        {
            "asks": [["8476.98", "415", "0", "13"], ["8477", "7", "0", "2"]],
            "bids": [["8476.97", "256", "0", "12"]],
            "ts": "1597026383085",
            "checksum": 0,
            "prevSeqId": -1,
            "seqId": 123456,
        }
    ],
}
UPDATE = {
    "arg": BOOK["arg"],
    "action": "update",
    "data": [
        {
            "asks": [["8476.98", "0", "0", "0"]],
            "bids": [],
            "ts": "1597026383185",
            "checksum": 0,
            "prevSeqId": 123456,
            "seqId": 123457,
        }
    ],
}
ORDER = {"ordId": "2510789768709120", "instId": SYMBOL, "instType": "SPOT", "side": "buy", "px": "8470", "sz": "1"}


class Exchange:
    """Answers as OKX does: logins, subscriptions, one order."""

    def __init__(self) -> None:
        self.sockets: list[web.WebSocketResponse] = []

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
                await socket.send_json({"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"})
            for arg in asked["args"] if asked["op"] == "subscribe" else ():
                await socket.send_json({"event": "subscribe", "arg": arg, "connId": "a4d3ae55"})
                if arg["channel"] == "books":
                    await socket.send_json(BOOK)
                    await socket.send_json(UPDATE)
        return socket

    async def order(self, request: web.Request) -> web.Response:
        await self.tell("live", "0")
        return web.json_response({"code": "0", "msg": "", "data": [{"ordId": ORDER["ordId"], "sCode": "0"}]})

    async def tell(self, state: str, filled: str) -> None:
        """Tell every connection what became of the order."""
        row = {**ORDER, "state": state, "accFillSz": filled}
        for socket in self.sockets:
            await socket.send_json({"arg": {"channel": "orders", "instType": "ANY"}, "data": [row]})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/ws/v5/{kind}", exchange.connect)
    app.router.add_post("/api/v5/trade/order", exchange.order)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    store = rxbotters.OKXDataStore()
    async with rxbotters.Client(
        {"okx": ["key", "secret", "passphrase"]}, f"http://{host}", hosts={host: "okx"}
    ) as client:
        public = client.ws_connect(
            f"ws://{host}/ws/v5/public",
            send_json={"op": "subscribe", "args": [{"channel": "books", "instId": SYMBOL}]},
            hdlr_json=store.onmessage,
        )
        private = client.ws_connect(
            f"ws://{host}/ws/v5/private",
            send_json={"op": "subscribe", "args": [{"channel": "orders", "instType": "ANY"}]},
            hdlr_json=store.onmessage,
        )
        await asyncio.gather(public.ready(), private.ready())
        while store.books.ts.get(SYMBOL) != "1597026383185":
            await store.books.wait()
        best: Any = store.books.best(SYMBOL)
        print("book", best.bid["px"], best.ask["px"], store.books.status_of(SYMBOL))

        with store.orders.watch() as stream:
            answer = await client.fetch(
                "POST", "/api/v5/trade/order", data={"instId": SYMBOL, "side": "buy", "sz": "1"}
            )
            print("sent", answer.data["data"][0]["ordId"])
            print("order", (await stream.get()).data["state"])
            await exchange.tell("partially_filled", "0.4")
            print("order", (await stream.get()).data["accFillSz"])
            await exchange.tell("filled", "1")
            print("order", (await stream.get()).operation, len(store.orders))
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
