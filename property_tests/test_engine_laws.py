"""Laws of the matching engine: never crossed, nothing made or lost, price then time, position = sum of fills."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxbotters.sim import Engine, Product
from rxbotters.sim.engine import Cancelled, Expired, Filled, Order, Placed

FX, SPOT = "FX_BTC_JPY", "BTC_JPY"
PLACE = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from([FX, SPOT]),
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 5),
    st.sampled_from([None, 99, 100, 101, 100]),
    st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK"]),
)
STEP = st.one_of(PLACE, PLACE, PLACE, st.integers(0, 40))
SCRIPT = st.one_of(st.lists(STEP, max_size=10), st.lists(STEP, min_size=20, max_size=50))  # short ones: to fail small


def play(script: Any) -> tuple[Engine, list[Any], list[Order]]:
    engine = Engine([Product(FX), Product(SPOT, fee=Decimal("0.01"), margin=False)])
    for name in "abc":
        engine.open_account(name, {"JPY": Decimal(2000), "BTC": Decimal(20)})
    events: list[Any] = []
    orders: list[Order] = []
    for time, step in enumerate(script):
        if isinstance(step, int):
            told = engine.cancel(orders[step % len(orders)].id, time=float(time)) if orders else []
        else:
            account, product, side, size, price, tif = step
            told = engine.place(
                account, product, side, Decimal(size), price=None if price is None else Decimal(price), tif=tif,
                time=float(time),
            )  # fmt: skip
        check(engine, told)
        events += told
        orders += [event.order for event in told if isinstance(event, Placed)]
    return engine, events, orders


def check(engine: Engine, told: list[Any]) -> None:
    """Laws 1, 3 and 4, after every step."""
    for product in (FX, SPOT):
        bid, ask = engine.best(product)
        assert bid is None or ask is None or bid < ask
        levels = engine.levels(product)
        sizes: dict[Any, Decimal] = defaultdict(Decimal)
        for order in engine.live.values():
            if order.product == product:
                assert order.remaining > 0
                sizes[order.side, order.price] += order.remaining
        assert {(side, price): size for side, rows in levels.items() for price, size in rows} == dict(sizes)
    fills = [event for event in told if isinstance(event, Filled)]
    for first, second in pairwise(fills):
        better = first.price <= second.price if first.taker.side == "BUY" else first.price >= second.price
        assert better
        if first.price == second.price:
            assert first.maker.time <= second.maker.time
            assert first.maker_left == 0


@given(SCRIPT)
def test_books_are_never_crossed_and_orders_add_up(script: Any) -> None:
    """What was ordered is what was filled, what rests and what ended."""
    engine, events, orders = play(script)

    filled: dict[str, Decimal] = defaultdict(Decimal)
    ended: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, Filled):
            filled[event.taker.id] += event.size
            filled[event.maker.id] += event.size
        elif isinstance(event, Cancelled | Expired):
            ended[event.order.id] += event.left
    for order in orders:
        resting = order.remaining if order.id in engine.live else Decimal(0)
        assert order.size == filled[order.id] + resting + ended[order.id]
        assert order.filled == filled[order.id]


@given(st.lists(st.integers(1, 3), min_size=2, max_size=6), st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_at_a_price_the_older_order_is_filled_first(resting: list[int], taken: list[int]) -> None:
    engine = Engine([Product(FX)])
    for name in "ab":
        engine.open_account(name, {"JPY": Decimal(2000)})
    for time, size in enumerate(resting):
        engine.place("a", FX, "SELL", Decimal(size), price=Decimal(100), time=float(time), order_id=f"m{time}")

    fills = [
        event
        for size in taken
        for event in engine.place("b", FX, "BUY", Decimal(size), time=99.0)
        if isinstance(event, Filled)
    ]

    queue = [f"m{time}" for time, size in enumerate(resting) for _ in range(size)]  # one place for each coin
    assert [fill.maker.id for fill in fills for _ in range(int(fill.size))] == queue[: sum(taken)]


@given(SCRIPT)
def test_money_and_coins_are_neither_made_nor_lost(script: Any) -> None:
    """Fees included; profits on margin are paid for by whoever holds the other side."""
    engine, _, _ = play(script)
    mark = Decimal(100)

    coins = sum((account.money.get("BTC", Decimal(0)) for account in engine.accounts.values()), Decimal(0))
    money = sum((account.money.get("JPY", Decimal(0)) for account in engine.accounts.values()), Decimal(0))
    open_profit = sum((account.unrealised(FX, mark) for account in engine.accounts.values()), Decimal(0))
    assert coins == 60
    assert money + open_profit == 6000
    assert sum((account.position(FX) for account in engine.accounts.values()), Decimal(0)) == 0


@given(SCRIPT)
def test_a_position_is_the_sum_of_its_fills(script: Any) -> None:
    engine, events, _ = play(script)

    sums: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if isinstance(event, Filled) and event.product == FX:
            for order in (event.taker, event.maker):
                sums[order.account] += event.size if order.side == "BUY" else -event.size
    for name in "abc":
        assert engine.accounts[name].position(FX) == sums[name]
