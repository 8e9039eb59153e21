"""Phemex's account messages of all families, REST seeds, and what a lost connection leaves in doubt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rxbotters import PhemexDataStore
from rxbotters.errors import BadNumber, MissingKey, SnapshotError, VenueError
from rxbotters_operators.events import Closed, Live, Stale, Subscribed
from tests.stores.test_collection import answer

B = "BTCUSDT"


@pytest.fixture
def store(failures: list[Exception]) -> PhemexDataStore:
    store = PhemexDataStore()
    store.errors.subscribe(failures.append)
    return store


def account(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"accountID": number, "currency": "USDT", "accountBalanceRv": "1508.48", "userID": 9, **more}


def order(name: str, status: Any = "New", time: int = 0, **more: Any) -> dict[str, Any]:
    row = {"accountID": 1, "action": "New", "orderID": name, "ordStatus": status, "symbol": B, "priceRp": "21150.1"}
    return {**row, **({"transactTimeNs": time} if time else {}), **more}


def position(side: str = "Long", size: Any = "0.046", **more: Any) -> dict[str, Any]:
    return {"accountID": 1, "symbol": B, "posSide": side, "posMode": "Hedged", "side": "Buy", "size": size, **more}


def aop(kind: str, accounts: Any = (), orders: Any = (), positions: Any = (), *, family: str = "_p") -> dict[str, Any]:
    named = {f"accounts{family}": accounts, f"orders{family}": orders, f"positions{family}": positions}
    rows = {name: list(value) for name, value in named.items()}
    return {**rows, "sequence": 59553602, "timestamp": 1701414172164093977, "type": kind, "version": 0}


def ids(store: PhemexDataStore) -> list[str]:
    return [row["orderID"] for row in store.orders]


# ---------------------------------------------------------------------- messages


def test_one_message_fills_three_stores(store: PhemexDataStore) -> None:
    """The sheet's example."""
    store.onmessage(aop("snapshot", [account()], [order("fa64")], [position(size="0")]))

    assert store.accounts.find() == [account()]
    assert store.orders.find() == [order("fa64")]
    assert store.positions.find() == [position(size="0")]
    store.onmessage(aop("incremental", [{"accountID": 1, "currency": "USDT", "accountBalanceRv": "1"}]))
    assert store.accounts.find() == [account(accountBalanceRv="1")]
    assert len(store.positions) == 1


@pytest.mark.parametrize("status", ["Filled", "Deactivated", "Canceled", "Rejected"])
def test_an_order_lives_and_ends(store: PhemexDataStore, status: str) -> None:
    """Defect 4: a rejected order goes too; ``action`` may be missing."""
    store.onmessage(aop("incremental", orders=[order("1"), order("2", "PartiallyFilled"), order("3", "Untriggered")]))
    assert ids(store) == ["1", "2", "3"]
    ended = {name: value for name, value in order("1", status).items() if name != "action"}

    store.onmessage(aop("incremental", orders=[ended, ended]))

    assert ids(store) == ["2", "3"]


def test_an_amended_order_stays(store: PhemexDataStore) -> None:
    store.onmessage(aop("incremental", orders=[order("1")]))
    store.onmessage(aop("incremental", orders=[order("1", "Canceled", action="Replace")]))
    store.onmessage(aop("incremental", orders=[order("1", priceRp="21000", action="Replace")]))

    assert [(row["orderID"], row["priceRp"]) for row in store.orders] == [("1", "21000")]


@pytest.mark.parametrize("status", ["Triggered", "Created", "Init", "Pondering"])
def test_what_passes_changes_nothing(store: PhemexDataStore, status: str) -> None:
    """Defect 13: a conditional order is triggered, then new."""
    store.onmessage(aop("incremental", orders=[order("1", "Untriggered"), order("1", status), order("2", status)]))
    assert [(row["orderID"], row["ordStatus"]) for row in store.orders] == [("1", "Untriggered")]

    store.onmessage(aop("incremental", orders=[order("1", "New")]))

    assert [(row["orderID"], row["ordStatus"]) for row in store.orders] == [("1", "New")]


def test_a_new_and_a_filled_order_of_one_message(store: PhemexDataStore) -> None:
    """As the documentation has it: both with the same time, in this order."""
    store.onmessage(aop("incremental", orders=[order("1", "New", 5), order("1", "Filled", 5)]))
    assert ids(store) == []
    # The history of a snapshot may begin with the last event.
    store.onmessage(aop("snapshot", [account()], [order("2", "Filled", 9), order("2", "New", 8), order("3", "New", 8)]))
    assert ids(store) == ["3"]


def test_both_sides_of_a_hedge(store: PhemexDataStore) -> None:
    """Defect 1."""
    store.onmessage(aop("incremental", positions=[position("Long", "1"), position("Short", "2")]))
    store.onmessage(aop("incremental", positions=[position("Long", "0")]))

    assert [(row["posSide"], row["size"]) for row in store.positions] == [("Long", "0"), ("Short", "2")]


def test_coin_margined_positions_name_no_side(store: PhemexDataStore) -> None:
    row = {"accountID": 2, "symbol": "BTCUSD", "size": 5, "side": "Buy", "avgEntryPriceEp": 189143181}
    store.onmessage(aop("incremental", positions=[row], family=""))

    assert store.positions.find() == [{**row, "posSide": "Merged"}]


def test_a_snapshot_is_everything_of_its_accounts(store: PhemexDataStore) -> None:
    """Defect 11: what vanished while nobody listened."""
    store.onmessage(aop("snapshot", [account()], [order("1"), order("2")], [position("Long"), position("Short")]))
    other = [order("9", accountID=2), order("coin", accountID=3, symbol="BTCUSD")]
    store.onmessage(aop("incremental", [account(2)], other[:1], [position("Long", accountID=2)]))
    store.onmessage(aop("incremental", orders=other[1:], family=""))

    store.onmessage(aop("snapshot", [account()], [order("2", priceRp="1")], [position("Short", "7")]))

    assert ids(store) == ["2", "9", "coin"]
    assert [(row["accountID"], row["posSide"], row["size"]) for row in store.positions] == [
        (1, "Short", "7"),
        (2, "Long", "0.046"),
    ]


def test_a_bad_row_changes_none_of_the_stores(store: PhemexDataStore, failures: list[Exception]) -> None:
    """F79: account, orders and positions of one message, all or nothing."""
    for bad in (
        aop("snapshot", [account()], [order("1", priceRp="NaN")], [position()]),
        aop("snapshot", [account()], [order("1")], [position(size="-1")]),
        aop("snapshot", [account()], [order("1")], [position(size="x")]),
        aop("snapshot", [account(accountID=[1])], [order("1")], [position()]),
        aop("snapshot", [account()], [order("1", ordStatus=[])], [position()]),
        aop("snapshot", [account()], [order("1"), 5], [position()]),
        aop("snapshot", [account()], [order("1", orderID=5)], [position()]),
    ):
        store.onmessage(bad)

    assert not any(len(store[name]) for name in store)
    assert len(failures) == 7
    assert isinstance(failures[0], BadNumber)


def test_a_row_without_its_id_is_skipped(store: PhemexDataStore, failures: list[Exception]) -> None:
    store.onmessage(aop("incremental", orders=[{"ordStatus": "New"}, order("2")]))

    assert ids(store) == ["2"]
    assert [type(error) for error in failures] == [MissingKey]


# ---------------------------------------------------------------------- spot


def spot(name: str, status: str = "New", **more: Any) -> dict[str, Any]:
    return {"orderID": name, "symbol": "sBTCUSDT", "ordStatus": status, "action": "New", "userID": 200076, **more}


def wallet(currency: str, balance: int = 1) -> dict[str, Any]:
    return {"userID": 200076, "currency": currency, "balanceEv": balance, "lockedTradingBalanceEv": 0}


def wo(kind: str, wallets: Any = (), live: Any = (), closed: Any = (), fills: Any = ()) -> dict[str, Any]:
    orders = {"open": list(live), "closed": list(closed), "fills": list(fills)}
    return {"wallets": list(wallets), "orders": orders, "sequence": 350, "timestamp": 1587549529519959300, "type": kind}


def test_spot_orders_come_in_three_lists(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 2."""
    fill = {"execID": "x1", "orderID": "c", "symbol": "sBTCUSDT", "execPriceEp": 669000000000, "execBaseQtyEv": 10000}
    store.onmessage(
        wo("snapshot", [wallet("USDT", 351802500000)], [spot("a"), spot("b")], [spot("c", "Filled")], [fill])
    )
    store.onmessage(aop("snapshot", [account()], [order("1")]))

    assert ids(store) == ["a", "b", "1"]
    assert store.wallets.find() == [wallet("USDT", 351802500000)]
    assert store.fills.find() == [fill]
    store.onmessage(wo("incremental", [wallet("BTC")], [spot("d")], [spot("a", "New"), spot("b", "Canceled")]))
    assert ids(store) == ["1", "d"]  # a closed order is closed, whatever its status says
    assert [row["currency"] for row in store.wallets] == ["USDT", "BTC"]
    store.onmessage(wo("snapshot", [wallet("BTC", 2)], [spot("e")], (), [fill]))
    assert ids(store) == ["1", "e"]
    assert store.wallets.find() == [wallet("BTC", 2)]
    assert len(store.fills) == 1
    assert not failures


def test_a_snapshot_without_orders_or_without_wallets(store: PhemexDataStore) -> None:
    store.onmessage({"wallets": [wallet("BTC")], "sequence": 1, "type": "incremental"})
    store.onmessage({"orders": {"open": [spot("a")]}, "sequence": 1, "type": "incremental"})

    assert (len(store.wallets), ids(store)) == (1, ["a"])


def test_risk_units(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 9."""
    unit = {"riskMode": "Isolated", "valuationCurrency": "USDT", "symbol": B, "posSide": 3, "totalEquityRv": "1075.65"}
    cash = {"currency": "USDT", "balanceRv": "2882.17", "userID": 944384}
    base = {"sequence": 13144420, "timestamp": 0}
    two = [unit, {**unit, "posSide": 1}]
    store.onmessage({"risk_units": two, "risk_wallets": [cash], **base, "type": "snapshot"})
    store.onmessage({"risk_units": [{**unit, "totalEquityRv": "1"}], **base, "type": "incremental"})
    assert store.risk_units.find() == [{**unit, "totalEquityRv": "1"}, two[1]]

    store.onmessage({"risk_units": [unit], "risk_wallets": [], **base, "type": "snapshot"})

    assert store.risk_units.find() == [unit]
    assert not store.risk_wallets.find()
    store.onevent(Closed(1006))
    assert not store.risk_units.find()
    assert not failures


# ---------------------------------------------------------------------- REST


async def take(store: PhemexDataStore, target: str, data: Any, code: int = 0) -> None:
    await store.initialize(answer(target, json.dumps({"code": code, "msg": "", "data": data})))


@pytest.mark.parametrize(
    ("path", "symbol", "whole"),
    [("/g-orders/activeList", B, True), ("/orders/activeList", "BTCUSD", True), ("/spot/orders", "sBTCUSDT", False)],
)
async def test_a_listing_replaces_its_symbol(store: PhemexDataStore, path: str, symbol: str, whole: bool) -> None:
    """Defect 10: live orders, and nothing else of them; numbers become words."""
    store.onmessage(aop("incremental", orders=[order("old", symbol=symbol), order("else", symbol="ETHUSDT")]))
    rows = [
        {"orderID": "1", "symbol": symbol, "ordStatus": "New"},
        {"orderID": "2", "symbol": symbol, "ordStatus": 1},
        {"orderID": "3", "symbol": symbol, "ordStatus": 7},
        {"orderID": "4", "symbol": symbol, "ordStatus": "Triggered"},
        {"orderID": "5", "symbol": symbol, "ordStatus": 99},
    ]

    await take(store, f"{path}?symbol={symbol}", {"rows": rows, "nextPageArg": ""} if whole else rows)

    assert [(row["orderID"], row["ordStatus"]) for row in store.orders] == [
        ("else", "New"),
        ("1", "New"),
        ("2", "Untriggered"),
    ]


@pytest.mark.parametrize("data", [None, {"rows": []}])
async def test_none_found_means_none(store: PhemexDataStore, data: Any) -> None:
    store.onmessage(aop("incremental", orders=[order("old")]))

    await take(store, f"/g-orders/activeList?symbol={B}", data, 0 if data else 10002)

    assert not store.orders.find()


async def test_none_found_is_no_answer_to_other_questions(store: PhemexDataStore) -> None:
    with pytest.raises(SnapshotError):
        await take(store, "/g-accounts/accountPositions?currency=USDT", None, 10002)
    with pytest.raises(VenueError, match="code 11001"):
        await take(store, f"/g-orders/activeList?symbol={B}", None, 11001)


async def test_a_page_of_many_removes_nothing(store: PhemexDataStore) -> None:
    store.onmessage(aop("incremental", orders=[order("old")]))

    await take(store, f"/g-orders/activeList?symbol={B}", {"rows": [order("1")], "nextPageArg": "x"})

    assert ids(store) == ["old", "1"]
    assert isinstance(store.orders.status, Stale)


async def test_the_newer_of_rest_and_event_wins(store: PhemexDataStore) -> None:
    store.onmessage(aop("incremental", orders=[order("1", "PartiallyFilled", 20), order("2", time=10)]))
    store.onmessage(aop("incremental", orders=[order("2", "Filled", 20)]))

    await take(store, f"/g-orders/activeList?symbol={B}", {"rows": [order("1", time=10), order("2", time=10)]})
    store.onmessage(aop("incremental", orders=[order("1", "New", 15)]))

    assert [(row["orderID"], row["ordStatus"]) for row in store.orders] == [("1", "PartiallyFilled")]


async def test_a_snapshot_ends_what_only_rest_told(store: PhemexDataStore) -> None:
    """REST names no account: its rows belong to their family."""
    usd = {"orderID": "usd", "symbol": B, "ordStatus": "New"}
    coin = {"orderID": "coin", "symbol": "BTCUSD", "ordStatus": "New"}
    await take(store, f"/g-orders/activeList?symbol={B}", {"rows": [usd]})
    await take(store, "/orders/activeList?symbol=BTCUSD", {"rows": [coin]})

    store.onmessage(aop("snapshot", [account()], [order("1")]))

    assert ids(store) == ["coin", "1"]


@pytest.mark.parametrize(
    "path", ["/g-accounts/accountPositions", "/g-accounts/positions", "/accounts/accountPositions"]
)
async def test_positions_from_rest(store: PhemexDataStore, path: str) -> None:
    """Defect 10: the account's number is spelt another way there, and sometimes the size."""
    store.onmessage(
        aop("snapshot", [account()], [], [position("Long"), position("Short"), position("Long", symbol="X")])
    )
    rows = [{**{name: value for name, value in position("Long").items() if name != "size"}, "sizeRq": "5"}]
    data = {"account": {"accountId": 1, "currency": "USDT", "accountBalanceRv": "7", "userID": 9}, "positions": rows}

    await take(store, f"{path}?currency=USDT&symbol={B}", data)

    assert [(row["symbol"], row["posSide"], row["size"]) for row in store.positions] == [
        (B, "Long", "5"),
        ("X", "Long", "0.046"),
    ]
    assert store.accounts.find() == [account(accountBalanceRv="7")]
    await take(store, f"{path}?currency=USDT", {**data, "positions": []})
    assert not store.positions.find()


async def test_an_old_position_does_not_overwrite_a_new_one(store: PhemexDataStore) -> None:
    store.onmessage(aop("incremental", positions=[position(size="5", transactTimeNs=20)]))
    data = {"account": {"accountId": 1, "currency": "USDT"}, "positions": [position(size="4", transactTimeNs=10)]}

    await take(store, "/g-accounts/accountPositions?currency=USDT", data)

    assert [row["size"] for row in store.positions] == ["5"]


async def test_wallets_from_rest_name_no_user(store: PhemexDataStore) -> None:
    await take(store, "/spot/wallets", [{"currency": "BTC", "balanceEv": 5}, {"currency": "ETH", "balanceEv": 6}])
    assert [(row["userID"], row["currency"]) for row in store.wallets] == [(None, "BTC"), (None, "ETH")]

    store.onmessage(wo("incremental", [wallet("BTC", 7)]))
    await take(store, "/spot/wallets?currency=BTC", [{"currency": "BTC", "balanceEv": 8}])

    assert [(row["userID"], row["currency"], row["balanceEv"]) for row in store.wallets] == [
        (None, "ETH", 6),
        (200076, "BTC", 8),
    ]


async def test_events_wait_for_the_listing_they_continue(store: PhemexDataStore) -> None:
    async def listing() -> Any:
        store.onmessage(aop("incremental", orders=[order("1", "Filled", 9)]))
        store.onmessage({"tick": {"symbol": ".BTC", "last": 1}})
        assert (ids(store), len(store.ticker)) == (["1"], 1)
        body = {"code": 0, "data": {"rows": [order("1", time=5)]}}
        return await answer(f"/g-orders/activeList?symbol={B}", json.dumps(body))

    store.onmessage(aop("incremental", orders=[order("1", time=5)]))
    await store.initialize(listing())

    assert ids(store) == []


# ---------------------------------------------------------------------- a lost connection


def test_private_rows_are_live_again_with_the_last_snapshot(store: PhemexDataStore) -> None:
    """C49: each account has a snapshot of its own."""
    one, two = object(), object()
    store.onmessage(aop("snapshot", [account(1)], [order("1")]), one)
    store.onmessage(aop("snapshot", [account(2)], [order("2", accountID=2)]), one)
    store.onmessage(wo("snapshot", [wallet("BTC")]), two)

    store.onevent(Closed(1006, connection=one))
    store.onevent(Subscribed(one))
    assert isinstance(store.orders.status, Stale)
    assert ids(store) == ["1", "2"]
    store.onmessage(wo("snapshot", [wallet("BTC")]), two)
    store.onmessage(aop("incremental", orders=[order("1", "PartiallyFilled")]), one)
    store.onmessage(aop("snapshot", [account(1)]), one)
    assert isinstance(store.orders.status, Stale)
    store.onmessage(aop("snapshot", [account(2)], [order("3", accountID=2)]), one)

    assert store.orders.status == store.positions.status == store.accounts.status == Live()
    assert ids(store) == ["3"]


def test_a_connection_that_ended_for_good_is_not_awaited(store: PhemexDataStore) -> None:
    one, two = object(), object()
    store.onmessage(aop("snapshot", [account(1)]), one)
    store.onmessage(aop("snapshot", [account(2)]), two)
    store.onevent(Closed(1000, connection=one))
    store.onevent(Closed(1006, connection=two))

    store.release(one, RuntimeError("closed"))
    store.onmessage(aop("snapshot", [account(2)]), two)

    assert store.orders.status == Live()


async def test_rest_alone_is_enough_where_nothing_is_streamed(store: PhemexDataStore) -> None:
    await take(store, f"/g-orders/activeList?symbol={B}", {"rows": [order("1")]})
    store.onevent(Closed(1006))
    assert isinstance(store.orders.status, Stale)

    await take(store, f"/g-orders/activeList?symbol={B}", {"rows": []})

    assert store.orders.status == Live()
