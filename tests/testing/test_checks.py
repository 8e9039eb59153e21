"""The checks find what they are for, and nothing else."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import rxbotters
from rxbotters.errors import RxbottersError
from rxbotters.sim import SimExchange
from rxbotters.testing import (
    Blocked,
    Cut,
    RealNetwork,
    SimulationError,
    Unclean,
    VirtualLoop,
    blocking_check,
    cancelled_at,
    current_loop,
    every_await_point,
    leak_check,
    no_network,
    run,
)
from rxbotters_operators.hot import Hot

# ---------------------------------------------------------------------- leaks


def test_a_forgotten_subscription_is_found_and_a_disposed_one_is_not() -> None:
    """F89 in its detection."""
    prices: Hot[float] = Hot("prices")
    early = prices.subscribe(print)

    with leak_check():
        prices.subscribe(print).dispose()
    with pytest.raises(Unclean, match="'prices': 2 subscribers, 1 before") as caught, leak_check():
        prices.subscribe(print)

    assert caught.value.subscriptions == ("'prices': 2 subscribers, 1 before",)
    early.dispose()


def test_an_open_file_is_found_and_a_closed_one_is_not(tmp_path: Path) -> None:
    """F28 in its detection."""
    file = tmp_path / "tape.jsonl"
    file.write_text("{}")

    with leak_check(), file.open():
        pass
    with pytest.raises(Unclean, match=r"descriptor \d+: .*tape\.jsonl"), leak_check():
        kept = file.open()
    kept.close()


def test_a_task_that_still_runs_is_found(serve: Any, echo: Any) -> None:
    with VirtualLoop() as loop:
        with pytest.raises(Unclean, match="'feed' waits at") as caught, leak_check():
            task = loop.create_task(asyncio.sleep(1e6), name="feed")
        with leak_check():
            pass  # it was there before
        task.cancel()
        loop.run(asyncio.sleep(0))

    assert len(caught.value.tasks) == 1


def test_an_open_end_of_a_virtual_connection_is_found() -> None:
    async def main() -> None:
        server = await asyncio.start_server(lambda r, w: w.close(), "venue.test", 80)
        with pytest.raises(Unclean, match=r"bot>venue\.test:80#1 \(client end\)"), leak_check():
            reader, writer = await asyncio.open_connection("venue.test", 80)
        await reader.read()
        writer.close()
        server.close()

    run(main())


def test_a_client_that_comes_and_goes_leaks_nothing() -> None:
    async def main() -> None:
        loop = current_loop()
        with leak_check():
            sim = await SimExchange(orders_per_s=0, clock=loop.wall).start()
            async with rxbotters.Client(sim.apis, sim.rest_url, hosts=sim.hosts, clock=loop.clock) as client:
                await client.ws_connect(sim.ws_url).ready()
            await sim.close()
            await asyncio.sleep(1.0)

    run(main())


# ---------------------------------------------------------------------- await points


def test_each_await_point_is_cancelled_once() -> None:
    steps: list[list[int]] = []

    async def case(cut: Cut) -> None:
        done: list[int] = []
        steps.append(done)

        async def work() -> None:
            for number in range(3):
                await asyncio.sleep(1.0)
                done.append(number)

        ran_out = await cut(work())
        assert ran_out == (not cut.reached)

    assert every_await_point(case) == 3
    assert steps == [[], [0], [0, 1], [0, 1, 2]]


def test_a_leak_at_one_await_point_is_named() -> None:
    async def case(cut: Cut) -> None:
        async def work() -> None:
            await asyncio.sleep(1.0)
            task = asyncio.create_task(asyncio.sleep(1e6), name="orphan")
            await asyncio.sleep(1.0)  # whoever is cancelled here forgets the task
            task.cancel()

        await cut(work())

    with pytest.raises(Unclean, match="'orphan'") as caught:
        every_await_point(case)

    assert caught.value.__notes__[-1] == "cancelled at await point 2"


def test_who_swallows_a_cancellation_is_noticed() -> None:
    async def deaf() -> None:
        try:
            await asyncio.sleep(1.0)
        except asyncio.CancelledError:
            return

    async def main() -> tuple[bool, bool]:
        cut = Cut(1)
        return await cut(deaf()), cut.swallowed

    assert run(main()) == (True, True)


def test_what_a_cancelled_coroutine_raises_instead_is_raised() -> None:
    async def translate() -> None:
        try:
            await asyncio.sleep(1.0)
        except asyncio.CancelledError:
            raise LookupError("no price") from None

    async def main() -> None:
        await Cut(1)(translate())

    with pytest.raises(LookupError, match="no price"):
        run(main())


def test_a_cut_that_is_cancelled_itself_leaves_no_task() -> None:
    async def main() -> None:
        task = asyncio.create_task(Cut(99)(asyncio.sleep(1e6)))
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)

    run(main())


def test_await_points_can_be_awaited_inside_another_task() -> None:
    async def work() -> str:
        for _ in range(3):
            await asyncio.sleep(1.0)
        return "done"

    async def main() -> list[object]:
        whole = await cancelled_at(work(), 9)
        with pytest.raises(asyncio.CancelledError):
            await cancelled_at(work(), 2)
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        with pytest.raises(ValueError, match="1 or more"):
            cancelled_at(work(), 0)
        return [whole, current_loop().time()]

    assert run(main()) == ["done", 4.0]


def test_an_endless_case_is_given_up() -> None:
    async def case(cut: Cut) -> None:
        async def work() -> None:
            for _ in range(100):
                await asyncio.sleep(0)

        await cut(work())

    with pytest.raises(SimulationError, match="more than 10 await points"):
        every_await_point(case, most=10)


# ---------------------------------------------------------------------- blocking


def burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_callback_that_computes_too_long_is_named_and_virtual_waiting_is_not() -> None:
    """F90 in its detection."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with blocking_check(limit_ms=20.0, calls=False):
            loop.call_later(5.0, burn, 0.03)
            task = asyncio.create_task(asyncio.to_thread(burn, 0.05), name="signer")
            await asyncio.sleep(1000.0)
            await task

    with pytest.raises(Blocked) as caught:
        run(main())

    (first, slow), (second, quick) = caught.value.slowest
    assert first.startswith("task 'signer'")
    assert second == "burn"
    assert slow > 45.0 > 29.0 < quick + 1.0


def test_a_real_loop_can_be_watched_and_gets_its_methods_back() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with blocking_check(limit_ms=1000.0, calls=False):
            await asyncio.sleep(0.01)
        assert "call_soon" not in loop.__dict__

    asyncio.run(main())


def test_a_call_that_sleeps_is_refused_where_it_stands() -> None:
    from blockbuster import BlockingError

    async def main() -> None:
        with blocking_check(limit_ms=1000.0):
            time.sleep(0.001)  # noqa: ASYNC251 - what is to be caught

    with pytest.raises(BlockingError, match=r"time\.sleep"):
        run(main())


def test_a_limit_must_be_positive() -> None:
    with VirtualLoop() as loop, pytest.raises(ValueError, match="limit_ms"), blocking_check(loop, limit_ms=0):
        pass


# ---------------------------------------------------------------------- no network


@pytest.mark.parametrize(
    ("leave", "destination"),
    [
        (lambda plug: plug.connect(("192.0.2.1", 443)), "192.0.2.1:443"),
        (lambda plug: plug.connect_ex(("api.bitflyer.com", 443)), "api.bitflyer.com:443"),
        (lambda plug: socket.create_connection(("api.bitflyer.com", 443)), "api.bitflyer.com"),
        (lambda plug: socket.getaddrinfo("api.bitflyer.com", 443), "api.bitflyer.com"),
    ],
    ids=["connect", "connect_ex", "create_connection", "getaddrinfo"],
)
def test_a_real_connection_outwards_is_refused_by_name(leave: Any, destination: str) -> None:
    with no_network(), socket.socket() as plug, pytest.raises(RealNetwork) as caught:
        leave(plug)

    assert caught.value.destination == destination
    assert isinstance(caught.value, RxbottersError)
    assert not isinstance(caught.value, OSError | RuntimeError), "aiohttp would try the next address"


def test_a_datagram_outwards_is_refused_too() -> None:
    with no_network(), socket.socket(type=socket.SOCK_DGRAM) as plug, pytest.raises(RealNetwork, match="53"):
        plug.sendto(b"?", ("192.0.2.1", 53))


def test_aiohttp_hears_of_it_and_loopback_stays_open() -> None:
    async def main() -> list[str]:
        outcomes = []
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
        writer.close()
        server.close()
        async with aiohttp.ClientSession() as session:
            for host in ("192.0.2.1", "api.bitflyer.com"):
                try:
                    await session.get(f"http://{host}/")
                except RealNetwork as error:
                    outcomes.append(error.destination)
        return outcomes

    connect = socket.socket.__dict__.get("connect")
    with no_network():
        assert asyncio.run(main()) == ["192.0.2.1:80", "api.bitflyer.com"]
    assert socket.socket.__dict__.get("connect") is connect


def test_the_virtual_network_is_not_concerned(serve: Any, echo: Any) -> None:
    async def main() -> int:
        async with serve(echo), aiohttp.ClientSession() as session, session.get("https://venue.test/") as response:
            return response.status

    with no_network():
        assert run(main()) == 200
