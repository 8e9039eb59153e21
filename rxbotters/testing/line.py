"""`Line`: one connection through a `FaultProxy`, and what is wrong with it."""

from __future__ import annotations

import asyncio
import socket
import struct

from .weather import Drip

__all__ = ["Line"]

_READ = 65536


class Line:
    """Two sockets, and a task for each direction: ``"up"`` from the client to the server, ``"down"`` back.

    Attributes:
        silent: Directions whose bytes vanish.
        held: Direction → the time of the loop until which nothing arrives.
        dripping: Direction → how its bytes trickle.
        delay: Direction → seconds that each piece takes.
        resets: Direction → bytes after which the line is reset, and which end hears of it.
    """

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._writers = {"client": client, "server": server}
        self.silent: set[str] = set()
        self.held: dict[str, float] = {}
        self.dripping: dict[str, Drip] = {}
        self.delay: dict[str, float] = {}
        self.resets: dict[str, tuple[int, str]] = {}

    async def carry(self, direction: str, reader: asyncio.StreamReader) -> None:
        """Hand on the bytes of one direction until it ends."""
        writer = self._writers["server" if direction == "up" else "client"]
        try:
            while data := await reader.read(_READ):
                await self._hand_on(direction, data, writer)
            if direction not in self.silent:
                writer.write_eof()
        except OSError:
            self.reset("both")

    async def _hand_on(self, direction: str, data: bytes, writer: asyncio.StreamWriter) -> None:
        if delay := self.delay.get(direction):
            await asyncio.sleep(delay)
        loop = asyncio.get_running_loop()
        if direction in self.held:
            await asyncio.sleep(max(0.0, self.held[direction] - loop.time()))
        if direction in self.silent:
            return
        if direction in self.resets:
            data = self._counted(direction, data)
        while (drip := self.dripping.get(direction)) is not None and data and loop.time() < drip.until:
            writer.write(data[: drip.count])
            data = data[drip.count :]
            await asyncio.sleep(drip.every)
        if data and direction not in self.silent:
            writer.write(data)
            await writer.drain()

    def _counted(self, direction: str, data: bytes) -> bytes:
        """Return what still passes before a reset that comes after some bytes."""
        left, to = self.resets[direction]
        if len(data) < left:
            self.resets[direction] = left - len(data), to
            return data
        del self.resets[direction]
        asyncio.get_running_loop().call_soon(self.reset, to)
        return data[:left]

    def reset(self, to: str) -> None:
        """Cut the line by TCP reset; an end that is not told hears nothing any more."""
        self.silent |= {"up", "down"}
        for end, writer in self._writers.items():
            if to in (end, "both"):
                raw = writer.get_extra_info("socket")
                if raw is not None and not writer.transport.is_closing():
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()

    def heal(self) -> None:
        """Let everything pass again; what vanished stays vanished."""
        self.silent.clear()
        self.held.clear()
        self.dripping.clear()
        self.delay.clear()
        self.resets.clear()

    def close(self) -> None:
        """End both ends."""
        for writer in self._writers.values():
            writer.transport.abort()
