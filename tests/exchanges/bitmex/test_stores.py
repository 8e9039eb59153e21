"""BitMEX's stores: the table protocol, the books, and the reference's known defects answered."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rxbotters import BitMEXDataStore
from rxbotters.errors import BadNumber, BookMismatch, ProtocolError, SequenceGap, SnapshotError, VenueError
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

S = "XBTUSD"
L2 = "orderBookL2_25"
ACCOUNT = {"account": 7}


def push(store: BitMEXDataStore, table: str, action: str, *rows: Any, ws: Any = None, **more: Any) -> None:
    store.onmessage({"table": table, "action": action, "data": list(rows), **more}, ws)


def level(number: int, side: str, size: Any = None, price: Any = None, symbol: str = S, **more: Any) -> dict[str, Any]:
    row = {"symbol": symbol, "id": number, "side": side, "size": size, "price": price, **more}
    return {name: value for name, value in row.items() if value is not None}


def image(store: BitMEXDataStore, *rows: Any, table: str = L2, symbol: str = S, ws: Any = None) -> None:
    keys = ["symbol", "id", "side"]
    push(store, table, "partial", *rows, keys=keys, filter={"symbol": symbol}, ws=ws)


def order(number: str, status: str | None = "New", **more: Any) -> dict[str, Any]:
    row = {"orderID": number, "ordStatus": status, "leavesQty": 5, **more}
    return {name: value for name, value in row.items() if value is not None}


def orders(store: BitMEXDataStore, *rows: Any, ws: Any = None) -> None:
    push(store, "order", "partial", *rows, keys=["orderID"], filter=ACCOUNT, ws=ws)


ASK, BID = level(17999992000, "Sell", 100, 80), level(17999995000, "Buy", 10, 50)


@pytest.fixture
def store() -> BitMEXDataStore:
    made = BitMEXDataStore()
    made.failures = heard(made)  # type: ignore[attr-defined]
    return made


def failures(store: BitMEXDataStore) -> list[Exception]:
    return store.failures  # type: ignore[attr-defined, no-any-return]


# ---------------------------------------------------------------------- books


def test_a_book_by_id(store: BitMEXDataStore) -> None:
    """Section 6: rows and keys of the reference."""
    image(store, ASK, BID)
    book = store.orderbook
    assert book.find() == [ASK, BID]
    assert book._keys == ("symbol", "id", "side")
    assert book.status_of(S) == Live()
    push(store, L2, "update", level(17999995000, "Buy", 5))
    assert book.get({"symbol": S, "id": 17999995000, "side": "Buy"}) == {**BID, "size": 5}
    push(store, L2, "delete", level(17999995000, "Buy"))
    assert book.find() == [ASK]
    push(store, L2, "insert", level(17999995500, "Buy", 10, 45))
    assert book.sorted() == {"Sell": [ASK], "Buy": [level(17999995500, "Buy", 10, 45)]}
    assert not failures(store)


def test_books_are_read_by_price(store: BitMEXDataStore) -> None:
    image(store, level(3, "Sell", 1, 81), level(2, "Sell", 1, 80.5), level(9, "Buy", 1, 50), level(8, "Buy", 2, 51))
    image(store, level(1, "Sell", 1, 3, "ETHUSD"), symbol="ETHUSD")
    book = store.orderbook

    assert [row["id"] for row in book.sorted({"symbol": S})["Sell"]] == [2, 3]
    assert [row["id"] for row in book.sorted({"symbol": S}, limit=1)["Buy"]] == [8]
    assert [row["symbol"] for row in book.sorted()["Sell"]] == ["ETHUSD", S, S]
    assert book.sorted({"symbol": S, "side": "Buy"}) == {"Sell": [], "Buy": book.sorted({"symbol": S})["Buy"]}
    assert book.sorted({"id": 3}) == {"Sell": [level(3, "Sell", 1, 81)], "Buy": []}
    assert book.sorted({"symbol": "?"}) == {"Sell": [], "Buy": []}
    assert book.best(S).bid == level(8, "Buy", 2, 51)
    assert book.depth(S, 1).asks == [(80.5, 1)]
    assert len(book) == 5
    assert [row["id"] for row in book.find({"symbol": S, "id": 9})] == [9]
    assert book.find({"symbol": S, "id": 9, "side": "Sell"}) == []
    with pytest.raises(ValueError, match="negative"):
        book.sorted(limit=-1)


def test_changes_carry_the_keys_of_the_exchange(store: BitMEXDataStore) -> None:
    """P2: and rows stay what the exchange sent."""
    told: list[Any] = []
    store.orderbook.changes.subscribe(told.append)
    image(store, ASK, BID)
    push(store, L2, "update", level(17999995000, "Buy", 5, timestamp="t"), level(17999992000, "Sell", 100))
    push(store, L2, "delete", level(17999992000, "Sell"))

    assert [(change.operation, change.key[1], change.reason) for change in told] == [
        ("insert", 17999992000, "snapshot"),
        ("insert", 17999995000, "snapshot"),
        ("update", 17999995000, None),
        ("delete", 17999992000, None),
    ]
    assert told[2].data == {**BID, "size": 5, "timestamp": "t"}
    assert told[2].before == BID
    assert told[3].data == ASK
    watched: list[Any] = []
    key = {"symbol": S, "id": 17999995000, "side": "Buy"}
    store.orderbook.at(key).subscribe(watched.append)
    push(store, L2, "delete", key)
    assert watched == [{**BID, "size": 5, "timestamp": "t"}, None]


def test_a_new_image_replaces_its_instrument_only(store: BitMEXDataStore) -> None:
    """Defect 4: no stale bid beside a new book; only what differs is told."""
    image(store, ASK, BID, level(1, "Buy", 1, 79))
    image(store, level(5, "Buy", 1, 2, "ETHUSD"), symbol="ETHUSD")
    told: list[Any] = []
    store.orderbook.changes.subscribe(lambda change: told.append((change.operation, change.key[1])))

    image(store, ASK, level(17999995000, "Buy", 11, 50))

    assert store.orderbook.find({"symbol": S}) == [ASK, {**BID, "size": 11}]
    assert told == [("delete", 1), ("update", 17999995000)]
    image(store)
    assert [row["symbol"] for row in store.orderbook] == ["ETHUSD"]
    assert store.orderbook.status_of(S) == Live()


def test_nothing_counts_before_the_image(store: BitMEXDataStore) -> None:
    """What comes before it is in it already."""
    push(store, L2, "insert", BID)
    push(store, L2, "update", level(1, "Sell", 1))
    assert not store.orderbook.find()
    assert store.orderbook.status_of(S) == Syncing()
    image(store, ASK)
    push(store, L2, "insert", level(1, "Buy", 1, 1, "ETHUSD"))

    assert store.orderbook.find() == [ASK]
    assert not failures(store)


def test_two_tables_of_books_do_not_mix(store: BitMEXDataStore) -> None:
    """The youngest image says which table counts: the 25 best levels would thin out the whole book."""
    image(store, ASK, BID)
    image(store, ASK, BID, level(1, "Buy", 1, 49), table="orderBookL2")

    push(store, L2, "delete", level(1, "Buy"))
    push(store, L2, "update", level(1, "Buy", 99))
    assert store.orderbook.find() == [ASK, BID, level(1, "Buy", 1, 49)]
    push(store, "orderBookL2", "delete", level(1, "Buy"))
    assert len(store.orderbook) == 2
    assert store.orderbook.tables == {S: "orderBookL2"}


@pytest.mark.parametrize("where", [{}, None])
def test_a_table_of_all_instruments(store: BitMEXDataStore, where: Any) -> None:
    """A new instrument begins with its first row; an image of all replaces all."""
    more = {} if where is None else {"filter": where}
    push(store, L2, "partial", ASK, **more)
    push(store, L2, "insert", level(1, "Buy", 1, 1, "ETHUSD"))
    assert store.orderbook.status_of("ETHUSD") == Live()
    assert len(store.orderbook) == 2
    push(store, L2, "partial", **more)
    assert not store.orderbook.find()
    push(store, L2, "partial", ASK, **more)
    push(store, L2, "partial", BID, level(1, "Buy", 1, 1, "ETHUSD"), **more)
    assert [row["side"] for row in store.orderbook] == ["Buy", "Buy"]
    push(store, L2, "partial", level(1, "Buy", 1, 2, "ETHUSD"), **more)
    assert len(store.orderbook) == (2 if where is None else 1)  # nobody said that it was of all


@pytest.mark.parametrize("watched", [True, False])
def test_a_level_twice_in_one_message(store: BitMEXDataStore, watched: bool) -> None:
    image(store, ASK, BID)
    if watched:
        store.orderbook.changes.subscribe(lambda change: None)

    push(store, L2, "update", level(17999992000, "Sell", 3, timestamp="t"), level(17999992000, "Sell", 4))

    assert store.orderbook.find({"side": "Sell"}) == [{**ASK, "size": 4, "timestamp": "t"}]


def test_two_ids_at_one_price(store: BitMEXDataStore) -> None:
    """The younger stands; the older is not there any more."""
    image(store, ASK, BID)
    push(store, L2, "insert", level(7, "Buy", 1, 50))
    assert store.orderbook.find({"side": "Buy"}) == [level(7, "Buy", 1, 50)]
    assert store.orderbook.get(BID) is None
    push(store, L2, "update", level(17999995000, "Buy", 5))

    assert isinstance(failures(store)[0], SequenceGap)


def test_a_lost_table_of_all_instruments_begins_anew(store: BitMEXDataStore) -> None:
    feed = object()
    push(store, L2, "partial", ASK, filter={}, ws=feed)
    store.onevent(Closed(1006, cause="reset", connection=feed))

    push(store, L2, "insert", level(1, "Buy", 1, 1, "ETHUSD"), ws=feed)
    assert not store.orderbook.find()
    push(store, L2, "partial", ASK, filter={}, ws=feed)
    push(store, L2, "insert", level(1, "Buy", 1, 1, "ETHUSD"), ws=feed)

    assert len(store.orderbook) == 2


def test_a_missed_level_shows_that_something_was_missed(store: BitMEXDataStore) -> None:
    """F68: the instrument alone is emptied, and its image asked for, once."""
    feed = object()
    image(store, ASK, BID, ws=feed)
    image(store, level(1, "Buy", 1, 1, "ETHUSD"), symbol="ETHUSD", ws=feed)
    asks: list[Any] = []
    store.asks.subscribe(asks.append)

    push(store, L2, "update", level(17999992000, "Sell", 7), level(404, "Buy", 5), ws=feed)

    assert isinstance(store.orderbook.status_of(S), Stale)
    assert [row["symbol"] for row in store.orderbook] == ["ETHUSD"]
    assert [(ask.symbol, ask.feed) for ask in asks] == [(S, feed)]
    assert isinstance(failures(store)[0], SequenceGap)
    assert store._subscription(store.orderbook, S) == {"op": "subscribe", "args": [f"{L2}:{S}"]}
    push(store, L2, "insert", BID, ws=feed)
    assert not store.orderbook.find({"symbol": S})
    image(store, ASK, BID, ws=feed)
    assert store.orderbook.status_of(S) == Live()
    assert not store.orderbook.wants(S)
    push(store, L2, "delete", level(404, "Buy"), ws=feed)
    assert store.orderbook.status_of(S) == Live()
    assert len(failures(store)) == 1


def test_a_level_beyond_the_cap_was_not_missed(store: BitMEXDataStore) -> None:
    """F75, F76: the cap holds for each side of each instrument, and drops the levels farthest from the touch."""
    store.orderbook._MAXLEN = 2
    image(store, *(level(number, "Buy", 1, number) for number in range(1, 4)))
    assert [row["id"] for row in store.orderbook] == [3, 2]

    push(store, L2, "update", level(1, "Buy", 5))
    push(store, L2, "insert", level(4, "Buy", 1, 4))

    assert [row["id"] for row in store.orderbook] == [4, 3]
    assert store.orderbook.status_of(S) == Live()
    assert not failures(store)


def test_a_crossed_book_is_not_live(store: BitMEXDataStore) -> None:
    image(store, ASK, BID)
    push(store, L2, "insert", level(1, "Buy", 1, 80))
    assert isinstance(store.orderbook.status_of(S), Stale)
    push(store, L2, "delete", level(17999992000, "Sell"))
    assert store.orderbook.status_of(S) == Live()
    image(store, ASK, level(1, "Buy", 1, 81))
    assert isinstance(store.orderbook.status_of(S), Stale)
    for size in range(2, 200):
        push(store, L2, "insert", level(2, "Buy", size, 20))

    assert isinstance(failures(store)[0], BookMismatch)
    assert len(failures(store)) == 1
    assert not store.orderbook.find()


def test_a_level_may_move_and_may_go_by_its_size(store: BitMEXDataStore) -> None:
    image(store, ASK, BID)
    push(store, L2, "update", level(17999992000, "Sell", 100, 79))
    assert store.orderbook.find({"side": "Sell"}) == [{**ASK, "price": 79}]
    push(store, L2, "update", level(17999992000, "Sell", 3), level(17999992000, "Sell", 4, timestamp="t"))
    assert store.orderbook.find({"side": "Sell"}) == [{**ASK, "price": 79, "size": 4, "timestamp": "t"}]
    push(store, L2, "update", level(17999992000, "Sell", timestamp="u"))
    assert store.orderbook.find({"side": "Sell"})[0]["timestamp"] == "u"
    push(store, L2, "update", level(17999992000, "Sell", 0))
    assert store.orderbook.find() == [BID]
    push(store, L2, "insert", level(17999992000, "Sell", 1, 90))
    assert len(store.orderbook) == 2
    assert not failures(store)


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize(
    ("action", "bad"),
    [
        ("insert", level(1, "Buy", float("nan"), 1)),
        ("insert", level(1, "Buy", 1, float("inf"))),
        ("insert", level(1, "Buy", -1, 1)),
        ("insert", level(1, "Buy", "1", 1)),
        ("insert", level(1, "Buy", 1, True)),
        ("insert", level(1, "Buy", 1)),
        ("insert", level(1, "Bid", 1, 1)),
        ("insert", {**BID, "id": [1]}),
        ("insert", 5),
        ("update", level(17999992000, "Sell", float("nan"))),
        ("update", level(17999992000, "Sell", -5)),
        ("update", level(17999992000, "Sell", "5")),
        ("update", level(17999992000, "Offer", 5)),
        ("update", {"symbol": S, "id": 17999992000}),
        ("delete", {"id": 17999992000, "side": "Sell"}),
        ("upsert", ASK),
    ],
)
def test_a_bad_row_refuses_the_message(store: BitMEXDataStore, action: str, bad: Any, watched: bool) -> None:
    """F79, F80: its good rows too."""
    image(store, ASK, BID)
    if watched:
        store.orderbook.changes.subscribe(lambda change: None)
    before, version = store.orderbook.find(), store.orderbook.version

    good = level(2, "Sell", 5, 81) if action == "insert" else level(17999995000, "Buy", 77)
    push(store, L2, action, good, bad)

    assert (store.orderbook.find(), store.orderbook.version) == (before, version)
    assert len(failures(store)) == 1
    assert isinstance(failures(store)[0], ProtocolError | BadNumber)
    push(store, L2, "delete", level(17999995000, "Buy"))
    assert store.orderbook.find() == [ASK]


def test_an_image_with_a_bad_row_leaves_the_book(store: BitMEXDataStore) -> None:
    image(store, ASK, BID)
    image(store, ASK, level(1, "Buy", -1, 1))
    image(store, ASK, level(1, "Buy", 1))
    push(store, L2, "partial", filter=[1])
    store.onmessage({"table": L2, "action": "partial"})

    assert store.orderbook.find() == [ASK, BID]
    assert len(failures(store)) == 4


def test_a_lost_connection_empties_its_books_and_no_others(store: BitMEXDataStore) -> None:
    """C49."""
    one, two = object(), object()
    for feed, symbol in ((one, S), (two, "ETHUSD")):
        store.onevent(Subscribed(feed, [{"op": "subscribe", "args": [f"{L2}:{symbol}", "trade", "order"]}, "ping"]))
        assert store.orderbook.status_of(symbol) == Syncing()
        image(store, level(1, "Buy", 1, 1, symbol), symbol=symbol, ws=feed)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.orderbook.status_of(S), Stale)
    assert [row["symbol"] for row in store.orderbook] == ["ETHUSD"]
    push(store, L2, "insert", level(2, "Buy", 1, 1), ws=one)
    assert not store.orderbook.find({"symbol": S})
    image(store, level(1, "Buy", 1, 1), ws=one)
    assert store.orderbook.status_of(S) == Live()


def test_a_book_that_is_no_longer_followed_is_not_live(store: BitMEXDataStore) -> None:
    image(store, ASK, BID)
    image(store, level(1, "Buy", 1, 1, "ETHUSD"), symbol="ETHUSD")
    store.onmessage({"success": True, "unsubscribe": f"orderBookL2:{S}", "request": {}})
    assert store.orderbook.status_of(S) == Live()
    store.onmessage({"success": True, "unsubscribe": f"{L2}:{S}", "request": {}})
    assert store.orderbook.status_of(S) == Stale("unsubscribed")
    assert [row["symbol"] for row in store.orderbook] == ["ETHUSD"]
    push(store, L2, "partial", ASK, filter={})
    store.onmessage({"success": True, "unsubscribe": L2})
    assert not store.orderbook.find()
    push(store, L2, "insert", level(1, "Buy", 1, 1, "XRPUSD"))
    assert not store.orderbook.find()


async def test_a_book_by_request(store: BitMEXDataStore) -> None:
    """For instruments that no stream feeds; it makes no book `Live`."""
    image(store, ASK, BID)
    body = f'[{{"symbol":"{S}","id":1,"side":"Buy","size":1,"price":1}},{{"symbol":"ETHUSD","id":1,"side":"Buy","size":1,"price":1}}]'

    await store.initialize(answer("/api/v1/orderBook/L2?depth=25", body))

    assert store.orderbook.find() == [ASK, BID, level(1, "Buy", 1, 1, "ETHUSD")]
    assert store.orderbook.status_of("ETHUSD") == Syncing()
    await store.initialize(answer("/api/v1/orderBook/L2?symbol=ETHUSD", "[]"))
    assert store.orderbook.find() == [ASK, BID]


def test_rows_of_a_book_can_be_changed_as_any_stores(store: BitMEXDataStore) -> None:
    """A `DataStore` in all it can do: by hand, too."""
    book = store.orderbook
    book._insert([ASK, BID])
    book._update([{**BID, "size": 3}, {**ASK, "price": 79}])
    assert book.find() == [{**ASK, "price": 79}, {**BID, "size": 3}]
    assert book._pop(BID) == {**BID, "size": 3}
    assert book._find_and_delete({"side": "Sell"}) == [{**ASK, "price": 79}]
    book._insert([ASK])
    book._delete([ASK, BID])
    assert len(book) == 0
    book._insert([ASK])
    book._clear()
    assert list(book) == []


# ---------------------------------------------------------------------- tables


def test_the_table_protocol(store: BitMEXDataStore) -> None:
    """Keys from the image, deltas by key."""
    rows = [{"account": 7, "symbol": S, "currentQty": 1}, {"account": 7, "symbol": "ETHUSD", "currentQty": 2}]
    push(store, "position", "partial", *rows, keys=["account", "symbol"], filter=ACCOUNT)
    assert store.position._keys == ("account", "symbol")
    push(store, "position", "update", {"account": 7, "symbol": S, "currentQty": 5})
    push(store, "position", "insert", {"account": 7, "symbol": "XRPUSD", "currentQty": 3})
    push(store, "position", "delete", {"account": 7, "symbol": "ETHUSD"})

    assert store.position.find() == [
        {"account": 7, "symbol": S, "currentQty": 5},
        {"account": 7, "symbol": "XRPUSD", "currentQty": 3},
    ]
    assert not failures(store)


def test_an_order_after_an_empty_image_is_there(store: BitMEXDataStore) -> None:
    """Defect 1: and after the last order went."""
    orders(store)
    push(store, "order", "insert", order("a"))
    assert [row["orderID"] for row in store.order] == ["a"]
    push(store, "order", "update", order("a", "Filled"))
    assert not store.order.find()
    push(store, "order", "insert", order("b"))

    assert [row["orderID"] for row in store.order] == ["b"]


def test_the_life_of_an_order(store: BitMEXDataStore) -> None:
    """Section 6."""
    told: list[Any] = []
    store.order.changes.subscribe(lambda change: told.append((change.operation, change.data["ordStatus"])))
    orders(store, order("a"))
    push(store, "order", "update", order("a", "PartiallyFilled", leavesQty=3))
    assert store.order.find() == [order("a", "PartiallyFilled", leavesQty=3)]
    push(store, "order", "update", order("a", "Filled", leavesQty=0), {"orderID": "a", "workingIndicator": False})
    assert not store.order.find()
    push(store, "order", "update", {"orderID": "a", "workingIndicator": False})

    assert not store.order.find()
    assert told[:2] == [("insert", "New"), ("update", "PartiallyFilled")]
    assert told[2:] == [("update", "Filled"), ("update", "Filled"), ("delete", "Filled")]
    assert store.order.status == Live()


@pytest.mark.parametrize("status", ["Filled", "Canceled", "Rejected", "Expired"])
def test_every_end_is_an_end(store: BitMEXDataStore, status: str) -> None:
    """Defect 6."""
    orders(store, order("a"), order("b", status), order("c", "Triggered"))
    assert [row["orderID"] for row in store.order] == ["a", "c"]
    push(store, "order", "insert", order("d", status))
    push(store, "order", "update", order("a", status))

    assert [row["orderID"] for row in store.order] == ["c"]


def test_an_order_without_a_status_breaks_nothing(store: BitMEXDataStore) -> None:
    """Defect 5."""
    orders(store)
    push(store, "order", "update", {"orderID": "x", "leavesQty": 1})
    push(store, "order", "insert", order("y", None))
    push(store, "order", "insert", order("z"))

    assert [row["orderID"] for row in store.order] == ["y", "z"]
    assert not failures(store)


def test_a_change_of_an_unknown_live_order_says_refresh(store: BitMEXDataStore) -> None:
    orders(store)
    push(store, "order", "update", order("x", "PartiallyFilled"))

    assert [row["orderID"] for row in store.order] == ["x"]
    assert isinstance(store.order.status, Stale)
    assert "initialize" in store.order.status.reason


def test_an_image_replaces_the_rows_its_filter_speaks_of(store: BitMEXDataStore) -> None:
    """Defect 4: by key, and for rows without keys by content; only what differs is told."""
    trade = {"timestamp": "1", "symbol": S, "side": "Buy", "size": 1, "price": 2, "trdMatchID": "a"}
    later, other = {**trade, "timestamp": "2", "trdMatchID": "b"}, {**trade, "symbol": "ETHUSD"}
    push(store, "trade", "partial", trade, keys=[], filter={"symbol": S})
    push(store, "trade", "partial", other, keys=[], filter={"symbol": "ETHUSD"})
    push(store, "trade", "insert", later, {**trade, "symbol": "XRPUSD"})
    assert store.trade.find() == [trade, other, later]
    told: list[Any] = []
    store.trade.changes.subscribe(lambda change: told.append((change.operation, change.data)))

    push(store, "trade", "partial", later, later, keys=[], filter={"symbol": S})

    assert store.trade.find() == [other, later, later]
    assert told == [("delete", trade), ("insert", later)]
    push(store, "trade", "partial", keys=[], filter={"symbol": "ETHUSD"})
    assert store.trade.find() == [later, later]
    push(store, "trade", "partial", keys=[], filter={})
    assert not store.trade.find()


def test_an_image_without_a_filter_speaks_of_its_instruments(store: BitMEXDataStore) -> None:
    for symbol, price in ((S, 1), ("ETHUSD", 2), (S, 3)):
        push(store, "instrument", "partial", {"symbol": symbol, "lastPrice": price}, keys=["symbol"])
    assert [row["lastPrice"] for row in store.instrument] == [3, 2]
    push(store, "margin", "partial", {"account": 7, "currency": "XBt"}, keys=["account", "currency"])
    push(store, "margin", "partial", {"account": 7, "currency": "USDt"}, keys=["account", "currency"])
    assert [row["currency"] for row in store.margin] == ["USDt"]
    push(store, "instrument", "partial", keys=["symbol"])
    assert not store.instrument.find()


def test_changes_before_their_image_are_in_it_already(store: BitMEXDataStore) -> None:
    push(store, "order", "insert", order("a"))
    push(store, "trade", "partial", keys=[], filter={"symbol": S})
    push(store, "trade", "insert", {"symbol": "ETHUSD"}, {"symbol": S})

    assert not store.order.find()
    assert store.trade.find() == [{"symbol": S}]


def test_keys_are_kept_where_an_image_names_none(store: BitMEXDataStore) -> None:
    """Defect 9: an update stays an update; other keys make other rows."""
    row = {"account": 7, "currency": "XBt", "amount": 1}
    push(store, "wallet", "partial", row)
    push(store, "wallet", "update", {**row, "amount": 2})
    assert store.wallet._keys == ("account", "currency")
    push(store, "wallet", "partial", {**row, "amount": 3}, keys=["currency"])
    push(store, "wallet", "partial", {**row, "amount": 4})
    assert store.wallet._keys == ("currency",)
    assert store.wallet.find() == [{**row, "amount": 4}]
    assert store.wallet.get({"currency": "XBt"}) is not None
    push(store, "position", "partial", {"account": 7, "symbol": S})
    assert store.position._keys == ("account", "symbol")


@pytest.mark.parametrize("table", ["quoteBin1m", "quoteBin5m", "quoteBin1h", "quoteBin1d", "tradeBin1m", "tradeBin1d"])
def test_bins_have_their_stores(store: BitMEXDataStore, table: str) -> None:
    """Defect 2."""
    push(store, table, "partial", keys=[], filter={"symbol": S})
    push(store, table, "insert", {"symbol": S, "timestamp": "1"})

    assert getattr(store, table.lower()).find() == [{"symbol": S, "timestamp": "1"}]


@pytest.mark.parametrize("table", ["announcement", "orderBook10", "settlement", "chat"])
def test_other_tables_are_counted(store: BitMEXDataStore, table: str) -> None:
    """Defect 3, C71."""
    push(store, table, "partial", {"symbol": S}, keys=["symbol"])

    assert store.unhandled == {table: 1}
    assert not failures(store)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("trade", {"symbol": S, "price": "x"}),
        ("trade", {"symbol": S, "size": -1}),
        ("quote", {"symbol": S, "bidPrice": float("nan")}),
        ("order", {"orderID": ["a"]}),
        ("order", "text"),
        ("instrument", None),
    ],
)
def test_a_bad_row_changes_nothing(store: BitMEXDataStore, table: str, row: Any) -> None:
    """F79, F80."""
    keys = {"order": ["orderID"], "instrument": ["symbol"]}.get(table, [])
    good = {"symbol": S, "orderID": "a", "price": None}
    push(store, table, "partial", keys=keys, filter={})
    push(store, table, "insert", good, row)
    push(store, table, "partial", good, row, keys=keys, filter={})

    assert not store[table].find()
    assert len(failures(store)) == 2


def test_an_image_that_makes_no_sense_changes_nothing(store: BitMEXDataStore) -> None:
    orders(store, order("a"))
    for more in ({"keys": [["x"]]}, {"keys": 5}, {"filter": 5}, {"filter": {"a": [1]}}, {"keys": [5]}):
        push(store, "order", "partial", order("b"), **more)
    push(store, "order", "merge", order("b"))
    store.onmessage({"table": "order", "action": "insert"})

    assert [row["orderID"] for row in store.order] == ["a"]
    assert store.order._keys == ("orderID",)
    assert len(failures(store)) == 7


def test_tables_are_stale_until_their_images_come_again(store: BitMEXDataStore) -> None:
    """C49: slice by slice; tables that never had an image have nothing to lose."""
    one, two = object(), object()
    orders(store, order("a"), ws=one)
    for symbol in (S, "ETHUSD"):
        push(store, "instrument", "partial", {"symbol": symbol}, keys=["symbol"], filter={"symbol": symbol}, ws=one)
    push(store, "instrument", "partial", {"symbol": "XRP"}, keys=["symbol"], filter={"symbol": "XRP"}, ws=two)

    store.onevent(Closed(1006, cause="reset", connection=one))
    store.onevent(Subscribed(one, []))

    assert isinstance(store.order.status, Stale)
    assert store.position.status == Live()
    push(store, "order", "update", order("a", "Filled"), ws=one)
    push(store, "instrument", "update", {"symbol": S, "lastPrice": 1}, {"symbol": "XRP", "lastPrice": 2}, ws=two)
    assert len(store.order) == 1
    assert [row.get("lastPrice") for row in store.instrument] == [None, None, 2]
    orders(store, ws=one)
    assert store.order.status == Live()
    assert not store.order.find()
    push(store, "instrument", "partial", {"symbol": S}, filter={"symbol": S}, ws=one)
    assert isinstance(store.instrument.status, Stale)
    push(store, "instrument", "partial", {"symbol": "ETHUSD"}, filter={"symbol": "ETHUSD"}, ws=one)
    assert store.is_live


def test_a_table_that_is_no_longer_followed_is_not_live(store: BitMEXDataStore) -> None:
    for symbol in (S, "ETHUSD"):
        push(store, "quoteBin1m", "partial", keys=[], filter={"symbol": symbol})
    store.onmessage({"success": True, "unsubscribe": f"quoteBin1m:{S}"})
    push(store, "quoteBin1m", "insert", {"symbol": S}, {"symbol": "ETHUSD"})
    assert store.quotebin1m.find() == [{"symbol": "ETHUSD"}]
    assert store.quotebin1m.status == Live()
    store.onmessage({"success": True, "unsubscribe": "quoteBin1m"})
    assert store.quotebin1m.status == Stale("unsubscribed")
    store.onmessage({"success": True, "unsubscribe": "chat"})
    store.onmessage({"success": True, "unsubscribe": 5})
    assert not failures(store)


# ---------------------------------------------------------------------- requests


OPEN = '/api/v1/order?filter={"open": true}'


async def test_open_orders_replace_what_was_there(store: BitMEXDataStore) -> None:
    """Also when the answer is empty, and for one instrument only where one was asked for."""
    orders(store, order("a", symbol=S), order("b", symbol="ETHUSD"))
    body = '[{"orderID": "c", "ordStatus": "New", "symbol": "XBTUSD"}, {"orderID": "d", "ordStatus": "Filled", "symbol": "XBTUSD"}]'

    await store.initialize(answer(f"{OPEN}&symbol={S}", body))
    assert [row["orderID"] for row in store.order] == ["b", "c"]
    await store.initialize(answer('/api/v1/order?filter={"open": true, "symbol": "ETHUSD"}&reverse=true', "[]"))
    assert [row["orderID"] for row in store.order] == ["c"]
    await store.initialize(answer(OPEN, "[]"))
    assert not store.order.find()


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ('?filter={"open": false}', '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ('?filter={"open": true}&count=2', '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ('?filter={"open": true}&start=5', '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ('?filter={"open": true, "side": "Buy"}', '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ("?filter=x", '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ("?filter=[1]", '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
        ("?count=x", '[{"orderID": "a", "ordStatus": "Filled"}, {"orderID": "z", "ordStatus": "New"}]'),
    ],
)  # fmt: skip
async def test_a_part_of_the_truth_replaces_nothing(store: BitMEXDataStore, query: str, body: str) -> None:
    orders(store, order("a"), order("b"))

    await store.initialize(answer(f"/api/v1/order{query}", body))

    assert [row["orderID"] for row in store.order] == ["b", "z"]


async def test_everything_that_can_be_asked_for(store: BitMEXDataStore) -> None:
    def rows(*names: str, **more: Any) -> str:
        from rxbotters.wire import dumps

        return dumps([{"timestamp": name, "symbol": S, **more} for name in names])

    await store.initialize(
        answer("/api/v1/position", rows("1", account=7, currency="XBt")),
        answer("/api/v1/user/margin?currency=all", rows("1", account=7, currency="XBt")),
        answer("/api/v1/user/margin", rows("2", account=7, currency="XBt")[1:-1]),
        answer("/api/v1/user/wallet?currency=all", rows("1", account=7, currency="XBt")),
        answer("/api/v1/trade?reverse=true", rows("2", "1")),
        answer("/api/v1/trade", rows("2", "3")),
        answer("/api/v1/trade/bucketed?binSize=5m", rows("1")),
        answer("/api/v1/quote/bucketed", rows("1")),
        answer("/api/v1/quote", rows("1")),
        answer("/api/v1/instrument", rows("1")),
        answer("/api/v1/execution", rows("1", execID="e")),
        answer("/api/v1/funding", rows("1")),
        answer("/api/v1/insurance", rows("1", currency="XBt")),
        answer("/api/v1/liquidation", rows("1", orderID="a")),
    )

    assert {name: len(store[name]) for name in store if len(store[name])} == {
        "position": 1, "margin": 1, "wallet": 1, "trade": 3, "tradebin5m": 1, "quotebin1m": 1, "quote": 1,
        "instrument": 1, "execution": 1, "funding": 1, "insurance": 1, "liquidation": 1,
    }  # fmt: skip
    assert [row["timestamp"] for row in store.trade] == ["1", "2", "3"]
    assert store.margin.find()[0]["timestamp"] == "2"
    assert store.position._keys == ("account", "symbol", "currency")
    await store.initialize(answer("/api/v1/position", "[]"), answer("/api/v1/user/margin?currency=all", "[]"))
    assert len(store.position) == len(store.margin) == 0
    push(store, "instrument", "partial", {"symbol": S, "lastPrice": 1}, keys=["symbol"], filter={"symbol": S})
    assert store.instrument.find() == [{"symbol": S, "lastPrice": 1}]


async def test_the_margin_of_one_currency_leaves_the_others(store: BitMEXDataStore) -> None:
    both = '[{"account": 7, "currency": "XBt"}, {"account": 7, "currency": "USDt"}]'
    await store.initialize(answer("/api/v1/user/margin?currency=all", both))
    await store.initialize(answer("/api/v1/user/margin", '{"account": 7, "currency": "XBt", "amount": 1}'))

    assert [(row["currency"], row.get("amount")) for row in store.margin] == [("XBt", 1), ("USDt", None)]


async def test_what_the_exchange_refuses_is_a_typed_error(store: BitMEXDataStore) -> None:
    """F66."""
    orders(store, order("a"))
    error = '{"error": {"message": "Signature not valid.", "name": "HTTPError"}}'
    with pytest.raises(VenueError, match="Signature not valid"):
        await store.initialize(answer(OPEN, error))
    with pytest.raises(VenueError, match="401"):
        await store.initialize(answer(OPEN, error, 401))
    for path, body in ((OPEN, '{"odd": 1}'), (OPEN, "[1]"), ("/api/v1/trade/bucketed?binSize=7m", "[]"),
                       ("/api/v1/chat", "[]"), ("/api/v1/user/margin", "5")):  # fmt: skip
        with pytest.raises(SnapshotError):
            await store.initialize(answer(path, body))

    assert [row["orderID"] for row in store.order] == ["a"]


async def test_messages_wait_for_the_list_they_continue(store: BitMEXDataStore) -> None:
    """C73."""
    orders(store)

    async def slow() -> Any:
        push(store, "order", "update", order("a", "Filled"))
        image(store, ASK, BID)
        assert len(store.orderbook) == 2
        return await answer(OPEN, '[{"orderID": "a", "ordStatus": "New"}, {"orderID": "b", "ordStatus": "New"}]')

    await store.initialize(slow())

    assert [row["orderID"] for row in store.order] == ["b"]
    assert store._repeats("/api/v1/user/margin")
    assert not store._repeats("/api/v1/trade")


# ---------------------------------------------------------------------- the rest


def test_strange_messages_are_counted_not_raised(store: BitMEXDataStore) -> None:
    """F60, C71."""
    for message in (None, [1], "pong", {"table": ["x"], "action": "x", "data": []}, {"table": "trade"}):
        store.onmessage(message)
    for quiet in ({}, {"info": "Welcome"}, {"success": True, "subscribe": "trade", "request": {}}):
        store.onmessage(quiet)
    store.onmessage({"status": 401, "error": "Invalid API Key.", "request": {"args": ["KEY", 1, "SIGNATURE"]}})

    assert all(isinstance(error, ProtocolError) for error in failures(store))
    assert len(failures(store)) == 5
    assert store.unhandled == {"error": 1}
    assert not any("SIGNATURE" in str(error) for error in failures(store))


def test_messages_are_read_never_changed(store: BitMEXDataStore) -> None:
    message = {"table": L2, "action": "partial", "filter": {"symbol": S}, "data": [ASK, BID]}
    kept = copy.deepcopy(message)

    store.onmessage(message)
    push(store, L2, "update", level(17999995000, "Buy", 5))

    assert message == kept


def test_names_and_caps_are_the_references() -> None:
    """C1: the reference raises the cap of trades with the first image."""
    import pybotters

    mine, theirs = BitMEXDataStore(), pybotters.BitMEXDataStore()
    assert set(mine) == set(theirs._stores)
    for name, other in theirs._stores.items():
        assert (99999 if name == "trade" else other._MAXLEN) == mine[name]._MAXLEN, name
        assert name == "orderBookL2" or mine[name]._keys == ()
    for name in dir(type(theirs)):
        if isinstance(getattr(type(theirs), name), property):
            assert getattr(mine, name) is mine["orderBookL2" if name == "orderbook" else name]


def test_replay_gives_the_same_rows_and_changes() -> None:
    from rxbotters.record import read_records
    from tests.exchanges.bitmex.test_against_pybotters import DATA

    def replay() -> tuple[Any, Any]:
        store = BitMEXDataStore()
        store.errors.subscribe(lambda error: None)
        told = [
            (change.store.name, change.operation, change.data, change.key, change.seq)
            for record in read_records(DATA / "synthetic.jsonl.gz")
            for change in store.apply(record.message)
        ]
        return told, {name: store[name].find() for name in store}

    assert replay() == replay()
