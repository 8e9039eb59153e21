"""`Readiness`: when a connection is logged in, acknowledged and synchronised, and who waits for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any

from rxbotters.errors import SubscriptionError
from rxbotters_operators.events import Acknowledged, Closed, Event, Opened, Refused, Subscribed

from .tasks import Gate

if TYPE_CHECKING:
    from .socket import Connection

__all__ = ["Readiness"]

_POLL = 0.01


class Readiness:
    """Follows the events of one `WebSocketApp`; await it to wait until the connection is ready.

    Args:
        targets: The collections that are fed; each may still wait for its snapshots (``syncing``).
    """

    def __init__(self, targets: Iterable[Any]) -> None:
        self._targets = targets
        self._gate = Gate()
        self._missing = 0
        self._subscribed = False
        self._refused: SubscriptionError | None = None

    def hear(self, event: Event) -> SubscriptionError | None:
        """Follow one event; return the error if it is a refusal that is the connection's own."""
        match event:
            case Opened() | Closed():
                self._subscribed = False
                self._refused = None
                self._gate.shut()
            case Subscribed(answers=answers):
                self._subscribed = True
                self._missing = answers
                self.check()
            case Acknowledged(owner=None):
                self._missing -= 1
                self.check()
            case Refused(_, request, text, None):
                self._missing -= 1
                self._refused = SubscriptionError(request, text)
                self.check()
                return self._refused
            case _:
                pass
        return None

    def check(self) -> None:
        """Open the door if nothing is missing any more."""
        if self._missing > 0 or not self._subscribed or self._gate.is_open:
            return
        if self._refused is not None:
            self._gate.refuse(self._refused)
            return
        waiting = [target for target in self._targets if getattr(target, "syncing", False)]
        for target in waiting:
            target.when_synced(self.check)
        if not waiting:
            self._gate.open()

    def fail(self, error: Exception) -> None:
        """Let everybody who waits, or comes later, have ``error``."""
        self._subscribed = False
        self._gate.fail(error)

    async def with_all_sent(self, port: Callable[[], Connection | None]) -> None:
        """Wait until the connection is ready and nothing waits to be sent on it: on some hosts each message has its turn.

        Args:
            port: Gives the present connection.
        """
        while True:
            await self
            current = port()
            if current is None or await current.written():
                return
            await asyncio.sleep(_POLL)  # it ended before all was sent: its end is about to be told

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        if self._refused is not None and self._subscribed and self._missing <= 0:
            raise self._refused
        await self._gate
