"""bitbank's stores: the sheet's rules, and the reference's known defects answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rxbotters import bitbankDataStore, bitbankPrivateDataStore
from rxbotters.errors import BadNumber, ProtocolError, SnapshotError, VenueError
from rxbotters.exchanges.bitbank.session import join
from rxbotters.record import read_records
from rxbotters.wire import dumps, loads
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.stores.test_collection import answer

P = "xrp_jpy"
DATA = Path(__file__).parent / "data"


def frame(room: str, data: Any) -> str:
    return "42" + dumps(["message", {"room_name": room, "message": {"pid": 1, "data": data}}])


def whole(number: int, asks: Any = (), bids: Any = (), pair: str = P, **more: Any) -> str:
    data = {"asks": list(asks), "bids": list(bids), "timestamp": 1000 + number, "sequenceId": str(number), **more}
    return frame(f"depth_whole_{pair}", data)


def diff(number: Any, asks: Any = (), bids: Any = (), pair: str = P, **more: Any) -> str:
    data = {"a": list(asks), "b": list(bids), "t": 1000 + int(number), "s": str(number), **more}
    return frame(f"depth_diff_{pair}", data)


def prices(store: bitbankDataStore, side: str, pair: str = P) -> list[tuple[str, str]]:
    return [(row["price"], row["amount"]) for row in store.depth.sorted({"pair": pair})[side]]


@pytest.fixture
def store(failures: list[Exception]) -> bitbankDataStore:
    store = bitbankDataStore()
    store.errors.subscribe(failures.append)
    return store


@pytest.fixture
def mine(failures: list[Exception]) -> bitbankPrivateDataStore:
    store = bitbankPrivateDataStore()
    store.errors.subscribe(failures.append)
    return store


# ---------------------------------------------------------------------- depth


def test_the_documents_example(store: bitbankDataStore) -> None:
    """Diffs 3, 5, 6, 8, then the whole book of 5: the book is the whole one, then 6 and 8. Defect 7: not before."""
    store.onmessage(diff(3, asks=[("9", "1")]))
    store.onmessage(diff(5, asks=[("11", "7")]))
    store.onmessage(diff(6, asks=[("11", "0"), ("12", "2")]))
    store.onmessage(diff(8, bids=[("8", "3")]))
    assert not store.depth.find()
    assert store.depth.status_of(P) == Syncing()

    store.onmessage(whole(5, asks=[("10", "1"), ("11", "7")], bids=[("7", "4")]))

    assert prices(store, "asks") == [("10", "1"), ("12", "2")]
    assert prices(store, "bids") == [("8", "3"), ("7", "4")]
    assert store.depth.status_of(P) == Live()
    assert store.depth.timestamp == 1005
    store.onmessage(diff(9, asks=[("10", "0")]))
    assert prices(store, "asks") == [("12", "2")]
    assert store.depth.timestamp == 1009


def test_a_later_whole_book_keeps_what_is_younger_and_tells_only_what_differs(store: bitbankDataStore) -> None:
    """Defect 8: no delete and insert of levels that stand."""
    store.onmessage(whole(10, asks=[("101", "1"), ("102", "2")], bids=[("99", "1")]))
    store.onmessage(diff(12, asks=[("101", "5")]))
    store.onmessage(diff(14, bids=[("98", "1")]))
    told: list[Any] = []
    store.depth.changes.subscribe(lambda change: told.append((change.operation, change.key[1:], change.data["amount"])))

    store.onmessage(whole(13, asks=[("101", "5"), ("102", "2")], bids=[("99", "2")]))

    assert prices(store, "asks") == [("101", "5"), ("102", "2")]
    assert prices(store, "bids") == [("99", "2"), ("98", "1")]
    assert told == [("update", ("bids", "99"), "2")]
    store.onmessage(diff(14, bids=[("98", "9")]))
    assert prices(store, "bids") == [("99", "2"), ("98", "1")]


def test_a_whole_book_behind_a_younger_one_is_not_live(store: bitbankDataStore) -> None:
    """The diffs between the two are forgotten: it takes the book back, and the next one puts it right."""
    store.onmessage(whole(5, asks=[("10", "1")]))
    store.onmessage(diff(6, asks=[("9", "1")]))
    store.onmessage(whole(7, asks=[("9", "1"), ("10", "1")]))
    assert store.depth.status_of(P) == Live()

    store.onmessage(whole(5, asks=[("10", "1")]))
    store.onmessage(diff(8, asks=[("11", "1")]))

    assert prices(store, "asks") == [("10", "1"), ("11", "1")]
    assert isinstance(store.depth.status_of(P), Stale)
    store.onmessage(whole(8, asks=[("9", "1"), ("11", "1")]))
    assert prices(store, "asks") == [("9", "1"), ("11", "1")]
    assert store.depth.status_of(P) == Live()


def test_a_late_diff_does_not_undo_a_younger_one(store: bitbankDataStore) -> None:
    store.onmessage(whole(1, bids=[("99", "1")]))
    store.onmessage(diff(8, bids=[("99", "8")]))
    store.onmessage(diff(6, bids=[("99", "6"), ("98", "6")]))
    assert prices(store, "bids") == [("99", "8")]

    store.onmessage(whole(2, bids=[("99", "1")]))

    assert prices(store, "bids") == [("99", "8"), ("98", "6")]


@pytest.mark.parametrize("zero", ["0", "0.0000", "0e5", 0, 0.0])
def test_zero_is_a_number_not_a_text(store: bitbankDataStore, zero: Any) -> None:
    """Defect 6."""
    store.onmessage(whole(1, asks=[("101", "1"), ("102", zero)]))
    store.onmessage(diff(2, asks=[("101", zero)]))

    assert not store.depth.find()


def test_pairs_have_their_own_books_and_one_counter(store: bitbankDataStore) -> None:
    store.onmessage(whole(5, bids=[("99", "1")]))
    store.onmessage(whole(1, bids=[("1", "1")], pair="btc_jpy"))
    store.onmessage(diff(3, bids=[("2", "1")], pair="btc_jpy"))

    assert prices(store, "bids", "btc_jpy") == [("2", "1"), ("1", "1")]
    assert prices(store, "bids") == [("99", "1")]


def test_a_lost_connection_empties_its_books_until_the_next_whole_one(store: bitbankDataStore) -> None:
    """Defect 7, C49, F73: an old book is not mixed with new diffs."""
    one, two = object(), object()
    rooms = {one: P, two: "btc_jpy"}
    for connection, pair in rooms.items():
        store.onevent(Subscribed(connection, [join(f"depth_whole_{pair}"), join(f"depth_diff_{pair}"), 5, "x"]))
        assert store.depth.status_of(pair) == Syncing()
        store.onmessage(whole(5, bids=[("99", "1")], pair=pair), connection)
    store.onmessage(diff(6, bids=[("98", "1")]), one)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.depth.status_of(P), Stale)
    assert store.depth.status_of("btc_jpy") == Live()
    assert not prices(store, "bids")
    store.onevent(Subscribed(one, [join(f"depth_whole_{P}")]))
    store.onmessage(diff(7, bids=[("97", "1")]), one)
    assert not prices(store, "bids")
    assert store.syncing
    store.onmessage(whole(6, bids=[("99", "1")]), one)
    assert prices(store, "bids") == [("99", "1"), ("97", "1")]
    assert store.is_live


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1", "x", None, [], True.__class__, "1e999"])
def test_a_bad_level_refuses_the_message_and_the_book_says_so(
    store: bitbankDataStore, failures: list[Exception], bad: Any
) -> None:
    """F79, F80: nothing is half applied, and a book that misses a diff is not Live."""
    bad = bad if not isinstance(bad, type) else {}
    store.onmessage(whole(1, asks=[("101", "1")], bids=[("99", "1")]))
    store.onmessage(whole(2, asks=[("101", "1"), ("103", bad)], bids=[]))
    assert (prices(store, "bids"), store.depth.status_of(P)) == ([("99", "1")], Live())

    store.onmessage(diff(3, asks=[("102", "1"), ("101", bad)], bids=[("98", "1")]))

    assert prices(store, "asks") == [("101", "1")]
    assert prices(store, "bids") == [("99", "1")]
    assert len(failures) == 2
    assert isinstance(store.depth.status_of(P), Stale)
    store.onmessage(diff(4, bids=[("97", "1")]))
    store.onmessage(whole(2, asks=[("101", "1")]))
    assert isinstance(store.depth.status_of(P), Stale)
    store.onmessage(whole(4, asks=[("101", "1")]))
    assert store.depth.status_of(P) == Live()


@pytest.mark.parametrize("number", ["x", None, 1.5, True, "1.0"])
def test_a_number_that_is_none(store: bitbankDataStore, failures: list[Exception], number: Any) -> None:
    store.onmessage(whole(1, bids=[("99", "1")]))
    store.onmessage(frame(f"depth_diff_{P}", {"a": [], "b": [["98", "1"]], "t": 1, "s": number}))

    assert prices(store, "bids") == [("99", "1")]
    assert isinstance(failures[0], ProtocolError)
    assert isinstance(store.depth.status_of(P), Stale)
    store.onmessage(whole(2, bids=[("99", "1")]))
    assert store.depth.status_of(P) == Live()


def test_a_crossed_book_is_live_in_an_auction_only(store: bitbankDataStore) -> None:
    """Trap: in circuit-break mode asks may lie below bids."""
    store.onmessage(whole(1, asks=[("101", "1")], bids=[("99", "1")]))
    store.onmessage(diff(2, bids=[("101.0", "1")]))
    status = store.depth.status_of(P)
    assert isinstance(status, Stale)
    assert "circuit_break_info" in status.reason

    store.onmessage(frame(f"circuit_break_info_{P}", {"mode": "CIRCUIT_BREAK", "upper_trigger_price": None}))

    assert store.depth.status_of(P) == Live()
    assert store.circuit_break_info.find() == [{"pair": P, "mode": "CIRCUIT_BREAK", "upper_trigger_price": None}]
    store.onmessage(frame(f"circuit_break_info_{P}", {"mode": "NONE", "upper_trigger_price": "1200000"}))
    assert isinstance(store.depth.status_of(P), Stale)
    store.onmessage(diff(3, bids=[("101.0", "0")]))
    assert store.depth.status_of(P) == Live()


def test_what_lies_outside_the_book(store: bitbankDataStore) -> None:
    """Defect 11."""
    around = {
        "asks_over": "0.123",
        "bids_under": "0.5",
        "asks_under": "0",
        "bids_over": "0",
        "ask_market": "0",
        "bid_market": "0",
    }
    store.onmessage(whole(1, bids=[("99", "1")], **around))
    store.onmessage(diff(2, bids=[("98", "1")], ao="0.2", bm="3"))

    assert store.depth_outside.find() == [{"pair": P, **around, "asks_over": "0.2", "bid_market": "3"}]
    assert prices(store, "bids") == [("99", "1"), ("98", "1")]
    store.onmessage(diff(3, bids=[("97", "1")], ao="x"))
    assert prices(store, "bids") == [("99", "1"), ("98", "1")]
    store.onevent(Closed(1006))
    assert not store.depth_outside.find()


def test_the_cap_holds_for_each_side_and_drops_the_far_end(store: bitbankDataStore) -> None:
    store.depth._MAXLEN = 3
    store.onmessage(whole(1, asks=[(str(price), "1") for price in range(101, 106)], bids=[("1", "1")]))
    store.onmessage(whole(1, asks=[(str(price), "1") for price in range(101, 106)], pair="btc_jpy"))

    assert [price for price, _ in prices(store, "asks")] == ["101", "102", "103"]
    assert prices(store, "bids") == [("1", "1")]
    assert bitbankDataStore().depth._MAXLEN == 9999


def test_the_diffs_that_wait_are_bounded(store: bitbankDataStore) -> None:
    """C78."""
    for number in range(8100):
        store.onmessage(diff(number, bids=[("99", str(number + 1))]))

    assert len(store.depth._pairs[P].diffs) == 8000


# ---------------------------------------------------------------------- ticker, transactions, rooms


def test_ticker_and_transactions(store: bitbankDataStore) -> None:
    """The sheet's samples; defect 10: the burst after a second join is known already."""
    ticker = {"sell": "896490", "buy": None, "last": "896489", "vol": "650.2026", "timestamp": 1570080042822}
    trade = {
        "transaction_id": 34745047,
        "side": "sell",
        "price": "26.930",
        "amount": "4703.5671",
        "executed_at": 1570080162855,
    }
    burst = frame(f"transactions_{P}", {"transactions": [trade, {**trade, "transaction_id": 34745048}]})
    for text in (burst, burst, frame("ticker_btc_jpy", {"last": "1"}), frame("ticker_btc_jpy", ticker)):
        store.onmessage(text)

    assert store.ticker.find() == [{"pair": "btc_jpy", **ticker}]
    assert store.transactions.find()[0] == {"pair": P, **trade}
    assert [row["transaction_id"] for row in store.transactions] == [34745047, 34745048]
    assert (store.transactions._MAXLEN, store.ticker._MAXLEN) == (99999, 9999)


def test_raw_texts_and_decoded_messages_are_the_same(store: bitbankDataStore) -> None:
    """hdlr_str and hdlr_json."""
    other = bitbankDataStore()
    for record in read_records(DATA / "public.jsonl.gz"):
        store.onmessage(record.data)
        if record.data.startswith("42"):
            other.onmessage(loads(record.data[2:]))

    for name in store:
        assert store[name].find() == other[name].find()
        assert store[name].find() or name == "depth_outside"


@pytest.mark.parametrize("text", ["0{}", "2", "3", "40{}", "41", "44{}", ""])
def test_the_sessions_own_frames_change_nothing(store: bitbankDataStore, failures: list[Exception], text: str) -> None:
    store.onmessage(text)

    assert not failures
    assert not store.unhandled


def test_strange_messages_are_counted_not_raised(store: bitbankDataStore, failures: list[Exception]) -> None:
    """F60, F67, C71."""
    strange: list[Any] = [None, [], [1], 5, {}, "42[", '42["message"]', ["message", {}], ["message", {"room_name": 1}]]
    bad: dict[str, Any] = {
        "ticker_x": [None, [], "x", {"last": "x"}],
        "transactions_x": [None, [], "x", {}, {"transactions": {}}, {"transactions": [1]}],
        "circuit_break_info_x": [None, [], "x", {}],
    }
    strange += [["message", {"room_name": room, "message": {"data": data}}] for room in bad for data in bad[room]]
    for message in strange:
        store.onmessage(message)
    store.onmessage(frame("nonsense_x", {}))
    store.onmessage('42["other",{}]')

    assert all(isinstance(error, ProtocolError | BadNumber) for error in failures)
    assert store.unhandled == {"nonsense_x": 1, "other": 1}
    assert not any(store[name].find() for name in store)


@pytest.mark.parametrize("bad", ["NaN", "-1", "x", [], "Infinity"])
def test_a_bad_number_keeps_rows_out(store: bitbankDataStore, failures: list[Exception], bad: Any) -> None:
    """F79, F80."""
    good = {"transaction_id": 1, "side": "sell", "price": "1", "amount": "1", "executed_at": 1}
    store.onmessage(frame(f"transactions_{P}", {"transactions": [good, {**good, "transaction_id": 2, "amount": bad}]}))
    store.onmessage(frame(f"ticker_{P}", {"sell": bad}))

    assert not store.transactions.find()
    assert not store.ticker.find()
    assert [type(error) for error in failures] == [BadNumber, BadNumber]


def test_replaying_twice_gives_the_same_rows_and_changes() -> None:
    """P2, C76: a pure fold; folding the changes gives the rows."""
    runs: list[tuple[Any, ...]] = []
    for _ in range(2):
        store = bitbankDataStore()
        changes = [change for record in read_records(DATA / "public.jsonl.gz") for change in store.apply(record.data)]
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


def order(status: str, remaining: str | None = "0.0002", number: int = 1, **more: Any) -> dict[str, Any]:
    row = {"order_id": number, "pair": P, "price": "359.412", "side": "buy", "start_amount": "0.0002", "type": "limit"}
    return {**row, "remaining_amount": remaining, "status": status, **more}


def push(store: bitbankPrivateDataStore, method: str, *params: Any) -> None:
    store.onmessage({"method": method, "params": list(params)})


def statuses(store: bitbankPrivateDataStore) -> list[str]:
    return [row["status"] for row in store.spot_order]


def test_the_life_of_an_order(mine: bitbankPrivateDataStore) -> None:
    push(mine, "spot_order_new", order("UNFILLED", post_only=True))
    push(mine, "spot_order", order("PARTIALLY_FILLED", "0.0001", executed_at=5))
    (row,) = mine.spot_order.find()
    assert (row["status"], row["remaining_amount"], row["post_only"], row["executed_at"]) == (
        "PARTIALLY_FILLED",
        "0.0001",
        True,
        5,
    )

    push(mine, "spot_order", order("FULLY_FILLED", "0"))

    assert not mine.spot_order.find()


@pytest.mark.parametrize("end", ["FULLY_FILLED", "CANCELED_UNFILLED", "CANCELED_PARTIALLY_FILLED", "REJECTED"])
@pytest.mark.parametrize("late", ["INACTIVE", "UNFILLED", "PARTIALLY_FILLED"])
def test_an_ended_order_stays_ended(mine: bitbankPrivateDataStore, end: str, late: str) -> None:
    """Defect 3: PubNub does not keep the order of messages; also when the end comes first."""
    push(mine, "spot_order", order(end, "0"))
    push(mine, "spot_order_new", order(late))
    assert not mine.spot_order.find()
    push(mine, "spot_order_new", order("UNFILLED", number=2), order(late, number=2))
    push(mine, "spot_order", order(late, "0.0001", number=2), order(end, "0", number=2))

    assert not mine.spot_order.find()


def test_a_status_is_not_turned_back(mine: bitbankPrivateDataStore) -> None:
    """Defect 3: within a status the smaller remaining amount is the younger."""
    push(mine, "spot_order", order("PARTIALLY_FILLED", "0.0001"))
    for late in (order("UNFILLED"), order("INACTIVE"), order("PARTIALLY_FILLED", "0.00015")):
        push(mine, "spot_order", late)
        assert [(row["status"], row["remaining_amount"]) for row in mine.spot_order] == [("PARTIALLY_FILLED", "0.0001")]
    push(mine, "spot_order", order("PARTIALLY_FILLED", "0.00005"))
    push(mine, "spot_order", order("SOMETHING_NEW", "0.00004"))
    assert statuses(mine) == ["SOMETHING_NEW"]


def test_a_stop_order_that_waits_is_live(mine: bitbankPrivateDataStore) -> None:
    """Defect 2."""
    push(mine, "spot_order_new", order("INACTIVE", None, trigger_price="300", type="stop"))
    assert statuses(mine) == ["INACTIVE"]
    push(mine, "spot_order", order("UNFILLED"))

    assert statuses(mine) == ["UNFILLED"]


def test_invalidated_orders_go(mine: bitbankPrivateDataStore) -> None:
    push(mine, "spot_order_new", order("UNFILLED"), order("UNFILLED", number=2), order("UNFILLED", number=3))
    mine.onmessage({"method": "spot_order_invalidation", "params": {"order_id": [1, 9]}})
    mine.onmessage({"method": "spot_order_invalidation", "params": {"order_id": 3}})
    push(mine, "spot_order_new", order("UNFILLED"))

    assert [row["order_id"] for row in mine.spot_order] == [2]


def rest(*rows: Any, name: str = "orders", **more: Any) -> str:
    return dumps({"success": 1, "data": {name: list(rows), **more}})


ORDERS, ASSETS, MARGIN = "/v1/user/spot/active_orders", "/v1/user/assets", "/v1/user/margin/positions"


async def test_a_rest_answer_is_the_truth_for_its_pair(mine: bitbankPrivateDataStore) -> None:
    """Also when it is empty."""
    push(
        mine,
        "spot_order_new",
        order("UNFILLED"),
        order("UNFILLED", number=2),
        order("UNFILLED", number=3, pair="btc_jpy"),
    )

    await mine.initialize(
        answer(f"{ORDERS}?pair={P}", rest(order("UNFILLED", number=2), order("INACTIVE", None, number=4)))
    )
    assert [row["order_id"] for row in mine.spot_order] == [2, 3, 4]
    await mine.initialize(answer(f"{ORDERS}?pair={P}&count=1", rest(order("UNFILLED", number=5))))
    assert [row["order_id"] for row in mine.spot_order] == [2, 3, 4, 5]
    await mine.initialize(answer(f"{ORDERS}?pair={P}", rest()))
    assert [row["order_id"] for row in mine.spot_order] == [3]
    await mine.initialize(answer(ORDERS, rest()))
    assert not mine.spot_order.find()


async def test_a_rest_answer_cannot_bring_back_what_ended(mine: bitbankPrivateDataStore) -> None:
    """Nor can an event that tells nothing new bring back what a REST answer did not list."""
    push(mine, "spot_order_new", order("UNFILLED"), order("UNFILLED", number=2))
    push(mine, "spot_order", order("FULLY_FILLED", "0"))

    await mine.initialize(answer(ORDERS, rest(order("UNFILLED"), order("CANCELED_UNFILLED", number=7))))
    assert not mine.spot_order.find()
    push(mine, "spot_order_new", order("UNFILLED", number=2))
    assert not mine.spot_order.find()
    push(mine, "spot_order", order("PARTIALLY_FILLED", "0.0001", number=2))
    assert statuses(mine) == ["PARTIALLY_FILLED"]


async def test_events_during_a_request_are_applied_after_it(mine: bitbankPrivateDataStore) -> None:
    """C73: the fill that came before the answer is not lost to it."""
    push(mine, "spot_order_new", order("UNFILLED"))

    async def slow() -> Any:
        push(mine, "spot_order", order("FULLY_FILLED", "0"))
        push(mine, "spot_order_new", order("UNFILLED", number=2))
        return await answer(ORDERS, rest(order("UNFILLED")))

    await mine.initialize(slow())

    assert [row["order_id"] for row in mine.spot_order] == [2]


@pytest.mark.parametrize("bad", ["NaN", "-1", "x", []])
async def test_a_bad_order_keeps_the_message_out(
    mine: bitbankPrivateDataStore, failures: list[Exception], bad: Any
) -> None:
    """F79."""
    push(mine, "spot_order_new", order("UNFILLED"))
    push(mine, "spot_order", order("FULLY_FILLED", "0"), order("UNFILLED", bad, number=2))
    push(mine, "spot_order", order("FULLY_FILLED", "0"), {**order("UNFILLED", number=2), "status": []})
    push(mine, "spot_order", order("FULLY_FILLED", "0"), {**order("UNFILLED"), "order_id": []})
    with pytest.raises(BadNumber):
        await mine.initialize(answer(ORDERS, rest(order("UNFILLED", bad, number=3))))

    assert [row["order_id"] for row in mine.spot_order] == [1]
    assert len(failures) == 3


def test_progress_is_remembered_within_bounds(mine: bitbankPrivateDataStore) -> None:
    """C78."""
    for number in range(20_010):
        push(mine, "spot_order", order("FULLY_FILLED", "0", number=number))

    assert len(mine.spot_order._known) == 20_000


# ---------------------------------------------------------------------- account


async def test_assets(mine: bitbankPrivateDataStore) -> None:
    push(mine, "asset_update", {"asset": "xrp", "free_amount": "1"}, {"asset": "btc", "free_amount": "2"})
    push(mine, "asset_update", {"asset": "xrp", "locked_amount": "3"})
    assert mine.asset.find()[0] == {"asset": "xrp", "free_amount": "1", "locked_amount": "3"}

    await mine.initialize(answer(ASSETS, rest({"asset": "xrp", "free_amount": "4"}, name="assets")))

    assert mine.asset.find() == [{"asset": "xrp", "free_amount": "4"}]


async def test_margin_positions_have_one_set_of_names(mine: bitbankPrivateDataStore) -> None:
    """Defect 9: whatever was said last, by whom, stands under both names."""
    key = {"pair": P, "position_side": "short"}
    push(
        mine,
        "margin_position_update",
        {**key, "open": "1", "locked": "0", "average_price": "360.007", "unrealized_fee": "2"},
    )
    body = rest(
        {**key, "open_amount": "3", "unrealized_fee_amount": "4"}, name="positions", payables={"amount": "7"}, notice={}
    )
    await mine.initialize(answer(MARGIN, body))
    assert mine.margin_position.find() == [
        {**key, "open_amount": "3", "open": "3", "unrealized_fee_amount": "4", "unrealized_fee": "4"}
    ]

    push(mine, "margin_position_update", {**key, "open": "0", "unrealized_interest": "1"})

    (row,) = mine.margin_position.find()
    assert (row["open"], row["open_amount"], row["unrealized_interest_amount"]) == ("0", "0", "1")
    assert mine.margin_payable.find() == [{"amount": "7"}]
    await mine.initialize(answer(MARGIN, rest(name="positions")))
    assert not mine.margin_position.find()


def test_one_payable(mine: bitbankPrivateDataStore) -> None:
    """Defect 1."""
    push(mine, "margin_payable_update", {"amount": "100"})
    push(mine, "margin_payable_update", {"amount": "50"}, {"amount": "60"})
    push(mine, "margin_payable_update", {"amount": "60"}, {"amount": "x"})

    assert mine.margin_payable.find() == [{"amount": "60"}]


async def test_notices_of_both_sources(mine: bitbankPrivateDataStore) -> None:
    """Defect 11."""
    none = {"what": None, "occurred_at": None, "amount": None, "due_date_at": None}
    call = {"what": "marginCall", "occurred_at": 1, "amount": "5", "due_date_at": 2}
    for notice in (none, call, call, none, none):
        await mine.initialize(answer(MARGIN, rest(name="positions", notice=notice)))
    push(mine, "margin_notice_update", call)
    await mine.initialize(answer(MARGIN, rest(name="positions", notice=call)))

    assert mine.margin_notice.find() == [call, none, call]


def test_trades_transfers_and_dealer_orders(mine: bitbankPrivateDataStore, failures: list[Exception]) -> None:
    push(mine, "spot_trade", {"trade_id": 1, "price": "1", "amount": "2"})
    push(mine, "spot_trade", {"trade_id": 1, "price": "1", "amount": "2"}, {"trade_id": 2, "price": "x", "amount": "2"})
    push(mine, "dealer_order_new", {"order_id": "44280314922", "asset": "xrp"})
    for status in ("CONFIRMING", "DONE"):
        push(mine, "withdrawal", {"uuid": "w", "status": status})
    push(mine, "deposit", {"uuid": "d", "status": "FOUND"}, {"uuid": "d", "status": "DONE"})

    assert mine.spot_trade.find() == [{"trade_id": 1, "price": "1", "amount": "2"}]
    assert mine.dealer_order.find() == [{"order_id": "44280314922", "asset": "xrp"}]
    assert mine.withdrawal.find() == [{"uuid": "w", "status": "DONE"}]
    assert mine.deposit.find() == [{"uuid": "d", "status": "DONE"}]
    assert len(failures) == 1


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (ASSETS, '{"success":0,"data":{"code":20003}}', VenueError),
        (ASSETS, '{"success":1,"data":{}}', SnapshotError),
        (ORDERS, '{"success":1,"data":{"orders":[{"pair":"x"}]}}', SnapshotError),
        (MARGIN, '{"success":1,"data":{"positions":{}}}', SnapshotError),
        (ORDERS, "[]", SnapshotError),
        ("/v1/user/spot/trade_history", '{"success":1,"data":{}}', SnapshotError),
    ],
)
async def test_a_bad_answer_changes_nothing(
    mine: bitbankPrivateDataStore, path: str, body: str, error: type[Exception]
) -> None:
    """F66."""
    push(mine, "asset_update", {"asset": "xrp"})
    push(mine, "spot_order_new", order("UNFILLED"))
    push(mine, "margin_position_update", {"pair": P, "position_side": "long", "open": "1"})

    with pytest.raises(error):
        await mine.initialize(answer(path, body))

    assert [len(mine[name]) for name in ("asset", "spot_order", "margin_position")] == [1, 1, 1]


async def test_what_a_lost_stream_leaves_stale(mine: bitbankPrivateDataStore) -> None:
    """D10: rows stand; orders, balances and positions are true again once they were asked for."""
    push(mine, "asset_update", {"asset": "xrp"})
    push(mine, "spot_trade", {"trade_id": 1})

    mine.onevent(Closed(1006, cause="reset"))
    mine.onevent(Subscribed(None))

    assert mine.spot_trade.status == Live()
    for name in ("asset", "spot_order", "margin_position", "margin_payable"):
        assert isinstance(mine[name].status, Stale)
    await mine.initialize(
        answer(ASSETS, rest(name="assets")), answer(ORDERS, rest()), answer(MARGIN, rest(name="positions"))
    )
    assert mine.is_live


def test_strange_events_are_counted_not_raised(mine: bitbankPrivateDataStore, failures: list[Exception]) -> None:
    """F60, F67."""
    methods = list(mine._folds)
    strange: list[Any] = [None, 1, "x", [], {}, {"method": 1, "params": []}, {"method": "unknown", "params": []}]
    strange += [
        {"method": method, "params": params} for method in methods for params in (None, 1, "x", {}, [1], [[]], [None])
    ]
    for message in strange:
        mine.onmessage(message)

    assert all(isinstance(error, ProtocolError) for error in failures)
    assert mine.unhandled == {"unknown": 1, "1": 1}
    assert not any(mine[name].find() for name in mine)


def test_the_private_collection_replays_the_same() -> None:
    make: Callable[[], Any] = bitbankPrivateDataStore
    first, second = make(), make()
    for record in read_records(DATA / "private.jsonl.gz"):
        if record.kind == "ws":
            assert [change[1:] for change in first.apply(record.message)] == [
                change[1:] for change in second.apply(record.message)
            ]

    assert all(first[name].find() == second[name].find() for name in first)
