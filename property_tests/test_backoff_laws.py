"""Bounds of backoff, for any policy a user may write; and no server can make us dial too often."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rxbotters_operators import Backoff
from rxbotters_operators._pace import Pace
from rxbotters_operators.events import Closed

SECONDS = st.floats(0.001, 1e6)
FACTORS = st.floats(1, 1e3)
DICE = st.floats(0, 1, exclude_max=True)
BACKOFFS = st.builds(
    lambda low, more, factor, initial, jitter: Backoff(low, low + more, factor, initial, jitter),
    SECONDS,
    st.floats(0, 1e6),
    FACTORS,
    st.floats(0, 1e6),
    st.sampled_from([0.0, 0.0, 0.5, 1.0]),
)


@given(BACKOFFS, DICE)
def test_delays_keep_their_bounds(backoff: Backoff, dice: float) -> None:
    """P6, C46: first in [0, initial]; then min × factor^(n−1), never above max, never shrinking."""
    first, *rest = islice(backoff.delays(lambda: dice), 60)

    assert 0 <= first <= min(backoff.initial, backoff.max)
    plain = backoff.min
    for delay in rest:
        plain = min(backoff.max, plain * backoff.factor)
        assert plain * (1 - backoff.jitter) * (1 - 1e-9) <= delay <= plain * (1 + 1e-9)
        assert delay <= backoff.max
        assert delay == pytest.approx(plain * (1 - backoff.jitter * dice))
    if not backoff.jitter:
        assert rest == sorted(rest)


@given(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 4))
def test_a_policy_is_legal_or_refused(numbers: Any) -> None:
    """P6, C45."""
    low, high, factor, initial = numbers
    finite = all(abs(number) != float("inf") for number in numbers)

    if finite and initial >= 0 and 0 < low <= high and factor >= 1:
        Backoff(*numbers)
    else:
        with pytest.raises(ValueError, match="backoff"):
            Backoff(*numbers)


HISTORY = st.lists(
    st.one_of(
        st.tuples(st.just("refused"), st.floats(0, 5)),
        st.tuples(
            st.just("lost"), st.floats(0, 200), st.integers(0, 2), st.booleans(), st.sampled_from([1000, 1012, 1013])
        ),
    ),
    min_size=1,
    max_size=20,
)


def live(pace: Pace, history: Any, *, eager: float = 0.0) -> list[float]:
    """Dial exactly when the pace allows it; return the times."""
    now, dials = 0.0, []
    for event in history:
        pace.dialled(now)
        dials.append(now)
        if event[0] == "refused":
            now += event[1] + pace.failed(now + event[1], ConnectionError())
        else:
            _, uptime, delivered, useful, code = event
            now += uptime
            now += pace.lost(now, Closed(code, uptime=uptime, delivered=delivered), useful=useful)
    return dials


@given(HISTORY, st.integers(1, 40), st.sampled_from([Backoff(), Backoff(0.1, 0.2, 1.0, 0.0)]), DICE)
def test_no_history_breaks_the_limit_of_dials(history: Any, rounds: int, backoff: Backoff, dice: float) -> None:
    """P6, D9, F01, F09, F21: at most 30 dials in any 300 s, even if every draw is zero, and bad luck repeats itself."""
    pace = Pace(Backoff.of(backoff, lambda: dice), limit=(30, 300.0), dice=lambda: dice)
    dials = live(pace, history * rounds)

    assert all(dials[n + 30] - at >= 300 - 1e-6 for n, at in enumerate(dials[:-30]))


@given(st.integers(1, 5), st.floats(1, 100), st.lists(st.floats(0, 30), min_size=1, max_size=30))
def test_the_limit_of_dials_delays_no_longer_than_it_must(calls: int, per: float, pauses: list[float]) -> None:
    """D9: the next dial comes when the oldest that counts has left the window, and not a moment later."""
    pace = Pace(lambda: iter([0.0] * 1000), limit=(calls, per), dice=lambda: 0.0)
    now, dials = 0.0, list[float]()
    for pause in pauses:
        pace.dialled(now)
        dials.append(now)
        now += pause
        delay = pace.failed(now, ConnectionError())

        assert delay == max(0.0, dials[-calls] + per - now if len(dials) >= calls else 0.0)
        now += delay


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 1)), min_size=1, max_size=40), st.floats(0, 2))
def test_without_a_limit_the_users_word_is_law(lives: list[tuple[float, int]], min_uptime: float) -> None:
    """C44, C47: a useful life is followed at once; a mute short one counts on; success starts afresh."""
    backoff = Backoff(1, 8, 2, 4)
    pace = Pace(lambda: backoff.delays(lambda: 0.5), min_uptime=min_uptime, dice=lambda: 0.5)
    failures = 0
    for uptime, delivered in lives:
        delay = pace.lost(0.0, Closed(1000, uptime=uptime, delivered=delivered), useful=True)
        if delivered or uptime >= min_uptime:
            failures = 0
            assert delay == 0
        else:
            failures += 1
            assert delay == (2.0 if failures == 1 else min(8.0, 2.0 ** (failures - 1)))


@given(st.floats(0, 100), st.floats(0, 100))
def test_retry_after_is_a_lower_bound(asked: float, initial: float) -> None:
    """F18."""
    assume(initial <= 60)

    class Busy(Exception):
        retry_after = asked

    pace = Pace(Backoff.of(Backoff(initial=initial), lambda: 0.5), dice=lambda: 0.5)

    assert pace.failed(0.0, Busy()) >= asked
