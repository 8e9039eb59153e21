"""bitFlyer: watch a book, place an order, see it open, partly filled and cancelled. No keys, no network.

It runs against the simulated exchange, which checks signatures and matches orders. To run it against bitFlyer, use
`https://api.bitflyer.com` and `wss://ws.lightstream.bitflyer.com/json-rpc`, and put your keys into apis.json.
"""

import asyncio

import rxbotters
from rxbotters.sim import SimExchange

PRODUCT = "FX_BTC_JPY"
KEYS = {"bot": "bot's secret", "somebody": "somebody's secret"}


def subscribe(*channels):
    return [
        {"method": "subscribe", "params": {"channel": name}, "id": number} for number, name in enumerate(channels, 1)
    ]


async def place(client, side, price, size, **more):
    order = {"product_code": PRODUCT, "child_order_type": "LIMIT", "side": side, "price": price, "size": size, **more}
    result = await client.fetch("POST", "/v1/me/sendchildorder", data=order)
    return result.data["child_order_acceptance_id"]


async def until(store, happened):
    while not happened():
        await store.wait()


async def trade(client, url, somebody):
    store = rxbotters.bitFlyerDataStore()
    public = client.ws_connect(
        url,
        send_json=subscribe(f"lightning_board_snapshot_{PRODUCT}", f"lightning_board_{PRODUCT}"),
        hdlr_json=store.onmessage,
    )
    await public.ready()  # acknowledged, and the snapshot is there
    best = store.board.best(PRODUCT)
    print("best", best.bid["price"], best.ask["price"], store.board.status_of(PRODUCT))

    private = client.ws_connect(url, send_json=subscribe("child_order_events"), hdlr_json=store.onmessage)
    await private.ready()  # logged in, and acknowledged
    await store.refresh(client.fetch, PRODUCT)  # orders, positions, collateral, balances: all of one moment
    orders, lots = store.childorders, store.positions
    price = best.bid["price"] + 10
    order = {"product_code": PRODUCT, "child_order_acceptance_id": await place(client, "BUY", price, 0.05)}
    await until(orders, lambda: orders.get(order))
    print("open", orders.get(order)["size"], "at", orders.get(order)["price"])
    await until(store.board, lambda: store.board.best(PRODUCT).bid["price"] == price)
    print("best", store.board.best(PRODUCT).bid["price"], store.board.best(PRODUCT).bid["size"])

    await place(somebody, "SELL", price, 0.02)
    await until(orders, lambda: orders.get(order)["size"] < 0.05)
    row = orders.get(order)
    print("partly filled,", row["outstanding_size"], "of", row["original_size"], "left")
    await client.fetch("POST", "/v1/me/cancelchildorder", data=order)
    await until(orders, lambda: orders.get(order) is None)
    print("cancelled, open orders:", len(orders))
    print("position", [(lot["side"], lot["price"], lot["size"]) for lot in lots])


async def main():
    async with SimExchange(orders_per_s=0, keys=KEYS) as sim:
        bot, somebody = (
            rxbotters.Client({"bitflyer": [key, secret]}, sim.rest_url, hosts=sim.hosts) for key, secret in KEYS.items()
        )
        async with bot, somebody:
            await trade(bot, sim.ws_url, somebody)


asyncio.run(main())
