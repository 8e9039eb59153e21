"""A public book of V3 and the life of a private order of V5, against a small OKJ on this machine. It ends by itself."""

import asyncio
import json
import zlib
from typing import Any

from aiohttp import web

import rxbotters

SYMBOL = "BTC-JPY"
PARTIAL = {
    "table": "spot/depth",
    "action": "partial",
    "data": [
        {
            "instrument_id": SYMBOL,
            "asks": [["5000100", "0.1", "0", "1"], ["5000200", "0.3", "0", "2"]],
            "bids": [["5000000", "0.2", "0", "1"]],
            "timestamp": "2026-09-01T00:00:00.000Z",
            "checksum": 1258702229,
        }
    ],
}
UPDATE = {
    "table": "spot/depth",
    "action": "update",
    "data": [
        {
            "instrument_id": SYMBOL,
            "asks": [["5000100", "0", "0", "0"]],
            "bids": [],
            "timestamp": "2026-09-01T00:00:01.000Z",
            "checksum": -876581297,
        }
    ],
}
ORDER = {"ordId": "2510789768709120", "instId": SYMBOL, "instType": "SPOT", "side": "buy", "px": "4990000", "sz": "1"}


def deflated(message: Any) -> bytes:
    """Return a frame of V3: raw DEFLATE."""
    stream = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    text = message if isinstance(message, str) else json.dumps(message)
    return stream.compress(text.encode()) + stream.flush()


class Exchange:
    """Answers as OKJ does, in both versions."""

    def __init__(self) -> None:
        self.private: list[web.WebSocketResponse] = []

    async def v3(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.data == "ping":
                await socket.send_bytes(deflated("pong"))
                continue
            for channel in message.json()["args"]:
                await socket.send_bytes(deflated({"event": "subscribe", "channel": channel}))
                await socket.send_bytes(deflated(PARTIAL))
                await socket.send_bytes(deflated(UPDATE))
        return socket

    async def v5(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.private.append(socket)
        async for message in socket:
            if message.data == "ping":
                await socket.send_str("pong")
                continue
            asked = message.json()
            if asked["op"] == "login":
                await socket.send_json({"event": "login", "code": "0", "msg": "", "connId": "431d41f8"})
            for arg in asked["args"] if asked["op"] == "subscribe" else ():
                await socket.send_json({"event": "subscribe", "arg": arg, "connId": "431d41f8"})
        return socket

    async def order(self, request: web.Request) -> web.Response:
        await self.tell("live", "0")
        return web.json_response({"code": "0", "msg": "", "data": [{"ordId": ORDER["ordId"], "sCode": "0"}]})

    async def tell(self, state: str, filled: str) -> None:
        """Tell every private connection what became of the order."""
        row = {**ORDER, "state": state, "accFillSz": filled}
        for socket in self.private:
            await socket.send_json({"arg": {"channel": "orders", "instType": "SPOT"}, "data": [row]})


async def main() -> None:
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/ws/v3", exchange.v3)
    app.router.add_get("/ws/v5/private", exchange.v5)
    app.router.add_post("/api/v5/trade/order", exchange.order)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    for _ in range(2):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    old, new = (f"127.0.0.1:{address[1]}" for address in runner.addresses)

    store = rxbotters.OKJDataStore()
    async with rxbotters.Client(
        {"okj": ["key", "secret", "passphrase"]}, f"http://{new}", hosts={old: "connect.okj.com", new: "okj"}
    ) as client:
        public = client.ws_connect(
            f"ws://{old}/ws/v3",
            send_json={"op": "subscribe", "args": [f"spot/depth:{SYMBOL}"]},
            hdlr_json=store.onmessage,
        )
        private = client.ws_connect(
            f"ws://{new}/ws/v5/private",
            send_json={"op": "subscribe", "args": [{"channel": "orders", "instType": "SPOT"}]},
            hdlr_json=store.onmessage,
        )
        await asyncio.gather(public.ready(), private.ready())
        while store.books.ts.get(SYMBOL) != "2026-09-01T00:00:01.000Z":
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
