"""What many tests need: a scripted loopback server, a client for it, and a watch over secrets."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest
from aiohttp import web

import rxbotters

KEY, SECRET = "canary-key-7f3a9c", "canary-secret-51d0e8"
DEADLINE = 10.0  # seconds a test may wait for something that must happen


def pytest_addoption(parser: pytest.Parser) -> None:
    """The fault matrix: how often each row is played. The corpus: where it is."""
    parser.addoption("--trials", type=int, default=1, help="trials of each row of tests/faults on real sockets")
    parser.addoption("--seeds", type=int, default=5, help="seeds of each row of tests/faults in virtual time")
    parser.addoption("--seed", type=int, default=None, help="play this seed only")
    parser.addoption("--corpus", default="", help="a folder of recordings that tests/exchanges/test_corpus.py replays")


class Server:
    """An aiohttp server on 127.0.0.1 whose behaviour is a function."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self.sockets: list[web.WebSocketResponse] = []
        self.received: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(
        self,
        *,
        ws: Callable[[web.WebSocketResponse, web.Request], Awaitable[None]] | None = None,
        http: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]] | None = None,
        upgrade: Callable[[web.Request], Awaitable[web.StreamResponse | None]] | None = None,
        autoping: bool = True,
    ) -> Server:
        async def on_ws(request: web.Request) -> web.StreamResponse:
            self.hits["ws"] += 1
            if upgrade is not None:
                refusal = await upgrade(request)
                if refusal is not None:
                    return refusal
            socket = web.WebSocketResponse(autoping=autoping, max_msg_size=1 << 25)
            await socket.prepare(request)
            self.sockets.append(socket)
            if ws is not None:
                await ws(socket, request)
            else:
                async for message in socket:
                    self.received.append(message.data)
            return socket

        async def on_http(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            self.hits[request.path] += 1
            self.requests.append(
                {"method": request.method, "target": request.raw_path, "headers": request.headers.copy(), "body": body}
            )
            if http is not None:
                return await http(request, body)
            return web.json_response({"ok": True})

        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/ws", on_ws)
        app.router.add_route("*", "/{tail:.*}", on_http)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        for socket in self.sockets:
            if not socket.closed:
                await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def ws_url(self) -> str:
        return f"ws://{self.host}/ws"

    def client(self, **kwargs: Any) -> rxbotters.Client:
        """A client that takes this server for bitFlyer and holds canary keys."""
        options = {
            "apis": {"bitflyer": [KEY, SECRET]},
            "base_url": self.url,
            "hosts": {self.host: "bitflyer"},
            **kwargs,
        }
        return rxbotters.Client(**options)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    started: list[Server] = []

    async def make(**kwargs: Any) -> Server:
        server = Server()
        started.append(server)
        return await server.start(**kwargs)

    yield make
    for server in started:
        await server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """P8, C15, F94: whatever any test printed, logged or raised, the canary is not in it."""
    report = yield
    shown = [*report.sections, ("traceback", report.longreprtext)]
    if leaks := [title for title, text in shown if SECRET in text]:
        report.outcome, report.longrepr = "failed", f"a secret was shown: {', '.join(leaks)}"
    return report


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """P8, C15, F95: no log record of any test holds the canary."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        assert SECRET not in record.getMessage()
        assert SECRET not in str(record.exc_info)
        if record.name == "rxbotters":
            assert KEY not in record.getMessage()


async def until(happened: Callable[[], Any], seconds: float = DEADLINE) -> None:
    """Give the loop turns until something is true."""
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.002)


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Awaitable[None]]:
    return until


@pytest.fixture
def deadline() -> float:
    return DEADLINE
