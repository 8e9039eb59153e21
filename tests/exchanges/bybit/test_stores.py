"""Bybit's market data: the sheet's examples, and the reference's known defects answered."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters import BybitDataStore
from rxbotters.errors import BadNumber, ProtocolError, SequenceGap, SnapshotError, StoreError, VenueError
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.stores.test_collection import answer

B = "BTCUSDT"


class Socket:
    """A connection of one path."""

    def __init__(self, path: str = "public/linear") -> None:
        self.url = URL(f"wss://stream.bybit.com/v5/{path}")
        self.app: Any = None


def book(kind: str, number: int, asks: Any = (), bids: Any = (), *, depth: Any = 50, symbol: str = B) -> dict[str, Any]:
    levels = {"a": [list(level) for level in asks], "b": [list(level) for level in bids]}
    data = {"s": symbol, **levels, "u": number, "seq": 7961638724 + number}
    return {
        "topic": f"orderbook.{depth}.{symbol}",
        "type": kind,
        "ts": 1672304484978,
        "data": data,
        "cts": 1672304484976,
    }


def sides(store: BybitDataStore, symbol: str = B, *, retail: bool = False) -> tuple[list[Any], list[Any]]:
    shown = (store.orderbook_rpi if retail else store.orderbook).depth(symbol)
    return [tuple(level) for level in shown.asks], [tuple(level) for level in shown.bids]


@pytest.fixture
def store(failures: list[Exception]) -> BybitDataStore:
    store = BybitDataStore()
    store.errors.subscribe(failures.append)
    return store


# ---------------------------------------------------------------------- books


def test_snapshot_and_delta(store: BybitDataStore) -> None:
    """The sheet's measured example."""
    asks, bids = [("16611.00", "0.029"), ("16612.00", "0.213")], [("16493.50", "0.006"), ("16493.00", "0.100")]
    store.onmessage(book("snapshot", 18521288, asks, bids))
    store.onmessage(book("delta", 18521289, [("16611.00", "0.030")], [("16493.50", "0"), ("16492.00", "1.5")]))

    assert store.orderbook.sorted({"s": B}) == {
        "a": [
            {"s": B, "S": "a", "p": "16611.00", "v": "0.030"},
            {"s": B, "S": "a", "p": "16612.00", "v": "0.213"},
        ],
        "b": [
            {"s": B, "S": "b", "p": "16493.00", "v": "0.100"},
            {"s": B, "S": "b", "p": "16492.00", "v": "1.5"},
        ],
    }
    assert store.orderbook.sorted({"s": B}, limit=1)["a"][0]["p"] == "16611.00"
    assert store.orderbook.status_of(B) == Live()
    assert store.orderbook._KEYS == ("s", "S", "p")


def test_a_count_that_began_anew_unheard_is_a_gap(store: BybitDataStore, failures: list[Exception]) -> None:
    """F68: its deltas have lower numbers and later times; taken for old ones they would leave the book as it was."""
    store.onmessage(book("snapshot", 500, [("101", "1")]))
    store.onmessage(book("delta", 500, [("102", "1")]))
    assert store.orderbook.status_of(B) == Live()  # the last one again

    store.onmessage({**book("delta", 2, [("101", "0")]), "ts": 1672304484979})

    assert isinstance(store.orderbook.status_of(B), Stale)
    assert sides(store) == ([], [])
    assert [type(error) for error in failures] == [SequenceGap]
    failures.clear()


def test_prices_are_sorted_as_numbers(store: BybitDataStore) -> None:
    store.onmessage(book("snapshot", 5, [("100.5", "1"), ("99.5", "1")], [("9.5", "1"), ("10.25", "1")]))

    assert sides(store) == ([("99.5", "1"), ("100.5", "1")], [("10.25", "1"), ("9.5", "1")])


def test_a_delta_before_the_snapshot_is_no_book(store: BybitDataStore) -> None:
    """Defect 3."""
    store.onmessage(book("delta", 5, [("101", "1")]))

    assert sides(store) == ([], [])
    assert store.orderbook.status_of(B) == Syncing()
    store.onmessage(book("snapshot", 5, [("102", "1")], [("99", "1")]))
    assert sides(store) == ([("102", "1")], [("99", "1")])


def test_a_gap_empties_the_book_and_asks_for_it(store: BybitDataStore, failures: list[Exception]) -> None:
    """F68, F71, defect 3: nothing is applied until the next snapshot; the subscription that brings it is known."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("delta", 12, [("102", "1")]))

    assert sides(store) == ([], [])
    assert isinstance(store.orderbook.status_of(B), Stale)
    assert [type(error) for error in failures] == [SequenceGap]
    assert [(ask.store, ask.symbol) for ask in asks] == [(store.orderbook, B)]
    assert store._snapshot_request(store.orderbook, B, URL("wss://stream.bybit.com/v5/public/linear")) is None
    assert store._subscription(store.orderbook, B) == {"op": "subscribe", "args": [f"orderbook.50.{B}"]}
    store.onmessage(book("delta", 13, [("103", "1")]))
    assert sides(store) == ([], [])
    store.onmessage(book("snapshot", 14, [("104", "1")], [("98", "1")]))
    store.onmessage(book("delta", 15, [("104", "0"), ("105", "2")]))
    assert sides(store) == ([("105", "2")], [("98", "1")])
    assert store.orderbook.status_of(B) == Live()


def test_an_old_delta_is_skipped(store: BybitDataStore, failures: list[Exception]) -> None:
    """F70."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("delta", 11, [("102", "1")]))
    for old in (11, 10, 3):
        store.onmessage(book("delta", old, [("101", "0")], [("98", "5")]))

    assert sides(store) == ([("101", "1"), ("102", "1")], [("99", "1")])
    assert not failures


def test_number_one_begins_anew_whatever_its_type(store: BybitDataStore, failures: list[Exception]) -> None:
    """Defect 3: the service restarted."""
    store.onmessage(book("snapshot", 18521288, [("101", "1")], [("99", "1")]))
    store.onmessage(book("delta", 1, [("103", "1")], [("97", "1")]))
    store.onmessage(book("delta", 2, [("104", "1")]))

    assert sides(store) == ([("103", "1"), ("104", "1")], [("97", "1")])
    assert not failures


def test_a_snapshot_counts_even_if_its_number_went_back(store: BybitDataStore, failures: list[Exception]) -> None:
    store.onmessage(book("snapshot", 100, [("101", "1")], [("99", "1")]))
    store.onmessage(book("delta", 105, [("102", "1")]))
    store.onmessage(book("snapshot", 40, [("103", "1")], [("97", "1")]))
    store.onmessage(book("delta", 41, [("104", "1")]))

    assert sides(store) == ([("103", "1"), ("104", "1")], [("97", "1")])
    assert len(failures) == 1


def test_level_one_repeats_its_snapshot(store: BybitDataStore, failures: list[Exception]) -> None:
    changes: list[Any] = []
    store.orderbook.changes.subscribe(changes.append)
    for _ in range(2):
        store.onmessage(book("snapshot", 9, [("101", "1")], [("99", "1")], depth=1))

    assert sides(store) == ([("101", "1")], [("99", "1")])
    assert len(changes) == 2
    assert not failures


def test_a_crossed_book_is_not_live(store: BybitDataStore, failures: list[Exception]) -> None:
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("delta", 11, [], [("101", "1")]))

    assert sides(store) == ([], [])
    assert "crossed" in str(failures[0])


def test_one_busy_symbol_evicts_no_other(store: BybitDataStore) -> None:
    """Defect 1, F75, F76: the cap is for each symbol and side."""
    for number in range(6):
        prices = [(f"{1000 + level}", "1") for level in range(1000)]
        store.onmessage(book("snapshot", 5, prices, [("999", "1")], depth=1000, symbol=f"S{number}USDT"))

    assert all(len(store.orderbook.depth(f"S{number}USDT").asks) == 1000 for number in range(6))
    assert store.orderbook._MAXLEN == 9999


@pytest.mark.parametrize("bad", ["NaN", "inf", "-1", "x", "", None, [1]])
@pytest.mark.parametrize("where", ["price", "size"])
@pytest.mark.parametrize("kind", ["snapshot", "delta"])
def test_a_bad_level_is_never_half_applied(
    store: BybitDataStore, failures: list[Exception], bad: Any, where: str, kind: str
) -> None:
    """F79, F80: the message is refused, and a book that missed one is no book."""
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
        {"u": "11"},
        {"u": None},
        {"u": -1},
        {"u": 1.5},
        {"s": "ETHUSDT"},
        {"a": None},
        {"a": 5},
        {"b": "x"},
        {"b": [["1"]]},
        {"a": [["1", "2", "3"]]},
    ],
)
@pytest.mark.parametrize("kind", ["snapshot", "delta", "whatever"])
def test_a_message_that_cannot_be_read_is_a_gap(
    store: BybitDataStore, failures: list[Exception], kind: str, change: dict[str, Any]
) -> None:
    """A book that goes on as if nothing was missed would be wrong without a word."""
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    message = book(kind, 11, [("102", "1")], [("98", "1")])
    message["data"].update(change)
    store.onmessage(message)

    assert sides(store) == ([], [])
    assert all(isinstance(error, ProtocolError | StoreError) for error in failures)
    assert failures
    assert not store.orderbook.find({"s": "ETHUSDT"})


def test_a_lost_connection_empties_its_books_and_no_others(store: BybitDataStore) -> None:
    """C49, F73."""
    one, two = Socket(), Socket()
    for connection, symbol in ((one, B), (two, "ETHUSDT")):
        store.onevent(Subscribed(connection, [{"op": "subscribe", "args": [f"orderbook.50.{symbol}"]}]))
        assert store.orderbook.status_of(symbol) == Syncing()
        store.onmessage(book("snapshot", 10, [("101", "1")], symbol=symbol), connection)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.orderbook.status_of(B), Stale)
    assert store.orderbook.status_of("ETHUSDT") == Live()
    store.onmessage(book("delta", 11, [("102", "1")]), one)
    assert sides(store) == ([], [])
    assert sides(store, "ETHUSDT")[0]


def test_what_subscriptions_will_bring(store: BybitDataStore) -> None:
    topics = [f"orderbook.50.{B}", "orderbook.rpi.ETHUSDT", "tickers.BTCUSDT", "order", "orderbook"]
    messages: list[Any] = [{"op": "subscribe", "args": topics}, {"op": "ping"}, "text", {"op": "subscribe"}]

    expected = list(store._expects(messages))

    assert expected == [
        (store.orderbook, B),
        (store.orderbook, "ETHUSDT"),
        (store.orderbook_rpi, "ETHUSDT"),
    ]


# ---------------------------------------------------------------------- who may speak of a symbol


def test_spot_and_linear_share_names_but_no_row(store: BybitDataStore, failures: list[Exception]) -> None:
    """Defect 2: the second category of one name is refused, once in words, each time in the count."""
    linear, spot = Socket(), Socket("public/spot")
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]), linear)
    for _ in range(3):
        store.onmessage(book("snapshot", 10, [("201", "1")], [("199", "1")]), spot)
        store.onmessage({"topic": f"publicTrade.{B}", "data": [{"s": B, "p": "1", "v": "1"}]}, spot)
        store.onmessage({"topic": f"publicTrade.{B}", "data": [{"s": B, "p": "2", "v": "1"}]}, linear)

    assert sides(store) == ([("101", "1")], [("99", "1")])
    assert [row["p"] for row in store.trade] == ["1", "1", "1"]
    assert len(failures) == 2
    assert "spot is refused" in str(failures[0])
    assert "linear is refused" in str(failures[1])
    assert store.unhandled == {f"orderbook.50.{B} refused": 3, f"publicTrade.{B} refused": 3}


def test_depths_of_one_symbol_do_not_overwrite_each_other(store: BybitDataStore, failures: list[Exception]) -> None:
    """Defect 2."""
    store.onmessage(book("snapshot", 10, [("101", "1"), ("102", "1")], [("99", "1")], depth=50))
    store.onmessage(book("snapshot", 77, [("101", "5")], [("99", "5")], depth=1))
    store.onmessage(book("delta", 11, [("103", "1")], depth=50))

    assert sides(store) == ([("101", "1"), ("102", "1"), ("103", "1")], [("99", "1")])
    assert len(failures) == 1
    assert "fed by orderbook.50.BTCUSDT" in str(failures[0])


def test_another_depth_may_be_followed(store: BybitDataStore) -> None:
    socket = Socket()
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")], depth=50), socket)

    store.follow(f"orderbook.200.{B}", "linear")

    assert sides(store) == ([], [])
    assert store.orderbook.status_of(B) == Syncing()
    store.onmessage(book("delta", 11, [("103", "1")], depth=50), socket)
    store.onmessage(book("snapshot", 10, [("111", "1")], [("99", "1")], depth=200), socket)
    store.onmessage(book("delta", 12, [("103", "1")], depth=50), socket)
    assert sides(store) == ([("111", "1")], [("99", "1")])
    assert store.orderbook.sources == {B: f"orderbook.200.{B}"}


def test_a_name_is_free_again_when_its_connection_ended_for_good(
    store: BybitDataStore, failures: list[Exception]
) -> None:
    linear, spot = Socket(), Socket("public/spot")
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]), linear)
    store.onevent(Closed(1006, connection=linear))
    store.onmessage(book("snapshot", 10, [("201", "1")], [("199", "1")]), spot)
    assert len(failures) == 1  # while it may come back, nobody takes its place

    store.release(linear, RuntimeError("closed"))
    store.onmessage(book("snapshot", 10, [("201", "1")], [("199", "1")]), spot)

    assert sides(store) == ([("201", "1")], [("199", "1")])


def test_a_replay_without_a_socket_goes_with_any(store: BybitDataStore, failures: list[Exception]) -> None:
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    store.onmessage(book("delta", 11, [("102", "1")]), Socket())
    store.onmessage(book("delta", 12, [("103", "1")], []), Socket("public/spot"))

    assert len(sides(store)[0]) == 2
    assert len(failures) == 1


# ---------------------------------------------------------------------- rpi, full


def test_rpi_sizes_are_a_book_of_their_own(store: BybitDataStore, failures: list[Exception]) -> None:
    """Defect 5: a price goes only when both sizes are zero, each from its own book."""
    store.onmessage(book("snapshot", 10, [("101", "1", "0.5"), ("102", "0", "2")], [("99", "3", "0")], depth="rpi"))
    assert sides(store) == ([("101", "1")], [("99", "3")])
    assert sides(store, retail=True) == ([("101", "0.5"), ("102", "2")], [])

    store.onmessage(book("delta", 11, [("101", "0", "0.5"), ("102", "0", "0")], [("99", "3", "1")], depth="rpi"))

    assert sides(store) == ([], [("99", "3")])
    assert sides(store, retail=True) == ([("101", "0.5")], [("99", "1")])
    assert not failures


def test_a_gap_empties_both_and_asks_once(store: BybitDataStore) -> None:
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    store.onmessage(book("snapshot", 10, [("101", "1", "0.5")], [("99", "3", "1")], depth="rpi"))
    store.onmessage(book("delta", 12, [("101", "2", "0.5")], depth="rpi"))

    assert sides(store) == sides(store, retail=True) == ([], [])
    assert [(ask.store, ask.symbol) for ask in asks] == [(store.orderbook, B)]


@pytest.mark.parametrize("level", [("101", "1"), ("101", "NaN", "1"), ("101", "1", "x"), ("101", "1", "-1"), "1", None])
def test_a_bad_rpi_level_empties_both(store: BybitDataStore, failures: list[Exception], level: Any) -> None:
    store.onmessage(book("snapshot", 10, [("101", "1", "0.5")], [("99", "3", "1")], depth="rpi"))
    message = book("delta", 11, [], [("98", "1", "1")], depth="rpi")
    message["data"]["a"] = [level]
    store.onmessage(message)

    assert sides(store) == sides(store, retail=True) == ([], [])
    assert failures


LINEAR = URL("wss://stream.bybit.com/v5/public/linear")


async def test_the_full_book_waits_for_rest(store: BybitDataStore, failures: list[Exception]) -> None:
    """Defect 5: deltas alone are no book."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    for number in (41, 42, 43):
        store.onmessage(book("delta", number, [(f"{number}", "1")], depth="full"))
    assert sides(store) == ([], [])
    assert len(asks) == 1
    request = store._snapshot_request(store.orderbook, B, LINEAR)
    assert request == ("/v5/market/full_orderbook", {"category": "linear", "symbol": B})
    assert store._rest(LINEAR) == "https://api.bybit.com"

    body = '{"retCode": 0, "result": {"s": "BTCUSDT", "a": [["42", "9"], ["50", "1"]], "b": [["9", "1"]], "u": 42, "seq": 1}}'
    await store.initialize(answer(f"/v5/market/full_orderbook?category=linear&symbol={B}", body))

    assert sides(store) == ([("42", "9"), ("43", "1"), ("50", "1")], [("9", "1")])
    assert store.orderbook.status_of(B) == Live()
    store.onmessage(book("delta", 1, [("60", "1")], [("9", "2")], depth="full"))
    assert sides(store) == ([], [])  # the service restarted
    assert len(asks) == 2
    store.onmessage(book("delta", 1, [], [], depth="full"))
    assert store.orderbook.status_of(B) == Live()  # no book: delisted, or an auction
    assert not failures


async def test_a_full_snapshot_is_not_put_into_another_depth(store: BybitDataStore) -> None:
    store.onmessage(book("snapshot", 10, [("101", "1")], [("99", "1")]))
    body = '{"retCode": 0, "result": {"s": "BTCUSDT", "a": [], "b": [], "u": 42}}'

    with pytest.raises(SnapshotError, match=r"fed by orderbook\.50"):
        await store.initialize(answer(f"/v5/market/full_orderbook?symbol={B}", body))

    assert sides(store) == ([("101", "1")], [("99", "1")])


@pytest.mark.parametrize(
    ("ws", "rest"),
    [
        ("stream.bybit.com", "https://api.bybit.com"),
        ("stream-testnet.bybit.com", "https://api-testnet.bybit.com"),
        ("stream-demo.bybit.com", "https://api-demo.bybit.com"),
        ("stream.manepa.jp", "https://api.manepa.jp"),
    ],
)
def test_the_rest_host_of_a_stream(store: BybitDataStore, ws: str, rest: str) -> None:
    assert store._rest(URL(f"wss://{ws}/v5/public/linear")) == rest


# ---------------------------------------------------------------------- the rest of the market


def test_trades_are_kept_as_they_come(store: BybitDataStore) -> None:
    row = {"T": 1672304486865, "s": B, "S": "Buy", "v": "0.001", "p": "16578.50", "L": "PlusTick", "BT": False}
    store.onmessage({"topic": f"publicTrade.{B}", "type": "snapshot", "ts": 1672304486868, "data": [row, row]})

    assert store.trade.find() == [row, row]
    assert store.trade._MAXLEN == 99999


@pytest.mark.parametrize("bad", ["NaN", "-1", "x", float("nan"), "inf"])
@pytest.mark.parametrize(
    ("topic", "field", "good"),
    [
        (f"publicTrade.{B}", "p", {"s": B, "v": "1", "p": "2"}),
        (f"publicTrade.{B}", "v", {"s": B, "v": "1", "p": "2"}),
        (f"allLiquidation.{B}", "v", {"s": B, "v": "1", "p": "2"}),
        (f"liquidation.{B}", "price", {"symbol": B, "size": "1", "price": "2"}),
        (f"kline.5.{B}", "close", {"start": 1, "end": 2, "close": "1"}),
        ("execution", "execPrice", {"execId": "1", "execPrice": "1", "execQty": "1"}),
        ("order", "qty", {"orderId": "1", "orderStatus": "New", "qty": "1"}),
        ("position", "size", {"symbol": B, "positionIdx": 0, "size": "1"}),
    ],
)
def test_a_bad_number_changes_nothing(
    store: BybitDataStore, failures: list[Exception], topic: str, field: str, good: dict[str, Any], bad: Any
) -> None:
    """F79, F80: not even the good row before it."""
    store.onmessage({"topic": topic, "data": [good, {**good, field: bad}]})

    assert not any(len(store[name]) for name in store)
    assert [type(error) for error in failures] == [BadNumber]


def test_a_ticker_snapshot_replaces_and_a_delta_is_merged(store: BybitDataStore, failures: list[Exception]) -> None:
    """Defect 14."""
    full = {
        "symbol": B,
        "lastPrice": "66666.60",
        "bid1Price": "66666.60",
        "fundingRate": "-0.005",
        "deliveryFeeRate": "",
    }
    store.onmessage({"topic": f"tickers.{B}", "type": "snapshot", "data": full, "cs": 9532239429, "ts": 1760325052630})
    store.onmessage({"topic": f"tickers.{B}", "type": "delta", "data": {"symbol": B, "lastPrice": "66667.00"}})
    assert store.ticker.find() == [{**full, "lastPrice": "66667.00"}]

    store.onmessage({"topic": f"tickers.{B}", "type": "snapshot", "data": {"symbol": B, "lastPrice": "1"}})

    assert store.ticker.find() == [{"symbol": B, "lastPrice": "1"}]
    store.onmessage({"topic": f"tickers.{B}", "type": "delta", "data": {"symbol": B, "lastPrice": "-1"}})
    assert store.ticker.find() == [{"symbol": B, "lastPrice": "1"}]
    assert [type(error) for error in failures] == [BadNumber]


def test_klines_carry_their_symbol(store: BybitDataStore) -> None:
    row = {"start": 1672324800000, "end": 1672325099999, "interval": "5", "close": "16677", "confirm": False}
    store.onmessage({"topic": f"kline.5.{B}", "type": "snapshot", "data": [row]})
    store.onmessage({"topic": f"kline.5.{B}", "type": "snapshot", "data": [{**row, "close": "16678"}]})
    store.onmessage({"topic": "kline_lt.5.EOS3LUSDT", "data": [row]})

    assert store.kline.find() == [{**row, "symbol": B, "close": "16678"}]
    assert store.lt_kline.find() == [{**row, "symbol": "EOS3LUSDT"}]


def test_liquidations_old_and_new(store: BybitDataStore) -> None:
    new = {"T": 1739502302929, "s": "ROSEUSDT", "S": "Sell", "v": "20000", "p": "0.04499"}
    old = {"updatedTime": 1, "symbol": B, "side": "Sell", "size": "3", "price": "99"}
    store.onmessage({"topic": "allLiquidation.ROSEUSDT", "type": "snapshot", "data": [new]})
    store.onmessage({"topic": f"liquidation.{B}", "type": "snapshot", "data": old})

    assert store.all_liquidation.find() == [new]
    assert store.liquidation.find() == [old]


def test_leveraged_tokens(store: BybitDataStore) -> None:
    store.onmessage({"topic": "tickers_lt.EOS3LUSDT", "data": {"symbol": "EOS3LUSDT", "lastPrice": "1"}})
    store.onmessage({"topic": "lt.EOS3LNAV", "data": {"symbol": "EOS3LNAV", "nav": "2"}})

    assert store.lt_ticker.find() == [{"symbol": "EOS3LUSDT", "lastPrice": "1"}]
    assert store.lt_nav.find() == [{"symbol": "EOS3LNAV", "nav": "2"}]


@pytest.mark.parametrize(
    "topic",
    [
        "priceLimit.BTCUSDT",
        "adlAlert.USDT",
        "insurance.USDT",
        "system.status",
        "strategy",
        "dcp.future",
        "spread.execution",
        "unheard-of",
    ],
)
def test_topics_without_a_store_are_counted(store: BybitDataStore, failures: list[Exception], topic: str) -> None:
    """Defect 4."""
    store.onmessage({"topic": topic, "data": {}})
    store.onmessage({"topic": topic, "data": [1]})

    assert store.unhandled == {topic: 2}
    assert not failures


def test_answers_change_nothing(store: BybitDataStore, failures: list[Exception]) -> None:
    for message in (
        {"success": True, "ret_msg": "subscribe", "op": "subscribe"},
        {"op": "pong", "args": ["1"], "conn_id": "c"},
        {"reqId": "1", "retCode": 0, "op": "order.create", "data": {}},
        {"success": False, "ret_msg": "error:handler not found", "op": "subscribe"},
        {"reqId": "2", "retCode": 10001, "retMsg": "no", "op": "order.create"},
    ):
        store.onmessage(message)

    assert store.unhandled == {"error": 2}
    assert not failures


def test_strange_messages_are_errors_and_nothing_else(store: BybitDataStore, failures: list[Exception]) -> None:
    """F60, F67, C71."""
    strange: list[Any] = [None, [1], "x", {"topic": 1}, {"topic": [1]}, {"topic": f"publicTrade.{B}"}]
    strange += [{"topic": f"publicTrade.{B}", "data": data} for data in (None, 1, "x", ["x"], [[["a", 1]]], [None])]
    strange += [{"topic": "order", "data": data} for data in (None, {}, [1], [{"orderId": [], "orderStatus": "New"}])]
    for message in strange:
        store.onmessage(message)

    assert len(failures) == len(strange)
    assert all(isinstance(error, ProtocolError | StoreError) for error in failures)
    assert not any(len(store[name]) for name in store)


def test_replayed_twice_the_same_rows_and_changes() -> None:
    messages: list[Any] = [
        book("snapshot", 10, [("101", "1")], [("99", "1")]),
        book("delta", 11, [("101", "0"), ("102", "1")], [("98", "1")]),
        book("delta", 13, [("103", "1")]),
        book("snapshot", 20, [("105", "1")], [("95", "1")]),
        {"topic": f"publicTrade.{B}", "data": [{"s": B, "p": "1", "v": "1"}]},
        {"topic": "order", "data": [{"orderId": "1", "symbol": B, "orderStatus": "New", "updatedTime": "5"}]},
        {"topic": "order", "data": [{"orderId": "1", "symbol": B, "orderStatus": "Filled", "updatedTime": "6"}]},
        {"topic": "wallet", "data": [{"accountType": "UNIFIED", "coin": [{"coin": "BTC", "equity": "1"}]}]},
    ]

    def play() -> tuple[Any, Any]:
        store = BybitDataStore()
        store.errors.subscribe(lambda error: None)
        changes = [change[1:] for message in messages for change in store.apply(message)]
        return changes, {name: store[name].find() for name in store}

    assert play() == play()


async def test_an_error_body_is_a_typed_error(store: BybitDataStore) -> None:
    """F66."""
    with pytest.raises(VenueError, match=r"params error \(code 10001\)"):
        await store.initialize(answer("/v5/order/realtime", '{"retCode": 10001, "retMsg": "params error"}'))
    with pytest.raises(SnapshotError, match="no store is filled"):
        await store.initialize(answer("/v5/market/time", '{"retCode": 0, "result": {}}'))
    for body in ("[]", "{}", '{"retCode": 0}', '{"retCode": 0, "result": {"list": 1}}', '{"retCode": 0, "result": []}'):
        for path in ("/v5/order/realtime", "/v5/position/list", "/v5/account/wallet-balance"):
            with pytest.raises(SnapshotError):
                await store.initialize(answer(path, body))


def test_the_names_of_the_reference() -> None:
    """C1, C68: every store under the attribute and the name it has there."""
    store = BybitDataStore()
    names = {
        "orderbook": "orderbook",
        "trade": "publicTrade",
        "ticker": "tickers",
        "kline": "kline",
        "all_liquidation": "allLiquidation",
        "liquidation": "liquidation",
        "lt_kline": "kline_lt",
        "lt_ticker": "tickers_lt",
        "lt_nav": "lt",
        "position": "position",
        "execution": "execution",
        "order": "order",
        "wallet": "wallet",
        "greek": "greeks",
    }

    assert all(getattr(store, attribute) is store[name] for attribute, name in names.items())
