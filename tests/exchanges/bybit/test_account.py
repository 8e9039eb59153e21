"""Bybit's orders, positions, wallet and fills: events, REST pages, and which of them wins."""

from __future__ import annotations

import json
from typing import Any

import pytest
from yarl import URL

from rxbotters import BybitDataStore
from rxbotters.errors import MissingKey, VenueError
from rxbotters_operators.events import Closed, Live, Stale, Subscribed
from tests.stores.test_collection import answer

B, E = "BTCUSDT", "ETHUSDT"


@pytest.fixture
def store(failures: list[Exception]) -> BybitDataStore:
    store = BybitDataStore()
    store.errors.subscribe(failures.append)
    return store


def order(name: str, status: str = "New", time: int = 1672364262474, **more: Any) -> dict[str, Any]:
    row = {"category": "linear", "symbol": B, "orderId": name, "orderLinkId": "", "orderStatus": status, "qty": "1"}
    return {**row, "updatedTime": str(time), **more}


def push(store: BybitDataStore, topic: str, *rows: Any) -> None:
    store.onmessage({"id": "5923", "topic": topic, "creationTime": 1672364262474, "data": list(rows)})


def ids(store: BybitDataStore) -> list[str]:
    return [row["orderId"] for row in store.order]


async def take(store: BybitDataStore, target: str, *rows: Any, cursor: str = "", category: str = "linear") -> None:
    result = {"category": category, "nextPageCursor": cursor, "list": list(rows)}
    await store.initialize(answer(target, json.dumps({"retCode": 0, "retMsg": "OK", "result": result})))


def bare(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a REST answer: without its category."""
    return {name: value for name, value in row.items() if name != "category"}


# ---------------------------------------------------------------------- order events


@pytest.mark.parametrize("status", ["Created", "New", "PartiallyFilled", "Untriggered", "Active"])
@pytest.mark.parametrize(
    "end", ["Filled", "PartiallyFilledCanceled", "Cancelled", "Rejected", "Triggered", "Deactivated"]
)
def test_an_order_lives_and_ends(store: BybitDataStore, status: str, end: str) -> None:
    push(store, "order", order("1", status))
    assert ids(store) == ["1"]
    push(store, "order", order("1", "PartiallyFilled", time=1672364262475, leavesQty="0.5"))
    assert store.order.find()[0]["leavesQty"] == "0.5"

    push(store, "order", order("1", end, time=1672364262476), order("1", end, time=1672364262476))

    assert ids(store) == []


def test_an_unknown_status_changes_nothing(store: BybitDataStore) -> None:
    push(store, "order", order("1"), order("2", "Pondering"), order("1", "Pondering", qty="9"))

    assert store.order.find() == [order("1")]


@pytest.mark.parametrize("topic", ["order", "order.linear", "order.spot"])
def test_categorised_topics_are_the_same(store: BybitDataStore, topic: str) -> None:
    push(store, topic, order("1"))

    assert ids(store) == ["1"]


def test_a_spot_order_changes_its_id_when_triggered(store: BybitDataStore) -> None:
    push(store, "order", order("1", "Untriggered", category="spot", orderLinkId="mine"))
    push(store, "order", order("9", "Triggered", category="spot", orderLinkId="mine"))
    push(store, "order", order("2", "New", category="spot", orderLinkId="mine"))

    assert ids(store) == ["2"]


def test_the_same_link_elsewhere_is_another_order(store: BybitDataStore) -> None:
    """Defect 13."""
    push(store, "order", order("1", orderLinkId="mine"), order("2", orderLinkId="mine", symbol=E))
    push(store, "order", order("3", orderLinkId="mine", category="spot"), order("4", orderLinkId=""))

    push(store, "order", order("7", "Cancelled", orderLinkId="mine"))

    assert ids(store) == ["2", "3", "4"]


def test_a_triggered_order_goes_on_under_its_own_id(store: BybitDataStore) -> None:
    push(store, "order", order("1", "Untriggered"), order("1", "Triggered"), order("1", "New"))

    assert ids(store) == ["1"]


def test_an_ended_order_does_not_come_back(store: BybitDataStore) -> None:
    """A late event, or a REST answer that lags behind the stream."""
    push(store, "order", order("1"), order("1", "Filled", time=1672364262480))
    push(store, "order", order("1", "New", time=1672364262474))

    assert ids(store) == []


def test_a_row_without_its_id_is_skipped(store: BybitDataStore, failures: list[Exception]) -> None:
    push(store, "order", {"orderStatus": "New"}, order("2"))

    assert ids(store) == ["2"]
    assert [type(error) for error in failures] == [MissingKey]


# ---------------------------------------------------------------------- order listings


async def test_an_answer_replaces_its_symbol(store: BybitDataStore) -> None:
    """The sheet's example: each row with its category."""
    push(store, "order", order("1"), order("2", symbol=E), order("3", category="spot"))

    await take(store, f"/v5/order/realtime?category=linear&symbol={B}", bare(order("8")))

    assert ids(store) == ["2", "3", "8"]
    assert store.order.find()[-1]["category"] == "linear"
    assert store.order.status == Live()


async def test_an_empty_answer_empties_its_scope(store: BybitDataStore) -> None:
    push(store, "order", order("1"), order("2", symbol=E))

    await take(store, f"/v5/order/realtime?category=linear&symbol={B}")

    assert ids(store) == ["2"]


@pytest.mark.parametrize(
    ("query", "stays"),
    [
        ("category=linear&settleCoin=USDT", ["perp", "future", "option", "usdc", "inverse", "spot"]),
        ("category=linear&settleCoin=USDC", ["usdt", "dated", "domin", "option", "inverse", "spot"]),
        ("category=linear&baseCoin=BTC", ["domin", "option", "usdc", "inverse", "spot"]),
        ("category=linear&baseCoin=BTCDOM", ["usdt", "dated", "perp", "future", "option", "usdc", "inverse", "spot"]),
        ("category=option", ["usdt", "dated", "domin", "perp", "future", "usdc", "inverse", "spot"]),
        ("category=option&baseCoin=BTC", ["usdt", "dated", "domin", "perp", "future", "usdc", "inverse", "spot"]),
        ("category=inverse&settleCoin=BTC", ["usdt", "dated", "domin", "perp", "future", "option", "usdc", "spot"]),
        ("category=spot", ["usdt", "dated", "domin", "perp", "future", "option", "usdc", "inverse"]),
        (
            "category=spot&baseCoin=ETH",
            ["usdt", "dated", "domin", "perp", "future", "option", "usdc", "inverse", "spot"],
        ),
    ],
)
async def test_scopes_are_coins_not_pieces_of_names(store: BybitDataStore, query: str, stays: list[str]) -> None:
    """Defect 7: BTCPERP is settled in USDC, BTCDOMUSDT is not BTC."""
    names = {
        "usdt": ("linear", B),
        "dated": ("linear", "BTCUSDT-26DEC25"),
        "domin": ("linear", "BTCDOMUSDT"),
        "perp": ("linear", "BTCPERP"),
        "future": ("linear", "BTC-26DEC25"),
        "option": ("option", "BTC-26DEC25-90000-C"),
        "usdc": ("linear", "ETHPERP"),
        "inverse": ("inverse", "BTCUSDZ25"),
        "spot": ("spot", B),
    }
    for name, (category, symbol) in names.items():
        push(store, "order", order(name, category=category, symbol=symbol))
    if "settleCoin=USDT" in query:
        stays = [name for name in stays if name not in ("usdt", "dated", "domin")]
    if "settleCoin=USDC" in query:
        stays = [name for name in stays if name not in ("perp", "future", "usdc")]

    await take(store, f"/v5/order/realtime?{query}", category=query.split("&")[0].removeprefix("category="))

    assert ids(store) == stays


async def test_page_two_keeps_page_one(store: BybitDataStore) -> None:
    """Defect 6: rows that no page has go, after the last page."""
    push(store, "order", order("old"), order("kept"))
    url = "/v5/order/realtime?category=linear&settleCoin=USDT&limit=2"

    await take(store, url, bare(order("1")), bare(order("2")), cursor="2%3A1")
    assert ids(store) == ["old", "kept", "1", "2"]
    assert isinstance(store.order.status, Stale)
    assert "nextPageCursor" in store.order.status.reason
    push(store, "order", order("new"))
    await take(store, f"{url}&cursor=2%253A1", bare(order("kept")), cursor="3%3A1")

    assert ids(store) == ["kept", "1", "2", "new"]
    assert store.order.status == Live()


async def test_a_short_page_is_the_last_whatever_its_cursor(store: BybitDataStore) -> None:
    """Bybit gives a cursor after the last page too."""
    push(store, "order", order("old"))

    await take(store, "/v5/order/realtime?category=linear&settleCoin=USDT", bare(order("1")), cursor="1%3A1")

    assert ids(store) == ["1"]
    assert store.order.status == Live()


async def test_an_event_between_pages_keeps_its_order(store: BybitDataStore) -> None:
    push(store, "order", order("1"), order("2"))
    url = "/v5/order/realtime?category=linear&settleCoin=USDT&limit=1"
    await take(store, url, bare(order("1")), cursor="a")

    push(store, "order", order("2", "PartiallyFilled", time=1672364262999))
    await take(store, f"{url}&cursor=a")

    assert ids(store) == ["1", "2"]


async def test_closed_orders_are_not_kept(store: BybitDataStore) -> None:
    """Defect 8: ``openOnly=1`` lists ended orders, and is no list of all that live."""
    push(store, "order", order("1"), order("2"))

    await take(
        store,
        "/v5/order/realtime?category=linear&settleCoin=USDT&openOnly=1",
        order("1", "Filled"),
        order("3", "Cancelled"),
    )

    assert ids(store) == ["2"]


async def test_a_url_without_category_is_understood(store: BybitDataStore) -> None:
    """Defect 8."""
    push(store, "order", order("1"))

    await take(store, f"/v5/order/realtime?symbol={B}", bare(order("2")))

    assert ids(store) == ["2"]
    assert store.order.find()[0]["category"] == "linear"


@pytest.mark.parametrize("narrow", ["orderId=1", "orderLinkId=mine", "orderFilter=StopOrder"])
async def test_a_narrow_answer_removes_nothing_else(store: BybitDataStore, narrow: str) -> None:
    push(store, "order", order("1"), order("2"))

    await take(store, f"/v5/order/realtime?category=linear&symbol={B}&{narrow}", bare(order("1")))

    assert ids(store) == ["1", "2"]


async def test_the_newer_of_rest_and_event_wins(store: BybitDataStore) -> None:
    url = f"/v5/order/realtime?category=linear&symbol={B}"
    push(store, "order", order("1", "PartiallyFilled", time=20, leavesQty="0.5"), order("gone", time=10))
    push(store, "order", order("gone", "Filled", time=20))

    await take(store, url, order("1", "New", time=10, leavesQty="1"), order("gone", time=10), order("2", time=30))
    push(store, "order", order("2", "New", time=25, qty="7"))

    assert [(row["orderId"], row["orderStatus"], row.get("leavesQty"), row["qty"]) for row in store.order] == [
        ("1", "PartiallyFilled", "0.5", "1"),
        ("2", "New", None, "1"),
    ]


async def test_events_wait_for_the_listing_they_continue(store: BybitDataStore) -> None:
    async def listing() -> Any:
        push(store, "order", order("1", "Filled", time=1672364262999))
        push(store, "position", {"symbol": B, "positionIdx": 0, "size": "2", "entryPrice": "1"})
        store.onmessage({"topic": f"publicTrade.{B}", "data": [{"s": B, "p": "1", "v": "1"}]})
        assert (len(store.order), len(store.position), len(store.trade)) == (1, 0, 1)
        return await answer(
            f"/v5/order/realtime?category=linear&symbol={B}",
            json.dumps({"retCode": 0, "result": {"list": [bare(order("1"))]}}),
        )

    push(store, "order", order("1"))
    await store.initialize(listing())

    assert (len(store.order), len(store.position)) == (0, 1)


# ---------------------------------------------------------------------- positions


def position(size: str = "0.1", index: int = 0, symbol: str = B, **more: Any) -> dict[str, Any]:
    row = {"positionIdx": index, "symbol": symbol, "side": "Buy" if size != "0" else "", "size": size, "leverage": "10"}
    return {**row, **more}


def test_a_flat_position_says_so(store: BybitDataStore) -> None:
    """Defect 9."""
    push(store, "position", position(entryPrice="30000", category="linear", updatedTime="1"))
    assert store.position.find({"flat": False}) == store.position.find()

    push(store, "position", position("0", entryPrice="0", category="linear", updatedTime="2"))

    (row,) = store.position.find({"flat": True})
    assert (row["size"], row["side"], row["leverage"]) == ("0", "", "10")


async def test_both_names_of_the_entry_price(store: BybitDataStore) -> None:
    """Defect 9: and the category."""
    await take(store, f"/v5/position/list?category=linear&symbol={B}", position(avgPrice="30000"))
    (row,) = store.position
    assert (row["avgPrice"], row["entryPrice"], row["category"], row["flat"]) == ("30000", "30000", "linear", False)

    push(store, "position", position(entryPrice="31000", category="linear"))

    (row,) = store.position
    assert (row["avgPrice"], row["entryPrice"]) == ("31000", "31000")


async def test_positions_that_no_answer_names_are_gone(store: BybitDataStore) -> None:
    for symbol, category in ((B, "linear"), (E, "linear"), ("BTCPERP", "linear"), ("BTCUSD", "inverse")):
        push(store, "position", position(entryPrice="1", symbol=symbol, category=category))

    await take(store, "/v5/position/list?category=linear&settleCoin=USDT", position(avgPrice="2", symbol=E))

    assert [(row["symbol"], row["avgPrice"]) for row in store.position] == [(E, "2"), ("BTCPERP", "1"), ("BTCUSD", "1")]


async def test_an_old_position_does_not_overwrite_a_new_one(store: BybitDataStore) -> None:
    push(store, "position", position("0.5", entryPrice="1", category="linear", updatedTime="20"))

    await take(store, f"/v5/position/list?category=linear&symbol={B}", position("0.1", avgPrice="1", updatedTime="10"))
    push(store, "position", position("0.2", entryPrice="1", category="linear", updatedTime="15"))

    assert [row["size"] for row in store.position] == ["0.5"]


def test_both_sides_of_a_hedge(store: BybitDataStore) -> None:
    push(store, "position", position("1", 1, entryPrice="1"), position("2", 2, entryPrice="1"))

    assert [(row["positionIdx"], row["size"]) for row in store.position] == [(1, "1"), (2, "2")]


# ---------------------------------------------------------------------- wallet, fills, greeks


def coins(store: BybitDataStore) -> dict[str, str]:
    return {coin["coin"]: coin["equity"] for row in store.wallet for coin in row["coin"]}


def wallet(**equity: str) -> dict[str, Any]:
    return {"accountType": "UNIFIED", "coin": [{"coin": name, "equity": value} for name, value in equity.items()]}


async def test_a_wallet_event_names_what_changed(store: BybitDataStore) -> None:
    push(store, "wallet", {**wallet(BTC="1", USDT="5"), "totalEquity": "6"})
    push(store, "wallet", {**wallet(BTC="2", ETH="3"), "totalEquity": "10"})
    push(store, "wallet", {"accountType": "UNIFIED", "totalEquity": "11"})

    assert coins(store) == {"BTC": "2", "USDT": "5", "ETH": "3"}
    assert store.wallet.find()[0]["totalEquity"] == "11"


async def test_an_answer_names_all_coins_or_those_asked_for(store: BybitDataStore) -> None:
    push(store, "wallet", wallet(BTC="1", USDT="5"))

    await take(store, "/v5/account/wallet-balance?accountType=UNIFIED&coin=ETH", wallet(ETH="3"))
    assert coins(store) == {"BTC": "1", "USDT": "5", "ETH": "3"}
    await take(store, "/v5/account/wallet-balance?accountType=UNIFIED", wallet(ETH="4"))
    assert coins(store) == {"ETH": "4"}
    await take(store, "/v5/account/wallet-balance?accountType=UNIFIED")
    assert not store.wallet.find()


def test_a_fill_told_twice_is_one_fill(store: BybitDataStore) -> None:
    """Defect 10."""
    fast = {"category": "linear", "symbol": B, "execId": "1", "execPrice": "1", "execQty": "2", "orderId": "o"}
    push(store, "execution.fast", fast)
    push(store, "execution", {**fast, "execFee": "0.1"})
    push(store, "execution.fast.linear", fast, {**fast, "execId": "2"})

    assert store.execution.find() == [{**fast, "execFee": "0.1"}, {**fast, "execId": "2"}]
    assert store.execution._MAXLEN == 99999


def test_greeks_go_with_their_stream(store: BybitDataStore) -> None:
    push(store, "greeks", {"baseCoin": "ETH", "totalDelta": "0.06", "totalGamma": "-0.1"})
    assert store.greek.find() == [{"baseCoin": "ETH", "totalDelta": "0.06", "totalGamma": "-0.1"}]

    store.onevent(Closed(1006))

    assert not store.greek.find()


# ---------------------------------------------------------------------- refresh, and what follows a reconnection


class Fetch:
    """A client whose answers are written down."""

    def __init__(self, orders: list[list[dict[str, Any]]]) -> None:
        self.orders = orders
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, method: str, path: str, *, params: dict[str, str]) -> Any:
        self.asked.append((path, dict(params)))
        page = int(params.get("cursor", "0"))
        rows, cursor = [], ""
        if path == "/v5/order/realtime":
            rows = self.orders[page]
            cursor = str(page + 1) if page + 1 < len(self.orders) else ""
        elif path == "/v5/account/wallet-balance":
            rows = [wallet(BTC="1")]
        body = {"retCode": 0, "result": {"category": params.get("category"), "list": rows, "nextPageCursor": cursor}}
        url = URL(path).with_query(params)
        return answer(str(url), json.dumps(body))


async def test_refresh_reads_all_pages(store: BybitDataStore) -> None:
    fetch = Fetch([[bare(order(f"a{number}")) for number in range(50)], [bare(order("b"))]])
    push(store, "order", order("old"), order("elsewhere", category="spot"))

    await store.refresh(fetch, "linear", settleCoin="USDT")

    assert len(store.order) == 52
    assert "old" not in ids(store)
    assert coins(store) == {"BTC": "1"}
    assert store.order.status == store.position.status == store.wallet.status == Live()
    assert [(path, params.get("cursor")) for path, params in fetch.asked] == [
        ("/v5/order/realtime", None),
        ("/v5/order/realtime", "1"),
        ("/v5/position/list", None),
        ("/v5/account/wallet-balance", None),
    ]


async def test_spot_has_no_positions(store: BybitDataStore) -> None:
    fetch = Fetch([[]])

    await store.refresh(fetch, "spot")

    assert "/v5/position/list" not in [path for path, _ in fetch.asked]


async def test_a_refresh_is_made_again_after_a_loss(store: BybitDataStore) -> None:
    """C49: until then what was known is stale."""
    asks: list[Any] = []
    store.asks.subscribe(asks.append)
    fetch = Fetch([[bare(order("1"))]])
    await store.refresh(fetch, "linear", settleCoin="USDT")

    store.onevent(Closed(1006))
    assert isinstance(store.order.status, Stale)
    store.onevent(Subscribed(None))
    assert [ask.store for ask in asks] == [None]
    fetch.orders = [[bare(order("2"))]]
    await store.reinitialize()

    assert ids(store) == ["2"]
    assert store.order.status == Live()
    assert len(fetch.asked) == 6


async def test_a_refused_refresh_changes_nothing(store: BybitDataStore) -> None:
    push(store, "order", order("1"))

    def fetch(method: str, path: str, *, params: dict[str, str]) -> Any:
        if path == "/v5/position/list":
            return answer(path, '{"retCode": 10006, "retMsg": "Too many visits!"}')
        return answer(str(URL(path).with_query(params)), '{"retCode": 0, "result": {"list": []}}')

    with pytest.raises(VenueError, match="Too many visits"):
        await store.refresh(fetch, "linear", settleCoin="USDT")

    assert ids(store) == ["1"]
