"""Rows F92 to F109: requests, orders, nonces, credentials."""

from __future__ import annotations

import asyncio
import json
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import CredentialError, OutcomeUnknown, RateLimited, UnsafeRequest
from tests.conftest import KEY, SECRET
from tests.net.toy import toy

from .world import World, row


@row("F92", "a signed request is never sent on to another host")
async def f92(world: World) -> None:
    other = await world.serve()

    async def away(request: web.Request, _: bytes) -> web.Response:
        return web.Response(status=world.dice.choice([301, 302, 303, 307, 308]), headers={"Location": other.url})

    server = await world.serve(http=away)
    client = await world.client(server)
    for method in ("GET", "POST", "PUT", "DELETE"):
        result = await client.fetch(method, "/v1/me/x", data={"a": 1} if method != "GET" else None)
        assert 300 <= result.status < 400
    with pytest.raises(UnsafeRequest):
        await client.fetch("GET", "/v1/me/x", allow_redirects=True)

    assert not other.requests


@row("F93", "nothing is signed for plain http")
async def f93(world: World) -> None:
    client = await world.client(base_url="http://api.bitflyer.com")

    with pytest.raises(UnsafeRequest, match="not encrypted"):
        await client.fetch("GET", "/v1/me/getbalance")


@row("F94", "no key, signature or passphrase stands in the repr of an error or a response")
async def f94(world: World) -> None:
    async def html(request: web.Request, _: bytes) -> web.Response:
        return web.Response(text="<html>", content_type="text/html", status=500)

    server = await world.serve(http=html)
    client = await world.client(server)
    result = await client.fetch("GET", f"/v1/me/x?token={SECRET}")
    shown = [repr(result), repr(result.response.request_info), repr(result.response.request_info.headers)]
    try:
        await result.response.json()
    except aiohttp.ContentTypeError as error:
        shown += [repr(error), str(error.headers)]
    shown += [repr(client), repr(client.fetch("GET", f"/x?signature={SECRET}"))]

    for text in shown:
        assert SECRET not in text
        assert KEY not in text
    sign = server.requests[0]["headers"]["ACCESS-SIGN"]
    assert all(sign not in text for text in shown)


@row("F95", "no secret of a url is logged when a handshake fails")
async def f95(world: World) -> None:
    async def deny(_: web.Request) -> web.StreamResponse:
        return web.Response(status=403)

    server = await world.serve(upgrade=deny)
    client = await world.client(server)
    app = world.ws(client, f"{server.ws_url}?token={SECRET}")
    with pytest.raises(rxbotters.errors.HandshakeRefused) as told:
        await app.wait()

    assert SECRET not in str(told.value)
    assert not any(SECRET in line for line in world.records)


@row("F96", "secrets print masked wherever they are kept")
async def f96(world: World) -> None:
    client = await world.client()
    shown = repr(vars(client)) + repr(client._wiring) + str(client._wiring.credentials)

    assert SECRET not in shown
    assert KEY not in shown


@row("F97", "a mutating request on a connection that was cut is not sent twice")
async def f97(world: World) -> None:
    asked: list[bytes] = []

    async def serve(reader: Any, writer: Any) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b" ")[0])

    port = await world.raw(serve)
    client = await world.client(f"127.0.0.1:{port}")
    for method in ("POST", "PUT", "DELETE"):
        await client.fetch("GET", "/warm")
        with pytest.raises(OutcomeUnknown):
            await client.fetch(method, "/v1/me/x")

    assert asked == [b"POST", b"PUT", b"DELETE"]


@row("F98", "an order that is never answered is OutcomeUnknown after 10 s", real=False)
async def f98(world: World) -> None:
    late = asyncio.Event()

    async def mute(request: web.Request, _: bytes) -> web.Response:
        await late.wait()
        return web.Response()

    server = await world.serve(http=mute)
    client = await world.client(server)
    began = world.loop.time()
    with pytest.raises(OutcomeUnknown):
        await client.fetch("POST", "/v1/me/sendchildorder", data={"size": 1})

    took = world.loop.time() - began
    late.set()
    assert 9.5 <= took <= 11
    world.measure_virtual("seconds to give up", round(took, 1))


async def toyish(world: World, http: Any = None, clock: Any = None, **options: Any) -> tuple[Any, rxbotters.Client]:
    server = await world.serve(http=http)
    client = rxbotters.Client(
        apis={"toy": [KEY, SECRET]},
        exchanges=[toy(server.url)],
        hosts={server.host: "toy"},
        base_url=server.url,
        clock=clock or world.clock(),
        **options,
    )
    world.stack.push_async_callback(client.close)
    return server, client


def nonces(server: Any) -> list[int]:
    return [int(request["headers"]["TOY-NONCE"]) for request in server.requests]


@row("F99", "200 requests at once: 200 nonces")
async def f99(world: World) -> None:
    server, client = await toyish(world)
    await asyncio.gather(*(client.fetch("GET", "/x") for _ in range(200)))

    assert len(set(nonces(server))) == 200


@row("F100", "the clock goes back: nonces still increase")
async def f100(world: World) -> None:
    now = [1_700_000_000.0]
    server, client = await toyish(world, clock=rxbotters.clock.Clock(now=lambda: now[0]))
    for step in (0, -5, +3600, -3600, 0.001):
        now[0] += step
        await client.fetch("GET", "/x")

    assert nonces(server) == sorted(set(nonces(server)))


@row("F101", "a clock half a minute off is noticed and said once")
async def f101(world: World) -> None:
    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(text="{}", headers={"Date": "Tue, 14 Nov 2023 22:13:50 GMT"})

    _, client = await toyish(world, http, rxbotters.clock.Clock(now=lambda: 1_700_000_000.0))
    errors: list[Exception] = []
    client.errors.subscribe(errors.append)
    for _ in range(3):
        await client.fetch("GET", "/x")

    assert [type(error).__name__ for error in errors] == ["ClockSkew"]


@row("F102", "429 stops everybody until its time has passed")
async def f102(world: World) -> None:
    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "30"})

    server, client = await toyish(world, http)
    await client.fetch("GET", "/x")
    outcomes = await asyncio.gather(*(client.fetch("GET", "/x") for _ in range(20)), return_exceptions=True)

    assert all(isinstance(outcome, RateLimited) for outcome in outcomes)
    assert len(server.requests) == 1
    if world.virtual:
        await asyncio.sleep(25)
        await client.fetch("GET", "/x")  # waits the last five seconds
        assert len(server.requests) == 2


@row("F103", "json= works on hosts that sign")
async def f103(world: World) -> None:
    server = await world.serve()
    client = await world.client(server)
    await client.fetch("POST", "/v1/me/x", json={"a": [1, None]})

    assert json.loads(server.requests[0]["body"]) == {"a": [1, None]}


@row("F104", "a body that is text already goes out as it is")
async def f104(world: World) -> None:
    server = await world.serve()
    client = await world.client(server)
    await client.fetch("POST", "/v1/me/x", data='{"a":1}')

    assert server.requests[0]["body"] == b'{"a":1}'


@row("F105", "an unknown host with keys loaded: one warning")
async def f105(world: World) -> None:
    server = await world.serve()
    client = await world.client(hosts=None, base_url=server.url)
    for _ in range(3):
        await client.fetch("GET", "/x")

    assert len([line for line in world.records if "no host of a known exchange" in line]) == 1
    assert "ACCESS-KEY" not in server.requests[0]["headers"]


@row("F106", "every broken apis file has its own clear error, and leaks nothing")
async def f106(world: World) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "apis.json"
        for content in (
            b'{"bitflyer": ["k", "s"],}',
            b"\xef\xbb\xbf{}",
            b'{"bitflyer": ["k", "s", "p", "x"]}',
            b'{"bitflyer": "ks"}',
            b"[1]",
        ):
            path.write_bytes(content)
            with pytest.raises(CredentialError):
                rxbotters.Client(apis=str(path))
    rxbotters.Client(apis=str(path))

    assert any("does not exist" in line for line in world.records)


@row("F107", "a missing passphrase is refused at construction")
async def f107(world: World) -> None:
    for name in ("okx", "okx_demo", "bitget", "kucoin"):
        with pytest.raises(CredentialError, match="passphrase"):
            rxbotters.Client(apis={name: ["k", "s"]})


@row("F108", "base_url and a path without a slash are joined by one")
async def f108(world: World) -> None:
    server = await world.serve()
    client = await world.client(server, base_url=server.url)
    await client.fetch("GET", "v1/x")

    assert server.requests[0]["target"] == "/v1/x"


@row("F109", "no deprecated hook of aiohttp is used: not one warning")
async def f109(world: World) -> None:
    server = await world.serve()
    client = await world.client(server)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await client.fetch("GET", "/v1/me/x")
        await world.ws(client, server.ws_url)
