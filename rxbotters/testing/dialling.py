"""`Dialling`: the part of the virtual loop that connects, listens, resolves, and refuses what would leave it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from .connection import Route
from .errors import NotSimulated
from .network import Network
from .plug import Address
from .server import MemoryServer

__all__ = ["Dialling"]

P = TypeVar("P", bound=asyncio.BaseProtocol)
Info = tuple[socket.AddressFamily, socket.SocketKind, int, str, Address]

_SERVICES = {"http": 80, "https": 443}
_REFUSED = (
    *("add_reader", "add_writer", "start_tls", "create_datagram_endpoint", "connect_accepted_socket"),
    *("create_unix_connection", "create_unix_server", "connect_read_pipe", "connect_write_pipe"),
    *("sock_recv", "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendall", "sock_sendto"),
    *("sock_sendfile", "sock_accept", "subprocess_exec", "subprocess_shell"),
)


def _port(port: object) -> int:
    text = str(port or 0)
    return int(text) if text.isdigit() else _SERVICES.get(text, 0)


class Dialling(asyncio.SelectorEventLoop):
    """asyncio's network calls, answered in memory. TLS is not spoken: ``ssl`` is accepted and ignored.

    A socket object that somebody makes in order to dial is never connected; it is closed when its transport is made.
    """

    network: Network

    def __init__(self, selector: Any) -> None:
        super().__init__(selector)
        self._answered: WeakKeyDictionary[socket.socket, Route] = WeakKeyDictionary()

    # ------------------------------------------------------------------ names

    async def getaddrinfo(  # type: ignore[override]
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,
        flags: int = 0,
    ) -> list[Info]:
        """Resolve a name of the virtual network; IPv4 only.

        Raises:
            socket.gaierror: There is no such name.
        """
        if family not in (0, socket.AF_INET):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        name = host.decode() if isinstance(host, bytes) else host
        address = (self.network.resolve(name or "localhost"), _port(port))
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        """Return the name and the port of an address."""
        return self.network.names.name(sockaddr[0]), str(sockaddr[1])

    # ------------------------------------------------------------------ dialling

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Dial; the socket object stays as it is, and stands for the answer until `create_connection` takes it.

        Raises:
            ConnectionRefusedError: Nobody listens there.
        """
        self._answered[sock] = await self.network.dial((self.network.resolve(address[0]), address[1]))

    async def create_connection(
        self,
        protocol_factory: Callable[[], P],
        host: str | None = None,
        port: int | str | None = None,
        *,
        sock: socket.socket | None = None,
        **options: object,
    ) -> tuple[asyncio.Transport, P]:
        """Connect in memory.

        Args:
            protocol_factory: Makes the protocol.
            host: A name of the virtual network.
            port: Its port.
            sock: Instead of these: a socket that `sock_connect` was called with.
            options: ``ssl`` and whatever else asyncio knows; ignored.

        Raises:
            OSError: The name does not resolve, or the dial was refused.
            NotSimulated: ``sock`` is connected elsewhere.
        """
        if sock is None:
            infos = await self.getaddrinfo(host, port)
            route = await self.network.dial(infos[0][4])
        else:
            answered = self._answered.pop(sock, None)
            if answered is None:
                raise NotSimulated("create_connection(sock=…)", "this socket was not dialled by this loop")
            route = answered
        connection = self.network.connect(route, protocol_factory)
        if sock is not None:
            sock.close()
        made = self.create_future()
        self.call_soon(lambda: None if made.done() else made.set_result(None))
        try:
            await made
        except BaseException:
            connection.client.close()
            raise
        return connection.client, connection.client.get_protocol()  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    # ------------------------------------------------------------------ listening

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | Sequence[str] | None = None,
        port: int | str | None = None,
        *,
        sock: socket.socket | None = None,
        ssl: object = None,
        start_serving: bool = True,
        **options: object,
    ) -> MemoryServer:
        """Listen in memory; a name that is new begins to exist.

        Args:
            protocol_factory: Makes a protocol for each connection.
            host: Names or addresses; ``None``: all.
            port: 0 for a free one.
            sock: Cannot be simulated.
            ssl: Given out as ``sslcontext``; TLS is not spoken.
            start_serving: Whether connections are accepted at once.
            options: Whatever else asyncio knows; ignored.

        Raises:
            OSError: The address is in use.
            NotSimulated: ``sock`` was given.
        """
        if sock is not None:
            raise NotSimulated("create_server(sock=…)", "give it a host and a port")
        server = self.network.listen(protocol_factory, host, _port(port), {"sslcontext": ssl} if ssl else {})
        if start_serving:
            server.begin()
        return server

    # ------------------------------------------------------------------ the rest of the world

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Call ``func`` here and now, whatever the executor: a thread has no virtual time."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def sendfile(self, *args: Any, **options: Any) -> int:
        """Say that it cannot be done, so that callers copy the file instead."""
        raise NotImplementedError("the virtual network copies files the slow way")


def _refusal(name: str) -> Callable[..., Any]:
    def refuse(self: object, *args: object, **options: object) -> Any:
        raise NotSimulated(
            f"loop.{name}()",
            "the simulation knows TCP streams only (create_connection, create_server and what stands on them); a "
            "resolver with sockets of its own, such as aiodns, must give way to aiohttp.ThreadedResolver",
        )

    refuse.__name__ = name
    return refuse


for _name in _REFUSED:
    setattr(Dialling, _name, _refusal(_name))
