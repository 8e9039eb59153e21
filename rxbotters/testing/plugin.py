"""The pytest plugin: fixtures for tests in virtual time. Nothing is automatic; what a test does not name costs nothing.

Nothing but pytest is imported before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rxbotters.sim import SimExchange

    from .blocking import BlockingCheck
    from .faults import Faults
    from .loop import VirtualLoop

__all__ = ["blocking_check", "faults", "leak_check", "no_network", "sim_exchange", "virtual_loop"]

_MARKERS = (
    "virtual_loop(seed=0, until=None, weather=None, script=(), …): arguments of the fixture `virtual_loop`",
    "sim_exchange(seed=1, orders_per_s=20, …): arguments of the fixture `sim_exchange`",
    "blocking_check(limit_ms=50, calls=True): arguments of the fixture `blocking_check`",
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


def _options(request: pytest.FixtureRequest, mark: str) -> dict[str, Any]:
    found = request.node.get_closest_marker(mark)
    return dict(found.kwargs) if found is not None else {}


@pytest.fixture
def virtual_loop(request: pytest.FixtureRequest) -> Iterator[VirtualLoop]:
    """A `VirtualLoop` for ``def`` tests: ``virtual_loop.run(main())``. What is left behind fails the test.

    Arguments: ``@pytest.mark.virtual_loop(seed=3, until=86_400)``.
    """
    from .loop import VirtualLoop

    with VirtualLoop(**_options(request, "virtual_loop")) as loop:
        yield loop


@pytest.fixture
def faults(virtual_loop: VirtualLoop) -> Faults:
    """The fault switches of `virtual_loop`."""
    return virtual_loop.faults


@pytest.fixture
def sim_exchange(request: pytest.FixtureRequest) -> Iterator[SimExchange]:
    """A simulated exchange.

    In a test that has `virtual_loop` it is started in the virtual network, with the virtual clock. In any other test
    it is yours to start, on loopback: ``async with sim_exchange: …``.

    Arguments: ``@pytest.mark.sim_exchange(orders_per_s=0)``.
    """
    from rxbotters.sim import SimExchange

    options = _options(request, "sim_exchange")
    if "virtual_loop" not in request.fixturenames:
        yield SimExchange(**options)
        return
    loop: VirtualLoop = request.getfixturevalue("virtual_loop")
    options.setdefault("clock", loop.wall)
    exchange = SimExchange(**options)
    loop.run_until_complete(exchange.start())
    yield exchange
    loop.run_until_complete(exchange.close())


@pytest.fixture
def no_network() -> Iterator[None]:
    """No real socket of this test leaves this machine; see `rxbotters.testing.no_network`."""
    from .guard import no_network as guard

    with guard():
        yield


@pytest.fixture
def leak_check(request: pytest.FixtureRequest) -> Iterator[None]:
    """This test leaves no task, descriptor, subscription or virtual connection behind.

    Name it first, before `virtual_loop` and `sim_exchange`: then they have ended when it looks.
    """
    from .leaks import leak_check as check

    with check():
        yield


@pytest.fixture
def blocking_check(request: pytest.FixtureRequest) -> Iterator[Callable[..., AbstractContextManager[BlockingCheck]]]:
    """No callback of `virtual_loop` holds up the loop; for other loops a context manager: ``with blocking_check():``.

    Arguments: ``@pytest.mark.blocking_check(limit_ms=20)``.
    """
    from .blocking import blocking_check as check

    options = _options(request, "blocking_check")

    def make(loop: Any = None, **more: Any) -> AbstractContextManager[BlockingCheck]:
        return check(loop, **{**options, **more})

    with ExitStack() as stack:
        if "virtual_loop" in request.fixturenames:
            stack.enter_context(make(request.getfixturevalue("virtual_loop")))
        yield make
