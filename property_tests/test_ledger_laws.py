"""Laws of the ledger: whatever is lost, told twice or late, position is the sum of fills and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rxbotters.stores.ledger import Ledger

SIZES = st.sampled_from([Decimal("0.1"), Decimal("0.2"), Decimal("0.3")])


class Machine(RuleBasedStateMachine):
    """The exchange is the model: it accepts or refuses, fills, forgets to answer, and repeats itself."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.orders: dict[str, dict[str, Any]] = {}  # what the exchange has
        self.trades: list[tuple[str, str, Decimal]] = []  # all it ever told
        self.number = 0

    @rule(side=st.sampled_from(["buy", "sell"]), size=SIZES, fate=st.sampled_from(["yes", "no", "lost", "never"]))
    def send(self, side: str, size: Decimal, fate: str) -> None:
        self.number += 1
        name = f"o{self.number}"
        self.ledger.sent(name, symbol="X", side=side, size=size)
        if fate in ("yes", "lost"):
            self.orders[name] = {"side": side, "left": size, "live": True}
        if fate == "yes":
            self.ledger.accepted(name, exchange_id=f"e{self.number}")
        elif fate == "no":
            self.ledger.rejected(name)
        else:
            self.ledger.lost(name)

    @precondition(lambda self: any(order["live"] for order in self.orders.values()))
    @rule(data=st.data(), twice=st.booleans())
    def fill(self, data: st.DataObject, twice: bool) -> None:
        name = data.draw(st.sampled_from([name for name, order in self.orders.items() if order["live"]]))
        order = self.orders[name]
        size = data.draw(st.sampled_from([order["left"], min(order["left"], Decimal("0.1"))]))
        order["left"] -= size
        order["live"] = order["left"] > 0
        trade = f"t{len(self.trades)}"
        self.trades.append((trade, name, size))
        assert self.ledger.fill(trade, id=name, size=size, price=1)
        if twice:
            assert not self.ledger.fill(trade, id=name, size=size, price=1)

    @precondition(lambda self: bool(self.trades))
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        trade, name, size = data.draw(st.sampled_from(self.trades))
        assert not self.ledger.fill(trade, id=name, size=size, price=1)

    @precondition(lambda self: any(order["live"] for order in self.orders.values()))
    @rule(data=st.data(), told=st.booleans())
    def cancel(self, data: st.DataObject, told: bool) -> None:
        name = data.draw(st.sampled_from([name for name, order in self.orders.items() if order["live"]]))
        self.orders[name]["live"] = False
        if told:
            self.ledger.closed(name)

    @rule()
    def reconcile(self) -> None:
        live = [name for name, order in self.orders.items() if order["live"]]
        self.ledger.reconciled(live)

        assert not self.ledger.unknown
        assert {row["id"] for row in self.ledger if row["state"] == "open"} == set(live)

    @invariant()
    def position_is_the_sum_of_fills(self) -> None:
        total = sum(
            (size if self.orders[name]["side"] == "buy" else -size for _, name, size in self.trades), Decimal(0)
        )
        assert self.ledger.position("X") == total

    @invariant()
    def what_is_filled_is_what_was_told(self) -> None:
        for row in self.ledger:
            assert row["filled"] == sum((size for _, name, size in self.trades if name == row["id"]), Decimal(0))
            assert row["filled"] <= row["size"]


TestLedger = Machine.TestCase


def test_what_cannot_be_is_refused() -> None:
    ledger = Ledger()
    ledger.sent("a", symbol="X", side="buy", size=1)

    for bad in (
        lambda: ledger.sent("a", symbol="X", side="buy", size=1),
        lambda: ledger.sent("b", symbol="X", side="up", size=1),
        lambda: ledger.sent("b", symbol="X", side="buy", size=0),
        lambda: ledger.fill("t", id="a", size=2, price=1),
    ):
        with pytest.raises(ValueError, match=r"."):
            bad()
    with pytest.raises(KeyError):
        ledger.fill("t", id="stranger", size=1, price=1)
    assert not ledger.position("X")
