"""A little of each endurance run; ``python -m tests.endurance`` does all of it. C77, C78, D17, P10."""

from __future__ import annotations

import pytest

from .burst import CONSUMERS, burst
from .cancellation import cancel_anywhere
from .cycles import open_and_close
from .day import a_day


@pytest.mark.timeout(600)
def test_24_hours_with_a_fault_each_hour() -> None:
    """D17, F09, F10, F14: the connection comes back each time, and the book is the exchange's."""
    first = a_day(seed=1)
    again = a_day(seed=1)
    other = a_day(seed=2)

    assert again == first
    assert other["hash"] != first["hash"]
    assert first["faults"] == {"rst": 12, "refuse": 6, "half_open": 6, "stall": 6}
    assert len(set(first["tasks"])) == 1, first["tasks"]
    assert first["wrong"] == []
    assert first["upgrades"] == 25, "each fault costs one connection"
    assert first["dials"] - first["upgrades"] >= 6, "some dials were refused"


def test_a_bot_cancelled_anywhere_in_any_weather_leaves_nothing_behind() -> None:
    """F25, F26, C77: closing takes less than a second, who waits is told, no task or coroutine is forgotten."""
    found = cancel_anywhere(range(60))

    assert found["cancelled"] > 30
    assert found["longest close, s"] <= 1.0
    assert found["never retrieved or awaited"] == 0


def test_clients_that_open_and_close_leave_nothing_behind() -> None:
    """F32, P10: no task, descriptor, subscription or waiter."""
    found = open_and_close(20)

    assert found["complaints of the loop"] == 0


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_consumer_that_stopped_costs_a_bounded_number_of_messages(consumer: str) -> None:
    """F87, F88, C78: what is dropped is counted."""
    found = burst(consumer, 15_000)

    assert found["seen"] == 15_000
    assert found["dropped"] > 0
