"""Binance's private stores: orders, balances, positions, the listen key; who may overwrite whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from rxbotters import BinanceCOINMDataStore, BinanceSpotDataStore, BinanceUSDSMDataStore
from rxbotters.errors import BadNumber, SnapshotError, VenueError
from rxbotters_operators.events import Closed, Live, Stale, Subscribed
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

Make = Callable[[], Any]
S = "BTCUSDT"
SPOT = {
    "e": "executionReport",
    "E": 10,
    "s": S,
    "c": "mine",
    "S": "BUY",
    "o": "LIMIT",
    "f": "GTC",
    "q": "1",
    "p": "100",
    "g": -1,
    "C": "",
    "x": "NEW",
    "X": "NEW",
    "r": "NONE",
    "i": 1,
    "z": "0",
    "T": 10,
    "w": True,
    "Z": "0",
}
USDM = {"s": S, "c": "mine", "S": "BUY", "q": "1", "p": "100", "x": "NEW", "X": "NEW", "i": 1, "z": "0", "T": 10}
SPOT_REST = {
    "symbol": S,
    "orderId": 1,
    "orderListId": -1,
    "clientOrderId": "mine",
    "price": "100",
    "origQty": "1",
    "executedQty": "0",
    "cummulativeQuoteQty": "0",
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "stopPrice": "0",
    "icebergQty": "0",
    "time": 5,
    "updateTime": 10,
    "isWorking": True,
    "origQuoteOrderQty": "0",
}
USDM_REST = {
    "symbol": S,
    "orderId": 1,
    "clientOrderId": "mine",
    "price": "100",
    "origQty": "1",
    "executedQty": "0",
    "avgPrice": "0",
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "stopPrice": "0",
    "reduceOnly": False,
    "workingType": "CONTRACT_PRICE",
    "origType": "LIMIT",
    "positionSide": "BOTH",
    "closePosition": False,
    "priceProtect": False,
    "updateTime": 10,
    "time": 5,
}
FINAL = ["FILLED", "CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"]


def spot(store: Any, **more: Any) -> None:
    store.onmessage({"subscriptionId": 0, "event": {**SPOT, **more}})


def usdm(store: Any, **more: Any) -> None:
    order = {**USDM, **more}
    store.onmessage({"e": "ORDER_TRADE_UPDATE", "T": order["T"], "E": order["T"], "o": order})


def tell(store: Any, **more: Any) -> None:
    (spot if isinstance(store, BinanceSpotDataStore) else usdm)(store, **more)


def open_orders(store: Any, *rows: dict[str, Any], query: str = "") -> Any:
    plain = SPOT_REST if isinstance(store, BinanceSpotDataStore) else USDM_REST
    return answer(f"{store._PREFIX}/openOrders{query}", json.dumps([{**plain, **row} for row in rows]))


def ids(store: Any) -> list[int]:
    return sorted(row["i"] for row in store.order)


BOTH = pytest.mark.parametrize("make", [BinanceSpotDataStore, BinanceUSDSMDataStore, BinanceCOINMDataStore])


# ---------------------------------------------------------------------- orders


def test_events_of_the_websocket_api_are_unwrapped() -> None:
    """Defect 3."""
    store = BinanceSpotDataStore()
    spot(store)
    assert store.order.find() == [SPOT]
    store.onmessage({**SPOT, "X": "PARTIALLY_FILLED", "z": "0.4", "T": 11})  # bare, as streams send it

    assert (store.order.find()[0]["z"], len(store.order)) == ("0.4", 1)


@BOTH
@pytest.mark.parametrize("status", FINAL)
def test_an_order_that_ended_goes(make: Make, status: str) -> None:
    """Defect 6: EXPIRED_IN_MATCH is final too."""
    store = make()
    tell(store)
    tell(store, i=2, c="other")
    tell(store, X="PARTIALLY_FILLED", z="0.5", T=11)
    assert store.order.get({"s": S, "i": 1})["z"] == "0.5"

    tell(store, X=status, T=12)

    assert ids(store) == [2]
    tell(store, X="PENDING_NEW", i=3)
    assert ids(store) == [2, 3]


@BOTH
def test_an_order_does_not_come_back_from_its_past(make: Make) -> None:
    """Streams of futures may run out of order: the end comes before the beginning."""
    store = make()
    tell(store, X="FILLED", z="1", T=12)
    tell(store, X="NEW", T=10)
    tell(store, X="PARTIALLY_FILLED", z="0.5", T=12)
    assert not store.order.find()
    tell(store, i=2, X="PARTIALLY_FILLED", z="0.5", T=12)
    tell(store, i=2, X="NEW", T=10)
    tell(store, i=2, X="PARTIALLY_FILLED", z="0.3", T=12)  # the same moment, less filled

    assert store.order.get({"s": S, "i": 2})["z"] == "0.5"
    tell(store, i=2, X="PARTIALLY_FILLED", z="0.7", T=12)
    assert store.order.get({"s": S, "i": 2})["z"] == "0.7"


@BOTH
def test_times_in_microseconds_compare_with_those_in_milliseconds(make: Make) -> None:
    store = make()
    tell(store, X="PARTIALLY_FILLED", z="0.5", T=1_700_000_000_000_000)
    tell(store, X="PARTIALLY_FILLED", z="0.6", T=1_700_000_000_001)

    assert store.order.find()[0]["z"] == "0.6"


async def test_rest_rows_of_spot_say_their_status() -> None:
    """Defect 16."""
    store = BinanceSpotDataStore()

    await store.initialize(open_orders(store, {}))

    assert store.order.find() == [
        {
            "s": S,
            "i": 1,
            "c": "mine",
            "p": "100",
            "q": "1",
            "z": "0",
            "Z": "0",
            "X": "NEW",
            "f": "GTC",
            "o": "LIMIT",
            "S": "BUY",
            "P": "0",
            "F": "0",
            "E": 5,
            "T": 10,
            "w": True,
            "Q": "0",
        }
    ]
    assert store.order.status == Live()


async def test_rest_rows_of_futures() -> None:
    store = BinanceUSDSMDataStore()

    await store.initialize(open_orders(store, {}))

    assert store.order.find() == [
        {
            "s": S,
            "c": "mine",
            "S": "BUY",
            "o": "LIMIT",
            "f": "GTC",
            "q": "1",
            "p": "100",
            "ap": "0",
            "sp": "0",
            "X": "NEW",
            "i": 1,
            "z": "0",
            "T": 10,
            "R": False,
            "wt": "CONTRACT_PRICE",
            "ot": "LIMIT",
            "ps": "BOTH",
            "cp": False,
            "pP": False,
        }
    ]


@BOTH
async def test_an_answer_replaces_what_was_asked_for(make: Make) -> None:
    """Also when it is empty."""
    store = make()
    tell(store)
    tell(store, i=2)
    tell(store, i=3, s="ETHUSDT")

    await store.initialize(open_orders(store, {"orderId": 2}, query=f"?symbol={S}"))
    assert ids(store) == [2, 3]
    await store.initialize(open_orders(store, query=f"?symbol={S}"))
    assert ids(store) == [3]
    await store.initialize(open_orders(store))
    assert ids(store) == []


async def test_an_answer_for_a_pair_leaves_the_others() -> None:
    """Defect 8."""
    store = BinanceCOINMDataStore()
    usdm(store, s="BTCUSD_PERP")
    usdm(store, i=2, s="BTCUSD_250926")
    usdm(store, i=3, s="ETHUSD_PERP")

    await store.initialize(open_orders(store, {"symbol": "BTCUSD_PERP"}, query="?pair=BTCUSD"))

    assert ids(store) == [1, 3]


async def test_narrower_requests_leave_the_others() -> None:
    store = BinanceCOINMDataStore()
    store.onmessage(update({**POSITION, "s": "BTCUSD_PERP"}, {**POSITION, "s": "ETHUSD_PERP"}))
    algo(store, "NEW", aid=1)
    algo(store, "NEW", aid=2, at="OTHER")

    await store.initialize(
        answer("/dapi/v1/positionRisk?marginAsset=BTC&timestamp=1&signature=x", "[]"),
        answer("/dapi/v1/openAlgoOrders?algoType=OTHER", "[]"),
    )

    assert [row["s"] for row in store.position] == ["ETHUSD_PERP"]
    assert [row["aid"] for row in store.algoorder] == [1]
    await store.initialize(answer("/dapi/v1/openAlgoOrders?algoId=1", "[]"))
    assert not store.algoorder.find()


async def test_a_request_is_remembered_once_however_often_it_was_signed() -> None:
    """F73: a bot that polls does not repeat all its polls after a loss."""
    store = BinanceUSDSMDataStore()
    signed = iter(range(100))

    class Repeatable:
        def __init__(self, symbol: str) -> None:
            self.symbol = self.asked = symbol

        def __await__(self) -> Any:
            query = f"?symbol={self.symbol}&timestamp={next(signed)}&signature={next(signed)}"
            return open_orders(store, query=query).__await__()

    for symbol in (S, S, "ETHUSDT", S):
        await store.initialize(Repeatable(symbol))
    await store.reinitialize()

    assert len(store._remembered) == 2
    assert next(signed) == 12


@BOTH
async def test_an_error_answer_is_a_typed_error_and_changes_nothing(make: Make) -> None:
    """Defect 7, F66."""
    store = make()
    tell(store)
    path = f"{store._PREFIX}/openOrders"

    with pytest.raises(VenueError, match="-1022"):
        await store.initialize(answer(path, '{"code": -1022, "msg": "Signature for this request is not valid."}'))
    with pytest.raises(VenueError, match="401"):
        await store.initialize(answer(path, '{"code": -2015, "msg": "Invalid API-key"}', 401))
    for body in ('{"orders": []}', "[1]", '[{"symbol": "X"}]', "5"):
        with pytest.raises(SnapshotError):
            await store.initialize(answer(path, body))
    with pytest.raises(BadNumber):
        await store.initialize(open_orders(store, {"orderId": 5}, {"orderId": 6, "price": "x"}))

    assert ids(store) == [1]


@BOTH
async def test_messages_during_a_request_are_newer_than_its_answer(make: Make) -> None:
    """Defect 20: nothing waits, and nothing is overwritten."""
    store = make()
    tell(store)
    tell(store, i=2)
    sent, released = asyncio.Event(), asyncio.Event()

    async def slow() -> Any:
        sent.set()
        await released.wait()
        return await open_orders(store, {"orderId": 1}, {"orderId": 2})

    pending = asyncio.ensure_future(store.initialize(slow()))
    await sent.wait()
    tell(store, X="FILLED", z="1", T=20)
    tell(store, i=2, X="PARTIALLY_FILLED", z="0.5", T=20)
    tell(store, i=3, T=20)
    assert ids(store) == [2, 3]  # told at once
    released.set()
    await pending

    assert ids(store) == [2, 3]
    assert store.order.get({"s": S, "i": 2})["z"] == "0.5"
    tell(store, i=4)
    await store.initialize(open_orders(store, {"orderId": 2}))
    assert ids(store) == [2]  # what came before the next request is not protected


@BOTH
async def test_an_answer_from_the_past_brings_nothing_back(make: Make) -> None:
    """The exchange may answer from a memory that lags behind its own stream."""
    store = make()
    tell(store, X="CANCELED", T=20)
    tell(store, i=2, X="PARTIALLY_FILLED", z="0.5", T=20)

    await store.initialize(open_orders(store, {"updateTime": 10}, {"orderId": 2, "updateTime": 10}))

    assert ids(store) == [2]
    assert store.order.find()[0]["z"] == "0.5"
    await store.initialize(open_orders(store, {"orderId": 2, "updateTime": 30, "executedQty": "0.7"}))
    assert store.order.find()[0]["z"] == "0.7"


@BOTH
async def test_after_a_loss_orders_are_stale_until_all_were_fetched(make: Make) -> None:
    """F73."""
    store, feed = make(), object()
    store.onevent(Subscribed(feed))
    tell(store)
    tell(store, i=2, s="ETHUSDT")
    store.onevent(Closed(1006, cause="reset", connection=feed))
    assert isinstance(store.order.status, Stale)
    store.onevent(Subscribed(feed))
    assert isinstance(store.order.status, Stale)

    await store.initialize(open_orders(store, {}, query=f"?symbol={S}"))

    assert store.order.status == Stale("1 rows were not fetched again: initialize() without a symbol")
    await store.initialize(open_orders(store, query="?symbol=ETHUSDT"))
    assert store.order.status == Live()
    assert ids(store) == [1]


@BOTH
@pytest.mark.parametrize("bad", ["x", "-1", "nan", float("inf"), [], {}])
def test_a_bad_number_of_an_order_changes_nothing(make: Make, bad: Any) -> None:
    """F79, F80."""
    store = make()
    errors = heard(store)
    tell(store)
    tell(store, T=11, z=bad)

    assert store.order.find()[0]["z"] == "0"
    assert [type(error) for error in errors] == [BadNumber]


# ---------------------------------------------------------------------- conditional orders, order lists


ALGO = {"caid": "Q5", "aid": 7, "at": "CONDITIONAL", "o": "TAKE_PROFIT", "s": S, "S": "SELL", "ps": "BOTH", "q": "0.01"}


def algo(store: Any, status: str, moment: int = 10, **more: Any) -> None:
    order = {**ALGO, "X": status, "tp": "750", "p": "750", **more}
    store.onmessage({"e": "ALGO_UPDATE", "T": moment, "E": moment, "o": order})


@pytest.mark.parametrize("status", ["FINISHED", "CANCELED", "REJECTED", "EXPIRED"])
@pytest.mark.parametrize("make", [BinanceUSDSMDataStore, BinanceCOINMDataStore])
def test_conditional_orders_wait_until_they_end(make: Make, status: str) -> None:
    """Defect 19."""
    store = make()
    for moment, step in enumerate(("NEW", "TRIGGERING", "TRIGGERED")):
        algo(store, step, moment)
        assert [row["X"] for row in store.algoorder] == [step]

    algo(store, status, 9)

    assert not store.algoorder.find()
    assert not store.order.find()


@pytest.mark.parametrize("shape", [lambda rows: rows, lambda rows: {"orders": rows}])
@pytest.mark.parametrize("make", [BinanceUSDSMDataStore, BinanceCOINMDataStore])
async def test_conditional_orders_by_rest(make: Make, shape: Callable[[Any], Any]) -> None:
    store = make()
    algo(store, "NEW", aid=1)
    row = {
        "algoId": 7,
        "clientAlgoId": "Q5",
        "algoType": "CONDITIONAL",
        "orderType": "TAKE_PROFIT",
        "symbol": S,
        "side": "SELL",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "algoStatus": "NEW",
        "triggerPrice": "750",
        "price": "750",
        "reduceOnly": False,
        "updateTime": 5,
        "icebergQuantity": None,
    }

    await store.initialize(answer(f"{store._PREFIX}/openAlgoOrders", json.dumps(shape([row]))))

    assert store.algoorder.find() == [{**ALGO, "X": "NEW", "tp": "750", "p": "750", "f": "GTC", "R": False}]


async def test_order_lists() -> None:
    store = BinanceSpotDataStore()
    event = {
        "e": "listStatus",
        "E": 9,
        "s": "ETHBTC",
        "g": 2,
        "c": "OCO",
        "l": "EXEC_STARTED",
        "L": "EXECUTING",
        "r": "NONE",
        "C": "F4",
        "T": 9,
        "O": [{"s": "ETHBTC", "i": 17, "c": "A"}],
    }
    store.onmessage({"subscriptionId": 0, "event": event})
    assert store.ocoorder.find() == [event]
    row = {
        "orderListId": 3,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED",
        "symbol": "LTCBTC",
        "listOrderStatus": "EXECUTING",
        "listClientOrderId": "w",
        "transactionTime": 10,
        "orders": [{"symbol": "LTCBTC", "orderId": 4, "clientOrderId": "q"}],
    }

    await store.initialize(answer("/api/v3/openOrderList", json.dumps([row])))

    assert store.ocoorder.find() == [
        {
            "e": "listStatus",
            "E": None,
            "s": "LTCBTC",
            "g": 3,
            "c": "OCO",
            "l": "EXEC_STARTED",
            "L": "EXECUTING",
            "r": "NONE",
            "C": "w",
            "T": 10,
            "O": [{"s": "LTCBTC", "i": 4, "c": "q"}],
        }
    ]
    store.onmessage({"event": {}, "subscriptionId": 0})
    done = {**event, "s": "LTCBTC", "g": 3, "l": "ALL_DONE", "L": "ALL_DONE", "T": 11}
    store.onmessage({"subscriptionId": 0, "event": done})
    store.onmessage({"subscriptionId": 0, "event": {**done, "l": "EXEC_STARTED", "T": 10}})  # late
    assert not store.ocoorder.find()


# ---------------------------------------------------------------------- balances and positions


def account(*rows: tuple[str, Any, Any], moment: int = 10) -> dict[str, Any]:
    balances = [{"a": asset, "f": free, "l": locked} for asset, free, locked in rows]
    return {"subscriptionId": 0, "event": {"e": "outboundAccountPosition", "E": 1, "u": moment, "B": balances}}


async def test_balances_of_spot() -> None:
    store = BinanceSpotDataStore()
    errors = heard(store)
    store.onmessage(account(("ETH", "10", "0"), ("BTC", "1", "0")))
    store.onmessage(account(("ETH", "9", "1"), moment=12))
    store.onmessage(account(("ETH", "8", "2"), ("BTC", "2", "0"), moment=11))  # late for ETH, not for BTC
    store.onmessage(account(("BTC", "3", "0"), ("ETH", "x", "0"), moment=13))

    assert store.account.find() == [{"a": "ETH", "f": "9", "l": "1"}, {"a": "BTC", "f": "2", "l": "0"}]
    assert [type(error) for error in errors] == [BadNumber]
    body = {"updateTime": 1, "balances": [{"asset": "BTC", "free": "5", "locked": "1"}]}
    await store.initialize(answer("/api/v3/account", json.dumps(body)))
    assert store.account.find() == [{"a": "BTC", "f": "5", "l": "1"}]
    for wrong in ("[]", "{}", '{"balances": [1]}', '{"balances": [{"asset": "A"}]}'):
        with pytest.raises(SnapshotError):
            await store.initialize(answer("/api/v3/account", wrong))
    assert len(store.account) == 1


POSITION = {
    "s": S,
    "pa": "20",
    "ep": "6563.6",
    "bep": "6563.559",
    "cr": "0",
    "up": "2850.21200",
    "mt": "isolated",
    "iw": "13200.70726908",
    "ps": "LONG",
}


def update(*positions: dict[str, Any], moment: int = 10, wallet: Any = "100") -> dict[str, Any]:
    balances = [{"a": "USDT", "wb": wallet, "cw": "90", "bc": "-5"}]
    return {"e": "ACCOUNT_UPDATE", "T": moment, "E": moment, "a": {"m": "ORDER", "B": balances, "P": list(positions)}}


@pytest.mark.parametrize("make", [BinanceUSDSMDataStore, BinanceCOINMDataStore])
def test_balances_and_positions_of_futures(make: Make) -> None:
    store = make()
    store.onmessage(update(POSITION, {**POSITION, "ps": "SHORT", "pa": "-10"}))

    assert store.balance.find() == [{"a": "USDT", "wb": "100", "cw": "90", "bc": "-5"}]
    assert [(row["ps"], row["pa"]) for row in store.position] == [("LONG", "20"), ("SHORT", "-10")]
    assert store.position.find()[0] == POSITION


def test_a_flat_position_is_no_row() -> None:
    """Defect 16."""
    store = BinanceUSDSMDataStore()
    store.onmessage(update(POSITION))
    store.onmessage(update({**POSITION, "pa": "0.000"}, moment=11))
    assert not store.position.find()
    store.onmessage(update({**POSITION, "pa": "5"}, moment=10))  # late

    assert not store.position.find()
    store.onmessage(update({**POSITION, "pa": "7"}, moment=12))
    assert [row["pa"] for row in store.position] == ["7"]


@pytest.mark.parametrize("bad", ["x", "nan", float("inf"), None, []])
def test_a_bad_position_refuses_the_whole_event(bad: Any) -> None:
    """F79: its balances too."""
    store = BinanceUSDSMDataStore()
    errors = heard(store)

    store.onmessage(update(POSITION, {**POSITION, "s": "ETHUSDT", "pa": bad}))

    assert not store.balance.find()
    assert not store.position.find()
    assert len(errors) == 1


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (BinanceUSDSMDataStore, "/fapi/v2/positionRisk"),
        (BinanceUSDSMDataStore, "/fapi/v3/positionRisk"),
        (BinanceCOINMDataStore, "/dapi/v1/positionRisk"),
    ],
)
async def test_positions_by_rest(make: Make, path: str) -> None:
    """Defect 16: what is flat or absent goes; a newer version says less, and what is known stays."""
    store = make()
    store.onmessage(update(POSITION, {**POSITION, "s": "ETHUSDT"}, {**POSITION, "s": "XRPUSDT"}))
    row = {
        "symbol": S,
        "positionAmt": "0.001",
        "entryPrice": "50000.0",
        "unRealizedProfit": "1.0",
        "isolatedWallet": "0",
        "positionSide": "LONG",
        "breakEvenPrice": "50001",
        "updateTime": 1,
    }
    rows = [row, {**row, "symbol": "NEWUSDT", "positionSide": "BOTH"}, {**row, "symbol": "ETHUSDT", "positionAmt": "0"}]

    await store.initialize(answer(path, json.dumps(rows)))

    known, new = store.position.find()
    rest = {"pa": "0.001", "ep": "50000.0", "up": "1.0", "iw": "0", "bep": "50001"}
    assert known == {**POSITION, **rest}
    assert new == {"s": "NEWUSDT", **rest, "cr": None, "mt": None, "ps": "BOTH"}
    await store.initialize(answer(f"{path}?symbol={S}", "[]"))
    assert [position["s"] for position in store.position] == ["NEWUSDT"]
    await store.initialize(answer(path, "[]"))
    assert not store.position.find()


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (BinanceUSDSMDataStore, "/fapi/v2/balance"),
        (BinanceUSDSMDataStore, "/fapi/v3/balance"),
        (BinanceCOINMDataStore, "/dapi/v1/balance"),
    ],
)
async def test_balances_by_rest(make: Make, path: str) -> None:
    store = make()
    store.onmessage(update())
    rows = [{"asset": asset, "balance": "1", "crossWalletBalance": "2"} for asset in ("USDT", "BNB")]

    await store.initialize(answer(path, json.dumps(rows)))

    assert store.balance.find() == [
        {"a": "USDT", "wb": "1", "cw": "2", "bc": "-5"},
        {"a": "BNB", "wb": "1", "cw": "2", "bc": None},
    ]
    await store.initialize(answer(path, "[]"))
    assert not store.balance.find()


async def test_a_position_that_moved_during_a_request_stands() -> None:
    """Defect 20."""
    store = BinanceUSDSMDataStore()
    store.onmessage(update(POSITION, {**POSITION, "s": "ETHUSDT"}))

    async def slow() -> Any:
        store.onmessage(update({**POSITION, "pa": "0"}, {**POSITION, "s": "NEW"}, moment=20))
        old = {"positionAmt": "20", "entryPrice": "1", "unRealizedProfit": "1", "positionSide": "LONG"}
        return await answer("/fapi/v2/positionRisk", json.dumps([{"symbol": S, **old}, {"symbol": "ETHUSDT", **old}]))

    await store.initialize(slow())

    assert sorted(row["s"] for row in store.position) == ["ETHUSDT", "NEW"]


# ---------------------------------------------------------------------- the listen key


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (BinanceSpotDataStore, "/api/v3/userDataStream"),
        (BinanceUSDSMDataStore, "/fapi/v1/listenKey"),
        (BinanceCOINMDataStore, "/dapi/v1/listenKey"),
    ],
)
async def test_the_listen_key(make: Make, path: str) -> None:
    """Defect 7: an error is no key."""
    store = make()
    assert store.listenkey is None

    await store.initialize(answer(path, '{"listenKey": "pqia91"}'))

    assert store.listenkey == "pqia91"
    for wrong in ("{}", "[]", '{"listenKey": 5}', '{"listenKey": ""}'):
        with pytest.raises(SnapshotError):
            await store.initialize(answer(path, wrong))
    with pytest.raises(VenueError):
        await store.initialize(answer(path, '{"code": -2015, "msg": "no"}', 401))
    assert store.listenkey == "pqia91"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (BinanceUSDSMDataStore, {"e": "listenKeyExpired", "E": 1, "listenKey": "k"}),
        (BinanceCOINMDataStore, {"stream": "k", "data": {"e": "listenKeyExpired", "E": 1, "listenKey": "k"}}),
        (BinanceSpotDataStore, {"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": 1}}),
    ],
)
async def test_a_stream_that_ended_leaves_its_stores_stale(make: Make, message: Any) -> None:
    """Defects 12 and 19: events may be missed from now on, though the connection lives."""
    store = make()
    await store.initialize(open_orders(store, {}))
    asked: list[Any] = []
    store.asks.subscribe(asked.append)

    store.onmessage(message)

    private = [
        store[name] for name in ("order", "account", "ocoorder", "balance", "position", "algoorder") if name in store
    ]
    assert all(isinstance(one.status, Stale) for one in private)
    assert store.trade.status == Live()
    assert ids(store) == [1]  # the rows stand, and say that they are old


async def test_a_new_stream_repeats_the_private_requests() -> None:
    """F73: after the key changed without a loss of the connection."""
    store, feed = BinanceUSDSMDataStore(), object()

    class Repeatable:
        asked = "open orders"

        def __await__(self) -> Any:
            return open_orders(store, {}).__await__()

    await store.initialize(Repeatable())
    asked: list[Any] = []
    store.asks.subscribe(asked.append)
    store.onevent(Subscribed(feed))
    store.onmessage({"e": "listenKeyExpired", "E": 1, "listenKey": "k"}, feed)
    assert asked == []

    store.onevent(Subscribed(feed))

    assert [(ask.store, ask.feed) for ask in asked] == [(None, feed)]
    await store.reinitialize()
    assert store.order.status == Live()
