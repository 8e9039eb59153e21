"""Questions of collections: what they take, how much they keep, and whether what they tell is what they are."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from yarl import URL

from rxbotters.errors import ProtocolError, RxbottersError, StoreError
from rxbotters.record import Record
from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters_operators.events import StoreChange

from .anything import Broken, any_json, first_broken, gone_wrong
from .subject import Subject

__all__ = ["QUESTIONS"]

_CAP = 3
_Rows = dict[Any, Any]


class Fed:
    """A collection that is fed, with what its stores told, save for those that it makes while it is fed.

    Args:
        cls: The class, or what makes one.
        watched: Whether its changes are listened to.
        cap: Of every store, instead of its own.
    """

    def __init__(self, cls: Callable[[], DataStoreCollection], *, watched: bool = True, cap: int | None = None) -> None:
        self.collection = cls()
        self.errors: list[Exception] = []
        self.changes: dict[str, list[StoreChange]] = {name: [] for name in self.collection}
        self.collection.errors.subscribe(self.errors.append)
        for name in self.collection:
            store = self.collection[name]
            if watched:
                store.commits.subscribe(self.changes[name].extend)
            if cap is not None:
                store._MAXLEN = cap  # pyright: ignore[reportAttributeAccessIssue]  # this one's alone

    def message(self, message: Any) -> None:
        """Fold a message that arrived; raise `Broken` at what gets out."""
        try:
            pending = self.collection.onmessage(message)
            if inspect.iscoroutine(pending):
                _finish(pending)
        except Broken:
            raise
        except Exception as error:
            raise Broken(f"{_short(message)} gets {type(error).__name__} out of onmessage: {error}") from error

    def answer(self, record: Record) -> None:
        """Apply a REST answer, if a store wants it; it may be refused by name."""
        url, routes = URL(record.url), self.collection._routes()
        path = next((path for path in (f"{url.host}{url.path}", url.path) if path in routes), None)
        if path is None:
            return
        try:
            body = record.message
            if self.collection._refusal(body) is None:
                self.collection._apply_all([(path, body, dict(url.query))])
        except RxbottersError:
            pass
        except Exception as error:
            raise Broken(f"the answer of {path} gets {type(error).__name__} out: {error}") from error

    def take(self, messages: Sequence[Any]) -> Fed:
        """Fold all of them; records of REST are answers."""
        for message in messages:
            if isinstance(message, Record):
                self.answer(message)
            else:
                self.message(message)
        return self

    def strange(self) -> Iterator[str]:
        """Yield the errors that are of no kind that a collection may tell."""
        for error in self.errors:
            if not isinstance(error, ProtocolError | StoreError):
                yield f"it tells a {type(error).__name__}: {error}"
        if self.collection.errors.total != len(self.errors):
            yield f"{len(self.errors)} errors were told, {self.collection.errors.total} are counted"

    def untold(self) -> Iterator[str]:
        """Yield the stores that their changes alone do not rebuild."""
        for name, changes in self.changes.items():
            rows: _Rows = {}
            found = next(_folded(rows, changes), None)
            if found is None and sorted(map(_text, rows.values())) != sorted(map(_text, self.collection[name].find())):
                found = f"its changes make {len(rows)} rows, it holds {len(self.collection[name])}"
            if found is not None:
                yield f"{name}: {found}"


def _finish(pending: Any) -> None:
    try:
        pending.send(None)
    except StopIteration:
        return
    pending.close()
    raise Broken("its handler waits for something: a message is folded at once, or its successors overtake it")


def no_message_breaks_a_collection(subject: Subject) -> Iterator[str]:
    """Any JSON, and real messages gone wrong: nothing gets out but `ProtocolError` and `StoreError` on ``errors``, counted."""
    real = subject.heard()[:500]
    values = any_json(real) | gone_wrong(real) if real else any_json()
    for cls in subject.collections:

        def look(messages: list[Any], cls: type[DataStoreCollection] = cls) -> None:
            for found in Fed(cls).take(messages).strange():
                raise Broken(found)

        found = _whole(cls, subject) or first_broken(st.lists(values, max_size=6), look, subject.examples)
        if found is not None:
            yield f"{cls.__name__}: {found}"


def _whole(cls: type[DataStoreCollection], subject: Subject) -> str | None:
    try:
        return next(Fed(cls).take(subject.arrived()).strange(), None)
    except Broken as found:
        return str(found)


def messages_are_read_never_changed(subject: Subject) -> Iterator[str]:
    """What arrived belongs to whoever reads it next."""
    for cls in subject.collections:
        fed = Fed(cls)
        for message in subject.arrived():
            if isinstance(message, Record):
                continue
            before = copy.deepcopy(message)
            try:
                fed.message(message)
            except Broken:
                continue  # that is another question's
            if message != before:
                yield f"{cls.__name__}: it changed {_short(before)} into {_short(message)}"
                break


def every_store_keeps_to_its_cap(subject: Subject) -> Iterator[str]:
    """Every store has a cap; with a cap of three it holds three rows, a book three levels of each side of an instrument."""
    for cls in subject.collections:
        for name in (fresh := cls()):
            cap: Any = fresh[name]._MAXLEN
            if not isinstance(cap, int) or not 0 < cap < 10**7:
                yield f"{cls.__name__}: {name} has a cap of {cap!r} rows"
        fed = Fed(cls, cap=_CAP)
        try:
            fed.take(subject.arrived())
        except Broken:
            continue  # that is another question's
        for name in fed.changes:
            most = _fullest(fed.collection[name])
            if most > _CAP:
                yield f"{cls.__name__}: {name} holds {most} rows under a cap of {_CAP}"


def _fullest(store: Any) -> int:
    if not isinstance(store, OrderBook):
        return len(store)
    sides = [len(side) for symbol in store.instruments for side in store.depth(symbol)]
    return max(sides, default=0)


def changes_alone_rebuild_every_store(subject: Subject) -> Iterator[str]:
    """From empty rows, each change starts where the last one ended, and the last one ends where the store is."""
    for cls in subject.collections:
        fed = Fed(cls)
        try:
            fed.take(subject.arrived())
        except Broken:
            continue  # that is another question's
        for found in fed.untold():
            yield f"{cls.__name__}: {found}"


def _folded(rows: _Rows, changes: Sequence[StoreChange]) -> Iterator[str]:
    for change in changes:
        if rows.get(change.key) != change.before:
            yield f"change {change.seq} begins at {change.before}, the row was {rows.get(change.key)}"
        if change.operation == "delete":
            if change.key not in rows:
                yield f"change {change.seq} deletes {change.key}, which is not there"
            rows.pop(change.key, None)
        else:
            rows[change.key] = change.data


def the_same_messages_give_the_same_rows_and_changes(subject: Subject) -> Iterator[str]:
    """A recording replays: twice the same rows and changes, and the same rows if nobody listens."""
    for cls in subject.collections:
        try:
            one, two, deaf = (Fed(cls, watched=watched).take(subject.arrived()) for watched in (True, True, False))
        except Broken:
            continue  # that is another question's
        for name in one.changes:
            first, second, third = (fed.collection[name].find() for fed in (one, two, deaf))
            if first != second or first != third:
                yield f"{cls.__name__}: {name} holds other rows the second time{' if nobody listens' * (first == second)}"
            elif [change[1:] for change in one.changes[name]] != [change[1:] for change in two.changes[name]]:
                yield f"{cls.__name__}: {name} tells other changes the second time"


def _text(row: Any) -> str:
    return repr(sorted(dict(row).items(), key=str))


def _short(message: Any) -> str:
    text = repr(message)
    return text if len(text) <= 200 else f"{text[:200]} …"


QUESTIONS = (
    no_message_breaks_a_collection,
    messages_are_read_never_changed,
    every_store_keeps_to_its_cap,
    changes_alone_rebuild_every_store,
    the_same_messages_give_the_same_rows_and_changes,
)
