"""Bitget's order books: numbers, times, checksums, several channels, two generations of the protocol."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from rxbotters import BitgetDataStore, BitgetV2DataStore
from rxbotters.errors import BadNumber, BookMismatch, ProtocolError, SequenceGap, SnapshotError
from rxbotters.record import read_records
from rxbotters.stores import Ask
from rxbotters.stores.checked import checksum
from rxbotters_operators.events import Closed, Live, Overdue, Stale, Subscribed, Syncing
from tests.exchanges.common import heard

DATA = Path(__file__).parent / "data"
BTC = ("USDT-FUTURES", "BTCUSDT")
SPOT = ("SPOT", "BTCUSDT")
UTA = ("usdt-futures", "BTCUSDT")


class Store(BitgetV2DataStore):
    """Remembers its errors and asks."""

    def _init(self) -> None:
        super()._init()
        self.failures = heard(self)
        self.asked: list[Ask] = []
        self.asks.subscribe(self.asked.append)

    def book_(
        self, data: Any, *, action: Any = "update", channel: str = "books", symbol: tuple[str, str] = BTC
    ) -> None:
        arg = {"instType": symbol[0], "channel": channel, "instId": symbol[1]}
        self.onmessage({"action": action, "arg": arg, "data": [data], "ts": 1})

    def unified(self, data: Any, *, action: str = "update", topic: str = "books") -> None:
        arg = {"instType": UTA[0], "topic": topic, "symbol": UTA[1]}
        self.onmessage({"action": action, "arg": arg, "data": [data], "ts": 1})

    def prices(self, symbol: tuple[str, str] = BTC, book: str = "book") -> tuple[list[str], list[str]]:
        asks, bids = self[book].depth(symbol)  # type: ignore[attr-defined]
        return [price for price, _ in asks], [price for price, _ in bids]


@pytest.fixture
def store() -> Store:
    return Store()


def whole(seq: Any = 10, ts: int = 1000, **more: Any) -> dict[str, Any]:
    numbered = {} if seq is None else {"seq": seq}
    return {
        "asks": [["101", "1"], ["102", "2"]],
        "bids": [["99", "1"], ["98", "2"]],
        "checksum": 0,
        "ts": str(ts),
        **numbered,
        **more,
    }


def diff(seq: Any, ts: int = 2000, *, asks: Any = (), bids: Any = (), **more: Any) -> dict[str, Any]:
    numbered = {} if seq is None else {"seq": seq}
    return {"asks": list(asks), "bids": list(bids), "checksum": 0, "ts": str(ts), **numbered, **more}


def test_snapshot_then_update(store: Store) -> None:
    """The sheet's own example, and its checksum."""
    store.book_(
        {
            "asks": [["27000.5", "8.760"], ["27001.0", "0.400"]],
            "bids": [["27000.0", "2.710"]],
            "checksum": 0,
            "seq": 123,
            "ts": "1695716059516",
        },
        action="snapshot",
    )
    store.book_(
        {
            "asks": [["27000.5", "0"]],
            "bids": [["26999.5", "1.000"]],
            "checksum": -1350859966,
            "seq": 124,
            "ts": "1695716059716",
        }
    )

    named = {"instType": "USDT-FUTURES", "instId": "BTCUSDT"}
    assert store.book.find() == [
        {**named, "side": "asks", "price": "27001.0", "amount": "0.400"},
        {**named, "side": "bids", "price": "27000.0", "amount": "2.710"},
        {**named, "side": "bids", "price": "26999.5", "amount": "1.000"},
    ]
    assert store.book.sorted(named, limit=1)["bids"][0]["price"] == "27000.0"
    assert store.book.get({**named, "side": "asks", "price": "27001.0"}) == store.book.find()[0]
    assert store.book.best(BTC).bid == store.book.find()[1]
    assert store.book.status_of(BTC) == Live()
    assert not store.failures


@pytest.mark.parametrize(
    ("asks", "bids", "text"),
    [
        (
            [("43232.8", "9"), ("43232.9", "8")],
            [("43231.1", "4"), ("43231", "6")],
            "43231.1:4:43232.8:9:43231:6:43232.9:8",
        ),
        ([("3366.8", "9"), ("3368", "8"), ("3372", "8")], [("3366.1", "7")], "3366.1:7:3366.8:9:3368:8:3372:8"),
        ([], [("0.5000", "1")], "0.5000:1"),
        ([], [], ""),
    ],
)
def test_the_documented_checksums(asks: Any, bids: Any, text: str) -> None:
    """bitget.com/api-doc/contract/websocket/public/Order-Book-Channel, "Checksum" (2025-10)."""
    assert checksum(asks, bids) & 0xFFFFFFFF == zlib.crc32(text.encode())
    assert -(1 << 31) <= checksum(asks, bids) < 1 << 31


def test_the_checksum_is_of_25_levels() -> None:
    levels = [(str(number), "1") for number in range(1, 40)]

    assert checksum(levels, []) == checksum(levels[:25], [])
    assert checksum(levels[:25], []) != checksum(levels[:24], [])


@pytest.mark.parametrize(("market", "books"), [("spot", 247), ("mix", 115)])
def test_recorded_checksums_add_up(market: str, books: int) -> None:
    """F72, defect 5: 352 books of 2022; one lost message is noticed by the next."""
    records = [record.message for record in read_records(DATA / f"v1-cryptofeed-2022-04-{market}.jsonl.gz")]
    updates = [
        n for n, message in enumerate(records) if message.get("action") == "update" and "asks" in message["data"][0]
    ]
    for lost in (None, updates[len(updates) // 2]):
        store = BitgetDataStore()
        errors = heard(store)
        for number, message in enumerate(records):
            if number != lost:
                store.onmessage(message)
        wrong = [error for error in errors if isinstance(error, BookMismatch)]
        assert bool(wrong) is (lost is not None)
        if lost is None:
            assert len(updates) > books - 30
            assert all(status == Live() for status in store.orderbook.instruments.values())


def test_a_wrong_checksum_is_noticed(store: Store) -> None:
    """Defect 5, F72."""
    right = checksum([("101", "1"), ("102", "2")], [("99", "1"), ("98", "2")])
    store.book_(whole(checksum=right), action="snapshot")
    assert store.book.status_of(BTC) == Live()

    store.book_(diff(11, bids=[["97", "1"]], checksum=right))

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], BookMismatch)
    assert isinstance(store.book.status_of(BTC), Stale)
    assert store.asked == [Ask(store.book, BTC, None)]
    assert store._subscription(store.book, BTC) == {
        "op": "subscribe",
        "args": [{"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"}],
    }
    store.book_(diff(12, bids=[["97", "1"]]))
    assert store.prices() == ([], [])
    store.book_(whole(20, 3000), action="snapshot")
    assert store.book.status_of(BTC) == Live()
    assert len(store.asked) == 1


def test_numbers_grow_by_more_than_one(store: Store) -> None:
    """V2's ``seq``: what is not larger, and not newer, came before."""
    store.book_(whole(10, 1000), action="snapshot")
    store.book_(diff(17, 1100, bids=[["97", "1"]]))
    for seq, ts in ((17, 1100), (12, 1050), (17, 1200)):
        store.book_(diff(seq, ts, bids=[["97", "0"]]))

    assert store.prices()[1] == ["99", "98", "97"]
    assert store.book.status_of(BTC) == Live()
    assert not store.failures


def test_numbers_that_begin_again_are_a_gap(store: Store) -> None:
    """F68: after maintenance they are lower; a book that took them for old would stand still, and look alive."""
    store.book_(whole(10_000, 1000), action="snapshot")
    store.book_(diff(5, 2000, bids=[["97", "1"]]))

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], SequenceGap)
    assert len(store.asked) == 1
    store.book_(whole(6, 2100), action="snapshot")
    store.book_(diff(7, 2200, bids=[["97", "1"]]))
    assert store.prices()[1] == ["99", "98", "97"]


def test_books_without_numbers_are_watched_by_their_checksum(store: Store) -> None:
    """As recorded in 2024."""
    store.book_(whole(None), action="snapshot")
    store.book_(diff(None, bids=[["97", "1"]]))
    store.book_(diff(None, bids=[["96", "1"]], checksum=5))

    assert isinstance(store.failures[0], BookMismatch)


def test_a_snapshot_that_is_older_than_the_book_is_ignored(store: Store) -> None:
    """F20: the second connection was slower, and its updates, told by the first, will not come again."""
    store.book_(whole(10, 1000), action="snapshot")
    store.book_(diff(12, 1200, bids=[["97", "1"]]))
    store.book_(whole(11, 1100), action="snapshot")
    store.book_(diff(13, 1300, bids=[["96", "1"]]))

    assert store.prices()[1] == ["99", "98", "97", "96"]
    store.book_(whole(11, 1400), action="snapshot")  # made later, of an earlier number: nobody knows
    assert store.prices() == ([], [])
    assert len(store.asked) == 1


def test_a_snapshot_without_number_is_as_old_as_its_time(store: Store) -> None:
    store.book_(whole(None, 1000), action="snapshot")
    store.book_(diff(None, 1200, bids=[["97", "1"]]))
    store.book_(whole(None, 1100), action="snapshot")
    assert store.prices()[1] == ["99", "98", "97"]
    store.book_(whole(None, 1300), action="snapshot")

    assert store.prices()[1] == ["99", "98"]


def test_updates_before_a_snapshot_make_no_book(store: Store) -> None:
    store.book_(diff(11, bids=[["97", "1"]]))

    assert store.prices() == ([], [])
    assert store.book.status_of(BTC) == Syncing()
    assert len(store.asked) == 1
    store.book_(whole(20), action="snapshot")
    assert store.prices() == (["101", "102"], ["99", "98"])


# ---------------------------------------------------------------------- channels


def test_channels_of_one_instrument_never_mix(store: Store) -> None:
    """Defect 5: books5 leaves the deep book alone."""
    five = {"asks": [["101.5", "1"]], "bids": [["99.5", "1"]], "ts": "1500", "seq": 12}
    store.book_(whole(10), action="snapshot")
    store.book_(five, channel="books5", action="snapshot")
    store.book_(diff(11, bids=[["97", "1"]]))
    store.book_({**five, "bids": [["99.7", "1"]], "seq": 14, "ts": "1600"}, channel="books5", action="snapshot")

    assert store.prices() == (["101", "102"], ["99", "98", "97"])
    assert store.prices(book="books5") == (["101.5"], ["99.7"])
    assert not store.failures


@pytest.mark.parametrize(
    ("lower", "higher"), [("books1", "books5"), ("books5", "books15"), ("books15", "books"), ("books50", "books")]
)
def test_a_channel_alone_is_the_book_and_gives_way_to_a_deeper_one(store: Store, lower: str, higher: str) -> None:
    few = {"asks": [["101.5", "1"]], "bids": [["99.5", "1"]], "ts": "1500", "seq": 12}
    store.book_(few, channel=lower, action="snapshot")
    assert store.prices() == (["101.5"], ["99.5"])
    assert store._subscription(store.book, BTC)["args"][0]["channel"] == lower
    store.book_(whole(13), channel=higher, action="snapshot")
    store.book_({**few, "seq": 14}, channel=lower, action="snapshot")

    assert store.prices() == (["101", "102"], ["99", "98"])
    assert store.prices(book=lower) == (["101.5"], ["99.5"])
    assert store._subscription(store[lower], BTC)["args"][0]["channel"] == lower  # type: ignore[arg-type]
    assert store._subscription(store.book, BTC)["args"][0]["channel"] == higher


def test_the_same_symbol_of_two_markets_is_two_books(store: Store) -> None:
    store.book_(whole(10), action="snapshot")
    store.book_(whole(5, bids=[["90", "1"]]), action="snapshot", symbol=SPOT)
    store.book_(diff(4, 3000), symbol=SPOT)  # a gap of this one only

    assert store.prices() == (["101", "102"], ["99", "98"])
    assert store.prices(SPOT) == ([], [])
    assert store.book.instruments[BTC] == Live()
    assert isinstance(store.book.status_of(SPOT), Stale)
    assert len(store.book.find({"instId": "BTCUSDT"})) == 4


def test_a_channel_that_was_left_gives_its_place_to_the_next(store: Store) -> None:
    five = {"asks": [["101.5", "1"]], "bids": [["99.5", "1"]], "ts": "1500", "seq": 12}
    arg = {"instType": BTC[0], "channel": "books", "instId": BTC[1]}
    store.book_(whole(10), action="snapshot")
    store.book_(five, channel="books5", action="snapshot")
    store.onmessage({"event": "unsubscribe", "arg": arg})
    assert store.prices() == ([], [])
    store.book_({**five, "seq": 13}, channel="books5", action="snapshot")

    assert store.prices() == (["101.5"], ["99.5"])
    assert store.prices(book="books5") == ([], [])
    assert store.book.status_of(BTC) == Live()


def test_a_resubscription_is_no_leaving(store: Store) -> None:
    """The unsubscription that brings a new snapshot must not let books5 in."""
    five = {"asks": [["101.5", "1"]], "bids": [["99.5", "1"]], "ts": "1500", "seq": 12}
    store.book_(whole(10), action="snapshot")
    store.book_(diff(5, 3000))
    store.onmessage({"event": "unsubscribe", "arg": {"instType": BTC[0], "channel": "books", "instId": BTC[1]}})
    store.book_(five, channel="books5", action="snapshot")

    assert store.prices() == ([], [])
    store.book_(whole(20), action="snapshot")
    assert store.prices() == (["101", "102"], ["99", "98"])


def test_the_subscriptions_say_which_book_is_the_deepest(store: Store) -> None:
    """D10: ready() waits for every one of them."""
    args = [
        {"instType": BTC[0], "channel": "books5", "instId": BTC[1]},
        {"instType": BTC[0], "channel": "books", "instId": BTC[1]},
        {"instType": BTC[0], "channel": "ticker", "instId": BTC[1]},
        {"instType": SPOT[0], "channel": "books5", "instId": SPOT[1]},
        {"instType": UTA[0], "topic": "books", "symbol": UTA[1]},
    ]
    store.onevent(Subscribed(object(), [{"op": "subscribe", "args": args}, "ping", {"op": "login", "args": [1]}]))

    assert store.book.instruments == {BTC: Syncing(), SPOT: Syncing(), UTA: Syncing()}
    assert store["books5"].instruments == {BTC: Syncing()}  # type: ignore[attr-defined]
    assert store.syncing


def test_many_deep_books_keep_every_level(store: Store) -> None:
    """Defect 6, F75, F76: 13 books of 400 levels a side."""
    for number in range(13):
        asks = [[f"{1000 + level}", "1"] for level in range(400)]
        bids = [[f"{999 - level}", "1"] for level in range(400)]
        store.book_(whole(asks=asks, bids=bids), action="snapshot", symbol=("SPOT", f"X{number}"))

    assert len(store.book) == 13 * 800
    assert store.prices(("SPOT", "X0"))[0][0] == "1000"


# ---------------------------------------------------------------------- V3


def unified(pseq: Any, seq: Any, ts: int = 2000, *, b: Any = ()) -> dict[str, Any]:
    return {"a": [], "b": list(b), "checksum": 0, "pseq": pseq, "seq": seq, "ts": str(ts)}


def begin(store: Store, seq: Any = "1343064377779269632") -> None:
    store.unified({"a": [["101", "1"]], "b": [["99", "1"]], "pseq": 0, "seq": seq, "ts": "1000"}, action="snapshot")


def test_books_of_unified_accounts(store: Store) -> None:
    """Defect 10: numbers are texts or numbers; each names the one before."""
    begin(store)
    store.unified(
        unified("1343064377779269630", "1343064377779269635", b=[["98", "1"]])
    )  # the first spans the snapshot
    store.unified(unified(1343064377779269635, 1343064377779269640, b=[["97", "1"]]))
    store.unified(unified(1343064377779269635, 1343064377779269640, b=[["97", "0"]]))

    assert store.prices(UTA) == (["101"], ["99", "98", "97"])
    assert store.book.find({"side": "asks"}) == [
        {"instType": "usdt-futures", "instId": "BTCUSDT", "side": "asks", "price": "101", "amount": "1"}
    ]
    assert store._subscription(store.book, UTA) == {
        "op": "subscribe",
        "args": [{"instType": "usdt-futures", "topic": "books", "symbol": "BTCUSDT"}],
    }
    assert not store.failures


@pytest.mark.parametrize(
    "messages",
    [
        [unified(101, 105)],  # the first begins after the snapshot
        [unified(100, 105), unified(106, 110)],
        [unified(100, 105), unified(0, 3, 3000)],  # numbers began again
        [unified(100, 105), unified(0, 200, 3000)],
    ],
)
def test_gaps_of_unified_books(store: Store, messages: list[Any]) -> None:
    """F68, F71."""
    begin(store, 100)
    for message in messages:
        store.unified(message)

    assert store.prices(UTA) == ([], [])
    assert [type(error) for error in store.failures] == [SequenceGap]
    assert len(store.asked) == 1


def test_old_updates_of_a_unified_book_are_no_gap(store: Store) -> None:
    begin(store, 100)
    store.unified(unified(90, 95, 900, b=[["98", "1"]]))

    assert store.prices(UTA) == (["101"], ["99"])
    assert not store.failures


# ---------------------------------------------------------------------- what is wrong


def test_a_size_of_zero_in_any_spelling_removes_the_level(store: Store) -> None:
    store.book_(whole(10), action="snapshot")
    store.book_(diff(11, asks=[["101", "0.000"]], bids=[["99", "0.0"]]))

    assert store.prices() == (["102"], ["98"])


@pytest.mark.parametrize("bad", ["nan", "-1", "x", None, "inf", [1]])
@pytest.mark.parametrize("action", ["snapshot", "update"])
def test_a_bad_level_refuses_the_message_and_the_book_is_asked_for_anew(store: Store, action: str, bad: Any) -> None:
    """F79, F80."""
    store.book_(whole(10), action="snapshot")
    store.book_(diff(11, asks=[["103", bad]], bids=[["97", "1"]]), action=action)

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], BadNumber)
    assert isinstance(store.book.status_of(BTC), Stale)
    assert len(store.asked) == 1


@pytest.mark.parametrize("lacks", ["asks", "bids"])
@pytest.mark.parametrize("action", ["snapshot", "update"])
def test_a_message_that_lacks_a_side_empties_the_book(store: Store, action: str, lacks: str) -> None:
    store.book_(whole(10), action="snapshot")
    message = diff(11)
    del message[lacks]
    store.book_(message, action=action)

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], ProtocolError)
    assert len(store.asked) == 1


@pytest.mark.parametrize("wrong", [{"seq": "x"}, {"seq": 1.5}, {"seq": [1]}, {"seq": -1}, {"ts": "x"}, {"ts": None}])
@pytest.mark.parametrize("action", ["snapshot", "update", "odd", None])
def test_a_number_that_is_none_makes_no_live_book(store: Store, action: Any, wrong: Any) -> None:
    store.book_(whole(10), action="snapshot")
    store.book_({**diff(11), **wrong}, action=action)

    assert isinstance(store.book.status_of(BTC), Stale)
    assert store.prices() == ([], [])
    assert len(store.asked) == 1


def test_what_cannot_be_read_empties_a_book_that_is_in_doubt(store: Store) -> None:
    """A pong that comes late must not make it alive again."""
    connection = object()
    store.onevent(
        Subscribed(
            connection, [{"op": "subscribe", "args": [{"instType": BTC[0], "channel": "books", "instId": BTC[1]}]}]
        )
    )
    store.book_(whole(10), action="snapshot")
    store.onevent(Overdue(connection, 5.0))
    store.book_({**diff(11), "asks": None})

    assert store.prices() == ([], [])
    assert isinstance(store.book.status_of(BTC), Stale)


def test_a_crossed_book_is_wrong(store: Store) -> None:
    store.book_(whole(10), action="snapshot")
    store.book_(diff(11, bids=[["101", "1"]]))

    assert store.prices() == ([], [])
    assert "crossed" in str(store.failures[0])


def test_a_lost_connection_empties_its_books(store: Store) -> None:
    """F73, C49."""
    connection = object()
    args = [{"instType": BTC[0], "channel": "books", "instId": BTC[1]}]
    store.onevent(Subscribed(connection, [{"op": "subscribe", "args": args}]))
    store.book_(whole(10), action="snapshot")
    store.onevent(Closed(1006, cause="reset", connection=connection))

    assert store.prices() == ([], [])
    assert isinstance(store.book.status_of(BTC), Stale)
    store.onevent(Subscribed(connection, [{"op": "subscribe", "args": args}]))
    assert store.book.status_of(BTC) == Syncing()
    store.book_(diff(11, bids=[["97", "1"]]))
    assert store.prices() == ([], [])
    store.book_(whole(5, 500), action="snapshot")  # the new connection's snapshot is not compared with the old book
    assert store.book.status_of(BTC) == Live()


@pytest.mark.parametrize("symbol", [None, 5, ["x"]])
def test_a_book_of_no_instrument_is_refused(store: Store, symbol: Any) -> None:
    store.book_(whole(10), action="snapshot", symbol=("SPOT", symbol))

    assert not store.book.find()
    assert isinstance(store.failures[0], ProtocolError | SnapshotError)
