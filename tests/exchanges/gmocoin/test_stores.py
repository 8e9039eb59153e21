"""GMO Coin's seven stores: the sheet's rules, and the reference's known defects answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rxbotters import GMOCoinDataStore
from rxbotters.errors import BadNumber, MissingKey, ProtocolError, SnapshotError, VenueError
from rxbotters.exchanges.gmocoin.rows import Closed
from rxbotters.record import read_records
from rxbotters.wire import dumps
from rxbotters_operators.events import Closed as Lost
from rxbotters_operators.events import Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

S = "BTC_JPY"
DATA = Path(__file__).parent / "data"


class Failing(GMOCoinDataStore):
    """Remembers what went wrong."""

    failures: list[Exception]


@pytest.fixture
def store() -> Failing:
    store = Failing()
    store.failures = heard(store)
    return store


def book(asks: Any, bids: Any, symbol: str = S, timestamp: str = "t1") -> dict[str, Any]:
    levels = [[{"price": price, "size": size} for price, size in side] for side in (asks, bids)]
    return {"channel": "orderbooks", "asks": levels[0], "bids": levels[1], "symbol": symbol, "timestamp": timestamp}


def order(status: str = "ORDERED", kind: str = "NOR", name: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "channel": "orderEvents",
        "orderId": name,
        "symbol": S,
        "side": "BUY",
        "orderStatus": status,
        "orderTimestamp": "2019-03-19T02:15:06.081Z",
        "orderPrice": "876045",
        "orderSize": "0.8",
        "orderExecutedSize": "0",
        "msgType": kind,
        **more,
    }


def fill(executed: str = "0.3", name: int = 1, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "channel": "executionEvents",
        "orderId": name,
        "executionId": number,
        "symbol": S,
        "side": "BUY",
        "executionPrice": "877404",
        "executionSize": "0.3",
        "executionTimestamp": "2019-03-19T02:15:07.081Z",
        "orderSize": "0.8",
        "orderExecutedSize": executed,
        "msgType": "ER",
        **more,
    }


def rest(name: int = 1, status: str = "ORDERED", **more: Any) -> dict[str, Any]:
    fields = {"rootOrderId": name, "orderId": name, "symbol": S, "side": "BUY", "size": "0.8", "executedSize": "0"}
    return {**fields, "price": "876045", "status": status, "timestamp": "2019-03-19T02:15:06.059Z", **more}


def position(kind: str = "OPR", name: int = 1, **more: Any) -> dict[str, Any]:
    fields = {"channel": "positionEvents", "positionId": name, "symbol": S, "side": "BUY", "size": "0.22"}
    return {**fields, "orderdSize": "0", "price": "876045", "leverage": "4", "msgType": kind, **more}


async def load(store: GMOCoinDataStore, target: str, *items: Any) -> None:
    data: Any = {"pagination": {"currentPage": 1, "count": len(items)}, "list": list(items)} if items else {}
    text = dumps({"status": 0, "data": data, "responsetime": "x"})
    await store.initialize(answer(f"/private/v1/{target}", text))


def ids(store: GMOCoinDataStore) -> list[int]:
    return [row["orderId"] for row in store.orders]


# ---------------------------------------------------------------------- market data


def test_ticker_and_trades(store: Failing) -> None:
    tick = {"channel": "ticker", "ask": "750760", "bid": "750600", "symbol": "BTC", "timestamp": "x", "volume": "1"}
    trade = {"channel": "trades", "price": "750760", "side": "BUY", "size": "0.1", "symbol": "BTC"}
    for message in (tick, {**tick, "ask": "750761"}, trade, trade):
        store.onmessage(message)

    assert store.ticker.find() == [{**tick, "ask": "750761"}]
    assert store.trades.find() == [trade, trade]
    assert (store.trades._MAXLEN, store.ticker._MAXLEN) == (99999, 9999)


def test_each_message_is_the_whole_book(store: Failing) -> None:
    """Defect 10: each symbol has a time of its own, and only what differs is told."""
    told: list[Any] = []
    store.orderbooks.changes.subscribe(lambda change: told.append((change.operation, change.key[1:])))
    store.onmessage(book([("455660", "1"), ("455659", "0.1")], [("455655", "0.3")]))
    store.onmessage(book([("9", "1")], [], "BTC", "t2"))
    assert store.orderbooks.sorted({"symbol": S})["asks"][0] == {
        "symbol": S, "side": "asks", "price": "455659", "size": "0.1"
    }  # fmt: skip
    told.clear()

    store.onmessage(book([("455660", "1"), ("455659", "0.2")], [("455654", "0.3")], timestamp="t3"))

    assert sorted(told) == [
        ("delete", ("bids", "455655")),
        ("insert", ("bids", "455654")),
        ("update", ("asks", "455659")),
    ]
    assert store.orderbooks.timestamps == {S: "t3", "BTC": "t2"}
    assert store.orderbooks.timestamp == "t3"
    assert store.orderbooks.status_of(S) == Live()
    assert len(store.orderbooks.find({"symbol": "BTC"})) == 1


@pytest.mark.parametrize("bad", [None, float("nan"), "x", "-1", "NaN", {}])
def test_a_bad_level_refuses_the_message(store: Failing, bad: Any) -> None:
    """F79, F80."""
    store.onmessage(book([("2", "1")], [("1", "1")]))
    before = store.orderbooks.find()

    store.onmessage(book([("3", "1")], [("1", bad)], timestamp="t2"))
    store.onmessage(book([(bad, "1")], [], timestamp="t2"))
    store.onmessage({**book([], []), "asks": [{"price": "1"}]})

    assert store.orderbooks.find() == before
    assert store.orderbooks.timestamps == {S: "t1"}
    assert len(store.failures) == 3


def test_a_lost_connection_empties_its_books(store: Failing) -> None:
    """C49, D10: and ready() waits for each book that was subscribed."""
    one, two = object(), object()
    for connection, symbol in ((one, S), (two, "BTC")):
        request = {"command": "subscribe", "channel": "orderbooks", "symbol": symbol}
        store.onevent(Subscribed(connection, [request, {"command": "subscribe", "channel": "ticker"}, "x"]))
        assert store.orderbooks.status_of(symbol) == Syncing()
        store.onmessage(book([("2", "1")], [], symbol), connection)

    store.onevent(Lost(1006, cause="reset", connection=one))

    assert isinstance(store.orderbooks.status_of(S), Stale)
    assert store.orderbooks.status_of("BTC") == Live()
    assert {row["symbol"] for row in store.orderbooks} == {"BTC"}
    assert store.orderbooks.timestamps == {"BTC": "t1"}


# ---------------------------------------------------------------------- orders


def test_a_row_has_the_names_of_both(store: Failing) -> None:
    """Defect 5."""
    store.onmessage(order())
    store.onmessage(fill("0.3"))

    (row,) = store.orders.find()
    assert (row["orderSize"], row["orderExecutedSize"], row["orderPrice"]) == ("0.8", "0.3", "876045")
    assert (row["size"], row["executedSize"], row["price"]) == ("0.8", "0.3", "876045")
    assert (row["status"], row["timestamp"]) == (row["orderStatus"], row["orderTimestamp"])


async def test_a_rest_row_follows_the_stream(store: Failing) -> None:
    """Defect 5: executedSize does not go stale."""
    await load(store, f"activeOrders?symbol={S}", rest(executedSize="0.1"))
    store.onmessage(fill("0.4"))

    (row,) = store.orders.find()
    assert row["executedSize"] == row["orderExecutedSize"] == "0.4"
    await load(store, f"activeOrders?symbol={S}", rest(executedSize="0.1"))
    assert store.orders.find()[0]["executedSize"] == "0.4"  # the answer was made before the fill
    store.onmessage(order("ORDERED", "ROR", orderPrice="900000"))
    (row,) = store.orders.find()
    assert (row["price"], row["executedSize"]) == ("900000", "0.4")


def test_a_fill_makes_no_order(store: Failing) -> None:
    """Defect 1: what it said is kept for the order that comes behind it."""
    store.onmessage(fill("0.3"))
    assert not store.orders.find()
    store.onmessage(order())

    assert [row["executedSize"] for row in store.orders] == ["0.3"]


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED", "EXECUTED", "strange"])
@pytest.mark.parametrize("kind", ["NOR", "ROR", "COR", "ER"])
def test_the_status_says_what_is_live(store: Failing, status: str, kind: str) -> None:
    """Defect 2: the documentation's own sample pairs CANCELED with NOR."""
    store.onmessage(order())
    store.onmessage(order(status, kind))
    store.onmessage(order(status, kind, name=2))

    assert not store.orders.find()


@pytest.mark.parametrize("status", ["WAITING", "ORDERED", "MODIFYING", "CANCELLING"])
def test_live_states(store: Failing, status: str) -> None:
    store.onmessage(order(status))

    assert ids(store) == [1]


async def test_an_order_that_ended_does_not_come_back(store: Failing) -> None:
    """Defect 3: not by a late event, a late fill or a late answer."""
    store.onmessage(fill("0.8"))
    store.onmessage(order())
    store.onmessage(fill("0.3", number=2))
    store.onmessage(order())
    store.onmessage(order(name=2))
    store.onmessage(order("CANCELED", "COR", name=2))
    store.onmessage(order("ORDERED", "ROR", name=2))
    assert not store.orders.find()
    await load(store, f"activeOrders?symbol={S}", rest(1), rest(2), rest(3))

    assert ids(store) == [3]


@pytest.mark.parametrize(("executed", "live"), [("0.80", False), ("0.8000001", False), ("0.79999", True)])
def test_sizes_are_compared_as_numbers(store: Failing, executed: str, live: bool) -> None:
    """Defect 4."""
    store.onmessage(order())
    store.onmessage(fill(executed))

    assert ids(store) == ([1] if live else [])
    assert len(store.executions) == 1


def test_an_order_event_that_says_all_is_executed_ends_it(store: Failing) -> None:
    store.onmessage(order(orderExecutedSize="0.80"))

    assert not store.orders.find()


@pytest.mark.parametrize("field", ["orderSize", "orderExecutedSize"])
@pytest.mark.parametrize("bad", ["x", "NaN", "-1", None, "", float("inf"), []])
def test_a_bad_size_changes_nothing(store: Failing, field: str, bad: Any) -> None:
    store.onmessage(order())
    before = store.orders.find()
    store.onmessage(fill(**{field: bad}) if field == "orderSize" else fill(bad))
    store.onmessage(order("ORDERED", "ROR", **{field: bad}))
    store.onmessage(fill(executionSize=bad))

    assert store.orders.find() == before
    assert not store.executions.find()
    assert [type(failure) for failure in store.failures] == [BadNumber] * 3


@pytest.mark.parametrize("field", ["size", "executedSize"])
@pytest.mark.parametrize("bad", ["x", "NaN", "-1", None, ""])
async def test_an_answer_with_a_bad_size_is_refused_whole(store: Failing, field: str, bad: Any) -> None:
    store.onmessage(order())

    with pytest.raises(BadNumber):
        await load(store, f"activeOrders?symbol={S}", rest(2), rest(3, **{field: bad}))

    assert ids(store) == [1]


async def test_an_answer_replaces_its_symbol(store: Failing) -> None:
    """Defect 6: also when it is empty and has no list."""
    store.onmessage(order(name=1))
    store.onmessage(order(name=2, symbol="BTC"))
    store.onevent(Lost(1006))
    assert isinstance(store.orders.status, Stale)

    await load(store, f"activeOrders?symbol={S}", rest(3), rest(4, "CANCELED"))
    assert ids(store) == [2, 3]
    assert store.orders.status == Live()
    await load(store, f"activeOrders?symbol={S}")
    assert ids(store) == [2]


async def test_one_page_of_several_takes_nothing_away(store: Failing) -> None:
    store.onmessage(order(name=1))

    await load(store, f"activeOrders?symbol={S}&page=1&count=2", rest(2), rest(3))
    await load(store, f"activeOrders?symbol={S}&page=2&count=2", rest(4))
    assert ids(store) == [1, 2, 3, 4]
    await load(store, f"activeOrders?symbol={S}&count=2", rest(2))
    assert ids(store) == [2]


async def test_events_wait_for_the_answer_they_continue(store: Failing) -> None:
    """C73: an order filled while it was asked for does not come back."""

    async def slow() -> Any:
        store.onmessage(fill("0.8"))
        store.onmessage(book([("2", "1")], []))
        assert len(store.orderbooks) == 1  # market data does not wait
        text = dumps({"status": 0, "data": {"list": [rest(1), rest(2)]}})
        return await answer(f"/private/v1/activeOrders?symbol={S}", text)

    await store.initialize(slow())

    assert ids(store) == [2]


# ---------------------------------------------------------------------- executions, positions


async def test_executions_have_the_names_of_both(store: Failing) -> None:
    store.onmessage(fill())
    item = {"executionId": 2, "orderId": 1, "symbol": S, "size": "0.1", "price": "5", "timestamp": "x"}
    known = {"executionId": 1, "orderId": 1, "symbol": S, "size": "0.3", "price": "877404", "fee": "3"}

    await load(store, f"latestExecutions?symbol={S}", item, known)

    first, second = store.executions.find()
    assert (first["executionSize"], first["size"], first["fee"]) == ("0.3", "0.3", "3")
    assert (second["executionPrice"], second["price"], second["executionTimestamp"]) == ("5", "5", "x")
    await load(store, f"latestExecutions?symbol={S}")
    assert len(store.executions) == 2


def test_a_position_opens_changes_and_closes(store: Failing) -> None:
    store.onmessage(position())
    store.onmessage(position("UPR", size="0.1"))
    store.onmessage(position("ULR", name=2, losscutPrice="1"))
    assert [(row["positionId"], row["size"]) for row in store.positions] == [(1, "0.1"), (2, "0.22")]

    store.onmessage(position("CPR"))
    store.onmessage(position("UPR", name=2, size="0"))
    store.onmessage(position("UPR"))
    store.onmessage(position("OPR", name=2))

    assert not store.positions.find()


@pytest.mark.parametrize("bad", ["x", "NaN", "-1", None, []])
async def test_a_bad_position_changes_nothing(store: Failing, bad: Any) -> None:
    store.onmessage(position())
    before = store.positions.find()
    store.onmessage(position("UPR", size=bad))
    store.onmessage({"channel": "positionSummaryEvents", "symbol": S, "side": "BUY", "sumPositionQuantity": bad})

    assert store.positions.find() == before
    assert not store.position_summary.find()
    assert len(store.failures) == 2
    with pytest.raises(BadNumber):
        await load(store, f"openPositions?symbol={S}", {"positionId": 5, "symbol": S, "size": bad})
    assert store.positions.find() == before


async def test_an_answer_removes_closed_positions(store: Failing) -> None:
    """Defect 6."""
    store.onmessage(position(name=1))
    store.onmessage(position(name=2, symbol="ETH_JPY"))
    store.onmessage(position("CPR", name=3))

    await load(store, f"openPositions?symbol={S}", {"positionId": 4, "symbol": S, "size": "1"}, position(name=3))
    assert [row["positionId"] for row in store.positions] == [2, 4]
    await load(store, f"openPositions?symbol={S}")
    assert [row["positionId"] for row in store.positions] == [2]


async def test_the_summary_of_positions(store: Failing) -> None:
    one = {"channel": "positionSummaryEvents", "symbol": S, "side": "BUY", "sumPositionQuantity": "0.03"}
    store.onmessage({**one, "msgType": "INIT"})
    store.onmessage({**one, "sumPositionQuantity": "0", "msgType": "UPDATE"})
    assert store.position_summary.find() == [{**one, "sumPositionQuantity": "0", "msgType": "UPDATE"}]
    other = {"symbol": "ETH_JPY", "side": "SELL", "sumPositionQuantity": "1"}

    await load(store, "positionSummary", other)
    assert store.position_summary.find() == [other]
    await load(store, f"positionSummary?symbol={S}")
    assert store.position_summary.find() == [other]


# ---------------------------------------------------------------------- answers and the rest


async def test_an_error_is_typed_and_changes_nothing(store: Failing) -> None:
    """F66."""
    store.onmessage(order())
    error = '{"status":5,"messages":[{"message_code":"ERR-5201","message_string":"MAINTENANCE."}]}'

    with pytest.raises(VenueError, match="ERR-5201 MAINTENANCE"):
        await store.initialize(answer(f"/private/v1/activeOrders?symbol={S}", error))
    for target, data in (
        ("activeOrders", {"list": [1]}),
        ("activeOrders", {"list": 5}),
        ("activeOrders", []),
        ("activeOrders", {"list": [{"orderId": 1}]}),
        (f"activeOrders?symbol={S}&page=x", {"list": []}),
        ("openPositions", {"list": [{"size": "1"}]}),
        ("latestExecutions", {"list": [{"size": "1", "price": "1"}]}),
        ("positionSummary", {"list": [{"symbol": S}]}),
        ("ws-auth", {"canary": 1}),
    ):
        with pytest.raises(SnapshotError):
            await store.initialize(answer(f"/private/v1/{target}", dumps({"status": 0, "data": data})))

    assert ids(store) == [1]
    assert not store.executions.find()


async def test_the_deprecated_token_is_taken(store: Failing) -> None:
    await store.initialize(answer("/private/v1/ws-auth", '{"status":0,"data":"token-1","responsetime":"x"}'))

    assert store._token == "token-1"
    assert [path for path in store._routes() if not store._repeats(path)] == ["/private/v1/ws-auth"]


def test_refusals_are_told(store: Failing) -> None:
    """Defect 12."""
    store.onmessage({"error": "ERR-5003 Request too many."})

    assert isinstance(store.failures[0], ProtocolError)
    assert "ERR-5003" in str(store.failures[0])
    assert store.unhandled == {"error": 1}


def test_strange_messages_are_counted_not_raised(store: Failing) -> None:
    """F60, F67, C71: and a message is applied whole or not at all."""
    for message in (None, [1], "x", {}, {"channel": []}, {"channel": "orderEvents"}, {"channel": "unknown"}):
        store.onmessage(message)
    store.onmessage(order())
    partial = fill()
    del partial["executionId"]
    store.onmessage(partial)
    store.onmessage({"channel": "ticker", "ask": "1"})

    assert store.unhandled == {"unknown": 1}
    assert store.orders.find()[0]["executedSize"] == "0"
    assert isinstance(store.failures[-1], MissingKey)
    assert not store.ticker.find()


def test_the_memory_of_what_ended_is_bounded() -> None:
    closed = Closed()
    for name in range(30_000):
        closed.add(name)
    store = GMOCoinDataStore()
    for name in range(20_000):
        store.onmessage(fill("0.1", name=name, number=name))

    assert len(closed._ids) == 20_000
    assert 29_999 in closed
    assert 0 not in closed
    assert len(store.orders._early) == 10_000


def test_two_replays_give_the_same_rows_and_changes() -> None:
    """C76."""
    told: list[list[Any]] = [[], []]
    stores = [GMOCoinDataStore(), GMOCoinDataStore()]
    for store, changes in zip(stores, told, strict=True):
        store.errors.subscribe(lambda error: None)
        for record in read_records(DATA / "synthetic.jsonl.gz"):
            if record.kind == "ws":
                changes += [change[1:] for change in store.apply(record.message)]

    assert told[0] == told[1]
    assert len(told[0]) > 300
    for name in stores[0]:
        assert stores[0][name].find() == stores[1][name].find()
