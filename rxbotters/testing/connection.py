"""`Connection`: two transports, the two pipes between them, and what a fault can do to them."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from .clock import seeded
from .pipe import Pipe
from .plug import Plug
from .server import MemoryServer
from .transport import MemoryTransport
from .weather import Drip, Range, Weather

if TYPE_CHECKING:
    from .trace import Trace

__all__ = ["Connection", "Direction", "Route", "Side", "check_side", "sides"]

Direction = Literal["up", "down", "both"]
"""``up``: from client to server."""
Side = Literal["client", "server", "both"]


def check_side(to: str) -> None:
    """Refuse a word that is no side.

    Raises:
        ValueError: It is none.
    """
    if to not in get_args(Side):
        raise ValueError(f"to must be one of {', '.join(get_args(Side))}, got {to!r}")


def sides(direction: str) -> tuple[str, ...]:
    """Return the directions that a word means.

    Raises:
        ValueError: It is no direction.
    """
    if direction not in get_args(Direction):
        raise ValueError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}")
    return ("up", "down") if direction == "both" else (direction,)


@dataclass(frozen=True, slots=True)
class Route:
    """A dial that was answered.

    Attributes:
        name: ``origin>host:port#n``; what the trace calls the connection.
        origin: Who dialled.
        host: The name that was dialled.
        port: The port that was dialled.
        server: Who answered.
    """

    name: str
    origin: str
    host: str
    port: int
    server: MemoryServer


class Connection:
    """An open connection.

    Attributes:
        route: Where it goes.
        client: The end that dialled.
        server: The end that answered.
        pipes: By direction.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        trace: Trace,
        route: Route,
        factory: Callable[[], asyncio.BaseProtocol],
        *,
        seed: int,
        weather: Weather,
        plugs: tuple[Plug, Plug],
        ended: Callable[[Connection], None],
    ) -> None:
        self.route = route
        self._loop = loop
        self._trace = trace
        self._ended = ended
        self._open = 2
        self.pipes = {
            name: Pipe(loop, seeded(seed, f"{route.name} {name}"), latency, weather, self._counter(name))
            for name, latency in (("up", weather.up), ("down", weather.down))
        }
        client, server = plugs
        try:
            answering = route.server.factory()
        except Exception as error:
            loop.call_exception_handler({"message": f"{route.name}: the server's protocol failed", "exception": error})
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer") from None
        plain: dict[str, object] = {"sslcontext": None, "ssl_object": None, "peercert": None, "cipher": None}
        self.client = MemoryTransport(
            loop, factory(), client, plain, window=weather.window, gone=lambda: self._gone("client")
        )
        self.server = MemoryTransport(
            loop,
            answering,
            server,
            {**plain, **route.server.extra},
            window=weather.window,
            gone=lambda: self._gone("server"),
        )
        for name, source, target in (("up", self.client, self.server), ("down", self.server, self.client)):
            pipe = self.pipes[name]
            pipe.source, pipe.target = source, target
            source.outgoing = target.incoming = pipe
        route.server.attach(self.server, id(self))
        for end in (self.server, self.client):
            loop.call_soon(end.get_protocol().connection_made, end)
        trace.add(loop.time(), route.name, "open")

    def _counter(self, direction: str) -> Callable[[int], None]:
        actor = f"{self.route.name} {direction}"
        return lambda count: self._trace.moved(self._loop.time(), actor, count)

    def _gone(self, side: str) -> None:
        self._trace.add(self._loop.time(), self.route.name, f"{side} end closed")
        self._open -= 1
        if side == "server":
            self.route.server.detach(id(self))
        if not self._open:
            self._ended(self)

    # ------------------------------------------------------------------ faults

    def silence(self, direction: str) -> None:
        """Let bytes vanish from now on, in one direction or in both."""
        for name in sides(direction):
            self.pipes[name].silence()

    def hold(self, until: float, direction: str = "both") -> None:
        """Deliver nothing before ``until``."""
        for name in sides(direction):
            self.pipes[name].hold(until)

    def heal(self, up: Range, down: Range) -> None:
        """Deliver what was held, at once and at the usual pace; what is silent stays silent."""
        for pipe in self.pipes.values():
            pipe.drip = None
            pipe.release()
        self.change(up, down)

    def drip(self, drip: Drip, direction: str) -> None:
        """Deliver a few bytes at a time."""
        for name in sides(direction):
            self.pipes[name].drip = drip
            self.pipes[name].wake()

    def change(self, up: Range | None, down: Range | None) -> None:
        """Change the latency of what is written from now on."""
        for name, latency in (("up", up), ("down", down)):
            if latency is not None:
                self.pipes[name].latency = latency

    def reset(self, to: str = "both") -> None:
        """Reset the connection: one end hears of it, or both; what is under way is lost."""
        self._trace.add(self._loop.time(), self.route.name, "reset", to=to)
        for pipe in self.pipes.values():
            pipe.silence()
            pipe.clear()
        for side, end in (("client", self.client), ("server", self.server)):
            if to in ("both", side):
                end.arrive_reset()

    def reset_after(self, count: int, direction: str, to: str) -> None:
        """Reset the connection once ``count`` more bytes have arrived, in the middle of whatever they belong to."""
        for name in sides(direction):
            self.pipes[name].cut = count
            self.pipes[name].on_cut = lambda: self.reset(to)

    def open_ends(self) -> list[str]:
        """Return the ends that are not closed."""
        ends = (("client", self.client), ("server", self.server))
        return [f"{self.route.name} ({side} end)" for side, end in ends if not end.gone]

    def __repr__(self) -> str:
        return f"<Connection {self.route.name}>"
