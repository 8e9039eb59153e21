"""Connections and requests obey the descriptor: over real sockets, against an exchange with every habit."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.clock import Clock
from rxbotters.descriptor import Limit, Sends
from rxbotters.errors import LeaseError, LoginRefused, ProtocolError, RateLimited, SubscriptionError
from rxbotters.net.counts import Counts
from rxbotters.wire import Dialect, loads
from rxbotters_operators.events import Answered, Closed, Connecting, Late, Leased, LeaseFailed, Rotated
from tests.net.toy import toy

KEYS = {"toy": ["canary-key-7f3a9c", "canary-secret-51d0e8"]}


class Venue:
    """The other side: answers as the toy exchange does, and remembers."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.refuse: set[str] = set()
        self.welcome = True
        self.login_ok = True

    async def ws(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        async for message in ws:
            data = json.loads(message.data)
            self.got.append(data)
            if "hello" in data and self.welcome:
                await ws.send_str('{"ch":"early"}')
                await ws.send_str('{"welcome":true}')
            elif "login" in data:
                await ws.send_json({"ok": self.login_ok})
            for name in data.get("sub", ()):
                error = {"error": f"no {name}"} if name in self.refuse else {}
                await ws.send_json({"acked": name, **error})

    def sent(self, what: str) -> list[Any]:
        return [message for message in self.got if what in message]


@pytest.fixture
def venue() -> Venue:
    return Venue()


Open = Callable[..., Any]


@pytest.fixture
def connect(serve: Any, venue: Venue) -> Open:
    async def make(**changes: Any) -> tuple[Any, rxbotters.Client]:
        server = await serve(ws=venue.ws, **changes.pop("serve", {}))
        options = {"apis": KEYS, **changes.pop("client", {})}
        client = rxbotters.Client(
            exchanges=[toy(server.url, **changes)], hosts={server.host: "toy"}, base_url=server.url, **options
        )
        return server, client

    return make


async def test_a_connection_begins_as_its_exchange_wants(connect: Open, venue: Venue) -> None:
    """C31, C41, D11: greeting, heartbeat, login, then the subscriptions, in pieces."""
    server, client = await connect()
    async with client:
        seen: list[Any] = []
        ws = client.ws_connect(
            server.ws_url, send_json={"sub": ["a", "b", "c"]}, hdlr_json=lambda message, _: seen.append(message)
        )
        await ws.ready()

    assert venue.got == [
        {"hello": True},
        {"beat": 1},
        {"login": "canary-key-7f3a9c"},
        {"sub": ["a", "b"]},
        {"sub": ["c"]},
    ]
    assert seen[0] == {"ch": "early"}  # arrived during the greeting, delivered after it


async def test_without_keys_only_the_greeting_is_said(connect: Open, venue: Venue) -> None:
    server, client = await connect(client={"apis": {}})
    async with client:
        await client.ws_connect(server.ws_url, send_json={"sub": ["a"]}).ready()

    assert venue.got == [{"hello": True}, {"beat": 1}, {"sub": ["a"]}]


async def test_application_heartbeats_can_be_switched_off(connect: Open, venue: Venue) -> None:
    """C41."""
    server, client = await connect()
    async with client:
        await client.ws_connect(server.ws_url, app_heartbeat=None).ready()

    assert not venue.sent("beat")


async def test_messages_are_signed_afresh_and_the_callers_stay_as_they_were(
    connect: Open, venue: Venue, until: Any
) -> None:
    """C23, C33, P12."""
    now = [1000.0]
    server, client = await connect(client={"clock": Clock(now=lambda: now[0])})
    order = {"order": 1}
    async with client:
        ws = await client.ws_connect(server.ws_url, send_json=order).ready()
        now[0] = 2000.0
        await ws.current_ws.send_json(order)
        await ws.current_ws.send_json(order, auth=None)
        await until(lambda: len(venue.sent("order")) == 3)

    assert order == {"order": 1}
    assert [message.get("signed_at") for message in venue.sent("order")] == [1_000_000, 2_000_000, None]


async def test_subscriptions_can_come_later_and_go(connect: Open, venue: Venue, until: Any) -> None:
    """B4: acknowledged on their own, made again on every connection, ended with the exchange's own word."""
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(server.ws_url).ready()
        more = await ws.add(send_json={"sub": ["x"]})
        await server.sockets[0].close()
        await until(lambda: len(venue.sent("sub")) == 2)
        await ws.ready()
        more.dispose()
        await until(lambda: venue.sent("unsub"))
        await server.sockets[1].close()
        await until(lambda: len(server.sockets) == 3)
        await ws.ready()
        await ws.heartbeat(5.0)

    assert venue.sent("sub") == [{"sub": ["x"]}] * 2
    assert venue.sent("unsub") == [{"unsub": ["x"]}]


async def test_a_refusal_is_known_to_its_own_subscription_alone(connect: Open, venue: Venue) -> None:
    """F41, B4."""
    venue.refuse = {"bad"}
    server, client = await connect()
    async with client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": ["good"]})
        errors: list[Exception] = []
        ws.errors.subscribe(errors.append)
        await ws.ready()
        added = ws.add(send_json={"sub": ["bad"]})
        heard: list[Exception] = []
        added.errors.subscribe(heard.append)
        with pytest.raises(SubscriptionError, match="no bad"):
            await added
        await ws.ready()

    assert len(heard) == 1
    assert not errors


async def test_a_subscription_that_was_added_fails_when_the_client_closes(connect: Open, venue: Venue) -> None:
    """F23."""
    venue.welcome = False
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(server.ws_url)
        added = ws.add(send_json={"sub": ["x"]})
    with pytest.raises(rxbotters.errors.ClientClosed):
        await added


async def test_a_refused_login_after_a_greeting(connect: Open, venue: Venue) -> None:
    """F35: nothing is subscribed."""
    venue.login_ok = False
    server, client = await connect()
    async with client:
        ws = client.ws_connect(server.ws_url, send_json={"sub": ["a"]})
        with pytest.raises(LoginRefused):
            await ws.wait()

    assert not venue.sent("sub")


async def test_what_is_sent_is_paced(connect: Open, venue: Venue, until: Any) -> None:
    """C33: in order; the pace itself is row F44 of the fault matrix."""
    server, client = await connect(sends=Sends(2, 0.05), beat=None, greet=None, login=None)
    async with client:
        ws = await client.ws_connect(server.ws_url, heartbeat=None, late_after=None)
        for number in range(6):
            await ws.current_ws.send_json({"n": number})
        await until(lambda: len(venue.sent("n")) == 6)

    assert [message["n"] for message in venue.sent("n")] == list(range(6))


async def test_frames_are_decoded_in_the_dialect_of_their_host(connect: Open, until: Any, serve: Any) -> None:
    """F59: compressed frames become messages; what cannot be decoded is a typed error, and the next frame comes."""

    async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_bytes(gzip.compress(b'{"n":1}'))
        await ws.send_bytes(b"\x00\x01")
        await ws.send_bytes(gzip.compress(b'{"n":2}'))
        async for _ in ws:
            pass

    def decode(data: str | bytes) -> Any:
        return loads(gzip.decompress(data) if isinstance(data, bytes) else data)

    server = await serve(ws=talk)
    exchange = toy(greet=None, login=None, dialect=Dialect(decode))
    async with rxbotters.Client(apis={}, exchanges=[exchange], hosts={server.host: "toy"}) as client:
        seen: list[Any] = []
        ws = client.ws_connect(server.ws_url, hdlr_json=lambda message, _: seen.append(message))
        errors: list[Exception] = []
        ws.errors.subscribe(errors.append)
        await until(lambda: len(seen) == 2)

    assert seen == [{"n": 1}, {"n": 2}]
    assert [type(error) for error in errors] == [ProtocolError]


async def test_a_farewell_makes_it_go_before_it_is_cut(connect: Open, until: Any) -> None:
    """F20: the new connection is up before the old one goes."""
    server, client = await connect()
    async with client:
        ws = client.ws_connect(server.ws_url, overlap=0.01)
        events: list[Any] = []
        ws.events.subscribe(events.append)
        await ws.ready()
        await server.sockets[0].send_json({"bye": "rotate"})
        await until(lambda: any(isinstance(event, Rotated) for event in events))

    assert len([event for event in events if isinstance(event, Closed)]) == 1  # that of the client's own end


async def test_the_subscriptions_tell_whether_to_log_in(connect: Open, venue: Venue, until: Any) -> None:
    """C31: they are made once for each connection, whoever looks at them."""
    made: list[int] = []

    def messages() -> list[Any]:
        made.append(1)
        return [{"sub": ["private" if len(made) == 2 else "public"]}]

    def wants(planned: Any, url: Any) -> bool:
        return any("private" in message.get("sub", ()) for message in planned)

    server, client = await connect(needs_login=wants)
    async with client:
        ws = client.ws_connect(server.ws_url, send_json=messages, send_str='{"sub": ["text"]}', min_uptime=0)
        await ws.ready()
        assert not venue.sent("login")
        await server.sockets[0].close()
        await until(lambda: venue.sent("login"))
        await ws.ready()

    assert len(made) == 2


# ---------------------------------------------------------------------- requests


async def test_nonces_increase_however_many_ask_at_once_and_whatever_the_clock_does(connect: Open) -> None:
    """F99, F100."""
    now = [1_700_000_000.0]
    server, client = await connect(client={"clock": Clock(now=lambda: now[0])})
    async with client:
        await asyncio.gather(*(client.fetch("GET", f"/{number}") for number in range(200)))
        now[0] -= 3600
        await asyncio.gather(*(client.fetch("GET", f"/{number}") for number in range(50)))

    nonces = [int(request["headers"]["TOY-NONCE"]) for request in server.requests]
    assert len(set(nonces)) == 250
    assert max(nonces[:200]) < min(nonces[200:])


async def test_a_limit_is_kept_and_who_would_wait_too_long_is_told(connect: Open) -> None:
    server, client = await connect(limits=(Limit("ip", 3, 60.0),), client={"patience": 5.0})
    async with client:
        for _ in range(3):
            await client.fetch("GET", "/x")
        with pytest.raises(RateLimited, match="nothing was sent"):
            await client.fetch("GET", "/x")

    assert server.hits["/x"] == 3


async def test_each_scope_has_a_budget_of_its_own(connect: Open) -> None:
    limit = Limit("path", 1, 60.0, scope=lambda request: request.url.path)
    server, client = await connect(limits=(limit,), client={"patience": 5.0})
    async with client:
        await client.fetch("GET", "/x")
        await client.fetch("GET", "/y")
        with pytest.raises(RateLimited):
            await client.fetch("GET", "/x")

    assert (server.hits["/x"], server.hits["/y"]) == (1, 1)


async def test_what_the_answers_say_is_used_up_is_believed(connect: Open) -> None:
    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(text="{}", headers={"X-Used": "100"})

    limit = Limit("ip", 100, 60.0, used=lambda headers: float(headers["X-Used"]) if "X-Used" in headers else None)
    _, client = await connect(limits=(limit,), serve={"http": http}, client={"patience": 1.0})
    async with client:
        await client.fetch("GET", "/x")
        with pytest.raises(RateLimited):
            await client.fetch("GET", "/x")


@pytest.mark.parametrize("status", [429, 418])
async def test_a_ban_stops_everybody(connect: Open, status: int) -> None:
    """F102: nobody asks again before the time has passed."""

    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "120"})

    server, client = await connect(serve={"http": http})
    async with client:
        first = await client.fetch("GET", "/a")
        with pytest.raises(RateLimited) as told:
            await client.fetch("POST", "/b", data={"x": 1})

    assert first.status == status
    assert 115 < told.value.retry_after <= 120
    assert server.hits["/b"] == 0


async def test_an_answer_larger_than_its_budget_is_not_read(connect: Open) -> None:
    """F53: 300 MB of zeros in 300 kB."""
    bomb = gzip.compress(bytes(8 * 1024 * 1024), 9)

    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    _, client = await connect(serve={"http": http}, client={"max_body": 1024 * 1024})
    async with client:
        with pytest.raises(rxbotters.errors.ResponseTooLarge, match="1 MiB"):
            await client.fetch("GET", "/x")


async def test_a_clock_that_is_off_is_noticed_once_and_can_be_made_up_for(connect: Open) -> None:
    """F101."""
    now = [0.0]

    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(text="{}", headers={"Date": "Tue, 14 Nov 2023 22:13:25 GMT"})

    now[0] = 1_700_000_000.0  # five seconds behind the server
    server, client = await connect(
        serve={"http": http}, client={"clock": Clock(now=lambda: now[0]), "adjust_clock": True}
    )
    errors: list[Exception] = []
    client.errors.subscribe(errors.append)
    async with client:
        await client.fetch("GET", "/x")
        await client.fetch("GET", "/x")
        skews = client.metrics.snapshot().skews

    first, second = (int(request["headers"]["TOY-NONCE"]) for request in server.requests)
    assert [type(error).__name__ for error in errors] == ["ClockSkew"]
    assert first == 1_700_000_000_000
    assert 5_000 <= second - first <= 6_000
    assert 5.0 <= next(iter(skews.values())) <= 6.0


# ---------------------------------------------------------------------- leases


class Tokens:
    """Hands out tokens over HTTP."""

    def __init__(self) -> None:
        self.given = 0
        self.refuse: int | None = None

    async def http(self, request: web.Request, body: bytes) -> web.Response:
        if self.refuse is not None:
            return web.json_response({"error": "no"}, status=self.refuse)
        if request.method == "POST":
            self.given += 1
        return web.json_response({"token": f"tok{self.given}"})


async def test_a_lease_gives_the_url_and_its_token_is_replaced_when_it_dies(serve: Any, until: Any) -> None:
    """F45, F46: the next connection goes to the new url."""
    tokens = Tokens()
    paths: list[str] = []

    async def talk(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        paths.append(request.path)
        await ws.send_json({"bye": "renew"} if len(paths) == 1 else {"n": len(paths)})
        async for _ in ws:
            pass
        return ws

    async def http(request: web.Request, body: bytes) -> web.StreamResponse:
        return await (talk(request) if request.path.startswith("/ws/") else tokens.http(request, body))

    server = await serve(http=http)
    exchange = toy(server.url, greet=None, login=None)
    async with rxbotters.Client(apis=KEYS, exchanges=[exchange], hosts={server.host: "toy"}) as client:
        lease = client.lease("toy.private")
        events: list[Any] = []
        lease.events.subscribe(events.append)
        seen: list[Any] = []
        client.ws_connect(lease, hdlr_json=lambda message, _: seen.append(message), overlap=0.01)
        await until(lambda: {"n": 2} in seen)

    assert paths[:2] == ["/ws/tok1", "/ws/tok2"]
    assert [event.token for event in events if isinstance(event, Leased)] == ["tok1", "tok2"]


async def test_keys_that_are_refused_end_the_lease_and_the_connection(serve: Any) -> None:
    tokens = Tokens()
    tokens.refuse = 401
    server = await serve(http=tokens.http)
    exchange = toy(server.url)
    async with rxbotters.Client(apis=KEYS, exchanges=[exchange], hosts={server.host: "toy"}) as client:
        lease = client.lease("toy.private")
        failures: list[Any] = []
        lease.events.subscribe(failures.append, failures.append)
        ws = client.ws_connect(lease)
        with pytest.raises(LeaseError, match="HTTP 401"):
            await ws.wait()

    assert [type(event) for event in failures] == [LeaseError]


async def test_a_lease_that_fails_for_now_says_so_and_goes_on(serve: Any, until: Any) -> None:
    """F45, F47."""
    tokens = Tokens()
    tokens.refuse = 503
    server = await serve(http=tokens.http)
    clock = Clock(dice=lambda: 0.0)
    async with rxbotters.Client(
        apis=KEYS, exchanges=[toy(server.url)], hosts={server.host: "toy"}, clock=clock
    ) as client:
        lease = client.lease("toy.private")
        events: list[Any] = []
        lease.events.subscribe(events.append)
        lease.start()
        await until(lambda: events)
        tokens.refuse = None

    assert isinstance(events[0], LeaseFailed)
    assert "503" in str(events[0].error)


async def test_no_lease_of_that_name(connect: Open) -> None:
    _, client = await connect()
    async with client:
        with pytest.raises(rxbotters.errors.ConfigError, match=r"toy\.private"):
            client.lease("toy.nothing")


# ---------------------------------------------------------------------- metrics


async def test_metrics_say_what_happened(connect: Open, venue: Venue, until: Any) -> None:
    """B6: connections, attempts, frames, bytes, lag, errors, requests."""
    server, client = await connect(client={"clock": Clock(now=lambda: 100.0)})
    async with client:
        ws = await client.ws_connect(server.ws_url, hdlr_json=lambda message, _: None).ready()
        streamed: list[Any] = []
        client.metrics.every(0.001).subscribe(streamed.append)
        for _ in range(70):
            await server.sockets[0].send_json({"t": 98.5})
        await until(lambda: client.metrics.snapshot().frames >= 73 and streamed)
        await ws.heartbeat(5.0)
        await client.fetch("GET", "/x")
        (connection,) = client.metrics.snapshot().connections
        snapshot = client.metrics.snapshot()

    assert (connection.attempts, connection.opened, connection.state) == (1, 1, "Subscribed")
    assert connection.frames == 73
    assert connection.bytes > 70 * len('{"t": 98.5}')
    assert connection.lag_s == pytest.approx(1.5)
    assert connection.handling_s is not None
    assert snapshot.requests == {"127.0.0.1": 1}
    assert snapshot.statuses == {200: 1}


async def test_the_stream_of_metrics_ends_with_the_client(connect: Open) -> None:
    """C77."""
    _, client = await connect()
    ended: list[bool] = []
    async with client:
        client.metrics.subscribe(on_completed=lambda: ended.append(True))

    assert ended == [True]


# ---------------------------------------------------------------------- what has no name of its own


async def test_subscriptions_that_were_added_end_once_and_say_so(connect: Open, venue: Venue, until: Any) -> None:
    """B4, F41: one answer for each message; who awaits late, or again, has the same; a second dispose is none."""
    venue.refuse = {"bad"}
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(server.ws_url).ready()
        both = ws.add(send_json=[{"sub": ["bad"]}, {"sub": ["good"]}])
        for _ in range(2):
            with pytest.raises(SubscriptionError, match="no bad"):
                await both
        assert repr(both) == "<Added 2 messages, refused>"
        both.dispose()
        both.dispose()
        silent = await ws.add(send_json={"order": 1})  # there is no word that ends it
        silent.dispose()
        mine = await ws.add(send_str='{"sub": ["x"]}', undo_json={"unsub": ["everything"]})
        assert repr(mine) == "<Added 1 messages>"
        mine.dispose()
        await until(lambda: len(venue.sent("unsub")) == 3)
    mine.dispose()

    assert venue.sent("unsub") == [{"unsub": ["bad"]}, {"unsub": ["good"]}, {"unsub": ["everything"]}]


async def test_a_host_without_a_word_for_it_is_not_told_that_a_subscription_ended(connect: Open, venue: Venue) -> None:
    server, client = await connect(undo=None)
    async with client:
        ws = await client.ws_connect(server.ws_url).ready()
        (await ws.add(send_json={"sub": ["x"]})).dispose()
        await ws.heartbeat(5.0)

    assert not venue.sent("unsub")


async def test_what_is_no_json_announces_no_farewell(connect: Open, venue: Venue, until: Any) -> None:
    """F55: it is an error of who reads it, not of the connection."""
    server, client = await connect()
    async with client:
        errors: list[Exception] = []
        ws = await client.ws_connect(server.ws_url, hdlr_json=lambda message, _: None).ready()
        ws.errors.subscribe(errors.append)
        await server.sockets[0].send_str("<html>")
        await until(lambda: errors)
        await ws.heartbeat(5.0)

    assert [type(error) for error in errors] == [ProtocolError]
    assert len(server.sockets) == 1


async def test_a_closed_connection_takes_nothing_more(connect: Open, venue: Venue) -> None:
    """C5, F23: closing twice is closing once; who comes later is told."""
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(server.ws_url).ready()
        ends: list[Any] = []
        ws.subscribe(on_completed=lambda: ends.append("end"))
        await ws.close()
        await ws.close()
        with pytest.raises(rxbotters.errors.ClientClosed):
            ws.add(send_json={"sub": ["x"]})
        queue = rxbotters.WebSocketQueue()
        ws.attach(queue)
        assert [message async for message in queue] == []

    assert ends == ["end"]


async def test_who_owns_a_handler_need_not_know_of_connections(connect: Open, venue: Venue, until: Any) -> None:
    """C34: a method of any object is a handler."""

    class Mine:
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def take(self, message: Any, ws: Any) -> None:
            self.seen.append(message)

    mine = Mine()
    server, client = await connect()
    async with client:
        await client.ws_connect(server.ws_url, hdlr_json=mine.take).ready()
        await server.sockets[0].send_json({"n": 1})
        await until(lambda: {"n": 1} in mine.seen)


async def test_frames_that_came_before_a_rotation_are_counted(connect: Open, venue: Venue, until: Any) -> None:
    """B6, F20: counters never go back."""
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(server.ws_url, overlap=0.01).ready()
        turns: list[Any] = []
        ws.events.subscribe(lambda event: turns.append(event) if isinstance(event, Rotated) else None)
        for number in range(50):
            await server.sockets[0].send_json({"n": number})
        await until(lambda: client.metrics.snapshot().frames >= 50)
        before = client.metrics.snapshot()
        ws.rotate()
        await until(lambda: turns)
        after = client.metrics.snapshot()

    assert after.frames >= before.frames
    assert after.connections[0].bytes >= before.connections[0].bytes
    assert after.dropped == 0


def test_a_pause_of_this_process_stands_in_the_metrics() -> None:
    """B6, F29: the last one, and the last round trip."""
    counts = Counts(Clock())
    for event in (Connecting("ws://x"), Late(None, 12.0), Answered(None, 0.25)):
        counts.follow(event)
    snapshot = counts.snapshot("ws://x", "Opened", None, errors=0, depths={}, dropped=0)

    assert (snapshot.late_s, snapshot.rtt_s, snapshot.attempts) == (12.0, 0.25, 1)


# ---------------------------------------------------------------------- leases


async def test_a_token_of_before_is_extended_and_its_url_asked_for(serve: Any, until: Any) -> None:
    """F46: the answer that names the url is not there, so the first dial has another token."""
    tokens = Tokens()
    server = await serve(http=tokens.http)
    async with rxbotters.Client(apis=KEYS, exchanges=[toy(server.url)], hosts={server.host: "toy"}) as client:
        lease = client.lease("toy.private")
        events: list[Any] = []
        lease.events.subscribe(events.append)
        lease.start("tok0")
        assert repr(lease) == "<Lease toy.private granted>"
        await until(lambda: events)
        lease.start("something else")
        url = await lease()
        lease.expire()
        assert repr(lease) == "<Lease toy.private waiting>"

    assert url.startswith(f"{server.url.replace('http', 'ws')}/ws/tok1?")
    assert events[:2] == [Leased("tok0", renewed=True), Leased("tok1")]


@pytest.mark.parametrize("answer", [{}, {"token": None, "error": "no such key"}, [1]])
async def test_an_answer_without_a_token_is_a_failed_lease(serve: Any, until: Any, answer: Any) -> None:
    """F45, F66: said with what was asked, on the client where nobody listens to the lease."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        return web.json_response(answer)

    server = await serve(http=http)
    async with rxbotters.Client(apis=KEYS, exchanges=[toy(server.url)], hosts={server.host: "toy"}) as client:
        errors: list[Exception] = []
        client.errors.subscribe(errors.append)
        client.lease("toy.private").start()
        await until(lambda: errors)

    assert isinstance(errors[0], LeaseError)
    assert "POST /token" in str(errors[0])


async def test_a_lease_is_shared_by_who_asks_for_the_same(connect: Open) -> None:
    _, client = await connect()
    async with client:
        assert client.lease("toy.private") is client.lease("toy.private")
        assert client.lease("toy.private") is not client.lease("toy.private", base="http://127.0.0.1:1")


async def test_a_connection_signs_with_the_time_its_exchange_told_by_rest(connect: Open, venue: Venue) -> None:
    """F101: the answers of any host of the same exchange are a clock for its streams; those of others are not."""
    _, client = await connect(client={"adjust_clock": True, "clock": Clock(now=lambda: 1_700_000_000.0)})
    async with client:
        wiring = client._wiring
        assert wiring.stamp("toy", "toy.example").ms == 1_700_000_000_000
        for host, date in (
            ("elsewhere.example", "Tue, 14 Nov 2023 23:13:20 GMT"),
            ("api.bitflyer.com", "Tue, 14 Nov 2023 23:13:20 GMT"),
        ):
            wiring.learn_date(host, date, 1_700_000_000.0)
        assert wiring.stamp("toy", "ws.toy.example").ms == 1_700_000_000_000
        stream = "ws.lightstream.bitflyer.com"
        assert wiring.stamp("bitflyer", stream).ms == pytest.approx(1_700_003_600_500, abs=501)


async def test_a_connection_says_what_it_is_and_where_it_goes(connect: Open, venue: Venue) -> None:
    """C15, C29."""
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(f"{server.ws_url}?token=hidden").ready()
        assert repr(ws).startswith("<WebSocketApp ws://127.0.0.1")
        assert repr(ws).endswith(" Subscribed>")
        assert "hidden" not in repr(ws)
        assert "hidden" in str(ws.url)
        connection = ws._port
        assert repr(connection) == "<Connection open>"
    assert repr(connection) == "<Connection closed>"
    assert repr(ws).endswith(" Closed>")


async def test_what_was_taken_back_before_the_end_is_not_told_of_it(connect: Open, venue: Venue) -> None:
    """B4, F23: a subscription that outlived its connection can still be disposed."""
    server, client = await connect()
    async with client:
        ws = await client.ws_connect(server.ws_url).ready()
        late = ws.add(send_json={"sub": ["x"]})
        await ws.close()
        late.dispose()
        late.dispose()
    with pytest.raises(rxbotters.errors.ClientClosed):
        await late
