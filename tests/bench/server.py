"""The other end of every socket: a loopback server in its own process, so that its work is nobody's CPU time here.

Frames are built once and written in large pieces; the client is never the one that waits. Run as a module it prints its
port and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import struct
import sys
import time
from functools import cache
from itertools import cycle

from aiohttp import WSMsgType, web

from .recordings import frames

__all__ = ["ANSWER", "KEY", "MARK", "SECRET", "stamped"]

KEY, SECRET = "bench-key", "bench-secret"
ANSWER = b'[{"currency_code":"JPY","amount":1024078.0,"available":508000.0},{"currency_code":"BTC","amount":10.24,"available":4.12}]'
MARK = "0" * 19
"""Stands where the server puts the nanosecond it sends at."""
_PIECE = 1 << 18  # bytes that may wait in the transport


def frame(text: str) -> bytes:
    """Return one unmasked text frame (RFC 6455, 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


@cache
def stamped() -> tuple[tuple[bytes, bytes], ...]:
    """Return Bybit's frames around the place of a time stamp: the size of the last ask, unless that removes a level.

    Frames without such a place stay whole, before it: the numbers of the deltas must have no hole.
    """
    found: list[tuple[bytes, bytes]] = []
    for text in frames("bybit"):
        side, _, rest = text.partition('"a":[')
        asks, closing, tail = rest.partition("]]")
        head, _, size = asks.rpartition(',"')
        if '"delta"' in side and closing and size != '0"':
            before, _, after = frame(f'{side}"a":[{head},"{MARK}"]]{tail}').partition(f'"{MARK}"'.encode())
            found.append((before + b'"', b'"' + after))
        else:
            found.append((frame(text), b""))
    return tuple(found)


async def burst(request: web.Request) -> web.WebSocketResponse:
    """Send ``size`` frames of a recording ``passes`` times over, as fast as the client reads, once it says anything."""
    socket = web.WebSocketResponse(max_msg_size=1 << 20)
    await socket.prepare(request)
    await socket.receive()
    transport = request.transport
    assert transport is not None
    whole = b"".join(map(frame, frames(request.match_info["name"])[: int(request.query["size"])]))
    for _ in range(int(request.query["passes"])):
        for start in range(0, len(whole), _PIECE):
            while transport.get_write_buffer_size() > _PIECE:
                await asyncio.sleep(0.0005)
            transport.write(whole[start : start + _PIECE])
    await _until_closed(socket)
    return socket


async def paced(request: web.Request) -> web.WebSocketResponse:
    """Send ``count`` stamped deltas at ``rate`` a second, each with the time of its departure in it."""
    socket = web.WebSocketResponse(max_msg_size=1 << 20)
    await socket.prepare(request)
    await socket.receive()
    transport = request.transport
    assert transport is not None
    gap, left = 1 / float(request.query["rate"]), int(request.query["count"])
    due = time.monotonic()
    for number, (head, tail) in enumerate(cycle(stamped())):
        due += gap
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)  # noqa: ASYNC251 - nobody else is served, and the loop's timers are too coarse
        transport.write(b"%b%019d%b" % (head, time.monotonic_ns(), tail) if tail else head)
        left -= bool(tail)
        if not left:
            break
        if number % 64 == 0:
            await asyncio.sleep(0)
    await _until_closed(socket)
    return socket


async def _until_closed(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return


async def balance(request: web.Request) -> web.Response:
    """Answer a signed request as bitFlyer does; an unsigned or wrongly signed one is refused."""
    text = f"{request.headers.get('ACCESS-TIMESTAMP')}{request.method}{request.path_qs}"
    wanted = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    if request.headers.get("ACCESS-KEY") != KEY or request.headers.get("ACCESS-SIGN") != wanted:
        return web.json_response({"status": -500, "error_message": "Key not found"}, status=401)
    return web.Response(body=ANSWER, content_type="application/json")


async def serve() -> None:
    """Serve until standard input closes: the process that started this one is gone, or done."""
    app = web.Application()
    app.router.add_get("/burst/{name}", burst)
    app.router.add_get("/paced", paced)
    app.router.add_get("/v1/me/getbalance", balance)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
