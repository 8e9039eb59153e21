"""A burst of recorded messages against a consumer that stopped: memory is bounded, drops are counted, nobody else waits."""

from __future__ import annotations

import asyncio
import struct
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from itertools import cycle, islice
from typing import Any

import rxbotters
from rxbotters import operators as ops
from tests.bench.recordings import frames

from .sim import memory

__all__ = ["CONSUMERS", "burst"]

_AT_ONCE = 200
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def _framed(text: str) -> bytes:
    payload = text.encode()
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack("!H", len(payload))
    return b"\x81" + size + payload


class Fire:
    """A server that sends so many recorded messages as fast as they are read; they were framed beforehand."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._frames = [_framed(text) for text in frames("bitflyer")]

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def __aexit__(self, *_: Any) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line[19:] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
        accept = b64encode(sha1(key + _MAGIC).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        messages = islice(cycle(self._frames), self._count)
        while some := b"".join(islice(messages, _AT_ONCE)):
            writer.write(some)
            await writer.drain()
        await reader.read()
        writer.close()


async def _never(message: Any, ws: Any) -> None:
    await asyncio.get_running_loop().create_future()


def _queue(client: rxbotters.Client, url: str, watch: Any) -> tuple[Any, Callable[[], int]]:
    queue = rxbotters.WebSocketQueue()
    return client.ws_connect(url, hdlr_json=[watch, queue.onmessage], heartbeat=None), lambda: queue.dropped


def _handler(client: rxbotters.Client, url: str, watch: Any) -> tuple[Any, Callable[[], int]]:
    app = client.ws_connect(url, hdlr_json=[watch, _never], heartbeat=None)
    return app, lambda: app.metrics().dropped


def _stream(client: rxbotters.Client, url: str, watch: Any) -> tuple[Any, Callable[[], int]]:
    app = client.ws_connect(url, hdlr_json=watch, heartbeat=None)
    pull = ops.to_aiter(app.pipe(ops.json()), maxsize=10_000, overflow="drop_oldest")
    return app, lambda: pull.dropped


def _watcher(client: rxbotters.Client, url: str, watch: Any) -> tuple[Any, Callable[[], int]]:
    store = rxbotters.bitFlyerDataStore()
    stream = store.board.watch(overflow="drop_oldest")

    def fold(message: Any, ws: Any) -> None:
        if "_board_" in message["params"]["channel"]:  # the log of executions holds 99,999 rows, watched or not
            store.onmessage(message)

    return client.ws_connect(url, hdlr_json=[watch, fold], heartbeat=None), lambda: stream.dropped


CONSUMERS = {"queue": _queue, "async handler": _handler, "stream": _stream, "watcher of a book": _watcher}


async def _burst(consumer: str, count: int) -> dict[str, Any]:
    seen = 0

    def watch(message: Any, ws: Any) -> None:
        nonlocal seen
        seen += 1

    async with Fire(count) as url, rxbotters.Client() as client:
        before = memory()
        app, dropped = CONSUMERS[consumer](client, url, watch)
        errors: list[Exception] = []
        app.errors.subscribe(errors.append)
        while seen < count:
            await asyncio.sleep(0.01)
        return {"seen": seen, "dropped": dropped(), "MB": round((memory() - before) / 1e6, 1), "said": len(errors)}


def burst(consumer: str, count: int) -> dict[str, Any]:
    """Let so many messages come to a handler that counts them, and to a consumer that stands still.

    Returns:
        How many were seen by the one and dropped by the other, the megabytes that this process grew, errors told.
    """
    return asyncio.run(_burst(consumer, count))
