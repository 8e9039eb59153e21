"""Whatever JSON arrives: nothing but counted ProtocolError and StoreError on ``errors``, and bounded stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxbotters import PhemexDataStore
from rxbotters.record import read_records
from rxbotters_operators.events import Live
from tests.exchanges.fuzzing import changed_at_a_depth, give, give_to_every_route, json_values, runs

DATA = Path(__file__).parent / "data"
DEEP = runs(300)

WO = {
    "wallets": [{"userID": 200076, "currency": "USDT", "balanceEv": 351802500000, "lockedTradingBalanceEv": 0}],
    "orders": {
        "open": [{"orderID": "b98b", "symbol": "sBTCUSDT", "ordStatus": "New", "action": "New", "userID": 200076}],
        "closed": [{"orderID": "b98c", "symbol": "sBTCUSDT", "ordStatus": "Filled", "userID": 200076}],
        "fills": [{"execID": "x", "orderID": "b98c", "execPriceEp": 669000000000}],
    },
    "sequence": 350,
    "type": "snapshot",
}
RISK = {
    "risk_units": [{"riskMode": "Isolated", "valuationCurrency": "USDT", "symbol": "BTCUSDT", "posSide": 3}],
    "risk_wallets": [{"currency": "USDT", "balanceRv": "2882.17", "userID": 944384}],
    "type": "snapshot",
}
PACK = {
    "method": "perp_market24h_pack_p.update",
    "fields": ["symbol", "openRp", "lastRp"],
    "data": [["ETHUSDT", "2741.72", "2672.37"]],
}
RECORDED = [
    record.message
    for name in ("recorded.jsonl.gz", "synthetic.jsonl.gz")
    for record in read_records(DATA / name)
    if record.kind == "ws" and len(record.data) < 1500
]
REAL: list[Any] = [WO, RISK, PACK, *RECORDED[:60], *RECORDED[-300:]]
NAMES = sorted({name for message in REAL for name in message})

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.sampled_from(["", "0", "1", "-1", "NaN", "1e400", "x", "snapshot", "incremental", "New", "Filled", "BTCUSD"])
    | st.text(max_size=4)
)
names = st.sampled_from(
    [*NAMES, "asks", "bids", "orderID", "ordStatus", "accountID", "posSide", "currency", "open", "size", "userID"]
) | st.text(max_size=3)
values = json_values(scalars, names, fields=5)
addressed = st.dictionaries(st.sampled_from(NAMES), values, max_size=4).flatmap(
    lambda message: st.fixed_dictionaries(
        {
            "symbol": st.sampled_from(["BTCUSD", "BTCUSDT"]) | values,
            "type": st.sampled_from(["snapshot", "incremental"]) | values,
            "sequence": st.integers(0, 20) | values,
        }
    ).map(lambda more: {**message, **more})
)


def check(messages: list[Any]) -> None:
    store = PhemexDataStore()
    give(store, messages)
    for symbol in store.orderbook.instruments:
        asks, bids = store.orderbook.depth(symbol)
        depth = store.orderbook._depths.get(symbol, 0) or 9999
        assert max(len(asks), len(bids)) <= depth
        if asks and bids and isinstance(store.orderbook.status_of(symbol), Live):
            assert float(asks[0].price) > float(bids[0].price)
    for name in store:
        if name != "orderbook":
            assert len(store[name]) <= store[name]._MAXLEN
        store[name].find()


@DEEP
@given(st.lists(values | addressed, max_size=6))
def test_any_json(messages: list[Any]) -> None:
    """F67."""
    check(messages)


@DEEP
@given(st.lists(changed_at_a_depth(REAL, values) | st.sampled_from(REAL), min_size=1, max_size=8))
def test_mutated_messages(messages: list[Any]) -> None:
    """F67, F79."""
    check(messages)


@DEEP
@given(values, st.dictionaries(st.sampled_from(["symbol", "currency", "x"]), scalars.map(str), max_size=3))
def test_any_answer(data: Any, query: dict[str, str]) -> None:
    """A REST body is checked as a message is."""
    store = PhemexDataStore()
    store.errors.subscribe(lambda error: None)
    rows = data if isinstance(data, list) else [data]
    bodies = (
        data,
        {"code": 0, "data": data},
        {"code": 0, "data": {"rows": rows}},
        {"code": 0, "data": {"account": {}, "positions": rows}},
    )
    for body in bodies:
        give_to_every_route(store, body, query)
