"""`DataStoreCollection`: the stores of one exchange, folded from its messages.

Rules
  1. A message is one transaction: its changes are told when all of it is applied, store by store.
  2. A message that cannot be read changes no other store, wakes who waits, and becomes an error on ``errors``.
  3. Messages are read, never changed.
  4. Whoever feeds the collection, it hears when that connection comes and goes.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from rxbotters.errors import BufferOverflow, ConfigError, ProtocolError, RxbottersError, SnapshotError
from rxbotters_operators.events import StoreChange, delivering
from rxbotters_operators.hot import Errors

from .feeding import Ask, Feeding
from .resolve import store_class
from .response import read_response
from .store import DataStore, Item

__all__ = ["DataStoreCollection", "Route"]

S = TypeVar("S", bound=DataStore)
Route = Callable[[Any, Mapping[str, str]], None]
_HELD = 65536  # messages that may wait for `initialize`
_REMEMBERED = 256  # requests that a lost connection repeats
_NAMES = 1000  # unknown channels that are told apart


class DataStoreCollection(Feeding):
    """Several stores, one door for messages.

    Subclass it with ``_init`` (create the stores), ``_onmessage(msg, ws)`` (hand each message to its store) and, where
    the exchange has REST snapshots, ``_routes`` (URL path → what to do with the decoded body).

    Attributes:
        errors: What could not be folded, typed; logged if nobody is subscribed.
        unhandled: How many messages came on each channel that no store wants.

    Example:
        >>> class Ticks(DataStoreCollection):
        ...     def _init(self):
        ...         self.create("tick", keys=["symbol"])
        ...     def _onmessage(self, msg, ws=None):
        ...         self["tick"]._update([msg])
        >>> ticks = Ticks()
        >>> ticks.onmessage({"symbol": "BTC_JPY", "price": 101})
        >>> ticks["tick"].find()
        [{'symbol': 'BTC_JPY', 'price': 101}]
    """

    def __init__(self) -> None:
        self._stores: dict[str, DataStore] = {}
        self.folding = False
        self.dirty: dict[DataStore, None] = {}
        self.tape: list[StoreChange] | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._initializing = 0
        self._held: deque[tuple[Any, Any]] = deque()
        self.errors = Errors(f"{type(self).__name__}.errors")
        self._init_feeding()
        self.unhandled: Counter[str] = Counter()
        self._init()

    def _init(self) -> None:
        """Create the stores."""

    def _onmessage(self, msg: Any, ws: Any = None) -> Any:
        """Hand a message to its store; the base class knows none."""

    def _routes(self) -> Mapping[str, Route]:
        """Return what `initialize` understands: URL path → function of the decoded body and the query.

        A host before the path, ``"api.example.com/orders"``, tells apart hosts that share their paths. A path may have
        names in braces, ``"/accounts/{id}/balance"``: what stands in their places is found in the query.
        """
        return {}

    def _refusal(self, body: Any) -> str | None:
        """Return the exchange's own error text if ``body`` is an error, else ``None``."""
        return None

    def _holds(self, msg: Any) -> bool:
        """Whether ``msg`` must wait while `initialize` is fetching the snapshot it continues."""
        return True

    # ------------------------------------------------------------------ stores

    def create(
        self,
        name: str,
        *,
        keys: Sequence[str] | None = None,
        data: Iterable[Item] | None = None,
        datastore_class: type[DataStore] | None = None,
    ) -> None:
        """Create a store.

        Args:
            name: What `get` and ``collection[name]`` call it.
            keys: Fields that identify a row.
            data: First rows.
            datastore_class: The class of the store; if omitted, the return annotation of the property of that name
                tells, else it is a plain `DataStore`.
        """
        cls = datastore_class or store_class(type(self), name)
        store = cls(name, keys, data)
        store._group = self
        store._count_audience()
        self._stores[name] = store

    _create = create

    @overload
    def get(self, name: str) -> Any: ...
    @overload
    def get(self, name: str, type_: type[S]) -> S: ...
    def get(self, name: str, type_: type[DataStore] | None = None) -> Any:
        """Return the store, ``None`` if there is none of that name."""
        return self._stores.get(name)

    _get = get

    def __getitem__(self, name: str) -> DataStore:
        return self._stores[name]

    def __contains__(self, name: object) -> bool:
        return name in self._stores

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores)

    def __len__(self) -> int:
        return len(self._stores)

    def __bool__(self) -> bool:
        return True

    # ------------------------------------------------------------------ folding

    def onmessage(self, msg: Any, ws: Any = None) -> Any:
        """Fold one message; give this method to ``hdlr_json``.

        Returns:
            ``None``; an awaitable if ``_onmessage`` is a coroutine function, which the connection awaits.

        Errors:
            ProtocolError, StoreError: On ``errors``, never raised here; one bad message ends nothing.
        """
        if ws is None:
            ws = delivering.get()
        if ws is not self._ws and ws is not None:
            self._attach(ws)
        if self._initializing and self._holds(msg):
            self._hold(msg, ws)
            return None
        return self._fold(msg, ws)

    def _fold(self, msg: Any, ws: Any) -> Any:
        self.folding = True
        try:
            pending = self._onmessage(msg, ws)
        except Exception as error:
            self._fail(msg, error)
        else:
            if pending is not None and inspect.isawaitable(pending):
                self.folding = False
                self._flush()
                return self._finish(msg, pending)
        self.folding = False
        if self.dirty:
            self._flush()
        if self._waiters:
            self._wake()
        if self._when_synced:
            self._tell_synced()
        return None

    async def _finish(self, msg: Any, pending: Awaitable[Any]) -> None:
        try:
            await pending
        except Exception as error:
            self._fail(msg, error)
        self._wake()

    def _flush(self) -> None:
        dirty, self.dirty = self.dirty, {}
        if self.feeding is not None:
            self._note_fed(dirty)
        for store in dirty:
            store._flush()

    def _fail(self, msg: Any, error: Exception) -> None:
        if not isinstance(error, RxbottersError):
            wrapped = ProtocolError(
                f"{type(self).__name__} cannot read this message ({type(error).__name__}: {error})", repr(msg)
            )
            wrapped.__cause__ = error
            error = wrapped
        self.errors.emit(error)

    def _unhandled(self, channel: str) -> None:
        """Count a message that belongs to no store."""
        name = channel if channel in self.unhandled or len(self.unhandled) < _NAMES else "…"
        self.unhandled[name] += 1

    def apply(self, message: Any, ws: Any = None) -> tuple[StoreChange, ...]:
        """Fold one message and return every change it made: the pure reducer, no event loop needed."""
        return self.taped(lambda: self.onmessage(message, ws))

    def taped(self, act: Callable[[], Any]) -> tuple[StoreChange, ...]:
        """Return every change that ``act`` makes in the stores."""
        outer, self.tape = self.tape, []
        self._count_audience()
        try:
            act()
            return tuple(self.tape)
        finally:
            if outer is not None:
                outer.extend(self.tape)
            self.tape = outer
            self._count_audience()

    def _count_audience(self) -> None:
        for store in self._stores.values():
            store._count_audience()

    def release(self, feed: Any, error: Exception) -> None:
        """Note that ``feed`` ended for good; after the last one, let go of everybody who waits or listens."""
        if self._left(feed):
            self._wake(error)
            for store in self._stores.values():
                store._release(error)

    async def wait(self) -> None:
        """Wait for the next message that was folded.

        Raises:
            ClientClosed: The client that feeds the collection was closed.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _wake(self, error: Exception | None = None) -> None:
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)

    # ------------------------------------------------------------------ snapshots

    async def initialize(self, *aws: Awaitable[Any]) -> dict[str, int]:
        """Fill stores from REST responses.

        The requests run side by side and are applied in the order given; messages that arrive meanwhile wait and are
        folded afterwards.

        Args:
            aws: Awaitables of a response or a `FetchResult`, such as ``client.get(...)`` or ``client.fetch(...)``.

        Returns:
            Rows received, by URL path.

        Raises:
            VenueError: The exchange answered with an error; nothing of any response was applied.
            SnapshotError: A body is not what the endpoint promises, or no store wants that endpoint.
        """
        routes = self._routes()
        if not routes:
            for pending in aws:
                if inspect.iscoroutine(pending):
                    pending.close()
            raise ConfigError(f"{type(self).__name__} has no REST endpoint to initialize from: define _routes()")
        tasks = [asyncio.ensure_future(_run(pending)) for pending in aws]
        era = self._begin_initialize()
        try:
            ready = [await read_response(await task, routes, self._refusal) for task in tasks]
            summary = self._apply_all(ready, era)
            self._remember(aws, ready)
            self._ask_again(era)
            return summary
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._end_initialize()

    async def reinitialize(self) -> dict[str, int]:
        """Repeat the requests that filled the private stores: what was lost with a connection comes back.

        Requests made by a `Client` can be repeated; a coroutine can not, and is not.

        Raises:
            VenueError, SnapshotError: As `initialize`.
        """
        return await self.initialize(*self._remembered.values()) if self._remembered else {}

    def _remember(self, aws: Iterable[Any], ready: Iterable[tuple[str, Any, Mapping[str, str]]]) -> None:
        for pending, (path, _, _) in zip(aws, ready, strict=True):
            asked = getattr(pending, "asked", None)
            if asked is None or not self._repeats(path):
                continue
            self._remembered.pop(asked, None)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
                self.errors.emit(BufferOverflow(f"{type(self).__name__}.reinitialize", _REMEMBERED, 1, "drop_oldest"))
            self._remembered[asked] = pending

    def _ask_again(self, era: Mapping[DataStore, int]) -> None:
        """Have the requests repeated if the connection was lost and is back since they were sent."""
        back = [feed for feed in self._feeds if feed not in self._broken]
        if back and any(not store._down and store._losses != era.get(store, 0) for store in self._stores.values()):
            self.asks.emit(Ask(None, None, back[0]))

    def _repeats(self, path: str) -> bool:
        """Whether a request must be repeated after a reconnection; book snapshots and tokens are had otherwise."""
        return True

    def _apply_all(
        self, answers: Iterable[tuple[str, Any, Mapping[str, str]]], era: Mapping[DataStore, int] | None = None
    ) -> dict[str, int]:
        """Apply decoded answers in order, each as one transaction; return the rows received by path.

        Args:
            answers: Path, body and query of each.
            era: What `_begin_initialize` returned. If the connection of a store was lost since, the answers lack what
                happened between them and the next connection: they fill that store, and it is `Stale`.

        Raises:
            SnapshotError: A route could not read its body; a route may raise whatever it likes.
        """
        streamed = {store for stores in self._fed.values() for store in stores}
        for store in self._stores.values():
            down = bool(store._down) and store in streamed  # what no stream feeds is as good as its answer
            store._outdated = era is not None and (down or era.get(store, 0) != store._losses)
        try:
            return self._apply_each(answers)
        finally:
            for store in self._stores.values():
                store._outdated = False

    def _apply_each(self, answers: Iterable[tuple[str, Any, Mapping[str, str]]]) -> dict[str, int]:
        routes = self._routes()
        summary: dict[str, int] = {}
        for path, body, query in answers:
            self.folding = True
            try:
                routes[path](body, query)
            except RxbottersError:
                raise
            except Exception as error:
                why = f"not what the endpoint promises ({type(error).__name__}: {error})"
                raise SnapshotError(path, why) from error
            finally:
                self.folding = False
                self._flush()
            summary[path] = summary.get(path, 0) + (len(body) if isinstance(body, list) else 1)  # pyright: ignore
        return summary

    def _begin_initialize(self) -> Mapping[DataStore, int]:
        """Hold messages from now on; return the era of each store, for `_apply_all`: a lost connection ends it."""
        self._initializing += 1
        return {store: store._losses for store in self._stores.values()}

    def _end_initialize(self) -> None:
        """Fold the messages that waited for a snapshot, and tell who waits for all snapshots."""
        self._initializing -= 1
        if not self._initializing:
            while self._held:
                self._fold(*self._held.popleft())
        if self._when_synced:
            self._tell_synced()

    def _hold(self, msg: Any, ws: Any) -> None:
        if len(self._held) >= _HELD:
            self._held.popleft()
            self.errors.emit(BufferOverflow(f"{type(self).__name__}.initialize", _HELD, 1, "drop_oldest"))
        self._held.append((msg, ws))


async def _run(pending: Awaitable[Any]) -> Any:
    return await pending
