"""MEXC's spot stores, fed with frames as they stand on the wire (defect 1: the reference has nothing of this)."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters import MEXCSpotDataStore
from rxbotters.errors import BadNumber, BookMismatch, ProtocolError, SequenceGap, SnapshotError, VenueError
from rxbotters.exchanges.mexc.frames import decode
from rxbotters.stores.fetched import one_spelling
from rxbotters.wire import dumps
from rxbotters_operators.events import Acknowledged, Closed, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

from .frames import DEPTH, balance, deals, depth, fill, levels, order, push, put

S = "BTCUSDT"
SUBSCRIBE = {"method": "SUBSCRIPTION", "params": [DEPTH + S]}
C02 = "C02__505979017439002624115"


class Failing(MEXCSpotDataStore):
    """Remembers what went wrong."""

    failures: list[Exception]

    def frame(self, data: bytes) -> None:
        self.onmessage(decode(data))


@pytest.fixture
def store() -> Failing:
    store = Failing()
    store.failures = heard(store)
    return store


async def load(store: MEXCSpotDataStore, target: str, data: Any) -> None:
    await store.initialize(answer(f"/api/v3/{target}", dumps(data)))


async def snapshot(store: MEXCSpotDataStore, number: Any, asks: Any = (), bids: Any = (), symbol: str = S) -> None:
    await load(store, f"depth?symbol={symbol}", {"lastUpdateId": number, "asks": list(asks), "bids": list(bids)})


def prices(store: MEXCSpotDataStore) -> tuple[list[Any], list[Any]]:
    book = store.depth.depth(S)
    return [level.price for level in book.asks], [level.price for level in book.bids]


# ---------------------------------------------------------------------- the book


async def test_a_snapshot_and_what_follows_it(store: Failing) -> None:
    """F74: old pushes are dropped, one that spans the snapshot is applied, each later one begins behind the last."""
    store.frame(depth(S, 8, 9, asks=[("92900", "9")]))
    store.frame(depth(S, 10, 12, asks=[("92878.00", "0.5")], bids=[("92877.58", "1")]))
    store.frame(depth(S, 13, 13, bids=[("92877.58", "0.00000000")]))
    assert store.depth.status_of(S) == Syncing()

    await snapshot(store, 10, asks=[["92879.0", "2.0"]], bids=[["92877.580", "4"], ["92876", "3"]])

    assert store.depth.status_of(S) == Live()
    assert store.depth.sorted({"symbol": S}) == {
        "asks": [
            {"symbol": S, "side": "asks", "price": "92878", "quantity": "0.5"},
            {"symbol": S, "side": "asks", "price": "92879", "quantity": "2.0"},
        ],
        "bids": [{"symbol": S, "side": "bids", "price": "92876", "quantity": "3"}],
    }
    assert not store.failures


@pytest.mark.parametrize("field", ["lastUpdateId", "version"])
@pytest.mark.parametrize("number", [7, "7"])
async def test_the_number_of_a_snapshot_has_two_names(store: Failing, field: str, number: Any) -> None:
    await load(store, f"depth?symbol={S}", {field: number, "asks": [["2", "1"]], "bids": [["1", "1"]]})

    store.frame(depth(S, 8, 8, bids=[("1.5", "1")]))

    assert prices(store) == (["2"], ["1.5", "1"])


async def test_a_hole_empties_the_book_and_asks_for_it(store: Failing) -> None:
    """F68."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    await snapshot(store, 10, asks=[["2", "1"]])
    await snapshot(store, 3, asks=[["5", "1"]], symbol="ETHUSDT")

    store.frame(depth(S, 12, 13, bids=[("1", "1")]))

    assert prices(store) == ([], [])
    assert store.depth.status_of(S) == Stale("gap: expected 11, got 12")
    assert isinstance(store.failures[0], SequenceGap)
    assert [(ask.store, ask.symbol) for ask in asks] == [(store.depth, S)]
    assert store.depth.status_of("ETHUSDT") == Live()
    await snapshot(store, 11, asks=[["2", "1"]])
    assert prices(store) == (["2"], ["1"])


async def test_old_doubled_and_overlapping_pushes_are_harmless(store: Failing) -> None:
    """F70: two channels of one symbol, of 10 and of 100 ms, keep one book: sizes are absolute."""
    await snapshot(store, 10, asks=[["9", "1"]])
    store.frame(depth(S, 11, 14, bids=[("1", "14")]))
    store.frame(depth(S, 11, 14, bids=[("1", "5")]))
    store.frame(depth(S, 9, 10, bids=[("1", "6")]))
    store.frame(depth(S, 11, 16, bids=[("1", "16")]))
    store.frame(depth(S, 15, 16, bids=[("1", "16")]))
    await snapshot(store, 12, asks=[["8", "1"]])

    assert store.depth.best(S).bid["quantity"] == "16"  # type: ignore[index]
    assert prices(store) == (["9"], ["1"])
    assert not store.failures


async def test_a_crossed_book_is_not_believed(store: Failing) -> None:
    await snapshot(store, 10, asks=[["9", "1"]])

    store.frame(depth(S, 11, 11, bids=[("10", "1")]))

    assert isinstance(store.failures[0], BookMismatch)
    assert prices(store) == ([], [])


@pytest.mark.parametrize(
    "frame",
    [
        depth(S, 12, 11, bids=[("1", "1")]),
        depth(S, 11, 11, bids=[("1", "1"), ("x", "1")]),
        depth(S, 11, 11, bids=[("1", "1"), ("2", "-1")]),
        depth(S, 11, 11, bids=[("1", "1"), ("2", "")]),
        depth(S, 11, 11, bids=[("1", "1"), ("NaN", "1")]),
        depth(S, 11, 11, bids=[("1", "1"), ("1e999", "1")]),
        push(DEPTH + S, 313, levels(2, [("1", "1")]) + put(4, "x") + put(5, "11"), symbol=S),
        push(DEPTH + S, 313, levels(2, [("1", "1")]), symbol=S),
        push(DEPTH, 313, levels(2, [("1", "1")]) + put(4, "11") + put(5, "11")),
    ],
)
@pytest.mark.parametrize("live", [True, False])
async def test_a_broken_push_is_refused_whole(store: Failing, frame: bytes, live: bool) -> None:
    """F79, F80."""
    if live:
        await snapshot(store, 10, asks=[["9", "1"]])

    store.frame(frame)

    assert isinstance(store.failures[0], ProtocolError | BadNumber)
    assert not store.depth.find({"symbol": S, "price": "1"})


async def test_a_push_without_a_symbol_has_that_of_its_channel(store: Failing) -> None:
    await snapshot(store, 10, asks=[["9", "1"]])

    store.frame(push(DEPTH + S, 313, levels(2, [("1", "1")]) + put(4, "11") + put(5, "11")))

    assert prices(store) == (["9"], ["1"])


def test_prices_have_one_spelling() -> None:
    """Snapshot and pushes may spell them apart; the exchange gives no promise."""
    assert [one_spelling(price, "depth") for price in ("1.50", "100", "0.00", "10", "1E-7", "1.0e2", 5, None)] == [
        *("1.5", "100", "0", "10", "0.0000001", "100"),
        *(5, None),
    ]
    for wrong in ("1E999999999", "1E-999999999", "Ee"):
        with pytest.raises((BadNumber, ArithmeticError)):
            one_spelling(wrong, "depth")


def test_a_subscription_is_waited_for_and_its_book_fetched_once_it_is_acknowledged(store: Failing) -> None:
    """C36."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)

    store.onevent(Subscribed(None, [SUBSCRIBE, {"method": "SUBSCRIPTION", "params": ["spot@private.x"]}], 2))

    assert store.depth.status_of(S) == Syncing()
    assert not asks
    store.onevent(Acknowledged(None, SUBSCRIBE))
    assert [(ask.store, ask.symbol) for ask in asks] == [(store.depth, S)]
    url = URL("wss://wbs-api.mexc.com/ws?listenKey=x")
    assert store._snapshot_request(store.depth, S, url) == ("/api/v3/depth", {"symbol": S, "limit": "1000"})
    assert store._rest(url) == "https://api.mexc.com"
    assert not store._repeats("/api/v3/depth")


async def test_a_subscription_that_ended_leaves_no_book(store: Failing) -> None:
    await snapshot(store, 10, asks=[["9", "1"]])

    store.onevent(Acknowledged(None, {"method": "UNSUBSCRIPTION", "params": [DEPTH + S]}))

    assert prices(store) == ([], [])
    assert store.depth.status_of(S) == Stale("unsubscribed")


# ---------------------------------------------------------------------- trades


async def test_trades(store: Failing) -> None:
    """Where the buyer was the maker, a seller took."""
    store.frame(deals(S, [("93220.00", "0.04438243", 2, 1736409765051), ("93221", "1", 1, 1736409765052)]))
    assert [dict(row) for row in store.trades] == [
        {"symbol": S, "price": "93220.00", "quantity": "0.04438243", "tradeType": 2, "time": 1736409765051},
        {"symbol": S, "price": "93221", "quantity": "1", "tradeType": 1, "time": 1736409765052},
    ]
    trade = {"id": None, "price": "23", "qty": "0.47", "quoteQty": "11", "isBuyerMaker": True, "isBestMatch": True}

    await load(store, "trades?symbol=MXUSDT", [{**trade, "time": 9}, {**trade, "time": 8, "isBuyerMaker": False}])

    assert [(row["tradeType"], row["time"]) for row in store.trades.find({"symbol": "MXUSDT"})] == [(1, 8), (2, 9)]
    assert store.trades._MAXLEN == 99_999
    store.frame(deals(S, [("1", "1", 1, 5), ("", "1", 1, 5)]))
    assert isinstance(store.failures[0], BadNumber)
    assert len(store.trades) == 4


# ---------------------------------------------------------------------- the account


def placed(state: int = 1, filled: str = "0", sent: int = 1736417034281, name: str = C02, **more: Any) -> bytes:
    fields = {"price": "3.5121", "quantity": "1", "remainQuantity": "1", "tradeType": 2, "orderType": 1}
    return order("MXUSDT", sent, id=name, status=state, cumulativeQuantity=filled, **{**fields, **more})


def test_an_order_lives_and_ends(store: Failing) -> None:
    """2, 4 and 5 end it; 1 and 3 do not."""
    for end in (2, 4, 5):
        store.frame(placed(name=f"o{end}", createTime=1736417034259))
        store.frame(placed(3, "0.4", name=f"o{end}", remainQuantity="0.6"))
        (row,) = store.orders
        assert (row["symbol"], row["status"], row["remainQuantity"]) == ("MXUSDT", 3, "0.6")
        assert row["updateTime"] == 1736417034281

        store.frame(placed(end, "1", name=f"o{end}"))

        assert not store.orders.find()
    assert not store.failures


def test_what_comes_late_or_twice_changes_nothing(store: Failing) -> None:
    """F69, F70: more is filled as time goes by, never less; and what is over does not come back."""
    store.frame(placed(3, "0.4", sent=20))
    version = store.orders.version

    store.frame(placed(3, "0.4", sent=20))
    store.frame(placed(3, "0.3", sent=21))
    store.frame(placed(3, "0.40", sent=19))

    assert store.orders.version == version
    store.frame(placed(2, "1", sent=30))
    store.frame(placed(3, "0.9", sent=31))
    assert not store.orders.find()


@pytest.mark.parametrize(
    "frame",
    [
        placed(0),
        placed(6),
        placed(name=""),
        placed(price="-1"),
        placed(quantity="x"),
        placed(filled="NaN"),
        order("", id="a", status=1),
    ],
)
def test_a_broken_order_is_refused(store: Failing, frame: bytes) -> None:
    store.frame(frame)

    assert isinstance(store.failures[0], ProtocolError | BadNumber)
    assert not store.orders.find()


REST_ORDER = {
    "symbol": "MXUSDT",
    "orderId": C02,
    "orderListId": -1,
    "clientOrderId": "mine",
    "price": "3.5121",
    "origQty": "1",
    "executedQty": "0.4",
    "cummulativeQuoteQty": "1.4",
    "status": "PARTIALLY_FILLED",
    "timeInForce": None,
    "type": "LIMIT",
    "side": "SELL",
    "time": 1736417034259,
    "updateTime": 1736417034281,
}


async def test_orders_of_rest_are_written_as_those_of_the_stream(store: Failing) -> None:
    """C41: so that one row goes on where the other began."""
    await load(store, "openOrders?symbol=MXUSDT", [REST_ORDER])

    assert store.orders.find() == [
        {
            "id": C02,
            "clientId": "mine",
            "price": "3.5121",
            "quantity": "1",
            "cumulativeQuantity": "0.4",
            "cumulativeAmount": "1.4",
            "createTime": 1736417034259,
            "updateTime": 1736417034281,
            "symbol": "MXUSDT",
            "status": 3,
            "tradeType": 2,
            "orderType": 1,
            "remainQuantity": "0.6",
        }
    ]
    store.frame(placed(3, "0.7", sent=1736417034300, remainQuantity="0.3"))
    assert store.orders.find()[0]["remainQuantity"] == "0.3"
    await load(store, "openOrders?symbol=MXUSDT", [REST_ORDER])  # it was asked for before that fill
    assert store.orders.find()[0]["remainQuantity"] == "0.3"
    store.frame(placed(2, "1"))
    assert not store.orders.find()


async def test_an_answer_is_the_truth_for_what_was_asked(store: Failing) -> None:
    """F73."""
    store.frame(placed(name="1"))
    store.frame(order(S, id="2", status=1))
    store.onevent(Closed(1006, "", "reset"))
    assert store.orders.status == store.account.status == Stale("closed: reset")

    await load(store, "openOrders?symbol=MXUSDT", [{**REST_ORDER, "orderId": 5}])

    assert sorted(row["id"] for row in store.orders) == ["2", "5"]
    assert store.orders.status == Live()
    for bad in (
        {**REST_ORDER, "status": "OTHER"},
        {**REST_ORDER, "side": None},
        {**REST_ORDER, "origQty": "x"},
        {**REST_ORDER, "origQty": None},
        {**REST_ORDER, "executedQty": "NaN"},
        {**REST_ORDER, "orderId": None},
        {**REST_ORDER, "symbol": 5},
        {},
    ):
        with pytest.raises((SnapshotError, ProtocolError, BadNumber)):
            await load(store, "openOrders", [{**REST_ORDER, "orderId": "9"}, bad])
    assert sorted(row["id"] for row in store.orders) == ["2", "5"]
    await load(store, "openOrders", [])
    assert not store.orders.find()


async def test_balances(store: Failing) -> None:
    """The newest word of each coin."""
    store.frame(balance(vcoinName="USDT", balanceAmount="21.94", frozenAmount="0", type="CONTRACT_TRANSFER", time=10))
    store.frame(balance(vcoinName="USDT", balanceAmount="5", frozenAmount="0", time=9))
    assert store.account.get({"vcoinName": "USDT"})["balanceAmount"] == "21.94"  # type: ignore[index]

    body = {"canTrade": True, "balances": [{"asset": "MX", "free": "1020000", "locked": "3", "available": "1"}]}
    await load(store, "account", body)

    assert store.account.find() == [{"vcoinName": "MX", "balanceAmount": "1020000", "frozenAmount": "3"}]
    assert store.account.status == Live()
    store.frame(balance(vcoinName="MX", balanceAmount="7", frozenAmount="0", time=1))
    assert store.account.find()[0]["balanceAmount"] == "7"
    for bad in (balance(balanceAmount="1"), balance(vcoinName="MX", balanceAmount="x")):
        store.frame(bad)
    assert len(store.failures) == 2
    for broken in ({}, {"balances": None}, {"balances": [{}]}, {"balances": [{"asset": "A", "free": -1, "locked": 0}]}):
        with pytest.raises((SnapshotError, ProtocolError, BadNumber)):
            await load(store, "account", broken)
    assert store.account.find()[0]["balanceAmount"] == "7"


async def test_fills_are_counted_once_whoever_tells_of_them(store: Failing) -> None:
    """A lost connection loses none: the request is repeated, and knows them by their id."""
    stream = {"tradeId": "505979017439002624X1", "orderId": C02, "price": "3.6962", "quantity": "1", "amount": "3.6962"}
    store.frame(fill("MXUSDT", **stream, tradeType=2, feeAmount="0.0004", feeCurrency="MX", time=1736417034280))
    rest = {
        "symbol": "MXUSDT",
        "id": "505979017439002624X1",
        "orderId": C02,
        "price": "3.6962",
        "qty": "1",
        "quoteQty": "3.6962",
        "commission": "0.0004",
        "commissionAsset": "MX",
        "time": 1736417034280,
        "isBuyer": False,
        "isMaker": False,
        "isSelfTrade": False,
        "clientOrderId": None,
        "orderListId": -1,
    }
    version = store.deals.version

    await load(store, "myTrades?symbol=MXUSDT", [rest])

    assert store.deals.version == version
    assert store._repeats("/api/v3/myTrades")
    await load(store, "myTrades?symbol=MXUSDT", [{**rest, "id": "other", "isBuyer": True}])
    (first, second) = store.deals
    assert {**first, "tradeId": "other", "tradeType": 1, "clientOrderId": ""} == {**second, "clientOrderId": ""}
    store.frame(fill("MXUSDT", price="1", quantity="1"))
    store.frame(fill("", **stream))
    assert len(store.failures) == 2
    assert len(store.deals) == 2


# ---------------------------------------------------------------------- answers and the rest


async def test_an_error_of_the_exchange_is_named(store: Failing) -> None:
    """F66."""
    with pytest.raises(VenueError, match="700002"):
        await load(store, "account", {"code": 700002, "msg": "Signature for this request is not valid."})
    for body in (None, 5, "x", {}, [5]):
        with pytest.raises((SnapshotError, ProtocolError)):
            await load(store, "openOrders", body)


def test_what_belongs_to_no_store_is_counted(store: Failing) -> None:
    store.onmessage({"id": 0, "code": 0, "msg": "PONG"})
    assert not store.unhandled
    store.frame(push("spot@public.limit.depth.v3.api.pb@BTCUSDT@5", 303, b"", symbol=S))
    store.onmessage({"other": 1})

    assert store.unhandled == {"spot@public.limit.depth.v3.api.pb@BTCUSDT@5": 1, "…": 1}
    for broken in (None, 5, [], "x", {"channel": 5, "publicAggreDeals": {}}, {"channel": "x", "privateOrders": None}):
        store.onmessage(broken)
    assert len(store.failures) == 6
    assert all(isinstance(error, ProtocolError) for error in store.failures)


def test_only_messages_of_the_account_wait_for_a_snapshot(store: Failing) -> None:
    assert store._holds(decode(placed()))
    for other in (decode(depth(S, 1, 1)), {"msg": "PONG"}, {"channel": 5}, None, [1]):
        assert not store._holds(other)
