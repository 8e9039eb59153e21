"""The plugin's fixtures, and servers for both worlds: the virtual network and loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from rxbotters.testing import VirtualLoop
from rxbotters.testing.plugin import (  # noqa: F401 - fixtures, found by name
    blocking_check,
    faults,
    leak_check,
    no_network,
    pytest_configure,
    sim_exchange,
    virtual_loop,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serve(handler: Handler, host: str = "venue.test", port: int = 443) -> AsyncIterator[web.AppRunner]:
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    yield runner
    await runner.cleanup()


async def echo(request: web.Request) -> web.StreamResponse:
    """A WebSocket that says everything twice, with a heartbeat of its own; or the body of a request."""
    if request.headers.get("Upgrade") != "websocket":
        return web.Response(body=await request.read())
    socket = web.WebSocketResponse(heartbeat=20.0, max_msg_size=1 << 26)
    await socket.prepare(request)
    async for message in socket:
        if message.type == web.WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


@pytest.fixture(name="serve")
def serve_fixture() -> Any:
    """``async with serve(handler, host, port):`` an unmodified aiohttp server."""
    return serve


@pytest.fixture(name="echo")
def echo_fixture() -> Handler:
    return echo


@pytest.fixture(params=["virtual", "loopback"])
def anywhere(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a program in both worlds: what the virtual one does must be what the real one does."""
    if request.param == "loopback":
        return asyncio.run

    def run(main: Coroutine[Any, Any, Any]) -> Any:
        with VirtualLoop(until=60) as loop:
            return loop.run(main)

    return run
