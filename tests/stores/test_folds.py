"""Folds: the way of a channel is found once, and what an exchange sends does not fill the memory."""

from __future__ import annotations

from collections import Counter

from rxbotters.stores.folds import Folds


def test_a_channel_is_bound_at_its_first_message_only() -> None:
    bound: Counter[str] = Counter()

    def bind(channel: str) -> str:
        bound[channel] += 1
        return channel.upper()

    folds = Folds(bind)

    assert [folds["trades"], folds["trades"], folds["books"]] == ["TRADES", "TRADES", "BOOKS"]
    assert bound == {"trades": 1, "books": 1}


def test_a_channel_that_is_not_known_is_not_kept() -> None:
    known: dict[str, str] = {}
    folds = Folds(known.get)

    assert folds["trades"] is None
    known["trades"] = "trades"
    assert folds["trades"] == "trades"


def test_however_many_channels_come_no_more_than_ten_thousand_are_kept() -> None:
    """Each has its way all the same."""
    folds: Folds[int, int] = Folds(lambda channel: -channel)

    assert [folds[channel] for channel in range(10_050)] == [-channel for channel in range(10_050)]
    assert len(folds) == 10_000
    assert folds[10_049] == -10_049


def test_a_channel_that_cannot_be_bound_is_tried_again() -> None:
    folds: Folds[str, int] = Folds(int)

    for _ in range(2):
        try:
            folds["books"]
        except ValueError:
            continue
        raise AssertionError("it was bound")
    assert not folds
