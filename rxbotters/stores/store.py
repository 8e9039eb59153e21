"""`DataStore`: a table of rows that emits what changes, to be read, waited for and watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from uuid import UUID

from rxbotters_operators.events import Answered, Closed, Late, Live, Overdue, Stale, Status, StoreChange, Subscribed

from .query import Side, matching, split_sorted
from .row import Row, RowId
from .table import Item, Table

if TYPE_CHECKING:
    from reactivex import Observable

    from .stream import StoreStream

__all__ = ["DataStore", "Item"]


class DataStore(Table):
    """A table of rows that emits what changes.

    Subclass it with ``_KEYS`` (the fields that identify a row; none = a log), ``_MAXLEN`` and your own
    ``_onmessage``; change rows only through ``_insert``, ``_update``, ``_delete``, ``_remove``, ``_pop``, ``_clear``.

    Args:
        name: What errors and changes call the store; the class name if not given.
        keys: Overrides ``_KEYS``.
        data: Rows inserted at once.
        maxlen: Overrides ``_MAXLEN``; the oldest rows beyond it are evicted, by first insertion.
        indexes: Fields for which `find` answers without a scan; overrides ``_INDEXES``.

    Example:
        >>> store = DataStore(keys=["id"], data=[{"id": 1, "v": "a"}, {"id": 2, "v": "b"}])
        >>> store.get({"id": 2})
        {'id': 2, 'v': 'b'}
        >>> seen = []
        >>> _ = store.changes.subscribe(lambda change: seen.append((change.operation, change.data)))
        >>> store._update([{"id": 2, "v": "c"}])
        >>> seen
        [('update', {'id': 2, 'v': 'c'})]
    """

    _ON_LOSS: ClassVar[Literal["keep", "clear", "refetch"]] = "keep"
    """What a lost connection means: rows stand and are `Live` with the next connection; rows go; rows stand and are
    `Live` once the REST requests that filled them were repeated."""

    _suspicion = False
    _answered = False  # whether a REST answer ever filled it
    _outdated = False  # whether the answer that is being applied is older than the connection
    _losses = 0  # connections that ended

    def _onmessage(self, msg: Any) -> None:
        """Fold one message; the default inserts the row or rows it is given."""
        self._insert([msg] if hasattr(msg, "keys") else msg)

    # ------------------------------------------------------------------ reading

    def find(self, query: Item | None = None) -> list[Row]:
        """Return the rows that hold every field of ``query`` with an equal value, oldest first."""
        if not query:
            return list(self._rows.values())
        return (
            [row for _, row in self._select(query)] if self._shortcut(query) else matching(self._rows.values(), query)
        )

    def _find_with_uuid(self, query: Item | None = None) -> dict[UUID, Row]:
        """Return the rows that match, under ids that `_remove` takes."""
        return {RowId(key): row for key, row in self._select(query)}

    def _sorted(
        self,
        item_key: str,
        item_asc_key: str,
        item_desc_key: str,
        sort_key: str,
        query: Item | None = None,
        limit: int | None = None,
    ) -> Side:
        """Return the rows split by ``item_key`` into an ascending and a descending side.

        Raises:
            ValueError: ``limit`` is negative, or a ``sort_key`` value is no number.
        """
        return split_sorted(self.find(query), item_key, item_asc_key, item_desc_key, sort_key, limit)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """Iterate over the rows as they are now; later changes do not disturb the iteration."""
        return iter(list(self._rows.values()))

    def __reversed__(self) -> Iterator[Row]:
        return reversed(list(self._rows.values()))

    @property
    def version(self) -> int:
        """How many changes the store has seen; give it to `wait` to miss none."""
        return self._version

    @property
    def status(self) -> Status:
        """Whether what can be read is to be trusted: `Syncing`, `Live` or `Stale`."""
        return self.statuses.value

    @property
    def was_fed(self) -> bool:
        """Whether a message or an answer ever came for this store."""
        return self._answered or self._version > 0

    # ------------------------------------------------------------------ streams

    async def wait(self, since: int | None = None) -> int:
        """Wait for the next change; with ``since`` (a `version`), return at once if there was one already.

        Returns:
            The version, to be given as ``since`` the next time.

        Raises:
            ClientClosed: The client that feeds the store was closed: no change will come.
        """
        if since is None or since >= self._version:
            waiter = asyncio.get_running_loop().create_future()
            self._settled = self._version
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self._version

    def watch(self, *, maxsize: int = 32_768, overflow: Any = "error") -> StoreStream:
        """Return a bounded queue of every change from now on; iterate over it or ``get`` from it.

        Args:
            maxsize: Changes that may wait.
            overflow: What happens beyond: ``"error"`` (the reader gets `BufferOverflow`), ``"drop_oldest"``,
                ``"drop_newest"`` or ``"latest_per_key"``.
        """
        from .stream import StoreStream

        return StoreStream(self, maxsize=maxsize, overflow=overflow)

    def at(self, item: Item) -> Observable[Row | None]:
        """Stream one row: as it is now, if it is there, then each new version; ``None`` when it goes.

        Dispatch is by key, so a thousand watched rows cost a change no more than one.

        Raises:
            ValueError: The store has no keys, or ``item`` lacks one.
        """
        from .watching import row_stream

        return row_stream(self, item)

    def apply(self, message: Any, ws: Any = None) -> tuple[StoreChange, ...]:
        """Fold one message and return what changed: the pure reducer, no event loop needed."""
        return self.taped(lambda: self._onmessage(message))

    def taped(self, act: Callable[[], Any]) -> tuple[StoreChange, ...]:
        """Return every change that ``act`` makes."""
        outer, self._tape = self._tape, []
        self._count_audience()
        try:
            act()
            return tuple(self._tape)
        finally:
            if outer is not None:
                outer.extend(self._tape)
            self._tape = outer
            self._count_audience()

    # ------------------------------------------------------------------ the connection that feeds it

    def onevent(self, event: Any) -> None:
        """Hear of the connection that feeds a store of its own; in a collection the collection hears, and tells."""
        match event:
            case Closed():
                self._lost(None, Stale(f"closed: {event.cause}"))
            case Overdue():
                self._suspected(None, Stale("pong overdue"))
            case Late():
                self._suspected(None, Stale("this process stood still"))
            case Answered():
                self._cleared(None)
            case Subscribed():
                self._resumed(None)
            case _:
                pass

    def _lost(self, feed: Any, status: Stale) -> None:
        """The connection ended."""
        self._suspicion = False
        self._doubts.pop(feed, None)
        self._losses += 1
        self._down.add(feed)
        self._set_status(status)
        if self._ON_LOSS == "clear":
            self._clear(reason="resync")

    def _resumed(self, feed: Any) -> None:
        """The connection is back and subscribed."""
        self._down.discard(feed)
        if self._ON_LOSS != "refetch":
            self._trust()

    def _suspected(self, feed: Any, status: Stale) -> None:
        """What arrives may be old, or nothing may arrive any more."""
        self._doubts.setdefault(feed, status)
        if isinstance(self.status, Live):
            self._suspicion = True
            self._set_status(status)

    def _cleared(self, feed: Any) -> None:
        """The connection gave proof of life."""
        if self._doubts.pop(feed, None) is not None and self._suspicion and not self._doubts:
            self._suspicion = False
            self._set_status(Live())

    def refetched(self) -> None:
        """Say that the rows are the exchange's own answer: `Live`, unless a connection is in doubt, or was lost since it was
        asked."""
        self._answered = True
        if self._outdated:
            self._set_status(Stale("the answer is older than the connection"))
            return
        self._trust()

    def _trust(self) -> None:
        """Be `Live`, unless a connection owes a proof of life: what follows an answer may still be on its way."""
        self._suspicion = bool(self._doubts)
        self._set_status(next(iter(self._doubts.values()), Live()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {len(self)} rows, {type(self.status).__name__}>"
