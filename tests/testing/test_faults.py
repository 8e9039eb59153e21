"""Every fault does what its name says, at its time, to whom it names; a script of them is data."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import find, given, settings

from rxbotters.testing import (
    Deadlock,
    Fault,
    VirtualLoop,
    Weather,
    current_loop,
    dump_script,
    load_script,
    run,
)
from rxbotters.testing.strategies import KINDS, faults, scripts, weathers

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
STILL = Weather(up=(0.1, 0.1), down=(0.1, 0.1))
SHORT = 0.001


class Line:
    """A connection to a server that sends what it is told and repeats what it hears."""

    def __init__(self) -> None:
        self.server: tuple[Reader, Writer] | None = None
        self.client: tuple[Reader, Writer] | None = None
        self.listener: asyncio.Server | None = None

    async def open(self) -> Line:
        met = asyncio.Event()

        async def served(reader: Reader, writer: Writer) -> None:
            self.server = reader, writer
            met.set()

        self.listener = await asyncio.start_server(served, "venue.test", 443)
        self.client = await asyncio.open_connection("venue.test", 443)
        await met.wait()
        return self

    async def close(self) -> None:
        for end in (self.client, self.server):
            if end is not None:
                end[1].transport.abort()
        assert self.listener is not None
        self.listener.close()


def with_line(
    use: Callable[[Line, VirtualLoop], Awaitable[Any]], *script: Fault, weather: Weather = STILL, seed: int = 0
) -> Any:
    async def main() -> Any:
        line = await Line().open()
        try:
            return await use(line, current_loop())
        finally:
            await line.close()

    return run(main(), weather=weather, script=script, seed=seed)


async def ending(reader: Reader) -> str:
    """Return how a stream ends, and what came before."""
    try:
        return f"{len(await reader.read())} bytes, end"
    except (ConnectionResetError, TimeoutError) as error:
        return type(error).__name__


# ---------------------------------------------------------------------- weather


def test_latency_is_drawn_from_the_range_of_its_direction() -> None:
    async def use(line: Line, loop: VirtualLoop) -> list[float]:
        times = []
        for writer, reader in ((line.client, line.server), (line.server, line.client)):
            assert writer is not None
            assert reader is not None
            for _ in range(20):
                began = loop.time()
                writer[1].write(b"x")
                await reader[0].readexactly(1)
                times.append(loop.time() - began)
        return times

    times = with_line(use, weather=Weather(up=(0.2, 0.3), down=(1.0, 2.0)))

    assert all(0.2 <= time <= 0.3 for time in times[:20])
    assert all(1.0 <= time <= 2.0 for time in times[20:])
    assert len(set(times)) == 40


def test_traffic_on_one_connection_changes_nothing_on_another() -> None:
    """Each connection has dice of its own: a test that grows elsewhere keeps its numbers here."""

    async def main(noise: int) -> list[float]:
        loop = current_loop()
        server = await asyncio.start_server(pong, "venue.test", 443)
        reader, writer = await asyncio.open_connection("venue.test", 443)
        with loop.network.host("noisy"):
            others = [await asyncio.open_connection("venue.test", 443) for _ in range(noise)]
        times = []
        for second in range(10):
            await asyncio.sleep(second + 10.0 - loop.time())
            for _, other in others:
                other.write(b"x")
            writer.write(b"x")
            await reader.readexactly(1)
            times.append(loop.time())
        for end in (writer, *(other for _, other in others)):
            end.close()
        server.close()
        await server.wait_closed()
        return times

    async def pong(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(ConnectionResetError):  # the noisy ones leave without reading
            while data := await reader.read(100):
                writer.write(data)
        writer.close()

    assert run(main(noise=0)) == run(main(noise=3))


def test_bytes_stay_in_order_whatever_their_latency() -> None:
    async def use(line: Line, loop: VirtualLoop) -> bytes:
        assert line.server is not None
        assert line.client is not None
        for number in range(50):
            line.server[1].write(b"%03d" % number)
            await asyncio.sleep(0.01)
        return await line.client[0].readexactly(150)

    got = with_line(use, weather=Weather(down=(0.0, 5.0)))

    assert got == b"".join(b"%03d" % number for number in range(50))


def test_small_segments_cut_messages_anywhere() -> None:
    arrivals: list[int] = []

    class Counting(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            arrivals.append(len(data))

    async def main() -> None:
        server = await asyncio.start_server(lambda r, w: (w.write(b"x" * 1000), w.close()), "venue.test", 443)
        await current_loop().create_connection(Counting, "venue.test", 443)
        await asyncio.sleep(1.0)
        server.close()

    run(main(), weather=Weather(segment=(1, 7)))

    assert sum(arrivals) == 1000
    assert set(arrivals) <= set(range(1, 8))
    assert len(set(arrivals)) == 7


@pytest.mark.parametrize(
    "wrong",
    [{"up": (0.2, 0.1)}, {"down": (-1.0, 0.0)}, {"segment": (0, 5)}, {"window": -1}, {"give_up": 0.0}],
    ids=str,
)
def test_impossible_weather_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Weather(**wrong)


# ---------------------------------------------------------------------- on connections


@pytest.mark.parametrize(
    ("to", "client", "server"),
    [
        ("both", "ConnectionResetError", "ConnectionResetError"),
        ("client", "ConnectionResetError", "waits"),
        ("server", "waits", "ConnectionResetError"),
    ],
)
def test_a_reset_is_heard_on_the_sides_it_names(to: str, client: str, server: str) -> None:
    """F09 in its injection."""

    async def use(line: Line, loop: VirtualLoop) -> list[str]:
        assert line.server is not None
        assert line.client is not None
        line.server[1].write(b"lost")

        async def heard(reader: Reader) -> str:
            try:
                async with asyncio.timeout(60):
                    return await ending(reader)
            except TimeoutError:
                return "waits"

        loop.faults.inject("rst", to=to)
        return list(await asyncio.gather(heard(line.client[0]), heard(line.server[0])))

    assert with_line(use) == [client, server]


def test_a_reset_can_fall_into_the_middle_of_a_message() -> None:
    heard: list[object] = []

    class Listening(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            heard.append(data)

        def connection_lost(self, error: Exception | None) -> None:
            heard.append(type(error))

    async def served(reader: Reader, writer: Writer) -> None:
        current_loop().faults.inject("rst", after=7)
        writer.write(b"0123456789")
        await asyncio.sleep(1.0)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(served, "venue.test", 443)
        await current_loop().create_connection(Listening, "venue.test", 443)
        await asyncio.sleep(2.0)
        server.close()

    run(main())

    assert heard == [b"0123456", ConnectionResetError]


@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_a_half_open_connection_swallows_everything_and_says_nothing(direction: str) -> None:
    """F10 in its injection: no bytes, no FIN."""

    async def use(line: Line, loop: VirtualLoop) -> dict[str, bool]:
        assert line.server is not None
        assert line.client is not None
        loop.faults.inject("half_open", direction=direction)
        got = {}
        for name, writer, reader in (("up", line.client, line.server), ("down", line.server, line.client)):
            writer[1].write(b"x")
            writer[1].write_eof()
            try:
                async with asyncio.timeout(300):
                    got[name] = bool(await reader[0].read())
            except TimeoutError:
                got[name] = False
        return got

    assert with_line(use) == {name: direction not in (name, "both") for name in ("up", "down")}


def test_a_writer_into_a_half_open_connection_gives_up_as_tcp_does() -> None:
    """And one that only reads waits for ever: that is what heartbeats are for."""

    async def use(line: Line, loop: VirtualLoop) -> tuple[str, float]:
        assert line.client is not None
        loop.faults.inject("half_open")
        line.client[1].write(b"ping")
        began = loop.time()
        return await ending(line.client[0]), loop.time() - began

    assert with_line(use) == ("TimeoutError", 924.0)

    async def only_read(line: Line, loop: VirtualLoop) -> None:
        assert line.client is not None
        loop.faults.inject("half_open")
        await line.client[0].read()

    with pytest.raises(Deadlock, match=r"test_faults.py:\d+ in only_read"):
        with_line(only_read)


def test_a_drip_delivers_a_few_bytes_at_a_time_and_then_normally() -> None:
    """F12 in its injection."""

    async def use(line: Line, loop: VirtualLoop) -> list[float]:
        assert line.server is not None
        assert line.client is not None
        line.server[1].write(b"x" * 1000)
        times = []
        for _ in range(4):
            await line.client[0].readexactly(2)
            times.append(loop.time())
        await line.client[0].readexactly(992)
        return [*times, loop.time()]

    times = with_line(use, Fault(0.3, "drip", bytes=2, every=0.5, seconds=5.0))

    assert times == pytest.approx([0.3, 0.8, 1.3, 1.8, 5.3], abs=SHORT)


def test_a_stall_delivers_everything_late_and_at_once() -> None:
    async def use(line: Line, loop: VirtualLoop) -> tuple[float, float]:
        assert line.server is not None
        assert line.client is not None
        for _ in range(10):
            line.server[1].write(b"x")
            await asyncio.sleep(1.0)
        await line.client[0].readexactly(1)
        first = loop.time()
        await line.client[0].readexactly(9)
        return first, loop.time()

    first, last = with_line(use, Fault(0.25, "stall", seconds=60.0))

    assert first == pytest.approx(60.25, abs=SHORT)
    assert last == first


# ---------------------------------------------------------------------- on hosts


def test_a_refusal_ends_by_itself() -> None:
    """F14 in its injection: a round trip each, then nobody refuses any more."""

    async def main() -> list[float]:
        loop = current_loop()
        server = await asyncio.start_server(lambda r, w: w.close(), "venue.test", 443)
        refused = []
        while True:
            try:
                reader, writer = await asyncio.open_connection("venue.test", 443)
                break
            except ConnectionRefusedError:
                refused.append(loop.time())
                await asyncio.sleep(3.8)
        await reader.read()
        writer.close()
        server.close()
        return refused

    refused = run(main(), weather=STILL, script=[Fault(0.0, "refuse", host="venue.*", seconds=10.0)])

    assert refused == pytest.approx([0.2, 4.2, 8.2])


def test_names_of_a_host_stop_resolving_and_addresses_do_not_care() -> None:
    """F15 in its injection."""

    async def main() -> list[str]:
        servers = [await asyncio.start_server(lambda r, w: w.close(), host, 443) for host in ("a.test", "b.test")]
        outcomes = []
        for host in ("a.test", "b.test", current_loop().network.resolve("b.test")):
            if host == "a.test":
                current_loop().faults.inject("dns", host="a.*")
            try:
                reader, writer = await asyncio.open_connection(host, 443)
                await reader.read()
                writer.close()
                outcomes.append("connected")
            except OSError as error:
                outcomes.append(str(error))
        for server in servers:
            server.close()
        return outcomes

    assert run(main()) == ["[Errno -2] Name or service not known", "connected", "connected"]


def test_a_partition_parts_the_named_hosts_only_and_heals() -> None:
    """Bytes and dials between them wait; what was under way arrives when it is over."""

    async def main() -> dict[str, float]:
        loop = current_loop()
        times: dict[str, float] = {}

        async def served(reader: Reader, writer: Writer) -> None:
            await asyncio.sleep(5.0)
            writer.write(b"tick")
            writer.close()

        server = await asyncio.start_server(served, "venue.test", 443)

        async def client(name: str, begin: float) -> None:
            await asyncio.sleep(begin)
            reader, writer = await asyncio.open_connection("venue.test", 443)
            times[f"{name} connected"] = round(loop.time(), 1)
            await reader.readexactly(4)
            times[f"{name} heard"] = round(loop.time(), 1)
            await reader.read()
            writer.close()

        tasks = []
        for host, begin in (("tokyo", 0.0), ("osaka", 0.0), ("tokyo", 10.0)):
            with loop.network.host(host):
                tasks.append(asyncio.create_task(client(f"{host} {begin:g}", begin)))
        await asyncio.gather(*tasks)
        server.close()
        return times

    times = run(main(), weather=STILL, script=[Fault(1.0, "partition", a="tokyo", b="venue.test", seconds=60.0)])

    assert times == {
        "tokyo 0 connected": 0.2,
        "osaka 0 connected": 0.2,
        "osaka 0 heard": 5.3,
        "tokyo 0 heard": 61.0,
        "tokyo 10 connected": 61.2,
        "tokyo 10 heard": 66.3,
    }


def test_latency_changes_for_a_while_and_heal_ends_everything() -> None:
    async def use(line: Line, loop: VirtualLoop) -> list[float]:
        assert line.client is not None
        assert line.server is not None
        took = []
        for change in ("none", "slow", "held", "healed"):
            if change == "slow":
                loop.faults.inject("latency", host="venue.test:443", up=2.0)
            elif change == "held":
                loop.faults.inject("partition")
                loop.faults.inject("drip", direction="up", every=50.0)
                loop.call_later(7.0, loop.faults.inject, "heal")
            began = loop.time()
            line.client[1].write(b"xy")
            await line.server[0].readexactly(2)
            took.append(loop.time() - began)
        return took

    assert with_line(use) == pytest.approx([0.1, 2.0, 7.0, 0.1])


def test_a_dial_waits_for_a_partition_that_only_heal_ends() -> None:
    async def main() -> float:
        loop = current_loop()
        server = await asyncio.start_server(lambda r, w: w.close(), "venue.test", 443)
        loop.faults.inject("partition")
        loop.call_later(100.0, loop.faults.inject, "heal")
        reader, writer = await asyncio.open_connection("venue.test", 443)
        await reader.read()
        writer.close()
        server.close()
        return loop.time()

    assert run(main(), weather=STILL) == pytest.approx(100.3)


# ---------------------------------------------------------------------- on this machine


def test_a_task_is_cancelled_by_name_now_or_at_an_await_point() -> None:
    steps: list[str] = []

    async def work(name: str) -> None:
        for number in range(3):
            steps.append(f"{name}{number}")
            await asyncio.sleep(1.0)

    async def main() -> tuple[int, list[bool]]:
        loop = current_loop()
        loop.faults.inject("cancel", task="late *", point=2)
        tasks = [asyncio.create_task(work("a"), name="early a"), asyncio.create_task(work("b"), name="late b")]
        await asyncio.sleep(0.5)
        hits = loop.faults.inject("cancel", task="early *")
        await asyncio.wait(tasks)
        return hits, [task.cancelled() for task in tasks]

    assert run(main()) == (1, [True, True])
    assert steps == ["a0", "b0", "b1"]


# ---------------------------------------------------------------------- scripts


def test_a_script_happens_at_its_times_and_is_told_in_the_trace() -> None:
    script = [Fault(10.0, "stall", seconds=1.0), Fault(5.0, "refuse", host="a.test"), Fault(20.0, "clock", by=3.0)]

    with VirtualLoop(script=script) as loop:
        loop.run(asyncio.sleep(30.0))

        assert loop.faults.history == tuple(sorted(script, key=lambda fault: fault.at))
        assert loop.faults.happened == {"stall": 1, "refuse": 1, "clock": 1}
        assert loop.trace.lines()[:2] == [
            "5.000000000 fault refuse host='a.test' hits=1",
            "10.000000000 fault stall seconds='1.0' hits=0",
        ]


def test_a_fault_of_the_users_own_has_a_name_too() -> None:
    struck: list[str] = []

    with VirtualLoop() as loop:
        loop.faults.define("maintenance", lambda *, how: struck.append(how))
        loop.faults.schedule([Fault(1.0, "maintenance", how="502")])
        loop.run(asyncio.sleep(2.0))
        with pytest.raises(ValueError, match="already"):
            loop.faults.define("rst", lambda: None)

    assert struck == ["502"]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(9.0, "rst", hots="venue"), "unexpected keyword argument 'hots'"),
        (Fault(9.0, "stall"), "missing a required .*argument: 'seconds'"),
        (Fault(9.0, "earthquake"), "no fault 'earthquake'; known: cancel, clock, dns, drip"),
        (Fault(9.0, "stall", seconds=1.0, direction="left"), "direction must be one of up, down, both"),
        (Fault(9.0, "rst", to="nobody"), "to must be one of client, server, both"),
        (Fault(0.5, "refuse"), "is in the past: it is 1 s"),
    ],
    ids=str,
)
def test_a_script_with_a_mistake_is_refused_whole(fault: Fault, says: str) -> None:
    with VirtualLoop() as loop:
        loop.run(asyncio.sleep(1.0))
        with pytest.raises(ValueError, match=says):
            loop.faults.schedule([Fault(2.0, "refuse"), fault])
        loop.run(asyncio.sleep(10.0))

        assert not loop.faults.history


@pytest.mark.parametrize(
    ("name", "args"),
    [("refuse", {"seconds": 0.0}), ("drip", {"bytes": 0}), ("latency", {"up": [2.0, 1.0]})],
)
def test_a_number_that_makes_no_sense_is_refused_when_it_happens(name: str, args: dict[str, Any]) -> None:
    with VirtualLoop() as loop, pytest.raises(ValueError, match="seconds"):
        loop.faults.inject(name, **args)


@given(scripts())
def test_a_script_survives_json_and_repr(script: tuple[Fault, ...]) -> None:
    text = dump_script(script)

    assert load_script(text) == script
    assert json.loads(text) == [{"at": f.at, "name": f.name, "args": dict(f.args)} for f in script]
    assert eval(repr(script), {"Fault": Fault}) == script
    assert set(script) == set(load_script(text))


def test_what_is_no_script_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="not a script"):
        load_script('[{"name": "rst"}]')
    with pytest.raises(ValueError, match="from 0 on"):
        Fault(-1.0, "rst")
    with pytest.raises(ValueError, match="no strategy for earthquake"):
        find(faults(kinds=["earthquake"]), lambda _: True)
    assert Fault(1.0, "rst") != "rst"


@given(scripts(seconds=60.0, longest=20.0), weathers())
@settings(max_examples=30, deadline=None)
def test_under_any_script_a_talk_ends_and_is_the_same_again(script: tuple[Fault, ...], weather: Weather) -> None:
    """Nothing is left behind, no error is lost, and a second run has the same trace."""

    async def main() -> None:
        loop = current_loop()

        async def served(reader: Reader, writer: Writer) -> None:
            try:
                while data := await reader.read(100):
                    writer.write(data)
            except OSError as error:
                loop.note("server", error=type(error).__name__)
            writer.transport.abort()

        server = await asyncio.start_server(served, "venue.test", 443)
        for turn in range(20):
            try:
                async with asyncio.timeout(10.0):
                    reader, writer = await asyncio.open_connection("venue.test", 443)
                    try:
                        writer.write(b"x" * 64)
                        loop.note("echo", turn=turn, got=len(await reader.readexactly(64)))
                    finally:
                        writer.transport.abort()
            except (OSError, EOFError, TimeoutError) as error:
                loop.note("client", turn=turn, error=type(error).__name__)
            await asyncio.sleep(3.0)
        server.abort_clients()  # type: ignore[attr-defined]
        server.close()
        await asyncio.sleep(1000.0)

    hashes = []
    for _ in range(2):
        with VirtualLoop(seed=1, script=script, weather=weather) as loop:
            loop.run(main())
            hashes.append(loop.trace_hash())

    assert hashes[0] == hashes[1]


def test_every_kind_that_is_generated_can_be_scheduled() -> None:
    for kind in KINDS:
        fault = find(faults(kinds=[kind]), lambda _: True)
        with VirtualLoop(script=[fault]) as loop:
            loop.run(asyncio.sleep(1000.0))
            assert loop.faults.happened == {kind: 1}


def test_aiohttp_sees_the_faults_as_its_own_errors(serve: Any, echo: Any) -> None:
    async def main() -> list[str]:
        loop = current_loop()
        seen = []
        async with serve(echo), aiohttp.ClientSession(connector=aiohttp.TCPConnector(use_dns_cache=False)) as session:
            for name, args in (("refuse", {}), ("dns", {}), ("partition", {})):
                loop.faults.inject(name, **args)
                try:
                    async with session.get("https://venue.test/", timeout=aiohttp.ClientTimeout(total=5)):
                        seen.append("answered")
                except (aiohttp.ClientError, TimeoutError) as error:
                    seen.append(type(error).__name__)
                loop.faults.inject("heal")
            async with session.ws_connect("wss://venue.test/") as socket:
                loop.faults.inject("rst", to="client")
                seen.append((await socket.receive()).type.name)
        return seen

    assert run(main()) == ["ClientConnectorError", "ClientConnectorDNSError", "TimeoutError", "CLOSED"]
