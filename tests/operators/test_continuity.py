"""Numbers that follow, are old, or show a gap."""

from __future__ import annotations

from typing import Any

from rxbotters_operators._continuity import Continuity


def follows(last: int, diff: int, first: bool) -> Any:
    return "apply" if diff == last + 1 else "skip" if diff <= last else "gap"


def numbers(hold: int = 8000) -> Continuity[int]:
    return Continuity(follows, lambda diff: diff, hold=hold)


def test_a_snapshot_older_than_what_was_held_is_not_taken() -> None:
    """F74: the held diffs stay for the next one."""
    stream = numbers()
    stream.take(10)

    assert stream.start(7) is None
    assert stream.last is None
    assert stream.start(9) == [10]


def test_what_the_snapshot_covers_is_not_replayed() -> None:
    """F70, F74."""
    stream = numbers()
    for diff in (3, 4, 5):
        stream.take(diff)

    assert stream.start(4) == [5]
    assert stream.last == 5


def test_after_a_gap_everything_begins_anew_with_that_diff() -> None:
    """F68."""
    stream = numbers()
    stream.start(1)

    assert [stream.take(diff) for diff in (2, 4, 5)] == ["apply", "gap", "hold"]
    assert stream.start(3) == [4, 5]


def test_what_is_held_is_bounded_and_what_goes_is_counted() -> None:
    """C78."""
    stream = numbers(hold=2)
    for diff in (1, 2, 3):
        stream.take(diff)

    assert (stream.held, stream.lost) == (2, 1)
    assert stream.start(0) is None


def test_the_first_diff_may_have_a_rule_of_its_own() -> None:
    firsts: list[bool] = []

    def note(last: int, diff: int, first: bool) -> Any:
        firsts.append(first)
        return "skip" if diff <= last else "apply"

    stream: Continuity[int] = Continuity(note, lambda diff: diff)
    stream.start(1)
    for diff in (1, 2, 3):
        stream.take(diff)

    assert firsts == [True, True, False]
