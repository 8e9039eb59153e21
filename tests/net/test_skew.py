"""How far an exchange's clock is off, as its answers bound it: never a guess that they exclude (F101)."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rxbotters
from rxbotters.clock import Clock
from rxbotters.net.skew import Skew

ANSWERS = st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(0.001, 5.0), st.floats(0, 1)), min_size=1, max_size=30)


@given(st.floats(-3600, 3600), ANSWERS)
def test_the_truth_is_always_within_the_bounds(ahead: float, answers: list[tuple[float, float, float]]) -> None:
    """Whatever the answers took, and wherever in that time the server read its clock."""
    skew, now = Skew(), 1_700_000_000.0
    for pause, took, when in answers:
        sent = now + pause
        date = formatdate(int(sent + took * when + ahead), usegmt=True)
        now = sent + took
        skew.learn(date, sent=sent, received=now)

        assert skew.known
        assert skew.low - 1e-3 <= ahead <= skew.high + 1e-3
        assert skew.at_least <= abs(ahead) + 1e-3
        assert skew.seconds == 0 or abs(skew.seconds - ahead) <= skew.high - skew.low
        if skew.seconds:
            assert not skew.low <= 0 <= skew.high


@pytest.mark.parametrize("date", [None, "", "yesterday", "Tue, 99 Foo 2023 99:99:99 GMT"])
def test_a_date_that_is_none_teaches_nothing(date: Any) -> None:
    skew = Skew()

    skew.learn(date, sent=1.0, received=2.0)

    assert not skew.known
    assert (skew.seconds, skew.at_least) == (0.0, 0.0)


def test_a_clock_that_was_set_is_believed_at_once() -> None:
    """What the old answers said is over."""
    skew = Skew()
    for ahead in (0, 60, -60):
        skew.learn(formatdate(1_700_000_000 + ahead, usegmt=True), sent=1_700_000_000.0, received=1_700_000_000.1)

    assert -60.2 <= skew.low <= skew.high <= -58.9
    assert skew.seconds == pytest.approx(-59.55, abs=0.6)


async def test_the_clocks_of_a_thousand_hosts_are_remembered_and_no_more(serve: Any) -> None:
    """C78: hosts may come from data; a list of them does not grow for ever."""
    server = await serve()
    async with rxbotters.Client(apis={}, clock=Clock(now=lambda: 0.0)) as client:
        wiring = client._wiring
        for number in range(1200):
            wiring.learn_date(f"h{number}.example", formatdate(0, usegmt=True), 0.0)
        await client.get(server.url + "/a")

    assert len(wiring.skews) == 1000


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_keys_may_go_in_clear_text_to_this_machine(host: str) -> None:
    """F93: for simulators and proxies."""
    async with rxbotters.Client(apis={"bitflyer": ["k", "s"]}, hosts={f"{host}:1": "bitflyer"}) as client:
        app = client.ws_connect(f"ws://{host}:1/ws")
        app.errors.subscribe()

        assert app.current_ws is None
