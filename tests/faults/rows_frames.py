"""Rows F51 to F67: frames and payloads."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.errors import OutcomeUnknown, ProtocolError, ResponseTooLarge, VenueError
from rxbotters.wire import Dialect, loads
from tests.net.toy import toy

from .rows_connection import handshake
from .world import Seen, World, row

MIB = 1024 * 1024


async def saying(world: World, *frames: str | bytes, **options: Any) -> tuple[Any, Any, Seen, list[Any]]:
    """Serve connections that say some frames and then "after"; return what our JSON handler got, too."""

    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        for frame in frames:
            await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
        await ws.send_str('"after"')
        async for _message in ws:
            pass

    server = await world.serve(ws=serve)
    client = await world.client(server)
    handled: list[Any] = []
    app = world.ws(client, server.ws_url, hdlr_json=lambda message, _: handled.append(message), **options)
    return server, app, Seen(app), handled


async def bad_frame(world: World, frame: str | bytes) -> list[Exception]:
    """Say one bad frame: the next one is handled, on the same connection, and the error is typed and short."""
    server, _, seen, handled = await saying(world, frame)
    await world.until(lambda: "after" in handled)

    assert server.hits["ws"] == 1
    assert all(len(str(error)) < 400 for error in seen.errors)
    return seen.errors


@row("F51", "a frame of 20 MB: said, and not a loop of dials")
async def f51(world: World) -> None:
    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_str("x" * (20 * MIB))
        async for _message in ws:
            pass

    server = await world.serve(ws=serve)
    client = await world.client(server)
    app = world.ws(client, server.ws_url, max_msg_size=MIB)
    seen = Seen(app)
    await world.until(lambda: len(seen.closed) >= 2)

    assert not seen.frames
    assert any(isinstance(error, ProtocolError) for error in seen.errors)
    assert seen.delays[1] > 0
    assert server.hits["ws"] <= 30


@row("F52", "a deflate bomb: refused beyond the budget, backing off")
async def f52(world: World) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = squeezer.compress(bytes(50 * MIB)) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    bomb = bomb[:-4]

    async def serve(reader: Any, writer: Any) -> None:
        await handshake(reader, writer, deflate=True)
        writer.write(b"\xc1\x7f" + len(bomb).to_bytes(8, "big") + bomb)
        await reader.read()

    port = await world.raw(serve)
    client = await world.client()
    app = world.ws(client, f"ws://127.0.0.1:{port}/", compress=15, max_msg_size=MIB)
    seen = Seen(app)
    await world.until(lambda: seen.errors)

    assert not seen.frames
    assert isinstance(seen.errors[0], ProtocolError)


@row("F53", "a body that inflates to 300 MB is not read beyond its budget", virtual=False)
async def f53(world: World) -> None:
    bomb = gzip.compress(bytes(300 * MIB), 6)

    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    server = await world.serve(http=http)
    client = await world.client(server)
    with pytest.raises(ResponseTooLarge, match="32 MiB"):
        await client.fetch("GET", "/x")


@row("F54", "a text frame that is not UTF-8: a typed error, and backing off")
async def f54(world: World) -> None:
    async def serve(reader: Any, writer: Any) -> None:
        await handshake(reader, writer)
        writer.write(b"\x81\x02\xff\xfe")
        await reader.read()

    port = await world.raw(serve)
    client = await world.client()
    seen = Seen(world.ws(client, f"ws://127.0.0.1:{port}/"))
    await world.until(lambda: len(seen.delays) >= 2)

    assert isinstance(seen.errors[0], ProtocolError)
    assert seen.delays[1] > 0


@row("F55", "truncated JSON: a typed error with at most 200 characters of it; the next frame is handled")
async def f55(world: World) -> None:
    (error,) = await bad_frame(world, '{"a": "' + "x" * 5000)

    assert isinstance(error, ProtocolError)
    assert error.excerpt.count("x") <= 200


@row("F56", "200,000 nested brackets: a typed error; the next frame is handled")
async def f56(world: World) -> None:
    (error,) = await bad_frame(world, "[" * 200_000)

    assert isinstance(error, ProtocolError)


@row("F57", "an integer of 5,000 digits: a typed error or the exact number; the next frame is handled")
async def f57(world: World) -> None:
    errors = await bad_frame(world, "1" * 5000)

    assert all(isinstance(error, ProtocolError) for error in errors)


@row("F58", "NaN, Infinity and 1e400 are refused")
async def f58(world: World) -> None:
    for text in ('{"p": NaN}', '{"p": Infinity}', '{"p": 1e400}'):
        (error,) = await bad_frame(world, text)
        assert isinstance(error, ProtocolError)


@row("F59", "a compressed frame is decoded where the exchange says so, else it is a typed error")
async def f59(world: World) -> None:
    packed = gzip.compress(b'{"n": 1}')
    (error,) = await bad_frame(world, packed)
    assert isinstance(error, ProtocolError)

    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        await ws.send_bytes(packed)
        async for _message in ws:
            pass

    server = await world.serve(ws=serve)
    dialect = Dialect(lambda data: loads(gzip.decompress(data) if isinstance(data, bytes) else data))
    exchange = toy(greet=None, login=None, beat=None, dialect=dialect)
    client = rxbotters.Client(apis={}, exchanges=[exchange], hosts={server.host: "toy"}, clock=world.clock())
    world.stack.push_async_callback(client.close)
    handled: list[Any] = []
    world.ws(client, server.ws_url, hdlr_json=lambda message, _: handled.append(message))
    await world.until(lambda: handled)

    assert handled == [{"n": 1}]


@row("F60", "null, a list, a text, an empty frame: no exception but a counted one")
async def f60(world: World) -> None:
    async def serve(ws: web.WebSocketResponse, _: web.Request) -> None:
        for text in ("null", "[1]", '"x"', "", "true", "0"):
            await ws.send_str(text)
        await ws.send_str('{"params": {"channel": "lightning_ticker_X", "message": {"product_code": "X"}}}')
        async for _message in ws:
            pass

    server = await world.serve(ws=serve)
    client = await world.client(server)
    store = rxbotters.bitFlyerDataStore()
    seen = Seen(world.ws(client, server.ws_url, hdlr_json=store.onmessage))
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    await world.until(lambda: len(store.ticker))

    assert all(isinstance(error, ProtocolError) for error in (*errors, *seen.errors))
    assert len(errors) == 5
    assert server.hits["ws"] == 1


async def answer(world: World, body: bytes, **headers: str) -> Any:
    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.Response(body=body, headers=headers)

    server = await world.serve(http=http)
    client = await world.client(server)
    return await client.fetch("GET", "/x")


@row("F61", "a body that is not UTF-8 is NotJSONContent, never another exception")
async def f61(world: World) -> None:
    result = await answer(world, b"\xff\xfe{}")

    assert isinstance(result.data, rxbotters.NotJSONContent)
    assert result.data.raw == b"\xff\xfe{}"


@row("F62", "an empty answer is NotJSONContent, null is None")
async def f62(world: World) -> None:
    assert isinstance((await answer(world, b"")).data, rxbotters.NotJSONContent)
    null = await answer(world, b"null")
    assert null.data is None
    assert null.is_json


@row("F63", "a maintenance page is NotJSONContent, with its status and text")
async def f63(world: World) -> None:
    result = await answer(world, b"<html>maintenance</html>")

    assert isinstance(result.data, rxbotters.NotJSONContent)
    assert "maintenance" in result.text


@row("F64", "of duplicate names the last wins")
async def f64(world: World) -> None:
    assert (await answer(world, b'{"a": 1, "a": 2}')).data == {"a": 2}


@row("F65", "an order whose answer breaks off is OutcomeUnknown, sent once")
async def f65(world: World) -> None:
    asked = 0

    async def serve(reader: Any, writer: Any) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()

    port = await world.raw(serve)
    client = await world.client(f"127.0.0.1:{port}")
    with pytest.raises(OutcomeUnknown, match="may have been executed"):
        await client.fetch("POST", "/v1/me/sendchildorder", data={"size": 1})

    assert asked == 1


@row("F66", "an error body given to initialize is a VenueError; the stores stay as they were")
async def f66(world: World) -> None:
    async def http(request: web.Request, _: bytes) -> web.Response:
        return web.json_response({"status": -205, "error_message": "Invalid signature", "data": None}, status=401)

    server = await world.serve(http=http)
    client = await world.client(server)
    store = rxbotters.bitFlyerDataStore()
    store.childorders._insert([{"child_order_acceptance_id": "a", "product_code": "X"}])
    with pytest.raises(VenueError, match="Invalid signature"):
        await store.initialize(client.get("/v1/me/getchildorders", params={"product_code": "X"}))

    assert len(store.childorders) == 1


@row("F67", "any well-formed JSON: nothing but a counted ProtocolError or StoreError")
async def f67(world: World) -> None:
    def value(depth: int = 3) -> Any:
        kind = world.dice.randrange(7 if depth else 5)
        if kind == 5:
            return [value(depth - 1) for _ in range(world.dice.randrange(3))]
        if kind == 6:
            names = ("params", "channel", "message", "id", "error", "price", "bids", "asks", "mid_price", "event_type")
            return {world.dice.choice(names): value(depth - 1) for _ in range(world.dice.randrange(4))}
        return (None, True, world.dice.randrange(-9, 9), world.dice.random(), "lightning_board_snapshot_X")[kind]

    store = rxbotters.bitFlyerDataStore()
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)
    for _ in range(200):
        message = value()
        store.onmessage(message)
        store.onmessage({"params": {"channel": "lightning_board_snapshot_X", "message": message}})
        store.onmessage({"params": {"channel": "child_order_events", "message": message}})

    assert all(isinstance(error, rxbotters.errors.RxbottersError) for error in errors)
    assert json.dumps([len(store[name]) for name in store])
