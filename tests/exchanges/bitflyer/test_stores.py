"""bitFlyer's ten stores: the sheet's arithmetic, and the reference's known defects answered."""

from __future__ import annotations

from typing import Any

import pytest

from rxbotters import bitFlyerDataStore
from rxbotters.errors import ProtocolError, SnapshotError, StoreError, VenueError
from rxbotters_operators.events import Answered, Closed, Live, Overdue, Stale, Subscribed, Syncing
from tests.stores.test_collection import answer

P = "FX_BTC_JPY"


def push(store: bitFlyerDataStore, channel: str, message: Any, ws: Any = None) -> None:
    store.onmessage(
        {"jsonrpc": "2.0", "method": "channelMessage", "params": {"channel": channel, "message": message}}, ws
    )


def level(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"price": price, "size": size} for price, size in pairs]


def fill(side: str, price: float, size: float, **more: Any) -> dict[str, Any]:
    event = {
        "product_code": P,
        "child_order_acceptance_id": "JRF1",
        "event_type": "EXECUTION",
        "exec_id": 1,
        "side": side,
        "price": price,
        "size": size,
        "commission": 0,
        "sfd": 0,
        "outstanding_size": 0,
    }
    return {**event, **more}


def lots(store: bitFlyerDataStore) -> list[tuple[str, Any, Any]]:
    return [(row["side"], row["price"], row["size"]) for row in store.positions]


@pytest.fixture
def store() -> bitFlyerDataStore:
    store = bitFlyerDataStore()
    store.errors.subscribe(lambda error: failures.append(error))
    failures: list[Exception] = []
    store.failures = failures  # type: ignore[attr-defined]
    return store


# ---------------------------------------------------------------------- board


def test_snapshot_then_delta_is_cut_at_the_mid_price(store: bitFlyerDataStore) -> None:
    """The sheet's example: asks [102] (101 pruned), bids [101, 99, 98]."""
    push(store, f"lightning_board_{P}", {"mid_price": 1.0, "bids": level((1.0, 1.0)), "asks": []})
    assert not store.board.find()  # a delta before the snapshot is ignored
    snapshot = {"mid_price": 100.0, "bids": level((99.0, 1.0), (98.0, 2.0)), "asks": level((101.0, 1.0))}
    push(store, f"lightning_board_snapshot_{P}", snapshot)
    push(
        store,
        f"lightning_board_{P}",
        {"mid_price": 101.0, "bids": level((101.0, 3.0)), "asks": level((102.0, 1.0))},
    )

    book = store.board.sorted({"product_code": P})

    assert [row["price"] for row in book["asks"]] == [102.0]
    assert [row["price"] for row in book["bids"]] == [101.0, 99.0, 98.0]
    assert store.board.mid_price == {P: 101.0}
    assert book["bids"][0] == {"product_code": P, "side": "bids", "price": 101.0, "size": 3.0}
    assert store.board.sorted({"product_code": P}, limit=1)["bids"] == book["bids"][:1]
    assert not store.failures  # type: ignore[attr-defined]


def test_replay_needs_no_socket(store: bitFlyerDataStore) -> None:
    """Defect 8."""
    push(store, f"lightning_board_snapshot_{P}", {"mid_price": 1.0, "bids": level((1.0, 1.0)), "asks": []})

    assert len(store.board) == 1


def test_the_snapshot_channel_is_left_once_per_connection(store: bitFlyerDataStore) -> None:
    """Defect 9: one goodbye for each connection, not for each snapshot."""

    class Socket:
        def __init__(self) -> None:
            self.posted: list[str] = []

        def post(self, text: str) -> None:
            self.posted.append(text)

    first, second = Socket(), Socket()
    snapshot = {"mid_price": 1.0, "bids": level((1.0, 1.0)), "asks": []}
    push(store, f"lightning_board_snapshot_{P}", snapshot, first)
    push(store, f"lightning_board_snapshot_{P}", snapshot, first)
    store.onevent(Closed(1006))
    push(store, f"lightning_board_snapshot_{P}", snapshot, second)

    assert (
        first.posted
        == second.posted
        == ['{"method":"unsubscribe","params":{"channel":"lightning_board_snapshot_FX_BTC_JPY"}}']
    )


def test_diffs_that_come_while_a_pong_is_overdue_are_not_lost(store: bitFlyerDataStore) -> None:
    """Rule 4 of feeding: the doubt is about the connection, and what it brings is still the book."""
    push(store, f"lightning_board_snapshot_{P}", {"mid_price": 100.0, "bids": level((99.0, 1.0)), "asks": []})
    store.onevent(Overdue(None, 5.0))

    push(store, f"lightning_board_{P}", {"mid_price": 100.0, "bids": level((99.0, 0.0), (98.0, 2.0)), "asks": []})

    assert isinstance(store.board.status_of(P), Stale)
    store.onevent(Answered(None, 0.1))
    assert store.board.status_of(P) == Live()
    assert store.board.depth(P).bids == [(98.0, 2.0)]


def test_a_lost_connection_empties_its_books_and_no_others(store: bitFlyerDataStore) -> None:
    """Defect 9, C49, D10: deltas of the new connection wait for the new snapshot."""
    one, two = object(), object()
    snapshot = {"mid_price": 1.0, "bids": level((1.0, 1.0)), "asks": []}
    for connection, product in ((one, P), (two, "BTC_JPY")):
        channels = [
            {"method": "subscribe", "params": {"channel": f"{prefix}{product}"}}
            for prefix in ("lightning_board_snapshot_", "lightning_board_")
        ]
        store.onevent(Subscribed(connection, channels))
        assert store.board.status_of(product) == Syncing()
        push(store, f"lightning_board_snapshot_{product}", snapshot)
    changes: list[Any] = []
    store.board.changes.subscribe(changes.append)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.board.status_of(P), Stale)
    assert store.board.status_of("BTC_JPY") == Live()
    assert [(change.operation, change.reason) for change in changes] == [("delete", "resync")]
    push(store, f"lightning_board_{P}", {"mid_price": 1.0, "bids": level((0.5, 1.0)), "asks": []})
    assert not store.board.find({"product_code": P})
    assert store.board.find({"product_code": "BTC_JPY"})


@pytest.mark.parametrize("bad", [None, float("nan"), "x", -1.0])
def test_a_bad_level_refuses_the_message(store: bitFlyerDataStore, bad: Any) -> None:
    """F79, F80."""
    push(store, f"lightning_board_snapshot_{P}", {"mid_price": 100.0, "bids": level((99.0, 1.0)), "asks": []})
    push(
        store,
        f"lightning_board_{P}",
        {"mid_price": 100.0, "bids": level((98.0, 1.0)), "asks": [{"price": 102.0, "size": bad}]},
    )

    assert [row["price"] for row in store.board] == [99.0]
    assert len(store.failures) == 1  # type: ignore[attr-defined]


# ---------------------------------------------------------------------- orders


def order(**more: Any) -> dict[str, Any]:
    event = {
        "product_code": P,
        "child_order_acceptance_id": "JRF1",
        "event_type": "ORDER",
        "child_order_type": "LIMIT",
        "side": "BUY",
        "price": 5000000,
        "size": 0.1,
    }
    return {**event, **more}


def test_a_fill_leaves_what_the_exchange_says_is_left(store: bitFlyerDataStore) -> None:
    """size is what remains; the original size is kept."""
    push(store, "child_order_events", [order(), fill("BUY", 5000000, 0.02, outstanding_size=0.08)])

    row = store.childorders.get({"child_order_acceptance_id": "JRF1"})

    assert row is not None
    assert (row["size"], row["outstanding_size"], row["original_size"]) == (0.08, 0.08, 0.1)
    push(store, "child_order_events", [fill("BUY", 5000000, 0.08, exec_id=2, outstanding_size=0)])
    assert not store.childorders.find()
    assert len(store.childorderevents) == 3


@pytest.mark.parametrize("kind", ["CANCEL", "EXPIRE"])
def test_a_cancelled_or_expired_order_goes(store: bitFlyerDataStore, kind: str) -> None:
    push(store, "child_order_events", [order(), order(event_type="CANCEL_FAILED")])
    assert len(store.childorders) == 1
    push(store, "child_order_events", [{"product_code": P, "child_order_acceptance_id": "JRF1", "event_type": kind}])

    assert not store.childorders.find()


async def test_a_rest_order_that_was_partly_filled(store: bitFlyerDataStore) -> None:
    """Defect 1: size 0.1, outstanding 0.07, fill 0.02 leaves 0.05."""
    row = {"product_code": P, "child_order_acceptance_id": "JRF1", "size": 0.1, "outstanding_size": 0.07}
    body = f'[{{"product_code": "{P}", "child_order_acceptance_id": "JRF1", "size": 0.1, "outstanding_size": 0.07, "child_order_state": "ACTIVE"}}]'
    await store.initialize(answer(f"/v1/me/getchildorders?product_code={P}", body))
    assert store.childorders.find(row)
    push(store, "child_order_events", [fill("BUY", 1, 0.02, outstanding_size=0.05)])

    (left,) = store.childorders.find()
    assert (left["size"], left["outstanding_size"], left["original_size"]) == (0.05, 0.05, 0.1)


async def test_an_empty_answer_clears_its_product_only(store: bitFlyerDataStore) -> None:
    """Defect 2."""
    push(store, "child_order_events", [order(), order(child_order_acceptance_id="JRF2", product_code="BTC_JPY")])
    push(store, "child_order_events", [fill("BUY", 1, 0.1), fill("BUY", 1, 0.1, exec_id=2, product_code="FX_ETH_JPY")])
    push(store, "child_order_events", [order()])

    await store.initialize(
        answer(f"/v1/me/getchildorders?product_code={P}", "[]"), answer(f"/v1/me/getpositions?product_code={P}", "[]")
    )

    assert [row["product_code"] for row in store.childorders] == ["BTC_JPY"]
    assert [row["product_code"] for row in store.positions] == ["FX_ETH_JPY"]


async def test_an_error_body_is_a_typed_error_and_changes_nothing(store: bitFlyerDataStore) -> None:
    """Defect 3, F66."""
    push(store, "child_order_events", [order()])

    with pytest.raises(VenueError, match="Invalid signature"):
        await store.initialize(
            answer("/v1/me/getchildorders", '{"status": -205, "error_message": "Invalid signature"}')
        )
    with pytest.raises(SnapshotError, match="list"):
        await store.initialize(answer("/v1/me/getchildorders", '{"odd": 1}'))

    assert len(store.childorders) == 1


def test_a_fill_of_an_unknown_order_says_refresh(store: bitFlyerDataStore) -> None:
    """Defect 13."""
    push(store, "child_order_events", [fill("BUY", 1, 0.1, outstanding_size=0.2)])

    assert isinstance(store.childorders.status, Stale)
    assert "initialize" in store.childorders.status.reason


def test_parent_orders_end_with_their_second_leg(store: bitFlyerDataStore) -> None:
    def parent(kind: str, name: str = "P1", **more: Any) -> dict[str, Any]:
        return {"product_code": P, "parent_order_acceptance_id": name, "event_type": kind, **more}

    push(store, "parent_order_events", [parent("ORDER", parent_order_type="IFDOCO")])
    push(store, "parent_order_events", [parent("TRIGGER", parameter_index=1), parent("COMPLETE", parameter_index=1)])
    assert len(store.parentorders) == 1
    push(store, "parent_order_events", [parent("COMPLETE", parameter_index=2)])
    assert not store.parentorders.find()
    push(store, "parent_order_events", [parent("ORDER", "P2", parent_order_type="STOP")])
    push(store, "parent_order_events", [parent("COMPLETE", "P2", parameter_index=1)])
    assert not store.parentorders.find()
    assert len(store.parentorderevents) == 6


# ---------------------------------------------------------------------- account


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": None},
        {"size": "0.1"},
        {"side": "buy"},
        {"commission": "x"},
        {"outstanding_size": float("inf")},
        {"exec_id": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_fill_that_cannot_be_read_moves_nothing(store: bitFlyerDataStore, wrong: dict[str, Any]) -> None:
    """F79: neither the orders before it in the message nor the stores that could have read it."""
    store.balance._insert([{"currency_code": "JPY", "amount": 1000}, {"currency_code": "BTC", "amount": 1.0}])
    amounts = store.balance.find()
    good = [fill("BUY", 100, 0.1), fill("BUY", 100, 0.1, product_code="BTC_JPY")]

    for product in (P, "BTC_JPY"):
        bad = {**fill("BUY", 100, 0.1, product_code=product), **wrong}
        push(store, "child_order_events", [order(), *good, bad])

    assert len(store.failures) == 2  # type: ignore[attr-defined]
    assert store.balance.find() == amounts
    assert not any(store[name].find() for name in ("childorderevents", "childorders", "positions"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("getpositions", f'[{{"product_code": "{P}", "side": "BUY", "price": 100, "size": null}}]'),
        ("getpositions", f'[{{"product_code": "{P}", "side": "", "price": 100, "size": 1}}]'),
        ("getcollateral", '{"collateral": "1"}'),
        ("getbalance", '[{"currency_code": "JPY", "amount": null, "available": 1}]'),
        ("getchildorders", '[{"product_code": "BTC_JPY", "child_order_state": "ACTIVE"}]'),
    ],
)
async def test_an_answer_that_cannot_be_read_is_refused(store: bitFlyerDataStore, path: str, body: str) -> None:
    """C73: what would break the next fill does not get in."""
    push(store, "child_order_events", [order(), fill("BUY", 100, 0.1, outstanding_size=0.1)])
    before = {name: store[name].find() for name in store}

    with pytest.raises(StoreError):
        await store.initialize(answer(f"/v1/me/{path}", body))

    assert {name: store[name].find() for name in store} == before


def test_positions_are_netted_first_in_first_out(store: bitFlyerDataStore) -> None:
    """Defects 5 and 6: six fields always; an exact close touches nothing else."""
    push(store, "child_order_events", [fill("BUY", 100, 0.1), fill("BUY", 101, 0.2, exec_id=2)])
    assert set(store.positions.find()[0]) == {"product_code", "side", "price", "size", "commission", "sfd"}
    told: list[Any] = []
    store.positions.changes.subscribe(lambda change: told.append(change.operation))

    push(store, "child_order_events", [fill("SELL", 110, 0.1, exec_id=3)])

    assert lots(store) == [("BUY", 101, 0.2)]
    assert told == ["delete"]
    push(store, "child_order_events", [fill("SELL", 110, 0.05, exec_id=4)])
    assert lots(store) == [("BUY", 101, 0.15)]
    push(store, "child_order_events", [fill("SELL", 110, 0.3, exec_id=5)])
    assert lots(store) == [("SELL", 110, 0.15)]


def test_spot_moves_balances_not_positions(store: bitFlyerDataStore) -> None:
    """The sheet's measured figures."""
    store.balance._insert([{"currency_code": "JPY", "amount": 1000000}, {"currency_code": "BTC", "amount": 1.0}])
    spot = {"product_code": "BTC_JPY", "commission": 0.00001845}
    push(store, "child_order_events", [fill("BUY", 5000001, 0.0123, **spot)])

    amounts = {row["currency_code"]: row["amount"] for row in store.balance}
    assert amounts == {"JPY": 938499.0, "BTC": 1.01228155}
    assert not store.positions.find()
    push(store, "child_order_events", [fill("SELL", 5000001, 0.0123, exec_id=2, **spot)])
    amounts = {row["currency_code"]: row["amount"] for row in store.balance}
    assert amounts == {"JPY": 999999.0, "BTC": 0.9999631}
    assert store.balance.find()[0]["available"] is None


def test_three_part_codes_are_margin(store: bitFlyerDataStore) -> None:
    """Defect 4."""
    push(store, "child_order_events", [fill("BUY", 100, 0.1, product_code="FX_ETH_JPY")])

    assert lots(store) == [("BUY", 100, 0.1)]
    assert not store.failures  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("opened", "closed", "side", "collateral"),
    [(5000000, 5000101, "SELL", 100001.01), (5000000, 5000101, "BUY", 99998.99), (5000101, 5000000, "BUY", 100001.01)],
)
async def test_collateral_moves_by_the_exact_profit(
    store: bitFlyerDataStore, opened: int, closed: int, side: str, collateral: float
) -> None:
    """Defect 7: a decimal, marked as an estimate until the exchange says."""
    body = '{"collateral": 100000, "open_position_pnl": 0, "require_collateral": 0, "keep_rate": 0}'
    await store.initialize(answer("/v1/me/getcollateral", body))
    push(store, "child_order_events", [fill("BUY" if side == "SELL" else "SELL", opened, 0.01)])
    push(store, "child_order_events", [fill(side, closed, 0.01, exec_id=2)])

    (row,) = store.collateral.find()
    assert (row["collateral"], row["estimated"]) == (collateral, True)
    await store.initialize(answer("/v1/me/getcollateral", body))
    (row,) = store.collateral.find()
    assert (row["collateral"], row["estimated"]) == (100000, False)


def test_ticker_and_executions(store: bitFlyerDataStore) -> None:
    push(store, f"lightning_ticker_{P}", {"product_code": P, "ltp": 1})
    push(store, f"lightning_ticker_{P}", {"product_code": P, "ltp": 2})
    push(store, "lightning_executions_BTC_USD", [{"id": 1}, {"id": 2}])

    assert store.ticker.find() == [{"product_code": P, "ltp": 2}]
    assert store.executions.find() == [{"product_code": "BTC_USD", "id": 1}, {"product_code": "BTC_USD", "id": 2}]
    assert (store.executions._MAXLEN, store.ticker._MAXLEN) == (99999, 9999)


def test_strange_messages_are_counted_not_raised(store: bitFlyerDataStore) -> None:
    """F60, F67, C71."""
    for message in (None, [1], "x", {}, {"params": 1}, {"params": {"channel": 1, "message": 1}}):
        store.onmessage(message)
    push(store, "lightning_nonsense", {})
    push(store, "child_order_events", [{"event_type": "ORDER"}])
    store.onmessage({"id": 1, "error": {"code": -1}})

    assert all(isinstance(error, ProtocolError | Exception) for error in store.failures)  # type: ignore[attr-defined]
    assert store.unhandled == {"lightning_nonsense": 1, "error": 1}
