"""bitFlyer over real sockets, against the simulated exchange: login, book, orders, a cut, and all of it again."""

from __future__ import annotations

from typing import Any

import pytest

from rxbotters import Client, bitFlyerDataStore
from rxbotters import operators as ops
from rxbotters.errors import LoginRefused, SubscriptionError
from rxbotters.sim import SimExchange
from rxbotters_operators.events import Authenticated, Live, Stale
from tests.conftest import KEY, SECRET
from tests.exchanges.bitflyer.test_stores import P, lots
from tests.exchanges.common import example, heard

QUICK = (0.01, 0.05, 1.5, 0.01)
BOARD = (f"lightning_board_snapshot_{P}", f"lightning_board_{P}")


def subscribe(*channels: str) -> list[dict[str, Any]]:
    return [{"method": "subscribe", "params": {"channel": name}, "id": n} for n, name in enumerate(channels, 1)]


def client(sim: SimExchange, key: str = KEY, secret: str = SECRET) -> Client:
    return Client({"bitflyer": [key, secret]}, sim.rest_url, hosts=sim.hosts)


def exchange() -> SimExchange:
    return SimExchange(orders_per_s=0, keys={KEY: SECRET, "other": "secret"})


async def place(bot: Client, side: str, price: float, size: float) -> str:
    order = {"product_code": P, "child_order_type": "LIMIT", "side": side, "price": price, "size": size}
    return str((await bot.fetch("POST", "/v1/me/sendchildorder", data=order)).data["child_order_acceptance_id"])


def is_the_exchanges(store: bitFlyerDataStore, sim: SimExchange) -> bool:
    asks, bids = store.board.depth(P)
    return {"asks": asks, "bids": bids} == sim.book(P)


async def test_a_day_with_bitflyer(until: Any) -> None:
    """C31, C43, C49, F01, F37: the book, orders and lots are the exchange's before a cut, and after it again, though a
    fill and a cancellation happened while nobody listened."""
    async with exchange() as sim, client(sim) as bot, client(sim, "other", "secret") as other:
        store = bitFlyerDataStore()
        failures = heard(store)
        ws = bot.ws_connect(
            sim.ws_url,
            send_json=subscribe(*BOARD, "child_order_events"),
            hdlr_json=store.onmessage,
            backoff=QUICK,
            min_uptime=0,
        )
        events: list[Any] = []
        ws.events.subscribe(events.append)
        await ws.ready()
        for path in ("getchildorders", "getpositions"):
            await store.initialize(bot.fetch("GET", f"/v1/me/{path}", params={"product_code": P}))
        assert store.board.status_of(P) == Live()
        assert is_the_exchanges(store, sim)
        await until(lambda: BOARD[0] not in sim.venue.streams[0].channels)

        kept, lost = [await place(bot, "BUY", price, 0.05) for price in (5000000, 4999000)]
        await place(other, "SELL", 5000000, 0.02)
        await until(lambda: lots(store) == [("BUY", 5000000, 0.02)])
        assert {row["child_order_acceptance_id"]: row["size"] for row in store.childorders} == {kept: 0.03, lost: 0.05}
        told: list[Any] = []
        store.board.instrument_statuses.subscribe(lambda item: told.append(item[1]))
        believed: list[list[str]] = []
        sure = store.childorders.statuses.pipe(ops.skip(1), ops.filter(lambda status: status == Live()))
        sure.subscribe(lambda _: believed.append([row["child_order_acceptance_id"] for row in store.childorders]))

        sim.cut()
        sim.venue.cancel(KEY, P, lost)  # nobody listens yet
        await place(other, "SELL", 5000000, 0.01)
        await until(
            lambda: told and told[-1] == Live() and store.childorders.status == store.positions.status == Live()
        )
        await ws.ready()

        assert isinstance(told[0], Stale)
        assert believed == [[kept]]  # never live with what was true before the cut
        await until(lambda: is_the_exchanges(store, sim))
        assert {row["child_order_acceptance_id"]: row["outstanding_size"] for row in store.childorders} == {kept: 0.02}
        assert sum(size for _, _, size in lots(store)) == pytest.approx(float(sim.position(KEY, P)))
        assert sum(isinstance(event, Authenticated) for event in events) == 2
        assert store.is_live
    assert not failures


async def test_a_refused_login_is_final_and_shows_no_key() -> None:
    """C15, F35: nothing was subscribed."""
    async with exchange() as sim, client(sim, secret="another") as bot:
        ws = bot.ws_connect(sim.ws_url, send_json=subscribe("child_order_events"))
        ws.errors.subscribe(lambda error: None)
        with pytest.raises(LoginRefused, match="Invalid signature") as caught:
            await ws.ready()

    assert KEY not in str(caught.value) + repr(caught.value)
    assert sim.upgrades == 1


async def test_one_refused_channel_leaves_the_others(until: Any) -> None:
    """F41."""
    async with exchange() as sim, client(sim) as bot:
        store = bitFlyerDataStore()
        ws = bot.ws_connect(sim.ws_url, send_json=subscribe("lightning_ticker_NOPE", *BOARD), hdlr_json=store.onmessage)
        ws.errors.subscribe(lambda error: None)
        with pytest.raises(SubscriptionError, match="Invalid channel: lightning_ticker_NOPE"):
            await ws.ready()

        await until(lambda: store.board.status_of(P) == Live())
        assert is_the_exchanges(store, sim)


def test_the_example_of_the_documentation() -> None:
    assert example("bitflyer") == [
        "best 4999990.0 5000010.0 Live()",
        "open 0.05 at 5000000.0",
        "best 5000000.0 0.05",
        "partly filled, 0.03 of 0.05 left",
        "cancelled, open orders: 0",
        "position [('BUY', 5000000.0, 0.02)]",
    ]
