"""Stamps and serial numbers: what signatures are made of. A number that does not grow is an order that is refused."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxbotters.clock import SYSTEM, Clock, Serials

NAMES = st.sampled_from(["", "a", "b"])
MOMENTS = st.integers(0, 2_000_000_000_000)


@given(st.lists(st.tuples(NAMES, MOMENTS), max_size=60))
def test_numbers_grow_strictly_for_each_key_whatever_the_clock_does(asked: list[tuple[str, int]]) -> None:
    """C23, F99, F100: and they are the time, or as near above it as growing allows; keys do not disturb each other."""
    serials = Serials()
    last: dict[str, int] = {}
    for name, ms in asked:
        number = serials.next(name, ms)

        assert number == (max(ms, last[name] + 1) if name in last else ms)
        last[name] = number


@given(MOMENTS, st.floats(-86_400, 86_400))
def test_a_stamp_is_the_exchanges_time(ms: int, ahead: float) -> None:
    """F101: a clock that is behind by so many seconds is made up for."""
    stamp = Clock(now=lambda: ms / 1000).stamp(ahead=ahead)

    assert abs(stamp.ms - (ms + ahead * 1000)) <= 1
    assert stamp.seconds == stamp.ms // 1000


def test_a_stamp_counts_for_the_key_that_signs_in_the_rows_it_was_given() -> None:
    """F99: one row per key, shared by requests and logins; a stamp without a row counts alone."""
    clock, serials = Clock(now=lambda: 5.0, nonce=lambda: "fresh"), Serials()
    first, second = clock.stamp(serials, "a"), clock.stamp(serials, "a")

    assert [first.serial(), second.serial(), first.serial()] == [5000, 5001, 5002]
    assert clock.stamp(serials, "b").serial() == 5000
    assert serials.next("a", 0) == 5003
    assert serials.next("b", 0) == 5001
    assert clock.stamp().serial() == 5000
    assert clock.stamp(serials).serial() == 5000
    assert serials.next("", 0) == 5001
    assert first.nonce() == "fresh"


def test_times_are_written_to_the_millisecond() -> None:
    """As OKX signs them: always three digits, whatever they are."""
    isos = [Clock(now=lambda now=now: now).stamp().iso for now in (1_700_000_000.007, 0.0, 1_709_164_800.1)]

    assert isos == ["2023-11-14T22:13:20.007Z", "1970-01-01T00:00:00.000Z", "2024-02-29T00:00:00.100Z"]


def test_the_machines_own_nonces_are_32_hex_digits_and_never_the_same() -> None:
    nonces: set[Any] = {SYSTEM.nonce() for _ in range(100)}

    assert len(nonces) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", nonce) for nonce in nonces)
    assert SYSTEM.stamp().ms > 1_700_000_000_000
    assert all(0 <= SYSTEM.dice() < 1 for _ in range(100))
