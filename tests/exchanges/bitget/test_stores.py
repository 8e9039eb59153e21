"""Bitget's stores of V2 and V1: the sheet's rules, and the reference's known defects answered. Books: `test_books`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from rxbotters import BitgetDataStore, BitgetV2DataStore
from rxbotters.errors import BadNumber, ProtocolError, SnapshotError, StoreError, VenueError
from rxbotters.record import read_records
from rxbotters_operators.events import Closed, Live, Stale, Subscribed
from tests.exchanges.common import heard
from tests.stores.test_collection import answer

DATA = Path(__file__).parent / "data"
FUTURES, SPOT = "USDT-FUTURES", "SPOT"


class Store(BitgetV2DataStore):
    """Remembers its errors."""

    def _init(self) -> None:
        super()._init()
        self.failures = heard(self)

    def push(
        self, channel: str, data: Any, *, kind: str = FUTURES, action: str = "snapshot", ts: int = 1, **arg: Any
    ) -> None:
        more = arg or {"instId": "default"}
        self.onmessage(
            {"action": action, "arg": {"instType": kind, "channel": channel, **more}, "data": data, "ts": ts}
        )


@pytest.fixture
def store() -> Store:
    return Store()


def body(data: str) -> str:
    return f'{{"code": "00000", "msg": "success", "requestTime": 1695808949356, "data": {data}}}'


# ---------------------------------------------------------------------- public rows


def test_tickers_of_one_symbol_in_two_markets(store: Store) -> None:
    """The sheet's own example; a symbol exists in SPOT and in USDT-FUTURES."""
    row = {"instId": "BTCUSDT", "lastPr": "43528.19", "bidPr": "43528", "askPr": "43528.01", "ts": "1701842994338"}
    store.push("ticker", [row], kind=SPOT, instId="BTCUSDT")
    store.push("ticker", [{**row, "lastPr": "43530"}], instId="BTCUSDT")
    store.push("ticker", [{**row, "lastPr": "43531"}], instId="BTCUSDT")

    assert store.ticker.find() == [
        {"instType": SPOT, **row},
        {"instType": FUTURES, **row, "lastPr": "43531"},
    ]


def test_candles(store: Store) -> None:
    """Defect 9: columns may be missing, and any action is taken."""
    full = ["1701871620000", "44080.23", "44080.23", "44028.5", "44028.51", "9.9287", "437404.105512", "437404.105512"]
    named = {"instType": SPOT, "instId": "BTCUSDT", "granularity": "candle1m", "startTime": "1701871620000"}
    store.push("candle1m", [full], kind=SPOT, instId="BTCUSDT")
    assert store.candle.find() == [
        {
            **named,
            "openPr": "44080.23",
            "highPr": "44080.23",
            "lowPr": "44028.5",
            "closePr": "44028.51",
            "baseVolume": "9.9287",
            "quoteVolume": "437404.105512",
            "usdtVolume": "437404.105512",
        }
    ]
    store.push("candle1m", [[*full[:4], "1"]], kind=SPOT, instId="BTCUSDT", action="odd")
    store.push("candle1H", [full[:1]], kind=SPOT, instId="BTCUSDT")

    first, second = store.candle.find()
    assert (first["closePr"], first["baseVolume"]) == ("1", "9.9287")
    assert second == {**named, "granularity": "candle1H"}
    store.push("candle1m", [full[:2]], kind=SPOT, instId="BTCUSDT")  # a snapshot replaces
    assert store.candle.find()[0] == {**named, "openPr": "44080.23"}
    assert not store.failures


def test_trades_and_fills_are_kept_once(store: Store) -> None:
    trade = {"ts": "1701910980366", "price": "43854.01", "size": "0.0535", "side": "buy", "tradeId": "11164610"}
    fill = {
        "orderId": "1",
        "tradeId": "2",
        "symbol": "LTCUSDT",
        "side": "buy",
        "size": "0.074",
        "feeDetail": [{"a": 1}],
    }
    history = {"posId": "11887", "instId": "ETHUSDT", "holdSide": "long", "openSize": "0.01"}
    for _ in range(2):
        store.push("trade", [trade], kind=SPOT, instId="BTCUSDT")
        store.push("fill", [fill], kind=SPOT)
        store.push("positions-history", [history])

    assert store.trade.find() == [{"instType": SPOT, "instId": "BTCUSDT", **trade}]
    store.push("fill", [fill], kind=SPOT, instId="LTCUSDT")
    assert store.fill.find() == [{"instType": SPOT, **fill}]
    assert store.positions_history.find() == [{"instType": FUTURES, **history}]


def test_keys_and_caps() -> None:
    store = Store()
    assert {name: (store[name]._keys, store[name]._MAXLEN) for name in store} == {
        "ticker": (("instType", "instId"), 9999),
        "candle": (("instType", "instId", "granularity", "startTime"), 9999),
        "book": (("instType", "instId", "side", "price"), 9999),
        "trade": (("instType", "instId", "tradeId"), 99999),
        "account": (("instType", "coin"), 9999),
        "account-crossed": (("instType", "coin"), 9999),
        "account-isolated": (("instType", "symbol", "coin"), 9999),
        "positions": (("instType", "instId", "posId", "holdSide"), 9999),
        "positions-history": (("instType", "instId", "posId"), 99999),
        "fill": (("instType", "tradeId", "symbol"), 99999),
        "orders": (("instType", "instId", "orderId"), 9999),
        "orders-crossed": (("instType", "instId", "orderId"), 9999),
        "orders-isolated": (("instType", "instId", "orderId"), 9999),
        "orders-algo": (("instType", "instId", "orderId"), 9999),
    }
    for name in store:
        assert getattr(store, name.replace("-", "_")) is store[name]


def test_unknown_channels_are_counted(store: Store) -> None:
    """Defect 10, C71: the topics of V3 too, which have no channel."""
    store.push("equity", [{}])
    store.push("book", [{}])  # the name of a store, but of no channel
    store.onmessage({"action": "snapshot", "arg": {"instType": "UTA", "topic": "order"}, "data": [{}], "ts": 1})
    store.onmessage({"arg": {"instType": "spot", "topic": "ticker", "symbol": "BTCUSDT"}, "data": [{}], "ts": 1})

    assert store.unhandled == {"equity": 1, "book": 1, "v3 order": 1, "v3 ticker": 1}
    assert not store.failures


# ---------------------------------------------------------------------- orders


def order(number: str = "1", status: str = "live", time: int | None = 100, **more: Any) -> dict[str, Any]:
    stamp = {} if time is None else {"uTime": str(time)}
    return {
        "instId": "BTCUSDT",
        "orderId": number,
        "status": status,
        "size": "13",
        "accBaseVolume": "0",
        **stamp,
        **more,
    }


def ids(rows: Any) -> list[str]:
    return [row["orderId"] for row in rows]


def test_the_life_of_an_order(store: Store) -> None:
    store.push("orders", [order(), order("2")])
    store.push("orders", [{"instId": "BTCUSDT", "orderId": "1", "status": "partially_filled", "fillPrice": "5"}])

    assert store.orders.get({"instType": FUTURES, "instId": "BTCUSDT", "orderId": "1"}) == {
        "instType": FUTURES,
        **order(status="partially_filled", fillPrice="5"),
    }
    store.push("orders", [order("1", "filled", 101), order("2", "canceled", 101), order("3", "filled", 101)])
    assert not store.orders.find()
    store.push("orders", [order("4"), order("4", "filled")])
    assert not store.orders.find()


@pytest.mark.parametrize("status", ["cancelled", "canceled", "filled"])
@pytest.mark.parametrize("channel", ["orders", "orders-crossed", "orders-isolated"])
def test_orders_end_in_either_spelling(store: Store, channel: str, status: str) -> None:
    """Defect 3: spot writes ``cancelled``."""
    store.push(channel, [order()], kind=SPOT, instId="BTCUSDT")
    assert len(store[channel]) == 1
    store.push(channel, [order(status=status, time=101)], kind=SPOT, instId="BTCUSDT")

    assert not len(store[channel])


def test_late_and_repeated_pushes_change_nothing(store: Store) -> None:
    """A second connection repeats what the first one told: the order neither goes back, nor comes back."""
    store.push("orders", [order(time=100)])
    store.push("orders", [order(status="partially_filled", time=105, accBaseVolume="3")])
    store.push("orders", [order(time=100), order(time=105)])
    assert store.orders.find()[0]["accBaseVolume"] == "3"
    store.push("orders", [order(status="partially_filled", time=105, accBaseVolume="4")])  # two fills of one moment
    assert store.orders.find()[0]["accBaseVolume"] == "4"
    store.push("orders", [order(status="filled", time=110)])
    store.push("orders", [order(time=100), order(status="partially_filled", time=110)])

    assert not store.orders.find()
    store.push("orders", [order(time=111)])
    assert ids(store.orders) == ["1"]


def test_an_unknown_status_leaves_the_order_as_it_was(store: Store) -> None:
    store.push("orders", [order()])
    store.push("orders", [order(status="frozen"), {"instId": "BTCUSDT", "orderId": "1"}])

    assert store.orders.find()[0]["status"] == "live"
    assert store.unhandled == {"orders frozen": 1, "orders None": 1}


@pytest.mark.parametrize("status", ["executed", "fail_execute", "fail_trigger", "cancelled", "canceled", "expired"])
def test_trigger_orders_live_until_any_final_status(store: Store, status: str) -> None:
    """Defect 4."""
    store.push("orders-algo", [order(), order("2", "executing")])
    assert ids(store.orders_algo) == ["1", "2"]
    store.push("orders-algo", [order("1", status, 101), order("2", status, 101)])

    assert not store.orders_algo.find()


def test_margin_orders_have_the_symbol_of_their_subscription(store: Store) -> None:
    """Defect 11: their rows have none."""
    row = {"orderId": "1", "status": "partially_filled", "baseSize": "1", "uTime": "1695881543701"}
    store.push("orders-crossed", [row], kind="MARGIN", instId="BTCUSDT")
    store.push("orders-isolated", [{**row, "symbol": "ETHUSDT"}], kind="MARGIN", instId="default")

    assert store.orders_crossed.find() == [{"instType": "MARGIN", "instId": "BTCUSDT", **row}]
    assert store.orders_isolated.find()[0]["instId"] == "ETHUSDT"
    assert not store.orders.find()


PENDING = "/api/v2/mix/order/orders-pending"
UNFILLED = "/api/v2/spot/trade/unfilled-orders"
PLANS = "/api/v2/mix/order/orders-plan-pending"


def listed(*numbers: int, field: str = "entrustedList", more: str = "") -> str:
    rows = ",".join(f'{{"orderId": "{number}", "symbol": "BTCUSDT", "status": "live"{more}}}' for number in numbers)
    return body(f'{{"{field}": [{rows}], "endId": "1"}}')


async def test_futures_orders_over_rest(store: Store) -> None:
    """Defect 7: the fields of the stream stand beside those of REST."""
    row = (
        '{"entrustedList": [{"symbol": "ethusdt", "size": "100", "orderId": "123", "clientOid": "12321", '
        '"baseVolume": "12.1", "price": "1900", "status": "partially_filled", "uTime": "1627293505612"}], "endId": "123"}'
    )
    await store.initialize(answer(f"{PENDING}?productType=usdt-futures", body(row)))

    (known,) = store.orders.find()
    assert {name: known[name] for name in ("instType", "instId", "orderId", "status", "accBaseVolume")} == {
        "instType": FUTURES,
        "instId": "ETHUSDT",
        "orderId": "123",
        "status": "partially_filled",
        "accBaseVolume": "12.1",
    }
    store.push("orders", [order("123", "filled", 1627293505613, instId="ETHUSDT")])
    assert not store.orders.find()


async def test_a_rest_answer_replaces_what_it_was_asked_for(store: Store) -> None:
    """Defect 7: also when it is empty, and nothing else."""
    store.push("orders", [order("1"), order("2", instId="ETHUSDT")])
    store.push("orders", [order("3")], kind="USDC-FUTURES")
    store.push("orders", [order("4")], kind=SPOT)
    store.push("orders-algo", [order("5")])

    await store.initialize(
        answer(f"{PENDING}?productType=USDT-FUTURES&symbol=BTCUSDT", body('{"entrustedList": null}'))
    )
    assert ids(store.orders) == ["2", "3", "4"]
    await store.initialize(answer(f"{PENDING}?productType=USDT-FUTURES", listed(9)))
    assert ids(store.orders) == ["3", "4", "9"]
    await store.initialize(answer(UNFILLED, body("[]")))
    assert ids(store.orders) == ["3", "9"]
    new = '[{"orderId": "7", "symbol": "BTCUSDT", "status": "new", "baseVolume": "0"}]'
    await store.initialize(answer(UNFILLED, body(new)))
    assert store.orders.find({"orderId": "7"})[0]["status"] == "live"
    assert ids(store.orders_algo) == ["5"]
    await store.initialize(answer(f"{PENDING}?productType=USDT-FUTURES&orderId=8", listed()))
    assert ids(store.orders) == ["3", "9", "7"]  # asked for one: the others stand


async def test_an_answer_older_than_a_push_changes_nothing(store: Store) -> None:
    store.push("orders", [order("1", "partially_filled", 105), order("2"), order("2", "filled", 105)])
    rows = ",".join(f'{{"orderId": "{n}", "symbol": "BTCUSDT", "status": "live", "uTime": "100"}}' for n in (1, 2))

    await store.initialize(answer(f"{PENDING}?productType=USDT-FUTURES", body(f'{{"entrustedList": [{rows}]}}')))

    assert [(row["orderId"], row["status"]) for row in store.orders] == [("1", "partially_filled")]


async def test_pages_of_orders_are_the_truth_together(store: Store) -> None:
    """100 a page: a full page says nothing of older orders, and says so."""
    store.push("orders", [order(str(number)) for number in (50, 150, 250, 350)])
    path = f"{PENDING}?productType=USDT-FUTURES"

    await store.initialize(answer(path, listed(*range(300, 200, -1))))
    assert {int(number) for number in ids(store.orders)} == {50, 150, *range(201, 301)}
    assert store.orders.status == Stale("a full page came: initialize with idLessThan=201 too")
    await store.initialize(answer(f"{path}&idLessThan=201", listed(150, 140)))
    assert {int(number) for number in ids(store.orders)} == {140, 150, *range(201, 301)}
    assert store.orders.status == Live()
    await store.initialize(answer(f"{path}&limit=2", listed(290, 280)))
    assert isinstance(store.orders.status, Stale)
    assert "285" not in ids(store.orders)


async def test_an_answer_for_a_time_tells_of_that_time_only(store: Store) -> None:
    """Margin orders cannot be asked for without one: what was made outside of it stands, and stays in doubt."""
    store.push("orders-crossed", [order("1", cTime="50"), order("2", cTime="150"), order("3")], kind="MARGIN")
    store.onevent(Closed(1006))
    path = "/api/v2/margin/crossed/open-orders?symbol=BTCUSDT"

    await store.initialize(answer(f"{path}&startTime=100", listed(9, field="orderList")))
    assert ids(store.orders_crossed) == ["1", "3", "9"]
    assert isinstance(store.orders_crossed.status, Stale)
    store.push("orders-crossed", [order("3", "filled", 101)], kind="MARGIN")
    await store.initialize(answer(f"{path}&startTime=10&endTime=60", listed(9, field="orderList")))
    assert ids(store.orders_crossed) == ["9"]
    assert store.orders_crossed.status == Live()


async def test_spot_lists_its_stop_orders_by_themselves(store: Store) -> None:
    stop = body('[{"orderId": "5", "symbol": "BTCUSDT", "status": "live", "tpslType": "tpsl"}]')
    await store.initialize(answer(f"{UNFILLED}?tpslType=tpsl", stop), answer(UNFILLED, body("[]")))
    assert ids(store.orders) == ["5"]
    await store.initialize(answer(f"{UNFILLED}?tpslType=tpsl", body("[]")))

    assert not len(store.orders)


async def test_trigger_orders_over_rest(store: Store) -> None:
    """Defect 7: each ``planType`` is asked for by itself, and replaces its own."""
    for number, plan in (("1", "pl"), ("2", "track"), ("3", "tp"), ("4", "psl"), ("5", "mtpsl")):
        store.push("orders-algo", [order(number, planType=plan)])
    path = f"{PLANS}?productType=USDT-FUTURES"
    state = ', "planType": "normal_plan", "planStatus": "not_trigger"'

    await store.initialize(answer(f"{path}&planType=normal_plan", listed(9).replace(', "status": "live"', state)))
    assert ids(store.orders_algo) == ["2", "3", "4", "5", "9"]
    assert store.orders_algo.find({"orderId": "9"})[0]["status"] == "live"
    await store.initialize(answer(f"{path}&planType=profit_loss", listed(3, more=', "planType": "profit_plan"')))
    assert ids(store.orders_algo) == ["2", "3", "9"]
    await store.initialize(answer(f"{path}&planType=track_plan", body('{"entrustedList": []}')))
    assert ids(store.orders_algo) == ["3", "9"]
    store.push("orders-algo", [order("6", planType="amount")], kind=SPOT)
    spot = "/api/v2/spot/trade/current-plan-order"
    await store.initialize(answer(spot, listed(*range(120, 100, -1), field="orderList")))
    assert store.orders_algo.status == Stale("a full page came: initialize with idLessThan=101 too")  # 20 a page
    await store.initialize(answer(f"{spot}?limit=100", listed(7, field="orderList")))
    assert ids(store.orders_algo) == ["3", "9", "7"]
    assert store.orders_algo.status == Live()


async def test_margin_over_rest(store: Store) -> None:
    """Defect 11."""
    store.push("orders-crossed", [order("1")], kind="MARGIN")
    for mode, account in (("crossed", store.account_crossed), ("isolated", store.account_isolated)):
        await store.initialize(
            answer(f"/api/v2/margin/{mode}/open-orders?symbol=BTCUSDT&limit=9", listed(2, field="orderList")),
            answer(
                f"/api/v2/margin/{mode}/account/assets", body('[{"coin": "USDT", "symbol": "BTCUSDT", "borrow": "1"}]')
            ),
        )
        assert ids(store[f"orders-{mode}"]) == ["2"]
        assert account.find() == [{"instType": "MARGIN", "coin": "USDT", "symbol": "BTCUSDT", "borrow": "1"}]


async def test_an_error_body_is_a_typed_error_and_changes_nothing(store: Store) -> None:
    """Defect 7, F66."""
    store.push("orders", [order()])
    path = f"{PENDING}?productType=USDT-FUTURES"

    with pytest.raises(VenueError, match=r"unified account \(code 40085\)"):
        await store.initialize(answer(path, '{"code": "40085", "msg": "unified account", "data": null}'))
    for wrong in ("[]", '{"code": "00000"}', body("{}"), body("5"), body('{"entrustedList": [1]}'), "null"):
        with pytest.raises(SnapshotError):
            await store.initialize(answer(path, wrong))
    for wrong in ('{"orderId": "x", "status": "live"}', '{"orderId": 1}', '{"symbol": 1, "orderId": "1"}'):
        with pytest.raises((SnapshotError, ProtocolError)):
            await store.initialize(answer(path, body(f'{{"entrustedList": [{wrong}]}}')))
    with pytest.raises(SnapshotError):  # which market?
        await store.initialize(answer(PENDING, body('{"entrustedList": []}')))
    with pytest.raises(SnapshotError, match="digits"):
        await store.initialize(answer(f"{path}&limit=x", body('{"entrustedList": []}')))

    assert len(store.orders) == 1


async def test_orders_are_stale_until_they_were_asked_for_again(store: Store) -> None:
    """C49: the channels have no snapshot."""
    store.push("orders", [order()])
    store.onevent(Closed(1006))
    store.onevent(Subscribed(None, []))

    assert isinstance(store.orders.status, Stale)
    assert len(store.orders) == 1
    await store.initialize(answer(f"{PENDING}?productType=USDT-FUTURES", body('{"entrustedList": null}')))
    assert store.orders.status == Live()
    assert not len(store.orders)


# ---------------------------------------------------------------------- the account


def usdt(**more: Any) -> dict[str, Any]:
    return {"coin": "USDT", "available": "19.14", "frozen": "7", "uTime": "1701931970487", **more}


def test_every_coin_of_every_market_has_a_balance(store: Store) -> None:
    """Defect 1."""
    store.push("account", [usdt(), usdt(coin="BTC", available="1")], kind=SPOT, coin="default")
    futures = {"marginCoin": "USDT", "available": "26.14", "equity": "26.14"}
    store.push("account", [futures], coin="default")
    store.push("account", [{"coin": "BTC", "available": "2"}], kind=SPOT, coin="default")

    assert store.account.find() == [
        {"instType": SPOT, **usdt()},
        {"instType": SPOT, **usdt(coin="BTC", available="2")},
        {"instType": FUTURES, **futures, "coin": "USDT"},
    ]


def test_margin_has_balances_of_its_own(store: Store) -> None:
    """Defect 11: in isolated margin each pair has its own."""
    pairs = [usdt(symbol="BTCUSDT"), usdt(symbol="ETHUSDT", available="5")]
    store.push("account-crossed", [usdt()], kind="MARGIN", coin="default")
    store.push("account-isolated", pairs, kind="MARGIN", coin="default")

    assert store.account_crossed.find() == [{"instType": "MARGIN", **usdt()}]
    assert store.account_isolated.find() == [{"instType": "MARGIN", **pair} for pair in pairs]
    assert not store.account.find()


def subscribed(channel: str, kind: str) -> Subscribed:
    return Subscribed(None, [{"op": "subscribe", "args": [{"instType": kind, "channel": channel, "coin": "default"}]}])


def test_the_first_push_after_a_loss_is_the_snapshot_of_its_market(store: Store) -> None:
    """C49: what it does not name has gone; other markets stand."""
    store.push("account", [usdt(), usdt(coin="BTC")], kind=SPOT, coin="default")
    store.push("account", [{"marginCoin": "USDT", "available": "1"}], coin="default")
    store.onevent(Closed(1006))
    assert isinstance(store.account.status, Stale)
    store.onevent(subscribed("account", SPOT))
    store.onevent(subscribed("account", FUTURES))

    store.push("account", [usdt(available="3")], kind=SPOT, coin="default")
    assert [(row["instType"], row["coin"], row["available"]) for row in store.account] == [
        (SPOT, "USDT", "3"),
        (FUTURES, "USDT", "1"),
    ]
    assert isinstance(store.account.status, Stale)  # futures are awaited
    store.push("account", [{"marginCoin": "USDT", "available": "2"}], coin="default")
    assert store.account.status == Live()
    store.push("account", [usdt(coin="BTC", available="4")], kind=SPOT, coin="default")
    assert len(store.account) == 3


async def test_balances_over_rest(store: Store) -> None:
    """Defect 7."""
    store.push("account", [usdt(), usdt(coin="BTC")], kind=SPOT, coin="default")
    store.push("account", [{"marginCoin": "USDT", "available": "1"}], coin="default")
    assets = "/api/v2/spot/account/assets"

    await store.initialize(answer(f"{assets}?coin=BTC", body("[]")))
    assert [row["coin"] for row in store.account] == ["USDT", "USDT"]
    await store.initialize(answer(assets, body('[{"coin": "usdt", "available": "5"}]')))
    assert store.account.find({"instType": SPOT})[0]["available"] == "5"
    path = "/api/v2/mix/account/accounts?productType=USDT-FUTURES"
    await store.initialize(
        answer(path, body('[{"marginCoin": "USDC", "available": "7", "assetList": [{"coin": "BTC"}]}]'))
    )
    assert [(row["instType"], row["coin"]) for row in store.account] == [(SPOT, "USDT"), (FUTURES, "USDC")]


def position(number: str = "1", symbol: str = "XRPUSDT", total: Any = "3", **more: Any) -> dict[str, Any]:
    return {"posId": number, "instId": symbol, "marginCoin": "USDT", "holdSide": "long", "total": total, **more}


def places(store: Store) -> list[tuple[str, ...]]:
    return [(row["instType"], row["instId"], row["posId"], row["holdSide"]) for row in store.positions]


def test_a_push_of_positions_is_the_whole_list_of_its_market(store: Store) -> None:
    """Defect 2: and says nothing of another market."""
    store.push("positions", [position(), position("2", "ETHUSDT")])
    store.push("positions", [position("3", "BTCUSD")], kind="COIN-FUTURES")
    store.push("positions", [position("2", "ETHUSDT", "5")])
    assert places(store) == [(FUTURES, "ETHUSDT", "2", "long"), ("COIN-FUTURES", "BTCUSD", "3", "long")]
    assert store.positions.find({"posId": "2"})[0]["total"] == "5"
    store.push("positions", [])

    assert places(store) == [("COIN-FUTURES", "BTCUSD", "3", "long")]


def test_a_push_of_one_symbol_leaves_the_others(store: Store) -> None:
    """Defect 2."""
    store.push("positions", [position()], instId="XRPUSDT")
    store.push("positions", [position("2", "ETHUSDT")], instId="ETHUSDT")
    assert len(store.positions) == 2
    store.push("positions", [], instId="ETHUSDT")

    assert places(store) == [(FUTURES, "XRPUSDT", "1", "long")]


def test_both_sides_of_a_hedge_stand(store: Store) -> None:
    """Whether they share their id is not known."""
    store.push("positions", [position(), position(holdSide="short")])

    assert [row["holdSide"] for row in store.positions] == ["long", "short"]


@pytest.mark.parametrize("zero", ["0", "0.000", 0, 0.0])
def test_a_position_of_zero_is_none(store: Store, zero: Any) -> None:
    store.push("positions", [position()])
    store.push("positions", [position(total=zero), position("2")])

    assert places(store) == [(FUTURES, "XRPUSDT", "2", "long")]


@pytest.mark.parametrize("bad", ["nan", "x", None, [1], "inf"])
def test_a_bad_position_changes_nothing(store: Store, bad: Any) -> None:
    """F79."""
    store.push("positions", [position()])
    store.push("positions", [position("2"), position("3", total=bad)])
    store.push("positions", [position("2"), {"posId": "3", "instId": "X"}])

    assert places(store) == [(FUTURES, "XRPUSDT", "1", "long")]
    assert isinstance(store.failures[0], BadNumber)
    assert isinstance(store.failures[1], ProtocolError)


async def test_positions_over_rest(store: Store) -> None:
    """Defect 7: answers have no ``posId``."""
    store.push("positions", [position(marginMode="crossed"), position("2", "ETHUSDT", marginMode="crossed")])
    path = "/api/v2/mix/position/all-position?productType=USDT-FUTURES&marginCoin=USDT"

    def held(symbol: str, total: str) -> str:
        return (
            f'{{"symbol": "{symbol}", "marginCoin": "USDT", "holdSide": "long", "marginMode": "crossed", '
            f'"total": "{total}"}}'
        )

    await store.initialize(answer(path, body(f"[{held('XRPUSDT', '9')}, {held('BTCUSDT', '1')}, {held('X', '0')}]")))
    assert places(store) == [(FUTURES, "XRPUSDT", "1", "long"), (FUTURES, "BTCUSDT", "", "long")]
    assert store.positions.find({"posId": "1"})[0]["total"] == "9"
    store.push("positions", [position(marginMode="crossed"), position("7", "BTCUSDT")])
    assert places(store) == [(FUTURES, "XRPUSDT", "1", "long"), (FUTURES, "BTCUSDT", "7", "long")]
    single = "/api/v2/mix/position/single-position?productType=USDT-FUTURES&marginCoin=USDT&symbol=BTCUSDT"
    await store.initialize(answer(single, body("[]")))
    assert places(store) == [(FUTURES, "XRPUSDT", "1", "long")]


def test_positions_are_live_again_with_their_snapshot(store: Store) -> None:
    """C49."""
    store.push("positions", [position()])
    store.onevent(Closed(1006))
    store.onevent(subscribed("positions", FUTURES))
    assert isinstance(store.positions.status, Stale)
    store.push("positions", [])

    assert store.positions.status == Live()
    assert not len(store.positions)


# ---------------------------------------------------------------------- what is no data


def test_events_belong_to_no_store(store: Store) -> None:
    arg = {"instType": SPOT, "channel": "ticker", "instId": "BTCUSDT"}
    for message in (
        {"event": "subscribe", "arg": arg},
        {"event": "unsubscribe", "arg": arg},
        {"event": "unsubscribe", "arg": {**arg, "channel": "books"}},
        {"op": "unsubscribe", "args": [arg]},
        {"event": "login", "code": 0, "msg": ""},
        {"event": "trade", "arg": [{"channel": "place-order"}], "code": 0, "msg": "Success"},
    ):
        store.onmessage(message)

    assert not store.failures
    assert not any(len(store[name]) for name in store)


def test_an_error_that_no_subscription_can_be_blamed_for_is_told(store: Store) -> None:
    store.onmessage({"event": "error", "code": 30004, "msg": "User needs to log in"})
    store.onmessage({"event": "error", "code": 30001, "msg": "instType:SPOT,channel:x,instId:y doesn't exist"})

    assert [str(error).split(" (code")[0] for error in store.failures] == ["Bitget says: User needs to log in"]
    assert store.unhandled == {"error": 2}


def test_strange_messages_are_errors_not_exceptions(store: Store) -> None:
    """F60, F67, C71."""
    for message in (None, [1], "x", 5, {"arg": 1, "data": []}, {"arg": {"channel": 1}, "data": []}, {"arg": {}}):
        store.onmessage(message)
    channels = ("ticker", "orders", "orders-algo", "account", "positions", "books", "candle1m", "trade", "fill")
    for channel in channels:
        for data in (None, 1, "x", [1], [[1]], [None], {}, [{}], [{"orderId": [1], "status": "live"}]):
            store.push(channel, data, instId="BTCUSDT")
        store.push(channel, [{}], kind=[1], instId="BTCUSDT")  # type: ignore[arg-type]
        store.push(channel, [{}], instId=["x"])

    assert all(isinstance(error, ProtocolError | StoreError) for error in store.failures)
    assert not store.book.find()


def test_messages_are_read_not_changed_and_a_replay_gives_the_same() -> None:
    """C23, P2, P4, P5."""
    records = [record.message for record in read_records(DATA / "v2-synthetic.jsonl.gz") if record.kind == "ws"]
    before = copy.deepcopy(records)
    runs = []
    for _ in range(2):
        store = Store()
        told = [(change.store.name, *change[1:]) for message in records for change in store.apply(message)]
        runs.append(({name: store[name].find() for name in store}, told))

    assert records == before
    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 300


# ---------------------------------------------------------------------- V1


class Old(BitgetDataStore):
    """V1; remembers its errors."""

    def _init(self) -> None:
        super()._init()
        self.failures = heard(self)

    def push(self, channel: str, data: Any, *, action: str = "snapshot", symbol: str = "BTCUSDT") -> None:
        arg = {"instType": "mc", "channel": channel, "instId": symbol}
        self.onmessage({"action": action, "arg": arg, "data": data})


@pytest.fixture
def old() -> Old:
    return Old()


def test_v1_keys_and_caps(old: Old) -> None:
    assert {name: (old[name]._keys, old[name]._MAXLEN) for name in old} == {
        "trade": (("instId", "ts", "px", "sz", "side"), 99999),
        "orderbook": (("instId", "side", "px"), 9999),
        "ticker": (("instId",), 9999),
        "candlesticks": (("instId", "interval", "ts"), 9999),
        "account": (("marginCoin",), 9999),
        "orders": (("instId", "clOrdId"), 9999),
        "positions": (("posId", "instId"), 9999),
    }
    for name in old:
        assert getattr(old, name) is old[name]


def test_v1_rows(old: Old) -> None:
    """Defect 13: trades of one millisecond, and candles of every interval, are kept."""
    old.push("trade", [["1", "30322.5", "1.117", "buy"], ["1", "30322", "1.566", "buy"]])
    old.push("candle15m", [["1", "2", "3", "1", "2", "9"]])
    old.push("ticker", [{"instId": "BTCUSDT", "last": "1"}])
    old.push("account", [{"marginCoin": "USDT", "available": "1"}])

    assert [row["px"] for row in old.trade] == ["30322.5", "30322"]
    assert old.candlesticks.find() == [
        {"instId": "BTCUSDT", "interval": "15m", "ts": "1", "o": "2", "h": "3", "l": "1", "c": "2", "baseVol": "9"}
    ]
    assert (len(old.ticker), len(old.account)) == (1, 1)


def test_a_v1_snapshot_replaces_the_book(old: Old) -> None:
    """Defect 13."""
    old.push("books", [{"asks": [["101", "1"]], "bids": [["99", "1"]], "ts": "1"}])
    old.push("books", [{"asks": [["102", "1"]], "bids": [["98", "1"]], "ts": "2"}])
    old.push("books", [{"asks": [], "bids": [["97", "2"]], "ts": "3"}], action="update")

    assert [tuple(row.values()) for row in old.orderbook] == [
        ("BTCUSDT", "asks", "102", "1"),
        ("BTCUSDT", "bids", "98", "1"),
        ("BTCUSDT", "bids", "97", "2"),
    ]
    assert old._subscription(old.orderbook, "BTCUSDT") == {
        "op": "subscribe",
        "args": [{"instType": "mc", "channel": "books", "instId": "BTCUSDT"}],
    }


@pytest.mark.parametrize("zero", [0, "0", "0.00"])
def test_v1_positions_of_zero_are_none(old: Old, zero: Any) -> None:
    """Defect 13: the server wrote texts."""
    old.push("positions", [{"posId": "1", "instId": "B", "total": "2"}, {"posId": "2", "instId": "B", "total": "2"}])
    old.push("positions", [{"posId": "1", "instId": "B", "total": zero}])

    assert [row["posId"] for row in old.positions] == ["2"]


async def test_v1_orders(old: Old) -> None:
    row = {"instId": "BTCUSDT_UMCBL", "clOrdId": "c1", "ordId": "1"}
    old.push("orders", [{**row, "status": "new"}, {**row, "clOrdId": "c2", "status": "new"}])
    old.push("orders", [{**row, "status": "partial-fill", "accFillSz": "1"}, {**row, "status": "odd"}])
    assert old.orders.find({"clOrdId": "c1"}) == [{**row, "status": "partial-fill", "accFillSz": "1"}]
    old.push("orders", [{**row, "status": "full-fill"}])
    answered = (
        '[{"symbol": "BTCUSDT_UMCBL", "size": 0.1, "orderId": "2", "clientOid": "c3", "filledQty": 0.0, "price": 99.5, '
        '"state": "new", "side": "open_long", "timeInForce": "normal", "posSide": "long", "marginCoin": "USDT", '
        '"orderType": "limit", "cTime": "1700000004003", "uTime": "1700000004003"}]'
    )
    path = "/api/mix/v1/order/current"

    await old.initialize(answer(f"{path}?symbol=BTCUSDT_UMCBL", body(answered)))
    assert old.orders.find() == [
        {
            "accFillSz": "0.0",
            "cTime": 1700000004003,
            "clOrdId": "c3",
            "force": "normal",
            "instId": "BTCUSDT_UMCBL",
            "ordId": "2",
            "ordType": "limit",
            "posSide": "long",
            "px": "99.5",
            "side": "buy",
            "status": "new",
            "sz": "0.1",
            "tgtCcy": "USDT",
            "uTime": 1700000004003,
        }
    ]
    with pytest.raises(VenueError, match="40001"):
        await old.initialize(answer(path, '{"code": "40001", "msg": "no"}'))


def test_v1_errors_and_unknown_channels(old: Old) -> None:
    old.push("books5", [{"asks": [], "bids": []}])
    old.onmessage({"event": "error", "code": 30001, "msg": "bad"})
    old.onmessage({"event": "subscribe", "arg": {"instType": "mc", "channel": "books", "instId": "BTCUSDT"}})
    for channel in ("books", "trade", "orders", "positions", "ticker", "account", "candle1m"):
        for data in (None, 1, "x", [1], [[]], [None], {}, [{}]):
            old.push(channel, data)

    assert old.unhandled == {"books5": 1, "error": 1}
    assert all(isinstance(error, ProtocolError | StoreError) for error in old.failures)
