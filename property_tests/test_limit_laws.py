"""Laws of rate limits: no window is ever overspent, nobody overtakes, nobody waits without need."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rxbotters.net.limits import Window
from rxbotters.net.skew import Skew

CALLS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([1, 1, 2, 5])), max_size=60)


@given(CALLS, st.integers(5, 12), st.integers(1, 20))
def test_no_window_is_overspent(calls: list[tuple[int, int]], weight: int, per_s: int) -> None:
    window = Window(weight, per_s)
    now = 0.0
    sent: list[tuple[float, int]] = []
    for gap, spent in calls:
        now += gap / 10
        sent.append((now + window.reserve(spent, now), spent))

    for when, _ in sent:
        assert sum(spent for at, spent in sent if when <= at < when + per_s - 1e-4) <= weight


@given(CALLS, st.integers(5, 12))
def test_nobody_overtakes(calls: list[tuple[int, int]], weight: int) -> None:
    window = Window(weight, 3.0)
    now, last = 0.0, 0.0
    for gap, spent in calls:
        now += gap / 10
        when = now + window.reserve(spent, now)
        assert when >= last - 1e-5
        last = when


@given(st.integers(1, 12))
def test_an_empty_window_lets_its_whole_weight_through_at_once(weight: int) -> None:
    window = Window(weight, 10.0)

    assert [window.reserve(1, 5.0) for _ in range(weight)] == [0.0] * weight
    assert window.reserve(1, 5.0) == 10.0
    assert window.delay(1, 25.1) == 0.0


@given(
    st.floats(-3600, 3600),
    st.lists(st.tuples(st.floats(0, 0.4), st.floats(0.001, 0.8)), min_size=1, max_size=30),
)
def test_the_bounds_of_a_skew_hold_the_truth(truth: float, answers: list[tuple[float, float]]) -> None:
    """F101: each Date narrows the bounds, none excludes the true difference."""
    from email.utils import formatdate

    skew = Skew()
    local = 1_700_000_000.0
    for gap, trip in answers:
        sent = local + gap
        stamped = sent + trip / 2 + truth
        local = sent + trip
        skew.learn(formatdate(int(stamped), usegmt=True), sent=sent, received=local)

        assert skew.low - 1e-3 <= truth <= skew.high + 1e-3
