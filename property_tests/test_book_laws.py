"""Laws of OrderBook: it is a dict of levels, sorted; a bad number changes nothing; the cap keeps the touch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxbotters import OrderBook
from rxbotters.errors import BadNumber

SYMBOLS = st.sampled_from("AB")
FLOATS = st.integers(1, 12).map(lambda n: n / 2)
TEXTS = st.integers(1, 12).map(lambda n: f"{n / 2:.1f}")
SIZES = st.sampled_from([0, 0.0, 1, 2.5])


def steps(prices: Any, sizes: Any) -> Any:
    levels = st.lists(st.tuples(prices, sizes), max_size=5)
    return st.lists(
        st.tuples(st.sampled_from(["apply", "replace", "drop", "row", "unrow"]), SYMBOLS, levels, levels), max_size=10
    )


def play(book: OrderBook, model: dict[Any, Any], step: Any) -> None:
    verb, symbol, asks, bids = step
    sides = {"asks": asks, "bids": bids}
    if verb in ("replace", "drop"):
        for key in [key for key in model if key[0] == symbol]:
            del model[key]
    if verb == "apply":
        book.apply_levels(symbol, asks, bids)
    elif verb == "replace":
        book.replace_levels(symbol, asks, bids)
    elif verb == "drop":
        book.drop_instrument(symbol)
        return
    for side, levels in sides.items():
        for price, size in levels:
            row = {"symbol": symbol, "side": side, "price": price, "size": size}
            if verb == "row":
                book._insert([row])
                model[symbol, side, price] = size
            elif verb == "unrow":
                book._delete([row])
                model.pop((symbol, side, price), None)
            elif float(size):
                model[symbol, side, price] = size
            else:
                model.pop((symbol, side, price), None)


def agree(book: OrderBook, model: dict[Any, Any]) -> None:
    assert {(r["symbol"], r["side"], r["price"]): r["size"] for r in book} == model
    assert len(book) == len(model)
    for symbol in "AB":
        asks = sorted((p for s, side, p in model if (s, side) == (symbol, "asks")), key=float)
        bids = sorted((p for s, side, p in model if (s, side) == (symbol, "bids")), key=float, reverse=True)
        for limit in (None, 0, 1, 3):
            both = book.sorted({"symbol": symbol}, limit)
            assert [row["price"] for row in both["asks"]] == asks[:limit]
            assert [row["price"] for row in both["bids"]] == bids[:limit]
        best = book.best(symbol)
        assert (best.ask and best.ask["price"]) == (asks[0] if asks else None)
        assert (best.bid and best.bid["price"]) == (bids[0] if bids else None)


@given(st.one_of(steps(FLOATS, SIZES), steps(TEXTS, st.sampled_from(["0", "0.00", "1", "2.5"]))), st.booleans())
def test_a_book_is_a_sorted_dict_and_its_changes_rebuild_it(script: Any, watched: bool) -> None:
    """P2, C61, C66, D7: with and without an audience."""
    book, model, folded, told = OrderBook(), {}, {}, 0

    def mirror(change: Any) -> None:
        nonlocal told
        told += 1
        assert folded.get(change.key) == change.before
        assert change.seq == told
        assert change.key == tuple(change.data[field] for field in ("symbol", "side", "price"))
        asked = change.source
        assert asked is None or change.key == tuple(asked[field] for field in ("symbol", "side", "price"))
        if change.operation == "delete":
            del folded[change.key]
        else:
            folded[change.key] = change.data

    if watched:
        book.changes.subscribe(mirror)
    for step in script:
        play(book, model, step)
        agree(book, model)
        if watched:
            assert {key: row["size"] for key, row in folded.items()} == model
            assert book.version == told


@given(
    steps(FLOATS, SIZES), st.sampled_from([float("nan"), float("inf"), -1.0, "x", None]), st.booleans(), st.booleans()
)
def test_a_bad_number_changes_nothing(script: Any, bad: Any, in_price: bool, replace: bool) -> None:
    """F79, F80."""
    book, model = OrderBook(), {}
    for step in script:
        play(book, model, step)
    level = (bad, 1.0) if in_price else (1.0, bad)

    with pytest.raises(BadNumber):
        (book.replace_levels if replace else book.apply_levels)("A", [(2.0, 1.0)], [(1.5, 1.0), level])

    agree(book, model)


@given(st.integers(1, 5), st.lists(st.tuples(SYMBOLS, FLOATS, FLOATS), max_size=30))
def test_the_cap_holds_per_side_and_keeps_the_touch(cap: int, levels: list[tuple[str, float, float]]) -> None:
    """F75, F76."""
    book = OrderBook(maxlen=cap)
    asks: dict[str, set[float]] = {"A": set(), "B": set()}
    bids: dict[str, set[float]] = {"A": set(), "B": set()}
    for symbol, ask, bid in levels:
        book.apply_levels(symbol, [(ask, 1.0)], [(bid, 1.0)])
        asks[symbol] = set(sorted(asks[symbol] | {ask})[:cap])
        bids[symbol] = set(sorted(bids[symbol] | {bid}, reverse=True)[:cap])

    for symbol in "AB":
        both = book.sorted({"symbol": symbol})
        assert [row["price"] for row in both["asks"]] == sorted(asks[symbol])
        assert [row["price"] for row in both["bids"]] == sorted(bids[symbol], reverse=True)


@given(st.lists(st.tuples(FLOATS, FLOATS), max_size=12), FLOATS)
def test_uncrossing_leaves_asks_above_and_bids_up_to_the_mid(levels: list[tuple[float, float]], mid: float) -> None:
    book = OrderBook()
    book.apply_levels("A", [(ask, 1.0) for ask, _ in levels], [(bid, 1.0) for _, bid in levels])

    book.uncross("A", mid)

    both = book.sorted({"symbol": "A"})
    assert [row["price"] for row in both["asks"]] == sorted({ask for ask, _ in levels if ask > mid})
    assert [row["price"] for row in both["bids"]] == sorted({bid for _, bid in levels if bid <= mid}, reverse=True)


@given(steps(FLOATS, SIZES))
def test_an_audience_changes_nothing_but_what_is_told(script: Any) -> None:
    """C64, C66: the version counts every change, told or not."""
    alone, watched = OrderBook(), OrderBook()
    watched.changes.subscribe(lambda change: None)
    models: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
    for step in script:
        for book, model in zip((alone, watched), models, strict=True):
            play(book, model, step)
        assert alone.version == watched.version
        assert alone.find() == watched.find()
