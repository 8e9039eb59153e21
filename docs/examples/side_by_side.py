"""The same faults for pybotters and for rxbotters: what each of them shows, beside what the exchange has.

A small Binance on this machine serves one true order book to both. A message is lost, then the connections are cut while
the market moves. It ends by itself; pybotters is needed for it: `pip install pybotters`.
"""

import asyncio
import logging
import warnings

from aiohttp import web

import rxbotters
from rxbotters_operators.events import Live

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

SYMBOL, STREAM = "BTCUSDT", "btcusdt@depth@100ms"
SUBSCRIBE = {"method": "SUBSCRIBE", "params": [STREAM], "id": 1}
DEPTH = {"symbol": SYMBOL, "limit": "1000"}


class Exchange:
    """One book of three levels a side around a price, and everybody who listens to its changes."""

    def __init__(self):
        self.price, self.number, self.sockets = 100, 1, []
        self.asks, self.bids, self.history = {}, {}, []
        self.requote()

    def requote(self):
        self.asks, self.bids = ({self.price + side * n: 1 for n in (1, 2, 3)} for side in (1, -1))
        self.history.append([set(self.asks), set(self.bids)])

    async def move(self, price, heard=True):
        """Move the market; unheard, the message about it is lost on its way."""
        before, self.price = (self.asks, self.bids), price
        self.requote()
        self.number += 1
        changes = [
            [[str(level), str(new.get(level, 0))] for level in sorted({*old, *new}) if old.get(level) != new.get(level)]
            for old, new in zip(before, (self.asks, self.bids), strict=True)
        ]
        diff = {"e": "depthUpdate", "E": 1, "s": SYMBOL, "U": self.number, "u": self.number}
        for socket in self.sockets if heard else ():
            await socket.send_json({"stream": STREAM, "data": {**diff, "a": changes[0], "b": changes[1]}})

    async def depth(self, request):
        asks, bids = ([[str(level), str(size)] for level, size in side.items()] for side in (self.asks, self.bids))
        return web.json_response({"lastUpdateId": self.number, "asks": asks, "bids": bids})

    async def stream(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_json({"result": None, "id": 1})
        self.sockets.append(socket)
        async for _ in socket:
            pass
        return socket

    async def cut(self, price):
        """Cut all connections; the market moves before anybody is back."""
        gone, self.sockets = self.sockets, []
        await self.move(price)
        for socket in gone:
            await socket.close(code=1001)


def best(asks, bids):
    """Return the touch of a book of (price, size) pairs, as text."""
    if not asks or not bids:
        return "empty"
    ask, bid = min(float(price) for price, _ in asks), max(float(price) for price, _ in bids)
    return f"{bid:g} | {ask:g}{' CROSSED' if bid >= ask else ''}"


async def main():
    exchange = Exchange()
    app = web.Application()
    app.router.add_get("/stream", exchange.stream)
    app.router.add_get("/api/v3/depth", exchange.depth)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    theirs, ours, statuses, lies = pybotters.BinanceSpotDataStore(), rxbotters.BinanceSpotDataStore(), [], 0

    def look(_):
        """Count the messages after which our book says `Live` and is none that the exchange ever had."""
        nonlocal lies
        book = ours.orderbook.depth(SYMBOL)
        if isinstance(ours.orderbook.status_of(SYMBOL), Live):
            lies += [{float(price) for price, _ in side} for side in (book.asks, book.bids)] not in exchange.history

    async def show(what):
        """Wait until everything has arrived that will, then print what each of them shows."""
        truth = best(exchange.asks.items(), exchange.bids.items())
        async with asyncio.timeout(30):
            while best(*ours.orderbook.depth(SYMBOL)) != truth or len(exchange.sockets) < 2:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        rows = theirs.orderbook.find()
        left = best(*([(row["p"], row["q"]) for row in rows if row["S"] == side] for side in "ab"))
        flag = "initialized" if theirs.orderbook.initialized[SYMBOL] else "not initialized"
        right = best(*ours.orderbook.depth(SYMBOL))
        print(f"{what:26} {truth:10} {left:18} {flag:12} {right:10} {' → '.join(statuses)}")
        del statuses[:-1]

    ours.orderbook.commits.subscribe(look)
    ours.orderbook.instrument_statuses.subscribe(lambda pair: statuses.append(type(pair[1]).__name__))
    logging.disable(logging.WARNING)
    print(f"{'':26} {'exchange':10} {'pybotters':31} rxbotters")
    async with pybotters.Client() as old, rxbotters.Client(hosts={host: "binance"}) as new:
        for client, store in ((old, theirs), (new, ours)):
            client.ws_connect(f"ws://{host}/stream", send_json=SUBSCRIBE, hdlr_json=store.onmessage)
        while len(exchange.sockets) < 2:
            await asyncio.sleep(0.01)
        await theirs.initialize(old.get(f"http://{host}/api/v3/depth", params=DEPTH))
        await exchange.move(101)
        await show("connected")
        await exchange.move(111, heard=False)
        await exchange.move(112)
        await show("a message was lost")
        await exchange.cut(90)
        await show("connected again")
        await exchange.move(91)
        await show("the market moves on")
    await runner.cleanup()
    print(f"books that rxbotters called Live and that never were: {lies}")


asyncio.run(main())
