"""User data and REST answers of a Binance collection: who may overwrite whom, and the key that keeps the stream alive.

Nothing waits for a REST answer: the stores themselves know which is newer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar, cast

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStoreCollection
from rxbotters.stores.response import read_response
from rxbotters_operators.events import Stale

from .listenkey import ListenKey
from .market import Events
from .private import Private
from .session import refusal

__all__ = ["Route", "UserData"]

Route = Callable[[Any, Mapping[str, str]], None]


class UserData(DataStoreCollection):
    """A collection whose private stores hear of the life of their stream."""

    _LISTEN: ClassVar[str]

    def _init(self) -> None:
        self.listenkey: str | None = None
        self._keeper: ListenKey | None = None
        self._privates = [store for store in self._stores.values() if isinstance(store, Private)]

    def _left(self, feed: Any) -> bool:
        last = super()._left(feed)
        if last and self._keeper is not None:
            self._keeper.stop()
            self._keeper = None
        return last

    def _ended(self, events: Events) -> None:
        """Note that a user data stream ended: what it fed is stale until its requests were repeated."""
        for event in events:
            reason = Stale(str(event["e"]))
            for store in self._privates:
                store._lost(self.feeding, reason)
            if self.feeding is not None:
                self._broken.add(self.feeding)
            if event["e"] == "listenKeyExpired" and self._keeper is not None:
                self._keeper.expire(self.feeding)

    def _listen(self, body: Any, query: Mapping[str, str]) -> None:
        key = body["listenKey"]
        if not isinstance(key, str) or not key:
            raise SnapshotError(self._LISTEN, "the answer holds no listen key")
        self.listenkey = key

    def _keep(self, pending: Awaitable[Any]) -> None:
        """Keep the listen key alive by repeating the request that gave it."""

        async def ask() -> str:
            _, body, _ = await read_response(await pending, {self._LISTEN: None}, self._refusal)
            return cast(str, body["listenKey"])

        def tell(key: str) -> None:
            self.listenkey = key

        if self._keeper is not None:
            self._keeper.stop()
        self._keeper = ListenKey(ask, tell, self.errors.emit)
        self._keeper.start()

    # ------------------------------------------------------------------ snapshots

    async def initialize(self, *aws: Awaitable[Any]) -> dict[str, int]:
        """Fill stores from REST answers; see `DataStoreCollection.initialize`.

        The request of a listen key sets `listenkey`. If it was made by a `Client` it is repeated every 30 minutes for as
        long as the collection is fed, which keeps the key alive.
        """
        if not self._initializing:
            for store in self._privates:
                store.begin()
        return await super().initialize(*aws)

    def _holds(self, msg: Any) -> bool:
        return False

    def _remember(self, aws: Iterable[Any], ready: Iterable[tuple[str, Any, Mapping[str, str]]]) -> None:
        pairs = list(zip(aws, ready, strict=True))
        super()._remember((pending for pending, _ in pairs), (answer for _, answer in pairs))
        for pending, (path, _, _) in pairs:
            if path == self._LISTEN and hasattr(pending, "asked"):
                self._keep(pending)

    def _repeats(self, path: str) -> bool:
        return path != self._LISTEN and not path.endswith("/depth")

    def _refusal(self, body: Any) -> str | None:
        return refusal(body)
