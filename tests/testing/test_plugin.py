"""The pytest plugin, used as users use it: a test file of theirs, run by a pytest of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rxbotters.testing import Fault, VirtualLoop, Weather

if TYPE_CHECKING:
    from rxbotters.sim import SimExchange

ROOT = Path(__file__).parents[2]

USERS_TESTS = """
import asyncio, socket
import aiohttp, pytest, rxbotters
from rxbotters_operators.hot import Hot

prices = Hot("prices")


def test_passes(leak_check, virtual_loop, sim_exchange, faults, no_network):
    async def main():
        sim, clock = sim_exchange, virtual_loop.clock
        async with rxbotters.Client(sim.apis, sim.rest_url, hosts=sim.hosts, clock=clock) as client:
            faults.inject("latency", up=1.0, down=1.0)
            await client.fetch("GET", "/v1/getboard")
            return virtual_loop.time()

    assert virtual_loop.run(main()) == 4.0
    assert sim_exchange.venue.clock() == virtual_loop.wall()


@pytest.mark.sim_exchange(orders_per_s=0, products=["BTC_JPY"])
@pytest.mark.asyncio
async def test_passes_on_loopback(sim_exchange):
    async with sim_exchange, aiohttp.ClientSession() as session:
        async with session.get(sim_exchange.rest_url + "/v1/getboard?product_code=BTC_JPY") as response:
            assert response.status == 200


@pytest.mark.virtual_loop(seed=3, until=10)
def test_fails_by_the_time_limit(virtual_loop):
    virtual_loop.run(asyncio.sleep(11))


def test_errors_by_a_task(virtual_loop):
    virtual_loop.run(asyncio.sleep(1))
    virtual_loop.create_task(asyncio.sleep(5), name="forgotten")


def test_errors_by_a_subscription(leak_check):
    prices.subscribe(print)


def test_fails_by_the_network(no_network):
    socket.create_connection(("192.0.2.1", 80))


@pytest.mark.blocking_check(limit_ms=5, calls=False)
def test_errors_by_blocking(virtual_loop, blocking_check):
    async def main():
        sum(range(3_000_000))

    virtual_loop.run(main())
"""


def pytest_of_a_user(folder: Path, *args: str, code: str = USERS_TESTS) -> subprocess.CompletedProcess[str]:
    (folder / "test_bot.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    path = os.pathsep.join([str(ROOT), str(ROOT / "operators")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def plugin_args() -> list[str]:
    """Load the plugin, unless an installed entry point does."""
    from importlib.metadata import entry_points

    installed = any(point.value == "rxbotters.testing.plugin" for point in entry_points(group="pytest11"))
    return [] if installed else ["-p", "rxbotters.testing.plugin"]


def test_every_fixture_says_what_is_wrong_and_keeps_quiet_otherwise(tmp_path: Path, plugin_args: list[str]) -> None:
    done = pytest_of_a_user(tmp_path, *plugin_args, "-rfE")

    lines = [line.partition(" - ")[0] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR "))]
    assert sorted(lines) == [
        "ERROR test_bot.py::test_errors_by_a_subscription",
        "ERROR test_bot.py::test_errors_by_a_task",
        "ERROR test_bot.py::test_errors_by_blocking",
        "FAILED test_bot.py::test_fails_by_the_network",
        "FAILED test_bot.py::test_fails_by_the_time_limit",
    ], done.stdout
    assert "2 failed, 5 passed, 3 errors" in done.stdout, done.stdout
    for words in (
        "'forgotten' waits at",
        "'prices': 1 subscribers",
        "192.0.2.1:80",
        "within 10 virtual",
        "in task 'main'",
    ):
        assert words in done.stdout, words
    assert "replay: seed=3" in done.stdout


def test_a_suite_that_uses_nothing_of_it_pays_next_to_nothing(tmp_path: Path, plugin_args: list[str]) -> None:
    """Users install pytest plugins globally: no Hypothesis strategy, no loop, no simulator is imported."""
    code = """
import sys

def test_nothing_was_imported():
    rooms = [name for name in sys.modules if name.startswith("rxbotters.testing.")]
    assert rooms == ["rxbotters.testing.plugin"]
    assert not {"rxbotters.sim", "rxbotters.client", "aiohttp"} & set(sys.modules)
"""

    done = pytest_of_a_user(tmp_path, *plugin_args, code=code)

    assert done.returncode == 0, done.stdout


# ---------------------------------------------------------------------- the fixtures in this suite


@pytest.mark.virtual_loop(seed=8, weather=Weather(up=(1.0, 1.0)), script=[Fault(2.0, "clock", by=60.0)])
def test_marks_give_the_loop_its_arguments(virtual_loop: VirtualLoop) -> None:
    assert virtual_loop.seed == 8
    assert virtual_loop.network.weather.up == (1.0, 1.0)


@pytest.mark.sim_exchange(orders_per_s=1.0)
def test_the_exchange_lives_in_the_virtual_network(virtual_loop: VirtualLoop, sim_exchange: SimExchange) -> None:
    async def main() -> Any:
        before = sim_exchange.book("FX_BTC_JPY")
        await asyncio.sleep(60.0)
        return before != sim_exchange.book("FX_BTC_JPY")

    assert virtual_loop.run(main())
