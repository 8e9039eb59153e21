"""The simulated exchange speaks bitFlyer's wire format, and means it."""

from __future__ import annotations

import asyncio
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import rxbotters
from rxbotters.clock import Clock
from rxbotters.errors import LoginRefused, SubscriptionError
from rxbotters.sim import Engine, Product, SimExchange
from rxbotters.sim.engine import Expired, Filled, Placed, Refused
from rxbotters.sim.flow import Flow

P = "FX_BTC_JPY"
RECORDED = Path(__file__).parents[1] / "exchanges" / "bitflyer" / "data" / "recorded.jsonl.gz"


def channels(*names: str) -> list[dict[str, Any]]:
    return [{"method": "subscribe", "params": {"channel": name}, "id": n} for n, name in enumerate(names, 1)]


def bot(exchange: SimExchange, **kwargs: Any) -> rxbotters.Client:
    return rxbotters.Client(**{"apis": exchange.apis, "base_url": exchange.rest_url, "hosts": exchange.hosts, **kwargs})


async def place(client: rxbotters.Client, side: str, size: float, price: float | None = None, **more: Any) -> Any:
    kind = {"child_order_type": "MARKET"} if price is None else {"child_order_type": "LIMIT", "price": price}
    return await client.fetch(
        "POST", "/v1/me/sendchildorder", data={"product_code": P, "side": side, "size": size, **kind, **more}
    )


# ---------------------------------------------------------------------- engine


def engine() -> Engine:
    made = Engine([Product(P), Product("BTC_JPY", fee=Decimal("0.0015"), margin=False)])
    for name in ("a", "b"):
        made.open_account(name, {"JPY": Decimal(1000), "BTC": Decimal(1)})
    return made


def test_price_then_time() -> None:
    book = engine()
    for order_id, price in (("1", 101), ("2", 100), ("3", 100)):
        book.place("a", P, "SELL", Decimal(1), price=Decimal(price), time=0.0, order_id=order_id)

    events = book.place("b", P, "BUY", Decimal("2.5"), price=Decimal(101), time=1.0)

    fills = [(event.maker.id, event.price, event.size) for event in events if isinstance(event, Filled)]
    assert fills == [("2", 100, 1), ("3", 100, 1), ("1", 101, Decimal("0.5"))]
    assert book.accounts["b"].position(P) == Decimal("2.5")
    assert book.levels(P)["SELL"] == [(101, Decimal("0.5"))]


def test_times_in_force_and_refusals() -> None:
    book = engine()
    book.place("a", P, "SELL", Decimal(1), price=Decimal(100), time=0.0)

    ioc = book.place("b", P, "BUY", Decimal(2), price=Decimal(100), tif="IOC", time=0.0)
    fok = book.place("b", P, "BUY", Decimal(1), price=Decimal(100), tif="FOK", time=0.0)

    assert [type(event) for event in ioc] == [Placed, Filled, Expired]
    assert [type(event) for event in fok] == [Placed, Expired]
    for product, size, price in ((P, 0, 1), (P, 1, 0), ("X", 1, 1), (P, Decimal("0.0001"), 1), ("BTC_JPY", 9, 1000)):
        (event,) = book.place("a", product, "BUY", Decimal(size), price=Decimal(price), time=0.0)
        assert isinstance(event, Refused)
    assert isinstance(book.cancel("nope", time=0.0)[0], Refused)


def test_the_same_seed_gives_the_same_market() -> None:
    def tape(seed: int) -> str:
        market, flow = Engine([Product(P)]), Flow(P, seed=seed, price=5_000_000)
        for name in (Flow.MAKER, Flow.TAKER):
            market.open_account(name, house=True)
        digest = hashlib.sha256()
        intents = list(flow.opening()) + [None] * 500
        for opening in intents:
            intent = opening or flow.next(market)
            if intent.cancel:
                events = market.cancel(intent.cancel, time=0.0)
            else:
                events = market.place(intent.account, P, intent.side, intent.size, price=intent.price, time=0.0)
            flow.happened(events)
            digest.update(repr([(type(e).__name__, market.best(P)) for e in events]).encode())
        return digest.hexdigest()

    assert tape(1) == tape(1) != tape(2)


# ---------------------------------------------------------------------- wire


async def test_every_endpoint_answers_in_the_exchanges_shape() -> None:
    async with SimExchange(seed=2, orders_per_s=0, products=(P, "BTC_JPY")) as exchange, bot(exchange) as client:
        exchange.step(50)
        assert (await client.fetch("GET", "/v1/getticker", params={"product_code": P})).data["product_code"] == P
        board = (await client.fetch("GET", "/v1/board", params={"product_code": P})).data
        assert board["asks"][0]["price"] > board["mid_price"] >= board["bids"][0]["price"]
        executions = (await client.fetch("GET", "/v1/executions", params={"product_code": P, "count": "3"})).data
        assert len(executions) <= 3
        assert (await client.fetch("GET", "/v1/gethealth")).data == {"status": "NORMAL"}
        assert (await client.fetch("GET", "/v1/getboardstate")).data["state"] == "RUNNING"
        sent = await place(client, "BUY", 0.01, 1_000_000)
        order_id = sent.data["child_order_acceptance_id"]
        assert order_id.startswith("JRF")
        orders = (await client.fetch("GET", "/v1/me/getchildorders", params={"product_code": P})).data
        assert orders[0]["child_order_acceptance_id"] == order_id
        cancel = {"product_code": P, "child_order_acceptance_id": order_id}
        assert (await client.fetch("POST", "/v1/me/cancelchildorder", data=cancel)).text == ""
        assert (await client.fetch("POST", "/v1/me/cancelchildorder", data=cancel)).data["status"] == -111
        await place(client, "BUY", 0.02)
        await client.fetch("POST", "/v1/me/cancelallchildorders", data={"product_code": P})
        assert (await client.fetch("GET", "/v1/me/getpositions", params={"product_code": P})).data[0]["size"] > 0
        assert (await client.fetch("GET", "/v1/me/getcollateral")).data["collateral"] == 10_000_000
        assert {row["currency_code"] for row in (await client.fetch("GET", "/v1/me/getbalance")).data} == {"JPY", "BTC"}
        assert (await client.fetch("GET", "/v1/me/getexecutions", params={"product_code": P})).data
        assert (await client.fetch("GET", "/v1/me/getparentorders")).data == []
        assert (await place(client, "BUY", 0.00001, 1)).data["error_message"] == "Invalid size"
        assert exchange.duplicates() == 0


@pytest.mark.parametrize(
    ("apis", "offset", "words"),
    [
        ({"bitflyer": ["NOKEY", "x"]}, 0, "Key not found"),
        ({"bitflyer": ["SIMKEY", "wrong"]}, 0, "Invalid signature"),
        ({"bitflyer": ["SIMKEY", "SIMSECRET"]}, -60, "Invalid timestamp"),
    ],
)
async def test_it_verifies_signatures_and_timestamps(apis: Any, offset: float, words: str) -> None:
    """C23, C31: over REST and on the socket."""
    async with SimExchange(orders_per_s=0) as exchange:
        clock = Clock(now=lambda: exchange.venue.clock() + offset)
        async with bot(exchange, apis=apis, clock=clock) as client:
            result = await client.fetch("GET", "/v1/me/getbalance")
            assert (result.status, result.data["error_message"]) == (401, words)
            with pytest.raises(LoginRefused):
                await client.ws_connect(exchange.ws_url).wait()


async def test_refused_channels() -> None:
    async with SimExchange(orders_per_s=0) as exchange, bot(exchange, apis={}) as client:
        for name in ("lightning_board_NOPE", "nonsense", "child_order_events"):
            app = client.ws_connect(exchange.ws_url, send_json=channels(name))
            app.errors.subscribe()
            with pytest.raises(SubscriptionError):
                await app.ready()


async def test_a_client_book_is_the_engines_book(until: Any) -> None:
    """Snapshot and diffs, across a reset and a silence."""
    async with SimExchange(seed=5, orders_per_s=0) as exchange, bot(exchange) as client:
        store = rxbotters.bitFlyerDataStore()
        ws = client.ws_connect(
            exchange.ws_url,
            send_json=channels(f"lightning_board_snapshot_{P}", f"lightning_board_{P}", "child_order_events"),
            hdlr_json=store.onmessage,
            heartbeat=0.1,
            min_uptime=0,
        )
        ws.errors.subscribe()

        def mine() -> dict[str, list[tuple[float, float]]]:
            return {
                side: [(row["price"], row["size"]) for row in rows]
                for side, rows in store.board.sorted({"product_code": P}).items()
            }

        for cut in (None, exchange.cut, exchange.silence):
            upgrades = exchange.upgrades
            if cut is not None:
                cut()
                await until(lambda n=upgrades: exchange.upgrades > n)
            await ws.ready()
            exchange.step(300)
            await until(lambda: mine() == exchange.book(P))
        await place(client, "BUY", 0.01)
        (key,) = exchange.keys
        await until(lambda: [row["size"] for row in store.positions] == [0.01])
        assert exchange.position(key, P) == Decimal("0.01")


async def test_a_tape_can_drive_it(until: Any) -> None:
    async with SimExchange(tape=RECORDED, speed=1000) as exchange, bot(exchange, apis={}) as client:
        store = rxbotters.bitFlyerDataStore()
        names = [f"lightning_{kind}_{P}" for kind in ("board_snapshot", "board", "ticker", "executions")]
        client.ws_connect(exchange.ws_url, send_json=channels(*names), hdlr_json=store.onmessage)
        await until(lambda: len(store.executions) > 5 and store.ticker.find() and len(store.board) > 100)


# ---------------------------------------------------------------------- pybotters


class Resolver(aiohttp.abc.AbstractResolver):
    """Finds every host on this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_an_unmodified_pybotters_reads_logs_in_and_trades(until: Any) -> None:
    """Found by its own host names, signed by its own code."""
    import pybotters

    async with SimExchange(seed=4, orders_per_s=0) as exchange:
        port = exchange.host.partition(":")[2]
        connector = aiohttp.TCPConnector(resolver=Resolver())
        base = f"http://api.bitflyer.com:{port}"
        async with pybotters.Client(apis=exchange.apis, base_url=base, connector=connector) as client:
            store = pybotters.bitFlyerDataStore()
            names = (f"lightning_board_snapshot_{P}", f"lightning_board_{P}", "child_order_events")
            await client.ws_connect(
                f"ws://ws.lightstream.bitflyer.com:{port}/json-rpc",
                send_json=channels(*names),
                hdlr_json=store.onmessage,
            )
            await until(lambda: len(store.board))
            exchange.step(200)

            def theirs() -> dict[str, list[tuple[float, float]]]:
                return {
                    side: [(row["price"], row["size"]) for row in rows]
                    for side, rows in store.board.sorted({"product_code": P}).items()
                }

            await until(lambda: theirs() == exchange.book(P))
            order = {"product_code": P, "child_order_type": "LIMIT", "side": "BUY", "price": 1_000_000, "size": 0.01}
            result = await client.fetch("POST", "/v1/me/sendchildorder", data=order)
            assert result.data["child_order_acceptance_id"].startswith("JRF")
            await until(lambda: len(store.childorders) == 1)
            market = {"product_code": P, "child_order_type": "MARKET", "side": "SELL", "size": 0.02}
            await client.fetch("POST", "/v1/me/sendchildorder", data=market)
            await until(lambda: sum(row["size"] for row in store.positions.find()) == pytest.approx(0.02))


async def test_pybotters_programs_run_as_rxbotters(until: Any) -> None:
    """Drop-in: its README programs for bitFlyer, with nothing but the import (and the address) changed."""
    import rxbotters as pybotters

    async with SimExchange(seed=4, orders_per_s=200) as exchange:
        apis, base, url = exchange.apis, exchange.rest_url, exchange.ws_url
        options: dict[str, Any] = {"hosts": exchange.hosts}

        # HTTP: a GET and a signed POST
        async with pybotters.Client(apis=apis, base_url=base, **options) as client:
            r = await client.fetch("GET", "/v1/me/getcollateral")
            assert r.data["collateral"]
            r = await client.fetch(
                "POST",
                "/v1/me/sendchildorder",
                data={"product_code": P, "child_order_type": "MARKET", "side": "BUY", "size": 0.001},
            )
            assert r.data["child_order_acceptance_id"]

        # WebSocket: subscribe, queue, iterate
        async with pybotters.Client(**options) as client:
            wsqueue = pybotters.WebSocketQueue()
            await client.ws_connect(
                url,
                send_json={"method": "subscribe", "params": {"channel": f"lightning_ticker_{P}"}},
                hdlr_json=wsqueue.onmessage,
            )
            async for msg in wsqueue:  # Ctrl+C to break
                assert msg["params"]["message"]["product_code"] == P
                break

        # DataStore: initialize, connect, wait, sorted, find, watch
        async with pybotters.Client(apis=apis, base_url=base, **options) as client:
            store = pybotters.bitFlyerDataStore()
            await store.initialize(
                client.get("/v1/me/getchildorders", params={"product_code": P}),
                client.get("/v1/me/getpositions", params={"product_code": P}),
                client.get("/v1/me/getcollateral"),
            )
            assert store.positions.find({"product_code": P})
            await client.ws_connect(
                url,
                send_json=[
                    {"method": "subscribe", "params": {"channel": f"lightning_board_snapshot_{P}"}, "id": 1},
                    {"method": "subscribe", "params": {"channel": f"lightning_board_{P}"}, "id": 2},
                    {"method": "subscribe", "params": {"channel": f"lightning_ticker_{P}"}, "id": 3},
                ],
                hdlr_json=store.onmessage,
            )
            while not all([len(store.board), len(store.ticker)]):
                await store.wait()
            board = store.board.sorted({"product_code": P}, limit=2)
            assert board["asks"][0]["price"] > board["bids"][0]["price"]
            with store.board.watch() as stream:
                async for change in stream:
                    assert change.operation in ("insert", "update", "delete")
                    assert change.data["product_code"] == P
                    break
            async with asyncio.timeout(5):
                await store.board.wait()
