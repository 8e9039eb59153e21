"""Answers about orders come late, twice and in any order; what is known already is not unlearned."""

from __future__ import annotations

from decimal import Decimal

from rxbotters.stores.ledger import Ledger


def ledger() -> Ledger:
    made = Ledger()
    made.sent("a", symbol="X", side="buy", size="1", price="100")
    return made


def state(made: Ledger) -> str:
    return str(made.get({"id": "a"})["state"])  # type: ignore[index]


def test_a_yes_without_a_name_is_a_yes() -> None:
    """The name may come with a second one; it is not forgotten by a third."""
    made = ledger()
    made.accepted("a")
    assert state(made) == "open"
    made.accepted("a", exchange_id="x-1")
    made.accepted("a")

    assert made.get({"id": "a"})["exchange_id"] == "x-1"  # type: ignore[index]
    assert made.fill("t1", id="x-1", size="0.4", price="100")


def test_a_no_after_a_fill_is_wrong() -> None:
    made = ledger()
    made.fill("t1", id="a", size="0.4", price="100")
    made.rejected("a")

    assert state(made) != "rejected"
    assert made.get({"id": "a"})["filled"] == Decimal("0.4")  # type: ignore[index]


def test_an_order_that_was_answered_is_not_lost() -> None:
    """F98: only what was sent and not heard of is unknown."""
    made = ledger()
    made.accepted("a")
    made.lost("a")
    assert state(made) == "open"

    other = ledger()
    other.lost("a")
    assert state(other) == "unknown"
    other.accepted("a")
    assert state(other) == "open"


def test_an_order_that_was_refused_has_nothing_to_close() -> None:
    made = ledger()
    made.rejected("a")
    made.closed("a")

    assert state(made) == "rejected"
