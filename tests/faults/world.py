"""The two worlds of the fault matrix: real sockets on loopback, and the virtual network; one row runs in both.

Durations are given in the seconds a user would write. On real sockets they are scaled down, so that a row that waits
for a heartbeat of ten seconds takes a fifth of one.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import rxbotters
from rxbotters.clock import Clock
from rxbotters.testing import VirtualLoop, Weather
from rxbotters_operators.events import Closed, Frame, Waiting
from tests.conftest import KEY, SECRET, Server

__all__ = ["ROWS", "Row", "World", "row", "run_real", "run_virtual"]

REAL_SCALE = 0.02
_LIMIT = 30.0  # real seconds one trial may take
_log = logging.getLogger("rxbotters")


@dataclass(frozen=True)
class Row:
    """One row of the matrix: a fault, and what is promised."""

    name: str
    promise: str
    play: Callable[[World], Awaitable[None]]
    real: bool = True
    virtual: bool = True


ROWS: dict[str, Row] = {}


def row(name: str, promise: str, *, real: bool = True, virtual: bool = True) -> Any:
    """Register ``async def play(world)`` as a row; it asserts the promise and may `World.measure`."""

    def register(play: Callable[[World], Awaitable[None]]) -> Callable[[World], Awaitable[None]]:
        assert name not in ROWS, f"{name} twice"
        ROWS[name] = Row(name, promise, play, real, virtual)
        return play

    return register


@dataclass
class World:
    """What a row can use.

    Attributes:
        seed: Of all chance.
        virtual: Whether time is virtual.
        dice: A generator for the row's own choices.
        measured: What the row measured, by name.
        records: Every log record, formatted: no secret may be in it.
    """

    seed: int
    virtual: bool
    stack: AsyncExitStack
    measured: dict[str, Any] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.seed}/row")

    # ------------------------------------------------------------------ time

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def s(self, seconds: float) -> float:
        """Return a duration as this world counts: virtual seconds are seconds, real ones are scaled down."""
        return seconds if self.virtual else seconds * REAL_SCALE

    def seconds(self, duration: float) -> float:
        """Return a duration of this world in the seconds a user would write."""
        return duration if self.virtual else duration / REAL_SCALE

    async def sleep(self, seconds: float) -> None:
        """Let a user's seconds pass."""
        await asyncio.sleep(self.s(seconds))

    async def until(self, happened: Callable[[], Any], seconds: float = 600.0) -> float:
        """Wait until something is true; return how long it took, in a user's seconds."""
        began = self.loop.time()
        async with asyncio.timeout(seconds if self.virtual else _LIMIT):
            while not happened():
                waited = self.loop.time() - began
                await asyncio.sleep(max(0.01, waited / 1000) if self.virtual else 0.002)  # each look costs real time
        return self.seconds(self.loop.time() - began)

    def measure(self, name: str, value: Any) -> None:
        """Note a figure for the table."""
        self.measured[name] = value

    def measure_virtual(self, name: str, value: Any) -> None:
        """Note a figure of virtual time; on real sockets durations are scaled, and two busy cores add to them."""
        if self.virtual:
            self.measure(name, value)

    # ------------------------------------------------------------------ the other side

    async def serve(self, **handlers: Any) -> Server:
        """Start a scripted aiohttp server; see `tests.conftest.Server.start`."""
        server = Server()
        self.stack.push_async_callback(server.stop)
        return await server.start(**handlers)

    async def raw(self, handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> int:
        """Start a server that speaks bytes; return its port."""
        running: set[asyncio.Task[None]] = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(talk(reader, writer))
            running.add(task)
            task.add_done_callback(running.discard)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)

        async def stop() -> None:
            server.close()
            for task in list(running):
                task.cancel()
            await asyncio.gather(*running)

        self.stack.push_async_callback(stop)
        return int(server.sockets[0].getsockname()[1])

    @staticmethod
    def reset(ws: Any) -> None:
        """Cut a server's WebSocket by TCP reset."""
        transport = ws._req.transport
        if transport is None:
            return  # the client was faster
        raw = transport.get_extra_info("socket")
        if raw is not None and hasattr(raw, "setsockopt"):
            try:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass  # in the virtual network abort() is a reset already
        transport.abort()

    # ------------------------------------------------------------------ our side

    async def client(self, server: Server | str | None = None, **options: Any) -> rxbotters.Client:
        """Open a client that takes a server (or ``host:port``) for bitFlyer and holds canary keys."""
        host = server.host if isinstance(server, Server) else server
        given: dict[str, Any] = {
            "apis": {"bitflyer": [KEY, SECRET]},
            "base_url": f"http://{host}" if host else "",
            "hosts": {host: "bitflyer"} if host else None,
            "clock": self.clock(),
            **options,
        }
        client = rxbotters.Client(**given)
        self.stack.push_async_callback(client.close)
        return client

    def clock(self) -> Clock:
        """Return this world's clock and seeded dice."""
        if isinstance(self.loop, VirtualLoop):
            return self.loop.clock
        dice = random.Random(f"{self.seed}/dice")
        return Clock(dice=dice.random, nonce=lambda: f"{dice.getrandbits(128):032x}")

    def backoff(self) -> tuple[float, float, float, float]:
        """Return the default backoff, as this world counts."""
        return (self.s(1.92), self.s(60.0), 1.618, self.s(5.0))

    def ws(self, client: rxbotters.Client, url: Any, **options: Any) -> rxbotters.WebSocketApp:
        """Connect with every duration as this world counts; unscaled in virtual time."""
        scaled: dict[str, Any] = {
            "heartbeat": self.s(10.0),
            "min_uptime": self.s(1.0),
            "healthy": self.s(60.0),
            "handshake_timeout": self.s(10.0),
            "login_timeout": self.s(10.0),
            "ack_timeout": self.s(5.0),
            "send_timeout": self.s(5.0),
            "auth": None,
        }
        if not self.virtual:
            scaled["backoff"] = self.backoff()
            scaled["late_after"] = None  # two noisy cores are late all the time
        return client.ws_connect(url, **{**scaled, **options})


class Seen:
    """What a `WebSocketApp` said, by kind, with the time of each."""

    def __init__(self, app: rxbotters.WebSocketApp) -> None:
        self.events: list[tuple[float, Any]] = []
        self.errors: list[Exception] = []
        app.events.subscribe(self._note)
        app.errors.subscribe(self.errors.append)

    def _note(self, event: Any) -> None:
        self.events.append((asyncio.get_running_loop().time(), event))

    def of(self, kind: type) -> list[Any]:
        return [event for _, event in self.events if isinstance(event, kind)]

    def at(self, kind: type) -> list[float]:
        return [when for when, event in self.events if isinstance(event, kind)]

    @property
    def frames(self) -> list[Any]:
        return [frame.data for frame in self.of(Frame) if frame.kind in ("text", "binary")]

    @property
    def closed(self) -> list[Closed]:
        return self.of(Closed)

    @property
    def delays(self) -> list[float]:
        return [waiting.delay for waiting in self.of(Waiting)]


# ---------------------------------------------------------------------- running one trial


class _Catch(logging.Handler):
    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(self.format(record))


@asynccontextmanager
async def _world(seed: int, virtual: bool) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        world = World(seed, virtual, stack)
        catch = _Catch(world.records)
        level = _log.level
        _log.addHandler(catch)
        _log.setLevel(logging.DEBUG)
        try:
            yield world
        finally:
            _log.removeHandler(catch)
            _log.setLevel(level)


async def _play(one: Row, seed: int, virtual: bool) -> dict[str, Any]:
    before = asyncio.all_tasks()
    async with _world(seed, virtual) as world:
        await one.play(world)
    await asyncio.sleep(0)
    left = [task.get_name() for task in asyncio.all_tasks() - before if "rxbotters" in task.get_name()]
    assert not left, f"tasks left: {left}"  # P10
    for line in world.records:  # P8
        assert SECRET not in line, "a secret was logged"
    return world.measured


def run_real(one: Row, seed: int) -> dict[str, Any]:
    """Play a row on real sockets."""
    return asyncio.run(asyncio.wait_for(_play(one, seed, virtual=False), _LIMIT))


def run_virtual(one: Row, seed: int) -> dict[str, Any]:
    """Play a row in virtual time; latencies and every choice follow from the seed."""
    weather = Weather(up=(0.001, 0.020), down=(0.001, 0.020))
    with VirtualLoop(seed=seed, weather=weather, until=200_000.0) as loop:
        try:
            return loop.run(_play(one, seed, virtual=True))
        except BaseException as error:
            error.add_note(f"at {loop.time():.6f} s of virtual time")
            raise
