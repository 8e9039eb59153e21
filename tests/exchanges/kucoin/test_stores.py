"""KuCoin's stores: every rule of the sheet, and the reference's known defects answered."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from rxbotters import KuCoinDataStore
from rxbotters.errors import BadNumber, SequenceGap, SnapshotError, VenueError
from rxbotters.record import read_records
from rxbotters.stores.fetched import one_spelling
from rxbotters.wire import dumps
from rxbotters_operators.events import Closed, Live, Stale, Subscribed, Syncing
from tests.exchanges.common import heard
from tests.exchanges.compare import Answer, awaitable
from tests.stores.test_collection import answer

S, F = "BTC-USDT", "XBTUSDTM"
DATA = Path(__file__).parent / "data"


class Failing(KuCoinDataStore):
    """Remembers what went wrong."""

    failures: list[Exception]


@pytest.fixture
def store() -> Failing:
    store = Failing()
    store.failures = heard(store)
    return store


def push(store: KuCoinDataStore, topic: str, data: Any, subject: str = "x", ws: Any = None) -> None:
    store.onmessage({"type": "message", "topic": topic, "subject": subject, "data": data}, ws)


def depth(asks: Any, bids: Any, timestamp: Any = 1586948108193) -> dict[str, Any]:
    return {"asks": asks, "bids": bids, "timestamp": timestamp}


def body(data: Any) -> str:
    return dumps({"code": "200000", "data": data})


async def load(store: KuCoinDataStore, target: str, data: Any, host: str = "api.kucoin.com") -> None:
    response = answer(target, body(data))
    inner = await response
    inner.url = URL(f"https://{host}{target}")
    await store.initialize(awaitable(inner))


# ---------------------------------------------------------------------- the best levels


@pytest.mark.parametrize("kind", ["/spotMarket/level2Depth5", "/contractMarket/level2Depth50"])
def test_a_message_is_the_whole_book(store: Failing, kind: str) -> None:
    name = "orderbook50" if kind.endswith("50") else "orderbook5"
    book = store.get(name)
    push(store, f"{kind}:{S}", depth([["9990", "32"], ["9989", "8"]], [["9988", "56"]]))
    push(store, f"{kind}:{F}", depth([["89721", 906]], [["89720.9", 513]], 1))

    sides = book.sorted({"symbol": S})

    assert [row["price"] for row in sides["asks"]] == ["9989", "9990"]
    assert sides["bids"] == [{"symbol": S, "side": "bids", "price": "9988", "size": "56", "timestamp": 1586948108193}]
    assert book.best(F).bid == {"symbol": F, "side": "bids", "price": "89720.9", "size": 513, "timestamp": 1}
    assert book.status_of(S) == Live()
    push(store, f"{kind}:{S}", depth([], [["9987", "1"]], 2))
    assert [dict(row) for row in book.find({"symbol": S})] == [
        {"symbol": S, "side": "bids", "price": "9987", "size": "1", "timestamp": 2}
    ]
    assert len(book.find({"symbol": F})) == 2
    other = store.orderbook5 if name == "orderbook50" else store.orderbook50
    assert not other.find()


def test_what_changed_is_told_and_rebuilds_the_book(store: Failing) -> None:
    """C66, P2: the time stands in each row, so a kept level is told too."""
    told: list[Any] = []
    store.orderbook5.changes.subscribe(told.append)
    push(store, f"/spotMarket/level2Depth5:{S}", depth([["2", "1"]], [["1", "1"]], 1))
    push(store, f"/spotMarket/level2Depth5:{S}", depth([["2", "1"], ["3", "1"]], [], 2))
    push(store, f"/spotMarket/level2Depth5:{S}", depth([["2", "1"], ["3", "1"]], [], 2))

    mirror: dict[Any, Any] = {}
    for change in told:
        assert mirror.get(change.key) == change.before
        mirror.pop(change.key, None)
        if change.operation != "delete":
            mirror[change.key] = change.data

    assert sorted(mirror.values(), key=str) == sorted(store.orderbook5.find(), key=str)
    assert len(told) == 5  # the third message changes nothing


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), "x", "-1", "NaN", [], {}])
def test_a_bad_level_refuses_the_message(store: Failing, bad: Any) -> None:
    """F79, F80."""
    topic = f"/spotMarket/level2Depth5:{S}"
    push(store, topic, depth([["2", "1"]], [["1", "1"]]))
    before = store.orderbook5.find()

    push(store, topic, depth([["3", "1"]], [["1", bad]]))
    push(store, topic, depth([[bad, "1"]], []))
    push(store, topic, {"asks": [], "bids": []})

    assert store.orderbook5.find() == before
    assert len(store.failures) == 3


def test_the_book_of_a_call_auction_is_another(store: Failing) -> None:
    """Defect 10."""
    push(store, f"/spotMarket/level2Depth50:{S}", depth([["2", "1"]], [["1", "1"]]))
    push(store, f"/callauction/level2Depth50:{S}", depth([["1", "1"]], [["5", "1"]]))

    assert store.orderbook50.best(S).bid["price"] == "1"  # type: ignore[index]
    assert store.unhandled == {f"/callauction/level2Depth50:{S}": 1}


# ---------------------------------------------------------------------- the whole book


def increment(start: int, end: int, asks: Any = (), bids: Any = (), symbol: str = S) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "sequenceStart": start,
        "sequenceEnd": end,
        "changes": {"asks": list(asks), "bids": list(bids)},
    }


FULL = "/api/v3/market/orderbook/level2?symbol=BTC-USDT"


async def begin(store: KuCoinDataStore, last: int = 16) -> None:
    asks, bids = [["3988.62", "8"], ["3988.61", "32"]], [["3988.51", "56"], ["3988.50", "15"]]
    await load(store, FULL, {"sequence": str(last), "time": 1, "asks": asks, "bids": bids})


async def test_a_snapshot_then_numbered_changes(store: Failing) -> None:
    """KuCoin's own worked example: changes are absolute, a price of zero only uses up its number."""
    asked: list[Any] = []
    store.asks.subscribe(asked.append)
    topic = f"/market/level2:{S}"
    push(store, topic, increment(15, 16, [["3988.62", "5", 15]], [["3988.40", "1", "16"]]))
    assert store.orderbook.status_of(S) == Syncing()
    assert [(ask.store.name, ask.symbol) for ask in asked] == [("orderbook", S)]
    await begin(store)
    assert store.orderbook.best(S).ask == {"symbol": S, "side": "asks", "price": "3988.61", "size": "32"}

    push(store, topic, increment(17, 19, [["3988.59", "3", "17"], ["3988.61", "0", "19"]], [["0", "0", "18"]]))

    prices = [level.price for level in store.orderbook.depth(S).asks]
    assert prices == ["3988.59", "3988.62"]
    assert [level.price for level in store.orderbook.depth(S).bids] == ["3988.51", "3988.5"]
    push(store, topic, increment(20, 20, [], [["3988.500", "0", "20"]]))
    assert [level.price for level in store.orderbook.depth(S).bids] == ["3988.51"]
    assert store.orderbook.status_of(S) == Live()
    assert not store.failures


async def test_who_waits_for_the_book_is_told_by_the_answer(store: Failing) -> None:
    """Not by the next message, which may be a pong a quarter of a minute later."""
    told: list[bool] = []
    push(store, f"/market/level2:{S}", increment(15, 16))
    store.when_synced(lambda: told.append(True))

    await begin(store)

    assert told == [True]


async def test_a_message_that_spans_the_snapshot_ends_where_the_exchange_is(store: Failing) -> None:
    """Its older half is in the snapshot already; its changes count in the order of their numbers."""
    push(store, f"/market/level2:{S}", increment(14, 18, [["3988.62", "7", 18], ["3988.62", "0", 15]]))
    await begin(store, last=16)

    assert store.orderbook.depth(S).asks[-1] == ("3988.62", "7")
    assert store.orderbook.status_of(S) == Live()
    push(store, f"/market/level2:{S}", increment(17, 18, [["3988.62", "1", 18]]))
    assert store.orderbook.depth(S).asks[-1] == ("3988.62", "7")
    push(store, f"/market/level2:{S}", increment(17, 20, [["3988.62", "3", 20], ["3988.62", "1", 18]]))
    assert store.orderbook.depth(S).asks[-1] == ("3988.62", "3")
    assert not store.failures


async def test_a_gap_empties_that_symbol_and_asks_anew(store: Failing) -> None:
    """F71, F72."""
    await begin(store)
    push(store, f"/market/level2:{S}", increment(17, 17, [["3988.62", "9", 17]]))
    asked: list[Any] = []
    store.asks.subscribe(asked.append)

    push(store, f"/market/level2:{S}", increment(19, 20, [["3988.63", "1", 19]], [["3988.40", "2", 20]]))

    assert isinstance(store.failures[0], SequenceGap)
    assert isinstance(store.orderbook.status_of(S), Stale)
    assert not store.orderbook.find()
    assert len(asked) == 1
    await begin(store, last=19)
    assert store.orderbook.status_of(S) == Live()
    assert store.orderbook.depth(S).bids[-1] == ("3988.4", "2")


async def test_futures_changes_are_numbers(store: Failing) -> None:
    """The REST snapshot writes numbers, the stream text: one level, not two."""
    levels = {"asks": [[39070.0, 5], ["39069", 3]], "bids": [[39068, 1]]}
    await load(store, "/api/v1/level2/snapshot?symbol=XBTUSDTM", {"sequence": 100, **levels}, "api-futures.kucoin.com")

    push(store, f"/contractMarket/level2:{F}", {"sequence": 101, "change": "39069.0,sell,0", "timestamp": 1})
    push(store, f"/contractMarket/level2:{F}", {"sequence": 102, "change": "39068.50,buy,7", "timestamp": 1})

    assert [(level.price, level.size) for level in store.orderbook.depth(F).asks] == [(39070.0, 5)]
    assert [(level.price, level.size) for level in store.orderbook.depth(F).bids] == [(39068.5, 7), (39068.0, 1)]
    push(store, f"/contractMarket/level2:{F}", {"sequence": 103, "change": "1,short,7"})
    push(store, f"/contractMarket/level2:{F}", {"sequence": 103, "change": "nan,buy,7"})
    assert len(store.failures) == 2
    assert store.orderbook.best(F).ask is None or store.orderbook.best(F).ask["price"] == 39070.0  # type: ignore[index]


@pytest.mark.parametrize("bad", ["x", "-1", "NaN", None, []])
async def test_a_bad_change_refuses_the_message(store: Failing, bad: Any) -> None:
    """F79: the number it used is missing, so the book begins anew."""
    await begin(store)
    push(store, f"/market/level2:{S}", increment(17, 17, [["3988.61", bad, 17]]))

    assert isinstance(store.failures[-1], BadNumber)
    assert not store.orderbook.find()
    await begin(store, last=17)
    push(store, f"/market/level2:{S}", increment(18, 18, [["3988.61", "1", 99]]))
    assert "not within" in str(store.failures[-1])
    assert store.orderbook.best(S).ask["size"] == "32"  # type: ignore[index]


async def test_the_touch_is_the_tickers_at_the_same_number() -> None:
    """A recorded session: nine symbols, 2,287 increments; the exchange's own ticker is the judge."""
    store = KuCoinDataStore()
    failures = heard(store)
    agreed = 0
    for record in read_records(DATA / "recorded.jsonl.gz"):
        if record.kind == "rest":
            await store.initialize(awaitable(Answer(record)))
            continue
        store.onmessage(record.message)
        topic, data = record.message.get("topic", ""), record.message.get("data")
        if topic.startswith("/market/ticker:"):
            symbol = topic.partition(":")[2]
            numbers = store.orderbook._numbers.get(symbol)
            if numbers is not None and numbers.last == int(data["sequence"]):
                ask, bid = store.orderbook.best(symbol)
                assert ask is not None
                assert bid is not None
                assert Decimal(ask["price"]) == Decimal(data["bestAsk"])
                assert Decimal(bid["price"]) == Decimal(data["bestBid"])
                assert (ask["size"], bid["size"]) == (data["bestAskSize"], data["bestBidSize"])
                agreed += 1

    assert agreed > 400
    assert not failures


def test_a_price_has_one_spelling() -> None:
    assert [one_spelling(price, "orderbook") for price in ("1.50", "150", "0.0", "1e-7", "2.5E+1", 5)] == [
        "1.5", "150", "0", "0.0000001", "25", 5
    ]  # fmt: skip
    with pytest.raises(BadNumber):
        one_spelling("1E999999999", "orderbook")


def test_each_connection_has_its_own_books(store: Failing) -> None:
    """C49, D10: a lost connection empties what it fed."""
    one, two = object(), object()
    for connection, symbol in ((one, S), (two, "ETH-USDT")):
        topics = f"/spotMarket/level2Depth50:{symbol}"
        store.onevent(Subscribed(connection, [{"id": 1, "type": "subscribe", "topic": topics}]))
        assert store.orderbook50.status_of(symbol) == Syncing()
        push(store, f"/spotMarket/level2Depth50:{symbol}", depth([["2", "1"]], [["1", "1"]]), ws=connection)

    store.onevent(Closed(1006, cause="reset", connection=one))

    assert isinstance(store.orderbook50.status_of(S), Stale)
    assert store.orderbook50.status_of("ETH-USDT") == Live()
    assert {row["symbol"] for row in store.orderbook50} == {"ETH-USDT"}


def test_which_snapshots_are_expected_and_where_they_are(store: Failing) -> None:
    subscriptions = [
        {"type": "subscribe", "topic": "/market/level2:BTC-USDT,ETH-USDT"},
        {"type": "subscribe", "topic": "/contractMarket/level2Depth5:XBTUSDTM"},
        {"type": "subscribe", "topic": "/market/ticker:all"},
        "text",
        {"type": "ping"},
    ]

    assert [(book.name, symbol) for book, symbol in store._expects(subscriptions)] == [
        ("orderbook", "BTC-USDT"),
        ("orderbook", "ETH-USDT"),
        ("orderbook5", F),
    ]
    spot, futures = URL("wss://ws-api-spot.kucoin.com/"), URL("wss://ws-api-futures.kucoin.com/")
    assert store._snapshot_request(store.orderbook, S, spot) == (FULL.partition("?")[0], {"symbol": S})
    assert store._snapshot_request(store.orderbook, F, futures) == ("/api/v1/level2/snapshot", {"symbol": F})
    assert store._snapshot_request(store.orderbook5, S, spot) is None
    assert (store._rest(spot), store._rest(futures)) == ("https://api.kucoin.com", "https://api-futures.kucoin.com")
    assert store._SIGNED_SNAPSHOTS


# ---------------------------------------------------------------------- tickers, candles, trades


def test_tickers_by_symbol_and_of_all(store: Failing) -> None:
    push(store, "/market/ticker:BTC-USDT", {"price": "0.08", "Time": 1}, "trade.ticker")
    push(store, "/market/ticker:BTC-USDT", {"price": "0.09"}, "trade.ticker")
    push(store, "/market/ticker:all", {"bestAsk": "67218.7"}, "ETH-USDT")
    push(store, "/contractMarket/tickerV2:XBTUSDTM", {"symbol": F, "bestBidPrice": "88987.4"})
    push(store, "/contractMarket/ticker:XBTUSDTM", {"symbol": F, "price": "1"})

    assert store.ticker.find() == [
        {"symbol": S, "price": "0.09", "Time": 1},
        {"symbol": "ETH-USDT", "bestAsk": "67218.7"},
        {"symbol": F, "bestBidPrice": "88987.4", "price": "1"},
    ]


def candle(start: int, close: str = "2", symbol: str = "BTC-USDT_1hour", time: int = 1) -> tuple[str, dict[str, Any]]:
    values = [str(start), "1", close, "3", "0.5", "9", "8"]
    return f"/market/candles:{symbol}", {"symbol": S, "candles": values, "time": time}


def closed(start: int, close: str = "2", received_at: Any = 1) -> dict[str, Any]:
    return {
        "symbol": S,
        "interval": "1hour",
        "received_at": received_at,
        "timestamp": str(start),
        "open": "1",
        "close": close,
        "high": "3",
        "low": "0.5",
        "volume": "9",
        "amount": "8",
    }


def test_a_candle_is_a_row_once_a_newer_one_was_seen(store: Failing) -> None:
    push(store, *candle(100))
    assert not store.kline.find()
    assert store.kline.latest(S, "1hour") == closed(100)
    push(store, *candle(100, "2.5"))
    push(store, *candle(200, time=2))

    assert store.kline.find() == [closed(100, "2.5")]
    assert store.kline.latest(S, "1hour") == closed(200, received_at=2)
    assert store.kline.latest("ETH-USDT", "1hour") is None
    push(store, *candle(100, "2.6"))  # a correction of the closed one
    assert store.kline.find() == [closed(100, "2.6")]
    assert store.kline.latest(S, "1hour")["timestamp"] == "200"  # type: ignore[index]
    push(store, "/contractMarket/limitCandle:XBTUSDTM_1min", candle(1)[1])
    assert store.kline.latest(F, "1min")["close"] == "2"  # type: ignore[index]


async def test_the_newest_candle_of_an_answer_is_open(store: Failing) -> None:
    """Defect 9: and the time it was received is not that of another unit."""
    newest_first = [[str(start), "1", "2", "3", "0.5", "9", "8"] for start in (300, 200, 100)]
    await load(store, "/api/v1/market/candles?symbol=BTC-USDT&type=1hour", newest_first)

    assert store.kline.find() == [closed(100, received_at=None), closed(200, received_at=None)]
    assert store.kline.latest(S, "1hour") == closed(300, received_at=None)
    push(store, *candle(400))
    assert [row["timestamp"] for row in store.kline] == ["100", "200", "300"]


def test_a_candle_that_nobody_saw_close_is_not_closed(store: Failing) -> None:
    connection = object()
    push(store, *candle(100), ws=connection)

    store.onevent(Closed(1006, connection=connection))
    push(store, *candle(500))

    assert not store.kline.find()


@pytest.mark.parametrize("bad", ["x", "NaN", "-1", None])
def test_a_bad_candle_changes_nothing(store: Failing, bad: Any) -> None:
    push(store, *candle(100))
    topic, data = candle(200)
    push(store, topic, {**data, "candles": [*data["candles"][:4], bad, "9", "8"]})
    push(store, topic, {**data, "candles": ["200"]})
    push(store, topic, {**data, "candles": ["20.5", *data["candles"][1:]]})

    assert store.kline.latest(S, "1hour") == closed(100)
    assert not store.kline.find()
    assert len(store.failures) == 3


def test_market_data_of_one_row_each(store: Failing) -> None:
    push(store, f"/market/match:{S}", {"symbol": S, "tradeId": "1", "price": "2"})
    push(store, f"/market/match:{S}", {"symbol": S, "tradeId": "2", "price": "2"})
    push(store, f"/contractMarket/execution:{F}", {"symbol": F, "tradeId": "3"})
    push(store, "/market/snapshot:BTC", {"sequence": "3", "data": {"symbol": S, "buy": 99.0}})
    push(store, "/indicator/index:USDT-BTC", {"symbol": "USDT-BTC", "value": 1})
    push(store, "/indicator/index:USDT-BTC", {"symbol": "USDT-BTC", "value": 2})
    push(store, "/indicator/markPrice:USDT-BTC", {"symbol": "USDT-BTC", "value": 3})
    push(store, f"/contract/announcement:{F}", {"symbol": F, "fundingRate": 1}, "funding.begin")
    push(store, f"/contractMarket/snapshot:{F}", {"volume": 1}, "snapshot.24h")
    push(store, f"/contractMarket/snapshot:{F}", {"lastPrice": 2}, "snapshot.24h")

    assert [row["tradeId"] for row in store.execution] == ["1", "2", "3"]
    assert store.execution._MAXLEN == 99999
    assert store.symbolsnapshot.find() == [{"symbol": S, "buy": 99.0}]
    assert store.indexprice.find() == [{"symbol": "USDT-BTC", "value": 2}]
    assert store.markprice.find() == [{"symbol": "USDT-BTC", "value": 3}]
    assert store.announcements.find() == [{"subject": "funding.begin", "symbol": F, "fundingRate": 1}]
    assert store.transactionstats.find() == [{"subject": "snapshot.24h", "symbol": F, "lastPrice": 2}]
    assert not store.failures


def test_instruments_do_not_grow(store: Failing) -> None:
    """Defect 11: the latest of each subject."""
    for price in range(50):
        push(store, f"/contract/instrument:{F}", {"markPrice": price}, "mark.index.price")
        push(store, f"/contract/instrument:{F}", {"fundingRate": price}, "funding.rate")

    assert store.instrument.find() == [
        {"symbol": F, "subject": "mark.index.price", "markPrice": 49},
        {"symbol": F, "subject": "funding.rate", "fundingRate": 49},
    ]


# ---------------------------------------------------------------------- orders


def order(kind: str, name: str = "1", ts: int = 1, **more: Any) -> dict[str, Any]:
    fields = {"size": "1", "filledSize": "0", "remainSize": "1", "price": "91670"}
    return {"symbol": F, "orderId": name, "type": kind, "status": "open", "ts": ts, **fields, **more}


TRADES = f"/contractMarket/tradeOrders:{F}"


@pytest.mark.parametrize(
    "topic", [TRADES, "/contractMarket/tradeOrders", "/spotMarket/tradeOrders", "/spotMarket/tradeOrdersV2"]
)
def test_orders_of_every_topic_are_seen(store: Failing, topic: str) -> None:
    """Defect 1: futures pushes carry their symbol in the topic."""
    push(store, topic, order("open"), "symbolOrderChange")

    assert [row["orderId"] for row in store.orders] == ["1"]
    assert len(store.orderevents) == 1


def test_a_fill_counts_at_once(store: Failing) -> None:
    """Defects 2, 4: matches change what remains; `received` is no error."""
    push(store, TRADES, order("received"))
    assert not store.orders.find()
    push(store, TRADES, order("open"))
    push(store, TRADES, order("match", ts=2, filledSize="0.4", remainSize="0.6", matchSize="0.4"))
    push(store, TRADES, order("received", ts=3))

    (row,) = store.orders.find()
    assert (row["filledSize"], row["remainSize"], row["matchSize"]) == ("0.4", "0.6", "0.4")
    push(store, TRADES, order("open", ts=1))  # a copy that comes late
    assert store.orders.find() == [row]
    push(store, TRADES, order("update", ts=4, size="0.5", remainSize="0.1"))
    assert store.orders.find()[0]["size"] == "0.5"
    push(store, TRADES, order("filled", ts=5))
    assert not store.orders.find()
    assert not store.failures


@pytest.mark.parametrize("kind", ["cancel", "canceled", "filled"])
def test_an_order_ends(store: Failing, kind: str) -> None:
    push(store, TRADES, order("open"))
    push(store, TRADES, order("open", "2"))
    push(store, TRADES, order(kind, ts=2))
    push(store, TRADES, order(kind, "3"))

    assert [row["orderId"] for row in store.orders] == ["2"]


def test_an_order_never_seen_open_is_none(store: Failing) -> None:
    push(store, TRADES, order("match"))
    push(store, TRADES, order("update"))
    push(store, TRADES, order("strange"))

    assert not store.orders.find()
    assert store.unhandled == {"/contractMarket/tradeOrders strange": 1}


def test_a_triggered_stop_order_goes_and_the_order_it_became_stays(store: Failing) -> None:
    """Defect 3: also in capitals, and whichever of the two messages comes first."""
    stops = "/spotMarket/advancedOrders"
    push(store, stops, order("open", "s1", symbol=S, orderType="stop"), "stopOrder")
    push(store, stops, order("open", "s2", symbol=S, orderType="stop"), "stopOrder")
    push(store, stops, order("open", "s3", symbol=S, orderType="stop"), "stopOrder")
    push(store, stops, order("TRIGGERED", "s1", 2, symbol=S))
    push(store, "/spotMarket/tradeOrders", order("open", "s2", 2, symbol=S, orderType="limit"))
    push(store, stops, order("triggered", "s2", 3, symbol=S))
    push(store, stops, order("cancel", "s3", 3, symbol=S))
    push(store, "/spotMarket/tradeOrders", order("triggered", "s2", 4, symbol=S))

    assert [(row["orderId"], row["orderType"]) for row in store.orders] == [("s2", "limit")]


def test_every_event_is_kept(store: Failing) -> None:
    """Defect 13: a log; the last event of an order is at hand."""
    for number, kind in enumerate(("open", "match", "filled")):
        push(store, TRADES, order(kind, ts=number))
    push(store, TRADES, order("open", "2"))

    assert [row["type"] for row in store.orderevents] == ["open", "match", "filled", "open"]
    assert store.orderevents.get({"orderId": "1"})["type"] == "filled"  # type: ignore[index]
    assert store.orderevents.get({"orderId": "9"}) is None
    assert store.orderevents.get({}) is None


@pytest.mark.parametrize("field", ["remainSize", "filledSize", "size"])
@pytest.mark.parametrize("bad", ["x", "NaN", "-1", [], True])
def test_a_bad_size_refuses_the_event(store: Failing, field: str, bad: Any) -> None:
    push(store, TRADES, order("open"))
    before = store.orders.find()
    if bad is True:
        bad = float("inf")
    push(store, TRADES, order("match", ts=2, **{field: bad}))

    assert store.orders.find() == before
    assert len(store.orderevents) == 1
    assert isinstance(store.failures[0], BadNumber)


def rest(name: str, symbol: str = S, **more: Any) -> dict[str, Any]:
    fields = {"type": "limit", "side": "buy", "size": "2", "dealSize": "0.5", "isActive": True}
    return {"id": name, "symbol": symbol, **fields, **more}


def page(*items: Any, total: int = 1) -> dict[str, Any]:
    return {"currentPage": 1, "pageSize": 50, "totalNum": len(items), "totalPage": total, "items": list(items)}


async def test_an_answer_replaces_what_it_lists_and_nothing_else(store: Failing) -> None:
    """Also when it is empty: spot, futures, stop orders and other symbols stand."""
    push(store, "/spotMarket/tradeOrders", order("open", "old", symbol=S))
    push(store, "/spotMarket/tradeOrders", order("open", "eth", symbol="ETH-USDT"))
    push(store, "/spotMarket/advancedOrders", order("open", "stop", symbol=S))
    push(store, TRADES, order("open", "futures"))
    store.onevent(Closed(1006))
    assert isinstance(store.orders.status, Stale)

    await load(store, "/api/v1/orders?status=active&symbol=BTC-USDT", page(rest("new"), rest("gone", isActive=False)))

    assert {row["orderId"] for row in store.orders} == {"new", "eth", "stop", "futures"}
    row = store.orders.get({"orderId": "new"})
    assert row is not None
    assert (row["orderType"], row["type"], row["filledSize"], row["remainSize"]) == ("limit", "open", "0.5", "1.5")
    assert store.orders.status == Live()
    await load(store, "/api/v1/hf/orders/active/page", page())
    assert {row["orderId"] for row in store.orders} == {"stop", "futures"}
    await load(store, "/api/v1/stop-order", page())
    assert {row["orderId"] for row in store.orders} == {"futures"}
    await load(store, "/api/v1/orders?status=active", page(), "api-futures.kucoin.com")
    assert not store.orders.find()


async def test_a_part_of_the_truth_takes_nothing_away(store: Failing) -> None:
    """One of several pages, a side, orders that are done."""
    push(store, "/spotMarket/tradeOrders", order("open", "old", symbol=S))

    await load(store, "/api/v1/orders?status=active", page(rest("a"), total=2))
    await load(store, "/api/v1/orders?status=active&side=buy", page(rest("b")))
    await load(store, "/api/v1/orders?symbol=BTC-USDT", page(rest("b", isActive=False)))
    await load(store, "/api/v1/hf/orders/active?symbol=ETH-USDT", [rest("c", "ETH-USDT", dealSize="0", active=True)])

    assert {row["orderId"] for row in store.orders} == {"old", "a", "c"}


async def test_stop_orders_of_an_answer_are_stop_orders(store: Failing) -> None:
    item = {"id": "s", "symbol": F, "type": "market", "size": 1, "status": "NEW", "stop": "down"}
    await load(store, "/api/v1/stopOrders", page(item), "api-futures.kucoin.com")
    push(store, "/contractMarket/advancedOrders", order("triggered", "s"))

    assert not store.orders.find()


async def test_events_wait_for_the_answer_they_continue(store: Failing) -> None:
    """C73: an order that was filled while it was asked for does not come back."""

    async def slow() -> Any:
        push(store, "/spotMarket/tradeOrders", order("filled", "a", symbol=S))
        push(store, f"/spotMarket/level2Depth5:{S}", depth([["2", "1"]], []))
        assert len(store.orderbook5) == 1  # market data does not wait
        return await answer("/api/v1/orders?status=active", body(page(rest("a"), rest("b"))))

    await store.initialize(slow())

    assert [row["orderId"] for row in store.orders] == ["b"]


# ---------------------------------------------------------------------- positions and balances


def position(quantity: Any = -2, reason: str | None = "positionChange", **more: Any) -> dict[str, Any]:
    fields = {"symbol": F, "currentQty": quantity, "isOpen": quantity != 0}
    return {**fields, **({"changeReason": reason} if reason else {}), **more}


POSITION = f"/contract/position:{F}"


def test_a_position_opens_changes_and_closes(store: Failing) -> None:
    push(store, POSITION, position(), "position.change")
    assert store.positions.get({"symbol": F}) == {**position(), "side": "SELL", "positionSide": "BOTH"}
    push(store, POSITION, {"markPrice": 5, "changeReason": "markPriceChange"}, "position.change")
    row = store.positions.get({"symbol": F})
    assert row is not None
    assert (row["markPrice"], row["currentQty"], row["side"]) == (5, -2, "SELL")
    push(store, "/contract/positionAll", {"markPrice": 6}, "position.change")  # of which symbol, it does not say
    push(store, POSITION, {"markPrice": 7, "symbol": "ETHUSDTM", "isOpen": True}, "position.change")
    assert store.positions.find() == [row]
    push(store, POSITION, position(3), "position.change")
    assert store.positions.find()[0]["side"] == "BUY"
    push(store, POSITION, position(0), "position.change")
    assert not store.positions.find()
    assert not store.failures


@pytest.mark.parametrize("reason", ["liquidation", "adl", None])
def test_whatever_closed_it_it_is_closed(store: Failing, reason: str | None) -> None:
    """Also a position that is said to be open and holds nothing, which the reference fails on (defect 5)."""
    push(store, POSITION, position(), "position.change")
    push(store, POSITION, position(0, reason, isOpen=True), "position.change")
    assert not store.positions.find()
    push(store, POSITION, position(), "position.change")
    push(store, POSITION, {"symbol": F, "isOpen": False}, "position.change")

    assert not store.positions.find()
    assert not store.failures


def test_settlements_and_risk_limits_change_no_position(store: Failing) -> None:
    """Defect 5."""
    push(store, POSITION, position(), "position.change")
    before = store.positions.find()
    push(store, POSITION, {"fundingTime": 1, "qty": 100, "markPrice": 1}, "position.settlement")
    push(store, POSITION, {"success": True, "riskLimitLevel": 1}, "position.adjustRiskLimit")

    assert store.positions.find() == before
    assert not store.failures


async def test_both_sides_of_a_hedge_are_two_rows(store: Failing) -> None:
    """Defect 6."""
    both = [position(2, positionSide="LONG"), position(-3, positionSide="SHORT")]
    await load(store, "/api/v1/positions", both, "api-futures.kucoin.com")

    assert [(row["positionSide"], row["side"], row["currentQty"]) for row in store.positions.find({"symbol": F})] == [
        ("LONG", "BUY", 2),
        ("SHORT", "SELL", -3),
    ]
    assert store.positions.get({"symbol": F}) is None
    assert store.positions.get({"symbol": F, "positionSide": "SHORT"})["side"] == "SELL"  # type: ignore[index]
    push(store, POSITION, {"markPrice": 9, "positionSide": "LONG"}, "position.change")
    push(store, POSITION, {"markPrice": 8}, "position.change")  # of which side, it does not say
    assert [row.get("markPrice") for row in store.positions] == [9, None]
    seen: list[Any] = []
    store.positions.at({"symbol": F, "positionSide": "LONG"}).subscribe(seen.append)
    push(store, POSITION, position(0, positionSide="LONG"), "position.change")
    assert seen[-1] is None


async def test_an_answer_removes_closed_positions(store: Failing) -> None:
    """Defect 6: in the scope that was asked for."""
    push(store, POSITION, position(), "position.change")
    push(store, POSITION, position(symbol="ETHUSDM", settleCurrency="ETH"), "position.change")

    await load(store, "/api/v1/positions?currency=ETH", [])
    assert [row["symbol"] for row in store.positions] == [F]
    await load(store, "/api/v2/position?symbol=SOLUSDTM", [position(1, symbol="SOLUSDTM")])
    assert [row["symbol"] for row in store.positions] == [F, "SOLUSDTM"]
    await load(store, "/api/v1/position?symbol=SOLUSDTM", position(0, symbol="SOLUSDTM"))
    assert [row["symbol"] for row in store.positions] == [F]
    await load(store, "/api/v1/positions", [position(5), position(0, symbol="DOTUSDTM")])
    assert [(row["symbol"], row["side"]) for row in store.positions] == [(F, "BUY")]
    assert store.positions.status == Live()


@pytest.mark.parametrize("bad", ["x", "NaN", None, float("nan"), []])
async def test_a_bad_quantity_changes_nothing(store: Failing, bad: Any) -> None:
    push(store, POSITION, position(), "position.change")
    before = store.positions.find()
    push(store, POSITION, position(bad), "position.change")

    assert store.positions.find() == before
    assert isinstance(store.failures[0], BadNumber)
    if bad in ("x", None):
        with pytest.raises(BadNumber):
            await load(store, "/api/v1/positions", [position(1, symbol="A"), position(bad)])
        assert store.positions.find() == before


async def test_balances(store: Failing) -> None:
    push(store, "/account/balance", {"accountId": "a", "currency": "BTC", "total": "5", "available": "4", "hold": "1"})
    push(store, "/account/balance", {"accountId": "a", "currency": "BTC", "total": "6"})
    assert store.balance.find() == [{"accountId": "a", "currency": "BTC", "total": "6", "available": "4", "hold": "1"}]
    account = {"currency": "BTC", "type": "trade", "available": "1"}

    await load(store, "/api/v1/accounts", [{"id": "a", "balance": "2", "holds": "1", **account}])
    assert store.balance.find() == [{"accountId": "a", "total": "2", "hold": "1", **account}]
    await load(store, "/api/v1/accounts?currency=ETH", [])
    assert len(store.balance) == 1
    await load(store, "/api/v1/accounts", [])
    assert not store.balance.find()


def test_margin_stores_and_the_wallet(store: Failing) -> None:
    """Defect 11: what happened, not the envelope it came in."""
    push(store, "/margin/fundingBook:BTC", {"currency": "BTC", "size": "1"})
    push(store, "/margin/position", {"type": "FROZEN_FL", "timestamp": 1}, "position.status")
    push(store, "/margin/position", {"type": "UNFROZEN_FL", "timestamp": 2}, "position.status")
    push(store, "/margin/loan:BTC", {"orderId": "m1", "size": 1}, "order.open")
    push(store, "/margin/loan:BTC", {"orderId": "m1", "lentSize": 0.5}, "order.update")
    push(store, "/margin/loan:BTC", {"orderId": "m2", "size": 1}, "order.open")
    push(store, "/margin/loan:BTC", {"orderId": "m2", "reason": "filled"}, "order.done")
    push(store, "/margin/loan:BTC", {"orderId": "m1"}, "order.strange")
    push(store, "/contractAccount/wallet", {"orderMargin": 5923}, "orderMargin.change")

    assert len(store.marginfundingbook) == 1
    assert store.marginpositions.find() == [{"type": "UNFROZEN_FL", "timestamp": 2}]
    assert len(store.marginpositionevents) == 2
    assert store.marginorders.find() == [{"orderId": "m1", "size": 1, "lentSize": 0.5}]
    assert store.marginorderevents.find()[0] == {"subject": "order.open", "orderId": "m1", "size": 1}
    assert store.balanceevents.find() == [
        {"subject": "orderMargin.change", "symbol": "/contractAccount/wallet", "orderMargin": 5923}
    ]


# ---------------------------------------------------------------------- answers and the rest


async def test_the_endpoint_of_a_token(store: Failing) -> None:
    """As the reference has it: initialize with the answer, then read the url."""
    with pytest.raises(RuntimeError, match="bullet-public"):
        _ = store.endpoint
    for path, token in (("public", "tok"), ("private", "tok2")):
        servers = [{"endpoint": "wss://other.example/"}, {"endpoint": "wss://ws-api-spot.kucoin.com/"}]
        await load(store, f"/api/v1/bullet-{path}", {"token": token, "instanceServers": servers})
        url = URL(store.endpoint)
        assert (url.host, url.query["token"]) == ("ws-api-spot.kucoin.com", token)
        assert url.query["acceptUserMessage"] == "true"
        assert len(url.query["connectId"]) == 32


async def test_an_error_of_the_exchange_is_a_typed_error(store: Failing) -> None:
    """Defect 7, F66: business errors come with HTTP 200; nothing changes."""
    push(store, POSITION, position(), "position.change")

    with pytest.raises(VenueError, match="Invalid KC-API-KEY"):
        await store.initialize(answer("/api/v1/positions", '{"code":"400003","msg":"Invalid KC-API-KEY"}'))
    for target, data in (
        ("/api/v1/positions", {"data": [1]}),
        ("/api/v1/positions", {"data": 5}),
        ("/api/v1/positions", {}),
        ("/api/v1/orders?status=active", {"data": {"items": [{}], "totalPage": 1}}),
        ("/api/v1/orders?status=active", {"data": {"items": [rest("a")], "totalPage": "x"}}),
        ("/api/v1/market/candles?symbol=A&type=1min", {"data": [["1"]]}),
        ("/api/v1/market/candles", {"data": []}),
        ("/api/v1/level2/snapshot?symbol=A", {"data": {"sequence": "x", "asks": [], "bids": []}}),
        ("/api/v3/market/orderbook/level2?symbol=A-B", {"data": {"sequence": 1, "asks": [["nonE", "1"]]}}),
        ("/api/v1/bullet-public", {"data": {"token": "canary-token"}}),
        ("/api/v1/accounts", {"data": [{"id": 1}]}),
    ):
        with pytest.raises(SnapshotError) as caught:
            await store.initialize(answer(target, dumps({"code": "200000", **data})))
        assert "canary" not in str(caught.value)

    assert len(store.positions) == 1
    assert not store.orders.find()


def test_only_what_fills_private_stores_is_repeated(store: Failing) -> None:
    repeated = {path for path in store._routes() if store._repeats(path)}

    assert repeated == {
        "/api/v1/positions",
        "/api/v1/position",
        "/api/v2/position",
        "/api/v1/accounts",
        "/api/v1/orders",
        "api-futures.kucoin.com/api/v1/orders",
        "/api/v1/hf/orders/active",
        "/api/v1/hf/orders/active/page",
        "/api/v1/stop-order",
        "/api/v1/stopOrders",
    }


def test_strange_messages_are_counted_not_raised(store: Failing) -> None:
    """F60, F67, C71."""
    for message in (None, [1], "x", {}, {"topic": 1}, {"topic": []}, {"topic": "/market/match:A"}, {"type": "pong"}):
        store.onmessage(message)
    for message in ({"id": "1", "type": "ack"}, {"id": "1", "type": "welcome"}, {"type": "error", "code": 404}):
        store.onmessage(message)
    push(store, "/spotMarket/level1:BTC-USDT", {})
    push(store, f"/market/match:{S}", {"no": "tradeId"})

    assert store.unhandled == {"error": 1, "/spotMarket/level1:BTC-USDT": 1}
    assert store.execution.skipped == 1
    assert not store.execution.find()


def test_two_replays_give_the_same_rows_and_changes() -> None:
    """C76."""
    told: list[list[Any]] = [[], []]
    stores = [KuCoinDataStore(), KuCoinDataStore()]
    for store, changes in zip(stores, told, strict=True):
        store.errors.subscribe(lambda error: None)
        for record in read_records(DATA / "synthetic.jsonl.gz"):
            if record.kind == "ws":
                changes += [change[1:] for change in store.apply(record.message)]

    assert told[0] == told[1]
    assert len(told[0]) > 500
    for name in stores[0]:
        assert stores[0][name].find() == stores[1][name].find()
