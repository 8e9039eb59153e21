"""Hyperliquid's stores: every rule of the sheet, and the reference's known defects answered."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from yarl import URL

from rxbotters import HyperliquidDataStore
from rxbotters.errors import BadNumber, ProtocolError, SnapshotError, VenueError
from rxbotters.wire import dumps
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard

ME, OTHER = "0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000bb"


def push(store: HyperliquidDataStore, channel: str, data: Any, ws: Any = None) -> None:
    store.onmessage({"channel": channel, "data": data}, ws)


def level(px: str, sz: str, n: int = 1) -> dict[str, Any]:
    return {"px": px, "sz": sz, "n": n}


def book(*sides: list[dict[str, Any]], coin: str = "BTC", time: Any = 5) -> dict[str, Any]:
    return {"coin": coin, "time": time, "levels": list(sides)}


def update(status: str, oid: int = 7, coin: str = "BTC", **more: Any) -> dict[str, Any]:
    order = {"coin": coin, "side": "B", "limitPx": "90", "sz": "1", "oid": oid, "timestamp": 1, **more}
    return {"order": order, "status": status, "statusTimestamp": 2}


def fill(tid: int, time: int = 1, **more: Any) -> dict[str, Any]:
    return {"coin": "BTC", "px": "1", "sz": "2", "side": "B", "time": time, "oid": 5, "tid": tid, **more}


class Answer:
    """An answer of ``POST /info`` as `initialize` reads it."""

    def __init__(self, asked: Any, body: Any, status: int = 200) -> None:
        self.url, self.status = URL("https://api.hyperliquid.xyz/info"), status
        self.sent = dumps(asked).encode()
        self._body = body if isinstance(body, str) else dumps(body)

    async def read(self) -> bytes:
        return self._body.encode()


async def answer(asked: Any, body: Any, status: int = 200) -> Answer:
    return Answer(asked, body, status)


@pytest.fixture
def store() -> HyperliquidDataStore:
    made = HyperliquidDataStore()
    made.failures = heard(made)  # type: ignore[attr-defined]
    return made


def failures(store: HyperliquidDataStore) -> list[Exception]:
    return store.failures  # type: ignore[attr-defined, no-any-return]


# ---------------------------------------------------------------------- the book


def test_a_book_is_whole_in_every_message(store: HyperliquidDataStore) -> None:
    """Section 6; the rows of the reference."""
    push(store, "l2Book", book([level("19900", "1"), level("19800", "2", 2)], [level("20100", "1")]))

    assert store.l2_book.find() == [
        {"coin": "BTC", "side": "A", "px": "20100", "sz": "1", "n": 1},
        {"coin": "BTC", "side": "B", "px": "19900", "sz": "1", "n": 1},
        {"coin": "BTC", "side": "B", "px": "19800", "sz": "2", "n": 2},
    ]
    assert store.l2_book.time == 5
    assert store.l2_book.status_of("BTC") == Live()
    assert store.l2_book.get({"coin": "BTC", "side": "B", "px": "19800"})["n"] == 2  # type: ignore[index]
    push(store, "l2Book", book([level("19900", "1")], [], time=6))
    assert [row["px"] for row in store.l2_book] == ["19900"]
    sides = store.l2_book.sorted({"coin": "BTC"})
    assert (list(sides), len(sides["B"]), sides["A"]) == (["A", "B"], 1, [])
    assert not failures(store)


def test_prices_are_sorted_as_numbers(store: HyperliquidDataStore) -> None:
    push(store, "l2Book", book([level("9.5", "1"), level("10", "1")], [level("100", "1"), level("11.25", "1")]))

    sides = store.l2_book.sorted()

    assert [row["px"] for row in sides["A"]] == ["11.25", "100"]
    assert [row["px"] for row in sides["B"]] == ["10", "9.5"]
    assert store.l2_book.best("BTC").ask == {"coin": "BTC", "side": "A", "px": "11.25", "sz": "1", "n": 1}
    assert store.l2_book.depth("BTC", 1).bids == [("10", "1")]


def test_only_what_changed_is_told_and_each_coin_has_its_time(store: HyperliquidDataStore) -> None:
    """Defect 12, P5: the same book again tells nobody."""
    push(store, "l2Book", book([level("1", "1")], [level("2", "1")]))
    told: list[Any] = []
    store.l2_book.changes.subscribe(told.append)

    push(store, "l2Book", book([level("1", "1")], [level("2", "1")], time=6))
    assert not told
    push(store, "l2Book", book([level("1", "1")], [level("2", "1", 3)], time=7))
    push(store, "l2Book", book([], [level("2", "1", 3)], time=8))
    push(store, "l2Book", book([level("5", "1")], [], coin="ETH", time=9))

    assert [(change.operation, change.key) for change in told] == [
        ("update", ("BTC", "A", "2")),
        ("delete", ("BTC", "B", "1")),
        ("insert", ("ETH", "B", "5")),
    ]
    assert told[0].before["n"] == 1
    assert told[0].data["n"] == 3
    assert (store.l2_book.times, store.l2_book.time) == ({"BTC": 8, "ETH": 9}, 9)


@pytest.mark.parametrize(
    "bad",
    [
        book([level("1", "NaN")], []),
        book([level("1", "-1")], []),
        book([level("1", "x")], []),
        book([level("Infinity", "1")], []),
        book([level("5", "1"), {"px": "4"}], []),
        book([level("5", "1"), {"px": "4", "sz": None}], []),
        book([level("5", "1")]),
        book([level("5", "1")], [{**level("6", "1"), "n": [1]}]),
        book([level("5", "1")], ["61"]),  # type: ignore[list-item]
        book([level("5", "1")], [], time="now"),
        book([level("5", "1")], [], coin=5),  # type: ignore[arg-type]
        {"coin": "BTC", "levels": "text"},
        {"coin": "BTC"},
        [],
        None,
    ],
)
def test_a_bad_book_changes_nothing(store: HyperliquidDataStore, bad: Any) -> None:
    """F79, F80."""
    push(store, "l2Book", book([level("1", "1")], [level("2", "1")]))
    before, version = store.l2_book.find(), store.l2_book.version

    push(store, "l2Book", bad)

    assert (store.l2_book.find(), store.l2_book.version, store.l2_book.time) == (before, version, 5)
    assert len(failures(store)) == 1
    assert isinstance(failures(store)[0], ProtocolError | BadNumber)


def test_a_book_that_is_no_longer_followed_is_not_live(store: HyperliquidDataStore) -> None:
    push(store, "l2Book", book([level("1", "1")], []))
    for subscription in ({"type": "l2Book", "coin": "ETH"}, {"type": "l2Book"}, {"type": "trades", "coin": "BTC"}):
        push(store, "subscriptionResponse", {"method": "unsubscribe", "subscription": subscription})
    assert store.l2_book.status_of("BTC") == Live()

    push(store, "subscriptionResponse", {"method": "unsubscribe", "subscription": {"type": "l2Book", "coin": "BTC"}})

    assert store.l2_book.status_of("BTC") == Stale("unsubscribed")
    assert not store.l2_book.find()
    assert "ETH" not in store.l2_book.instruments


def test_a_lost_connection_empties_its_books(store: HyperliquidDataStore) -> None:
    """C49."""
    one, two = object(), object()
    for feed, coin in ((one, "BTC"), (two, "ETH")):
        message = {"method": "subscribe", "subscription": {"type": "l2Book", "coin": coin}}
        store.onevent(Subscribed(feed, [message, {"method": "ping"}, "text"]))
        assert store.l2_book.status_of(coin) == Syncing()
        push(store, "l2Book", book([level("1", "1")], [], coin=coin), feed)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.l2_book.status_of("BTC"), Stale)
    assert [row["coin"] for row in store.l2_book] == ["ETH"]
    assert list(store.l2_book.times) == ["ETH"]
    push(store, "l2Book", book([level("1", "1")], [], time=9), one)
    assert store.l2_book.status_of("BTC") == Live()


async def test_a_book_by_request(store: HyperliquidDataStore) -> None:
    """It is not `Live` by that alone, and never older than what the stream brought."""
    asked = {"type": "l2Book", "coin": "BTC"}
    await store.initialize(answer(asked, book([level("1", "1")], [], time=4)))
    assert store.l2_book.status_of("BTC") == Syncing()
    push(store, "l2Book", book([level("2", "1")], [], time=6))
    await store.initialize(answer(asked, book([level("3", "1")], [], time=5)))
    assert [row["px"] for row in store.l2_book] == ["2"]
    await store.initialize(answer(asked, book([level("4", "1")], [], time=7)))
    assert [row["px"] for row in store.l2_book] == ["4"]


# ---------------------------------------------------------------------- orders


def test_orders_live_and_end(store: HyperliquidDataStore) -> None:
    """Section 6, defect 13: the message is left as it was."""
    message = [
        {
            "order": {"coin": "BTC", "limitPx": "29792.0", "oid": 91490942, "side": "A", "sz": "0.0", "timestamp": 1},
            "status": "open",
            "statusTimestamp": 1750141385054,
        }
    ]
    kept = copy.deepcopy(message)
    push(store, "orderUpdates", message)

    assert message == kept
    assert store.order_updates.find() == [{**kept[0]["order"], "status": "open", "statusTimestamp": 1750141385054}]
    push(store, "orderUpdates", [{**message[0], "status": "filled"}])
    assert not store.order_updates.find()


@pytest.mark.parametrize("status", ["filled", "canceled", "rejected", "marginCanceled", "scheduledCancel", "newWord"])
def test_every_end_is_an_end(store: HyperliquidDataStore, status: str) -> None:
    push(store, "orderUpdates", [update("open"), update("open", 8), update(status)])

    assert [row["oid"] for row in store.order_updates] == [8]


def test_a_triggered_order_is_still_there(store: HyperliquidDataStore) -> None:
    """Defect 13: it may be open again, or be filled; until then it says ``triggered``."""
    push(store, "orderUpdates", [update("open")])
    told: list[Any] = []
    store.order_updates.changes.subscribe(lambda change: told.append(change.operation))

    push(store, "orderUpdates", [update("triggered")])
    assert [row["status"] for row in store.order_updates] == ["triggered"]
    push(store, "orderUpdates", [update("open", sz="0.5")])
    assert [(row["status"], row["sz"]) for row in store.order_updates] == [("open", "0.5")]
    push(store, "orderUpdates", [update("triggered"), update("filled")])
    assert not store.order_updates.find()
    assert told == ["update", "update", "update", "delete"]


@pytest.mark.parametrize(
    "bad", [None, {}, "open", [1], [{}], [{"order": {"coin": "BTC"}, "status": "open", "statusTimestamp": 1}],
            [update("open", coin=["BTC"])], [update("open", oid="7")], [{**update("open"), "status": None}]]  # type: ignore[arg-type]
)  # fmt: skip
def test_a_bad_order_changes_nothing(store: HyperliquidDataStore, bad: Any) -> None:
    push(store, "orderUpdates", [update("open")])
    if isinstance(bad, list):
        bad = [update("filled"), *bad]

    push(store, "orderUpdates", bad)

    assert len(store.order_updates) == 1
    assert len(failures(store)) == 1


def test_rows_carry_the_user_their_connection_follows(store: HyperliquidDataStore) -> None:
    feed, shared = object(), object()

    def acknowledge(kind: str, user: str, ws: Any, method: str = "subscribe") -> None:
        subscription = {"type": kind, "user": user}
        push(store, "subscriptionResponse", {"method": method, "subscription": subscription}, ws)

    acknowledge("orderUpdates", ME.upper().replace("X", "x"), feed)
    acknowledge("userEvents", ME, feed)
    for user in (ME, OTHER):
        acknowledge("orderUpdates", user, shared)
    push(store, "orderUpdates", [update("open", 1)], feed)
    push(store, "orderUpdates", [update("open", 2)], shared)
    push(store, "user", {"funding": {"coin": "ETH", "usdc": "-1"}}, feed)
    acknowledge("orderUpdates", OTHER, shared, "unsubscribe")
    push(store, "orderUpdates", [update("open", 3)], shared)

    assert [row.get("user") for row in store.order_updates] == [ME, None, ME]
    assert store.user_events.find() == [{"type": "funding", "coin": "ETH", "usdc": "-1", "user": ME}]
    store.release(feed, RuntimeError())
    push(store, "orderUpdates", [update("open", 4)], feed)
    assert "user" not in store.order_updates.find({"oid": 4})[0]
    push(store, "subscriptionResponse", {"method": "subscribe"})
    push(store, "subscriptionResponse", None)
    assert not failures(store)


async def test_open_orders_replace_their_user_and_dex(store: HyperliquidDataStore) -> None:
    """Also when the answer is empty; a coin of another dex, and another user's order, stay."""
    feed = object()
    push(store, "subscriptionResponse", {"method": "subscribe", "subscription": {"type": "orderUpdates", "user": ME}}, feed)  # fmt: skip
    push(store, "orderUpdates", [update("open", 1, cloid="0x1"), update("open", 2), update("triggered", 3)], feed)
    push(store, "orderUpdates", [update("open", 4, coin="xyz:GOLD")], feed)
    push(store, "openOrders", {"dex": "", "user": OTHER, "orders": [update("open", 9)["order"]]})
    rest = [update("open", 1, sz="0.5")["order"], update("open", 3)["order"], update("open", 5)["order"]]

    await store.initialize(answer({"type": "openOrders", "user": ME}, rest))

    rows = {row["oid"]: row for row in store.order_updates}
    assert list(rows) == [1, 3, 4, 9, 5]
    assert (rows[1]["sz"], rows[1]["cloid"], rows[1]["statusTimestamp"]) == ("0.5", "0x1", 2)
    assert (rows[3]["status"], rows[3]["statusTimestamp"]) == ("open", 1)
    assert {oid: row["user"] for oid, row in rows.items()} == {1: ME, 3: ME, 4: ME, 9: OTHER, 5: ME}
    await store.initialize(answer({"type": "frontendOpenOrders", "user": ME.upper(), "dex": "xyz"}, []))
    assert [row["oid"] for row in store.order_updates] == [1, 3, 9, 5]
    await store.initialize(answer({"type": "openOrders", "user": ME}, []))
    assert [row["oid"] for row in store.order_updates] == [9]
    push(store, "openOrders", {"dex": "", "user": OTHER, "orders": []})
    assert not store.order_updates.find()


async def test_orders_are_stale_until_they_were_asked_for_again(store: HyperliquidDataStore) -> None:
    feed = object()
    push(store, "orderUpdates", [update("open")], feed)

    store.onevent(Closed(1006, cause="reset", connection=feed))
    store.onevent(Subscribed(feed, []))

    assert isinstance(store.order_updates.status, Stale)
    assert isinstance(store.trades.status, Live)
    await store.initialize(answer({"type": "openOrders", "user": ME}, []))
    assert store.order_updates.status == Live()
    assert not store.order_updates.find()


def test_an_account_is_stale_until_its_next_message(store: HyperliquidDataStore) -> None:
    """C49: a whole image makes it right again; stores without a row have nothing to lose."""
    feed = object()
    push(store, "webData2", {"user": ME}, feed)

    store.onevent(Closed(1006, cause="reset", connection=feed))
    store.onevent(Subscribed(feed, []))

    assert isinstance(store.web_data2.status, Stale)
    assert store.web_data3.status == store.twap_states.status == Live()
    push(store, "webData2", {"user": ME}, feed)
    assert store.web_data2.status == Live()


# ---------------------------------------------------------------------- histories


@pytest.mark.parametrize(
    ("channel", "field", "name", "rows"),
    [
        ("userFills", "fills", "user_fills", [fill(1), fill(2)]),
        (
            "userFundings",
            "fundings",
            "user_fundings",
            [{"time": 1, "coin": "ETH", "usdc": "-3"}, {"time": 1, "coin": "BTC", "usdc": "-3"}],
        ),
        (
            "userNonFundingLedgerUpdates",
            "nonFundingLedgerUpdates",
            "user_non_funding_ledger_updates",
            [{"time": 1, "hash": "0x0", "delta": {"type": "deposit", "usdc": usdc}} for usdc in "12"],
        ),
        (
            "userTwapSliceFills",
            "twapSliceFills",
            "user_twap_slice_fills",
            [{"fill": fill(1), "twapId": 3}, {"fill": fill(2), "twapId": 3}],
        ),
        (
            "userTwapHistory",
            "history",
            "user_twap_history",
            [
                {"time": 1, "state": {"coin": "BTC"}, "status": {"status": status}}
                for status in ("activated", "finished")
            ],
        ),
    ],
)
def test_a_snapshot_that_comes_again_repeats_nothing(
    store: HyperliquidDataStore, channel: str, field: str, name: str, rows: list[dict[str, Any]]
) -> None:
    """Defect 11: rows are kept once, with their user; a snapshot replaces that user's rows."""
    history = getattr(store, name)
    push(store, channel, {"user": OTHER, field: rows[:1]})
    push(store, channel, {"isSnapshot": True, "user": ME, field: rows[:1]})
    push(store, channel, {"user": ME, field: rows[1:]})
    told: list[Any] = []
    history.changes.subscribe(lambda change: told.append((change.operation, change.reason)))

    push(store, channel, {"isSnapshot": True, "user": ME, field: rows})
    push(store, channel, {"user": ME, field: rows})

    assert history.find() == [{**rows[0], "user": OTHER}, *({**row, "user": ME} for row in rows)]
    assert not told
    push(store, channel, {"isSnapshot": True, "user": ME, field: rows[1:]})
    assert history.find({"user": ME}) == [{**rows[1], "user": ME}]
    assert told == [("delete", "resync")]
    push(store, channel, {"isSnapshot": True, "user": ME, field: []})
    assert history.find() == [{**rows[0], "user": OTHER}]
    assert history._keys == ()
    assert history._MAXLEN == 99999
    assert not failures(store)


def test_what_was_missed_comes_oldest_first(store: HyperliquidDataStore) -> None:
    push(store, "userFills", {"isSnapshot": True, "user": ME, "fills": [fill(1, 1)]})
    push(store, "userFills", {"isSnapshot": True, "user": ME, "fills": [fill(3, 3), fill(2, 2), fill(1, 1)]})

    assert [row["tid"] for row in store.user_fills] == [1, 2, 3]


def test_rows_without_a_number_are_all_kept(store: HyperliquidDataStore) -> None:
    odd = {"coin": "BTC", "px": "1", "sz": "1"}
    push(store, "trades", [odd, odd])
    push(store, "userFills", {"fills": [odd, odd]})

    assert store.trades.find() == store.user_fills.find() == [odd, odd]


def test_a_snapshot_with_a_bad_row_changes_nothing(store: HyperliquidDataStore) -> None:
    """F79."""
    push(store, "userFills", {"user": ME, "fills": [fill(1)]})
    for bad in ([fill(2), 5], [fill(2), fill(["x"])], "text", None):  # type: ignore[arg-type]
        push(store, "userFills", {"isSnapshot": True, "user": ME, "fills": bad})

    assert [row["tid"] for row in store.user_fills] == [1]
    assert len(failures(store)) == 4


async def test_fills_by_request(store: HyperliquidDataStore) -> None:
    push(store, "userFills", {"user": ME, "fills": [fill(1)]})
    await store.initialize(answer({"type": "userFillsByTime", "user": ME, "startTime": 0}, [fill(1), fill(2)]))
    assert [row["tid"] for row in store.user_fills] == [1, 2]
    await store.initialize(answer({"type": "userFills", "user": ME}, [fill(3)]))
    assert [row["tid"] for row in store.user_fills] == [3]
    assert store.user_fills.find()[0]["user"] == ME


def test_trades_are_kept_once(store: HyperliquidDataStore) -> None:
    push(store, "trades", [fill(1), fill(2)])
    push(store, "trades", [fill(2), fill(3)])

    assert [row["tid"] for row in store.trades] == [1, 2, 3]


# ---------------------------------------------------------------------- the rest


def test_mids_contexts_candles_and_best_prices(store: HyperliquidDataStore) -> None:
    """Section 6; defect 10: spot contexts, and lists of candles."""
    push(store, "allMids", {"mids": {"@142": "80907.5", "BTC": "80868.5"}})
    push(store, "allMids", {"mids": {"BTC": "80869"}})
    push(store, "activeAssetCtx", {"coin": "BTC", "ctx": {"markPx": "14.3161", "midPx": "14.314"}})
    push(store, "activeSpotAssetCtx", {"coin": "@2", "ctx": {"markPx": "0.5", "coin": "@2"}})
    candle = {"t": 1, "T": 2, "s": "BTC", "i": "1m", "o": "1", "c": "2"}
    push(store, "candle", candle)
    push(store, "candle", [{**candle, "c": "3"}, {**candle, "t": 3}])
    push(store, "bbo", {"coin": "BTC", "time": 1, "bbo": [level("1", "1"), None]})
    push(store, "activeAssetData", {"user": ME, "coin": "BTC", "leverage": {"value": 20}})
    push(store, "notification", {"notification": "note"})
    push(store, "webData2", {"user": ME, "clearinghouseState": {"withdrawable": "1"}})
    push(store, "webData2", {"user": ME, "serverTime": 5})

    assert store.all_mids.find() == [{"coin": "@142", "px": "80907.5"}, {"coin": "BTC", "px": "80869"}]
    assert store.active_asset_ctx.find() == [
        {"coin": "BTC", "markPx": "14.3161", "midPx": "14.314"},
        {"coin": "@2", "markPx": "0.5"},
    ]
    assert store.candle.find() == [{**candle, "c": "3"}, {**candle, "t": 3}]
    assert store.bbo.find() == [{"coin": "BTC", "time": 1, "bbo": [level("1", "1"), None]}]
    assert store.active_asset_data.get({"user": ME, "coin": "BTC"}) is not None
    assert store.notification.find() == [{"notification": "note"}]
    assert store.web_data2.find() == [{"user": ME, "clearinghouseState": {"withdrawable": "1"}, "serverTime": 5}]
    assert not failures(store)


def test_user_events_carry_their_type(store: HyperliquidDataStore) -> None:
    push(store, "user", {"fills": [{"coin": "BTC", "px": "1", "tid": 5}], "liquidation": {"lid": 0}})

    assert store.user_events.find() == [
        {"type": "fills", "coin": "BTC", "px": "1", "tid": 5},
        {"type": "liquidation", "lid": 0},
    ]


async def test_accounts_by_stream_and_by_request(store: HyperliquidDataStore) -> None:
    state = {"withdrawable": "1", "assetPositions": []}
    push(store, "clearinghouseState", {"dex": "", "user": ME, "clearinghouseState": {"withdrawable": "0", "old": 1}})
    push(store, "spotState", {"user": ME, "spotState": {"balances": []}})
    push(store, "webData3", {"userState": {"user": ME}, "perpDexStates": []})
    push(store, "twapStates", {"dex": "", "user": ME, "states": [[1, {"coin": "BTC"}], [2, {"coin": "ETH"}]]})
    push(store, "twapStates", {"dex": "", "user": OTHER, "states": [[3, {"coin": "BTC"}]]})
    push(store, "twapStates", {"dex": "", "user": ME, "states": [[2, {"coin": "ETH"}]]})
    push(store, "allDexsAssetCtxs", {"ctxs": [["", [{"markPx": "1"}, {"markPx": "2"}]], ["xyz", [{"markPx": "3"}]]]})

    await store.initialize(
        answer({"type": "clearinghouseState", "user": ME}, state),
        answer({"type": "spotClearinghouseState", "user": ME}, {"balances": [{"coin": "USDC"}]}),
        answer({"type": "allMids"}, {"BTC": "1"}),
        answer({"type": "candleSnapshot", "req": {"coin": "BTC"}}, [{"t": 1, "T": 2, "s": "BTC", "i": "1m"}]),
    )

    assert store.clearinghouse_state.find() == [{"user": ME, "dex": "", **state}]
    assert store.spot_state.find() == [{"user": ME, "balances": [{"coin": "USDC"}]}]
    assert store.web_data3.find() == [{"user": ME, "userState": {"user": ME}, "perpDexStates": []}]
    assert [(row["user"], row["twapId"]) for row in store.twap_states] == [(ME, 2), (OTHER, 3)]
    assert [(row["dex"], row["index"], row["markPx"]) for row in store.all_dexs_asset_ctxs] == [
        ("", 0, "1"),
        ("", 1, "2"),
        ("xyz", 0, "3"),
    ]
    assert (len(store.all_mids), len(store.candle)) == (1, 1)
    assert not failures(store)


@pytest.mark.parametrize(
    ("asked", "body", "words"),
    [
        ({"type": "meta"}, {"universe": []}, "'meta'"),
        ({}, [], "no store is filled"),
        ({"type": "openOrders", "user": ME}, {"odd": 1}, "list of objects"),
        ({"type": "openOrders", "user": ME}, [{"coin": "BTC"}], "openOrders"),
        ({"type": "clearinghouseState", "user": ME}, None, "clearinghouseState"),
        ({"type": "clearinghouseState"}, {}, "user"),
        ({"type": "l2Book", "coin": "X"}, None, "l2Book"),
        ({"type": "l2Book"}, book([level("1", "NaN")], []), "finite"),
        ({"type": "allMids"}, {"BTC": "x"}, "finite"),
        ({"type": "userFills", "user": ME}, [1], "list of objects"),
        ({"type": "candleSnapshot"}, "{", "JSON"),
    ],
)
async def test_a_body_that_is_not_what_it_promises_changes_nothing(
    store: HyperliquidDataStore, asked: Any, body: Any, words: str
) -> None:
    """F66."""
    with pytest.raises(SnapshotError, match=words):
        await store.initialize(answer(asked, body))

    assert not any(len(store[name]) for name in store)


async def test_the_exchanges_own_words_are_a_venue_error(store: HyperliquidDataStore) -> None:
    """F66."""
    with pytest.raises(VenueError, match="does not exist"):
        await store.initialize(answer({"type": "openOrders"}, {"status": "err", "response": "User does not exist."}))
    with pytest.raises(VenueError, match="deserialize"):
        await store.initialize(answer({"type": "x"}, "Failed to deserialize the JSON body", 422))


@pytest.mark.parametrize(
    ("channel", "data"),
    [
        ("trades", [fill(1), fill(2, px="NaN")]),
        ("trades", [fill(1), fill(2, sz="-1")]),
        ("trades", {}),
        ("allMids", {"mids": {"BTC": "1", "ETH": "inf"}}),
        ("allMids", {"mids": []}),
        ("bbo", {"coin": "BTC", "bbo": [level("1", "1"), level("x", "1")]}),
        ("bbo", {"coin": "BTC", "bbo": []}),
        ("candle", [["t", 1]]),
        ("notification", "text"),
        ("user", []),
        ("user", {"fills": "text"}),
        ("activeAssetCtx", {"coin": "BTC", "ctx": "text"}),
        ("webData2", {"user": 5}),
        ("webData2", []),
        ("webData3", {}),
        ("clearinghouseState", {"user": ME}),
        ("twapStates", {"user": ME, "states": [[1]]}),
        ("allDexsAssetCtxs", {"ctxs": ["ab"]}),
        ("openOrders", {"user": ME}),
    ],
)
def test_malformed_data_is_told_and_changes_nothing(store: HyperliquidDataStore, channel: str, data: Any) -> None:
    """Defect 14: a schema that changed is an error, not silence."""
    push(store, channel, data)

    assert not any(len(store[name]) for name in store)
    assert len(failures(store)) == 1


def test_strange_messages_are_counted_not_raised(store: HyperliquidDataStore) -> None:
    """F60, C71; defect 10: a plain text too."""
    for message in (None, [1], "Websocket connection established.", {}, {"channel": ["x"]}, {"channel": "trades"}):
        store.onmessage(message)
    for channel in ("pong", "post"):
        store.onmessage({"channel": channel})
    push(store, "error", "bad")
    push(store, "userHistoricalOrders", {})

    assert all(isinstance(error, ProtocolError) for error in failures(store))
    assert len(failures(store)) == 6
    assert store.unhandled == {"error": 1, "userHistoricalOrders": 1}


def test_names_keys_and_caps_are_the_references() -> None:
    """C1."""
    import pybotters

    mine, theirs = HyperliquidDataStore(), pybotters.HyperliquidDataStore()
    for name, other in theirs._stores.items():
        assert (mine[name]._keys, mine[name]._MAXLEN) == (tuple(other._keys), other._MAXLEN), name
    names = {name for name in dir(type(theirs)) if isinstance(getattr(type(theirs), name), property)}
    for name in names:
        assert getattr(mine, name) is mine[getattr(theirs, name).name]


async def test_messages_wait_for_the_list_they_continue(store: HyperliquidDataStore) -> None:
    """C73: an order that ended while the list was on its way does not come back; a book does not wait."""

    async def slow() -> Answer:
        push(store, "orderUpdates", [update("filled", 1)])
        push(store, "l2Book", book([level("1", "1")], []))
        assert len(store.l2_book) == 1
        return Answer({"type": "openOrders", "user": ME}, [update("open", 1)["order"], update("open", 2)["order"]])

    await store.initialize(slow())

    assert [row["oid"] for row in store.order_updates] == [2]


def test_replay_gives_the_same_rows_and_changes() -> None:
    from rxbotters.record import read_records
    from tests.exchanges.hyperliquid.test_against_pybotters import DATA

    def replay() -> tuple[Any, Any]:
        store = HyperliquidDataStore()
        store.errors.subscribe(lambda error: None)
        told = [
            (change.store.name, change.operation, change.data, change.key, change.seq)
            for record in read_records(DATA / "synthetic.jsonl.gz")
            for change in store.apply(record.message)
        ]
        return told, {name: store[name].find() for name in store}

    assert replay() == replay()
