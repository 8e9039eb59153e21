"""WebSocketApp over real sockets: what a user sees while servers misbehave."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from yarl import URL

import rxbotters
from rxbotters import operators as ops
from rxbotters.clock import Clock
from rxbotters.errors import (
    BufferOverflow,
    ClientClosed,
    HandlerError,
    HandshakeRefused,
    HandshakeTimeout,
    LoginRefused,
    LoginTimeout,
    PolicyViolation,
    ProtocolError,
    SendTimeout,
    SubscriptionError,
)
from rxbotters.net.dial import retry_after
from rxbotters.net.proof import Proof
from rxbotters.net.tasks import Gate
from rxbotters.wire import loads
from rxbotters_operators.events import Closed, Frame, Rotated, Subscribed, Waiting
from rxbotters_operators.hot import Latest

QUICK = (0.01, 0.05, 1.5, 0.01)
PUBLIC: dict[str, Any] = {"apis": {}, "hosts": {}}


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


async def chatter(ws: web.WebSocketResponse, _: web.Request) -> None:
    """Send a greeting, echo texts, until the client goes."""
    await ws.send_str('{"hello": 1}')
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            await ws.send_str(message.data)


def bitflyer(behave: Any = None) -> Any:
    """A bitFlyer session: login and subscriptions acknowledged, unless ``behave(ws, request)`` returns True."""

    async def session(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            request = loads(message.data)
            session.got.append(request["method"])  # type: ignore[attr-defined]
            if behave is not None and await behave(ws, request):
                continue
            if "id" in request:
                await ws.send_json({"jsonrpc": "2.0", "id": request["id"], "result": True})

    session.got = []  # type: ignore[attr-defined]
    return session


def channel(name: str, number: int = 1) -> dict[str, Any]:
    return {"method": "subscribe", "params": {"channel": name}, "id": number}


# ---------------------------------------------------------------------- construction and life


async def test_ws_connect_returns_at_once_and_await_gives_the_app(serve: Any, until: Any) -> None:
    """C27, C28, C30, C48: any number of waiters, between connections too."""
    server = await serve(ws=chatter)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, backoff=QUICK)
        assert app.current_ws is None
        assert await app is app
        assert (await asyncio.gather(app, asyncio.create_task(app._wait_open())))[0] is app
        assert app.current_ws
        waiting: list[Any] = []
        app.states.subscribe(lambda state: waiting.append((state, app.current_ws)))
        await server.sockets[0].close()
        await until(lambda: server.hits["ws"] == 2)
        await app
        assert all(ws is None for state, ws in waiting if isinstance(state, Closed | Waiting))
        assert isinstance(app, rxbotters.WebSocketApp)


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"no_such_kw": 1}, TypeError),
        ({"backoff": (0, 1, 1, 1)}, ValueError),
        ({"heartbeat": -1.0}, ValueError),
        ({"hdlr_json": 5}, TypeError),
        ({"on_handler_error": "shrug"}, ValueError),
    ],
)
async def test_arguments_that_can_never_work_are_refused_at_once(serve: Any, kwargs: Any, error: Any) -> None:
    """C27, C45."""
    server = await serve()
    async with server.client(**PUBLIC) as client:
        with pytest.raises(error):
            client.ws_connect(server.ws_url, **kwargs)
    assert not server.hits["ws"]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_permanent_refusal_ends_the_app(serve: Any, status: int) -> None:
    """C27, C37, F16, F17: the error reaches await, ready, wait and the stream."""

    async def upgrade(_: web.Request) -> web.Response:
        return web.Response(status=status)

    server = await serve(upgrade=upgrade)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url + "?token=SECRET-TOKEN")
        ends: list[Exception] = []
        app.subscribe(on_error=ends.append)
        for wait in (app._wait_open(), app.ready(), app.wait()):
            with pytest.raises(HandshakeRefused, match=str(status)) as caught:
                await wait
            assert "SECRET-TOKEN" not in str(caught.value) + repr(caught.value)
    assert len(ends) == 1
    assert server.hits["ws"] == 1


async def test_fatal_statuses_can_be_chosen_and_429_waits(serve: Any, until: Any) -> None:
    """C27, F18, F19: Retry-After is the least delay."""
    answers = [web.Response(status=429, headers={"Retry-After": "7"}), web.Response(status=403)]

    async def upgrade(_: web.Request) -> web.Response | None:
        return answers.pop(0) if answers else None

    server = await serve(upgrade=upgrade)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, backoff=QUICK, fatal=())
        waits: list[Waiting] = []
        app.events.pipe(ops.filter(lambda event: isinstance(event, Waiting))).subscribe(waits.append)
        await until(lambda: waits)
        assert waits[0].delay == 7.0
        assert isinstance(waits[0].cause, HandshakeRefused)
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1445412470.0) == 10.0
    assert retry_after({"Retry-After": "junk"}, 0.0) is None


async def test_an_upgrade_without_an_answer_times_out(serve: Any, until: Any) -> None:
    """F13: a TCP peer that accepts and says nothing."""
    hung: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda r, w: hung.append(w), "127.0.0.1", 0)
    async with server, rxbotters.Client(apis={}) as client:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        app = client.ws_connect(url, handshake_timeout=0.05, backoff=QUICK)
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await until(lambda: len(errors) >= 2)
        assert isinstance(errors[0], HandshakeTimeout)
        for writer in hung:
            writer.close()  # before the server's own end: from Python 3.12 on it waits for its connections


async def test_a_redirected_upgrade_is_refused(serve: Any) -> None:
    """F33: headers would follow it."""
    other = await serve()

    async def upgrade(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"http://localhost:{other.port}/ws"})

    server = await serve(upgrade=upgrade)
    async with server.client(**PUBLIC) as client:
        with pytest.raises(rxbotters.errors.ConfigError, match="another origin"):
            await client.ws_connect(server.ws_url, headers={"X-Token": "t"}).wait()
    assert not other.hits


async def test_the_url_of_the_next_connection(serve: Any, until: Any) -> None:
    """C29: assignable, or a function called for each attempt."""
    server = await serve()
    tokens = iter("abc")

    async def fresh() -> str:
        return f"{server.ws_url}?token={next(tokens)}"

    async with server.client(**PUBLIC) as client:
        app = await client.ws_connect(fresh, min_uptime=0, backoff=QUICK)
        fixed = await client.ws_connect(server.ws_url, min_uptime=0, backoff=QUICK)
        fixed.url = server.ws_url + "?next=1"
        assert server.hits["ws"] == 2
        await asyncio.gather(*(ws.close() for ws in server.sockets))
        await until(lambda: server.hits["ws"] == 4)
        await app
    queries = [str(ws._req.query_string) for ws in server.sockets]
    assert sorted(queries) == ["", "next=1", "token=a", "token=b"]


async def test_a_cancelled_waiter_cancels_nothing_else(serve: Any) -> None:
    """F25, F26."""
    server = await serve(ws=chatter)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url)
        for wait in (app.wait(), app.wait()):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wait, 0.01)
        early = asyncio.ensure_future(app._wait_open())
        early.cancel()
        assert await app is app
        assert app.current_ws is not None


async def test_one_connection_can_be_closed_alone(serve: Any, until: Any) -> None:
    """F22, F24, F27, C5: with a CLOSE frame; the others live on; a backoff sleep does not hold it up."""
    server = await serve(ws=chatter)
    async with server.client(**PUBLIC) as client:
        one, two = await client.ws_connect(server.ws_url), await client.ws_connect(server.ws_url)
        sleeping = client.ws_connect("ws://127.0.0.1:1/", backoff=(60, 60, 1, 60))
        async with asyncio.timeout(1):
            await one.close()
            await sleeping.close()
            await one.wait()
        await until(lambda: server.sockets[0].closed)
        assert server.sockets[0].close_code == 1000
        assert two.current_ws is not None
        with pytest.raises(ClientClosed):
            await one


# ---------------------------------------------------------------------- messages out


async def test_messages_go_out_in_order_on_every_connection(serve: Any, until: Any) -> None:
    """C31, C32, C43: str, bytes, JSON; copied at construction; functions are asked each time."""
    server = await serve()
    listed = [{"a": 1}, {"b": 2}]
    numbers = iter(range(10))
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(
            server.ws_url, send_str=["s1", "s2"], send_bytes=b"b", send_json=listed, min_uptime=0, backoff=QUICK
        )
        client.ws_connect(server.ws_url, send_json=lambda: {"n": next(numbers)})
        listed.append({"late": 3})
        await app.ready()
        await until(lambda: len(server.received) == 6)
        first = next(ws for ws in server.sockets)
        server.received.clear()
        await asyncio.gather(*(ws.close() for ws in server.sockets if ws is first))
        await until(lambda: len(server.received) >= 1)
        await until(lambda: '{"n": 1}' in server.received or len(server.received) == 5)
    assert '{"late": 3}' not in server.received


async def test_one_off_messages_go_through_current_ws(serve: Any, until: Any) -> None:
    """C30, C33."""
    server = await serve()
    async with server.client(**PUBLIC) as client:
        app = await client.ws_connect(server.ws_url)
        if app.current_ws:
            await app.current_ws.send_json({"channel": "order"})
            await app.current_ws.send_json({"channel": "bare"}, auth=None)
        await until(lambda: len(server.received) == 2)
    assert [loads(text)["channel"] for text in server.received] == ["order", "bare"]


async def test_a_peer_that_never_reads_is_dropped(serve: Any, until: Any) -> None:
    """F30: sending has a deadline."""
    stop = asyncio.Event()

    async def deaf(ws: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.pause_reading()  # type: ignore[attr-defined]
        await stop.wait()

    server = await serve(ws=deaf)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, send_timeout=0.1, heartbeat=None, backoff=(60, 60, 1, 60))
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await app
        for _ in range(200):
            app._port.send("x" * 100_000)  # type: ignore[union-attr]
        await until(lambda: errors)
        assert isinstance(errors[0], SendTimeout)
        stop.set()


# ---------------------------------------------------------------------- messages in


async def test_handlers_get_frames_in_order_and_the_same_object(serve: Any, until: Any) -> None:
    """C34, C35, P11: text handlers first; a raising one changes nothing for the others; bad frames are errors."""

    async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
        for number in range(3):
            await ws.send_json({"n": number})
        await ws.send_str("pong")
        await ws.send_str("{broken" + "x" * 5000)
        await ws.send_bytes(b'{"n": 3}')
        await ws.send_bytes(gzip.compress(b"{}"))
        async for _ in ws:
            pass

    server = await serve(ws=talk)
    seen: list[Any] = []
    objects: list[Any] = []
    errors: list[Exception] = []

    def raising(msg: Any, ws: Any) -> None:
        objects.append(msg)
        raise RuntimeError("mine")

    def noting(kind: str) -> Any:
        return lambda msg, ws: seen.append((kind, msg))

    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(
            server.ws_url,
            hdlr_str=[noting("str"), noting("str2")],
            hdlr_bytes=noting("bytes"),
            hdlr_json=[raising, lambda msg, ws: objects.append(msg), noting("json")],
        )
        app.errors.subscribe(errors.append)
        await until(lambda: len(errors) == 6)
    assert seen[:3] == [("str", '{"n":0}'.replace(":", ": ")), ("str2", '{"n": 0}'), ("json", {"n": 0})]
    assert [msg["n"] for kind, msg in seen if kind == "json"] == [0, 1, 2, 3]
    assert objects[0] is objects[1]
    assert [type(error) for error in errors] == [HandlerError] * 3 + [ProtocolError, HandlerError, ProtocolError]
    assert all(len(str(error)) < 600 for error in errors)
    assert isinstance(errors[0].__cause__, RuntimeError)


async def test_handlers_get_the_connection_the_frame_came_from(serve: Any, until: Any) -> None:
    """C34."""
    server = await serve(ws=chatter)
    got: list[Any] = []
    async with server.client(**PUBLIC) as client:
        app = await client.ws_connect(server.ws_url, hdlr_json=lambda msg, ws: got.append(ws))
        await until(lambda: got)
        assert got[0] is app.current_ws
        assert isinstance(got[0], rxbotters.ClientWebSocketResponse)
        assert got[0].app is app


@pytest.mark.parametrize("policy", ["stop", "restart"])
async def test_a_failing_handler_can_stop_or_restart(serve: Any, until: Any, policy: str) -> None:
    """C35, F85."""
    server = await serve(ws=chatter)

    def fail(msg: Any, ws: Any) -> None:
        raise RuntimeError("mine")

    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, hdlr_json=fail, on_handler_error=policy, backoff=QUICK)
        app.errors.subscribe()
        if policy == "stop":
            with pytest.raises(HandlerError):
                await app.wait()
        else:
            await until(lambda: server.hits["ws"] >= 3)


async def test_async_handlers_are_awaited_in_order(serve: Any, until: Any) -> None:
    """C35, F86."""

    async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
        for number in range(5):
            await ws.send_json(number)
        async for _ in ws:
            pass

    server = await serve(ws=talk)
    seen: list[int] = []

    async def handler(msg: int, ws: Any) -> None:
        await asyncio.sleep(0)
        seen.append(msg)

    async with server.client(**PUBLIC) as client:
        client.ws_connect(server.ws_url, hdlr_json=handler)
        await until(lambda: len(seen) == 5)
    assert seen == [0, 1, 2, 3, 4]


async def test_the_app_is_a_hot_observable(serve: Any, until: Any) -> None:
    """C36, C74: one connection for all; late subscribers get what comes; control frames stand in events."""

    async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.ping(b"are you there")
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(message.data)
            elif message.type is WSMsgType.PONG:
                pongs.append(bytes(message.data))

    pongs: list[bytes] = []
    server = await serve(ws=talk, autoping=False)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url)
        deaf = client.ws_connect(server.ws_url, autoping=False)
        one: list[Any] = []
        two: list[Any] = []
        control: list[str] = []
        app.events.subscribe(lambda event: control.append(event.kind) if isinstance(event, Frame) else None)
        first = app.pipe(ops.json()).subscribe(one.append)
        await asyncio.gather(app.ready(), deaf.ready())
        await app.current_ws.send_str("1")  # type: ignore[union-attr]
        await until(lambda: one)
        app.pipe(ops.json()).subscribe(two.append)
        first.dispose()
        await app.current_ws.send_str("2")  # type: ignore[union-attr]
        await until(lambda: two)
        await until(lambda: pongs)
    assert (one, two) == ([1], [2])
    assert control[0] == "ping"
    assert pongs == [b"are you there"]
    assert server.hits["ws"] == 2


async def test_a_queue_is_bounded_by_its_policy(serve: Any, until: Any) -> None:
    """C38, C78, F87: a burst against a stopped consumer; blocking loses nothing."""

    async def burst(ws: web.WebSocketResponse, _: web.Request) -> None:
        for number in range(500):
            await ws.send_json(number)
        async for _ in ws:
            pass

    server = await serve(ws=burst)
    async with server.client(**PUBLIC) as client:
        dropping = rxbotters.WebSocketQueue(maxsize=10)
        strict = rxbotters.WebSocketQueue(maxsize=10, overflow="error")
        blocking = rxbotters.WebSocketQueue(maxsize=10, overflow="block")
        told: list[Exception] = []
        dropping.errors.subscribe(told.append)
        strict.errors.subscribe(told.append)
        client.ws_connect(server.ws_url, hdlr_json=[dropping.onmessage, strict.onmessage])
        client.ws_connect(server.ws_url, hdlr_json=blocking.onmessage)
        await until(lambda: dropping.dropped == 490)
        assert [await blocking.get() for _ in range(500)] == list(range(500))
        assert dropping.get_nowait() == 490
        read = []
        with pytest.raises(BufferOverflow):
            async for message in strict:
                read.append(message)
        assert read == list(range(10))
        assert [type(error) for error in told] == [BufferOverflow, BufferOverflow]
        assert isinstance(dropping, asyncio.Queue)
        with pytest.raises(asyncio.QueueEmpty):
            rxbotters.WebSocketQueue().get_nowait()


async def test_a_queue_is_a_queue_to_who_fills_it_by_hand() -> None:
    """C38: all of `asyncio.Queue` that makes sense for messages."""
    queue = rxbotters.WebSocketQueue(maxsize=2, overflow="block")
    assert queue.empty()
    queue.put_nowait(1)
    await queue.put(2)
    assert (queue.full(), queue.empty(), queue.qsize()) == (True, False, 2)
    waiting = asyncio.ensure_future(queue.put(3))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await queue.get() == 1
    await waiting
    queue.close()

    assert [message async for message in queue] == [2, 3]


async def test_every_kind_of_handler_may_fail_and_may_return_something_to_wait_for(serve: Any, until: Any) -> None:
    """C34, C35, F85, F86: text, bytes and JSON; the next frame waits for what was returned, and the others go on."""
    done: list[Any] = []

    def fail(message: Any, ws: Any) -> None:
        raise RuntimeError("mine")

    def later(message: Any, ws: Any) -> Any:
        async def work() -> None:
            await asyncio.sleep(0)
            done.append(message)
            if message == b"[2]":
                raise KeyError("after all")

        return work()

    async def talk(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("[1]")
        await ws.send_bytes(b"[2]")
        async for _ in ws:
            pass

    server = await serve(ws=talk)
    async with server.client(**PUBLIC) as client:
        both = [fail, later]
        app = client.ws_connect(server.ws_url, hdlr_str=both, hdlr_bytes=both, hdlr_json=both)
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await until(lambda: len(done) == 4 and len(errors) == 5)

    assert done == ["[1]", [1], b"[2]", [2]]
    assert sorted(type(error.__cause__).__name__ for error in errors) == ["KeyError", *["RuntimeError"] * 4]


@pytest.mark.usefixtures("small_backlog")
async def test_an_async_handler_that_cannot_follow_loses_the_oldest_and_says_so_once(serve: Any, until: Any) -> None:
    """C78, F87."""
    gate = asyncio.Event()
    seen: list[int] = []

    async def slow(message: int, ws: Any) -> None:
        await gate.wait()
        seen.append(message)

    async def burst(ws: web.WebSocketResponse, _: web.Request) -> None:
        for number in range(8):
            await ws.send_json(number)
        async for _ in ws:
            pass

    server = await serve(ws=burst)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, hdlr_json=slow)
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await until(lambda: client.metrics.snapshot().frames == 8)
        snapshot = client.metrics.snapshot()
        (depth,) = snapshot.connections[0].depths.values()
        gate.set()
        await until(lambda: len(seen) + snapshot.dropped == 8)

    assert 0 < depth <= 3
    assert seen[-3:] == [5, 6, 7]
    assert snapshot.dropped in (4, 5)  # one may have been taken before the rest arrived
    assert [type(error) for error in errors] == [BufferOverflow]


@pytest.fixture
def small_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rxbotters.net.handlers._BACKLOG", 3)


async def test_an_async_handler_may_fail_when_nobody_is_connected(serve: Any, until: Any) -> None:
    """C35, F85: there is nothing to restart then."""
    gate = asyncio.Event()

    async def fail(message: Any, ws: Any) -> None:
        await gate.wait()
        raise RuntimeError("mine")

    async def once(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("1")
        await ws.close()

    server = await serve(ws=once)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(
            server.ws_url, hdlr_json=fail, on_handler_error="restart", backoff=(60, 60, 1, 60), min_uptime=60
        )
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await until(lambda: isinstance(app.state, Waiting) or (app.current_ws is None and server.hits["ws"]))
        await server.stop()
        await until(lambda: app.current_ws is None)
        gate.set()
        await until(lambda: any(isinstance(error, HandlerError) for error in errors))


async def test_bytes_wait_for_their_turn_too_and_nothing_is_posted_on_a_lost_connection(serve: Any, until: Any) -> None:
    """C33, F44."""
    server = await serve()
    turns: list[str] = []

    class Turn:
        async def wait(self) -> None:
            turns.append("turn")

    async with server.client(**PUBLIC) as client:
        app = await client.ws_connect(server.ws_url)
        ws = app.current_ws
        assert ws is not None
        ws.throttle = Turn()  # type: ignore[assignment]
        await ws.send_bytes(b"1")
        await ws.send_str("2")
        await until(lambda: server.received == [b"1", "2"])
        ws.post("3")
        await until(lambda: server.received[-1] == "3")
        await ws.close()
        ws.post("never")
    assert turns == ["turn", "turn"]
    assert "never" not in server.received


@pytest.mark.parametrize("location", ["ftp://example.com/x", "/ws"])
async def test_an_upgrade_that_is_redirected_nowhere_is_refused_without_its_url(serve: Any, location: str) -> None:
    """F33, C15: to what is no url of a WebSocket, and in a circle."""

    async def upgrade(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": location})

    server = await serve(upgrade=upgrade)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(f"{server.ws_url}?token=hidden", backoff=QUICK, fatal=(307,))
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        async with asyncio.timeout(10):
            while not errors:
                await asyncio.sleep(0.002)

    assert "hidden" not in str(errors[0])


@pytest.mark.parametrize("make", [lambda url: lambda: url, lambda url: URL(url)])
async def test_a_url_may_be_an_object_or_a_plain_function(serve: Any, make: Any) -> None:
    """C29."""
    server = await serve()
    async with server.client(**PUBLIC) as client:
        app = await client.ws_connect(make(server.ws_url))
        assert app.current_ws is not None
        assert str(app.current_ws.url) == server.ws_url


async def test_keys_and_a_host_that_is_unknown_are_worth_a_warning(serve: Any, caplog: Any) -> None:
    """C39, F105: once."""
    server = await serve()
    async with server.client(hosts={}) as client:
        for _ in range(2):
            await client.ws_connect(server.ws_url)
    assert caplog.text.count("is no host of a known exchange") == 1


async def test_who_waits_for_a_pong_when_it_closes_is_told(serve: Any) -> None:
    """C42, F23."""

    async def deaf(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for _ in ws:
            pass

    server = await serve(ws=deaf, autoping=False)
    async with server.client(**PUBLIC) as client:
        app = await client.ws_connect(server.ws_url)
        waiting = [asyncio.ensure_future(app.heartbeat(30.0)) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await app.close()
        told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in told] == [ClientClosed, ClientClosed]


async def test_a_ping_by_hand_finds_the_connection_that_stays() -> None:
    """C42: one that opens and is gone before a word could be said is passed over; an alien pong proves nothing."""

    class Port:
        def __init__(self) -> None:
            self.pings: list[bytes] = []

        def ping(self, payload: bytes) -> None:
            self.pings.append(payload)

    opened = Gate()
    proof = Proof(Clock(), opened, Latest[Any](None))
    proof.pong(Frame("pong", "text is no payload"))
    waiting = asyncio.ensure_future(proof.of_life(5.0, None))
    await asyncio.sleep(0)
    opened.open()
    opened.shut()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    proof.port = port = Port()  # type: ignore[assignment]
    opened.open()
    while not port.pings:
        await asyncio.sleep(0)
    assert proof.awaited
    proof.pong(Frame("pong", b"alien"))
    for _ in range(2):
        proof.pong(Frame("pong", port.pings[0]))
    proof.fail(ClientClosed())

    assert await waiting >= 0
    assert not proof.awaited


async def test_a_frame_with_bad_utf8_or_too_large_backs_off(serve: Any, until: Any) -> None:
    """F51, F54: typed, and no storm."""

    async def large(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("x" * 5000)
        async for _ in ws:
            pass

    server = await serve(ws=large)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, max_msg_size=1000, backoff=(60, 60, 1, 60))
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await until(lambda: errors)
        assert isinstance(errors[0], ProtocolError)
        await until(lambda: isinstance(app.state, Waiting))
    assert server.hits["ws"] == 1


# ---------------------------------------------------------------------- losses


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_lost_connection_says_why_and_comes_back_at_once(serve: Any, until: Any, how: str) -> None:
    """C44, C49, F03, F09: cause, code and uptime stand in Closed; the stores hear of it."""
    server = await serve(ws=chatter)
    async with server.client(**PUBLIC) as client:
        store = rxbotters.bitFlyerDataStore()
        app = client.ws_connect(server.ws_url, hdlr_json=store.onmessage)
        events: list[Any] = []
        app.events.pipe(ops.filter(lambda event: not isinstance(event, Frame))).subscribe(events.append)
        frames: list[Any] = []
        app.subscribe(frames.append)
        await until(lambda: frames)
        if how == "close":
            await server.sockets[0].close(code=1001, message=b"bye")
        else:
            transport = server.sockets[0]._req.transport
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        await until(lambda: server.hits["ws"] == 2)
        closed = next(event for event in events if isinstance(event, Closed))
    assert (closed.code, closed.cause) == ((1001, "peer") if how == "close" else (1006, "reset"))
    assert closed.delivered == 1
    assert next(event.delay for event in events if isinstance(event, Waiting)) == 0
    assert isinstance(store.ticker.status, ops.Stale)


async def test_a_breach_of_rules_is_fatal_unless_configured(serve: Any) -> None:
    """F04."""

    async def banned(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.close(code=1008, message=b"banned")

    server = await serve(ws=banned)
    async with server.client(**PUBLIC) as client:
        with pytest.raises(PolicyViolation, match="banned"):
            await client.ws_connect(server.ws_url).wait()
        app = client.ws_connect(server.ws_url, close_rules={1008: "slow"}, backoff=QUICK)
        waits: list[Waiting] = []
        app.events.pipe(ops.filter(lambda event: isinstance(event, Waiting))).subscribe(waits.append)
        while not waits:
            await asyncio.sleep(0.01)
        assert waits[0].delay == 60.0


async def test_a_half_open_connection_is_overdue_then_dropped(serve: Any, until: Any) -> None:
    """C40, F10."""

    async def vanished(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for _ in ws:
            pass

    server = await serve(ws=vanished, autoping=False)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, heartbeat=0.1, backoff=QUICK)
        events: list[Any] = []
        app.events.subscribe(events.append)
        await until(lambda: any(isinstance(event, Closed) for event in events))
        closed = next(event for event in events if isinstance(event, Closed))
    assert kinds(events)[: kinds(events).index("Closed")][-1] == "Overdue"
    assert closed.cause == "heartbeat"


async def test_manual_heartbeat_proves_life_and_redials_if_there_is_none(serve: Any, until: Any) -> None:
    """C42."""
    answering = False

    async def sometimes(ws: web.WebSocketResponse, _: web.Request) -> None:
        async for message in ws:
            if message.type is WSMsgType.PING and answering:
                await ws.pong(message.data)

    server = await serve(ws=sometimes, autoping=False)
    async with server.client(**PUBLIC) as client:
        app = client.ws_connect(server.ws_url, heartbeat=None, min_uptime=0, backoff=QUICK)
        with pytest.raises(TimeoutError, match="2 times"):
            await app.heartbeat(0.05, attempts=2)
        await until(lambda: server.hits["ws"] >= 2)
        answering = True
        trips = await asyncio.gather(app.heartbeat(5), app.heartbeat(5))
        assert all(trip > 0 for trip in trips)


async def test_a_rotation_loses_and_doubles_nothing(serve: Any, until: Any) -> None:
    """F20, D8: make before break; the server sees the second connection before the first one goes."""
    counter = 0
    sockets: list[web.WebSocketResponse] = []
    alive: list[int] = []

    async def broadcast() -> None:
        nonlocal counter
        while True:
            counter += 1
            for ws in sockets:
                if not ws.closed:
                    await ws.send_json({"n": counter})
            alive.append(len(sockets))
            await asyncio.sleep(0.002)

    async def join(ws: web.WebSocketResponse, _: web.Request) -> None:
        sockets.append(ws)
        try:
            async for _ in ws:
                pass
        finally:
            sockets.remove(ws)

    server = await serve(ws=join)
    async with server.client(**PUBLIC) as client:
        got: list[int] = []
        app = client.ws_connect(server.ws_url, hdlr_json=lambda msg, ws: got.append(msg["n"]), overlap=0.1)
        events: list[Any] = []
        app.events.pipe(ops.filter(lambda event: not isinstance(event, Frame))).subscribe(events.append)
        await app.ready()
        sending = asyncio.create_task(broadcast())
        await until(lambda: len(got) > 10)
        for round_number in (1, 2):
            app.rotate()
            await until(lambda n=round_number: sum(isinstance(event, Rotated) for event in events) == n)
            seen = len(got)
            await until(lambda n=seen: len(got) > n + 20)
        sending.cancel()
    assert got == list(range(got[0], got[-1] + 1))
    assert max(alive) == 2
    assert not any(isinstance(event, Closed | Waiting) for event in events[:-1])
    assert server.hits["ws"] == 3


# ---------------------------------------------------------------------- sessions


async def test_ready_means_logged_in_acknowledged_and_with_a_book(serve: Any, until: Any) -> None:
    """C28, C31, F40: await is the handshake, ready is all of it."""
    release = asyncio.Event()
    snapshot = {"mid_price": 100.0, "bids": [{"price": 99.0, "size": 1}], "asks": [{"price": 101.0, "size": 1}]}

    async def behave(ws: web.WebSocketResponse, request: Any) -> bool:
        if request["method"] == "subscribe":
            await ws.send_json({"id": request["id"], "result": True})
            await release.wait()
            message = {"channel": request["params"]["channel"], "message": snapshot}
            await ws.send_json({"method": "channelMessage", "params": message})
            return True
        return False

    session = bitflyer(behave)
    server = await serve(ws=session)
    async with server.client() as client:
        store = rxbotters.bitFlyerDataStore()
        app = client.ws_connect(
            server.ws_url, send_json=channel("lightning_board_snapshot_X_Y"), hdlr_json=store.onmessage
        )
        states: list[Any] = []
        app.states.subscribe(states.append)
        await app
        ready = asyncio.ensure_future(app.ready())
        await until(lambda: isinstance(app.state, Subscribed))
        await asyncio.sleep(0.02)
        assert not ready.done()
        assert isinstance(store.board.status_of("X_Y"), ops.Syncing)
        release.set()
        assert await ready is app
        assert isinstance(store.board.status_of("X_Y"), ops.Live)
    assert session.got[:2] == ["auth", "subscribe"]
    assert kinds(states)[:4] == ["Connecting", "Opened", "Authenticated", "Subscribed"]


async def test_a_refused_login_ends_the_app_without_a_subscription(serve: Any) -> None:
    """C31, F35."""

    async def behave(ws: web.WebSocketResponse, request: Any) -> bool:
        await ws.send_json({"id": "auth", "error": {"code": -32602, "message": "Invalid signature"}})
        return True

    session = bitflyer(behave)
    server = await serve(ws=session)
    async with server.client() as client:
        app = client.ws_connect(server.ws_url, send_json=channel("child_order_events"))
        for wait in (app.ready(), app.wait()):
            with pytest.raises(LoginRefused, match="Invalid signature"):
                await wait
    assert session.got == ["auth"]
    assert server.hits["ws"] == 1


async def test_a_mute_login_times_out_and_is_tried_again(serve: Any, until: Any) -> None:
    """F36, F39: backing off."""

    async def behave(ws: web.WebSocketResponse, request: Any) -> bool:
        return server.hits["ws"] < 2

    session = bitflyer(behave)
    server = await serve(ws=session)
    async with server.client() as client:
        app = client.ws_connect(server.ws_url, login_timeout=0.05, backoff=QUICK)
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        await app.ready()
        assert isinstance(errors[0], LoginTimeout)


async def test_data_during_the_login_is_delivered_after_it(serve: Any, until: Any) -> None:
    """F37, F38."""

    async def behave(ws: web.WebSocketResponse, request: Any) -> bool:
        for number in range(3):
            await ws.send_json({"early": number})
        return False

    server = await serve(ws=bitflyer(behave))
    got: list[Any] = []
    async with server.client() as client:
        app = client.ws_connect(server.ws_url, hdlr_json=lambda msg, ws: got.append(msg))
        await app.ready()
        await until(lambda: len(got) == 3)
    assert got == [{"early": 0}, {"early": 1}, {"early": 2}]


async def test_a_refused_subscription_is_its_own_error(serve: Any, until: Any) -> None:
    """D11, F41: ready raises it, the other topics live on."""

    async def behave(ws: web.WebSocketResponse, request: Any) -> bool:
        if request.get("id") == 2:
            await ws.send_json({"id": 2, "error": {"code": -1, "message": "no such channel"}})
            return True
        return False

    server = await serve(ws=bitflyer(behave))
    async with server.client() as client:
        app = client.ws_connect(server.ws_url, send_json=[channel("a", 1), channel("b", 2), channel("c", 3)])
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        with pytest.raises(SubscriptionError, match="no such channel"):
            await app.ready()
        assert app.current_ws is not None
        assert [error.request["id"] for error in errors] == [2]  # type: ignore[attr-defined]


async def test_a_lost_acknowledgement_is_noticed(serve: Any) -> None:
    """F42: as far as this release goes: typed, on that subscription alone."""

    async def behave(ws: web.WebSocketResponse, request: Any) -> bool:
        return request.get("id") == 1

    server = await serve(ws=bitflyer(behave))
    async with server.client() as client:
        app = client.ws_connect(server.ws_url, send_json=channel("a", 1), ack_timeout=0.05)
        with pytest.raises(SubscriptionError, match="not acknowledged"):
            await app.ready()


async def test_auth_none_connects_without_a_login(serve: Any, until: Any) -> None:
    """C22, C41: no login, and bitFlyer needs no heartbeat of its own."""
    session = bitflyer()
    server = await serve(ws=session)
    async with server.client() as client:
        await client.ws_connect(server.ws_url, auth=None, send_json=channel("a")).ready()
    assert session.got == ["subscribe"]


async def test_a_store_at_the_end_of_a_pipeline_hears_the_connection(serve: Any, until: Any) -> None:
    """C49, D10: however it was attached."""
    server = await serve(ws=chatter)
    async with server.client(**PUBLIC) as client:
        stores = [rxbotters.bitFlyerDataStore() for _ in range(3)]
        app = client.ws_connect(server.ws_url)
        app.pipe(ops.fold(stores[0])).subscribe()
        app.pipe(ops.json(), ops.fold(stores[1])).subscribe()
        app.subscribe(lambda frame: stores[2].onmessage(frame.message))
        await app
        await until(lambda: all(store._feeds for store in stores))
        stale: set[int] = set()
        for number, store in enumerate(stores):
            store.ticker.statuses.pipe(ops.filter(lambda status: isinstance(status, ops.Stale))).subscribe(
                lambda _, number=number: stale.add(number)
            )
        await server.sockets[0].close()
        await until(lambda: stale == {0, 1, 2})
