"""`MemoryServer`: a listening socket of the virtual network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .plug import Plug

if TYPE_CHECKING:
    from .network import Network
    from .transport import MemoryTransport

__all__ = ["MemoryServer"]


class MemoryServer(asyncio.AbstractServer):
    """What `loop.create_server` returns, in memory.

    Its manners are those of Python 3.12 and later: `wait_closed` waits until the last connection is gone.

    Args:
        network: Where it listens.
        factory: Makes a protocol for each connection.
        plugs: The addresses it listens at.
        extra: For `get_extra_info` of its transports.
    """

    def __init__(
        self,
        network: Network,
        factory: Callable[[], asyncio.BaseProtocol],
        plugs: tuple[Plug, ...],
        extra: dict[str, object],
    ) -> None:
        self.factory = factory
        self.extra = extra
        self._network = network
        self._plugs = plugs
        self._transports: dict[int, MemoryTransport] = {}
        self._serving = False
        self._closed = False
        self._waiters: list[asyncio.Future[None]] = []
        self._forever: asyncio.Future[None] | None = None

    @property
    def sockets(self) -> tuple[Any, ...]:
        """Stand-ins that know their address; none once it is closed."""
        return () if self._closed else self._plugs

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop it runs in."""
        return self._network.loop

    def is_serving(self) -> bool:
        """Whether connections are accepted."""
        return self._serving

    async def start_serving(self) -> None:
        """Accept connections."""
        self.begin()

    def begin(self) -> None:
        """Accept connections; a plain function."""
        if not self._closed and not self._serving:
            self._serving = True

    async def serve_forever(self) -> None:
        """Accept connections until it is closed or the caller is cancelled."""
        self.begin()
        self._forever = self.get_loop().create_future()
        try:
            await self._forever
        finally:
            self._forever = None
            self.close()

    def attach(self, transport: MemoryTransport, number: int) -> None:
        """Remember an open connection."""
        self._transports[number] = transport

    def detach(self, number: int) -> None:
        """Forget a connection that is gone."""
        self._transports.pop(number, None)
        self._settle()

    def close(self) -> None:
        """Accept no more; open connections live on."""
        if not self._closed:
            self._closed = True
            self._serving = False
            self._network.stop_listening(self._plugs)
            if self._forever is not None:
                self._forever.cancel()
            self._settle()

    def close_clients(self) -> None:
        """Close every open connection."""
        for transport in list(self._transports.values()):
            transport.close()

    def abort_clients(self) -> None:
        """Abort every open connection."""
        for transport in list(self._transports.values()):
            transport.abort()

    def _settle(self) -> None:
        if self._closed and not self._transports:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    async def wait_closed(self) -> None:
        """Wait until it is closed and its last connection is gone."""
        if not (self._closed and not self._transports):
            waiter = self.get_loop().create_future()
            self._waiters.append(waiter)
            await waiter
