"""Unmodified aiohttp and asyncio streams in memory; what TCP does there is what it does on loopback."""

from __future__ import annotations

import asyncio
import io
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from rxbotters.testing import NotSimulated, Unclean, Weather, current_loop, run
from rxbotters.testing.leaks import descriptors

Anywhere = Callable[[Coroutine[Any, Any, Any]], Any]
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter

# ---------------------------------------------------------------------- aiohttp


def test_an_exchange_is_served_under_its_own_name(serve: Any, echo: Any) -> None:
    """``wss://`` and ``https://`` are served in plain text, by the name and port the exchange really has."""

    async def main() -> tuple[str, str, float]:
        async with serve(echo, "ws.lightstream.bitflyer.com"), aiohttp.ClientSession() as session:
            async with session.ws_connect("wss://ws.lightstream.bitflyer.com/json-rpc") as socket:
                await socket.send_str("hello")
                answer = await socket.receive_str()
            async with session.post("https://ws.lightstream.bitflyer.com/v1", data=b"order") as response:
                return answer, await response.text(), current_loop().time()

    answer, body, took = run(main(), weather=Weather(up=(0.1, 0.1), down=(0.1, 0.1)))

    assert (answer, body) == ("hello", "order")
    assert took == pytest.approx(0.2 * 6)  # a dial, an upgrade, an echo and a goodbye; a dial and a request


def test_megabytes_arrive_whole_in_any_segments(serve: Any, echo: Any) -> None:
    sent = bytes(range(256)) * 8192

    async def main() -> bytes:
        async with (
            serve(echo),
            aiohttp.ClientSession() as session,
            session.post("https://venue.test/", data=io.BytesIO(sent)) as response,
        ):
            return await response.read()

    assert run(main(), weather=Weather(segment=(1, 9000))) == sent


def test_a_name_that_was_looked_up_is_forgotten_in_virtual_time(serve: Any, echo: Any) -> None:
    """aiohttp's DNS cache lives 10 s by a clock that is not the loop's: it is lent ours."""

    async def main() -> list[str]:
        loop = current_loop()
        outcomes = []
        async with serve(echo), aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
            for moment in (0.0, 5.0, 20.0):
                await asyncio.sleep(moment - loop.time() if moment else 0)
                try:
                    async with session.get("https://venue.test/") as response:
                        outcomes.append(str(response.status))
                except aiohttp.ClientConnectorDNSError:
                    outcomes.append("dns")
                loop.faults.inject("dns")
        return outcomes

    assert run(main()) == ["200", "200", "dns"]


def test_an_idle_connection_ages_in_virtual_time(serve: Any, echo: Any) -> None:
    async def main() -> int:
        loop = current_loop()
        async with serve(echo), aiohttp.ClientSession() as session:
            for pause in (0.0, 5.0, 60.0):  # aiohttp keeps an idle connection for 15 s
                await asyncio.sleep(pause)
                async with session.get("https://venue.test/") as response:
                    await response.read()
        return loop.network.dials

    assert run(main()) == 2


def test_the_date_header_tells_the_virtual_time_of_day(serve: Any, echo: Any) -> None:
    """A client that compares it with its own clock finds no skew; and the fault `clock` makes one."""

    async def main() -> list[str]:
        async with serve(echo), aiohttp.ClientSession() as session:
            dates = []
            for jump in (0.0, 3600.0):
                current_loop().faults.inject("clock", by=jump)
                async with session.get("https://venue.test/") as response:
                    dates.append(response.headers["Date"])
            return dates

    assert run(main(), epoch=0.0) == ["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 01:00:00 GMT"]


def test_a_connection_that_is_not_closed_is_found() -> None:
    kept: list[Writer] = []

    async def main() -> None:
        server = await asyncio.start_server(lambda r, w: w.close(), "venue.test", 80)
        kept.append((await asyncio.open_connection("venue.test", 80))[1])
        kept[0].transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(1.0)
        server.close()

    with pytest.raises(Unclean, match=r"bot>venue.test:80#1 \(client end\)"):
        run(main())


def test_a_hundred_connections_need_no_descriptor(serve: Any, echo: Any) -> None:
    """The sockets that a dial makes are never connected, and closed at once."""

    async def main() -> tuple[int, int]:
        connector = aiohttp.TCPConnector(limit=0)
        async with serve(echo), aiohttp.ClientSession(connector=connector) as session:
            before = len(descriptors())
            open_ones = [await session.ws_connect("wss://venue.test/") for _ in range(100)]
            during = len(descriptors())
            for socket in open_ones:
                await socket.close()
        return during - before, len(current_loop().network.connections())

    assert run(main()) == (0, 0)


# ---------------------------------------------------------------------- the same in both worlds


async def conversation(
    served: Callable[[Reader, Writer], Coroutine[Any, Any, None]],
    said: Callable[[Reader, Writer], Coroutine[Any, Any, Any]],
) -> Any:
    """Run both sides of one connection on 127.0.0.1; return what the client's side returns."""
    done = asyncio.Event()

    async def serve_one(reader: Reader, writer: Writer) -> None:
        try:
            await served(reader, writer)
        finally:
            writer.close()
            done.set()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        result = await said(reader, writer)
    finally:
        writer.close()
        server.close()
    await done.wait()
    await asyncio.sleep(0.1)
    return result


def test_one_side_may_say_goodbye_and_go_on_reading(anywhere: Anywhere) -> None:
    async def served(reader: Reader, writer: Writer) -> None:
        everything = await reader.read()
        writer.write(everything[::-1])

    async def said(reader: Reader, writer: Writer) -> Any:
        writer.write(b"abc")
        writer.write_eof()
        with pytest.raises(RuntimeError, match="write_eof"):
            writer.write(b"more")
        return await reader.read()

    assert anywhere(conversation(served, said)) == b"cba"


def test_closing_sends_everything_that_was_written(anywhere: Anywhere) -> None:
    async def served(reader: Reader, writer: Writer) -> None:
        writer.write(b"x" * 5_000_000)
        writer.close()
        writer.write(b"and more")

    async def said(reader: Reader, writer: Writer) -> Any:
        return len(await reader.read())

    assert anywhere(conversation(served, said)) == 5_000_008


def test_aborting_drops_what_was_not_sent(anywhere: Anywhere) -> None:
    async def served(reader: Reader, writer: Writer) -> None:
        writer.write(b"x" * 50_000_000)
        writer.transport.abort()

    async def said(reader: Reader, writer: Writer) -> Any:
        try:
            return len(await reader.read()) < 50_000_000
        except ConnectionResetError:
            return True

    assert anywhere(conversation(served, said)) is True


def test_linger_zero_resets_the_peer(anywhere: Anywhere) -> None:
    """F09 in its injection: what `SimExchange.cut("rst")` does."""

    async def served(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(3)
        plug = writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def said(reader: Reader, writer: Writer) -> Any:
        writer.write(b"abc")
        try:
            await reader.read()
        except ConnectionResetError:
            return "reset"
        return "end"

    assert anywhere(conversation(served, said)) == "reset"


def test_closing_with_unread_bytes_resets_the_peer(anywhere: Anywhere) -> None:
    async def served(reader: Reader, writer: Writer) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.3)

    async def said(reader: Reader, writer: Writer) -> Any:
        writer.write(b"abc")
        try:
            await reader.read()
        except ConnectionResetError:
            return "reset"
        return "end"

    assert anywhere(conversation(served, said)) == "reset"


def test_writing_to_a_peer_that_is_gone_ends_in_a_reset(anywhere: Anywhere) -> None:
    async def served(reader: Reader, writer: Writer) -> None:
        writer.close()

    async def said(reader: Reader, writer: Writer) -> Any:
        protocol = writer.transport.get_protocol()
        assert await reader.read() == b""
        assert protocol is not None
        try:
            for _ in range(20):
                writer.write(b"is anybody there?")
                await writer.drain()
                await asyncio.sleep(0.02)
        except (ConnectionResetError, BrokenPipeError):
            return "reset"
        return "nothing"

    assert anywhere(conversation(served, said)) == "reset"


def test_a_writer_waits_for_a_reader_that_has_paused(anywhere: Anywhere) -> None:
    """F30 in its injection: a peer that never reads blocks `drain`, and not for longer than it pauses."""

    async def served(reader: Reader, writer: Writer) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.5)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        await reader.readexactly(20_000_000)

    async def said(reader: Reader, writer: Writer) -> Any:
        loop = asyncio.get_running_loop()
        writer.write(b"x" * 20_000_000)
        began = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await writer.drain()
        waiting = writer.transport.get_write_buffer_size()  # type: ignore[attr-defined]
        await writer.drain()
        return waiting > 1_000_000, 0.3 < loop.time() - began < 5.0

    assert anywhere(conversation(served, said)) == (True, True)


def test_a_protocol_that_raises_loses_its_connection_and_is_heard_of(anywhere: Anywhere) -> None:
    told: list[str] = []

    async def served(reader: Reader, writer: Writer) -> None:
        writer.write(b"hi")
        await asyncio.sleep(0.1)
        writer.close()

    class Broken(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            raise ValueError("broken parser")

        def connection_lost(self, error: Exception | None) -> None:
            told.append(repr(error))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(type(context["exception"]).__name__))
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        await loop.create_connection(Broken, *server.sockets[0].getsockname())
        await asyncio.sleep(0.2)
        server.close()

    anywhere(main())

    assert told == ["ValueError", "ValueError('broken parser')"]


def test_a_buffered_protocol_gets_its_bytes(anywhere: Anywhere) -> None:
    class Buffered(asyncio.BufferedProtocol):
        def __init__(self) -> None:
            self.room = bytearray(4)
            self.got = b""
            self.ended = asyncio.get_running_loop().create_future()

        def get_buffer(self, sizehint: int) -> bytearray:
            return self.room

        def buffer_updated(self, nbytes: int) -> None:
            self.got += bytes(self.room[:nbytes])

        def connection_lost(self, error: Exception | None) -> None:
            self.ended.set_result(None)

    async def served(reader: Reader, writer: Writer) -> None:
        writer.write(b"0123456789")
        writer.close()

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        _, protocol = await loop.create_connection(Buffered, *server.sockets[0].getsockname())
        await protocol.ended
        server.close()
        return protocol.got

    assert anywhere(main()) == b"0123456789"


def test_buffer_limits_and_pieces_follow_asyncio(anywhere: Anywhere) -> None:
    async def served(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(5)

    async def said(reader: Reader, writer: Writer) -> Any:
        transport: Any = writer.transport
        limits = [transport.get_write_buffer_limits()]
        for given in ({"high": 1000}, {"low": 10}, {"high": 0}, {}):
            transport.set_write_buffer_limits(**given)
            limits.append(transport.get_write_buffer_limits())
        with pytest.raises(ValueError, match="must be >="):
            transport.set_write_buffer_limits(high=1, low=2)
        with pytest.raises(TypeError, match="bytes-like"):
            transport.write("text")
        transport.writelines([b"ab", bytearray(b"cd"), memoryview(b"e")])
        states = [transport.is_reading(), transport.is_closing(), transport.can_write_eof()]
        transport.pause_reading()
        states.append(transport.is_reading())
        return limits, states

    limits, states = anywhere(conversation(served, said))

    assert limits == [(16384, 65536), (250, 1000), (10, 40), (0, 0), (16384, 65536)]
    assert states == [True, False, True, False]


def test_nobody_listens_means_refused(anywhere: Anywhere) -> None:
    """F14 in its injection."""

    async def main() -> str:
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await asyncio.sleep(0)
        try:
            await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError as error:
            return str(error).replace(str(port), "PORT")
        return "connected"

    assert anywhere(main()) == "[Errno 111] Connect call failed ('127.0.0.1', PORT)"


def test_a_server_that_serves_for_ever_ends_when_cancelled(anywhere: Anywhere) -> None:
    async def main() -> tuple[bool, bool]:
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        task = asyncio.create_task(server.serve_forever())
        await asyncio.sleep(0.05)
        serving = server.is_serving()
        task.cancel()
        await asyncio.wait([task])
        return serving, server.is_serving()

    assert anywhere(main()) == (True, False)


# ---------------------------------------------------------------------- names and places


def test_a_name_nobody_was_bound_to_does_not_resolve() -> None:
    """F15 in its injection."""

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorDNSError, match=r"nowhere\.test"):
                await session.get("https://nowhere.test/")

    run(main())


def test_a_route_leads_a_name_to_a_server_elsewhere(serve: Any, echo: Any) -> None:
    async def main() -> list[str]:
        async with serve(echo, "127.0.0.1", 0) as runner, aiohttp.ClientSession() as session:
            host, port = runner.addresses[0][:2]
            network = current_loop().network
            for name in ("api.bitflyer.com", "ws.lightstream.bitflyer.com"):
                network.route(name, f"{host}:{port}")
            for name in ("api.bitflyer.com", "ws.lightstream.bitflyer.com", f"localhost:{port}"):
                scheme = "http" if "localhost" in name else "https"
                async with session.get(f"{scheme}://{name}/") as response:
                    assert response.status == 200
            with pytest.raises(ValueError, match="host:port"):
                network.route("other.test", "no port")
            return [connection.route.host for connection in network.connections()]

    assert run(main()) == ["api.bitflyer.com", "ws.lightstream.bitflyer.com", "127.0.0.1"]


def test_an_address_is_taken_once_and_free_again_after_closing() -> None:
    async def main() -> list[int]:
        servers = [await asyncio.start_server(lambda r, w: None, "venue.test", 0) for _ in range(2)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        with pytest.raises(OSError, match="in use"):
            await asyncio.start_server(lambda r, w: None, "venue.test", ports[0])
        servers[0].close()
        servers.append(await asyncio.start_server(lambda r, w: None, "venue.test", ports[0]))
        for server in servers:
            server.close()
            await server.wait_closed()
        return ports

    assert run(main()) == [49152, 49153]


def test_a_server_waits_for_its_last_connection_before_it_is_closed() -> None:
    """As Python has it from 3.12 on, whatever Python runs this."""

    async def main() -> tuple[float, bool]:
        loop = current_loop()

        patience = iter((3.0, 10.0))

        async def served(reader: Reader, writer: Writer) -> None:
            await asyncio.sleep(next(patience))
            writer.close()

        server = await asyncio.start_server(served, "venue.test", 80, start_serving=False)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("venue.test", 80)
        await server.start_serving()
        writers = [(await asyncio.open_connection("venue.test", "http"))[1] for _ in range(2)]
        began = loop.time()
        async with server:
            pass
        for writer in writers:
            writer.close()
        return loop.time() - began, server.sockets == ()

    waited, closed = run(main())

    assert waited == pytest.approx(10.0, abs=0.1)
    assert closed


def test_both_ends_know_who_they_talk_to() -> None:
    async def main() -> tuple[list[Any], list[Any], list[str]]:
        served_ends: list[Any] = []
        dialled_ends: list[Any] = []
        loop = current_loop()

        def served(reader: Reader, writer: Writer) -> None:
            served_ends.append((writer.get_extra_info("sockname"), writer.get_extra_info("peername")))
            writer.close()

        async def dial() -> None:
            reader, writer = await asyncio.open_connection("venue.test", 443, ssl=True)
            await reader.read()
            writer.close()
            plug = writer.get_extra_info("socket")
            assert (plug.getsockname(), plug.getpeername()) == tuple(
                map(writer.get_extra_info, ("sockname", "peername"))
            )
            assert writer.get_extra_info("ssl_object", "missing") is None
            dialled_ends.append((plug.getpeername(), plug.getsockname()))

        server = await asyncio.start_server(served, "venue.test", 443)
        with loop.network.host("desk"):
            await dial()
        await dial()
        server.close()
        return served_ends, dialled_ends, [(await loop.getnameinfo(peer))[0] for _, peer in served_ends]

    served_ends, dialled_ends, names = run(main())

    assert served_ends == dialled_ends
    assert names == ["desk", "bot"]


def test_only_ipv4_names_exist() -> None:
    async def main() -> None:
        loop = current_loop()
        server = await asyncio.start_server(lambda r, w: w.close(), None, 8080)
        assert (await loop.getaddrinfo("localhost", 8080))[0][4] == ("127.0.0.1", 8080)
        assert (await loop.getaddrinfo(b"::1", "https"))[0][4] == ("127.0.0.1", 443)
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("localhost", 80, family=socket.AF_INET6)
        reader, writer = await asyncio.open_connection("127.0.0.1", 8080)
        assert await reader.read() == b""
        writer.close()
        server.close()

    run(main())


def test_sockets_of_the_users_own_are_refused() -> None:
    async def main() -> None:
        loop = current_loop()
        with socket.socket() as own:
            with pytest.raises(NotSimulated, match="not dialled by this loop"):
                await loop.create_connection(asyncio.Protocol, sock=own)
            with pytest.raises(NotSimulated, match="host and a port"):
                await loop.create_server(asyncio.Protocol, sock=own)

    run(main())


def test_a_file_is_sent_the_slow_way(serve: Any, tmp_path: Any) -> None:
    file = tmp_path / "history.csv"
    file.write_text("time,price\n" * 1000)

    async def send(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(file)

    async def main() -> str:
        async with serve(send), aiohttp.ClientSession() as session, session.get("https://venue.test/") as response:
            return await response.text()

    assert run(main()) == file.read_text()
