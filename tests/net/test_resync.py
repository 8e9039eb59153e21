"""What the stream does not bring is fetched: on the first connection, after a gap, after every reconnection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.clock import Clock
from rxbotters.descriptor import Sends
from rxbotters.errors import BufferOverflow, SnapshotError, SubscriptionError
from rxbotters.stores import DataStore, DataStoreCollection, Diff, OrderBook, SyncedBook
from rxbotters.testing import run
from rxbotters_operators import Backoff
from rxbotters_operators.events import Live, Stale, Syncing
from tests.conftest import Server
from tests.net.toy import toy


class Orders(DataStore):
    _KEYS = ("id",)
    _ON_LOSS = "refetch"


class Toy(DataStoreCollection):
    by_rest = True

    def _init(self) -> None:
        self.create("book", datastore_class=SyncedBook)
        self.create("orders", datastore_class=Orders)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if "n" in msg:
            self["book"].on_diff(msg["s"], Diff([], [(float(msg["n"]), 1.0)], last=msg["n"]))
        elif "snapshot" in msg:
            self["book"].on_snapshot(msg["s"], msg["snapshot"], [(1000.0, 1.0)], [])
        elif "order" in msg:
            self["orders"]._insert([msg["order"]])

    def _expects(self, messages: Any) -> Iterable[tuple[OrderBook, Any]]:
        names = [name for message in messages if "sub" in message for name in message["sub"] if "." in name]
        return [(self["book"], name.partition(".")[2]) for name in names]

    def _snapshot_request(self, book: OrderBook, symbol: Any, url: Any) -> tuple[str, Mapping[str, str]] | None:
        return ("/depth", {"symbol": symbol}) if self.by_rest else None

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return {"sub": [f"book.{symbol}"]}

    def _routes(self) -> Any:
        return {"/depth": self._depth, "/orders": self._orders}

    def _repeats(self, path: str) -> bool:
        return path == "/orders"

    def _depth(self, body: Any, query: Mapping[str, str]) -> None:
        self["book"].on_snapshot(query["symbol"], body["last"], [(1000.0, 1.0)], [])

    def _orders(self, body: Iterable[Any], query: Mapping[str, str]) -> None:
        self["orders"]._clear(reason="resync")
        self["orders"]._insert(body)
        self["orders"].refetched()


class Venue:
    def __init__(self) -> None:
        self.number = 5
        self.orders: list[dict[str, Any]] = [{"id": 1}]
        self.fail = 0
        self.stale_answers = 0
        self.slow: asyncio.Event | None = None
        self.subs: list[Any] = []

    async def http(self, request: web.Request, _: bytes) -> web.Response:
        if self.fail:
            self.fail -= 1
            return web.json_response({}, status=503)
        if self.slow is not None:
            slow, self.slow = self.slow, None
            await slow.wait()
            return web.json_response({"last": 1_000_000} if request.path == "/depth" else [{"id": 99}])
        if request.path == "/depth":
            if self.stale_answers:
                self.stale_answers -= 1
                return web.json_response({"last": 1})
            return web.json_response({"last": self.number})
        return web.json_response(self.orders)

    async def ws(self, ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            data = message.json()
            self.subs.append(data)
            if "sub" in data:
                await self.push(ws)

    async def push(self, ws: web.WebSocketResponse) -> None:
        self.number += 1
        await ws.send_json({"s": "X", "n": self.number})


@pytest.fixture
def venue() -> Venue:
    return Venue()


QUICK = Clock(dice=lambda: 0.0)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rxbotters.net.resync._BACKOFF", Backoff(min=0.001, max=0.002, factor=1.0, initial=0.0))


async def opened(serve: Any, venue: Venue) -> tuple[Any, rxbotters.Client, Toy]:
    server = await serve(ws=venue.ws, http=venue.http)
    exchange = toy(server.url, greet=None, login=None, ack=None, request_ids=None)
    client = rxbotters.Client(
        apis={}, exchanges=[exchange], hosts={server.host: "toy"}, base_url=server.url, clock=QUICK
    )
    return server, client, Toy()


async def test_a_snapshot_is_fetched_without_a_word_of_the_user(serve: Any, venue: Venue, until: Any) -> None:
    """D10, F73, F74: first connection, a gap, and a reconnection."""
    server, client, store = await opened(serve, venue)
    async with client:
        client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        await until(lambda: store["book"].status_of("X") == Live())
        first = server.hits["/depth"]

        venue.number += 5
        await venue.push(server.sockets[0])
        await until(lambda: server.hits["/depth"] > first and store["book"].status_of("X") == Live())
        second = server.hits["/depth"]

        await server.sockets[0].close()
        await until(lambda: server.hits["/depth"] > second and store["book"].status_of("X") == Live())

    assert first == 1


async def test_an_answer_that_fails_or_is_too_old_is_asked_for_again(serve: Any, venue: Venue, until: Any) -> None:
    """F74."""
    venue.fail, venue.stale_answers = 1, 1
    server, client, store = await opened(serve, venue)
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    async with client:
        client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        await until(lambda: store["book"].status_of("X") == Live())

    assert server.hits["/depth"] == 3
    assert not any(isinstance(error, SnapshotError) for error in errors)


async def test_an_answer_is_not_waited_for_beyond_its_connection(serve: Any, venue: Venue, until: Any) -> None:
    """F73: it lacks what happened until the next connection, and there would be nobody to tell that it does."""
    slow = venue.slow = asyncio.Event()
    server, client, store = await opened(serve, venue)
    seen: list[int] = []
    store["book"].instrument_statuses.subscribe(lambda told: seen.append(store["book"]._numbers_of("X").last))
    async with client:
        client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        await until(lambda: server.hits["/depth"] == 1)
        await server.sockets[0].close()
        await until(lambda: venue.subs.count({"sub": ["book.X"]}) == 2)
        slow.set()
        await until(lambda: store["book"].status_of("X") == Live())

    assert server.hits["/depth"] == 2
    assert 1_000_000 not in seen


async def test_private_rows_are_stale_until_their_requests_were_repeated(serve: Any, venue: Venue, until: Any) -> None:
    """D10, C49: what closed while nobody listened is gone, what came is there."""
    server, client, store = await opened(serve, venue)
    async with client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": ["order"]}, hdlr_json=store.onmessage)
        await ws
        await store.initialize(client.get("/orders"))
        assert store["orders"].find() == [{"id": 1}]
        await server.sockets[0].send_json({"order": {"id": 2}})
        await until(lambda: len(store["orders"]) == 2)

        statuses: list[Any] = []
        store["orders"].statuses.subscribe(statuses.append)
        venue.orders = [{"id": 3}]
        await server.sockets[0].close()
        await until(lambda: store["orders"].find() == [{"id": 3}])

    assert [type(status) for status in statuses[:3]] == [Live, Stale, Live]


async def test_private_rows_are_those_of_the_present_connection(serve: Any, venue: Venue, until: Any) -> None:
    """D10: an answer from before a second loss does not say what happened since."""
    server, client, store = await opened(serve, venue)
    seen: list[Any] = []
    store["orders"].changes.subscribe(lambda change: seen.append(change.data))
    async with client:
        await client.ws_connect(server.ws_url, send_json={"sub": ["order"]}, hdlr_json=store.onmessage)
        await store.initialize(client.get("/orders"))
        await server.sockets[0].send_json({"order": {"id": 2}})
        await until(lambda: len(store["orders"]) == 2)
        slow = venue.slow = asyncio.Event()
        venue.orders = [{"id": 3}]

        await server.sockets[-1].close()
        await until(lambda: venue.slow is None)
        await server.sockets[-1].close()
        await until(lambda: store["orders"].find() == [{"id": 3}])
        slow.set()

    assert {"id": 99} not in seen


async def test_where_there_is_no_rest_snapshot_the_subscription_is_made_again(
    serve: Any, venue: Venue, until: Any
) -> None:
    """F68."""
    server, client, store = await opened(serve, venue)
    store.by_rest = False
    async with client:
        client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        await until(lambda: {"unsub": ["book.X"]} in venue.subs)
        await until(lambda: venue.subs.count({"sub": ["book.X"]}) >= 2)
        await server.sockets[0].send_json({"s": "X", "snapshot": venue.number})
        await until(lambda: store["book"].status_of("X") == Live())


async def test_a_question_is_repeated_once_however_often_it_was_asked(serve: Any, venue: Venue) -> None:
    """F73, C78: questions that differ are kept apart, and no more of them than a bound."""
    server, client, store = await opened(serve, venue)
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    async with client:
        for page in (1, 2, 1, 2):
            await store.initialize(client.fetch("POST", "/orders", data={"page": page}))
        asked = server.hits["/orders"]
        await store.reinitialize()
        repeated = server.hits["/orders"] - asked

        for page in range(300):
            await store.initialize(client.get("/orders", params={"page": page}))

    assert (asked, repeated) == (4, 2)
    assert len(store._remembered) == 256
    assert isinstance(errors[0], BufferOverflow)


async def test_an_answer_older_than_the_connection_makes_nothing_live(serve: Any, venue: Venue, until: Any) -> None:
    """D10, F73: what it tells may be over; the request is repeated on the next connection, and that answer counts."""
    store, slow, answered = Toy(), asyncio.Event(), venue.http

    async def http(request: web.Request, body: bytes) -> web.Response:
        answer = await answered(request, body)
        if request.query.get("slow"):
            await slow.wait()
        return answer

    venue.http = http
    server = await serve(ws=venue.ws, http=http)
    exchange = toy(server.url, greet=None, login=None, ack=None, request_ids=None)
    async with rxbotters.Client(
        apis={}, exchanges=[exchange], hosts={server.host: "toy"}, base_url=server.url, clock=QUICK
    ) as client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": ["order"]}, hdlr_json=store.onmessage)
        await ws.ready()
        await store.initialize(client.get("/orders"))
        asking = asyncio.ensure_future(store.initialize(client.get("/orders", params={"slow": "yes"})))
        await until(lambda: server.hits["/orders"] == 2)
        statuses: list[Any] = []
        store["orders"].statuses.subscribe(statuses.append)

        venue.orders = [{"id": 2}]
        await server.sockets[0].close()
        await until(lambda: store["orders"].find() == [{"id": 2}])
        slow.set()
        await asking

        outdated = statuses.index(Stale("the answer is older than the connection"))
        assert store["orders"].find() == [{"id": 1}]
        await until(lambda: store["orders"].status == Live())
        assert store["orders"].find() == [{"id": 2}]
        assert statuses[outdated - 1] == Live()


# ---------------------------------------------------------------------- when it cannot be brought


async def test_after_five_tries_it_is_said_what_to_do_and_the_next_gap_asks_again(
    serve: Any, venue: Venue, until: Any
) -> None:
    """F74, F66: bounded, with the last reason; the book stays not live meanwhile."""
    venue.fail = 5
    server, client, store = await opened(serve, venue)
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    async with client:
        client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        await until(lambda: errors)
        assert server.hits["/depth"] == 5
        assert store["book"].status_of("X") != Live()
        await venue.push(server.sockets[0])
        await until(lambda: store["book"].status_of("X") == Live())

    (error,) = errors
    assert isinstance(error, SnapshotError)
    assert "SyncedBook X" in str(error) or "book X" in str(error)
    assert "gave up after 5 tries" in str(error)
    assert "503" in str(error)
    assert error.__cause__ is not None


async def test_private_rows_that_cannot_be_fetched_again_are_said_too(serve: Any, venue: Venue, until: Any) -> None:
    """D10, F26: even when the network itself fails; the rows stay stale."""
    server, client, store = await opened(serve, venue)
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    async with client:
        await client.ws_connect(server.ws_url, hdlr_json=store.onmessage)

        async def orders() -> Any:
            if len(server.sockets) > 1:
                raise ConnectionResetError("cut")
            return await client.fetch("GET", "/orders")

        class Again:
            def __await__(self) -> Any:
                return orders().__await__()

            asked = "/orders"

        await store.initialize(Again())
        await server.sockets[0].send_json({"order": {"id": 2}})
        await until(lambda: len(store["orders"]) == 2)
        await server.sockets[0].close()
        await until(lambda: errors)

    (error,) = errors
    assert isinstance(error, SnapshotError)
    assert "private stores" in str(error)
    assert isinstance(error.__cause__, ConnectionResetError)
    assert isinstance(store["orders"].status, Stale)


async def test_where_nothing_can_be_asked_for_the_next_snapshot_is_waited_for(
    serve: Any, venue: Venue, until: Any
) -> None:
    """F68: some exchanges send one from time to time."""
    server, client, store = await opened(serve, venue)
    store.by_rest = False
    store._subscription = lambda book, symbol: None  # type: ignore[method-assign]
    async with client:
        client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        await until(lambda: client.metrics.snapshot().frames >= 1)
        await until(lambda: not [task for task in asyncio.all_tasks() if "resync" in task.get_name()])
        assert store["book"].status_of("X") == Syncing()
        await server.sockets[0].send_json({"s": "X", "snapshot": venue.number})
        await until(lambda: store["book"].status_of("X") == Live())

    assert not server.hits["/depth"]
    assert venue.subs.count({"sub": ["book.X"]}) == 1


def test_a_subscription_that_was_made_again_in_vain_is_made_again(venue: Venue) -> None:
    """F68, F74: every five seconds, and no longer once the book is live."""

    async def main() -> tuple[list[Any], Any]:
        server = await Server().start(ws=venue.ws)
        exchange = toy(server.url, greet=None, login=None, ack=None, request_ids=None)
        async with server.client(apis={}, exchanges=[exchange], hosts={server.host: "toy"}, clock=QUICK) as client:
            store = Toy()
            store.by_rest = False
            client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
            await asyncio.sleep(12)
            await server.sockets[0].send_json({"s": "X", "snapshot": venue.number})
            await asyncio.sleep(30)
            status = store["book"].status_of("X")
        await server.stop()
        return [message for message in venue.subs if "unsub" in message], status

    ends, status = run(main())

    assert ends == [{"unsub": ["book.X"]}] * 3
    assert status == Live()


async def test_a_snapshot_is_asked_for_where_the_exchange_publishes_it(serve: Any, venue: Venue, until: Any) -> None:
    """D10: on the host that belongs to the connection, unless the host was added by the user."""
    server, client, store = await opened(serve, venue)
    asked: list[Any] = []
    store._rest = lambda url: asked.append(url) or f"{server.url}/"  # type: ignore[method-assign, func-returns-value]
    async with client:
        app = client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        app._resyncer._is_extra = lambda host, port: False
        await until(lambda: store["book"].status_of("X") == Live())

    assert [str(url) for url in asked] == [server.ws_url]


# ---------------------------------------------------------------------- ready


async def test_who_comes_after_a_refusal_is_told_too(serve: Any, venue: Venue, until: Any) -> None:
    """C28, F41: as long as that connection lives."""

    async def refuse(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            for name in message.json().get("sub", ()):
                await ws.send_json({"acked": name, "error": "no"})

    server = await serve(ws=refuse)
    exchange = toy(server.url, greet=None, login=None)
    async with rxbotters.Client(apis={}, exchanges=[exchange], hosts={server.host: "toy"}) as client:
        app = client.ws_connect(server.ws_url, send_json={"sub": ["x"]})
        app.errors.subscribe()
        for _ in range(2):
            with pytest.raises(SubscriptionError):
                await app.ready()


def test_ready_comes_back_on_the_next_connection_if_this_one_ends_before_all_is_sent() -> None:
    """C28, F40, F44: on hosts where each message waits for its turn."""

    async def main() -> tuple[list[int], float]:
        got: list[int] = []

        async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
            number = len(server.sockets)
            async for _ in ws:
                got.append(number)
                if number == 1 and len(got) == 2:
                    await ws.close()
                    return

        server = await Server().start(ws=talk)
        exchange = toy(server.url, greet=None, login=None, ack=None, beat=None, sends=Sends(1, 1.0))
        async with server.client(apis={}, exchanges=[exchange], hosts={server.host: "toy"}, clock=QUICK) as client:
            app = client.ws_connect(server.ws_url, send_str=["1", "2", "3", "4"])
            app.errors.subscribe()
            await app.ready()
            took = asyncio.get_running_loop().time()
            await asyncio.sleep(0.5)  # the last one is on its way
        await server.stop()
        return got, took

    got, took = run(main())

    assert got == [1, 1, 2, 2, 2, 2]
    assert 4 <= took < 8


async def test_a_subscription_that_was_ended_leaves_no_live_book_behind(serve: Any, venue: Venue, until: Any) -> None:
    """C49, F68: what still arrives of it changes nothing, the other books stay live, and coming back is a new beginning."""
    server, client, store = await opened(serve, venue)
    book = store["book"]
    async with client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        added = ws.add(send_json={"sub": ["book.Y"]})
        await until(lambda: book.status_of("X") == Live())
        await server.sockets[0].send_json({"s": "Y", "n": venue.number + 1})
        await until(lambda: book.status_of("Y") == Live())
        asked = server.hits["/depth"]

        added.dispose()
        assert book.status_of("Y") == Stale("unsubscribed")
        assert not book.depth("Y").asks
        assert book.status == Live()
        await server.sockets[0].send_json({"s": "Y", "n": venue.number + 9})
        await server.sockets[0].send_json({"s": "Y", "snapshot": venue.number + 9})
        await venue.push(server.sockets[0])
        await until(lambda: book.best("X").bid and book.best("X").bid["price"] == float(venue.number))
        assert book.status_of("Y") == Stale("unsubscribed")
        assert not book.depth("Y").asks
        assert server.hits["/depth"] == asked

        ws.add(send_json={"sub": ["book.Y"]})
        await until(lambda: book.status_of("Y") == Syncing())
        await server.sockets[0].send_json({"s": "Y", "n": venue.number + 1})
        await until(lambda: book.status_of("Y") == Live())


async def test_a_book_that_another_subscription_feeds_too_lives_on(serve: Any, venue: Venue, until: Any) -> None:
    """C49: also after a reconnection, on which both were made again."""
    server, client, store = await opened(serve, venue)
    book = store["book"]
    async with client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": ["book.X"]}, hdlr_json=store.onmessage)
        added = ws.add(send_json={"sub": ["book.X", "order"]})
        await until(lambda: book.status_of("X") == Live())
        await server.sockets[0].close()
        await until(lambda: len(server.sockets) == 2 and book.status_of("X") == Live())

        added.dispose()

        assert book.status_of("X") == Live()
        await venue.push(server.sockets[1])
        await until(lambda: book.best("X").bid and book.best("X").bid["price"] == float(venue.number))
