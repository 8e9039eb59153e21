"""Coincheck's stores: the sheet's rules, and the reference's known defects answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rxbotters import CoincheckDataStore, CoincheckPrivateDataStore
from rxbotters.errors import BadNumber, ProtocolError, SnapshotError, VenueError
from rxbotters.record import read_records
from rxbotters.wire import dumps
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.stores.test_collection import answer

P = "btc_jpy"
DATA = Path(__file__).parent / "data"
BOOKS, OPENS = "/api/order_books", "/api/exchange/orders/opens"


@pytest.fixture
def store(failures: list[Exception]) -> CoincheckDataStore:
    store = CoincheckDataStore()
    store.errors.subscribe(failures.append)
    return store


@pytest.fixture
def mine(failures: list[Exception]) -> CoincheckPrivateDataStore:
    store = CoincheckPrivateDataStore()
    store.errors.subscribe(failures.append)
    return store


def plain(asks: Any = (), bids: Any = (), pair: str = P, stamp: str = "1") -> Any:
    return [
        pair,
        {"asks": [list(level) for level in asks], "bids": [list(level) for level in bids], "last_update_at": stamp},
    ]


def ranged(number: Any, upper: Any = (), lower: Any = (), pair: str = P) -> Any:
    """Rows are (rate, ask amount, bid amount)."""
    rows = [
        [{"rate": rate, "ask_amount": ask, "bid_amount": bid} for rate, ask, bid in side] for side in (upper, lower)
    ]
    return [pair, {"upper": rows[0], "lower": rows[1], "sequence_number": number, "last_update_at": "1020"}]


def rates(store: CoincheckDataStore, side: str, pair: str = P) -> list[tuple[str, str]]:
    return [(row["rate"], row["amount"]) for row in store.orderbook.sorted({"pair": pair})[side]]


async def seed(store: CoincheckDataStore, asks: Any = (), bids: Any = (), pair: str = P) -> None:
    body = dumps({"asks": [list(level) for level in asks], "bids": [list(level) for level in bids]})
    await store.initialize(answer(f"{BOOKS}?pair={pair}", body))


# ---------------------------------------------------------------------- plain books


async def test_a_plain_book(store: CoincheckDataStore) -> None:
    """Rows are absolute amounts under text; nothing is shown before the snapshot."""
    store.onmessage(plain(asks=[("148834.0", "0.0812")], bids=[("148634.0", "0.12")]))
    assert not store.orderbook.find()
    assert store.orderbook.status_of(P) == Syncing()

    await seed(store, asks=[("101.0", "1"), ("102.0", "2")], bids=[("99.0", "1.5")])
    store.onmessage(plain(asks=[("101.0", "0.00000000"), ("103.0", "3")], bids=[("99.0", "0.5")], stamp="1659321701"))

    assert rates(store, "asks") == [("102.0", "2"), ("103.0", "3")]
    assert rates(store, "bids") == [("99.0", "0.5")]
    assert store.orderbook.find()[0] == {"pair": P, "side": "asks", "rate": "102.0", "amount": "2"}
    assert (store.orderbook.last_update_at, store.orderbook.initialized) == ("1659321701", {P: True})
    assert store.orderbook.status_of(P) == Live()
    assert store.orderbook._MAXLEN == 9999


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{BOOKS}?pair=eth_jpy", '{"asks":[["1.0","1"]],"bids":[]}'),
        (BOOKS, '{"pair":"eth_jpy","asks":[["1.0","1"]],"bids":[]}'),
        (f"{BOOKS}?pair=eth_jpy", '{"asks":[[1,1.0]],"bids":[]}'),
    ],
)
async def test_whose_book_an_answer_is(store: CoincheckDataStore, path: str, body: str) -> None:
    await store.initialize(answer(path, body))

    assert [row["rate"] for row in store.orderbook.find({"pair": "eth_jpy"})] == ["1.0"]
    await store.initialize(answer(BOOKS, '{"asks":[["2.0","1"]],"bids":[]}'))
    assert rates(store, "asks") == [("2.0", "1")]


async def test_numbers_and_texts_are_one_rate(store: CoincheckDataStore) -> None:
    """Defect 8: a level that REST wrote as a number is changed and removed by the stream's text."""
    await store.initialize(
        answer(f"{BOOKS}?pair={P}", '{"asks":[[148834,0.5],[148835.5,1e-7]],"bids":[["148634","1"]]}')
    )
    assert rates(store, "asks") == [("148834.0", "0.5"), ("148835.5", "0.0000001")]

    store.onmessage(plain(asks=[("148834.0", "0"), ("148835.50", "2")], bids=[("148634.0", "3")]))

    assert rates(store, "asks") == [("148835.5", "2")]
    assert rates(store, "bids") == [("148634", "3")]


async def test_messages_during_the_request_follow_it(store: CoincheckDataStore) -> None:
    """C73: what came while the snapshot was fetched is applied to it."""

    async def slow() -> Any:
        store.onmessage(plain(bids=[("99.0", "7")]))
        return await answer(f"{BOOKS}?pair={P}", '{"asks":[],"bids":[["99.0","1"],["98.0","1"]]}')

    await store.initialize(slow())

    assert rates(store, "bids") == [("99.0", "7"), ("98.0", "1")]


@pytest.mark.parametrize(
    "body", ['{"success":false,"error":"x"}', "[]", "{}", '{"asks":[],"bids":[["1.0","-1"]]}', '{"asks":{}}']
)
async def test_a_bad_answer_does_not_wipe_the_book(store: CoincheckDataStore, body: str) -> None:
    """Defect 5, F66."""
    await seed(store, bids=[("99.0", "1")])

    with pytest.raises((VenueError, SnapshotError)):
        await store.initialize(answer(f"{BOOKS}?pair={P}", body))

    assert rates(store, "bids") == [("99.0", "1")]
    assert store.orderbook.status_of(P) == Live()


# ---------------------------------------------------------------------- numbered books


async def numbered(store: CoincheckDataStore, number: Any, upper: Any = (), lower: Any = ()) -> None:
    body = {"pair": P, **ranged(number, upper, lower)[1]}
    await store.initialize(answer(f"{BOOKS}?pair={P}&version=1.0", dumps(body)))


async def test_the_sheets_example(store: CoincheckDataStore) -> None:
    """Held 100 and 102, then snapshot 101: the book is the snapshot and 102; a later 101 is ignored."""
    store.onmessage(ranged("100", upper=[("105.0", "9.0", "0.0")]))
    store.onmessage(ranged("102", upper=[("100.0", "0.0", "0.0")], lower=[("98.0", "0.0", "4.0")]))
    assert not store.orderbook.find()

    await numbered(store, "101", upper=[("100.0", "1.0", "0.0")], lower=[("99.0", "0.0", "3.0")])

    assert rates(store, "asks") == []
    assert rates(store, "bids") == [("99.0", "3.0"), ("98.0", "4.0")]
    store.onmessage(ranged("101", lower=[("97.0", "0.0", "4.0")]))
    assert rates(store, "bids") == [("99.0", "3.0"), ("98.0", "4.0")]
    store.onmessage(ranged(103, lower=[("99.0", None, "0"), ("97.0", "0", "1")]))
    assert rates(store, "bids") == [("98.0", "4.0"), ("97.0", "1")]


async def test_a_later_snapshot_keeps_what_is_younger(store: CoincheckDataStore) -> None:
    await numbered(store, 100, lower=[("99.0", "0", "1")])
    for number in (104, 102):
        store.onmessage(ranged(number, lower=[("99.0", "0", str(number)), (f"{number - 20}.0", "0", "1")]))
    assert rates(store, "bids") == [("99.0", "104"), ("84.0", "1")]

    await numbered(store, 101, lower=[("99.0", "0", "1"), ("98.0", "0", "1")])

    assert rates(store, "bids") == [("99.0", "104"), ("98.0", "1"), ("84.0", "1"), ("82.0", "1")]


async def test_a_plain_answer_serves_a_numbered_pair_too(store: CoincheckDataStore) -> None:
    await numbered(store, 100, lower=[("99.0", "0", "1")])
    await seed(store, bids=[("98.0", "1")])
    store.onmessage(ranged(100, lower=[("97.0", "0", "1")]))
    store.onmessage(ranged(101, lower=[("96.0", "0", "1")]))

    assert rates(store, "bids") == [("98.0", "1"), ("96.0", "1")]


def test_the_diffs_that_wait_are_bounded(store: CoincheckDataStore) -> None:
    """C78."""
    for number in range(8100):
        store.onmessage(ranged(number, lower=[("99.0", "0", "1")]))

    assert len(store.orderbook._pairs[P].changes) == 8000


# ---------------------------------------------------------------------- the connection


def subscribe(store: CoincheckDataStore, connection: Any, *channels: str) -> None:
    store.onevent(Subscribed(connection, [{"type": "subscribe", "channel": channel} for channel in channels]))


async def test_the_snapshot_is_asked_for_once_by_the_channel_of_the_pair(store: CoincheckDataStore) -> None:
    """Defect 6, D10: also for a pair that stays quiet; and again after a loss."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    one = object()

    subscribe(store, one, f"{P}-orderbook", "eth_jpy-limit-range-orderbook", "etc_jpy-trades")
    store.onmessage(plain(bids=[("99.0", "1")]), one)

    assert [(ask.store, ask.symbol, ask.feed) for ask in asks] == [
        (store.orderbook, P, one),
        (store.orderbook, "eth_jpy", one),
    ]
    assert store._snapshot_request(store.orderbook, P, None) == (BOOKS, {"pair": P})  # type: ignore[arg-type]
    assert store._snapshot_request(store.orderbook, "eth_jpy", None) == (  # type: ignore[arg-type]
        BOOKS,
        {"pair": "eth_jpy", "version": "1.0"},
    )
    await seed(store, bids=[("99.0", "1")])
    await seed(store, bids=[("9.0", "1")], pair="eth_jpy")
    assert store.is_live

    store.onevent(Closed(1006, cause="reset", connection=one))
    assert isinstance(store.orderbook.status, Stale)
    assert not store.orderbook.find()
    assert store.orderbook.initialized == {P: False, "eth_jpy": False}
    subscribe(store, one, f"{P}-orderbook", "eth_jpy-limit-range-orderbook")
    store.onmessage(plain(bids=[("98.0", "1")]), one)
    assert not store.orderbook.find()
    assert [ask.symbol for ask in asks[2:]] == [P, "eth_jpy"]
    await seed(store, bids=[("97.0", "1")])
    assert rates(store, "bids") == [("97.0", "1")]


async def test_a_book_that_stays_crossed_is_asked_for_anew(store: CoincheckDataStore) -> None:
    """No number tells of a lost diff; for 10 seconds a level may be older than the snapshot."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    await seed(store, asks=[("101.0", "1")], bids=[("99.0", "1")])

    store.onmessage(plain(bids=[("101.0", "1")], stamp="100"))
    assert isinstance(store.orderbook.status_of(P), Stale)
    store.onmessage(plain(bids=[("98.0", "1")], stamp="109"))
    assert not asks
    store.onmessage(plain(bids=[("98.0", "2")], stamp="110"))
    store.onmessage(plain(bids=[("98.0", "3")], stamp="111"))

    assert [ask.symbol for ask in asks] == [P]
    store.onmessage(plain(bids=[("101.0", "0")], stamp="112"))
    assert store.orderbook.status_of(P) == Live()


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1", "x", None, [], "1e999"])
async def test_a_bad_level_refuses_the_message_and_asks_anew(
    store: CoincheckDataStore, failures: list[Exception], bad: Any
) -> None:
    """F79, F80."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    await seed(store, asks=[("101.0", "1")], bids=[("99.0", "1")])

    store.onmessage(plain(asks=[("102.0", "1"), ("101.0", bad)], bids=[("98.0", "1")]))

    assert rates(store, "asks") == [("101.0", "1")]
    assert rates(store, "bids") == [("99.0", "1")]
    assert len(failures) == 1
    assert isinstance(store.orderbook.status_of(P), Stale)
    assert len(asks) == 1
    store.onmessage(plain(bids=[("97.0", "1")]))
    assert isinstance(store.orderbook.status_of(P), Stale)
    await seed(store, bids=[("96.0", "1")])
    assert store.orderbook.status_of(P) == Live()


# ---------------------------------------------------------------------- trades


def test_trades(store: CoincheckDataStore, failures: list[Exception]) -> None:
    """Defect 11: the ninth element is kept, and a trade that comes twice is one."""
    one = ["1663318663", "2357062", P, "2820896.0", "5.0", "sell", "1193401", "2078767", None]
    two = ["1663318663", "2357063", P, "2820896.0", "5.0", None, None, None, "77"]
    store.onmessage([one, two])
    store.onmessage([one[:8]])
    store.onmessage([["1663318663", "2357064", P, "x", "5.0", "sell", "1", "2"], one])

    assert store.trades.find() == [
        {
            "timestamp": "1663318663",
            "id": "2357062",
            "pair": P,
            "rate": "2820896.0",
            "amount": "5.0",
            "side": "sell",
            "taker_id": "1193401",
            "maker_id": "2078767",
            "itayose_id": None,
        },
        store.trades.find()[1],
    ]
    assert store.trades.find()[1]["itayose_id"] == "77"
    assert store.trades._MAXLEN == 99999
    assert [type(error) for error in failures] == [BadNumber]


def test_strange_messages_are_counted_not_raised(store: CoincheckDataStore, failures: list[Exception]) -> None:
    """F60, F67, defect 4: an object is an error with a name."""
    strange: list[Any] = [None, 1, "x", {}, {"success": False, "error": "no such pair"}, [[]], [[1]], [P, None], [P, {}],
                          [P, {"asks": 1, "bids": []}], [P, {"upper": 1}], [P, {"upper": [1]}], [P, {"lower": [{"ask_amount": "1"}]}]]  # fmt: skip
    for message in strange:
        store.onmessage(message)
    for quiet in ([], [2357062, P, "148638.0", "5.0", "sell"], [P, {}, 1]):
        store.onmessage(quiet)

    assert len(failures) == len(strange)
    assert all(isinstance(error, ProtocolError) for error in failures)
    assert "no such pair" in str(failures[4])
    assert store.unhandled == {"array": 2}
    assert not any(store[name].find() for name in store)


def test_replaying_twice_gives_the_same_rows_and_changes() -> None:
    """P2, C76."""
    runs: list[tuple[Any, ...]] = []
    for _ in range(2):
        store = CoincheckDataStore()
        store.orderbook.snapshot("etc_jpy", {"asks": [], "bids": []})
        store.orderbook.snapshot(P, {"upper": [], "lower": [], "sequence_number": "1"})
        changes = [
            change
            for record in read_records(DATA / "public.jsonl.gz")
            if record.kind == "ws"
            for change in store.apply(record.message)
        ]
        mirror: dict[Any, Any] = {}
        for change in changes:
            if change.operation == "delete":
                del mirror[change.store.name, change.key]
            else:
                mirror[change.store.name, change.key] = change.data
        rows = {name: store[name].find() for name in store}
        assert len(mirror) == sum(map(len, rows.values()))
        runs.append((rows, [change[1:] for change in changes]))

    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 500


# ---------------------------------------------------------------------- orders


def placed(number: int = 1, amount: str | None = "0.0064", **more: Any) -> dict[str, Any]:
    order = {"success": True, "id": number, "pair": P, "order_type": "buy", "rate": "16998705.0", "amount": amount}
    return {**order, "created_at": "2025-09-29T14:50:21.000Z", "time_in_force": "good_til_cancelled", **more}


def event(kind: str, number: int = 1, filled: str | None = None, **more: Any) -> dict[str, Any]:
    told = {"channel": "order-events", "id": number, "pair": P, "order_event": kind, "amount": "0.0064"}
    return {**told, "latest_executed_amount": filled, "latest_executed_market_buy_amount": None, **more}


def pending(store: CoincheckPrivateDataStore) -> list[tuple[int, Any]]:
    return [(row["id"], row["pending_amount"]) for row in store.order]


def opens(*rows: Any) -> str:
    return dumps({"success": True, "orders": list(rows)})


def listed(number: int = 1, left: str = "0.0064", **more: Any) -> dict[str, Any]:
    return {"id": number, "pair": P, "order_type": "buy", "rate": "16998705.0", "pending_amount": left, **more}


def test_the_life_of_an_order(mine: CoincheckPrivateDataStore) -> None:
    mine.order.feed_response(placed())
    mine.onmessage(event("PARTIALLY_FILL", filled="0.001", event_time="t"))

    (row,) = mine.order.find()
    assert (row["pending_amount"], row["amount"], row["event_time"]) == ("0.0054", "0.0064", "t")
    assert (row["created_at"], row["pending_market_buy_amount"], row["stop_loss_rate"]) == (
        "2025-09-29T14:50:21.000Z",
        None,
        None,
    )
    mine.onmessage(event("TRIGGERED", event_time="u"))
    assert mine.order.find()[0]["event_time"] == "u"
    mine.onmessage(event("FILL"))
    assert not mine.order.find()
    assert mine["order-events"] is mine.order


@pytest.mark.parametrize("end", ["FILL", "EXPIRY", "CANCEL"])
def test_the_end_may_come_before_the_answer(mine: CoincheckPrivateDataStore, end: str) -> None:
    """Defect 1: no ghost order, and no lost fill."""
    mine.onmessage(event("PARTIALLY_FILL", filled="0.001"))
    mine.onmessage(event("PARTIALLY_FILL", filled="0.002"))
    mine.onmessage(event(end, 2))
    mine.onmessage(event("PARTIALLY_FILL", 2, filled="0.001"))
    assert not mine.order.find()

    mine.order.feed_response(placed())
    mine.order.feed_response(placed(2))

    assert pending(mine) == [(1, "0.0034")]
    mine.onmessage(event(end))
    mine.order.feed_response(placed())
    assert not mine.order.find()


def test_a_market_buy_is_counted_in_yen(mine: CoincheckPrivateDataStore) -> None:
    mine.order.feed_response(placed(amount=None, rate=None, order_type="market_buy", market_buy_amount="108792.0"))
    mine.onmessage(event("PARTIALLY_FILL", latest_executed_market_buy_amount="16999.0"))

    assert mine.order.find()[0]["pending_market_buy_amount"] == "91793.0"


def test_the_answer_is_not_changed_and_may_lack_fields(mine: CoincheckPrivateDataStore) -> None:
    """Defect 2."""
    body = {"success": True, "id": 1, "pair": P, "amount": "0.5"}
    before = dict(body)

    mine.order.feed_response(body)

    assert body == before
    assert mine.order.find()[0]["pending_amount"] == "0.5"
    for bad in ({"success": False, "error": "insufficient funds"}, {}):
        with pytest.raises(VenueError):
            mine.order.feed_response(bad)
    for odd in ({"success": True}, {"success": True, "id": [], "pair": P}):
        with pytest.raises(SnapshotError):
            mine.order.feed_response(odd)
    with pytest.raises(BadNumber):
        mine.order.feed_response(placed(2, amount="x"))
    assert len(mine.order) == 1


def test_what_is_unknown_stays_unknown(mine: CoincheckPrivateDataStore, failures: list[Exception]) -> None:
    """Defect 3."""
    mine.order.feed_response(placed(amount=None))
    mine.onmessage(event("PARTIALLY_FILL", filled="0.001"))

    assert pending(mine) == [(1, None)]
    assert not failures


def test_more_filled_than_was_left_is_said(mine: CoincheckPrivateDataStore) -> None:
    asks: list[Any] = []
    mine.asks.subscribe(asks.append)
    mine.order.feed_response(placed(amount="0.001"))
    mine.onmessage(event("PARTIALLY_FILL", filled="0.002"))

    assert pending(mine) == [(1, None)]
    assert isinstance(mine.order.status, Stale)
    assert [ask.store for ask in asks] == [None]


async def test_the_list_of_open_orders_is_the_truth(mine: CoincheckPrivateDataStore) -> None:
    """Defect 12: one schema; also when it is empty; what it does not say of a known order stays."""
    mine.order.feed_response(placed())
    mine.order.feed_response(placed(2))

    await mine.initialize(answer(OPENS, opens(listed(left="0.0050"), listed(3))))

    assert pending(mine) == [(1, "0.0050"), (3, "0.0064")]
    assert [row["amount"] for row in mine.order] == ["0.0064", None]
    assert [row["time_in_force"] for row in mine.order] == ["good_til_cancelled", None]
    mine.order.feed_response(placed(3))  # the answer of an order that was listed first
    mine.order.feed_response(placed(1))
    assert pending(mine) == [(1, "0.0050"), (3, "0.0064")]
    assert [row["amount"] for row in mine.order] == ["0.0064", "0.0064"]
    await mine.initialize(answer(OPENS, opens()))
    assert not mine.order.find()


async def test_a_list_cannot_bring_back_what_ended(mine: CoincheckPrivateDataStore) -> None:
    mine.order.feed_response(placed())
    mine.onmessage(event("CANCEL"))

    await mine.initialize(answer(OPENS, opens(listed())))

    assert not mine.order.find()


@pytest.mark.parametrize("left", ["0.0064", "0.0054", "0.0034"])
@pytest.mark.parametrize("known", [True, False])
async def test_fills_during_the_request_are_counted_once(
    mine: CoincheckPrivateDataStore, left: str, known: bool
) -> None:
    """C73: whether the list contains none, one or both of them."""
    if known:
        mine.order.feed_response(placed())

    async def slow() -> Any:
        mine.onmessage(event("PARTIALLY_FILL", filled="0.001"))
        mine.onmessage(event("PARTIALLY_FILL", filled="0.002"))
        return await answer(OPENS, opens(listed(left=left)))

    await mine.initialize(slow())

    assert pending(mine) == [(1, "0.0034")]
    assert mine.order.status == Live()
    mine.onmessage(event("PARTIALLY_FILL", filled="0.0004"))
    assert pending(mine) == [(1, "0.0030")]


async def test_fills_that_cannot_be_told_apart_are_said(mine: CoincheckPrivateDataStore) -> None:
    asks: list[Any] = []
    mine.asks.subscribe(asks.append)

    async def slow() -> Any:
        mine.onmessage(event("PARTIALLY_FILL", filled="0.001"))
        return await answer(OPENS, opens(listed(left="0.0031")))

    await mine.initialize(slow())

    assert pending(mine) == [(1, "0.0031")]
    assert isinstance(mine.order.status, Stale)
    assert "initialize" in mine.order.status.reason
    assert [ask.store for ask in asks] == [None]
    await mine.initialize(answer(OPENS, opens(listed(left="0.0031"))))
    assert mine.order.status == Live()


async def test_an_order_placed_during_the_request_is_not_lost(mine: CoincheckPrivateDataStore) -> None:
    """The list may be older than the order; the next one is not."""

    async def slow() -> Any:
        mine.order.feed_response(placed(7))
        mine.onmessage(event("PARTIALLY_FILL", 7, filled="0.001"))
        return await answer(OPENS, opens(listed()))

    await mine.initialize(slow())

    assert pending(mine) == [(7, "0.0054"), (1, "0.0064")]
    await mine.initialize(answer(OPENS, opens(listed())))
    assert pending(mine) == [(1, "0.0064")]


async def test_an_end_during_the_request(mine: CoincheckPrivateDataStore) -> None:
    async def slow() -> Any:
        mine.onmessage(event("FILL"))
        return await answer(OPENS, opens(listed()))

    await mine.initialize(slow())

    assert not mine.order.find()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"success":false,"error":"invalid nonce"}', VenueError),
        ('{"orders":[]}', SnapshotError),
        ('{"success":true}', SnapshotError),
        ('{"success":true,"orders":[{"id":1}]}', SnapshotError),
        ('{"success":true,"orders":[{"id":[],"pair":"x"}]}', SnapshotError),
        ('{"success":true,"orders":[{"id":1,"pair":"x","pending_amount":"x"}]}', BadNumber),
    ],
)
async def test_a_bad_list_changes_nothing(mine: CoincheckPrivateDataStore, body: str, error: type[Exception]) -> None:
    """F66."""
    mine.order.feed_response(placed())

    with pytest.raises(error):
        await mine.initialize(answer(OPENS, body))

    assert pending(mine) == [(1, "0.0064")]


async def test_placing_an_order_is_never_repeated(mine: CoincheckPrivateDataStore) -> None:
    """D13: only the list of open orders is asked for again after a loss."""
    with pytest.raises(SnapshotError):
        await mine.initialize(answer("/api/exchange/orders", dumps(placed())))


async def test_what_a_lost_stream_leaves_stale(mine: CoincheckPrivateDataStore) -> None:
    """D10."""
    mine.order.feed_response(placed())
    mine.onmessage({"channel": "execution-events", "id": 1, "order_id": 2, "rate": "1"})

    mine.onevent(Closed(1006, cause="reset"))
    mine.onevent(Subscribed(None))

    assert mine.execution.status == Live()
    assert isinstance(mine.order.status, Stale)
    await mine.initialize(answer(OPENS, opens(listed())))
    assert mine.is_live


def test_executions_once(mine: CoincheckPrivateDataStore) -> None:
    """Defect 11."""
    told = {
        "channel": "execution-events",
        "id": 583710515,
        "order_id": 8047158658,
        "funds": {"btc": "0.005"},
        "rate": "1.0",
    }
    mine.onmessage(told)
    mine.onmessage(told)

    assert mine.execution.find() == [told]
    assert mine["execution-events"] is mine.execution
    assert mine.execution._MAXLEN == 99999


@pytest.mark.parametrize("bad", ["NaN", "-1", "x", []])
def test_a_bad_number_changes_nothing(mine: CoincheckPrivateDataStore, failures: list[Exception], bad: Any) -> None:
    """F79."""
    mine.order.feed_response(placed())
    mine.onmessage(event("PARTIALLY_FILL", filled=bad))
    mine.onmessage({"channel": "execution-events", "id": 1, "order_id": 1, "rate": bad})

    assert pending(mine) == [(1, "0.0064")]
    assert not mine.execution.find()
    assert [type(error) for error in failures] == [BadNumber, BadNumber]


def test_strange_events_are_counted_not_raised(mine: CoincheckPrivateDataStore, failures: list[Exception]) -> None:
    """F60, F67: what is denied is said; acknowledgements are nothing."""
    for message in (None, 1, "x", [1], {"success": False, "error": "denied"}, {"channel": "order-events"}):
        mine.onmessage(message)
    for quiet in ({"success": True, "channels": []}, {"channel": "other"}, event("NEW"), {}):
        mine.onmessage(quiet)

    assert len(failures) == 6
    assert all(isinstance(error, ProtocolError) for error in failures)
    assert "denied" in str(failures[4])
    assert mine.unhandled == {"other": 1, "order-events": 1, "None": 1}
    assert not any(mine[name].find() for name in mine)


def test_what_is_remembered_is_bounded(mine: CoincheckPrivateDataStore) -> None:
    """C78."""
    for number in range(10_010):
        mine.onmessage(event("PARTIALLY_FILL", number, filled="0.001"))
        mine.onmessage(event("FILL", -number))
    for _ in range(200):
        mine.onmessage(event("PARTIALLY_FILL", 10_009, filled="0.001"))

    assert len(mine.order._early) == len(mine.order._ended) == 10_000
    assert len(mine.order._early[(10_009, P)]) == 100
