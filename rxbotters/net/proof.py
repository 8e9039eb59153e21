"""`Proof`: a ping by hand, and the pong that proves the connection alive."""

from __future__ import annotations

import asyncio
from typing import Any

from rxbotters.clock import Clock
from rxbotters_operators.events import Event, Frame
from rxbotters_operators.hot import Latest

from .socket import Connection
from .tasks import Gate

__all__ = ["Proof"]


class Proof:
    """The pings by hand of one `WebSocketApp`.

    Args:
        clock: Makes each payload unique.
        opened: Open while there is a connection.
        states: The states of the app.
    """

    def __init__(self, clock: Clock, opened: Gate, states: Latest[Event]) -> None:
        self._clock = clock
        self._opened = opened
        self._states = states
        self._pongs: dict[bytes, asyncio.Future[float]] = {}
        self.port: Connection | None = None

    @property
    def awaited(self) -> bool:
        """Whether a pong is awaited."""
        return bool(self._pongs)

    def pong(self, frame: Frame) -> None:
        """Note a pong."""
        waiting = self._pongs.get(bytes(frame.data)) if isinstance(frame.data, bytes) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(0.0)

    def fail(self, error: Exception) -> None:
        """Let everybody who waits have ``error``."""
        for pong in self._pongs.values():
            if not pong.done():
                pong.set_exception(error)

    async def of_life(self, timeout: float, attempts: int | None) -> float:
        """Ping until a pong came, dropping each connection that gives none; return the round trip in seconds.

        Raises:
            TimeoutError: ``attempts`` pongs stayed away.
        """
        loop = asyncio.get_running_loop()
        tries = 0
        while True:
            await self._opened
            port = self.port
            if port is None:
                continue
            payload = f"rx-{self._clock.nonce()[:16]}".encode()
            pong: asyncio.Future[float] = loop.create_future()
            self._pongs[payload] = pong
            began = loop.time()
            port.ping(payload)
            try:
                async with asyncio.timeout(timeout):
                    await pong
                return loop.time() - began
            except TimeoutError:
                tries += 1
                if self.port is port:
                    port.close(1000, "no pong", cause="heartbeat")
                if attempts is not None and tries >= attempts:
                    raise TimeoutError(f"no pong within {timeout:g} s, {tries} times in a row") from None
                await self._gone(port)
            finally:
                self._pongs.pop(payload, None)

    async def _gone(self, port: Connection) -> None:
        """Wait until ``port`` is no longer the current connection."""
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def look(_: Any = None) -> None:
            if self.port is not port and not gone.done():
                gone.set_result(None)

        subscription = self._states.subscribe(look, on_completed=look)
        try:
            await gone
        finally:
            subscription.dispose()
