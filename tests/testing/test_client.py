"""The library's own client against the simulated exchange, in virtual time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

import rxbotters
from rxbotters.errors import ClientClosed, ConnectError, OutcomeUnknown
from rxbotters.testing import (
    Cut,
    Unclean,
    Weather,
    current_loop,
    every_await_point,
    leak_check,
    run,
)
from rxbotters_operators.events import Closed, Event, Overdue, Waiting
from tests.endurance.day import HOUR
from tests.endurance.sim import SUBSCRIPTIONS, client_of, exchange


def timed(ws: rxbotters.WebSocketApp) -> list[tuple[float, Event]]:
    """Return a list that fills with (time, state)."""
    seen: list[tuple[float, Event]] = []
    loop = current_loop()
    ws.states.subscribe(lambda state: seen.append((loop.time(), state)))
    return seen


# ---------------------------------------------------------------------- single faults


def test_a_peer_that_vanishes_is_noticed_in_time() -> None:
    """F10, C40: stale after at most 1.5 heartbeats and half a second, dropped after 2 and half a second."""

    async def main() -> tuple[float, float]:
        loop = current_loop()
        async with exchange() as sim, client_of(sim) as client:
            ws = client.ws_connect(sim.ws_url)
            await ws
            seen: list[tuple[float, Event]] = []
            ws.events.subscribe(lambda event: seen.append((loop.time(), event)))
            await asyncio.sleep(10.5)  # right after a pong: the worst moment
            loop.faults.inject("half_open")
            vanished = loop.time()
            await asyncio.sleep(60.0)
            stale, dropped = (
                next(at for at, event in seen if isinstance(event, kind)) - vanished for kind in (Overdue, Closed)
            )
            return stale, dropped

    stale, dropped = run(main())

    assert 14.0 <= stale <= 15.5
    assert 19.0 <= dropped <= 20.5


def test_dials_that_are_refused_for_a_day_are_at_most_30_in_any_5_minutes() -> None:
    """F14: exchanges ban from 300 on."""

    async def main() -> list[float]:
        loop = current_loop()
        async with exchange() as sim, client_of(sim) as client:
            loop.faults.inject("refuse")
            ws = client.ws_connect(sim.ws_url)
            ws.errors.subscribe(lambda _: None)
            seen = timed(ws)
            await asyncio.sleep(24 * HOUR)
            return [at for at, state in seen if isinstance(state, Waiting)]

    dials = run(main())

    assert len(dials) > 1000
    assert all(sum(at <= other < at + 300.0 for other in dials) <= 30 for at in dials)


def test_a_name_that_does_not_resolve_is_called_dns() -> None:
    """F15."""

    async def main() -> list[Exception]:
        loop = current_loop()
        errors: list[Exception] = []
        async with exchange() as sim, client_of(sim) as client:
            loop.network.route("ws.lightstream.bitflyer.com", sim.host)
            loop.faults.inject("dns", host="ws.*", seconds=20.0)
            ws = client.ws_connect("wss://ws.lightstream.bitflyer.com/json-rpc")
            ws.errors.subscribe(errors.append)
            await ws
        return errors

    errors = run(main())

    assert errors
    assert all(isinstance(error, ConnectError) and "dns" in str(error) for error in errors)


def test_closing_during_a_backoff_takes_no_time() -> None:
    """F22, F23, C77: within a second, and who waits is told."""

    async def main() -> tuple[float, str]:
        loop = current_loop()
        async with exchange() as sim:
            loop.faults.inject("refuse")
            client = client_of(sim)
            ws = client.ws_connect(sim.ws_url)
            ws.errors.subscribe(lambda _: None)
            waiter = asyncio.create_task(ws.ready())
            while not (isinstance(ws.state, Waiting) and ws.state.delay > 5.0):
                await asyncio.sleep(0.1)
            began = loop.time()
            await client.close()
            took = loop.time() - began
            (error,) = await asyncio.gather(waiter, return_exceptions=True)
        return took, type(error).__name__

    took, error = run(main(), until=600.0)

    assert took <= 1.0
    assert error == ClientClosed.__name__


def test_an_order_whose_answer_vanishes_is_sent_once_and_its_fate_is_unknown() -> None:
    """F98, D13."""

    async def main() -> tuple[str, int, float]:
        loop = current_loop()
        async with exchange() as sim, client_of(sim) as client:
            order = {"product_code": "FX_BTC_JPY", "child_order_type": "MARKET", "side": "BUY", "size": 0.01}
            loop.call_later(0.03, loop.faults.inject, "half_open")
            try:
                await client.fetch("POST", "/v1/me/sendchildorder", data=order)
            except OutcomeUnknown as error:
                return type(error).__name__, len(sim.fill_ids("SIMKEY")), loop.time()
        return "answered", 0, 0.0

    error, fills, took = run(main(), weather=Weather(up=(0.004, 0.004), down=(0.015, 0.015)))

    assert (error, fills) == ("OutcomeLate", 1)
    assert took == pytest.approx(10.0, abs=0.1)


def test_real_hosts_are_simulated_under_their_own_names() -> None:
    """The client signs and logs in as it does to the real exchange: by host, over https and wss."""

    async def main() -> tuple[int, bool]:
        loop = current_loop()
        async with exchange() as sim:
            for name in ("api.bitflyer.com", "ws.lightstream.bitflyer.com"):
                loop.network.route(name, sim.host)
            apis = sim.apis
            async with rxbotters.Client(apis, "https://api.bitflyer.com", clock=loop.clock) as client:
                ws = client.ws_connect("wss://ws.lightstream.bitflyer.com/json-rpc", send_json=SUBSCRIPTIONS)
                await ws.ready()
                result = await client.fetch("GET", "/v1/me/getchildorders", params={"product_code": "FX_BTC_JPY"})
                return result.status, bool(sim.venue.streams[0].account)

    assert run(main()) == (200, True)


def test_the_heartbeat_survives_a_wall_clock_that_steps_back() -> None:
    """F100, C75: an hour back while a ping is under way must not silence the heartbeat for an hour."""

    async def main() -> float:
        loop = current_loop()
        async with exchange() as sim, client_of(sim) as client:
            ws = client.ws_connect(sim.ws_url)
            await ws
            seen = timed(ws)
            await asyncio.sleep(10.7)
            loop.faults.inject("clock", by=-HOUR)
            await asyncio.sleep(5.0)
            loop.faults.inject("half_open")
            vanished = loop.time()
            await asyncio.sleep(2 * HOUR)
            return next(at for at, state in seen if isinstance(state, Closed)) - vanished

    assert run(main(), weather=Weather(up=(0.5, 0.5), down=(0.5, 0.5))) <= 20.5


# ---------------------------------------------------------------------- cancelled anywhere


async def cut_fetch(cut: Cut) -> None:
    async with exchange() as sim, client_of(sim) as client:
        current_loop().network.route("api.bitflyer.com", sim.host)
        await cut(client.fetch("GET", "https://api.bitflyer.com/v1/getboard", params={"product_code": "FX_BTC_JPY"}))


async def cut_order(cut: Cut) -> None:
    async with exchange() as sim, client_of(sim) as client:
        order = {"product_code": "FX_BTC_JPY", "child_order_type": "MARKET", "side": "BUY", "size": 0.01}
        await cut(client.fetch("POST", "/v1/me/sendchildorder", data=order))
        assert len(sim.fill_ids("SIMKEY")) <= 1


async def cut_ready(cut: Cut) -> None:
    """F25: who waits for a connection is cancelled, and nothing else."""
    async with exchange() as sim, client_of(sim) as client:
        ws = client.ws_connect(sim.ws_url, send_json=SUBSCRIPTIONS)

        async def wait() -> None:
            await ws
            await ws.ready()
            await ws.heartbeat()

        await cut(wait())
        await ws.ready()
        assert sim.upgrades == 1


async def cut_life(cut: Cut) -> None:
    """Everything a program does between the opening and the closing of its client."""
    async with exchange() as sim, client_of(sim) as client:

        async def live() -> None:
            store = rxbotters.bitFlyerDataStore()
            ws = client.ws_connect(sim.ws_url, send_json=SUBSCRIPTIONS, hdlr_json=store.onmessage)
            await ws.ready()
            await client.fetch("GET", "/v1/getboard", params={"product_code": "FX_BTC_JPY"})
            await ws.close()

        await cut(live())


@pytest.mark.parametrize(
    ("case", "least"),
    [(cut_fetch, 3), (cut_order, 3), (cut_ready, 2), (cut_life, 4)],
    ids=["fetch", "order", "ready", "life"],
)
def test_cancelled_at_any_await_point_nothing_is_left(case: Callable[[Cut], Any], least: int) -> None:
    """No task, no connection, no descriptor, no subscription; each point in a run of its own."""
    with leak_check():
        points = every_await_point(case)

    assert points >= least


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_client_that_is_cancelled_while_it_closes_is_closed_all_the_same() -> None:
    """D15, C77."""

    async def case(cut: Cut) -> None:
        async with exchange() as sim:

            async def live() -> None:
                async with client_of(sim) as client:
                    await client.ws_connect(sim.ws_url, send_json=SUBSCRIPTIONS).ready()
                    await client.fetch("GET", "/v1/getboard", params={"product_code": "FX_BTC_JPY"})

            await cut(live())
            await asyncio.sleep(2.0)

    problem = ""
    try:
        every_await_point(case)
    except Unclean as error:
        problem = str(error)
    gc.collect()  # what was left behind complains here, not in some other test

    assert problem == ""
