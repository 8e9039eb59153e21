"""`Table`: rows under a key, the calls that change them, and the telling of what changed.

Rules
  1. A row's identity is the tuple of its key values; a row without keys is known by a serial number.
  2. Every mutation call is atomic: it validates all its rows, then applies them, then tells.
  3. What is told is the truth: folding the changes from empty gives the rows, evictions and pops included.
  4. A call that changes nothing tells nobody.
  5. Changes are built only if somebody listens.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, ClassVar
from uuid import UUID

from rxbotters.errors import MissingKey, RxbottersError, UnhashableKey
from rxbotters_operators.events import Commit, Live, Operation, Stale, Status, StoreChange
from rxbotters_operators.hot import Errors, Hot, Latest

from .query import matching
from .row import CONTAINERS, Row, RowId, freeze, merge

__all__ = ["Item", "Table"]

Item = Mapping[str, Any]
_MISSING = object()


class Table:
    """What a `DataStore` is made of: the rows and their mutations."""

    _KEYS: ClassVar[Sequence[str]] = ()
    _MAXLEN: int = 9999
    _INDEXES: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        name: str | None = None,
        keys: Sequence[str] | None = None,
        data: Iterable[Item] | None = None,
        *,
        maxlen: int | None = None,
        indexes: Sequence[str] | None = None,
    ) -> None:
        if maxlen is not None:
            if maxlen < 1:
                raise ValueError(f"maxlen must be at least 1, got {maxlen!r}")
            self._MAXLEN = maxlen
        self.name: str = name or type(self).__name__
        self._keys: tuple[str, ...] = tuple(self._KEYS if keys is None else keys)
        self._rows: MutableMapping[Any, Row] = self._make_rows()
        self._serial = 0
        self._version = 0
        self._settled = 0
        self._told: list[StoreChange] = []
        self._group: Any = None
        self._fed_by: Any = None  # the connection that is known to feed it
        self._oldest: deque[Any] = deque()
        self._grasp = 16
        self._waiters: set[asyncio.Future[None]] = set()
        self._down: set[Any] = set()  # connections that ended and are not back
        self._doubts: dict[Any, Stale] = {}  # connections that owe a proof of life → why
        self._at: dict[Any, Hot[Row | None]] = {}
        self._many = len(self._keys) != 1  # the key of a row is a tuple already
        self._indexes: dict[str, dict[Any, dict[Any, Row]]] = {
            field: {} for field in (self._INDEXES if indexes is None else indexes)
        }
        self._moved: set[str] = set()
        self._born: dict[Any, int] = {}  # which row is older, where indexes need to know
        self._tape: list[StoreChange] | None = None
        self.skipped = 0
        self.errors = Errors(f"{self.name}.errors")
        self.changes: Hot[StoreChange] = Hot(
            f"{self.name}.changes", on_fault=self._report, on_audience=self._count_audience
        )
        self.commits: Hot[Commit] = Hot(f"{self.name}.commits", on_fault=self._report, on_audience=self._count_audience)
        self._watched = False
        self.statuses: Latest[Status] = Latest(Live(), name=f"{self.name}.statuses", on_fault=self._report)
        self._key_of: Callable[[Item], Any] = itemgetter(*self._keys) if self._keys else self._next_serial
        self._count_audience()
        self._init()
        if data is not None:
            self._insert(data)

    def _make_rows(self) -> MutableMapping[Any, Row]:
        """Return what the rows are kept in."""
        return {}

    def _init(self) -> None:
        """Prepare what a subclass needs; runs before any row enters."""

    # ------------------------------------------------------------------ mutation

    def _ingest(self, items: Iterable[Item]) -> list[tuple[Any, Row]]:
        """Copy and validate a whole batch before any of it is applied."""
        key_of = self._key_of
        pairs: list[tuple[Any, Row]] = []
        for item in items:
            row = Row(item)
            for value in row.values():  # `freeze`, without the call: this is the hottest loop of the library
                if value.__class__ in CONTAINERS:
                    row = freeze(item)
                    break
            try:
                key: Any = key_of(row)
                hash(key)
            except KeyError:
                self._skip(row)
            except TypeError:
                raise UnhashableKey(self.name, row) from None
            else:
                pairs.append((key, row))
        return pairs

    def _next_serial(self, item: Item) -> int:
        self._serial += 1
        return self._serial

    def _skip(self, item: Item) -> None:
        self.skipped += 1
        self._report(MissingKey(self.name, [field for field in self._keys if field not in item], item))

    def _insert(self, items: Iterable[Item], *, reason: str | None = None) -> None:
        """Put rows: a known key is replaced where it stands, an unknown one appended."""
        rows = self._rows
        for key, row in self._ingest(items):
            before = rows.get(key)
            if before is None or before != row:
                rows[key] = row
                self._version += 1
                if self._attended:
                    self._note("insert", None, row, key, before, reason)
        self._settle()

    def _update(self, items: Iterable[Item], *, reason: str | None = None) -> None:
        """Merge fields into known rows; an unknown key is appended."""
        rows = self._rows
        for key, patch in self._ingest(items):
            before = rows.get(key)
            if before is None:
                row = patch
            else:
                row = Row(before)
                merge(row, patch)
                if row == before:
                    continue
            rows[key] = row
            self._version += 1
            if self._attended:
                self._note("update", None if before is None else patch, row, key, before, reason)
        self._settle()

    def _delete(self, items: Iterable[Item], *, reason: str | None = None) -> None:
        """Remove rows by key; from a store without keys, the rows equal to an item."""
        if self._keys:
            rows, key_of = self._rows, self._key_of
            for item in items:
                try:
                    key = key_of(item)
                except KeyError:
                    self._skip(item)
                    continue
                if key in rows:
                    self._drop(key, item, reason)
        else:
            batch = list(items)
            for key in [key for key, row in self._rows.items() if any(row == item for item in batch)]:
                self._drop(key, None, reason)
        self._settle()

    def _remove(self, uuids: Iterable[UUID], *, reason: str | None = None) -> None:
        """Remove rows by the ids that `_find_with_uuid` gave; unknown ids are ignored."""
        for uuid in uuids:
            if isinstance(uuid, RowId) and uuid.key in self._rows:
                self._drop(uuid.key, None, reason)
        self._settle()

    def _clear(self, *, reason: str | None = "clear") -> None:
        """Remove every row, in order."""
        for key in list(self._rows):
            self._drop(key, None, reason)
        self._settle()

    def _pop(self, item: Item) -> Row | None:
        """Remove and return the row with the item's key."""
        row = self.get(item)
        if row is not None:
            self._drop(self._key_of(item), item, "pop")
            self._settle()
        return row

    def _find_and_delete(self, query: Item | None = None, *, reason: str | None = None) -> list[Row]:
        """Remove and return the rows that match; all of them without a query."""
        found = self._select(query)
        for key, _ in found:
            self._drop(key, None, reason)
        self._settle()
        return [row for _, row in found]

    def _amend(self, key: Any, patch: Item, *, reason: str | None = None) -> None:
        """Merge fields into the row under an internal key, where it stands; for rows without keys of their own."""
        before = self._rows[key]
        row = Row(before)
        merge(row, freeze(patch))
        if row != before:
            self._rows[key] = row
            self._version += 1
            if self._attended:
                self._note("update", patch, row, key, before, reason)
        self._settle()

    def _drop(self, key: Any, source: Item | None, reason: str | None) -> None:
        row = self._rows.pop(key)
        if self._oldest and reason != "evict":
            self._oldest.clear()  # the key may come back younger than the list of oldest knows
            self._grasp = 16
        self._version += 1
        if self._attended:
            self._note("delete", source, row, key, row, reason)

    def _trim(self) -> None:
        """Drop the oldest rows until the store fits, in amortised constant time.

        The front of a dict is slow to find once many of its rows were removed, so a growing handful of the oldest keys
        is kept at hand.
        """
        rows, oldest = self._rows, self._oldest
        while len(rows) > self._MAXLEN:
            if not oldest:
                oldest.extend(islice(rows, self._grasp))
                self._grasp = min(self._grasp * 2, 4096)
            self._drop(oldest.popleft(), None, "evict")

    def _reindex(self, key: Any, before: Row | None, row: Row | None) -> None:
        if before is None:
            self._born[key] = self._version
        elif row is None:
            del self._born[key]
        for field, index in self._indexes.items():
            was = before.get(field, _MISSING) if before is not None else _MISSING
            now = row.get(field, _MISSING) if row is not None else _MISSING
            if was is not _MISSING and was != now and _hashable(was):
                bucket = index[was]
                del bucket[key]
                if not bucket:
                    del index[was]
            if row is not None and now is not _MISSING and _hashable(now):
                bucket = index.setdefault(now, {})
                if before is not None and key not in bucket:
                    self._moved.add(field)  # an old row joins: the bucket is no longer in order of insertion
                bucket[key] = row

    # ------------------------------------------------------------------ telling

    def _count_audience(self) -> None:
        """Learn whether changes are worth building."""
        group = self._group
        self._watched = (
            self.changes.observed
            or self.commits.observed
            or bool(self._at)
            or self._tape is not None
            or (group is not None and group.tape is not None)
        )
        self._attended = self._watched or bool(self._indexes)

    def _note(
        self, operation: Operation, source: Item | None, data: Row, key: Any, before: Row | None, reason: str | None
    ) -> None:
        """Remember one change for the indexes and for whoever listens."""
        if self._indexes:
            self._reindex(key, before, None if operation == "delete" else data)
        if self._watched:
            self._tell(operation, source, data, key if self._many else (key,), before, reason)

    def _tell(
        self, operation: Operation, source: Item | None, data: Row, key: Any, before: Row | None, reason: str | None
    ) -> None:
        self._told.append(StoreChange(self, operation, source, data, key, before, self._version, reason))

    def _settle(self) -> None:
        """End a mutation call: evict, then tell, unless a message is being folded that has more to say."""
        if len(self._rows) > self._MAXLEN:
            self._trim()
        if self._told or self._waiters or (self._group is not None and self._group.feeding is not self._fed_by):
            self._announce()

    def _announce(self) -> None:
        if self._version != self._settled:
            self._settled = self._version
            group = self._group
            if group is not None and group.folding:
                group.dirty[self] = None
            else:
                self._flush()

    def _flush(self) -> None:
        """Hand out the changes told since the last flush as one commit, then wake who waits."""
        told = tuple(self._told)
        if told:
            self._told.clear()
            if self._tape is not None:
                self._tape.extend(told)
            if self._group is not None and self._group.tape is not None:
                self._group.tape.extend(told)
            if self._at:
                for change in told:
                    hot = self._at.get(change.key)
                    if hot is not None:
                        hot.emit(None if change.operation == "delete" else change.data)
            if self.changes.observed:
                for change in told:
                    self.changes.emit(change)
            if self.commits.observed:
                commit = Commit(told)
                commit.status = self.statuses.value
                self.commits.emit(commit)
        self._wake()

    def _wake(self, error: Exception | None = None) -> None:
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)

    def _release(self, error: Exception) -> None:
        """Let go of everybody who waits or listens: no message will come any more."""
        self._wake(error)
        for hot in list(self._at.values()):
            hot.release()
        self.changes.release()
        self.commits.release()

    def _report(self, error: RxbottersError) -> None:
        if self._group is not None:
            self._group.errors.emit(error)
            if not self.errors.observed:
                return
        self.errors.emit(error)

    # ------------------------------------------------------------------ looking up

    def get(self, item: Item) -> Row | None:
        """Return the row with the item's key values; ``None`` if there is none, or no key."""
        if not self._keys:
            return None
        try:
            return self._rows.get(self._key_of(item))
        except KeyError:
            return None

    def _shortcut(self, query: Item) -> bool:
        return all(field in query for field in self._keys) or any(field in query for field in self._indexes)

    def _select(self, query: Item | None) -> list[tuple[Any, Row]]:
        if not query:
            return list(self._rows.items())
        if self._keys and all(field in query for field in self._keys):
            key = self._key_of(query)
            row = self._rows.get(key)
            return [(key, row)] if row is not None and matching((row,), query) else []
        for field, index in self._indexes.items():
            if field in query and _hashable(query[field]):
                pairs = list(index.get(query[field], {}).items())
                if field in self._moved:
                    pairs.sort(key=lambda pair: self._born[pair[0]])
                return [(key, row) for key, row in pairs if len(query) == 1 or matching((row,), query)]
        return [(key, row) for key, row in self._rows.items() if matching((row,), query)]

    def _set_status(self, status: Status) -> None:
        if status != self.statuses.value:
            self.statuses.emit(status)


def _hashable(value: Any) -> bool:
    """Whether an index can hold ``value``; what it cannot hold is looked for row by row."""
    try:
        hash(value)
    except TypeError:
        return False
    return True
