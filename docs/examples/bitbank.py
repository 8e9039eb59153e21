"""bitbank: the public book and an order's life, against a server inside this program."""

import asyncio
import json

from aiohttp import web

import rxbotters
from rxbotters.helpers import bitbank

WHOLE = {"asks": [["5000100", "0.5"]], "bids": [["4999900", "0.2"]], "timestamp": 1, "sequenceId": "10"}
DIFF = {"a": [["5000000", "0.1"]], "b": [], "t": 2, "s": "12"}
ORDER = {"order_id": 7, "pair": "btc_jpy", "side": "buy", "price": "4999900", "start_amount": "0.01"}
LIFE = [("UNFILLED", "0.01"), ("PARTIALLY_FILLED", "0.004"), ("FULLY_FILLED", "0")]


async def public_stream(request: web.Request) -> web.WebSocketResponse:
    """Speak Engine.IO 4 as stream.bitbank.cc does."""
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_str('0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')
    async for message in ws:
        if message.data == "40":
            await ws.send_str('40{"sid":"b"}')
        elif message.data.startswith("42"):
            room = json.loads(message.data[2:])[1]
            data = WHOLE if room.startswith("depth_whole") else DIFF
            await ws.send_str("42" + json.dumps(["message", {"room_name": room, "message": {"data": data}}]))
    return ws


async def rest(request: web.Request) -> web.Response:
    """Answer as api.bitbank.cc does."""
    answers = {
        "/v1/user/subscribe": {"pubnub_channel": "1", "pubnub_token": "token"},
        "/v1/user/assets": {"assets": [{"asset": "jpy", "free_amount": "100000"}]},
        "/v1/user/spot/active_orders": {"orders": []},
        "/v1/user/margin/positions": {"positions": []},
    }
    return web.json_response({"success": 1, "data": answers[request.path]})


async def private_stream(request: web.Request) -> web.Response:
    """Answer a long poll as ps.pndsn.com does: one event for each."""
    place = int(request.query.get("tt", "0"))
    if place >= len(LIFE):
        await asyncio.sleep(0.2)
    status, remaining = LIFE[place] if place < len(LIFE) else LIFE[-1]
    event = {"method": "spot_order", "params": [{**ORDER, "status": status, "remaining_amount": remaining}]}
    messages = [{"d": event}] if "tt" in request.query else []
    return web.json_response({"t": {"t": str(place + len(messages)), "r": 1}, "m": messages})


async def main() -> None:
    app = web.Application()
    app.router.add_get("/socket.io/", public_stream)
    app.router.add_get("/v2/subscribe/{tail:.*}", private_stream)
    app.router.add_get("/{tail:.*}", rest)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"

    async with rxbotters.Client({"bitbank": ["key", "secret"]}, hosts={host: "bitbank"}) as client:
        store = rxbotters.bitbankDataStore()
        rooms = ["depth_whole_btc_jpy", "depth_diff_btc_jpy"]
        ws = client.ws_connect(
            f"ws://{host}/socket.io/?EIO=4&transport=websocket",
            send_str=["42" + json.dumps(["join-room", room]) for room in rooms],
            hdlr_str=store.onmessage,
        )
        await ws.ready()
        while store.depth.timestamp != 2:
            await store.depth.wait()
        best = store.depth.best("btc_jpy")
        print("book", best.bid["price"], best.ask["price"], store.depth.status_of("btc_jpy"))

        account = rxbotters.bitbankPrivateDataStore()
        done = asyncio.Event()

        def show(change: rxbotters.StoreChange) -> None:
            if change.store is account.spot_order:
                print(change.operation, change.data["status"], change.data["remaining_amount"])
                if change.operation == "delete":
                    done.set()

        url = f"http://{host}"
        bitbank.feed(client, account, bitbank_server=url, pubnub_server=url).subscribe(show)
        async with asyncio.timeout(2):
            await done.wait()
        print("orders", account.spot_order.find())
    await runner.cleanup()


asyncio.run(main())
