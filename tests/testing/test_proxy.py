"""FaultProxy: the faults of the virtual network by the same names on real sockets, for an echo server and for an exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import rxbotters
from rxbotters.errors import LoginRefused
from rxbotters.sim import SimExchange, switches
from rxbotters.testing import Fault, FaultProxy, VirtualLoop, dump_script, leak_check, load_script
from rxbotters_operators.events import Closed, Live

PRODUCT = "FX_BTC_JPY"
CHANNELS = ["lightning_board_snapshot_FX_BTC_JPY", "lightning_board_FX_BTC_JPY"]
SUBSCRIPTIONS = [{"method": "subscribe", "params": {"channel": name}, "id": n} for n, name in enumerate(CHANNELS, 1)]
DEADLINE = 20.0


@asynccontextmanager
async def echo(*script: Fault, scale: float = 0.001) -> AsyncIterator[FaultProxy]:
    """A proxy in front of a server that says what it hears."""
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with asyncio.timeout(DEADLINE):
        async with FaultProxy(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", script, scale=scale) as proxy:
            yield proxy
        for writer in writers:
            writer.transport.abort()
        server.close()


@asynccontextmanager
async def line(proxy: FaultProxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*proxy.host.split(":"))
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_bytes_pass_both_ways_and_so_does_the_end() -> None:
    async with echo() as proxy, line(proxy) as (reader, writer):
        many = bytes(range(256)) * 4000
        writer.write(many)
        assert await reader.readexactly(len(many)) == many
        writer.write_eof()
        assert await reader.read() == b""


async def test_a_reset_is_a_reset_now_or_after_some_bytes() -> None:
    """F03, F09."""
    async with echo() as proxy:
        async with line(proxy) as (reader, _):
            assert proxy.inject("rst") == 1
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
        async with line(proxy) as (reader, writer):
            proxy.inject("rst", after=3)
            writer.write(b"abcdef")
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(6)


async def test_a_half_open_line_says_nothing_and_stays() -> None:
    """F10: what was sent meanwhile is gone; healed, it speaks again."""
    async with echo() as proxy, line(proxy) as (reader, writer):
        proxy.inject("half_open", direction="down")
        writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        proxy.inject("heal")
        writer.write(b"back")
        assert await reader.readexactly(4) == b"back"


async def test_a_stall_delivers_late_and_a_drip_byte_by_byte() -> None:
    """F12, F29: nothing is lost; a piece of a drip is as long as it says."""
    async with echo() as proxy, line(proxy) as (reader, writer):
        proxy.inject("stall", seconds=30.0)
        proxy.inject("drip", bytes=2, every=1.0)
        writer.write(b"abcdef")
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < 6:
            pieces.append(await reader.read(100))
        assert b"".join(pieces) == b"abcdef"
        assert len(pieces) >= 2


async def test_refused_dials_are_taken_again_after_their_seconds() -> None:
    """F14."""
    async with echo() as proxy:
        proxy.inject("refuse", seconds=50.0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*proxy.host.split(":"))
        while not proxy.ready:
            await asyncio.sleep(0.005)
        async with line(proxy):
            pass


def test_latency_and_what_happened_are_scripts_of_both_worlds() -> None:
    """A script that a real line played can be played in virtual time, and the other way round."""
    script = (Fault(0.0, "latency", up=[0.1, 0.2], down=0.1), Fault(20.0, "rst", to="client"))

    async def play() -> FaultProxy:
        async with echo(*script, scale=0.01) as proxy, line(proxy) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
        return proxy

    proxy = asyncio.run(play())

    assert [fault.name for fault in proxy.history] == ["latency", "rst"]
    assert load_script(dump_script(proxy.history)) == proxy.history
    with VirtualLoop(script=proxy.history) as loop:
        loop.run(asyncio.sleep(60.0))
        assert loop.faults.happened == proxy.happened


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(1.0, "nonsense"), "there is no fault 'nonsense'"),
        (Fault(1.0, "rst", to="nobody"), "nobody"),
        (Fault(1.0, "stall"), "seconds"),
    ],
)
async def test_a_script_with_a_mistake_is_refused_whole(fault: Fault, message: str) -> None:
    proxy = FaultProxy("127.0.0.1:1", [Fault(0.5, "rst"), fault])
    with pytest.raises(ValueError, match=message):
        await proxy.__aenter__()
    await proxy.__aexit__(None, None, None)
    with pytest.raises(ValueError, match="scale"):
        FaultProxy("127.0.0.1:1", scale=0)


async def test_a_bot_behind_it_comes_back_with_the_book_of_the_exchange() -> None:
    """F09, F10, F14: a script of a minute, played in half a second; nothing is left behind."""
    script = [Fault(10.0, "rst", to="client"), Fault(10.0, "refuse", seconds=20.0), Fault(60.0, "half_open")]
    closed: list[Closed] = []
    store = rxbotters.bitFlyerDataStore()
    options: Any = {"heartbeat": 0.1, "backoff": (0.05, 0.2, 1.5, 0.05), "late_after": None}
    with leak_check():
        async with (
            asyncio.timeout(DEADLINE),
            SimExchange(orders_per_s=0) as sim,
            FaultProxy(sim.host, scale=0.01) as proxy,
            rxbotters.Client(hosts={proxy.host: "bitflyer"}) as client,
        ):
            url = sim.ws_url.replace(sim.host, proxy.host)
            ws = client.ws_connect(url, send_json=SUBSCRIPTIONS, hdlr_json=store.onmessage, **options)
            ws.errors.subscribe(lambda error: None)
            ws.events.subscribe(lambda event: closed.append(event) if isinstance(event, Closed) else None)
            await ws.ready()
            proxy.schedule(Fault(proxy.now + fault.at, fault.name, **fault.args) for fault in script)
            while not proxy.happened["half_open"] or store.board.status_of(PRODUCT) == Live():
                await asyncio.sleep(0.002)
            while store.board.status_of(PRODUCT) != Live():
                await asyncio.sleep(0.002)
            depth: Any = store.board.depth(PRODUCT)
            truth = sim.book(PRODUCT)

    assert {"asks": list(depth.asks), "bids": list(depth.bids)} == truth
    assert {event.cause for event in closed} >= {"reset", "heartbeat"}
    assert proxy.happened == {"rst": 1, "refuse": 1, "half_open": 1}


async def test_the_switches_of_an_exchange_are_faults_with_names_too() -> None:
    """F35, F41: what it is told by a script shows at the client."""
    async with asyncio.timeout(DEADLINE), SimExchange(orders_per_s=0) as sim, FaultProxy(sim.host) as proxy:
        for name, inject in switches(sim).items():
            proxy.define(name, inject)
        proxy.inject("sim_refuse_login", text="Key is locked")
        async with rxbotters.Client(sim.apis, hosts={proxy.host: "bitflyer"}) as client:
            ws = client.ws_connect(sim.ws_url.replace(sim.host, proxy.host), send_json=SUBSCRIPTIONS)
            with pytest.raises(LoginRefused, match="Key is locked"):
                await ws.ready()
        proxy.inject("sim_refuse_login", text=None)
        async with rxbotters.Client(sim.apis, hosts={proxy.host: "bitflyer"}) as client:
            await client.ws_connect(sim.ws_url.replace(sim.host, proxy.host), send_json=SUBSCRIPTIONS).ready()
            assert proxy.inject("sim_cut") == 1

    assert [fault.name for fault in proxy.history] == ["sim_refuse_login", "sim_refuse_login", "sim_cut"]
