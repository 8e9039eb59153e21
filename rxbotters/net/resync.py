"""`Resyncer`: brings collections what their stream does not: snapshots of books, and private rows after a loss.

Rules
  1. One answer at a time for each book; several tries with growing delays, then an error that says what to do.
  2. A snapshot is asked for where the exchange publishes one, on the host that belongs to the connection; elsewhere the
     subscription is ended and made again, which brings one.
  3. The requests that filled private stores are repeated after every reconnection.
  4. An answer belongs to the connection it was asked for: when that ends, it is not waited for any more. It would say
     `Live` of a book that nobody feeds, or lack what happened before the next connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from reactivex.disposable import CompositeDisposable
from yarl import URL

from rxbotters.errors import RxbottersError, SnapshotError
from rxbotters_operators import Backoff
from rxbotters_operators.events import Live

from .tasks import Tasks

__all__ = ["Resyncer"]

_BACKOFF = Backoff(min=0.5, max=8.0, factor=2.0, initial=0.2)
_TRIES = 5
_AGAIN = 5.0  # seconds after which a resubscription that brought no snapshot is made again


class Resyncer:
    """Answers the asks of the collections that one `WebSocketApp` feeds.

    Args:
        app: Whose collections.
        is_open: Tells whether there is a connection.
        url: Tells the url of the present connection.
        is_extra: Whether a host was added by the user: then its REST api is where its WebSocket is.
        fetch: ``client.fetch``.
        resubscribe: Ends a subscription and makes it again.
        tasks: Owns what is under way.
        dice: A number in [0, 1), for the first delay.
    """

    def __init__(
        self,
        app: Any,
        *,
        is_open: Callable[[], bool],
        url: Callable[[], URL],
        is_extra: Callable[[str, int | None], bool],
        fetch: Callable[..., Awaitable[Any]],
        resubscribe: Callable[[Any], None],
        tasks: Tasks,
        dice: Callable[[], float],
    ) -> None:
        self._app, self._is_open, self._url, self._is_extra = app, is_open, url, is_extra
        self._fetch, self._resubscribe, self._tasks, self._dice = fetch, resubscribe, tasks, dice
        self._under_way: dict[Any, asyncio.Task[None]] = {}
        self._subscriptions = CompositeDisposable()

    def serve(self, collection: Any) -> None:
        """Answer what a collection asks for from now on."""

        def hear(ask: Any) -> None:
            self._hear(collection, ask)

        asks = getattr(collection, "asks", None)
        if asks is not None:
            self._subscriptions.add(asks.subscribe(hear))

    def lost(self) -> None:
        """Give up what is under way: the connection ended, and the next one asks for itself."""
        under_way, self._under_way = self._under_way, {}
        for task in under_way.values():
            task.cancel()

    def close(self) -> None:
        """Answer no more."""
        self._subscriptions.dispose()

    def _hear(self, collection: Any, ask: Any) -> None:
        if ask.feed is not self._app:
            return
        key = (collection, ask.store, ask.symbol)
        if key in self._under_way:
            return
        if not self._is_open():  # a message that waited for an answer which was given up
            if ask.store is not None:
                ask.store.forget_ask(ask.symbol)
            return
        name = f"rxbotters resync {getattr(ask.store, 'name', '')} {ask.symbol or ''}".strip()
        self._under_way[key] = self._tasks.spawn(self._answer(collection, ask, key), name)

    async def _answer(self, collection: Any, ask: Any, key: Any) -> None:
        try:
            last: Exception | None = None
            for delay, _ in zip(_BACKOFF.delays(self._dice), range(_TRIES), strict=False):
                if last is not None or ask.store is None:
                    await asyncio.sleep(delay)
                try:
                    if await self._try(collection, ask):
                        return
                except RxbottersError as error:
                    last = error
                except (OSError, TimeoutError) as error:
                    last = error
                else:
                    last = SnapshotError(str(ask.symbol), "the snapshot was older than the diffs it was asked for")
            what = f"{ask.store.name} {ask.symbol}" if ask.store is not None else "private stores"
            failure = SnapshotError(what, f"gave up after {_TRIES} tries ({last}); call initialize(), or ws.rotate()")
            failure.__cause__ = last
            collection.errors.emit(failure)
            if ask.store is not None:
                ask.store.forget_ask(ask.symbol)
        finally:
            if self._under_way.get(key) is asyncio.current_task():
                del self._under_way[key]

    async def _try(self, collection: Any, ask: Any) -> bool:
        """Make one attempt; return whether nothing more is needed."""
        if ask.store is None:
            await collection.reinitialize()
            return True
        url = self._url()
        request = collection._snapshot_request(ask.store, ask.symbol, url)
        if request is not None:
            path, params = request
            base = self._base(collection, url)
            options = {} if collection._SIGNED_SNAPSHOTS else {"auth": None}
            await collection.initialize(self._fetch("GET", base + path, params=params, timeout=10.0, **options))
            return isinstance(ask.store.status_of(ask.symbol), Live) or not ask.store.wants(ask.symbol)
        message = collection._subscription(ask.store, ask.symbol)
        if message is None:
            return True  # the exchange sends a snapshot from time to time
        self._resubscribe(message)
        await asyncio.sleep(_AGAIN)
        return isinstance(ask.store.status_of(ask.symbol), Live) or not ask.store.wants(ask.symbol)

    def _base(self, collection: Any, url: URL) -> str:
        if self._is_extra(url.host or "", url.explicit_port):
            return str(url.with_scheme({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)).origin())
        return str(collection._rest(url)).rstrip("/")
