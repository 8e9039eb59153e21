"""Phemex's market data: the sheet's examples, and the reference's known defects answered."""

from __future__ import annotations

from typing import Any

import pytest

from rxbotters import PhemexDataStore
from rxbotters.errors import BadNumber, ProtocolError, SequenceGap, SnapshotError, StoreError, VenueError
from rxbotters_operators.events import Answered, Closed, Live, Overdue, Stale, Subscribed, Syncing
from tests.stores.test_collection import answer

B = "BTCUSDT"
NOW = 1666854171201355264


@pytest.fixture
def store(failures: list[Exception]) -> PhemexDataStore:
    store = PhemexDataStore()
    store.errors.subscribe(failures.append)
    return store


def book(kind: str, number: int, asks: Any = (), bids: Any = (), **more: Any) -> dict[str, Any]:
    levels = {"asks": [list(level) for level in asks], "bids": [list(level) for level in bids]}
    message = {
        "depth": 30,
        "orderbook_p": levels,
        "sequence": number,
        "symbol": B,
        "timestamp": NOW + number,
        "type": kind,
    }
    return {**message, **more}


def sides(store: PhemexDataStore, symbol: str = B) -> tuple[list[Any], list[Any]]:
    shown = store.orderbook.depth(symbol)
    return [tuple(level) for level in shown.asks], [tuple(level) for level in shown.bids]


# ---------------------------------------------------------------------- books


def test_snapshot_and_increment(store: PhemexDataStore) -> None:
    """The sheet's measured example: sequences jump."""
    store.onmessage(book("snapshot", 77668172, [("20702.9", "0.718"), ("20703.9", "0.524")], [("20700.5", "1.622")]))
    store.onmessage(book("incremental", 77668209, [], [("20700.5", "0"), ("20340.5", "0.06")]))

    assert store.orderbook.sorted({"symbol": B}) == {
        "asks": [
            {"symbol": B, "side": "asks", "priceEp": "20702.9", "qty": "0.718"},
            {"symbol": B, "side": "asks", "priceEp": "20703.9", "qty": "0.524"},
        ],
        "bids": [{"symbol": B, "side": "bids", "priceEp": "20340.5", "qty": "0.06"}],
    }
    assert store.orderbook.timestamp == {B: NOW + 77668209}
    assert store.orderbook._KEYS == ("symbol", "side", "priceEp")


def test_a_book_in_doubt_is_cut_to_its_depth_too(store: PhemexDataStore) -> None:
    """A level that is pushed out while a pong is overdue is not taken back either."""
    store.onmessage(book("snapshot", 1, [("101", "1")], depth=1))
    store.onevent(Overdue(None, 5.0))

    store.onmessage(book("incremental", 2, [("100", "1")], depth=1))
    store.onevent(Answered(None, 0.1))

    assert store.orderbook.status_of(B) == Live()
    assert sides(store)[0] == [("100", "1")]


def test_integers_stay_integers(store: PhemexDataStore) -> None:
    levels = {"asks": [[86765000, 19609]], "bids": [[86760000, 18995]]}
    store.onmessage({"book": levels, "depth": 30, "sequence": 1191904, "symbol": "BTCUSD", "type": "snapshot"})

    assert store.orderbook.find() == [
        {"symbol": "BTCUSD", "side": "asks", "priceEp": 86765000, "qty": 19609},
        {"symbol": "BTCUSD", "side": "bids", "priceEp": 86760000, "qty": 18995},
    ]
    assert store.orderbook.timestamp == {}  # defect 15: it may be missing


def test_an_increment_before_the_snapshot_is_no_book(store: PhemexDataStore) -> None:
    store.onmessage(book("incremental", 5, [("101", "1")]))

    assert sides(store) == ([], [])
    assert store.orderbook.status_of(B) == Syncing()
    store.onmessage(book("snapshot", 9, [("102", "1")], [("99", "1")]))
    assert sides(store) == ([("102", "1")], [("99", "1")])
    assert store.orderbook.status_of(B) == Live()


def test_what_came_before_a_snapshot_is_part_of_it(store: PhemexDataStore) -> None:
    """Even if its number is above the snapshot's: then the numbers began anew."""
    store.onmessage(book("incremental", 5000, [("100", "1")]))
    store.onmessage(book("snapshot", 9, [("102", "1")], [("99", "1")]))

    assert sides(store) == ([("102", "1")], [("99", "1")])


def test_the_snapshot_of_each_minute_replaces(store: PhemexDataStore) -> None:
    changes: list[Any] = []
    store.onmessage(book("snapshot", 10, [("101", "1"), ("105", "3")], [("99", "1")]))
    store.orderbook.changes.subscribe(changes.append)

    store.onmessage(book("snapshot", 60, [("101", "1"), ("102", "2")], [("99", "1")]))

    assert sides(store) == ([("101", "1"), ("102", "2")], [("99", "1")])
    assert sorted((change.operation, change.data["priceEp"]) for change in changes) == [
        ("delete", "105"),
        ("insert", "102"),
    ]


def test_levels_pushed_out_of_the_window_are_cut(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 7."""
    store.onmessage(book("snapshot", 10, [("101", "1"), ("102", "1")], [("99", "1"), ("98", "1")], depth=2))
    store.onmessage(book("incremental", 11, [("100.5", "1")], [("99.5", "1"), ("97", "1")], depth=2))

    assert sides(store) == ([("100.5", "1"), ("101", "1")], [("99.5", "1"), ("99", "1")])
    store.onmessage(book("incremental", 12, [("100.5", "0")], [("99.5", "0")], depth=2))
    assert sides(store) == ([("101", "1")], [("99", "1")])  # what was cut does not come back
    assert not failures


def test_a_full_book_is_not_cut(store: PhemexDataStore) -> None:
    """Defect 8: nor does one book take the room of another."""
    asks = [(f"{1000 + number}", "1") for number in range(4000)]
    for name in ("A", "B", "C"):
        store.onmessage(book("snapshot", 10, asks, [("999", "1")], depth=0, symbol=f"{name}USDT"))

    assert [len(store.orderbook.depth(f"{name}USDT").asks) for name in ("A", "B", "C")] == [4000] * 3
    assert store.orderbook._MAXLEN == 9999


def test_an_old_increment_is_skipped(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 7, F70."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("incremental", 15, [("102", "1")]))
    for old in (15, 12, 3):
        store.onmessage(book("incremental", old, [("101", "0")]))

    assert sides(store) == ([("101", "1"), ("102", "1")], [("99", "1")])
    assert store.orderbook.timestamp == {B: NOW + 15}
    assert not failures


def test_an_old_snapshot_does_not_turn_the_book_back(store: PhemexDataStore) -> None:
    """Two connections during a rotation: the second one's snapshot is told after the first one's increments."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("incremental", 20, [("101", "0"), ("102", "1")]))
    store.onmessage(book("snapshot", 15, [("101", "1")], [("99", "1")]))
    store.onmessage(book("incremental", 21, [], [("98", "1")]))

    assert sides(store) == ([("102", "1")], [("99", "1"), ("98", "1")])


def test_numbers_that_begin_anew_are_no_old_messages(store: PhemexDataStore, failures: list[Exception]) -> None:
    """A book that skipped them would stand still and look alive."""
    store.onmessage(book("snapshot", 5000, [("101", "1")], [("99", "1")]))
    store.onmessage(book("incremental", 3, [("102", "1")], timestamp=NOW + 9000))
    assert sides(store) == ([], [])
    assert [type(error) for error in failures] == [SequenceGap]

    store.onmessage(book("snapshot", 4, [("103", "1")], [("97", "1")], timestamp=NOW + 9001))
    assert sides(store) == ([("103", "1")], [("97", "1")])
    store.onmessage(book("snapshot", 2, [("104", "1")], [("96", "1")], timestamp=NOW + 9002))
    assert sides(store) == ([("104", "1")], [("96", "1")])


def test_a_crossed_book_is_asked_for_anew(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 7."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    subscription = {"id": 1, "method": "orderbook_p.subscribe", "params": [B]}
    store.onevent(Subscribed(None, [subscription]))
    assert store.orderbook.status_of(B) == Syncing()
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("incremental", 11, [], [("101", "1")]))

    assert sides(store) == ([], [])
    assert "crossed" in str(failures[0])
    assert [(ask.store, ask.symbol) for ask in asks] == [(store.orderbook, B)]
    assert store._subscription(store.orderbook, B) == subscription


def test_a_move_within_one_message_is_told_as_one(store: PhemexDataStore) -> None:
    """Defect 7: asks come before bids, and nobody sees the book in between."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    seen: list[Any] = []
    store.orderbook.commits.subscribe(lambda commit: seen.append((len(commit), sides(store))))

    store.onmessage(book("incremental", 11, [("98", "1"), ("101", "0")], [("99", "0"), ("97", "1")]))

    assert seen == [(4, ([("98", "1")], [("97", "1")]))]


def test_another_depth_of_the_same_symbol(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Increments count only for the depth that the book has; a snapshot changes it."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")], depth=5))
    store.onmessage(book("incremental", 11, [("103", "1")], depth=0))
    assert sides(store) == ([("101", "1")], [("99", "1")])

    store.onmessage(book("snapshot", 12, [("101", "1"), ("103", "1")], [("99", "1")], depth=0))
    store.onmessage(book("incremental", 13, [("104", "1")], depth=0))
    assert [price for price, _ in sides(store)[0]] == ["101", "103", "104"]
    assert not failures


@pytest.mark.parametrize("bad", ["NaN", "inf", "-1", "x", "", None, [1]])
@pytest.mark.parametrize("where", ["price", "size"])
@pytest.mark.parametrize("kind", ["snapshot", "incremental"])
def test_a_bad_level_is_never_half_applied(
    store: PhemexDataStore, failures: list[Exception], bad: Any, where: str, kind: str
) -> None:
    """F79, F80."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    level = (bad, "1") if where == "price" else ("102", bad)
    store.onmessage(book(kind, 11, [("103", "2"), level], [("98", "1")]))

    assert sides(store) == ([], [])
    assert isinstance(store.orderbook.status_of(B), Stale)
    assert isinstance(failures[0], BadNumber)
    store.onmessage(book("snapshot", 20, [("101", "1")], [("99", "1")]))
    assert store.orderbook.status_of(B) == Live()


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": "11"},
        {"sequence": None},
        {"sequence": -1},
        {"depth": "30"},
        {"depth": -1},
        {"timestamp": "1"},
        {"type": "whatever"},
        {"orderbook_p": None},
        {"orderbook_p": {"asks": []}},
        {"orderbook_p": {"asks": 5, "bids": []}},
        {"orderbook_p": {"asks": [["1"]], "bids": []}},
    ],
)
@pytest.mark.parametrize("kind", ["snapshot", "incremental"])
def test_a_message_that_cannot_be_read_is_a_gap(
    store: PhemexDataStore, failures: list[Exception], kind: str, change: dict[str, Any]
) -> None:
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage({**book(kind, 11, [("102", "1")]), **change})

    assert sides(store) == ([], [])
    assert failures
    assert all(isinstance(error, ProtocolError | StoreError) for error in failures)


def test_a_lost_connection_empties_its_books_and_no_others(store: PhemexDataStore) -> None:
    """C49, F73."""
    one, two = object(), object()
    for connection, symbol in ((one, B), (two, "ETHUSDT")):
        store.onevent(Subscribed(connection, [{"id": 1, "method": "orderbook_p.subscribe", "params": [symbol]}]))
        store.onmessage(book("snapshot", 10, [("101", "1")], symbol=symbol), connection)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.orderbook.status_of(B), Stale)
    assert store.orderbook.status_of("ETHUSDT") == Live()
    assert store.orderbook.timestamp == {"ETHUSDT": NOW + 10}
    store.onmessage(book("incremental", 11, [("102", "1")]), one)
    assert sides(store) == ([], [])


def test_what_subscriptions_will_bring(store: PhemexDataStore) -> None:
    messages: list[Any] = [
        {"id": 1, "method": "orderbook_p.subscribe", "params": [B, True]},
        {"id": 2, "method": "orderbook.subscribe", "params": ["BTCUSD"]},
        {"id": 3, "method": "trade.subscribe", "params": ["BTCUSD"]},
        {"id": 4, "method": "orderbook.subscribe", "params": []},
        {"id": 5, "method": "ras_p.subscribe", "params": {}},
        "text",
    ]

    assert list(store._expects(messages)) == [(store.orderbook, B), (store.orderbook, "BTCUSD")]


# ---------------------------------------------------------------------- trades


def trades(kind: str, *rows: Any, name: str = "trades_p", symbol: str = B) -> dict[str, Any]:
    return {"sequence": 77702250, "symbol": symbol, name: [list(row) for row in rows], "type": kind}


def test_trades_get_names(store: PhemexDataStore) -> None:
    """The sheet's measured examples."""
    store.onmessage(trades("incremental", (1666856076819029800, "Sell", "20700.3", "0.649")))
    store.onmessage(trades("incremental", (1573717116484024300, "Buy", 86730000, 21), name="trades", symbol="BTCUSD"))

    assert store.trade.find() == [
        {"symbol": B, "timestamp": 1666856076819029800, "side": "Sell", "priceEp": "20700.3", "qty": "0.649"},
        {"symbol": "BTCUSD", "timestamp": 1573717116484024300, "side": "Buy", "priceEp": 86730000, "qty": 21},
    ]
    assert store.trade._MAXLEN == 99999


def test_trades_of_one_moment_are_all_kept(store: PhemexDataStore) -> None:
    """Defect 3."""
    store.onmessage(trades("incremental", (5, "Sell", "1", "1"), (5, "Sell", "1", "1"), (5, "Sell", "2", "1")))
    store.onmessage(trades("incremental", (5, "Sell", "1", "1")))

    assert len(store.trade) == 4


def test_a_snapshot_adds_what_is_new(store: PhemexDataStore) -> None:
    """Trap: 200 past trades come again with each subscription, newest first."""
    store.onmessage(trades("snapshot", (5, "Sell", "2", "1"), (5, "Buy", "1", "1"), (3, "Buy", "1", "1")))
    assert [(row["timestamp"], row["priceEp"]) for row in store.trade] == [(3, "1"), (5, "1"), (5, "2")]
    store.onmessage(trades("incremental", (6, "Buy", "3", "1")))

    again = (
        (7, "Buy", "4", "1"),
        (6, "Buy", "3", "2"),
        (6, "Buy", "3", "1"),
        (5, "Sell", "2", "1"),
        (3, "Buy", "1", "1"),
    )
    store.onmessage(trades("snapshot", *again))

    assert [(row["timestamp"], row["priceEp"], row["qty"]) for row in store.trade] == [
        (3, "1", "1"),
        (5, "1", "1"),
        (5, "2", "1"),
        (6, "3", "1"),
        (6, "3", "2"),
        (7, "4", "1"),
    ]
    store.onmessage(trades("snapshot", *again))
    assert len(store.trade) == 6


@pytest.mark.parametrize(
    "bad",
    [
        (1.5, "Buy", "1", "1"),
        ("1", "Buy", "1", "1"),
        (1, 5, "1", "1"),
        (1, "Buy", "NaN", "1"),
        (1, "Buy", "1", "-1"),
        (1, "Buy", "1", None),
        (1, "Buy", "x", "1"),
        (1, "Buy", "1"),
    ],
)
def test_a_bad_trade_changes_nothing(store: PhemexDataStore, failures: list[Exception], bad: Any) -> None:
    """F79, F80."""
    store.onmessage(trades("incremental", (1, "Buy", "1", "1"), bad))

    assert not store.trade.find()
    assert len(failures) == 1
    assert isinstance(failures[0], ProtocolError | StoreError)


# ---------------------------------------------------------------------- tickers, klines


def test_ticks(store: PhemexDataStore, failures: list[Exception]) -> None:
    usd = {"last": "20639.38692364", "symbol": ".BTCUSDT", "timestamp": 1666863393552000000}
    coin = {"last": 93385362, "scale": 4, "symbol": ".BTC", "timestamp": 1580635719408000000}
    funding = {"last": -12000, "scale": 8, "symbol": ".BTCFR8H", "timestamp": 1580635719408000000}
    for name, tick in (("tick_p", usd), ("tick", coin), ("tick", funding), ("tick", {**coin, "last": 1})):
        store.onmessage({name: tick})

    assert store.ticker.find() == [usd, {**coin, "last": 1}, funding]
    assert not failures


def test_24_hours_of_every_family(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 9: the pack is zipped."""
    coin = {"close": 87425000, "fundingRate": -10000, "high": 92080000, "symbol": "BTCUSD", "turnover": 1}
    spot = {"lastEp": 892486000000, "symbol": "sBTCUSDT", "volumeEv": 11841148100}
    store.onmessage({"market24h": coin, "timestamp": 1576490244024818000})
    store.onmessage({"market24h_p": {"close": "1", "symbol": "XUSDT"}, "timestamp": 1})
    store.onmessage({"spot_market24h": spot, "timestamp": 1576490244024818000})
    pack = {
        "method": "perp_market24h_pack_p.update",
        "fields": ["symbol", "openRp", "lastRp", "fundingRateRr"],
        "data": [["ETHUSDT", "2741.72", "2672.37", "-0.0001"], ["BTCUSDT", "1", "2", "3", "more"]],
        "timestamp": 1666862556850547000,
        "type": "snapshot",
    }
    store.onmessage(pack)

    assert store.market24h.find() == [
        coin,
        {"close": "1", "symbol": "XUSDT"},
        spot,
        {"symbol": "ETHUSDT", "openRp": "2741.72", "lastRp": "2672.37", "fundingRateRr": "-0.0001"},
        {"symbol": "BTCUSDT", "openRp": "1", "lastRp": "2", "fundingRateRr": "3"},
    ]
    for wrong in ({"fields": None}, {"fields": [1]}, {"data": [["ETHUSDT"]]}, {"data": [["X", "NaN", "1", "1"]]}):
        store.onmessage({**pack, **wrong})
    assert len(failures) == 4
    assert len(store.market24h) == 5


KLINE = [1666856520, 60, "20685", "20684.8", "20684.8", "20675.2", "20675.2", "3.547", "73353.8417"]
NAMED = {
    "symbol": B,
    "timestamp": 1666856520,
    "interval": 60,
    "last_close": "20685",
    "open": "20684.8",
    "high": "20684.8",
    "low": "20675.2",
    "close": "20675.2",
    "volume": "3.547",
    "turnover": "73353.8417",
}


def test_klines_get_names(store: PhemexDataStore) -> None:
    """The sheet's measured example."""
    store.onmessage({"kline_p": [KLINE], "priceScale": 0, "sequence": 1, "symbol": B, "type": "incremental"})
    store.onmessage({"kline_p": [[*KLINE[:6], "20676", *KLINE[7:]]], "sequence": 2, "symbol": B, "type": "incremental"})

    assert store.kline.find() == [{**NAMED, "close": "20676"}]


def test_of_too_many_klines_the_oldest_go(store: PhemexDataStore) -> None:
    """They come newest first: kept in that order, the newest would go first."""
    for name in range(11):
        rows = [[60 * (1000 - number), 60, 1, 1, 1, 1, 1, 1, 1] for number in range(1000)]
        store.onmessage({"kline": rows, "sequence": 1, "symbol": f"S{name}", "type": "snapshot"})

    assert len(store.kline) == 9999
    assert store.kline.get({"symbol": "S1", "timestamp": 60000, "interval": 60}) is not None
    assert store.kline.get({"symbol": "S0", "timestamp": 60, "interval": 60}) is None


@pytest.mark.parametrize("path", ["kline", "v2/kline", "v2/kline/last", "v2/kline/list"])
async def test_klines_from_rest(store: PhemexDataStore, path: str) -> None:
    body = '{"code": 0, "msg": "OK", "data": {"total": -1, "rows": [[60, 60, 1, 2, 3, 1, 2, 5, 6, "BTCUSDT"]]}}'
    await store.initialize(answer(f"/exchange/public/md/{path}?symbol=BTCUSDT&resolution=60", body))

    assert [(row["symbol"], row["timestamp"], row["close"]) for row in store.kline] == [(B, 60, 2)]
    with pytest.raises(SnapshotError, match="names no symbol"):
        await store.initialize(answer(f"/exchange/public/md/{path}?resolution=60", body))


async def test_an_error_body_is_a_typed_error(store: PhemexDataStore) -> None:
    """F66."""
    with pytest.raises(VenueError, match=r"invalid resolution \(code 30000\)"):
        await store.initialize(
            answer("/exchange/public/md/kline?symbol=X", '{"code": 30000, "msg": "invalid resolution", "data": null}')
        )
    with pytest.raises(SnapshotError, match="no store is filled"):
        await store.initialize(answer("/public/time", '{"code": 0, "data": {}}'))
    for path in store._routes():
        for body in (
            "[]",
            "{}",
            '{"code": 0}',
            '{"code": 0, "data": 1}',
            '{"code": 0, "data": {"rows": 1}}',
            '{"data": [1]}',
        ):
            with pytest.raises((SnapshotError, ProtocolError)):
                await store.initialize(answer(f"{path}?symbol=X", body))
    assert not any(len(store[name]) for name in store)


# ---------------------------------------------------------------------- what else arrives


def test_answers_and_strangers_are_counted(store: PhemexDataStore, failures: list[Exception]) -> None:
    """Defect 9."""
    for message in (
        {"error": None, "id": 1, "result": {"status": "success"}},
        {"error": None, "id": 0, "result": "pong"},
        {"error": {"code": 6001, "message": "bad"}, "id": 2, "result": None},
        {"index_market24h": {"highEp": 10009, "symbol": ".USDT"}, "timestamp": 1681496204104375396},
        {"investments": []},
        {"method": "unheard_of.update", "data": []},
        {},
    ):
        store.onmessage(message)

    assert store.unhandled == {"error": 1, "index_market24h": 1, "investments": 1, "unheard_of.update": 1}
    assert not failures


def test_data_under_an_id_is_data(store: PhemexDataStore) -> None:
    """Defect 9: what a message holds counts, not its id."""
    store.onmessage({**trades("incremental", (1, "Buy", "1", "1")), "id": 7, "error": None})

    assert len(store.trade) == 1


def test_strange_messages_are_errors_and_nothing_else(store: PhemexDataStore, failures: list[Exception]) -> None:
    """F60, F67, C71."""
    strange: list[Any] = [None, [1], 5, {"trades": [], "symbol": 1}, {"book": {}}, {"tick": None}, {"tick": [1]}]
    strange += [{"trades": data, "symbol": B} for data in (None, 1, "x", [1], [[]])]
    strange += [{"kline": data, "symbol": B} for data in (None, [1], [[1] * 8], [[None] * 9])]
    strange += [{"orders": 5}, {"orders": [1]}, {"wallets": 1}, {"orders": {"open": 1}}, {"accounts_p": {}}]
    for message in strange:
        store.onmessage(message)

    assert len(failures) >= len(strange) - 1  # a list of numbers holds no name of anything
    assert all(isinstance(error, ProtocolError | StoreError) for error in failures)
    assert not any(len(store[name]) for name in store)


def test_replayed_twice_the_same_rows_and_changes() -> None:
    order = {"accountID": 1, "orderID": "a", "symbol": B, "ordStatus": "New", "action": "New", "transactTimeNs": 5}
    messages: list[Any] = [
        book("snapshot", 10, [("101", "1")], [("99", "1")]),
        book("incremental", 15, [("101", "0"), ("102", "1")], [("98", "1")]),
        book("incremental", 12, [("103", "1")]),
        trades("snapshot", (5, "Buy", "1", "1"), (5, "Buy", "1", "1")),
        trades("snapshot", (6, "Buy", "1", "1"), (5, "Buy", "1", "1")),
        {"accounts_p": [], "orders_p": [order], "positions_p": [], "type": "snapshot"},
        {"orders_p": [{**order, "ordStatus": "Filled"}], "type": "incremental"},
    ]

    def play() -> tuple[Any, Any]:
        store = PhemexDataStore()
        store.errors.subscribe(lambda error: None)
        changes = [change[1:] for message in messages for change in store.apply(message)]
        return changes, {name: store[name].find() for name in store}

    assert play() == play()


def test_the_names_of_the_reference() -> None:
    """C1, C68."""
    store = PhemexDataStore()

    for name in ("trade", "orderbook", "ticker", "market24h", "kline", "accounts", "orders", "positions"):
        assert getattr(store, name) is store[name]
    assert store.kline._KEYS == ("symbol", "timestamp", "interval")
    assert store.accounts._KEYS == ("accountID", "currency")
    assert store.orders._KEYS == ("orderID",)
