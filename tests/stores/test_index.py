"""Indexes change how fast `find` answers, never what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxbotters import DataStore, OrderBook
from rxbotters.errors import BadNumber
from rxbotters_operators.events import Stale

VALUES = st.sampled_from([1, 1.0, "a", None, [1], {"x": 1}])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "delete", "clear", "pop"]),
        st.integers(0, 4),
        st.dictionaries(st.sampled_from(["f", "g"]), VALUES, max_size=2),
    ),
    max_size=20,
)


@given(STEPS, VALUES)
def test_an_indexed_store_finds_what_a_scan_finds(steps: list[tuple[str, int, dict[str, Any]]], asked: Any) -> None:
    """C59: in order of first insertion, for values of any kind: those that cannot be looked up are looked for."""
    plain, indexed = DataStore(keys=["id"]), DataStore(keys=["id"], indexes=["f"])
    for verb, number, fields in steps:
        for store in (plain, indexed):
            item = {"id": number, **fields}
            if verb == "clear":
                store._clear()
            elif verb == "pop":
                store._pop(item)
            else:
                getattr(store, f"_{verb}")([item])
        for query in ({"f": asked}, {"f": asked, "g": 1}, {"g": asked}, {"id": number, "f": asked}):
            assert indexed.find(query) == plain.find(query)


# ---------------------------------------------------------------------- books

SIDES = st.sampled_from(["asks", "bids", "other"])
LEVELS = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["asks", "bids"]), st.integers(1, 9), st.integers(1, 3)),
    max_size=12,
)


def rows_of(levels: list[tuple[str, str, int, int]]) -> list[dict[str, Any]]:
    """Every row of a book, in its order: instrument by instrument, asks before bids, best first."""
    held = {(symbol, side, price): size for symbol, side, price, size in levels}
    seen = list(dict.fromkeys(symbol for symbol, *_ in levels))
    return [
        {"symbol": symbol, "side": side, "price": price, "size": held[symbol, side, price]}
        for symbol in seen
        for side, sign in (("asks", 1), ("bids", -1))
        for price in sorted((p for s, d, p in held if (s, d) == (symbol, side)), key=lambda p: sign * p)
    ]


@given(
    LEVELS,
    st.fixed_dictionaries(
        {},
        optional={
            "symbol": st.sampled_from("ABC"),
            "side": SIDES,
            "price": st.integers(1, 9),
            "size": st.integers(1, 3),
            "no such field": st.just(1),
        },
    ),
    st.sampled_from([None, 0, 1, 2]),
)
def test_a_book_finds_and_sorts_as_a_list_of_its_rows_would(
    levels: list[tuple[str, str, int, int]], query: dict[str, Any], limit: int | None
) -> None:
    """C59, C61: by any fields, of one instrument or of all."""
    book = OrderBook()
    for symbol, side, price, size in levels:
        book.apply_levels(symbol, **{"asks": [], "bids": [], side: [(price, size)]})  # type: ignore[arg-type]
    rows = rows_of(levels)
    wanted = [row for row in rows if all(row.get(field, row) == value for field, value in query.items())]

    assert list(book) == rows
    assert len(book) == len(rows)
    assert book.find(query) == wanted
    assert book.find() == rows
    both = book.sorted(query, limit)
    for side, sign in (("asks", 1), ("bids", -1)):
        best_first = sorted((row["price"] for row in wanted if row["side"] == side), key=lambda price: sign * price)
        assert [row["price"] for row in both[side]] == best_first[:limit]
        for symbol in "ABC":
            mine = [row for row in rows if (row["symbol"], row["side"]) == (symbol, side)]
            depth = getattr(book.depth(symbol, limit), side)
            assert [tuple(level) for level in depth] == [(row["price"], row["size"]) for row in mine][:limit]
    for row in rows:
        assert book.get(row) == row
    assert book.get({"symbol": "C", "side": "asks", "price": 1}) is None
    assert book.get({"symbol": "A", "side": "other", "price": 1}) is None


def test_a_negative_limit_is_refused() -> None:
    """C61."""
    book = OrderBook()
    for query in ({"symbol": "A"}, None, {"side": "asks"}):
        with pytest.raises(ValueError, match="limit must not be negative, got -1"):
            book.sorted(query, -1)
    with pytest.raises(ValueError, match="limit must not be negative, got -1"):
        DataStore()._sorted("side", "a", "b", "price", limit=-1)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.one_of(
                st.integers(1, 6),
                st.integers(2, 12).map(lambda n: n / 2),
                st.sampled_from(["2", "2.0", "2.00", "3.5", "10"]),
            ),
        ),
        max_size=25,
    )
)
def test_levels_are_in_order_of_price_however_prices_are_written(steps: list[tuple[bool, Any]]) -> None:
    """C61, D7: numbers and texts mixed; "2" and "2.00" are two levels side by side, as the exchange wrote them."""
    from rxbotters.stores.ladder import Ladder

    ladder, held = Ladder(), dict[Any, int]()
    for number, (put, price) in enumerate(steps):
        if put:
            ladder.put(price, number)
            held[price] = number
        elif price in held:
            assert ladder.drop(price) == held.pop(price)
        else:
            with pytest.raises(KeyError):
                ladder.drop(price)
        assert ladder.levels == held
        assert sorted(map(repr, ladder.prices)) == sorted(map(repr, held))
        assert [float(known) for known in ladder.prices] == sorted(map(float, held))
        assert [float(rank) for rank in ladder.ranks] == sorted(map(float, held))


def test_rows_put_into_a_book_are_levels_with_whatever_else_they_say() -> None:
    """C52, C54: by the store's own methods; a row with more fields keeps them, a side of no book is refused."""
    book = OrderBook()
    plain = {"symbol": "A", "side": "asks", "price": 101.0, "size": 2.0}
    rich = {"symbol": "A", "side": "bids", "price": 99.0, "size": 3.0, "orders": 7}
    odd = {"symbol": "A", "side": "bids", "price": 98.0, "amount": 1.0}
    book._insert([plain, rich, odd])

    assert book.find() == [plain, rich, odd]
    assert book._levels.books["A"][0].levels == {101.0: 2.0}  # a plain row costs no more than a level
    assert book.depth("A", 1).bids == [(99.0, 3.0)]
    with pytest.raises(ValueError, match="a book has the sides 'asks' and 'bids', not 'middle'"):
        book._insert([{**plain, "side": "middle"}])
    for key in (("B", "asks", 101.0), ("A", "middle", 101.0)):
        with pytest.raises(KeyError, match=str(key[0])):
            del book._levels[key]
        with pytest.raises(KeyError, match=str(key[0])):
            book._levels[key]
        assert key not in book._levels
    book._delete([rich])
    assert book.find() == [plain, odd]


def test_rows_beyond_the_cap_leave_from_the_far_end_too() -> None:
    """F75, F76: however they were put in; and it is told."""
    book = OrderBook(maxlen=2)
    told: list[Any] = []
    book.changes.subscribe(lambda change: told.append((change.operation, change.data["price"], change.reason)))
    book._insert(
        [{"symbol": "A", "side": side, "price": price, "size": 1} for side in ("asks", "bids") for price in (1, 2, 3)]
    )

    assert [row["price"] for row in book.find({"side": "asks"})] == [1, 2]
    assert [row["price"] for row in book.find({"side": "bids"})] == [3, 2]
    assert [entry for entry in told if entry[0] == "delete"] == [("delete", 3, "evict"), ("delete", 1, "evict")]


@pytest.mark.parametrize(
    ("levels", "what"),
    [
        ([("x", 1.0)], "price 'x'"),
        ([(1.0, None)], "size None"),
        ([(1.0, -2.0)], "size -2.0"),
        ([(float("inf"), 1.0)], "price inf"),
        ([5], "level 5"),
        ([(1.0, 1.0, 1.0)], "level"),
        ([(1e308, 1.0), (1e308, 1.0)], "level"),
    ],
)
def test_a_refused_level_is_named(levels: Any, what: str) -> None:
    """F79, F80: with the first that is wrong."""
    book = OrderBook("ticks")
    with pytest.raises(BadNumber) as caught:
        book.apply_levels("A", [(2.0, 1.0), *levels], [])

    assert what.split()[0] in str(caught.value)
    assert what.split()[-1] in str(caught.value)
    assert "ticks" in str(caught.value)
    assert not len(book)


def test_every_change_of_a_book_says_why() -> None:
    """C65, C66: which level, what stood there, what asked for its end, and the reason where it is no message."""
    book = OrderBook(maxlen=2)
    told: list[Any] = []

    def level(price: float, size: float, side: str = "asks") -> dict[str, Any]:
        return {"symbol": "A", "side": side, "price": price, "size": size}

    book.changes.subscribe(
        lambda change: told.append((change.operation, change.key[1:], change.before, change.source, change.reason))
    )
    book.apply_levels("A", [(101.0, 1.0)], [(99.0, 1.0)], reason="mine")
    book.apply_levels("A", [(101.0, 2.0)], [(99.0, 0)])
    book.replace_levels("A", [(102.0, 1.0), (103.0, 1.0), (104.0, 1.0)], [(98.0, 1.0), (103.5, 1.0)])
    book.uncross("A", 102.0)
    book.lose("A", Stale("gone"))
    book.drop_instrument("A")
    book.apply_levels("A", [(101.0, 1.0)], [])
    book.drop_instrument("A")

    def gone(price: float, side: str, reason: Any, asked: float = 0) -> Any:
        return ("delete", (side, price), level(price, 1.0, side), level(price, asked, side), reason)

    assert told == [
        ("insert", ("asks", 101.0), None, None, "mine"),
        ("insert", ("bids", 99.0), None, None, "mine"),
        ("update", ("asks", 101.0), level(101.0, 1.0), None, None),
        gone(99.0, "bids", None),
        ("delete", ("asks", 101.0), level(101.0, 2.0), level(101.0, 0), "snapshot"),
        ("insert", ("asks", 102.0), None, None, "snapshot"),
        ("insert", ("asks", 103.0), None, None, "snapshot"),
        ("insert", ("asks", 104.0), None, None, "snapshot"),
        gone(104.0, "asks", "evict"),
        ("insert", ("bids", 98.0), None, None, "snapshot"),
        ("insert", ("bids", 103.5), None, None, "snapshot"),
        gone(102.0, "asks", "uncross"),
        gone(103.5, "bids", "uncross"),
        gone(103.0, "asks", "resync"),
        gone(98.0, "bids", "resync"),
        ("insert", ("asks", 101.0), None, None, None),
        gone(101.0, "asks", "clear"),
    ]


def test_a_price_of_infinity_minus_a_cent_is_one_that_is_named() -> None:
    """F80: each bad number by what it is, in the order they stand."""
    book = OrderBook("ticks")
    for levels, words in (
        ([(float("nan"), "x")], "price nan"),
        ([("1", "x"), ("y", "1")], "size 'x'"),
        ([("1", [])], "size []"),
        ([{"price": 1}], "level {'price': 1}"),
        ([(10**400, 1)], "price 1000"),
    ):
        with pytest.raises(BadNumber, match="ticks") as caught:
            book.apply_levels("A", levels, [])
        assert words.split(" ", 1)[1] in str(caught.value)
        assert words.split(" ", 1)[0] in str(caught.value)
