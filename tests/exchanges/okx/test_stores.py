"""OKX's stores: the sheet's rules, and the reference's known defects answered."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from rxbotters import OKXDataStore
from rxbotters.errors import BadNumber, BookMismatch, ProtocolError, SequenceGap, SnapshotError, StoreError, VenueError
from rxbotters.record import read_records
from rxbotters.stores import Ask
from rxbotters.stores.checked import checksum
from rxbotters_operators.events import Closed, Joined, Left, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

BTC = "BTC-USDT"
DATA = Path(__file__).parent / "data"


class Store(OKXDataStore):
    """Remembers its errors and asks."""

    def _init(self) -> None:
        super()._init()
        self.failures = heard(self)
        self.asked: list[Ask] = []
        self.asks.subscribe(self.asked.append)

    def push(self, channel: str, data: Any, **more: Any) -> None:
        arg = {"channel": channel, **more.pop("arg", {})}
        self.onmessage({"arg": arg, "data": data, **more})

    def book(self, data: dict[str, Any], *, channel: str = "books", action: str | None = "update", **more: Any) -> None:
        arg = {"instId": more.pop("symbol", BTC)}
        self.push(channel, [{**data, **more}], arg=arg, **({"action": action} if action else {}))

    def prices(self, symbol: str = BTC, book: str = "books") -> tuple[list[str], list[str]]:
        asks, bids = self[book].depth(symbol)  # type: ignore[attr-defined]
        return [price for price, _ in asks], [price for price, _ in bids]


@pytest.fixture
def store() -> Store:
    return Store()


def levels(*pairs: tuple[str, str]) -> list[list[str]]:
    return [[price, size, "0", "1"] for price, size in pairs]


def whole(number: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "asks": levels(("101", "1"), ("102", "2")),
        "bids": levels(("99", "1"), ("98", "2")),
        "ts": "1597026383085",
        "seqId": number,
        "prevSeqId": -1,
        **more,
    }


def diff(previous: int, number: int, *, asks: Any = (), bids: Any = ()) -> dict[str, Any]:
    return {
        "asks": levels(*asks),
        "bids": levels(*bids),
        "ts": "1597026383185",
        "checksum": 0,
        "prevSeqId": previous,
        "seqId": number,
    }


# ---------------------------------------------------------------------- books


def test_snapshot_then_update(store: Store) -> None:
    """The sheet's own example."""
    first = {
        "asks": [["8476.98", "415", "0", "13"]],
        "bids": [["8476.97", "256", "0", "12"]],
        "ts": "1597026383085",
        "checksum": 0,
        "prevSeqId": -1,
        "seqId": 123456,
    }
    second = {
        "asks": [["8476.98", "0", "0", "0"], ["8477", "7", "0", "2"]],
        "bids": [],
        "ts": "1597026383185",
        "checksum": 0,
        "prevSeqId": 123456,
        "seqId": 123457,
    }
    store.book(first, action="snapshot")
    store.book(second)

    assert store.books.find() == [
        {"instId": BTC, "side": "asks", "px": "8477", "sz": "7", "liqSz": "0", "ordSz": "2"},
        {"instId": BTC, "side": "bids", "px": "8476.97", "sz": "256", "liqSz": "0", "ordSz": "12"},
    ]
    assert store.books.sorted({"instId": BTC}, limit=1)["bids"][0]["px"] == "8476.97"
    assert store.books.status_of(BTC) == Live()
    assert (store.books.ts, store.books.checksum) == ({BTC: "1597026383185"}, {BTC: 0})
    assert not store.failures


def test_an_update_that_does_not_follow_is_a_gap(store: Store) -> None:
    """Defect 1, F68, F71: the book is emptied, asked for anew, and begins again with its snapshot."""
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 12, bids=[("97", "1")]))
    store.book(diff(13, 14, bids=[("96", "1")]))

    assert store.prices() == ([], [])
    assert store.books.status_of(BTC) == Stale("gap: expected 12, got 13")
    (gap,) = store.failures
    assert isinstance(gap, SequenceGap)
    assert store.asked == [Ask(store.books, BTC, None)]
    assert store._subscription(store.books, BTC) == {
        "op": "subscribe",
        "args": [{"channel": "books", "instId": BTC}],
    }
    store.book(diff(14, 15, bids=[("95", "1")]))
    assert store.prices() == ([], [])
    store.book(whole(20), action="snapshot")
    store.book(diff(20, 21, bids=[("95", "1")]))
    assert store.prices() == (["101", "102"], ["99", "98", "95"])
    assert store.books.status_of(BTC) == Live()
    assert len(store.asked) == 1


def test_what_is_no_gap(store: Store) -> None:
    """F70: keep-alives, the last update once more, and numbers that begin again lower after maintenance."""
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 10))
    store.book(diff(10, 15, bids=[("97", "1")]))
    store.book(diff(10, 15, bids=[("97", "1")]))
    store.book(diff(15, 3, bids=[("96", "1")]))
    store.book(diff(3, 5, bids=[("95", "1")]))

    assert store.prices()[1] == ["99", "98", "97", "96", "95"]
    assert store.books.status_of(BTC) == Live()
    assert not store.failures


def test_an_old_update_after_lower_numbers_is_a_gap(store: Store) -> None:
    """A lower number that does not follow is not old: the message in which they began again was lost."""
    store.book(whole(10), action="snapshot")
    store.book(diff(2, 3, bids=[("97", "1")]))

    assert isinstance(store.books.status_of(BTC), Stale)


def test_updates_before_a_snapshot_make_no_book(store: Store) -> None:
    store.book(diff(10, 11, bids=[("97", "1")]))

    assert store.prices() == ([], [])
    assert store.books.status_of(BTC) == Syncing()
    assert len(store.asked) == 1
    store.book(whole(20), action="snapshot")
    assert store.prices() == (["101", "102"], ["99", "98"])


def test_a_wrong_checksum_is_noticed(store: Store) -> None:
    """F72."""
    right = checksum([("101", "1"), ("102", "2")], [("99", "1"), ("98", "2")])
    store.book(whole(10, checksum=right), action="snapshot")
    assert store.books.status_of(BTC) == Live()

    store.book({**diff(10, 11, bids=[("97", "1")]), "checksum": right})

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], BookMismatch)
    assert "checksum" in str(store.failures[0])
    assert len(store.asked) == 1


def test_a_checksum_of_zero_is_none(store: Store) -> None:
    """The exchange sends it since 2026."""
    store.book(whole(10, checksum=0), action="snapshot")
    store.book(diff(10, 11, bids=[("97", "1")]))

    assert store.books.status_of(BTC) == Live()


def test_recorded_checksums_add_up() -> None:
    """F72: 171 books of 2022, which had checksums and no numbers; one lost message is noticed by the next."""
    records = [record.message for record in read_records(DATA / "cryptofeed-2022-05.jsonl.gz")]
    for lost in (None, 230):
        store = Store()
        for number, message in enumerate(records):
            if number != lost:
                store.onmessage(message)
        books = [message for message in records if message["arg"]["channel"] == "books"]
        assert len(books) == 171 + 3  # three acknowledgements
        wrong = [error for error in store.failures if isinstance(error, BookMismatch)]
        assert bool(wrong) is (lost is not None)
        if lost is None:
            assert all(status == Live() for status in store.books.instruments.values())
            assert set(store.books.checksum) == set(store.books.instruments)


def test_channels_of_one_instrument_never_mix(store: Store) -> None:
    """Defect 3: books5 leaves the deep book alone."""
    five = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}
    store.book(whole(10), action="snapshot")
    store.book(five, channel="books5", action=None)
    store.book(diff(10, 11, bids=[("97", "1")]))

    assert store.prices() == (["101", "102"], ["99", "98", "97"])
    assert store.prices(book="books5") == (["101.5"], ["99.5"])
    assert not store.failures


def test_a_channel_takes_the_place_of_one_whose_subscription_was_disposed(store: Store) -> None:
    """C49: the book of the other channel is no less live for having the main store now."""
    deep, five = ({"op": "subscribe", "args": [{"channel": name, "instId": BTC}]} for name in ("books", "books5"))
    touch = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}
    feed = object()
    store.onevent(Subscribed(feed, [five]))
    store.onevent(Joined(feed, [deep]))
    store.book(whole(10), action="snapshot")

    store.onevent(Left(feed, [deep]))
    store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}, "connId": "x"})
    assert store.books.status_of(BTC) == Stale("unsubscribed")
    store.book(touch, channel="books5", action=None)

    assert store.books.status_of(BTC) == Live()
    assert store.prices() == (["101.5"], ["99.5"])


def test_books5_alone_is_the_book_and_gives_way_to_a_deeper_one(store: Store) -> None:
    five = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}
    store.book(five, channel="books5", action=None)
    store.book({**five, "bids": levels(("99.7", "1"))}, channel="books5", action=None)
    assert store.prices() == (["101.5"], ["99.7"])
    store.book(whole(10), action="snapshot")
    store.book(five, channel="books5", action=None)

    assert store.prices() == (["101", "102"], ["99", "98"])
    assert store.prices(book="books5") == (["101.5"], ["99.5"])
    assert store._subscription(store["books5"], BTC)["args"][0]["channel"] == "books5"  # type: ignore[arg-type]


def test_a_channel_that_was_left_gives_its_place_to_the_next(store: Store) -> None:
    five = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}
    store.book(whole(10), action="snapshot")
    store.book(five, channel="books5", action=None)
    store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}, "connId": "x"})
    assert store.prices() == ([], [])
    store.book(five, channel="books5", action=None)

    assert store.prices() == (["101.5"], ["99.5"])
    assert store.prices(book="books5") == ([], [])
    assert store.books.status_of(BTC) == Live()


def test_a_resubscription_is_no_leaving(store: Store) -> None:
    """The unsubscription that brings a new snapshot must not let books5 in."""
    five = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}
    store.book(whole(10), action="snapshot")
    store.book(diff(12, 13))
    store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}, "connId": "x"})
    store.book(five, channel="books5", action=None)

    assert store.prices() == ([], [])
    store.book(whole(20), action="snapshot")
    assert store.prices() == (["101", "102"], ["99", "98"])


def test_the_subscriptions_say_which_book_is_the_deepest(store: Store) -> None:
    """D10: ready() waits for every one of them."""
    connection = object()
    args = [
        {"channel": "books5", "instId": BTC},
        {"channel": "books", "instId": BTC},
        {"channel": "bbo-tbt", "instId": BTC},
        {"channel": "tickers", "instId": BTC},
        {"channel": "books5", "instId": "ETH-USDT"},
    ]
    store.onevent(Subscribed(connection, [{"op": "subscribe", "args": args}, "ping", {"op": "login", "args": [1]}]))

    assert store.books.instruments == {BTC: Syncing(), "ETH-USDT": Syncing()}
    assert store["books5"].instruments == {BTC: Syncing()}  # type: ignore[attr-defined]
    assert store.bbo.instruments == {BTC: Syncing()}
    assert store.syncing


def test_best_bid_and_offer_have_a_book_of_their_own(store: Store) -> None:
    """Defect 2: the reference raises."""
    one = {"asks": [["8476.98", "415", "0", "13"]], "bids": [["8476.97", "256", "0", "12"]], "ts": "1", "seqId": 1}
    store.book(one, channel="bbo-tbt", action=None)
    store.book({**one, "bids": [["8476.96", "1", "0", "1"]]}, channel="bbo-tbt", action=None)

    assert store.prices(book="bbo-tbt") == (["8476.98"], ["8476.96"])
    assert not store.books.find()


def test_many_deep_books_keep_every_level(store: Store) -> None:
    """Defect 4, F75, F76: 13 books of 400 levels a side."""
    for number in range(13):
        asks = [(f"{1000 + level}", "1") for level in range(400)]
        bids = [(f"{999 - level}", "1") for level in range(400)]
        store.book(whole(1, asks=levels(*asks), bids=levels(*bids)), action="snapshot", symbol=f"X{number}")

    assert len(store.books) == 13 * 800
    assert store.prices("X0")[0][0] == "1000"


def test_a_size_of_zero_in_any_spelling_removes_the_level(store: Store) -> None:
    """Defect 14."""
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 11, asks=[("101", "0.000")], bids=[("99", "0.0")]))

    assert store.prices() == (["102"], ["98"])


@pytest.mark.parametrize("bad", ["nan", "-1", "x", None, "inf", [1]])
def test_a_bad_level_refuses_the_update_and_the_book_is_asked_for_anew(store: Store, bad: Any) -> None:
    """F79, F80."""
    store.book(whole(10), action="snapshot")
    message = diff(10, 11, bids=[("97", "1")])
    message["asks"] = [["103", bad, "0", "1"]]
    store.book(message)

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], BadNumber)
    assert isinstance(store.books.status_of(BTC), Stale)
    assert len(store.asked) == 1


@pytest.mark.parametrize("bad", ["nan", "-1", "x", None])
def test_a_bad_level_of_books5_changes_nothing(store: Store, bad: Any) -> None:
    """F79, F80: the next message is a whole book anyway."""
    five = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}
    store.book(five, channel="books5", action=None)
    store.book({**five, "asks": [["101", "1", "0", "1"], ["102", bad, "0", "1"]]}, channel="books5", action=None)

    assert store.prices() == (["101.5"], ["99.5"])
    assert len(store.failures) == 1


@pytest.mark.parametrize("lacks", ["asks", "bids"])
@pytest.mark.parametrize("action", ["snapshot", "update"])
def test_a_message_that_lacks_a_side_empties_the_book(store: Store, action: str, lacks: str) -> None:
    store.book(whole(10), action="snapshot")
    message = diff(10, 11)
    del message[lacks]
    store.book(message, action=action)

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], ProtocolError)
    assert len(store.asked) == 1


@pytest.mark.parametrize("number", [None, "11", 1.5, [1]])
def test_a_number_that_is_none_makes_no_live_book(store: Store, number: Any) -> None:
    store.book(whole(10), action="snapshot")
    store.book({**whole(), "seqId": number}, action="snapshot")

    assert isinstance(store.books.status_of(BTC), Stale)
    store.book(whole(20), action="snapshot")
    store.book({**diff(20, 21), "prevSeqId": number})
    assert isinstance(store.books.status_of(BTC), Stale)


def test_a_crossed_book_is_wrong(store: Store) -> None:
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 11, bids=[("101", "1")]))

    assert store.prices() == ([], [])
    assert "crossed" in str(store.failures[0])


def test_a_lost_connection_empties_its_books(store: Store) -> None:
    """F73, C49."""
    connection = object()
    args = [{"channel": "books", "instId": BTC}]
    store.onevent(Subscribed(connection, [{"op": "subscribe", "args": args}]))
    store.book(whole(10), action="snapshot")
    store.onevent(Closed(1006, cause="reset", connection=connection))

    assert store.prices() == ([], [])
    assert isinstance(store.books.status_of(BTC), Stale)
    assert (store.books.ts, store.books.checksum) == ({}, {})
    store.onevent(Subscribed(connection, [{"op": "subscribe", "args": args}]))
    assert store.books.status_of(BTC) == Syncing()
    store.book(diff(10, 11, bids=[("97", "1")]))
    assert store.prices() == ([], [])


# ---------------------------------------------------------------------- public rows

PUBLIC = {
    "instruments": "instruments",
    "tickers": "tickers",
    "open-interest": "openinterest",
    "estimated-price": "estimatedprice",
    "mark-price": "markprice",
    "price-limit": "pricelimit",
    "opt-summary": "optsummary",
    "funding-rate": "fundingrate",
    "index-tickers": "indextickers",
}


@pytest.mark.parametrize(("channel", "name"), PUBLIC.items())
def test_a_row_for_each_instrument(store: Store, channel: str, name: str) -> None:
    store.push(channel, [{"instId": BTC, "a": "1", "b": "1"}, {"instId": "ETH-USDT", "a": "2"}], arg={"instId": BTC})
    store.push(channel, [{"instId": BTC, "a": "3"}], arg={"instId": BTC})

    rows = getattr(store, name)
    assert rows.find() == [{"instId": BTC, "a": "3", "b": "1"}, {"instId": "ETH-USDT", "a": "2"}]
    assert rows is store[channel]
    assert (rows._keys, rows._MAXLEN) == (("instId",), 9999)


@pytest.mark.parametrize(
    ("channel", "name"), [("trades", "trades"), ("trades-all", "tradesall"), ("fills", "fills"), ("status", "status")]
)
def test_logs(store: Store, channel: str, name: str) -> None:
    """Defects 2 and 16."""
    store.push(channel, [{"tradeId": "1"}, {"tradeId": "2"}])
    store.push(channel, [{"tradeId": "2"}])

    assert [row["tradeId"] for row in getattr(store, name)] == ["1", "2", "2"]
    assert getattr(store, name)._MAXLEN == 9999


def test_candles_keep_every_field(store: Store) -> None:
    """Defect 10."""
    full = ["1597026383085", "8533.02", "8553.74", "8527.17", "8548.26", "45247", "529.58", "5529.58", "1"]
    for channel, row in (
        ("candle1D", full),
        ("candle1m", full[:7]),
        ("mark-price-candle1m", [*full[:5], "0"]),
        ("index-candle1H", full[:5]),
    ):
        store.push(channel, [row], arg={"instId": BTC})
    store.push("candle1D", [["1597026383085", "1", "2", "3", "4"]], arg={"instId": BTC})

    base = {"instId": BTC, "ts": "1597026383085"}
    prices = {"o": "8533.02", "h": "8553.74", "l": "8527.17", "c": "8548.26"}
    assert store.candle.find() == [
        {
            **base,
            "channel": "candle1D",
            "o": "1",
            "h": "2",
            "l": "3",
            "c": "4",
            "vol": "45247",
            "volCcy": "529.58",
            "volCcyQuote": "5529.58",
            "confirm": "1",
        },
        {**base, "channel": "candle1m", **prices, "vol": "45247", "volCcy": "529.58"},
    ]
    assert store.markpricecandle.find() == [{**base, "channel": "mark-price-candle1m", **prices, "confirm": "0"}]
    assert store.indexcandle.find() == [{**base, "channel": "index-candle1H", **prices}]


def test_unknown_channels_are_counted(store: Store) -> None:
    """Defect 2, C71."""
    for channel in ("liquidation-orders", "adl-warning", "deposit-info", "grid-orders-spot", "sprd-orders"):
        store.push(channel, [{}])

    assert sum(store.unhandled.values()) == 5
    assert not store.failures


# ---------------------------------------------------------------------- orders


def order(number: str = "1", state: str = "live", **more: Any) -> dict[str, Any]:
    return {"ordId": number, "instType": "SPOT", "instId": BTC, "state": state, "sz": "1", "accFillSz": "0", **more}


def test_the_life_of_an_order(store: Store) -> None:
    store.push("orders", [order(), order("2")], arg={"instType": "ANY"})
    store.push("orders", [{"ordId": "1", "state": "partially_filled", "accFillSz": "0.4"}], arg={"instType": "ANY"})

    assert store.orders.get({"ordId": "1"}) == order(state="partially_filled", accFillSz="0.4")
    store.push("orders", [order("1", "filled"), order("2", "canceled"), order("3", "mmp_canceled")])
    assert not store.orders.find()
    store.push("orders", [order("4", "live"), order("4", "filled")])
    assert not store.orders.find()


async def test_a_rest_answer_replaces_what_it_was_asked_for(store: Store) -> None:
    """Defect 7: also when it is empty."""
    store.push("orders", [order(), order("2", instId="ETH-USDT"), order("3", instType="SWAP", instId="BTC-USDT-SWAP")])
    path = "/api/v5/trade/orders-pending"

    await store.initialize(answer(f"{path}?instType=SPOT&instId={BTC}", '{"code": "0", "msg": "", "data": []}'))
    assert [row["ordId"] for row in store.orders] == ["2", "3"]
    await store.initialize(answer(f"{path}?instFamily=BTC-USDT", '{"code": "0", "msg": "", "data": []}'))
    assert [row["ordId"] for row in store.orders] == ["2"]
    body = '{"code": "0", "data": [{"ordId": "9", "instId": "BTC-USDT", "state": "live"}]}'
    await store.initialize(answer(path, body))
    assert [row["ordId"] for row in store.orders] == ["9"]


async def test_pages_of_orders_are_the_truth_together(store: Store) -> None:
    """Limit 100 a page: a full page says nothing of older orders, and says so."""
    store.push("orders", [order(str(number)) for number in (50, 150, 250, 350)])
    path = "/api/v5/trade/orders-pending"

    def page(*numbers: int) -> str:
        rows = ",".join(f'{{"ordId": "{number}", "instId": "{BTC}", "state": "live"}}' for number in numbers)
        return f'{{"code": "0", "data": [{rows}]}}'

    await store.initialize(answer(path, page(*range(300, 200, -1))))
    held = {int(row["ordId"]) for row in store.orders}
    assert held == {50, 150, *range(201, 301)}
    assert store.orders.status == Stale("a full page came: initialize with after=201 too")
    await store.initialize(answer(f"{path}?after=201", page(150, 140)))
    assert {int(row["ordId"]) for row in store.orders} == {140, 150, *range(201, 301)}
    assert store.orders.status == Live()
    await store.initialize(answer(f"{path}?before=290", page()))
    assert max(int(row["ordId"]) for row in store.orders) == 290
    await store.initialize(answer(f"{path}?limit=2", page(290, 280)))
    assert isinstance(store.orders.status, Stale)
    assert 285 not in {int(row["ordId"]) for row in store.orders}


async def test_an_error_body_is_a_typed_error_and_changes_nothing(store: Store) -> None:
    """Defect 7, F66."""
    store.push("orders", [order()])
    path = "/api/v5/trade/orders-pending"

    with pytest.raises(VenueError, match=r"Too Many Requests \(code 50011\)"):
        await store.initialize(answer(path, '{"code": "50011", "msg": "Too Many Requests", "data": []}'))
    for body in ("[]", '{"code": "0"}', '{"code": "0", "data": {}}', '{"code": "0", "data": [1]}', "null"):
        with pytest.raises(SnapshotError):
            await store.initialize(answer(path, body))
    with pytest.raises(SnapshotError, match="digits"):
        await store.initialize(answer(path, '{"code": "0", "data": [{"ordId": 1, "state": "live"}]}'))
    with pytest.raises(SnapshotError, match="digits"):
        await store.initialize(answer(f"{path}?limit=x", '{"code": "0", "data": []}'))

    assert len(store.orders) == 1


async def test_orders_are_stale_until_they_were_asked_for_again(store: Store) -> None:
    """C49: the channel has no snapshot."""
    store.push("orders", [order()])
    store.onevent(Closed(1006))
    store.onevent(Subscribed(None, []))

    assert isinstance(store.orders.status, Stale)
    assert len(store.orders) == 1
    await store.initialize(answer("/api/v5/trade/orders-pending", '{"code": "0", "data": []}'))
    assert store.orders.status == Live()
    assert not len(store.orders)


def algo(number: str = "1", state: str = "live", kind: str = "trigger", **more: Any) -> dict[str, Any]:
    return {"algoId": number, "instId": BTC, "instType": "SWAP", "ordType": kind, "state": state, **more}


@pytest.mark.parametrize(("channel", "name"), [("orders-algo", "ordersalgo"), ("algo-advance", "algoadvance")])
def test_algo_orders_live_until_a_final_state(store: Store, channel: str, name: str) -> None:
    """Defect 8."""
    rows = getattr(store, name)
    store.push(channel, [algo("1"), algo("2", "pause"), algo("3", "partially_effective")])
    assert [row["algoId"] for row in rows] == ["1", "2", "3"]
    store.push(channel, [algo("1", "order_failed"), algo("2", "effective"), algo("3", "canceled")])
    store.push(channel, [algo("4"), algo("4", "partially_failed")])

    assert not rows.find()


def test_an_algo_order_stands_where_it_was_told_of_last(store: Store) -> None:
    """Defect 9: move_order_stop was seen on either channel."""
    store.push("orders-algo", [algo("1", kind="move_order_stop")])
    store.push("algo-advance", [algo("1", kind="move_order_stop", triggerPx="5")])

    assert not store.ordersalgo.find()
    assert store.algoadvance.find() == [algo("1", kind="move_order_stop", triggerPx="5")]
    store.push("algo-advance", [algo("1", "canceled", kind="move_order_stop")])
    assert not store.algoadvance.find()


async def test_algo_answers_are_sorted_by_their_type(store: Store) -> None:
    """Defects 7 and 9: every type has its store, and an answer replaces its types only."""
    path = "/api/v5/trade/orders-algo-pending"
    store.push("orders-algo", [algo("1"), algo("2", kind="oco")])
    store.push("algo-advance", [algo("3", kind="iceberg")])

    await store.initialize(
        answer(f"{path}?ordType=conditional,oco", '{"code": "0", "data": []}'),
        answer(
            f"{path}?ordType=chase",
            '{"code": "0", "data": [{"algoId": "5", "instId": "BTC-USDT", "ordType": "chase", "state": "live"}]}',
        ),
        answer(
            f"{path}?ordType=smart_iceberg",
            '{"code": "0", "data": [{"algoId": "6", "instId": "X", "ordType": "smart_iceberg", "state": "live"}]}',
        ),
    )

    assert [row["algoId"] for row in store.ordersalgo] == ["1", "5"]
    assert [row["algoId"] for row in store.algoadvance] == ["3", "6"]
    store.push("orders-algo", [algo("7", kind="move_order_stop")])
    await store.initialize(answer(f"{path}?ordType=move_order_stop", '{"code": "0", "data": []}'))
    assert [row["algoId"] for row in store.ordersalgo] == ["1", "5", "7"]
    await store.initialize(
        answer(
            f"{path}?algoId=1",
            '{"code": "0", "data": [{"algoId": "1", "ordType": "trigger", "state": "live", "sz": "9"}]}',
        )
    )
    assert store.ordersalgo.get({"algoId": "1"}) == algo("1", sz="9")


# ---------------------------------------------------------------------- the account


def account(*details: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    rows = [{"ccy": ccy, "cashBal": amount, "eq": amount, "availBal": amount, "availEq": ""} for ccy, amount in details]
    return [{"totalEq": "100", "uTime": "1", "details": rows, **more}]


def held(store: Store) -> dict[str, str]:
    (row,) = store.account.find()
    return {detail["ccy"]: detail["cashBal"] for detail in row["details"]}


def test_a_change_of_the_account_leaves_the_other_currencies(store: Store) -> None:
    """Defect 5."""
    store.push("account", account(("USDT", "100.5"), ("BTC", "1")), eventType="snapshot", curPage=1, lastPage=True)
    assert store.account.find() == account(("USDT", "100.5"), ("BTC", "1"))
    store.push("account", account(("BTC", "2"), totalEq="200", uTime="2"), eventType="event_update")

    assert held(store) == {"USDT": "100.5", "BTC": "2"}
    assert store.account.find()[0]["totalEq"] == "200"
    store.push("account", account(("BTC", "0.00")), eventType="event_update")
    assert held(store) == {"USDT": "100.5"}  # defect 6
    store.push("account", account(("ETH", "5")), eventType="snapshot", curPage=1, lastPage=True)
    assert held(store) == {"ETH": "5"}
    assert len(store.account) == 1


def test_the_pages_of_an_account_are_one_snapshot(store: Store) -> None:
    """Defect 5: nothing is replaced before the last page is here."""
    store.push("account", account(("OLD", "1")), eventType="snapshot", curPage=1, lastPage=True)
    store.push("account", account(("USDT", "100")), eventType="snapshot", curPage=1, lastPage=False)
    assert held(store) == {"OLD": "1"}
    store.push("account", account(("BTC", "1")), eventType="snapshot", curPage=2, lastPage=True)

    assert held(store) == {"USDT": "100", "BTC": "1"}


def test_a_page_that_is_missing_gives_the_snapshot_up(store: Store) -> None:
    store.push("account", account(("OLD", "1")), eventType="snapshot", curPage=1, lastPage=True)
    store.push("account", account(("USDT", "100")), eventType="snapshot", curPage=1, lastPage=False)
    store.push("account", account(("BTC", "1")), eventType="snapshot", curPage=3, lastPage=True)

    assert held(store) == {"OLD": "1"}
    assert isinstance(store.failures[0], ProtocolError)
    store.push("account", account(("USDT", "100")), eventType="snapshot", curPage=1, lastPage=True)
    assert held(store) == {"USDT": "100"}


def test_an_account_of_one_currency_replaces_that_one_only(store: Store) -> None:
    store.push("account", account(("USDT", "1"), ("BTC", "1")), eventType="snapshot")
    store.push("account", account(), eventType="snapshot", arg={"ccy": "BTC"})

    assert held(store) == {"USDT": "1"}


def test_messages_that_do_not_say_what_they_are(store: Store) -> None:
    """The first of a subscription is the snapshot, as before 2025."""
    store.push("account", account(("USDT", "1"), ("BTC", "1")))
    store.push("account", account(("BTC", "2")))
    assert held(store) == {"USDT": "1", "BTC": "2"}
    store.onmessage({"event": "subscribe", "arg": {"channel": "account"}, "connId": "x"})
    store.push("account", account(("BTC", "3")))

    assert held(store) == {"BTC": "3"}


async def test_balances_over_rest(store: Store) -> None:
    store.push("account", account(("USDT", "1"), ("BTC", "1")), eventType="snapshot")
    store.onevent(Closed(1006))
    assert isinstance(store.account.status, Stale)
    body = '{"code": "0", "data": [{"totalEq": "7", "details": [{"ccy": "BTC", "cashBal": "3", "eq": "3"}]}]}'

    await store.initialize(answer("/api/v5/account/balance?ccy=BTC", body))
    assert held(store) == {"USDT": "1", "BTC": "3"}
    await store.initialize(answer("/api/v5/account/balance", body))
    assert held(store) == {"BTC": "3"}
    assert store.account.status == Live()


def position(symbol: str = "XRP-USDT-SWAP", size: str = "1", **more: Any) -> dict[str, Any]:
    return {"instId": symbol, "instType": "SWAP", "mgnMode": "cross", "posSide": "net", "pos": size, **more}


def symbols(rows: Any) -> list[str]:
    return [row["instId"] for row in rows]


def test_positions_come_change_and_go(store: Store) -> None:
    """Defect 6: flat positions go."""
    arg = {"instType": "ANY", "uid": "1"}
    store.push(
        "positions", [position(), position("B-USDT-SWAP")], arg=arg, eventType="snapshot", curPage=1, lastPage=True
    )
    store.push("positions", [position(size="-3", upl="1")], arg=arg, eventType="event_update")
    assert store.positions.find() == [position(size="-3", upl="1"), position("B-USDT-SWAP")]
    store.push("positions", [position(size="0")], arg=arg, eventType="event_update")
    assert symbols(store.positions) == ["B-USDT-SWAP"]
    store.push("positions", [], arg=arg, eventType="snapshot", curPage=1, lastPage=True)

    assert not store.positions.find()
    assert store.positions._keys == ("instId", "mgnMode", "posSide")


def test_a_snapshot_of_positions_replaces_what_was_subscribed(store: Store) -> None:
    """Defect 5: type, family, instrument; page by page."""
    many = [position(), position("BTC-USD-SWAP"), position("BTC-USD_UM-SWAP"), position("X", instType="FUTURES")]
    store.push("positions", many, eventType="snapshot")
    store.push("positions", [], arg={"instType": "SWAP", "instFamily": "BTC-USD"}, eventType="snapshot")
    assert symbols(store.positions) == ["XRP-USDT-SWAP", "BTC-USD_UM-SWAP", "X"]
    store.push("positions", [], arg={"instType": "SWAP", "instId": "XRP-USDT-SWAP"}, eventType="snapshot")
    assert symbols(store.positions) == ["BTC-USD_UM-SWAP", "X"]
    store.push("positions", [position("A")], arg={"instType": "SWAP"}, eventType="snapshot", curPage=1, lastPage=False)
    assert symbols(store.positions) == ["BTC-USD_UM-SWAP", "X"]
    store.push("positions", [position("B")], arg={"instType": "SWAP"}, eventType="snapshot", curPage=2, lastPage=True)

    assert symbols(store.positions) == ["X", "A", "B"]


async def test_positions_over_rest_and_after_a_loss(store: Store) -> None:
    store.push("positions", [position(), position("B-USDT-SWAP")], eventType="snapshot")
    store.onevent(Closed(1006))
    store.onevent(Subscribed(None, []))
    assert isinstance(store.positions.status, Stale)
    body = '{"code": "0", "data": [{"instId": "B-USDT-SWAP", "mgnMode": "cross", "posSide": "net", "pos": "2"}]}'

    await store.initialize(answer("/api/v5/account/positions?posId=1", body))
    assert symbols(store.positions) == ["XRP-USDT-SWAP", "B-USDT-SWAP"]
    await store.initialize(answer("/api/v5/account/positions?instType=SWAP", body))
    assert store.positions.find() == [position("B-USDT-SWAP", "2")]
    assert store.positions.status == Live()


def test_balance_and_position_keeps_its_last_message(store: Store) -> None:
    """Defects 6 and 15."""
    first = {
        "pTime": "1",
        "eventType": "snapshot",
        "balData": [{"ccy": "BTC", "cashBal": "1"}, {"ccy": "USDT", "cashBal": "5"}],
        "posData": [position()],
        "trades": [],
    }
    second = {"pTime": "2", "eventType": "filled", "balData": [{"ccy": "BTC", "cashBal": "0"}], "posData": []}
    store.push("balance_and_position", [first], arg={"uid": "1"})
    assert store.balance_and_position.find() == [first]
    store.push("balance_and_position", [second], arg={"uid": "1"})
    store.push("balance_and_position", [{"pTime": "3", "posData": [position(size="0.0")]}], arg={"uid": "1"})

    assert [row["pTime"] for row in store.balance_and_position] == ["3"]
    assert store.balance_and_position.balance.find() == [{"ccy": "USDT", "cashBal": "5"}]
    assert not store.balance_and_position.position.find()
    store.onmessage({"event": "subscribe", "arg": {"channel": "balance_and_position"}, "connId": "x"})
    store.push("balance_and_position", [{**first, "balData": [{"ccy": "ETH", "cashBal": "1"}]}])
    assert store.balance_and_position.balance.find() == [{"ccy": "ETH", "cashBal": "1"}]
    assert symbols(store.balance_and_position.position) == ["XRP-USDT-SWAP"]


@pytest.mark.parametrize("bad", ["nan", "x", None, "", [1], {"a": 1}])
def test_a_bad_number_of_the_account_changes_nothing(store: Store, bad: Any) -> None:
    """F79."""
    store.push("positions", [position()], eventType="snapshot")
    store.push("account", account(("BTC", "1")), eventType="snapshot")
    good = {"eventType": "snapshot", "balData": [{"ccy": "BTC", "cashBal": "1"}], "posData": [position()]}
    store.push("balance_and_position", [good])
    before = {name: store[name].find() for name in store}

    store.push("positions", [position("NEW"), position(size=bad)], eventType="event_update")
    if bad not in (None, ""):  # those say that a field does not apply
        store.push("account", account(("ETH", "1"), ("BTC", bad)), eventType="event_update")
    store.push("balance_and_position", [{"balData": [{"ccy": "ETH", "cashBal": "1"}], "posData": [position(size=bad)]}])
    store.push("balance_and_position", [{"balData": [{"ccy": "BTC", "cashBal": bad}], "posData": [position("NEW")]}])

    assert {name: store[name].find() for name in store} == before
    assert all(isinstance(error, ProtocolError | StoreError) for error in store.failures)
    assert len(store.failures) == (4 if bad not in (None, "") else 3)


def test_warnings_of_both_sides_stand(store: Store) -> None:
    """Defect 11."""
    rows = [
        {"instId": BTC, "mgnMode": mode, "posSide": side, "pos": "1"}
        for mode in ("cross", "isolated")
        for side in ("long", "short")
    ]
    store.push("liquidation-warning", rows)
    store.push("account-greeks", [{"ccy": "BTC", "deltaBS": "1"}, {"ccy": "BTC", "deltaBS": "2"}])

    assert store.liquidationwarning.find() == rows
    assert store.accountgreeks.find() == [{"ccy": "BTC", "deltaBS": "2"}]


# ---------------------------------------------------------------------- what is no data


def test_events_belong_to_no_store(store: Store) -> None:
    for message in (
        {"event": "subscribe", "arg": {"channel": "tickers", "instId": BTC}, "connId": "x"},
        {"event": "unsubscribe", "arg": {"channel": "tickers", "instId": BTC}, "connId": "x"},
        {"event": "unsubscribe", "arg": {"channel": "books", "instId": "never"}, "connId": "x"},
        {"event": "login", "code": "0", "msg": "", "connId": "x"},
        {"event": "notice", "code": "64008", "msg": "soon", "connId": "x"},
        {"event": "channel-conn-count", "channel": "orders", "connCount": "2", "connId": "x"},
        {"id": "1", "op": "order", "code": "0", "msg": "", "data": [{"ordId": "1", "sCode": "0"}]},
    ):
        store.onmessage(message)

    assert not store.failures
    assert not any(len(store[name]) for name in store)


def test_an_error_that_no_subscription_can_be_blamed_for_is_told(store: Store) -> None:
    store.onmessage({"event": "error", "code": "60011", "msg": "Please log in", "connId": "x"})
    store.onmessage({"event": "channel-conn-count-error", "channel": "orders", "connCount": "30", "connId": "x"})
    store.onmessage({"event": "error", "code": "60018", "msg": "channel:x,instId:y doesn't exist", "connId": "x"})

    assert [str(error).split(" (code")[0] for error in store.failures] == [
        "OKX says: Please log in",
        "OKX says: channel-conn-count-error on orders",
    ]
    assert store.unhandled == {"error": 3}


def test_strange_messages_are_errors_not_exceptions(store: Store) -> None:
    """F60, F67, C71."""
    for message in (None, [1], "x", 5, {"arg": 1, "data": []}, {"arg": {"channel": 1}, "data": []}, {"arg": {}}):
        store.onmessage(message)
    for channel in ("tickers", "orders", "account", "positions", "books", "candle1m", "balance_and_position", "trades"):
        for data in (None, 1, "x", [1], [[1]], [None], {}, [{}]):
            store.push(channel, data, arg={"instId": BTC})
    store.push("books", [], arg={"instId": ["x"]})
    store.push("books", [], arg={"instId": None})

    assert all(isinstance(error, ProtocolError | StoreError) for error in store.failures)
    assert not store.books.find()


def test_messages_are_read_not_changed_and_a_replay_gives_the_same() -> None:
    """C23, P2, P4, P5."""
    records = [record.message for record in read_records(DATA / "synthetic.jsonl.gz") if record.kind == "ws"]
    before = copy.deepcopy(records)
    runs = []
    for _ in range(2):
        store = Store()
        told = [(change.store.name, *change[1:]) for message in records for change in store.apply(message)]
        runs.append(({name: store[name].find() for name in store}, told))

    assert records == before
    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 300
