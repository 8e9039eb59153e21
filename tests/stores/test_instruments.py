"""Books whose instruments are named by several fields, a market and a symbol: every call that takes or gives a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from rxbotters import OrderBook
from rxbotters.errors import BadNumber
from rxbotters.stores import Diff, SyncedBook
from rxbotters_operators.events import Live, Stale

SPOT, FUTURES = ("spot", "BTC"), ("futures", "BTC")


class Markets(OrderBook):
    """Rows ``{market, symbol, side, price, size, orders}``."""

    _KEYS: ClassVar[Sequence[str]] = ("market", "symbol", "side", "price")
    _EXTRAS: ClassVar[Sequence[str]] = ("orders",)
    _MAXLEN = 2


def row(market: str, side: str, price: float, size: Any, orders: Any = 1) -> dict[str, Any]:
    return {"market": market, "symbol": "BTC", "side": side, "price": price, "size": size, "orders": orders}


@pytest.fixture
def book() -> Markets:
    made = Markets()
    made.apply_levels(SPOT, asks=[(101.0, 1.0, 1)], bids=[(99.0, 2.0, 1)])
    made.apply_levels(FUTURES, asks=[(102.0, 3.0, 1)], bids=[(98.0, 4.0, 1)])
    return made


def test_a_symbol_of_two_markets_is_two_books(book: Markets) -> None:
    assert book.best(SPOT).ask == row("spot", "asks", 101.0, 1.0)
    assert book.depth(FUTURES).bids == [(98.0, 4.0)]
    assert len(book) == 4
    book.drop_instrument(SPOT)
    assert [level["market"] for level in book] == ["futures", "futures"]


def test_rows_are_found_by_whole_and_by_partial_names(book: Markets) -> None:
    spot = {"market": "spot", "symbol": "BTC"}

    assert book.find(spot) == [row("spot", "asks", 101.0, 1.0), row("spot", "bids", 99.0, 2.0)]
    assert book.find({**spot, "side": "bids"}) == [row("spot", "bids", 99.0, 2.0)]
    assert [level["price"] for level in book.find({"symbol": "BTC", "side": "asks"})] == [101.0, 102.0]
    assert book.sorted(spot, limit=1) == {
        "asks": [row("spot", "asks", 101.0, 1.0)],
        "bids": [row("spot", "bids", 99.0, 2.0)],
    }
    assert [level["price"] for level in book.sorted({"symbol": "BTC"})["bids"]] == [99.0, 98.0]
    assert book.sorted({**spot, "side": "asks"})["bids"] == []
    assert book.get({**spot, "side": "asks", "price": 101.0}) == row("spot", "asks", 101.0, 1.0)
    assert book.get(spot) is None


def test_changes_have_flat_keys_and_fold_to_the_book(book: Markets) -> None:
    mirror = {tuple(level[field] for field in book._keys): level for level in book}
    seen: list[Any] = []
    book.changes.subscribe(seen.append)
    watched: list[Any] = []
    book.at({"market": "spot", "symbol": "BTC", "side": "bids", "price": 99.0}).subscribe(watched.append)

    book.apply_levels(SPOT, asks=[(100.5, 1.0, 1), (103.0, 1.0, 1)], bids=[(99.0, 0, 0)])
    book.replace_levels(FUTURES, asks=[(102.0, 3.0, 9)], bids=[])
    book._insert([row("spot", "bids", 97.0, 1.0)])
    book._delete([row("spot", "asks", 100.5, 1.0)])

    for change in seen:
        assert mirror.get(change.key) == change.before
        if change.operation == "delete":
            del mirror[change.key]
        else:
            mirror[change.key] = change.data
    assert mirror == {tuple(level[field] for field in book._keys): level for level in book}
    assert [change.reason for change in seen].count("evict") == 1  # the cap is of each instrument and side
    assert watched == [row("spot", "bids", 99.0, 2.0), None]


def test_a_whole_row_is_a_level_too() -> None:
    class Plain(OrderBook):
        _KEYS: ClassVar[Sequence[str]] = ("market", "symbol", "side", "price")

    book = Plain()
    book._insert([{"market": "spot", "symbol": "BTC", "side": "asks", "price": 101.0, "size": 1.0}])
    book._insert([{"market": "spot", "symbol": "BTC", "side": "bids", "price": 99.0, "size": 1.0, "more": 5}])

    assert book.best(SPOT).bid == {**book.best(SPOT).bid, "more": 5}  # type: ignore[dict-item]
    assert book.depth(SPOT) == ([(101.0, 1.0)], [(99.0, 1.0)])
    with pytest.raises(BadNumber):
        book.apply_levels(SPOT, asks=[("x", 1)], bids=[])


def test_a_gap_is_of_one_market() -> None:
    class Numbered(SyncedBook):
        _KEYS: ClassVar[Sequence[str]] = ("market", "symbol", "side", "price")

    book = Numbered()
    book.errors.subscribe(lambda error: None)
    for instrument in (SPOT, FUTURES):
        book.on_snapshot(instrument, 5, asks=[(101.0, 1.0)], bids=[(99.0, 1.0)])
    book.on_diff(SPOT, Diff([], [(98.0, 1.0)], last=9))

    assert isinstance(book.status_of(SPOT), Stale)
    assert book.status_of(FUTURES) == Live()
    assert [level["market"] for level in book] == ["futures", "futures"]
