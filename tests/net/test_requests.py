"""Requests over real sockets: joined, merged, encoded, signed, sent once, read whole."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import struct
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import assume, given
from hypothesis import strategies as st
from yarl import URL

import rxbotters
from rxbotters import operators as ops
from rxbotters.clock import Clock
from rxbotters.errors import ConfigError, OutcomeUnknown, UnsafeRequest, VenueError
from rxbotters.net.http import join_url
from tests.conftest import KEY, SECRET


def verified(request: dict[str, Any]) -> bool:
    """Whether what arrived is what was signed."""
    text = f"{request['headers']['ACCESS-TIMESTAMP']}{request['method']}{request['target']}".encode() + request["body"]
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest() == request["headers"]["ACCESS-SIGN"]


async def test_a_request_is_awaited_entered_or_scheduled(serve: Any) -> None:
    """C16: any method, get with data, post with params; each run is a new request."""
    server = await serve()
    async with server.client() as client:
        async with client.get("/a", params={"x": 1}) as response:
            assert isinstance(response, aiohttp.ClientResponse)
            assert await response.json() == {"ok": True}
        response = await client.post("/b", data={"y": 2}, params={"z": 3})
        assert response.status == 200
        call = client.request("PATCH", "/c")
        await call
        await call
        await asyncio.gather(
            client.put("/d"), asyncio.create_task(client.delete("/e")), client.get("/f", data={"g": 1})
        )
        client.get("/never")  # described and forgotten: nothing is sent, nothing is "never awaited"
    assert [request["target"] for request in server.requests][:4] == ["/a?x=1", "/b?z=3", "/c", "/c"]
    assert server.hits["/never"] == 0
    assert all(verified(request) for request in server.requests)


async def test_fetch_is_awaitable_and_a_cold_observable(serve: Any) -> None:
    """C17: each subscription is a new request; a status never raises by itself."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        return web.json_response({"n": len(server.requests)}, status=500 if request.path == "/bad" else 200)

    server = await serve(http=http)
    async with server.client() as client:
        fetch = client.fetch("GET", "/n")
        assert (await fetch).data == {"n": 1}
        assert await asyncio.create_task(client.fetch("GET", "/n"))
        assert await fetch.pipe(ops.map(lambda result: result.data["n"])) == 3
        result = await client.fetch("GET", "/bad")
        assert (result.status, result.ok, result.is_json) == (500, False, True)
        with pytest.raises(VenueError, match="GET /bad answered HTTP 500"):
            result.raise_for_status()
        flaky = client.fetch("GET", "/bad").pipe(
            ops.map(lambda result: result.raise_for_status()), ops.retry_backoff(lambda: iter([0.0, 0.0]), attempts=3)
        )
        with pytest.raises(Exception, match="gave up after 3"):
            await flaky
    assert server.hits["/bad"] == 4


@pytest.mark.parametrize(
    ("body", "is_json", "data"),
    [
        (b"", False, None),
        (b"\xff\xfe{}", False, None),
        (b"<html>maintenance</html>", False, None),
        (b"[]", True, []),
        (b"null", True, None),
        (b'{"p": NaN}', False, None),
        (b"[" * 100_000, False, None),
        (b"9" * 5000, False, None),
        (b'{"id": 18446744073709551616}', True, {"id": 2**64}),
    ],
)
async def test_whatever_is_not_json_says_so(serve: Any, body: bytes, is_json: bool, data: Any) -> None:
    """C18, F56, F57, F58, F61, F62, F63."""

    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(body=body, content_type="text/html")

    server = await serve(http=http)
    async with server.client() as client:
        result = await client.fetch("GET", "/x")

    assert result.is_json is is_json
    if is_json:
        assert result.data == data
    else:
        assert not result.data
        match result.data:
            case rxbotters.NotJSONContent(error=json.JSONDecodeError(), raw=raw):
                assert raw == body
            case _:
                pytest.fail("not NotJSONContent")


@pytest.mark.parametrize(
    ("base", "url", "joined"),
    [
        ("http://h:1", "/v1/x", "http://h:1/v1/x"),
        ("http://h:1", "v1/x", "http://h:1/v1/x"),
        ("http://h:1/", "/v1/x", "http://h:1/v1/x"),
        ("http://h:1/api", "v1/x", "http://h:1/api/v1/x"),
        ("http://h:1", "localhost:8080/x", "http://h:1/localhost:8080/x"),
        ("http://h:1", "@evil.example/x", "http://h:1/@evil.example/x"),
        ("http://h:1", ".evil.example", "http://h:1/.evil.example"),
        ("http://h:1", "https://other.example/y", "https://other.example/y"),
    ],
)
def test_a_relative_url_never_leaves_its_base(base: str, url: str, joined: str) -> None:
    """C19, F108."""
    assert str(join_url(base, url)) == joined


async def test_params_are_merged_once_and_signed_as_sent(serve: Any) -> None:
    """C20, P7: order and duplicates stay."""
    server = await serve()
    async with server.client() as client:
        await client.get("/echo?z=1&a=%2F", params={"b": "x y+&", "a": "2"})
        await client.get("/echo", params=[("a", 1), ("a", 2), ("日", "本 語")])
        with pytest.raises(TypeError):
            await client.get("/echo", params={"a": True})
    assert server.requests[0]["target"] == "/echo?z=1&a=/&b=x+y%2B%26&a=2"
    assert server.requests[1]["target"].startswith("/echo?a=1&a=2&")
    assert all(verified(request) for request in server.requests)


@pytest.mark.parametrize("apis", [{"bitflyer": [KEY, SECRET]}, {}])
async def test_bodies_are_encoded_by_the_host_not_by_the_keys(serve: Any, apis: Any) -> None:
    """C21, F103, F104: json= works, text and bytes go out as they are."""
    server = await serve()
    async with server.client(apis=apis) as client:
        await client.post("/a", data={"side": "買", "size": 0.01})
        await client.post("/b", json={"a": 1})
        await client.post("/c", data='{"a":1}')
        await client.post("/d", data=b"raw")
        await client.post("/e", data={})
    assert [request["body"] for request in server.requests] == [
        b'{"side": "\\u8cb7", "size": 0.01}',
        b'{"a": 1}',
        b'{"a":1}',
        b"raw",
        b"",
    ]
    assert server.requests[0]["headers"]["Content-Type"] == "application/json"
    if apis:
        assert all(verified(request) for request in server.requests)


async def test_unknown_hosts_get_forms_no_signature_and_one_warning(serve: Any, caplog: Any) -> None:
    """C21, C39, F105."""
    server = await serve()
    async with server.client(hosts={}) as client:
        await client.post("/a", data={"a": 1})
        await client.post("/a", json={"a": 1})
    assert [request["body"] for request in server.requests] == [b"a=1", b'{"a": 1}']
    assert not any("ACCESS-SIGN" in request["headers"] for request in server.requests)
    assert caplog.text.count("is no host of a known exchange") == 1


async def test_auth_can_be_switched_off_chosen_or_foreign(serve: Any) -> None:
    """C22."""
    server = await serve()
    async with server.client() as client:
        await client.get("/a")
        await client.get("/a", auth=None)
        await client.get("/a", auth="bitflyer")
        with pytest.raises(ConfigError, match="no such credentials"):
            await client.get("/a", auth="bybit")
    assert ["ACCESS-SIGN" in request["headers"] for request in server.requests] == [True, False, True]


async def test_signing_leaves_the_callers_objects_alone(serve: Any) -> None:
    """C23, P12: the same objects sent twice give two fresh signatures."""
    server = await serve()
    ticks = iter(range(1_700_000_000, 1_700_000_100))
    data, headers, params = {"a": 1}, {"X-Mine": "1"}, {"q": "1"}
    async with server.client(clock=Clock(now=lambda: float(next(ticks)))) as client:
        for _ in range(2):
            await client.post("/a", data=data, headers=headers, params=params)
    assert (data, headers, params) == ({"a": 1}, {"X-Mine": "1"}, {"q": "1"})
    first, second = server.requests
    assert first["headers"]["ACCESS-SIGN"] != second["headers"]["ACCESS-SIGN"]
    assert first["headers"]["X-Mine"] == "1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_key_follows_a_redirect(serve: Any, status: int, method: str) -> None:
    """C24, F92, P9."""
    other = await serve()

    async def http(request: web.Request, body: bytes) -> web.Response:
        return web.Response(status=status, headers={"Location": f"http://localhost:{other.port}/stolen"})

    server = await serve(http=http)
    async with server.client() as client:
        result = await client.fetch(method, "/a", data={"a": 1} if method == "POST" else None)
        assert result.status == status
        with pytest.raises(UnsafeRequest, match="is not sent on"):
            await client.fetch(method, "/a", allow_redirects=True)
    assert not other.requests


async def test_a_same_origin_redirect_is_signed_anew_if_asked_for(serve: Any) -> None:
    """C24."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        if request.path == "/a":
            return web.Response(status=302, headers={"Location": "/b?x=1"})
        return web.json_response({"here": True})

    server = await serve(http=http)
    async with server.client() as client:
        assert (await client.fetch("GET", "/a", allow_redirects=True)).data == {"here": True}
        assert (await client.fetch("GET", "/a", auth=None)).data == {"here": True}
    assert all(verified(request) for request in server.requests[:2])


async def test_keys_never_travel_in_clear_text() -> None:
    """F93: refused before anything is sent; loopback is excepted."""
    async with rxbotters.Client(apis={"bitflyer": [KEY, SECRET]}) as client:
        with pytest.raises(UnsafeRequest, match="https://"):
            await client.get("http://api.bitflyer.com/v1/me/getbalance")
        with pytest.raises(UnsafeRequest, match="wss://"):
            client.ws_connect("ws://ws.lightstream.bitflyer.com/json-rpc")


async def test_aiohttps_own_arguments_pass_through(serve: Any) -> None:
    """C25, C26."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    server = await serve(http=http)
    async with server.client() as client:
        with pytest.raises(TimeoutError):
            await client.fetch("GET", "/slow", timeout=0.05)
    async with rxbotters.Client(apis={}) as client:
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.fetch("GET", "http://127.0.0.1:1/x")
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.fetch("POST", "http://127.0.0.1:1/x")  # never sent: not an unknown outcome


async def test_an_order_without_an_answer_has_an_unknown_outcome(serve: Any) -> None:
    """D13, F98: a deadline, and an error that says what it means."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    server = await serve(http=http)
    async with server.client() as client:
        with pytest.raises(OutcomeUnknown, match="may have been executed") as caught:
            await client.fetch("POST", "/v1/me/sendchildorder", data={"a": 1}, timeout=0.05)
    assert isinstance(caught.value, TimeoutError)
    assert server.hits["/v1/me/sendchildorder"] == 1


async def raw_server(answers: list[bytes | None]) -> tuple[asyncio.Server, list[bytes], int]:
    """A TCP server: one answer per request; None resets the connection after the request was read."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0
                )
                seen.append(head + await reader.readexactly(length))
                answer = answers[min(len(seen) - 1, len(answers) - 1)]
                if answer is None:
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    writer.transport.abort()
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, seen, server.sockets[0].getsockname()[1]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("data", [None, {"a": 1}])
async def test_a_mutating_request_is_never_sent_twice(method: str, data: Any) -> None:
    """D13, F97: a stale keep-alive connection that resets after the request was received."""
    server, seen, port = await raw_server([OK, None])
    async with (
        server,
        rxbotters.Client(apis={"bitflyer": [KEY, SECRET]}, hosts={f"127.0.0.1:{port}": "bitflyer"}) as client,
    ):
        url = f"http://127.0.0.1:{port}/order"
        await client.fetch("GET", url)
        with pytest.raises(OutcomeUnknown, match=r"lost"):
            await client.fetch(method, url, data=data)
    assert len(seen) == 2


async def test_a_truncated_body_of_an_order_is_an_unknown_outcome() -> None:
    """F65."""
    server, _, port = await raw_server([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", None])
    url = f"http://127.0.0.1:{port}/order"

    async def cut(client: rxbotters.Client, method: str) -> Any:
        fetching = asyncio.ensure_future(client.fetch(method, url, timeout=0.2))
        return (await asyncio.gather(fetching, return_exceptions=True))[0]

    async with server, rxbotters.Client(apis={}) as client:
        assert isinstance(await cut(client, "POST"), OutcomeUnknown)


async def test_no_error_shows_a_key(serve: Any) -> None:
    """C15, F94: not the response's own request info, not aiohttp's errors."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    server = await serve(http=http)
    async with server.client() as client:
        response = await client.get("/a")
        with pytest.raises(aiohttp.ContentTypeError) as caught:
            await response.json()
        shown = f"{caught.value!r} {caught.value} {response!r} {response.request_info!r}"
    assert server.requests[0]["headers"]["ACCESS-KEY"] == KEY
    assert KEY not in shown
    assert SECRET not in shown
    assert server.requests[0]["headers"]["ACCESS-SIGN"] not in shown


# ---------------------------------------------------------------------- urls


@pytest.mark.parametrize(
    ("base", "url", "words"),
    [
        ("", "/v1/x", "is relative and the client has no base_url"),
        ("http://h", "http://[::1", "is no url"),
        ("http://h", "ftp://h/x", "is no http url"),
        ("http://h", "https:///x", "is no http url"),
        ("h", "/x", "is no http url"),
    ],
)
def test_what_is_no_url_is_said_at_the_door(base: str, url: str, words: str) -> None:
    """C19, F108."""
    with pytest.raises(ConfigError, match=words):
        join_url(base, url)


@given(st.text(st.sampled_from("/\\\\@:.?#%[] ae0\t\n\u3002"), max_size=12))
def test_no_relative_url_leaves_its_base(url: str) -> None:
    """C19, F92: whatever is in it."""
    assume("://" not in url)
    try:
        joined = join_url("https://api.example:8443/v1", url)
    except ConfigError:
        return

    assert joined.origin() == URL("https://api.example:8443")


def test_urls_may_be_objects() -> None:
    """C19: relative or absolute."""
    absolute = URL("https://other.example/y?a=%2F")

    assert join_url("http://h", absolute) is absolute
    assert str(join_url("http://h", URL("/v1/x"))) == "http://h/v1/x"
    assert str(join_url("http://h/x", URL("?a=1"))) == "http://h/x?a=1"


# ---------------------------------------------------------------------- the pipeline


@pytest.mark.filterwarnings("ignore:.*deprecated.*:DeprecationWarning")  # aiohttp's own, while it lasts
async def test_foreign_auth_goes_to_aiohttp_and_no_signature_with_it(serve: Any) -> None:
    """C22."""
    server = await serve()
    async with server.client() as client:
        await client.get("/a", auth=aiohttp.BasicAuth("me", "mine"))

    (request,) = server.requests
    assert request["headers"]["Authorization"].startswith("Basic ")
    assert "ACCESS-SIGN" not in request["headers"]


async def test_two_bodies_are_refused(serve: Any) -> None:
    """C21: as aiohttp refuses them."""
    server = await serve()
    async with server.client() as client:
        with pytest.raises(ValueError, match="data and json"):
            await client.post("/a", data={"a": 1}, json={"b": 2})

    assert not server.requests


async def test_a_redirect_that_never_ends_is_given_up(serve: Any) -> None:
    """C24, F92."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        return web.Response(status=307, headers={"Location": request.path})

    server = await serve(http=http)
    async with server.client() as client:
        with pytest.raises(UnsafeRequest, match="more than 10 times"):
            await client.get("/loop", allow_redirects=True)

    assert server.hits["/loop"] == 10


async def test_a_truncated_body_of_a_question_is_the_network_error_itself(serve: Any) -> None:
    """C26, F65: asking again does no harm, so its outcome is not unknown."""

    async def http(request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        request.transport.abort()  # type: ignore[union-attr]
        return response

    server = await serve(http=http)
    async with server.client() as client:
        with pytest.raises(aiohttp.ClientPayloadError):
            await client.fetch("GET", "/x")
        with pytest.raises(OutcomeUnknown):
            await client.fetch("POST", "/x")


async def test_a_response_class_of_the_users_own_is_obeyed(serve: Any) -> None:
    """C25: what the client adds to responses is then the user's to do without."""

    class Mine(aiohttp.ClientResponse):
        pass

    server = await serve()
    async with server.client(response_class=Mine) as client:
        async with client.post("/a", data={"a": 1}) as response:
            assert type(response) is Mine
        assert (await client.fetch("GET", "/a")).data == {"ok": True}


async def test_headers_of_the_session_stand_beside_ours(serve: Any) -> None:
    """C6, C25."""
    server = await serve()
    async with server.client(headers={"X-Bot": "7"}) as client:
        await client.get("/a")

    headers = server.requests[0]["headers"]
    assert headers["X-Bot"] == "7"
    assert headers["User-Agent"].startswith("rxbotters/")


async def test_a_body_is_read_once_however_often_it_is_asked_for(serve: Any) -> None:
    """C17."""
    server = await serve()
    async with server.client() as client, client.get("/a") as response:
        assert await response.read() == await response.read()
        assert await response.json() == {"ok": True}
        assert await response.text() == '{"ok": true}'


@pytest.mark.parametrize("charset", ["utf-8", "no-such-charset"])
async def test_text_is_there_whatever_the_server_calls_its_encoding(serve: Any, charset: str) -> None:
    """C18, F61."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        return web.Response(body='{"side": "買"}'.encode(), headers={"Content-Type": f"text/html; charset={charset}"})

    server = await serve(http=http)
    async with server.client() as client:
        result = await client.fetch("GET", "/x")

    assert result.text == '{"side": "買"}'
    assert result.data == {"side": "買"}
    assert result.raise_for_status() is result


# ---------------------------------------------------------------------- one call, used again and again


async def test_a_call_can_be_entered_again_while_it_is_entered(serve: Any) -> None:
    """C16: each run is a request of its own, and each is released by who entered it."""
    server = await serve()
    async with server.client() as client:
        call = client.get("/a")
        async with call as outer:
            async with call as inner:
                assert inner is not outer
            assert inner.closed
            assert await outer.json() == {"ok": True}

        first_in, second_in = asyncio.Event(), asyncio.Event()

        async def first() -> Any:
            async with call:
                first_in.set()
                await second_in.wait()

        async def second() -> Any:
            await first_in.wait()
            async with call as response:
                second_in.set()
                await one  # the first leaves while this one has not read its answer
                return await response.json()

        one = asyncio.create_task(first())
        assert await second() == {"ok": True}

        entered = await call.__aenter__()
        await asyncio.create_task(call.__aexit__(None, None, None))  # as test fixtures do: another task leaves
        assert entered.closed
    assert len(server.requests) == 5


async def test_a_call_is_a_coroutine_to_asyncio(serve: Any) -> None:
    """C16: it can be scheduled, cancelled before and while it runs, and thrown away."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        await asyncio.sleep(30 if request.path == "/slow" else 0)
        return web.json_response({})

    server = await serve(http=http)
    async with server.client() as client:
        early = asyncio.create_task(client.get("/never"))
        early.cancel()
        late = asyncio.create_task(client.get("/slow"))
        while not server.hits["/slow"]:
            await asyncio.sleep(0.001)
        late.cancel()
        assert [type(error) for error in await asyncio.gather(early, late, return_exceptions=True)] == [
            asyncio.CancelledError,
            asyncio.CancelledError,
        ]
        client.get("/never").close()
        begun = client.get("/never-either")
        begun.send(None)
        begun.close()

    assert not server.hits["/never"]
    assert not server.hits["/never-either"]


async def test_a_request_that_fails_fails_its_stream_and_one_that_is_left_is_cancelled(serve: Any, until: Any) -> None:
    """C17, C77."""

    async def http(request: web.Request, body: bytes) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    server = await serve(http=http)
    async with server.client() as client:
        told: list[Any] = []
        client.get("http://127.0.0.1:1/x", auth=None).subscribe(told.append, told.append, lambda: told.append("end"))
        await until(lambda: told)
        subscription = client.fetch("GET", "/slow").subscribe(told.append, told.append)
        await until(lambda: server.hits["/slow"])
        subscription.dispose()
        await until(lambda: client.metrics.snapshot().tasks == 0)

    assert [type(item) for item in told] == [aiohttp.ClientConnectorError]
