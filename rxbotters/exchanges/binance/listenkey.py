"""`ListenKey`: the key of a futures user data stream, kept by repeating the request that gave it.

A POST on a living key gives the same key and another 60 minutes, so the request handed to ``initialize`` is all that is
needed. `Client.lease` does the same for who wants no key in hand.

Source: developers.binance.com, USDⓈ-M futures, "Start User Data Stream" (2026-06).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from reactivex.disposable import SerialDisposable

from rxbotters.errors import ClientClosed
from rxbotters_operators._lease import lease
from rxbotters_operators.events import Leased, LeaseFailed
from rxbotters_operators.hot import Hot

__all__ = ["ListenKey"]

_EVERY = 1800.0  # seconds between two renewals; a key lives for 3600


class ListenKey:
    """Keeps one key, and the url of the connection that was dialled with it.

    Args:
        ask: Repeats the request and returns the key.
        tell: Hears each key.
        report: Hears what went wrong.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[str]], tell: Callable[[str], None], report: Callable[[Exception], None]
    ) -> None:
        self._tell, self._report = tell, report
        self._key: str | None = None
        self._waiting: list[asyncio.Future[str]] = []
        self._expired: Hot[None] = Hot("listen key expired")
        self._life = SerialDisposable()
        self._stream = lease(ask, every=_EVERY, expired=self._expired, fatal=_is_over)

    def start(self) -> None:
        """Ask for the key now and every 30 minutes."""
        self._life.disposable = self._stream.subscribe(self._hear, self._fail)

    def expire(self, feed: Any) -> None:
        """Ask for another key, because this one died; ``feed`` is dialled with it next.

        Args:
            feed: The connection whose url holds the dead key; one that has a lease of its own sees to itself.
        """
        dead = self._key
        self._key = None
        self._expired.emit(None)
        url = getattr(feed, "url", None)
        if dead is not None and url is not None and not callable(url) and dead in str(url):
            feed.url = self._url(str(url), dead)

    def stop(self) -> None:
        """Keep the key no longer."""
        self._life.dispose()
        self._settle(ClientClosed("the user data stream"))

    def _url(self, url: str, dead: str) -> Callable[[], Awaitable[str]]:
        async def make() -> str:
            return url.replace(dead, await self._present())

        return make

    async def _present(self) -> str:
        if self._key is not None:
            return self._key
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return await waiting

    def _hear(self, event: Leased | LeaseFailed) -> None:
        if isinstance(event, LeaseFailed):
            self._report(event.error)
            return
        self._key = event.token
        self._tell(event.token)
        self._settle(event.token)

    def _fail(self, error: Exception) -> None:
        if not _is_over(error):
            self._report(error)
        self._settle(error)

    def _settle(self, outcome: str | Exception) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                if isinstance(outcome, str):
                    future.set_result(outcome)
                else:
                    future.set_exception(outcome)


def _is_over(error: BaseException) -> bool:
    return isinstance(error, ClientClosed)
