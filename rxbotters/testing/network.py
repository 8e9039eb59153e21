"""`Network`: names, listeners and connections of a virtual loop.

Rules
  1. A name exists if a server was bound to it, or if it was given a route; nothing else resolves.
  2. A connection's chance is its own, seeded by its name: traffic here changes nothing there.
  3. A dial takes a round trip, hears of a refusal after one, and hangs while a partition lasts.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .clock import seeded
from .conditions import Conditions
from .connection import Connection, Route
from .names import Names
from .plug import Address, Plug
from .server import MemoryServer
from .weather import Weather

if TYPE_CHECKING:
    from .trace import Trace

__all__ = ["Network"]

_ANY = "0.0.0.0"
_origin: ContextVar[str] = ContextVar("rxbotters_testing_origin", default="bot")


class Network:
    """The network of one `VirtualLoop`; its attribute ``network``.

    Args:
        loop: The virtual loop.
        trace: Hears what happens.
        seed: Of every latency.
        weather: What connections are like.

    Attributes:
        weather: Of connections that are opened from now on; assign to change it.
        conditions: What is wrong at the moment.
        dials: How many connections were attempted.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, trace: Trace, seed: int, weather: Weather) -> None:
        self.loop = loop
        self.weather = weather
        self.conditions = Conditions(loop)
        self.names = Names()
        self.dials = 0
        self._trace = trace
        self._seed = seed
        self._listening: dict[Address, MemoryServer] = {}
        self._routes: dict[str, Address] = {}
        self._connections: dict[str, Connection] = {}
        self._counts: Counter[str] = Counter()
        self._next_port = {"server": 49152, "client": 32768}

    # ------------------------------------------------------------------ places

    @contextmanager
    def host(self, name: str) -> Generator[None]:
        """Dial as ``name`` in this block, and in the tasks that begin in it; else one dials as ``bot``."""
        token = _origin.set(name)
        try:
            yield
        finally:
            _origin.reset(token)

    def route(self, name: str, to: str) -> None:
        """Let a name lead to a server that listens elsewhere, whatever the port.

        Args:
            name: Such as ``ws.lightstream.bitflyer.com``.
            to: ``host:port`` of the server.

        Raises:
            ValueError: ``to`` has no port.
        """
        host, _, port = to.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"to must be host:port, got {to!r}")
        self._routes[self.names.address(name)] = (self.names.address(host), int(port))

    def listen(
        self,
        factory: Callable[[], asyncio.BaseProtocol],
        hosts: str | Sequence[str] | None,
        port: int,
        extra: dict[str, object],
    ) -> MemoryServer:
        """Bind a server to names or addresses; ``None`` and ``""``: to all of them. Port 0: a free one.

        Raises:
            OSError: The address is in use.
        """
        wanted = [hosts] if hosts is None or isinstance(hosts, str) else list(hosts)
        if not port:
            port, self._next_port["server"] = self._next_port["server"], self._next_port["server"] + 1
        addresses = [(self.names.address(host) if host else _ANY, port) for host in wanted]
        for address in addresses:
            if address in self._listening:
                raise OSError(errno.EADDRINUSE, f"address {address} is in use in the virtual network")
        server = MemoryServer(self, factory, tuple(Plug(address) for address in addresses), extra)
        for address in addresses:
            self._listening[address] = server
        return server

    def stop_listening(self, plugs: Sequence[Plug]) -> None:
        """Free the addresses of a server."""
        for plug in plugs:
            self._listening.pop(plug.getsockname(), None)

    def _server_at(self, address: Address) -> MemoryServer | None:
        ip, port = self._routes.get(address[0], address)
        server = self._listening.get((ip, port)) or self._listening.get((_ANY, port))
        return server if server is not None and server.is_serving() else None

    # ------------------------------------------------------------------ dialling

    def resolve(self, host: str) -> str:
        """Return the address of a name.

        Raises:
            socket.gaierror: There is no such name, or name service is down.
        """
        down = not self.names.numeric(host) and self.conditions.holds("dns", host)
        found = None if down else self.names.known(host)
        if found is None:
            self._trace.add(self.loop.time(), host, "does not resolve")
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found

    async def dial(self, address: Address) -> Route:
        """Reach a server.

        Raises:
            ConnectionRefusedError: Nobody listens there, or it was told to refuse.
        """
        ip, port = address
        host, origin = self.names.name(ip), _origin.get()
        place = f"{origin}>{host}:{port}"
        self._counts[place] += 1
        self.dials += 1
        name = f"{place}#{self._counts[place]}"
        self._trace.add(self.loop.time(), name, "dial")
        dice = seeded(self._seed, f"{name} dial")
        await self.conditions.until_reachable(origin, host)
        weather = self.conditions.weather(host, self.weather)
        await asyncio.sleep(sum(low + (high - low) * dice.random() for low, high in (weather.up, weather.down)))
        await self.conditions.until_reachable(origin, host)
        server = self._server_at(address)
        if server is None or self.conditions.holds("refuse", host):
            self._trace.add(self.loop.time(), name, "refused")
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {(host, port)}")
        return Route(name, origin, host, port, server)

    def connect(self, route: Route, factory: Callable[[], asyncio.BaseProtocol]) -> Connection:
        """Open the connection that a dial has found.

        Raises:
            ConnectionRefusedError: The server has closed meanwhile.
        """
        if not route.server.is_serving():
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {(route.host, route.port)}")
        here = (self.names.address(route.origin), self._next_port["client"])
        self._next_port["client"] += 1
        there = (self.names.address(route.host), route.port)
        connection = Connection(
            self.loop,
            self._trace,
            route,
            factory,
            seed=self._seed,
            weather=self.conditions.weather(route.host, self.weather),
            plugs=(Plug(here, there), Plug(there, here)),
            ended=self._forget,
        )
        self._connections[route.name] = connection
        return connection

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection.route.name, None)

    # ------------------------------------------------------------------ looking

    def connections(self, host: str = "*") -> list[Connection]:
        """Return the open connections to hosts of this pattern (``name`` or ``name:port``), oldest first."""
        return [
            connection
            for connection in self._connections.values()
            if fnmatchcase(connection.route.host, host)
            or fnmatchcase(f"{connection.route.host}:{connection.route.port}", host)
        ]

    def open_ends(self) -> list[str]:
        """Return every end that is not closed."""
        return [end for connection in self._connections.values() for end in connection.open_ends()]

    def abort(self) -> None:
        """Cut everything, for the end of a simulation."""
        for connection in list(self._connections.values()):
            for end in (connection.client, connection.server):
                end.abort()
