"""DataStoreCollection, and the example every newcomer copies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import reactivex as rx

from rxbotters import DataStore, DataStoreCollection, OrderBook
from rxbotters import operators as ops
from rxbotters.errors import BadNumber, BufferOverflow, ConfigError, ProtocolError, SnapshotError, VenueError
from rxbotters_operators.events import Closed, StoreChange


class SomeDataStore(DataStoreCollection):
    """Some Exchange データストア"""

    def _init(self):  # type: ignore[no-untyped-def]
        self.create("trade")
        self.create("orderbook")
        self.create("position")

    def _onmessage(self, msg, ws):  # type: ignore[no-untyped-def]
        # ex: msg = {"channel": "xxx", "data": ...}
        channel = msg.get("channel")
        data = msg.get("data")
        if channel == "trade":
            self.trade._onmessage(data)
        elif channel == "orderbook":
            self.orderbook._onmessage(data)
        elif channel == "position":
            self.position._onmessage(data)

    async def initialize(self, *aws):  # type: ignore[no-untyped-def]
        for f in asyncio.as_completed(aws):
            resp = await f
            data = await resp.json()
            if resp.url.path == "/api/position":
                self.position._onresponse(data)

    @property
    def trade(self) -> Trade:
        return self.get("trade")  # type: ignore[no-any-return]

    @property
    def orderbook(self) -> Book:
        return self.get("orderbook")  # type: ignore[no-any-return]

    @property
    def position(self) -> Position:
        return self.get("position")  # type: ignore[no-any-return]


class Trade(DataStore):
    """約定履歴ストア"""

    _MAXLEN = 99999

    def _onmessage(self, data: Any) -> None:
        self._insert(data)


class Book(DataStore):
    """板情報ストア"""

    _KEYS = ["symbol", "side", "price"]  # noqa: RUF012

    def _onmessage(self, data: Any) -> None:
        symbol = data["symbol"]
        data_to_update = []
        data_to_delete = []
        for side in ("asks", "bids"):
            for row in data[side]:
                row = {"symbol": symbol, "side": side, **row}
                if row["size"] == 0.0:
                    data_to_delete.append(row)
                else:
                    data_to_update.append(row)
        self._update(data_to_update)
        self._delete(data_to_delete)

    def sorted(self, query: Any = None, limit: Any = None) -> Any:
        return self._sorted(
            item_key="side", item_asc_key="asks", item_desc_key="bids", sort_key="price", query=query, limit=limit
        )


class Position(DataStore):
    """ポジションストア"""

    _KEYS = ["symbol"]  # noqa: RUF012

    def _onmessage(self, data: Any) -> None:
        self._update(data)

    def _onresponse(self, data: Any) -> None:
        self._clear()
        self._update(data)


class Answer:
    """A response as `initialize` reads it."""

    def __init__(self, path: str, body: str, status: int = 200) -> None:
        from yarl import URL

        self.url, self.status, self._body = URL(f"https://x.example{path}"), status, body

    async def read(self) -> bytes:
        return self._body.encode()


async def answer(path: str, body: str, status: int = 200) -> Answer:
    return Answer(path, body, status)


class Account(DataStoreCollection):
    def _init(self) -> None:
        self.create("orders", keys=["id"])

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        self["orders"]._update([msg])

    def _routes(self) -> Any:
        return {"/orders": lambda body, query: self["orders"]._insert(body)}

    def _refusal(self, body: Any) -> str | None:
        return body["error"] if isinstance(body, dict) and "error" in body else None


async def test_the_seeds_own_datastore_runs_as_printed(serve: Any) -> None:
    """C67, C68, C69: classes are found by the properties' annotations."""
    server = await serve(http=positions)
    store = SomeDataStore()

    store.onmessage({"channel": "trade", "data": [{"symbol": "xxx", "price": 1234}]})
    book = {"symbol": "xxx", "asks": [{"price": 2.0, "size": 1}], "bids": [{"price": 1.0, "size": 1}]}
    store.onmessage({"channel": "orderbook", "data": book})
    store.onmessage({"channel": "orderbook", "data": {**book, "asks": [{"price": 2.0, "size": 0.0}]}})
    async with server.client(apis={}) as client:
        await store.initialize(client.get("/api/position"))

    assert isinstance(store.trade, Trade)
    assert store.trade._MAXLEN == 99999
    assert [len(side) for side in store.orderbook.sorted().values()] == [0, 1]
    assert store.position.find() == [{"symbol": "xxx", "side": "Buy", "size": 0.1}]


async def positions(request: Any, body: bytes) -> Any:
    from aiohttp import web

    return web.json_response([{"symbol": "xxx", "side": "Buy", "size": 0.1}])


def test_stores_are_created_and_found_by_either_spelling() -> None:
    """C69, C70."""
    store = DataStoreCollection()
    store._create("a", keys=["id"], data=[{"id": 1}], datastore_class=OrderBook if False else DataStore)
    store.create("b")

    assert store._get("a") is store.get("a") is store["a"]
    assert store.get("nope") is None
    assert "b" in store
    assert "c" not in store
    with pytest.raises(KeyError):
        store["c"]


async def test_a_message_that_cannot_be_read_is_an_error_and_nothing_else() -> None:
    """C71, F60, F67: waiters wake, other stores live on."""
    store = SomeDataStore()
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    waiting = asyncio.ensure_future(store.wait())
    await asyncio.sleep(0)

    for bad in (None, [1], "x", {"channel": "orderbook", "data": {}}):
        store.onmessage(bad)
    store.onmessage({"channel": "trade", "data": [{"n": 1}]})

    await waiting
    assert [type(error) for error in errors] == [ProtocolError] * 4
    assert len(store.trade) == 1


async def test_an_async_onmessage_is_awaited() -> None:
    """C71."""

    class Slow(DataStoreCollection):
        def _init(self) -> None:
            self.create("seen")

        async def _onmessage(self, msg: Any, ws: Any = None) -> None:
            await asyncio.sleep(0)
            self["seen"]._insert([msg])

    store = Slow()
    waiting = asyncio.ensure_future(store.wait())
    await asyncio.sleep(0)

    await store.onmessage({"n": 1})

    await waiting
    assert store["seen"].find() == [{"n": 1}]


async def test_a_message_is_one_transaction() -> None:
    """C71, C72, C76: every store has it before any change is told."""

    class Two(DataStoreCollection):
        def _init(self) -> None:
            self.create("a", keys=["id"])
            self.create("b", keys=["id"])

        def _onmessage(self, msg: Any, ws: Any = None) -> None:
            self["a"]._insert([msg])
            self["a"]._update([{**msg, "v": 2}])
            self["b"]._insert([msg])

    store = Two()
    lengths: list[tuple[int, int]] = []
    store["a"].commits.subscribe(lambda commit: lengths.append((len(commit), len(store["b"]))))

    changes = store.apply({"id": 1})

    assert lengths == [(2, 1)]
    assert [change.store.name for change in changes] == ["a", "a", "b"]


async def test_initialize_applies_in_order_and_returns_a_summary() -> None:
    """C73."""
    store = Account()

    summary = await store.initialize(answer("/orders", '[{"id": 1, "v": 1}]'), answer("/orders", '[{"id": 1, "v": 2}]'))

    assert summary == {"/orders": 2}
    assert store["orders"].find() == [{"id": 1, "v": 2}]


@pytest.mark.parametrize(
    ("path", "body", "status", "error", "words"),
    [
        ("/orders", '{"error": "bad key"}', 200, VenueError, "bad key"),
        ("/orders", "forbidden", 403, VenueError, "403"),
        ("/orders", "<html>", 200, SnapshotError, "not JSON"),
        ("/nowhere", "[]", 200, SnapshotError, "no store"),
    ],
)
async def test_initialize_refuses_what_is_no_snapshot(
    path: str, body: str, status: int, error: type[Exception], words: str
) -> None:
    """C73, F66: typed, naming the endpoint, leaving the store as it was."""
    store = Account()

    with pytest.raises(error, match=words) as caught:
        await store.initialize(answer("/orders", '[{"id": 1}]'), answer(path, body, status))

    assert path in str(caught.value)
    assert not store["orders"].find()


@pytest.mark.parametrize("body", ["[7]", "7", "null"])
async def test_initialize_says_in_one_way_that_a_route_could_not_read_a_body(body: str) -> None:
    """C73, F66: a route raises what it likes; who initializes gets one error, with the endpoint and the cause."""
    store = Account()

    with pytest.raises(SnapshotError, match="/orders: not what the endpoint promises") as caught:
        await store.initialize(answer("/orders", body))

    assert isinstance(caught.value.__cause__, TypeError)
    assert not store["orders"].find()


class Balances(DataStoreCollection):
    def _init(self) -> None:
        self.create("balances", keys=["account", "ccy"])

    def _routes(self) -> Any:
        def fill(body: Any, query: Any) -> None:
            self["balances"]._insert([{"account": query["id"], **row} for row in body])

        return {"/accounts/{id}/balance": fill, "/accounts/all/balance": lambda body, query: None}


async def test_a_route_may_have_names_in_its_path() -> None:
    """What stands in their places is in the query; a path that is named in full comes first."""
    store = Balances()

    summary = await store.initialize(
        answer("/accounts/7/balance?id=8", '[{"ccy": "jpy"}]'),
        answer("/accounts/9/balance", '[{"ccy": "jpy"}, {"ccy": "btc"}]'),
        answer("/accounts/all/balance", "[]"),
    )

    assert [(row["account"], row["ccy"]) for row in store["balances"]] == [("7", "jpy"), ("9", "jpy"), ("9", "btc")]
    assert summary == {"/accounts/{id}/balance": 3, "/accounts/all/balance": 0}
    for path in ("/accounts//balance", "/accounts/7/balances", "/accounts/7/balance/x", "/accounts/balance"):
        with pytest.raises(SnapshotError, match="no store is filled from this endpoint"):
            await store.initialize(answer(path, "[]"))


async def test_messages_during_initialize_are_folded_after_it() -> None:
    """C73."""
    store = Account()
    gate = asyncio.Event()

    async def late() -> Answer:
        await gate.wait()
        return Answer("/orders", '[{"id": 1, "v": "rest"}]')

    running = asyncio.ensure_future(store.initialize(late()))
    await asyncio.sleep(0)
    store.onmessage({"id": 1, "w": "ws"})
    assert not store["orders"].find()
    gate.set()
    await running

    assert store["orders"].find() == [{"id": 1, "v": "rest", "w": "ws"}]


async def test_the_base_class_says_that_it_has_no_snapshot() -> None:
    """C68."""
    with pytest.raises(ConfigError, match="_routes"):
        await DataStoreCollection().initialize(answer("/x", "[]"))
    DataStoreCollection().onmessage({"ignored": True})


def test_a_bad_number_refuses_the_whole_message() -> None:
    """F79, F80: all or nothing, in a book."""
    book = OrderBook()
    book.apply_levels("X", asks=[(101.0, 1.0)], bids=[(99.0, 1.0)])

    for bad in (float("nan"), float("inf"), -1.0, "x", None):
        with pytest.raises(BadNumber):
            book.apply_levels("X", asks=[(102.0, 1.0)], bids=[(98.0, bad)])
        with pytest.raises(BadNumber):
            book.apply_levels("X", asks=[(102.0, 1.0)], bids=[(bad, 1.0)])
        with pytest.raises(BadNumber):
            book.replace_levels("X", asks=[], bids=[(bad, 1.0)])

    assert [row["price"] for row in book] == [101.0, 99.0]


def test_caps_hold_per_instrument_and_keep_the_touch() -> None:
    """F75, F76, D7: one busy instrument never empties another, the best price never goes."""
    book = OrderBook(maxlen=100)
    for symbol in "ABCDEFGHIJKL":
        levels = [(1000.0 + n, 1.0) for n in range(200)]
        book.apply_levels(symbol, asks=levels, bids=[(price - 500.0, size) for price, size in levels])

    assert len(book) == 12 * 200
    for symbol in "ABCDEFGHIJKL":
        best = book.best(symbol)
        assert best.ask is not None
        assert best.bid is not None
        assert (best.ask["price"], best.bid["price"]) == (1000.0, 699.0)


class Mixed(DataStoreCollection):
    """A book that is emptied when its connection goes, rows that are cleared, and rows that stay."""

    def _init(self) -> None:
        self.create("book", datastore_class=OrderBook)
        self.create("order", datastore_class=Cleared)
        self.create("tick", keys=["id"])

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        self["book"].apply_levels("X", [(101.0, msg["n"])], [(99.0, 1.0)])
        self["order"]._insert([{"id": msg["n"]}])
        self["tick"]._insert([{"id": 1, "n": msg["n"]}])


class Cleared(DataStore):
    _KEYS = ("id",)
    _ON_LOSS = "clear"


def rebuilt(changes: list[StoreChange]) -> dict[tuple[str, Any], Any]:
    rows: dict[tuple[str, Any], Any] = {}
    for change in changes:
        if change.operation == "delete":
            del rows[change.store.name, change.key]
        else:
            rows[change.store.name, change.key] = change.data
    return rows


def test_the_changes_that_come_out_of_a_fold_rebuild_the_stores_even_when_the_connection_goes() -> None:
    """P2, C66, C76: what a loss takes out of a store is told like everything else, in its order."""
    mixed = Mixed()
    seen: list[StoreChange] = []
    source = rx.of({"n": 1}, {"n": 2}, Closed(1006), {"n": 3}, Closed(1006), {"n": 4})
    source.pipe(ops.fold(mixed)).subscribe(seen.append)

    stores = [mixed[name] for name in mixed]
    held = {(store.name, tuple(row[key] for key in store._keys)): row for store in stores for row in store}
    assert rebuilt(seen) == held
    assert len(mixed["order"]) == 1
    assert [change.seq for change in seen if change.store is mixed["order"]] == list(range(1, 8))


def test_a_store_alone_tells_what_a_loss_takes_too() -> None:
    """P2, C66: and an answer of the store's own reader is part of the message that provoked it."""
    store = Cleared()
    outer: list[Any] = []
    store.changes.subscribe(lambda change: outer.append(store.taped(lambda: store._delete([{"id": 2}]))))
    seen: list[StoreChange] = []
    rx.of([{"id": 1}, {"id": 2}, {"id": 3}], Closed(1006)).pipe(ops.fold(store)).subscribe(seen.append)

    assert [(change.operation, change.data["id"]) for change in seen] == [
        *[("insert", 1), ("insert", 2), ("insert", 3), ("delete", 2)],
        *[("delete", 1), ("delete", 3)],
    ]
    assert [change.data["id"] for change in outer[0]] == [2]
    assert not len(store)


# ---------------------------------------------------------------------- which class a store has


class Later(DataStoreCollection):
    """Its annotations are texts, as in every module that looks ahead."""

    def _init(self) -> None:
        self.create("near")
        self.create("local")
        self.create("quoted")
        self.create("nonsense")
        self.create("unknown")

    @property
    def near(self) -> Near:
        return self["near"]  # type: ignore[return-value]

    @property
    def local(self) -> Local:  # type: ignore[name-defined]  # noqa: F821
        return self["local"]

    @property
    def quoted(self) -> "Near":  # noqa: UP037
        return self["quoted"]  # type: ignore[return-value]

    @property
    def nonsense(self) -> int:
        return 1

    @property
    def unknown(self) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
        return self["unknown"]


class Near(DataStore):
    _KEYS = ("id",)


def test_a_store_is_what_its_property_says_wherever_that_class_stands() -> None:
    """C68: defined later, inside a function, or nowhere."""

    def elsewhere() -> type:
        class Local(DataStore):
            pass

        return Local

    older, local = elsewhere(), elsewhere()
    later = Later()

    assert type(later["near"]) is Near
    assert type(later["quoted"]) is Near
    assert type(later["local"]) is local
    assert type(later["nonsense"]) is DataStore
    assert type(later["unknown"]) is DataStore
    assert older is not local


# ---------------------------------------------------------------------- snapshots


class Asked(DataStoreCollection):
    """Notes what it is given for each path."""

    def _init(self) -> None:
        self.got: list[tuple[Any, dict[str, str]]] = []

    def _routes(self) -> Any:
        return {"/rows": lambda body, query: self.got.append((body, dict(query)))}


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"params": {"a": "1"}}, {"a": "1"}),
        ({"params": {"a": "1"}, "data": {"b": 2, "c": "x", "a": [1]}}, {"a": "[1]", "b": "2", "c": "x"}),
        ({"data": "{not json"}, {}),
        ({"data": b"[1]"}, {}),
    ],
)
async def test_a_route_is_told_what_was_asked_in_the_query_and_in_the_body(
    serve: Any, options: Any, query: Any
) -> None:
    """C69: some exchanges have one path for every question."""
    server = await serve()
    asked = Asked()
    async with server.client() as client:
        await asked.initialize(client.post("/rows", **options))

    assert asked.got == [({"ok": True}, query)]


async def test_who_has_no_routes_is_told_and_nothing_is_left_unawaited() -> None:
    """C69: coroutines are closed, futures stay the caller's."""

    async def answer() -> Any:
        raise AssertionError("never run")

    future = asyncio.get_running_loop().create_future()
    with pytest.raises(ConfigError, match="define _routes"):
        await SomeKeyless().initialize(answer(), future)
    assert not future.done()


class SomeKeyless(DataStoreCollection):
    pass


async def test_messages_held_for_a_snapshot_are_bounded_and_folded_after_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F74, C78: two snapshots under way at once; the oldest of too many are dropped, and that is said."""
    monkeypatch.setattr("rxbotters.stores.collection._HELD", 3)

    class Held(DataStoreCollection):
        def _init(self) -> None:
            self.create("tick", keys=["id"])

        def _onmessage(self, msg: Any, ws: Any = None) -> None:
            self["tick"]._insert([{"id": msg}])

        def _routes(self) -> Any:
            return {"/rows": lambda body, query: None}

    held = Held()
    errors: list[Exception] = []
    held.errors.subscribe(errors.append)
    gates = [asyncio.Event(), asyncio.Event()]

    async def fails(gate: asyncio.Event) -> Any:
        await gate.wait()
        raise ConnectionError("no answer")

    both = [asyncio.ensure_future(held.initialize(fails(gate))) for gate in gates]
    await asyncio.sleep(0)
    for number in range(5):
        held.onmessage(number)
    gates[0].set()
    await asyncio.wait([both[0]])
    assert not len(held["tick"])
    gates[1].set()
    await asyncio.gather(*both, return_exceptions=True)

    assert [row["id"] for row in held["tick"]] == [2, 3, 4]
    assert [type(error) for error in errors] == [BufferOverflow, BufferOverflow]


async def test_an_async_onmessage_that_fails_is_an_error_like_any_other() -> None:
    """C35, F85: and who waits is woken all the same."""

    class Slow(DataStoreCollection):
        async def _onmessage(self, msg: Any, ws: Any = None) -> None:  # type: ignore[override]
            raise KeyError("mine")

    slow = Slow()
    errors: list[Exception] = []
    slow.errors.subscribe(errors.append)
    waiting = asyncio.ensure_future(slow.wait())
    await asyncio.sleep(0)
    await slow.onmessage({"a": 1})
    await waiting

    assert [type(error) for error in errors] == [ProtocolError]
    assert isinstance(errors[0].__cause__, KeyError)
