"""BitTrade's stores. The reference has none (defect 8): every rule here is the exchange's own, or the sheet's."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from rxbotters import BitTradeDataStore
from rxbotters.errors import BadNumber, BookMismatch, ProtocolError, SnapshotError, StoreError, VenueError
from rxbotters.stores import Ask
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

BTC = "btcjpy"
BALANCE = "/v1/account/accounts/5566913/balance"


class Store(BitTradeDataStore):
    """Remembers its errors and asks."""

    def _init(self) -> None:
        super()._init()
        self.failures = heard(self)
        self.asked: list[Ask] = []
        self.asks.subscribe(self.asked.append)

    def push(self, channel: str, data: Any, **more: Any) -> None:
        """A message of the private stream."""
        self.onmessage({"action": "push", "ch": channel, "data": data, **more})

    def book(
        self, asks: Any = ((101.0, 1.0),), bids: Any = ((99.0, 2.0),), *, ts: Any = 1000, step: int = 0, **more: Any
    ) -> None:
        tick = {"asks": [list(level) for level in asks], "bids": [list(level) for level in bids], **more}
        self.onmessage({"ch": f"market.{BTC}.depth.step{step}", "ts": ts, "tick": tick})

    def prices(self, name: str = "depth") -> tuple[list[Any], list[Any]]:
        asks, bids = self[name].depth(BTC)  # type: ignore[attr-defined]
        return [price for price, _ in asks], [price for price, _ in bids]

    def order(self, status: str = "submitted", event: str = "creation", *, id: Any = 27163533, **more: Any) -> None:  # noqa: A002
        data = {"orderId": id, "symbol": BTC, "orderStatus": status, "eventType": event, "type": "sell-limit", **more}
        self.push(f"orders#{BTC}", data)

    async def rest(self, path: str, data: Any, **more: Any) -> dict[str, int]:
        return await self.initialize(answer(path, json.dumps({"status": "ok", "data": data, **more})))


@pytest.fixture
def store() -> Store:
    return Store()


# ---------------------------------------------------------------------- books


@pytest.mark.parametrize("name", ["tick", "data"])
def test_a_message_is_the_whole_book(store: Store, name: str) -> None:
    """The documentation writes ``data``, the exchange ``tick``."""
    first = {"bids": [[9999.39, 0.0098], [9992.59, 0.056]], "asks": [[10010.98, 0.0099]]}
    second = {"bids": [[9992.59, 0.07]], "asks": [[10010.98, 0.0099], [10011.39, 2.0]]}
    store.onmessage({"ch": "market.ethbtc.depth.step0", "ts": 1489474082831, name: first})
    store.onmessage({"ch": "market.ethbtc.depth.step0", "ts": 1489474083831, name: second})

    assert store.depth.find() == [
        {"symbol": "ethbtc", "side": "asks", "price": 10010.98, "amount": 0.0099},
        {"symbol": "ethbtc", "side": "asks", "price": 10011.39, "amount": 2.0},
        {"symbol": "ethbtc", "side": "bids", "price": 9992.59, "amount": 0.07},
    ]
    assert store.depth.status_of("ethbtc") == Live()
    assert store.depth.ts == {"ethbtc": 1489474083831}


def test_only_what_differs_is_told(store: Store) -> None:
    store.book()

    changes = store.apply(
        {"ch": f"market.{BTC}.depth.step0", "ts": 1001, "tick": {"asks": [[101.0, 1.0]], "bids": [[98.0, 1.0]]}}
    )

    assert [(change.operation, change.data["price"]) for change in changes] == [("delete", 99.0), ("insert", 98.0)]


def test_a_level_of_size_zero_is_none(store: Store) -> None:
    store.book(asks=[(101.0, 0.0), (102.0, 1.0)])

    assert store.prices() == ([102.0], [99.0])


def test_a_crossed_book_is_emptied_and_asked_for_anew(store: Store) -> None:
    store.book()
    store.book(asks=[(98.0, 1.0)], ts=1001)

    assert store.prices() == ([], [])
    assert store.depth.status_of(BTC) == Stale("crossed: ask 98.0 at or below bid 99.0")
    assert isinstance(store.failures[0], BookMismatch)
    assert store.asked == [Ask(store.depth, BTC, None)]
    topic = f"market.{BTC}.depth.step0"
    assert store._subscription(store.depth, BTC) == {"sub": topic, "id": topic}

    store.book(ts=1002)
    assert store.prices() == ([101.0], [99.0])
    assert store.depth.status_of(BTC) == Live()


@pytest.mark.parametrize("bad", [None, "x", -1.0, [1], {}, 1e999])
def test_a_book_that_cannot_be_read_is_empty_not_half(store: Store, bad: Any) -> None:
    """F79, F80."""
    store.book()
    store.book(asks=[(101.0, 1.0), (102.0, bad)], bids=[(100.0, 1.0)], ts=1001)

    assert store.prices() == ([], [])
    assert store.depth.status_of(BTC) == Stale("a message was refused")
    assert isinstance(store.failures[0], ProtocolError | StoreError)


@pytest.mark.parametrize(
    "tick",
    [None, [], {"asks": []}, {"asks": None, "bids": []}, {"asks": {}, "bids": []}, {"asks": "", "bids": []},
     {"asks": [], "bids": [], "version": "1"}],
)  # fmt: skip
def test_a_book_without_its_sides_is_none(store: Store, tick: Any) -> None:
    store.book()
    store.onmessage({"ch": f"market.{BTC}.depth.step0", "ts": 1001, "tick": tick})

    assert store.prices() == ([], [])
    assert isinstance(store.depth.status_of(BTC), Stale)
    assert len(store.failures) == 1


def test_an_old_book_changes_nothing(store: Store) -> None:
    """F71: older in both its number and its time."""
    store.book(ts=1001, version=11)
    store.book(asks=[(105.0, 1.0)], ts=1000, version=10)
    assert store.prices() == ([101.0], [99.0])
    store.book(asks=[(106.0, 1.0)], ts=1001, version=11)
    store.book(asks=[(106.0, 1.0)], ts=1001, version=11)

    assert store.prices() == ([106.0], [99.0])
    assert not store.failures


def test_numbers_that_begin_again_do_not_freeze_a_book(store: Store) -> None:
    store.book(ts=1001, version=1_000_000)
    store.book(asks=[(105.0, 1.0)], ts=1002, version=3)

    assert store.prices() == ([105.0], [99.0])
    store.onevent(Closed(None, "peer", 1006))
    store.book(asks=[(104.0, 1.0)], ts=5, version=1)
    assert store.prices() == ([104.0], [99.0])


async def test_an_answer_fills_the_book_unless_the_stream_knows_better(store: Store) -> None:
    path = "/market/depth?symbol=btcjpy&type=step0"
    body = {"ch": f"market.{BTC}.depth.step0", "status": "ok", "ts": 2000}
    tick = {"asks": [[103.0, 1]], "bids": [[99.5, 1]], "version": 10}
    await store.initialize(answer(path, json.dumps({**body, "tick": tick})))
    assert store.prices() == ([103.0], [99.5])
    assert store.depth.status_of(BTC) == Live()
    store.book(ts=1999, version=12)
    await store.initialize(answer(path, json.dumps({**body, "tick": {**tick, "version": 11}})))

    assert store.prices() == ([101.0], [99.0])


async def test_an_answer_that_cannot_be_read_leaves_the_book_as_it_is(store: Store) -> None:
    store.book()
    body = {"ch": f"market.{BTC}.depth.step0", "status": "ok", "ts": 2000}
    for tick in ({"asks": [[103.0, "x"]], "bids": []}, {"asks": []}, None):
        with pytest.raises((SnapshotError, BadNumber, ProtocolError)):
            await store.initialize(answer("/market/depth", json.dumps({**body, "tick": tick})))

    assert store.prices() == ([101.0], [99.0])
    assert store.depth.status_of(BTC) == Live()


def test_steps_of_grouping_never_mix(store: Store) -> None:
    store.book(asks=[(110.0, 5.0)], bids=[(90.0, 5.0)], step=1)
    assert store.prices() == ([110.0], [90.0])
    store.book(step=0)
    store.book(asks=[(110.0, 6.0)], bids=[(90.0, 5.0)], step=1, ts=1001)

    assert store.prices() == ([101.0], [99.0])
    assert store.prices("depth.step1") == ([110.0], [90.0])
    topic = f"market.{BTC}.depth.step1"
    assert store._subscription(store.get("depth.step1"), BTC) == {"sub": topic, "id": topic}


def test_the_changes_of_a_book_that_a_message_begins_are_told(store: Store) -> None:
    store.book()

    changes = store.apply({"ch": f"market.{BTC}.depth.step3", "ts": 1, "tick": {"asks": [[110.0, 1.0]], "bids": []}})

    assert [(change.store.name, change.operation) for change in changes] == [("depth.step3", "insert")]


def test_subscriptions_say_which_step_is_the_finest(store: Store) -> None:
    messages = [{"sub": f"market.{BTC}.depth.step{step}", "id": "1"} for step in (2, 0)]
    store.onevent(Subscribed(None, [*messages, "x", {"action": "sub", "ch": "orders#btcjpy"}, {"sub": 1}]))

    assert store.depth.status_of(BTC) == Syncing()
    assert store.get("depth.step2").status_of(BTC) == Syncing()
    store.book(step=2)
    assert store.prices() == ([], [])
    store.book()
    assert store.depth.status_of(BTC) == Live()


def test_a_lost_connection_empties_the_books(store: Store) -> None:
    """F73."""
    store.book()
    store.onevent(Closed(None, "peer", 1003))

    assert store.prices() == ([], [])
    assert isinstance(store.depth.status_of(BTC), Stale)
    assert store.depth.ts == {}


def test_one_busy_symbol_never_empties_another(store: Store) -> None:
    """F75, F76: the cap is for each symbol and side, and drops what is farthest."""
    levels = [[float(price), 1.0] for price in range(1000, 12_000)]
    for symbol in ("aaajpy", "bbbjpy"):
        store.onmessage({"ch": f"market.{symbol}.depth.step0", "ts": 1, "tick": {"asks": levels, "bids": [[1.0, 1.0]]}})

    assert len(store.depth) == 2 * (9999 + 1)
    assert store.depth.best("aaajpy").ask["price"] == 1000.0  # type: ignore[index]


# ---------------------------------------------------------------------- candles, trades, tickers


def test_candles_are_updated_in_place(store: Store) -> None:
    tick = {"id": 1489464480, "open": 7962.62, "close": 7962.62, "low": 7962.62, "high": 7962.62, "amount": 0.0,
            "vol": 0.0, "count": 0}  # fmt: skip
    for patch in ({}, {"close": 7963.0, "count": 1}):
        store.onmessage({"ch": "market.btcjpy.kline.1min", "ts": 1489474082831, "tick": {**tick, **patch}})

    assert store.kline.find() == [{"symbol": BTC, "period": "1min", **tick, "close": 7963.0, "count": 1}]


async def test_an_answer_fills_candles_oldest_first_and_the_stream_knows_better(store: Store) -> None:
    store.onmessage({"ch": "market.btcjpy.kline.1day", "ts": 1, "tick": {"id": 200, "close": 3, "count": 9}})
    body = {"ch": "market.btcjpy.kline.1day", "status": "ok", "ts": 1}
    data = [
        {"id": 300, "close": 4, "count": 1},
        {"id": 200, "close": 2, "count": 8},
        {"id": 100, "close": 1, "count": 5},
    ]
    await store.initialize(answer("/market/history/kline?symbol=btcjpy", json.dumps({**body, "data": data})))

    assert [(row["id"], row["close"]) for row in store.kline] == [(200, 3), (100, 1), (300, 4)]


def test_one_time_answers_of_the_stream_are_read_like_those_of_requests(store: Store) -> None:
    store.onmessage({"rep": "market.btcjpy.kline.1min", "status": "ok", "id": "1", "data": [{"id": 60, "close": 1}]})
    detail = {"amount": 12224.2922, "open": 9790.52, "close": 10195.0, "count": 15195, "vol": 121906001.754751}
    store.onmessage({"rep": "market.btcjpy.detail", "status": "ok", "id": "id12", "tick": detail})
    trade = {"id": 1, "ts": 2, "tradeId": 3, "amount": 0.1, "price": 4.0, "direction": "buy"}
    store.onmessage({"rep": "market.btcjpy.trade.detail", "status": "ok", "id": "id11", "data": [trade]})
    book = {"asks": [[101.0, 1.0]], "bids": []}
    store.onmessage({"rep": "market.btcjpy.depth.step0", "status": "ok", "id": "id10", "ts": 5, "data": book})
    store.onmessage({"rep": "market.btcjpy.detail", "status": "error", "err-code": "bad-request", "id": "x"})

    assert store.kline.find() == [{"symbol": BTC, "period": "1min", "id": 60, "close": 1}]
    assert store.detail.find() == [{"symbol": BTC, **detail}]
    assert store.trade.find() == [{"symbol": BTC, **trade}]
    assert store.prices() == ([101.0], [])
    assert not store.failures


def test_the_touch_never_goes_back(store: Store) -> None:
    def bbo(number: Any, ask: float) -> None:
        tick = {"seqId": number, "ask": ask, "askSize": 1.5, "bid": 99.0, "bidSize": 0.2, "quoteTime": 1, "symbol": BTC}
        store.onmessage({"ch": "market.btcjpy.bbo", "ts": 1630994555540, "tick": tick})

    bbo(10, 101.0)
    bbo(9, 102.0)
    bbo(10, 103.0)
    assert store.bbo.find()[0]["ask"] == 101.0
    bbo("11", 104.0)
    assert store.bbo.find()[0]["ask"] == 104.0
    store.onevent(Closed(None, "peer", 1006))
    bbo(3, 105.0)  # another server may count from elsewhere

    assert [row["ask"] for row in store.bbo] == [105.0]


def test_trades_are_told_once(store: Store) -> None:
    """The ``id`` of a trade exceeds 64 bits; it stays exact."""
    trade = {"id": 137005445109359286410323766, "ts": 1630994963173, "tradeId": 102523573486, "amount": 0.006754,
             "price": 52648.62, "direction": "buy"}  # fmt: skip
    for _ in range(2):
        store.onmessage({"ch": "market.btcjpy.trade.detail", "ts": 1, "tick": {"id": 1, "ts": 1, "data": [trade]}})

    assert store.trade.find() == [{"symbol": BTC, **trade}]


async def test_an_answer_adds_the_trades_that_are_missing(store: Store) -> None:
    known = {"id": 2, "ts": 2, "tradeId": 2, "amount": 1.0, "price": 4.0, "direction": "buy"}
    store.onmessage({"ch": "market.btcjpy.trade.detail", "ts": 1, "tick": {"data": [known]}})
    trades = [
        {"id": 2.0e26, "ts": number, "trade-id": number, "amount": 1.0, "price": 4.0, "direction": "buy"}
        for number in (3, 2, 1)
    ]
    data = [{"id": 1, "ts": 1, "data": [trade]} for trade in trades]
    body = {"ch": "market.btcjpy.trade.detail", "status": "ok", "ts": 1, "data": data}
    await store.initialize(answer("/market/history/trade", json.dumps(body)))
    latest = {"ch": "market.btcjpy.trade.detail", "status": "ok", "ts": 1, "tick": {"id": 1, "data": trades[:1]}}
    await store.initialize(answer("/market/trade", json.dumps(latest)))

    assert [row["tradeId"] for row in store.trade] == [2, 1, 3]
    assert store.trade.find()[0] == {"symbol": BTC, **known}


@pytest.mark.parametrize(
    ("channel", "tick"),
    [
        ("trade.detail", {"data": [{"tradeId": 1, "price": 1.0, "amount": 1.0}, {"tradeId": 2, "price": "x", "amount": 1}]}),
        ("trade.detail", {"data": [{"tradeId": 1, "price": 1.0, "amount": 1.0}, {"price": 1.0, "amount": 1.0}]}),
        ("trade.detail", {"data": {"tradeId": 1}}),
        ("trade.detail", {}),
        ("kline.1min", {"id": "1"}),
        ("kline.1min", {"id": 1, "close": -1}),
        ("kline.1min", [1]),
        ("bbo", {"seqId": 1, "ask": [1, 2]}),
        ("bbo", {"seqId": "x"}),
        ("detail", {"close": "nan"}),
        ("detail", None),
    ],
)  # fmt: skip
def test_a_message_is_applied_whole_or_not_at_all(store: Store, channel: str, tick: Any) -> None:
    """F79, F80."""
    store.onmessage({"ch": f"market.btcjpy.{channel}", "ts": 1, "tick": tick})

    assert len(store.failures) == 1
    assert isinstance(store.failures[0], ProtocolError | StoreError)
    assert not any(len(store[name]) for name in store)


# ---------------------------------------------------------------------- orders


CREATED = {
    "orderSize": "2.000000000000000000",
    "orderCreateTime": 1583853365586,
    "accountId": 992701,
    "orderPrice": "77.000000000000000000",
    "type": "sell-limit",
    "orderId": 27163533,
    "clientOrderId": "abc123",
    "orderSource": "spot-api",
    "orderStatus": "submitted",
    "symbol": "btcjpy",
    "eventType": "creation",
}


def test_an_order_lives_from_its_creation_to_its_last_fill(store: Store) -> None:
    store.push("orders#btcjpy", CREATED)
    assert store.orders.find() == [CREATED]
    store.order("partial-filled", "trade", tradeId=301, tradePrice="76", tradeVolume="1", remainAmt="1", execAmt="1")
    assert store.orders.find()[0] == {
        **CREATED, "orderStatus": "partial-filled", "eventType": "trade", "tradeId": 301, "tradePrice": "76",
        "tradeVolume": "1", "remainAmt": "1", "execAmt": "1",
    }  # fmt: skip
    store.order("filled", "trade", remainAmt="0")

    assert not len(store.orders)
    assert not store.failures


@pytest.mark.parametrize("status", ["filled", "canceled", "partial-canceled", "rejected"])
def test_a_state_that_ends_an_order_removes_it(store: Store, status: str) -> None:
    store.order()
    store.order(status, "trade")

    assert not len(store.orders)


@pytest.mark.parametrize("event", ["cancellation", "deletion", "delete"])
def test_an_event_that_ends_an_order_removes_it(store: Store, event: str) -> None:
    store.order()
    store.order("canceling", event)

    assert not len(store.orders)


def test_an_order_that_ended_does_not_come_back(store: Store) -> None:
    """F70: late and duplicate messages are harmless."""
    store.order()
    store.order("canceled", "cancellation", remainAmt="2")
    store.order("canceled", "cancellation", remainAmt="2")
    store.order("partial-filled", "trade", remainAmt="1")
    store.order()

    assert not len(store.orders)
    assert not store.failures


async def test_not_by_an_old_list_either(store: Store) -> None:
    store.order("canceled", "cancellation")
    await store.rest("/v1/order/openOrders", [{"id": 27163533, "symbol": BTC, "state": "submitted"}])

    assert not len(store.orders)


def test_what_is_left_of_an_order_never_grows(store: Store) -> None:
    """F69: an event that comes late changes nothing."""
    store.order(orderSize="2")
    store.order("partial-filled", "trade", remainAmt="0.5", tradeId=2)
    store.order("partial-filled", "trade", remainAmt="1.0", tradeId=1)
    store.order("submitted", "creation", orderSize="2", orderSource="spot-api")

    (row,) = store.orders
    assert (row["remainAmt"], row["tradeId"], row["orderStatus"]) == ("0.5", 2, "partial-filled")
    assert row["orderSource"] == "spot-api"


def test_an_order_that_never_was_open_is_none(store: Store) -> None:
    """A conditional order that failed, or was cancelled, before it was triggered: it has no id of the exchange."""
    store.push("orders#btcjpy", CREATED)
    failed = {
        "eventType": "trigger",
        "symbol": BTC,
        "clientOrderId": "other",
        "orderStatus": "rejected",
        "errCode": 2002,
    }
    store.push("orders#btcjpy", failed)
    store.push("orders#btcjpy", {**failed, "eventType": "deletion", "orderStatus": "canceled", "clientOrderId": ""})
    assert len(store.orders) == 1
    store.push(
        "orders#btcjpy", {**failed, "eventType": "deletion", "orderStatus": "canceled", "clientOrderId": "abc123"}
    )

    assert not len(store.orders)
    assert not store.failures


@pytest.mark.parametrize(
    "patch",
    [
        {"orderStatus": "melted"},
        {"orderStatus": None},
        {"orderId": [1]},
        {"orderId": None},
        {"orderId": True},
        {"symbol": None},
        {"orderPrice": "x"},
        {"orderSize": "-1"},
        {"remainAmt": "1e9999999"},
        {"remainAmt": "nan"},
    ],
)
def test_an_event_that_cannot_be_read_changes_nothing(store: Store, patch: Any) -> None:
    """F78, F79, F80."""
    store.push("orders#btcjpy", CREATED)
    store.push("orders#btcjpy", {**CREATED, **patch})
    store.push("orders#btcjpy", [CREATED])

    assert store.orders.find() == [CREATED]
    assert len(store.failures) == 2


REST_ORDER = {
    "account-id": 12698099,
    "amount": "2.000000000000000000",
    "client-order-id": "",
    "created-at": 1633016858283,
    "filled-amount": "0.5",
    "filled-cash-amount": "3000000",
    "filled-fees": "0.0",
    "id": 375977156321165,
    "price": "6000000",
    "source": "api",
    "state": "partial-filled",
    "symbol": "btcjpy",
    "type": "buy-limit",
}


async def test_the_list_of_open_orders_speaks_as_the_stream_does(store: Store) -> None:
    await store.rest("/v1/order/openOrders", [REST_ORDER])

    assert store.orders.find() == [
        {
            "orderId": 375977156321165,
            "symbol": "btcjpy",
            "accountId": 12698099,
            "clientOrderId": "",
            "orderPrice": "6000000",
            "orderSize": "2.000000000000000000",
            "type": "buy-limit",
            "orderStatus": "partial-filled",
            "orderSource": "api",
            "orderCreateTime": 1633016858283,
            "remainAmt": "1.500000000000000000",
        }
    ]
    assert store.orders.status == Live()
    store.order("partial-filled", "trade", id=375977156321165, remainAmt="1.7")
    assert store.orders.find()[0]["remainAmt"] == "1.500000000000000000"
    store.order("filled", "trade", id=375977156321165, remainAmt="0")
    assert not len(store.orders)


async def test_a_list_older_than_the_stream_does_not_give_back_what_was_filled(store: Store) -> None:
    store.order("partial-filled", "trade", id=375977156321165, remainAmt="0.25")
    await store.rest("/v1/order/openOrders", [REST_ORDER])

    assert store.orders.find()[0]["remainAmt"] == "0.25"


async def test_what_is_left_of_a_market_buy_is_money(store: Store) -> None:
    market = {
        **REST_ORDER,
        "type": "buy-market",
        "amount": "5000",
        "filled-amount": "0.0005",
        "filled-cash-amount": "3000",
    }
    await store.rest("/v1/order/openOrders", [market])

    assert store.orders.find()[0]["remainAmt"] == "2000"


async def test_the_list_replaces_what_was_asked_for_and_nothing_else(store: Store) -> None:
    orders = [
        {"id": 1, "symbol": "btcjpy", "account-id": 7, "state": "submitted", "type": "buy-limit"},
        {"id": 2, "symbol": "btcjpy", "account-id": 7, "state": "submitted", "type": "sell-limit"},
        {"id": 3, "symbol": "ethjpy", "account-id": 7, "state": "submitted", "type": "buy-limit"},
        {"id": 4, "symbol": "btcjpy", "account-id": 8, "state": "submitted", "type": "buy-limit"},
    ]

    async def after(query: str) -> list[int]:
        await store.rest("/v1/order/openOrders", orders)
        await store.rest(f"/v1/order/openOrders?{query}", [])
        return sorted(row["orderId"] for row in store.orders)

    assert await after("account-id=7&symbol=btcjpy") == [3, 4]
    assert await after("account-id=7&symbol=btcjpy&side=sell") == [1, 3, 4]
    assert await after("account-id=7") == [4]
    assert await after("AccessKeyId=k&Signature=s&Timestamp=t") == []
    assert await after("from=1&direct=next") == [1, 2, 3, 4]


async def test_a_full_page_takes_nothing_away(store: Store) -> None:
    store.order(id=1)
    page = [{"id": number, "symbol": BTC, "state": "submitted"} for number in range(2, 5)]
    await store.rest("/v1/order/openOrders?size=3", page)

    assert len(store.orders) == 4
    assert store.orders.status == Stale("a full page of 3 orders came: initialize with a larger size, or by symbol")
    await store.rest("/v1/order/openOrders?size=500", page)
    assert [row["orderId"] for row in store.orders] == [2, 3, 4]
    assert store.orders.status == Live()


@pytest.mark.parametrize(
    "patch", [{"state": "x"}, {"id": None}, {"amount": "x"}, {"filled-amount": "-1"}, {"price": "-1"}, {"symbol": None}]
)
async def test_a_list_with_a_bad_order_changes_nothing(store: Store, patch: Any) -> None:
    store.push("orders#btcjpy", CREATED)
    with pytest.raises((ProtocolError, StoreError)):
        await store.rest("/v1/order/openOrders", [{**REST_ORDER, "id": 5}, {**REST_ORDER, **patch}])

    assert store.orders.find() == [CREATED]


# ---------------------------------------------------------------------- fills


FILL = {
    "accountId": 5566913, "aggressor": True, "eventType": "trade", "feeCurrency": "btc", "feeDeduct": "0",
    "feeDeductType": "", "orderCreateTime": 1634275849427, "orderId": 388370646839430, "orderPrice": "6000000",
    "orderSide": "buy", "orderSize": "1", "orderStatus": "filled", "orderType": "buy-limit", "source": "web",
    "symbol": "btcjpy", "tradeId": 2516, "tradePrice": "6000000", "tradeTime": 1634275849431, "tradeVolume": "1",
    "transactFee": "0",
}  # fmt: skip


def test_fills_count_once_and_cancellations_are_none(store: Store) -> None:
    cancel = {**FILL, "eventType": "cancellation", "remainAmt": "1"}
    del cancel["tradeId"]
    for data in (cancel, FILL, FILL, {**FILL, "tradeId": 2517}):
        store.onmessage({"ch": "trade.clearing#btcjpy#1", "data": data})  # without an action, as documented
    store.push("trade.clearing#btcjpy#1", {**FILL, "orderId": 2})

    assert [(row["tradeId"], row["orderId"]) for row in store.clearing] == [
        (2516, 388370646839430), (2517, 388370646839430), (2516, 2),
    ]  # fmt: skip
    assert store.clearing.find()[0] == FILL
    assert not store.failures


async def test_the_list_of_fills_speaks_as_the_stream_does(store: Store) -> None:
    store.push("trade.clearing#btcjpy#0", FILL)
    fill = {
        "created-at": 1633018402536, "fee-currency": "btc", "fee-deduct-currency": "", "fee-deduct-state": "done",
        "filled-amount": "0.1", "filled-fees": "0", "filled-points": "0.0", "id": 372969482257005,
        "match-id": 100554712526, "order-id": 375977348044411, "price": "6000000", "role": "taker",
        "source": "spot-api", "symbol": "btcjpy", "trade-id": 100026336962, "type": "buy-limit",
    }  # fmt: skip
    again = {**fill, "order-id": FILL["orderId"], "trade-id": FILL["tradeId"]}
    await store.rest("/v1/order/matchresults?symbol=btcjpy", [again, fill])

    assert len(store.clearing) == 2
    assert store.clearing.find()[0] == FILL
    assert store.clearing.find()[1] == {
        "eventType": "trade", "tradeId": 100026336962, "orderId": 375977348044411, "matchId": 100554712526,
        "symbol": "btcjpy", "tradePrice": "6000000", "tradeVolume": "0.1", "transactFee": "0", "feeCurrency": "btc",
        "feeDeduct": "0.0", "feeDeductType": "", "tradeTime": 1633018402536, "orderType": "buy-limit",
        "source": "spot-api", "aggressor": True, "orderSide": "buy",
    }  # fmt: skip


@pytest.mark.parametrize("patch", [{"tradeId": None}, {"orderId": []}, {"tradePrice": "x"}, {"tradeVolume": "-1"}])
def test_a_bad_fill_is_refused(store: Store, patch: Any) -> None:
    store.push("trade.clearing#btcjpy#0", {**FILL, **patch})

    assert len(store.failures) == 1
    assert not len(store.clearing)


# ---------------------------------------------------------------------- balances


CHANGE = {
    "accountId": 5566913, "accountType": "trade", "available": "0.000051644983883289",
    "balance": "0.000051644983883289", "changeTime": None, "changeType": None, "currency": "btc", "seqNum": 566163,
}  # fmt: skip


def test_an_older_change_of_a_balance_is_dropped(store: Store) -> None:
    store.push("accounts.update#2", CHANGE)
    store.push("accounts.update#2", {**CHANGE, "seqNum": 566162, "balance": "9"})
    assert store.accounts.find() == [CHANGE]
    store.push("accounts.update#2", {**CHANGE, "seqNum": "566164", "balance": "1", "available": None})

    assert store.accounts.find() == [{**CHANGE, "seqNum": "566164", "balance": "1"}]


def test_numbers_that_begin_again_do_not_freeze_a_balance(store: Store) -> None:
    store.push("accounts.update#2", CHANGE)
    store.onevent(Closed(None, "peer", 1006))
    store.push("accounts.update#2", {**CHANGE, "seqNum": 3, "balance": "9"})

    assert store.accounts.find()[0]["balance"] == "9"


def test_balance_and_available_may_come_apart(store: Store) -> None:
    """Mode 1."""
    for name, value in (("balance", "2"), ("available", "1.5")):
        change = {"accountId": 1, "accountType": "trade", "currency": "jpy", "seqNum": 5, name: value}
        store.push("accounts.update#1", change)

    (row,) = store.accounts
    assert (row["balance"], row["available"]) == ("2", "1.5")


async def test_a_balance_is_what_is_free_and_what_orders_hold(store: Store) -> None:
    """C46: the path has the account's id in it."""
    store.push("accounts.update#2", {**CHANGE, "currency": "xrp"})
    store.push("accounts.update#2", {**CHANGE, "accountId": 1})
    items = [
        {"currency": "jpy", "type": "trade", "balance": "500009195917.4362872650"},
        {"currency": "jpy", "type": "frozen", "balance": "0.000000000000000001"},
        {"currency": "btc", "type": "trade", "balance": "0"},
        {"currency": "btc", "type": "frozen", "balance": "1.5"},
    ]
    summary = await store.rest(BALANCE, {"id": 5566913, "type": "spot", "state": "working", "list": items})

    assert summary == {"/v1/account/accounts/{account-id}/balance": 1}
    assert [row for row in store.accounts if row["accountId"] == 5566913] == [
        {
            "accountId": 5566913,
            "currency": "jpy",
            "accountType": "trade",
            "balance": "500009195917.436287265000000001",
            "available": "500009195917.4362872650",
        },
        {"accountId": 5566913, "currency": "btc", "accountType": "trade", "balance": "1.5", "available": "0"},
    ]
    assert len(store.accounts) == 3  # the other account was not asked for
    assert store.accounts.status == Live()


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"id": 1},
        {"id": None, "list": [{"currency": "jpy", "type": "trade", "balance": "1"}]},
        {"id": 1, "list": [{"currency": "jpy", "type": "trade", "balance": "x"}]},
        {"id": 1, "list": [{"currency": None, "type": "trade", "balance": "1"}]},
        {"id": 1, "list": [1]},
    ],
)
async def test_a_bad_balance_changes_nothing(store: Store, data: Any) -> None:
    store.push("accounts.update#2", CHANGE)
    with pytest.raises((ProtocolError, StoreError)):
        await store.rest(BALANCE, data)

    assert store.accounts.find() == [CHANGE]


@pytest.mark.parametrize(
    "patch", [{"balance": "x"}, {"currency": None}, {"accountId": {}}, {"seqNum": "x"}, {"seqNum": 1.5}]
)
def test_a_bad_change_of_a_balance_is_refused(store: Store, patch: Any) -> None:
    store.push("accounts.update#2", CHANGE)
    store.push("accounts.update#2", {**CHANGE, "balance": "7", **patch})

    assert store.accounts.find() == [CHANGE]
    assert len(store.failures) == 1


# ---------------------------------------------------------------------- the dealer


def test_the_dealers_prices(store: Store) -> None:
    offer = {"id": "26cbe6a90df849bca08c32ba53904bb7", "symbol": "BTCJPY", "buy_price": "474141.06666666",
             "sell_price": "387930.30000000", "market_price": "431035.68333333", "buy_ratio": "0.11"}  # fmt: skip
    data = {"action": 1, "offer": [offer], "topic": 1, "ts": 1571388770}
    store.onmessage({"code": 200, "data": data, "success": True})
    assert store.offers.find() == [{**offer, "ts": 1571388770}]
    store.onmessage(
        {"code": 200, "data": {**data, "offer": [{**offer, "id": "x", "buy_price": "bad"}]}, "success": True}
    )
    assert store.offers.find()[0]["id"] == offer["id"]
    store.onmessage({"code": 200, "data": {"topic": 2, "action": 1, "ts": 1, "orders": []}, "success": True})
    assert store.unhandled == {"retail 2": 1}
    store.onevent(Closed(None, "peer", 1006))

    assert not len(store.offers)  # an order at an old price would be refused, or worse
    assert isinstance(store.failures[0], BadNumber)


# ---------------------------------------------------------------------- the rest


@pytest.mark.parametrize(
    "message",
    [
        {"ping": 1},
        {"action": "ping", "data": {"ts": 1}},
        {"id": "1", "status": "ok", "subbed": "market.btcjpy.bbo", "ts": 1},
        {"action": "sub", "code": 200, "ch": "orders#btcjpy", "data": {}},
        {"action": "req", "code": 200, "ch": "auth", "data": {}},
        {"id": "1", "status": "ok", "unsubbed": "market.btcjpy.bbo", "ts": 1},
    ],
)
def test_what_is_no_data_changes_nothing(store: Store, message: Any) -> None:
    store.onmessage(message)

    assert not store.failures
    assert not store.unhandled
    assert not any(len(store[name]) for name in store)


def test_refusals_are_counted_and_those_nobody_waits_for_are_errors(store: Store) -> None:
    store.onmessage({"status": "error", "ts": 1, "id": "1", "err-code": "bad-request", "err-msg": "invalid symbol x"})
    store.onmessage({"action": "sub", "code": 2001, "ch": "orders#x", "message": "invalid.symbol"})
    assert not store.failures
    store.onmessage({"status": "error", "ts": 1, "err-code": "bad-request", "err-msg": "not json"})

    assert store.unhandled == {"error": 3}
    assert "not json (code bad-request)" in str(store.failures[0])


def test_channels_that_no_store_wants_are_counted(store: Store) -> None:
    for channel in ("market.btcjpy.mbp.150", "market.btcjpy.depth.step9", "market.overview", "foo#btcjpy"):
        store.onmessage({"ch": channel, "ts": 1, "tick": {}})

    assert sum(store.unhandled.values()) == 4
    assert not store.failures


@pytest.mark.parametrize(
    "message", [None, 1, "x", [1], {"ch": 1, "tick": {}}, {"ch": [], "data": {}}, {"data": {"topic": 1}}]
)
def test_whatever_comes_is_a_typed_error_at_most(store: Store, message: Any) -> None:
    """F60, F67."""
    before = copy.deepcopy(message)
    store.onmessage(message)

    assert message == before
    assert all(isinstance(error, ProtocolError | StoreError) for error in store.failures)


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (
            "/v1/order/openOrders",
            {"status": "error", "err-code": "api-signature-not-valid", "err-msg": "Signature not valid", "data": None},
            r"Signature not valid \(code api-signature-not-valid\)",
        ),
        (BALANCE, {"code": 401, "success": False, "message": "no", "data": None}, r"no \(code 401\)"),
    ],
)
async def test_an_error_body_is_the_exchanges_own_word(store: Store, path: str, body: Any, text: str) -> None:
    """F66."""
    store.push("orders#btcjpy", CREATED)
    with pytest.raises(VenueError, match=text):
        await store.initialize(answer(path, json.dumps(body)))

    assert store.orders.find() == [CREATED]


async def test_an_endpoint_that_no_store_wants(store: Store) -> None:
    for path in ("/v1/common/symbols", "/v1/account/accounts//balance", "/v1/account/accounts/1/balance/x"):
        with pytest.raises(SnapshotError, match="no store is filled"):
            await store.rest(path, [])


def test_a_lost_connection_leaves_private_rows_stale_until_they_are_asked_for_again(store: Store) -> None:
    store.push("orders#btcjpy", CREATED)
    store.push("accounts.update#2", CHANGE)
    store.onevent(Closed(None, "peer", 1006))
    store.onevent(Subscribed(None, []))

    assert isinstance(store.orders.status, Stale)
    assert isinstance(store.accounts.status, Stale)
    assert store.clearing.status == store.trade.status == Live()
    assert store.orders.find() == [CREATED]


async def test_private_messages_wait_for_the_answer_they_continue(store: Store) -> None:
    """What comes while a balance is fetched is applied after it, market data at once."""

    async def slow() -> Any:
        store.push("accounts.update#2", {**CHANGE, "balance": "9"})
        store.order("filled", "trade", remainAmt="0")
        store.book()
        assert store.prices() == ([101.0], [99.0])
        items = [{"currency": "btc", "type": "trade", "balance": "1"}]
        return await answer(BALANCE, json.dumps({"status": "ok", "data": {"id": 5566913, "list": items}}))

    store.order()
    await store.initialize(slow())

    assert [row["balance"] for row in store.accounts] == ["9"]
    assert not len(store.orders)


def test_only_private_requests_are_repeated(store: Store) -> None:
    assert not store._repeats("/market/depth")
    assert store._repeats("/v1/order/openOrders")
