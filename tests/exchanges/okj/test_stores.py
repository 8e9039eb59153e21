"""OKJ's stores, from V5 and from V3: the sheet's rules, and what the reference does not have at all."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from rxbotters import OKJDataStore
from rxbotters.errors import BadNumber, BookMismatch, ProtocolError, SequenceGap, SnapshotError, StoreError, VenueError
from rxbotters.record import read_records
from rxbotters.stores import Ask
from rxbotters.stores.checked import checksum
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

BTC = "BTC-JPY"
DATA = Path(__file__).parent / "data"


class Store(OKJDataStore):
    """Remembers its errors and asks."""

    def _init(self) -> None:
        super()._init()
        self.failures = heard(self)
        self.asked: list[Ask] = []
        self.asks.subscribe(self.asked.append)

    def push(self, channel: str, data: Any, **more: Any) -> None:
        """A message of V5."""
        arg = {"channel": channel, **more.pop("arg", {})}
        self.onmessage({"arg": arg, "data": data, **more})

    def table(self, name: str, data: Any, **more: Any) -> None:
        """A message of V3."""
        self.onmessage({"table": f"spot/{name}", "data": data, **more})

    def book(self, data: dict[str, Any], *, channel: str = "books", action: str | None = "update") -> None:
        self.push(channel, [data], arg={"instId": BTC}, **({"action": action} if action else {}))

    def depth(self, data: dict[str, Any], *, channel: str = "depth", action: str | None = "update") -> None:
        self.table(channel, [{"instrument_id": BTC, **data}], **({"action": action} if action else {}))

    def prices(self, book: str = "books") -> tuple[list[str], list[str]]:
        asks, bids = self[book].depth(BTC)  # type: ignore[attr-defined]
        return [price for price, _ in asks], [price for price, _ in bids]


@pytest.fixture
def store() -> Store:
    return Store()


def levels(*pairs: tuple[str, str]) -> list[list[str]]:
    return [[price, size, "0", "1"] for price, size in pairs]


ASKS, BIDS = levels(("101", "1"), ("102", "2")), levels(("99", "1"), ("98", "2"))
RIGHT = checksum([("101", "1"), ("102", "2")], [("99", "1"), ("98", "2")])
FIVE = {"asks": levels(("101.5", "1")), "bids": levels(("99.5", "1")), "ts": "2", "seqId": 7}


def whole(number: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "asks": ASKS,
        "bids": BIDS,
        "ts": "1790133750004",
        "checksum": RIGHT,
        "seqId": number,
        "prevSeqId": -1,
        **more,
    }


def diff(previous: int, number: int, *, asks: Any = (), bids: Any = (), **more: Any) -> dict[str, Any]:
    return {"asks": levels(*asks), "bids": levels(*bids), "ts": "1", "seqId": number, "prevSeqId": previous, **more}


def partial(**more: Any) -> dict[str, Any]:
    return {"asks": ASKS, "bids": BIDS, "timestamp": "2024-09-01T00:00:00.000Z", "checksum": RIGHT, **more}


# ---------------------------------------------------------------------- books of V5


def test_snapshot_then_update(store: Store) -> None:
    """The sheet's own example, shortened there: its checksums do not add up and are left out."""
    arg = {"channel": "books", "instId": "XRP-JPY"}
    first = {"asks": [["252.57", "1909.156", "0", "2"]], "bids": [["251.87", "601.749", "0", "1"]], "seqId": 4588907}
    second = {"asks": [["252.54", "32.4", "0", "1"], ["252.57", "0", "0", "0"]], "bids": [], "seqId": 4588911}
    store.onmessage({"arg": arg, "action": "snapshot", "data": [{**first, "ts": "1", "prevSeqId": -1}]})
    store.onmessage({"arg": arg, "action": "update", "data": [{**second, "ts": "2", "prevSeqId": 4588907}]})

    assert store.books.find() == [
        {"instId": "XRP-JPY", "side": "asks", "px": "252.54", "sz": "32.4", "liqSz": "0", "ordSz": "1"},
        {"instId": "XRP-JPY", "side": "bids", "px": "251.87", "sz": "601.749", "liqSz": "0", "ordSz": "1"},
    ]
    assert store.books.status_of("XRP-JPY") == Live()
    assert store.books.ts == {"XRP-JPY": "2"}
    assert not store.failures


def test_an_update_that_does_not_follow_is_a_gap(store: Store) -> None:
    """Defect 2, F68: numbers jump, prevSeqId does not."""
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 25, bids=[("97", "1")]))
    store.book(diff(26, 27, bids=[("96", "1")]))

    assert store.prices() == ([], [])
    assert store.books.status_of(BTC) == Stale("gap: expected 25, got 26")
    assert isinstance(store.failures[0], SequenceGap)
    assert store.asked == [Ask(store.books, BTC, None)]
    wanted = {"op": "subscribe", "args": [{"channel": "books", "instId": BTC}]}
    assert store._subscription(store.books, BTC) == wanted
    store.book(whole(30), action="snapshot")
    store.book(diff(30, 31, bids=[("95", "1")]))
    assert store.prices() == (["101", "102"], ["99", "98", "95"])


def test_what_is_no_gap(store: Store) -> None:
    """F70: a reset may lower the number, but keeps the chain."""
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 10))
    store.book(diff(10, 15, bids=[("97", "1")]))
    store.book(diff(10, 15, bids=[("97", "1")]))
    store.book(diff(15, 3, bids=[("96", "1")]))
    assert store.prices()[1] == ["99", "98", "97", "96"]
    assert not store.failures
    store.book(diff(1, 2))

    assert isinstance(store.books.status_of(BTC), Stale)


def test_updates_before_a_snapshot_make_no_book(store: Store) -> None:
    store.book(diff(10, 11, bids=[("97", "1")]))

    assert store.prices() == ([], [])
    assert store.books.status_of(BTC) == Syncing()
    assert len(store.asked) == 1


def test_a_wrong_checksum_is_noticed(store: Store) -> None:
    """F72."""
    store.book(whole(10), action="snapshot")
    assert store.books.status_of(BTC) == Live()
    store.book(diff(10, 11, bids=[("97", "1")], checksum=RIGHT))

    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], BookMismatch)
    assert len(store.asked) == 1


def test_a_checksum_is_of_25_levels_a_side() -> None:
    """F72."""
    asks, bids = [(str(101 + n), "1") for n in range(26)], [(str(99 - n), "1") for n in range(26)]

    assert checksum(asks, bids) == checksum(asks[:25], bids[:25])
    assert checksum(asks[:25], bids[:25]) not in (checksum(asks[:24], bids[:25]), checksum(asks[:25], bids[:24]))
    assert checksum([], []) == 0


@pytest.mark.parametrize("number", [None, "11", 1.5, [1]])
def test_a_number_that_is_none_makes_no_live_book(store: Store, number: Any) -> None:
    store.book(whole(10), action="snapshot")
    store.book({**whole(), "seqId": number}, action="snapshot")
    assert isinstance(store.books.status_of(BTC), Stale)
    store.book(whole(20), action="snapshot")
    store.book({**diff(20, 21), "prevSeqId": number})

    assert isinstance(store.books.status_of(BTC), Stale)


def test_best_bid_and_offer(store: Store) -> None:
    one = {
        "asks": levels(("13643522", "0.03682508")),
        "bids": levels(("13615496", "0.03452263")),
        "ts": "1",
        "seqId": 1,
    }
    store.book(one, channel="bbo-tbt", action=None)
    store.book({**one, "bids": levels(("13615497", "1"))}, channel="bbo-tbt", action=None)

    assert store.prices("bbo-tbt") == (["13643522"], ["13615497"])
    assert store.bbo.best(BTC).bid == store.bbo.find()[1]
    assert not store.books.find()


# ---------------------------------------------------------------------- books of V3


def test_partial_then_update_by_checksum(store: Store) -> None:
    """F72: V3 has no numbers; the checksum is the only witness."""
    store.depth(partial(), action="partial")
    after = checksum([("102", "2")], [("99", "1"), ("98", "2"), ("97", "5")])
    change = {"asks": levels(("101", "0")), "bids": levels(("97", "5")), "timestamp": "t2", "checksum": after}
    store.depth(change)

    assert store.prices() == (["102"], ["99", "98", "97"])
    assert store.books.ts == {BTC: "t2"}
    assert store.books.status_of(BTC) == Live()
    store.depth({"asks": [], "bids": levels(("96", "5")), "timestamp": "t3", "checksum": after})
    assert store.prices() == ([], [])
    assert isinstance(store.failures[0], BookMismatch)
    assert store._subscription(store.books, BTC) == {"op": "subscribe", "args": [f"spot/depth:{BTC}"]}
    store.depth({"asks": [], "bids": levels(("96", "5")), "timestamp": "t4", "checksum": after})
    assert store.prices() == ([], [])
    store.depth(partial(), action="partial")
    assert store.prices() == (["101", "102"], ["99", "98"])


def test_levels_of_three_fields(store: Store) -> None:
    """Where the field that is always 0 is not sent."""
    short = {"asks": [["101", "1", "4"]], "bids": [["99", "1", 2]], "timestamp": "t"}
    store.depth(short, action="partial")

    assert store.books.find() == [
        {"instId": BTC, "side": "asks", "px": "101", "sz": "1", "liqSz": "0", "ordSz": "4"},
        {"instId": BTC, "side": "bids", "px": "99", "sz": "1", "liqSz": "0", "ordSz": 2},
    ]


def test_depth5_is_a_whole_book_every_time(store: Store) -> None:
    for price in ("99.5", "99.6"):
        store.depth(
            {"asks": levels(("101", "1")), "bids": levels((price, "1")), "timestamp": "t"},
            channel="depth5",
            action=None,
        )

    assert store.prices() == (["101"], ["99.6"])


# ---------------------------------------------------------------------- books of both


@pytest.mark.parametrize("bad", ["nan", "-1", "x", None, "inf", [1]])
def test_a_bad_level_refuses_the_update_and_the_book_is_asked_for_anew(store: Store, bad: Any) -> None:
    """F79, F80."""
    for number, feed in enumerate((store.book, store.depth), 1):
        feed(whole(10), action="snapshot")
        feed({**diff(10, 11, bids=[("97", "1")]), "asks": [["103", bad, "0", "1"]]})

        assert store.prices() == ([], [])
        assert isinstance(store.failures[-1], BadNumber)
        assert isinstance(store.books.status_of(BTC), Stale)
        assert len(store.asked) == number
        store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}})
        store.books.forget_ask(BTC)
        store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}})


@pytest.mark.parametrize("bad", ["nan", "-1", "x", None])
@pytest.mark.parametrize("channel", ["books5", "depth5"])
def test_a_bad_level_of_a_whole_book_changes_nothing(store: Store, channel: str, bad: Any) -> None:
    """F79, F80."""
    feed = store.book if channel == "books5" else store.depth
    feed(FIVE, channel=channel, action=None)
    feed({**FIVE, "asks": [["101", "1", "0", "1"], ["102", bad, "0", "1"]]}, channel=channel, action=None)

    assert store.prices() == (["101.5"], ["99.5"])
    assert len(store.failures) == 1


@pytest.mark.parametrize("lacks", ["asks", "bids"])
@pytest.mark.parametrize("action", ["snapshot", "update"])
def test_a_message_that_lacks_a_side_empties_the_book(store: Store, action: str, lacks: str) -> None:
    for feed in (store.book, store.depth):
        feed(whole(10), action="snapshot")
        message = diff(10, 11)
        del message[lacks]
        feed(message, action=action)

        assert store.prices() == ([], [])
        assert isinstance(store.failures[-1], ProtocolError)


def test_a_crossed_book_is_wrong(store: Store) -> None:
    store.book(whole(10), action="snapshot")
    store.book(diff(10, 11, bids=[("101", "1")]))

    assert store.prices() == ([], [])
    assert "crossed" in str(store.failures[0])


def test_channels_of_one_instrument_never_mix(store: Store) -> None:
    store.book(FIVE, channel="books5", action=None)
    assert store.prices() == (["101.5"], ["99.5"])
    store.book(whole(10), action="snapshot")
    store.book(FIVE, channel="books5", action=None)
    store.depth(partial(bids=levels(("90", "1")), checksum=0), action="partial")

    assert store.prices() == (["101", "102"], ["99", "98"])
    assert store.prices("books5") == (["101.5"], ["99.5"])
    assert store.prices("spot/depth") == (["101", "102"], ["90"])
    assert store._subscription(store["books5"], BTC)["args"] == [{"channel": "books5", "instId": BTC}]  # type: ignore[arg-type]
    assert store._subscription(store["spot/depth"], BTC)["args"] == [f"spot/depth:{BTC}"]  # type: ignore[arg-type]
    store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}, "connId": "x"})
    assert store.prices() == ([], [])
    store.depth(partial(), action="partial")
    assert store.prices() == (["101", "102"], ["99", "98"])
    assert store.prices("spot/depth") == ([], [])
    store.onmessage({"event": "unsubscribe", "channel": f"spot/depth:{BTC}"})
    assert store.prices() == ([], [])


def test_a_resubscription_is_no_leaving(store: Store) -> None:
    store.book(whole(10), action="snapshot")
    store.book(diff(12, 13))
    store.onmessage({"event": "unsubscribe", "arg": {"channel": "books", "instId": BTC}, "connId": "x"})
    store.book(FIVE, channel="books5", action=None)

    assert store.prices() == ([], [])
    assert store.prices("books5") == (["101.5"], ["99.5"])


def test_the_subscriptions_say_which_books_come(store: Store) -> None:
    """D10: ready() waits for them; of both versions."""
    args = [
        {"channel": "books5", "instId": BTC},
        {"channel": "books", "instId": BTC},
        {"channel": "tickers", "instId": BTC},
    ]
    old = ["spot/depth:ETH-JPY", "spot/ticker:ETH-JPY", "spot/account:JPY", "nonsense"]
    store.onevent(Subscribed(object(), [{"op": "subscribe", "args": args}, {"op": "subscribe", "args": old}, "ping"]))

    assert store.books.instruments == {BTC: Syncing(), "ETH-JPY": Syncing()}
    assert store["books5"].instruments == {BTC: Syncing()}  # type: ignore[attr-defined]


def test_a_lost_connection_empties_its_books(store: Store) -> None:
    """F73, C49: until the next snapshot."""
    connection = object()
    asked = [{"op": "subscribe", "args": [f"spot/depth:{BTC}"]}]
    store.onevent(Subscribed(connection, asked))
    store.depth(partial(), action="partial")
    store.onevent(Closed(1006, cause="reset", connection=connection))
    assert store.prices() == ([], [])
    assert store.books.ts == {}
    store.onevent(Subscribed(connection, asked))
    store.depth({"asks": [], "bids": levels(("97", "1")), "timestamp": "t"})

    assert store.prices() == ([], [])
    assert store.books.status_of(BTC) == Syncing()


# ---------------------------------------------------------------------- public rows


def test_tickers_of_both_versions(store: Store) -> None:
    store.push("tickers", [{"instId": BTC, "last": "13615162", "lastSz": "1"}], arg={"instId": BTC})
    store.push("tickers", [{"instId": BTC, "last": "13615163"}], arg={"instId": BTC})
    store.table("ticker", [{"instrument_id": "ETH-JPY", "last": "500000"}])
    store.push("instruments", [{"instId": BTC, "tickSz": "1"}], arg={"instType": "SPOT"})

    assert store.ticker.find() == [
        {"instId": BTC, "last": "13615163", "lastSz": "1"},
        {"instrument_id": "ETH-JPY", "instId": "ETH-JPY", "last": "500000"},
    ]
    assert store.instruments.find() == [{"instId": BTC, "tickSz": "1"}]


async def test_tickers_over_rest(store: Store) -> None:
    body = '{"code": "0", "msg": "", "data": [{"instId": "BTC-JPY", "last": "1"}]}'
    summary = await store.initialize(answer("/api/v5/market/tickers?instType=SPOT", body))

    assert store.ticker.find() == [{"instId": BTC, "last": "1"}]
    assert summary == {"/api/v5/market/tickers": 1}
    assert not store._repeats("/api/v5/market/tickers")


def test_trades_of_both_versions(store: Store) -> None:
    store.push("trades", [{"instId": BTC, "tradeId": "1", "px": "1"}], arg={"instId": BTC})
    store.push("trades", [{"instId": BTC, "tradeId": "1", "px": "1"}], arg={"instId": BTC})
    store.table("trade", [{"instrument_id": BTC, "trade_id": "2", "price": "1"}])
    store.push("trades-all", [{"instId": BTC, "tradeId": "1", "px": "1"}], arg={"instId": BTC})

    assert [row["tradeId"] for row in store.trades] == ["1", "2"]
    assert [row["tradeId"] for row in store.tradesall] == ["1"]
    assert store.trades._MAXLEN == 99999


def test_candles_of_both_versions(store: Store) -> None:
    full = ["1597026383085", "3", "5", "1", "4", "10", "40", "41", "1"]
    store.push("candle1m", [full], arg={"instId": BTC})
    store.table("candle60s", [{"candle": ["2021-03-20T06:18:00.000Z", "3", "5", "1", "4", "10"], "instrument_id": BTC}])

    prices = {"o": "3", "h": "5", "l": "1", "c": "4", "vol": "10"}
    five = {"volCcy": "40", "volCcyQuote": "41", "confirm": "1"}
    assert store.candle.find() == [
        {"channel": "candle1m", "instId": BTC, "ts": "1597026383085", **prices, **five},
        {"channel": "candle60s", "instId": BTC, "ts": "2021-03-20T06:18:00.000Z", **prices},
    ]


# ---------------------------------------------------------------------- orders


def order(number: str = "1", state: str = "live", symbol: str = BTC, **more: Any) -> dict[str, Any]:
    return {"ordId": number, "instType": "SPOT", "instId": symbol, "state": state, "sz": "1", **more}


def old_order(number: str = "1", state: str = "0", symbol: str = BTC, **more: Any) -> dict[str, Any]:
    return {"order_id": number, "instrument_id": symbol, "state": state, "size": "1", "status": "open", **more}


@pytest.mark.parametrize("final", ["canceled", "filled", "mmp_canceled"])
def test_the_life_of_an_order_of_v5(store: Store, final: str) -> None:
    store.push("orders", [order()], arg={"instType": "SPOT"})
    store.push("orders", [{"ordId": "1", "state": "partially_filled", "accFillSz": "0.4"}], arg={"instType": "SPOT"})
    assert store.orders.find() == [order(state="partially_filled", accFillSz="0.4")]
    store.push("orders", [order("1", final), order("2"), order("2", final)])

    assert not store.orders.find()


@pytest.mark.parametrize("final", ["-2", "-1", "2", -1])
def test_the_life_of_an_order_of_v3(store: Store, final: Any) -> None:
    """Cancelling (4) and submitting (3) are not over."""
    for state in ("3", "0", "1", "4"):
        store.table("order", [old_order(state=state)])
        assert [row["state"] for row in store.orders] == [state]
    assert store.orders.find() == [{**old_order(state="4"), "ordId": "1", "instId": BTC}]
    store.table("order", [old_order(state=final)])

    assert not store.orders.find()


@pytest.mark.parametrize("path", ["/api/v5/trade/orders-pending?instId=", "/api/spot/v3/orders_pending?instrument_id="])
async def test_a_rest_answer_replaces_what_it_was_asked_for(store: Store, path: str) -> None:
    v3 = "v3" in path
    name, symbol = ("order_id", "instrument_id") if v3 else ("ordId", "instId")
    live = "0" if v3 else "live"
    row = f'{{"{name}": "9", "{symbol}": "BTC-JPY", "state": "{live}"}}'
    store.push("orders", [order(), order("2", symbol="ETH-JPY")])
    store.onevent(Closed(1006))
    store.onevent(Subscribed(None, []))
    assert isinstance(store.orders.status, Stale)

    body = f"[{row}]" if v3 else f'{{"code": "0", "data": [{row}]}}'
    await store.initialize(answer(f"{path}BTC-JPY", body))
    assert sorted(row["ordId"] for row in store.orders) == ["2", "9"]
    assert store.orders.status == Live()
    await store.initialize(answer(f"{path}BTC-JPY", "[]" if v3 else '{"code": "0", "data": []}'))
    assert [row["ordId"] for row in store.orders] == ["2"]


async def test_pages_of_orders_are_the_truth_together(store: Store) -> None:
    store.push("orders", [order(str(number)) for number in (50, 150, 250, 350)])
    path = "/api/spot/v3/orders_pending?instrument_id=BTC-JPY"

    def page(*numbers: int) -> str:
        return "[" + ",".join(f'{{"order_id": "{n}", "instrument_id": "BTC-JPY", "state": "0"}}' for n in numbers) + "]"

    await store.initialize(answer(path, page(*range(300, 200, -1))))
    assert {int(row["ordId"]) for row in store.orders} == {50, 150, *range(201, 301)}
    assert store.orders.status == Stale("a full page came: initialize with after=201 too")
    await store.initialize(answer(f"{path}&after=201", page(150)))
    assert {int(row["ordId"]) for row in store.orders} == {150, *range(201, 301)}
    assert store.orders.status == Live()


async def test_algo_orders_of_both_versions(store: Store) -> None:
    store.push("orders-algo", [{"algoId": "1", "instId": BTC, "ordType": "trigger", "state": "live"}])
    store.push("orders-algo", [{"algoId": "2", "instId": BTC, "ordType": "oco", "state": "pause"}])
    store.table("order_algo", [{"algo_id": "3", "instrument_id": BTC, "order_type": "1", "status": "1"}])
    store.table("order_algo", [{"algo_id": "4", "instrument_id": BTC, "order_type": "1", "status": "4"}])
    assert [row["algoId"] for row in store.orders_algo] == ["1", "2", "3", "4"]
    store.push("orders-algo", [{"algoId": "2", "state": "effective"}])
    store.table("order_algo", [{"algo_id": "4", "instrument_id": BTC, "status": "6"}])
    assert [row["algoId"] for row in store.orders_algo] == ["1", "3"]

    await store.initialize(answer("/api/v5/trade/orders-algo-pending?ordType=trigger", '{"code": "0", "data": []}'))
    assert [row["algoId"] for row in store.orders_algo] == ["3"]
    body = '{"BTC-JPY": [{"algo_id": "5", "instrument_id": "BTC-JPY", "order_type": "1", "status": "1"}]}'
    await store.initialize(answer("/api/spot/v3/algo?instrument_id=BTC-JPY&order_type=1&status=1", body))
    assert [row["algoId"] for row in store.orders_algo] == ["5"]
    ended = '{"BTC-JPY": [{"algo_id": "5", "instrument_id": "BTC-JPY", "order_type": "1", "status": "2"}]}'
    await store.initialize(answer("/api/spot/v3/algo?instrument_id=BTC-JPY&order_type=1&algo_id=5", ended))
    assert not store.orders_algo.find()


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/v5/trade/orders-pending", '{"code": "50011", "msg": "Too Many Requests"}', "Too Many Requests .*50011"),
        ("/api/spot/v3/orders_pending", '{"code": 30006, "message": "Invalid key"}', "Invalid key .*30006"),
        ("/api/spot/v3/accounts", '{"error_code": "30008", "error_message": "expired"}', "expired .*30008"),
        ("/api/spot/v3/accounts", '{"code": "1"}', "no reason given"),
    ],
)
async def test_an_error_body_is_a_typed_error_and_changes_nothing(
    store: Store, path: str, body: str, words: str
) -> None:
    """F66: HTTP 200 may carry an error."""
    store.push("orders", [order()])

    with pytest.raises(VenueError, match=words):
        await store.initialize(answer(path, body))
    assert len(store.orders) == 1


@pytest.mark.parametrize("path", ["/api/v5/trade/orders-pending", "/api/spot/v3/orders_pending"])
@pytest.mark.parametrize(
    "body", ["[1]", '{"data": {}}', '{"a": 1}', "null", '"x"', "5", '{"data": [{"ordId": 1}]}', '[{"order_id": "x"}]']
)
async def test_a_body_that_is_none_changes_nothing(store: Store, path: str, body: str) -> None:
    store.push("orders", [order()])

    with pytest.raises(SnapshotError):
        await store.initialize(answer(path, body))
    assert len(store.orders) == 1


# ---------------------------------------------------------------------- balances


def money(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"totalEq": "1", "details": [{"ccy": ccy, "cashBal": amount, "availBal": ""} for ccy, amount in pairs]}]


def held(store: Store) -> dict[str, str]:
    return {row["ccy"]: row.get("cashBal", row.get("balance")) for row in store.account}


def test_balances_of_both_versions(store: Store) -> None:
    store.push("account", money(("JPY", "1000"), ("BTC", "1")), arg={"ccy": "JPY"})
    store.push("account", money(("BTC", "2")))
    store.table("account", [{"currency": "ETH", "balance": "3", "available": "2", "hold": "1"}])
    store.table("account", [{"currency": "ETH", "balance": "4"}])

    assert held(store) == {"JPY": "1000", "BTC": "2", "ETH": "4"}
    assert store.account.get({"ccy": "ETH"}) == {
        "currency": "ETH",
        "ccy": "ETH",
        "balance": "4",
        "available": "2",
        "hold": "1",
    }


def test_a_snapshot_replaces_once_all_its_pages_are_here(store: Store) -> None:
    store.push("account", money(("OLD", "1")), eventType="snapshot")
    store.push("account", money(("JPY", "1")), eventType="snapshot", curPage=1, lastPage=False)
    assert held(store) == {"OLD": "1"}
    store.push("account", money(("BTC", "1")), eventType="snapshot", curPage=2, lastPage=True)
    assert held(store) == {"JPY": "1", "BTC": "1"}
    store.push("account", [], eventType="snapshot", arg={"ccy": "BTC"})
    assert held(store) == {"JPY": "1"}
    store.push("account", money(("X", "1")), eventType="snapshot", curPage=3, lastPage=True)

    assert held(store) == {"JPY": "1"}
    assert isinstance(store.failures[0], ProtocolError)


async def test_balances_over_rest_and_after_a_loss(store: Store) -> None:
    store.push("account", money(("JPY", "1"), ("BTC", "1")))
    store.onevent(Closed(1006))
    store.onevent(Subscribed(None, []))
    assert isinstance(store.account.status, Stale)
    body = '{"code": "0", "data": [{"details": [{"ccy": "BTC", "cashBal": "3"}]}]}'

    await store.initialize(answer("/api/v5/account/balance?ccy=BTC", body))
    assert held(store) == {"JPY": "1", "BTC": "3"}
    assert store.account.status == Live()
    await store.initialize(answer("/api/v5/account/balance", body))
    assert held(store) == {"BTC": "3"}
    await store.initialize(answer("/api/spot/v3/accounts", '[{"currency": "JPY", "balance": "7", "hold": "0"}]'))
    assert held(store) == {"JPY": "7"}


@pytest.mark.parametrize("bad", ["nan", "x", None, [1], {"a": 1}])
def test_a_bad_number_of_a_balance_changes_nothing(store: Store, bad: Any) -> None:
    """F79."""
    store.push("account", money(("JPY", "1")))
    store.push("account", money(("BTC", "1"), ("JPY", bad)))
    store.table("account", [{"currency": "BTC", "balance": "1"}, {"currency": "JPY", "balance": bad}])

    assert held(store) == {"JPY": "1"}
    assert [type(error) for error in store.failures] == [BadNumber] * 2


# ---------------------------------------------------------------------- what is no data


def test_events_belong_to_no_store(store: Store) -> None:
    for message in (
        {"event": "subscribe", "arg": {"channel": "tickers", "instId": BTC}, "connId": "x"},
        {"event": "subscribe", "channel": "spot/ticker:BTC-JPY"},
        {"event": "unsubscribe", "channel": "spot/ticker:BTC-JPY"},
        {"event": "unsubscribe", "arg": {"channel": "tickers", "instId": BTC}},
        {"event": "unsubscribe"},
        {"event": "login", "success": True},
        {"event": "login", "code": "0", "msg": ""},
        {"id": "1", "op": "order", "code": "0", "msg": "", "data": [{"ordId": "1", "sCode": "0"}]},
    ):
        store.onmessage(message)
    store.push("balance_and_position", [{}])
    store.table("margin_account", [{}])

    assert not store.failures
    assert not any(len(store[name]) for name in store)
    assert store.unhandled == {"balance_and_position": 1, "spot/margin_account": 1}


def test_an_error_that_no_subscription_can_be_blamed_for_is_told(store: Store) -> None:
    store.onmessage({"event": "error", "msg": "Please log in", "code": "60011", "connId": "78d58071"})
    store.onmessage({"event": "error", "message": "Login required", "errorCode": 30041})
    store.onmessage({"event": "error", "message": "Channel spot/x:BTC-JPY doesn't exist", "errorCode": 30040})
    store.onmessage({"event": "error", "msg": "channel:x,instId:y doesn't exist", "code": "60018"})

    assert [str(error) for error in store.failures] == [
        "OKJ says: Please log in (code 60011)",
        "OKJ says: Login required (code 30041)",
    ]
    assert store.unhandled == {"error": 4}


def test_strange_messages_are_errors_not_exceptions(store: Store) -> None:
    """F60, F67, C71."""
    for message in (
        None,
        [1],
        "x",
        5,
        {"arg": 1, "data": []},
        {"arg": {"channel": 1}, "data": []},
        {"table": 1, "data": 1},
    ):
        store.onmessage(message)
    for data in (None, 1, "x", [1], [[1]], [None], {}, [{}]):
        for channel in ("tickers", "orders", "account", "books", "candle1m", "trades"):
            store.push(channel, data, arg={"instId": BTC})
        for table in ("ticker", "order", "account", "depth", "candle60s", "trade", "order_algo"):
            store.table(table, data, action="update")
    store.push("books", [], arg={"instId": None})
    store.table("depth", [{"instrument_id": 5}])

    assert all(isinstance(error, ProtocolError | StoreError) for error in store.failures)
    assert not store.books.find()


def test_messages_are_read_not_changed_and_a_replay_gives_the_same() -> None:
    """C23, P2, P4, P5."""
    records = [record.message for record in read_records(DATA / "okex-v3-2021-04.jsonl.gz")]
    before = copy.deepcopy(records)
    runs = []
    for _ in range(2):
        store = Store()
        told = [(change.store.name, *change[1:]) for message in records for change in store.apply(message)]
        runs.append(({name: store[name].find() for name in store}, told))

    assert records == before
    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 3000
