"""The same records through rxbotters and through pybotters: the same rows, the same ``sorted()``, the same changes.

Rules
  1. Rows are compared message by message, and so is what the stores tell their watchers.
  2. What is not compared is named: a number of the exchange's page or of docs/different.md, which say why.
  3. A change that changes nothing is none, on either side (stores 2); a row that leaves what is compared is deleted.
  4. What the reference has no stores for is not compared: `theirs` is missing, `alone` says so (``alone.py``).

Used by every exchange's tests on small copies, and for a whole corpus by ``tests/exchanges/corpus.py``.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yarl import URL

from rxbotters.record import Record, read_records

from .differences import Named, difference

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

HERE = Path(__file__).parent
Row = Mapping[str, Any]
Skip = Callable[[Record], Named | bool | None]
Stores = Mapping[str, Named] | frozenset[str]


class Answer:
    """A REST answer as both libraries read it."""

    def __init__(self, record: Record, status: int = 200) -> None:
        self.url = URL(record.url)
        self.sent = self.url.fragment.encode()  # recordings note the body of a request there
        self.status = status
        self.method = "GET"
        self._data = record.data

    async def read(self) -> bytes:
        return self._data.encode()

    async def text(self) -> str:
        return self._data

    async def json(self, **_: Any) -> Any:
        return json.loads(self._data)


async def awaitable(answer: Answer) -> Answer:
    return answer


class Socket(pybotters.ws.ClientWebSocketResponse):  # type: ignore[misc]
    """pybotters looks at the type of the socket."""

    def __init__(self, url: str) -> None:
        self._response = self
        self.url = URL(url)

    async def send_json(self, *args: Any, **kwargs: Any) -> None:
        pass

    async def send_str(self, *args: Any, **kwargs: Any) -> None:
        pass


@dataclass
class Pairing:
    """How one exchange's collections are compared, and which named differences are left out.

    Attributes:
        ours: Makes our collection.
        theirs: Makes theirs; ``None``: the reference has no stores for this exchange.
        alone: The difference that says that it has none.
        stores: Our store name → theirs; names that are equal in both may be given as a list.
        page: The exchange's docs page; with it every difference must be named.
        canonical: (store, row) → what is compared; ``None``: this row is not.
        differs: Stores whose rows `canonical` changes → the difference that says so.
        sorts: Stores whose order of rows differs by design, such as books; their changes are compared by their sum.
        sums: Stores whose changes are compared by their sum for each message: what was there before and what after.
        calls: Stores where the same change of a row has another operation's name.
        apart: Stores of the reference that are not compared here.
        skip: Records that are not compared; returns the difference that says so.
        fails: Why the reference may raise.
        raw: Whether the collections read the text of a frame, not its decoded JSON.
        books: Our order book stores, whose ``sorted`` is compared at the end, instrument by instrument.
        every: Rows are compared after so many records, and at the end; changes after each.
    """

    ours: Callable[[], Any]
    theirs: Callable[[], Any] | None = None
    stores: Iterable[str] | Mapping[str, str] = ()
    page: str = ""
    alone: Named | None = None
    canonical: Callable[[str, Row], Any] = lambda store, row: row
    differs: Mapping[str, Named] = field(default_factory=dict)
    sorts: Stores = frozenset()
    sums: Mapping[str, Named] = field(default_factory=dict)
    calls: Mapping[str, Named] = field(default_factory=dict)
    apart: Mapping[str, Named] = field(default_factory=dict)
    skip: Skip = lambda record: None
    fails: Named | None = None
    raw: bool = False
    books: tuple[str, ...] = ()
    every: int = 1

    def both(self) -> tuple[Any, Any]:
        """Return our collection and theirs, new."""
        assert self.theirs is not None, "the reference has nothing to compare with"
        return self.ours(), self.theirs()

    def names(self) -> dict[str, str]:
        return dict(self.stores) if isinstance(self.stores, Mapping) else {name: name for name in self.stores}

    def rows(self, name: str, rows: Iterable[Row]) -> list[Any]:
        kept = [plain for row in rows if (plain := self.shown(name, row)) is not None]
        return sorted(kept, key=_text) if name in self.sorts else kept

    def shown(self, name: str, row: Row) -> Any:
        """Return what is compared of a row, and see that what is left out has a name."""
        plain = self.canonical(name, row)
        if self.page and plain != row and name not in self.differs:
            raise AssertionError(f"rows of {name} are not compared whole, and no difference is named: {row}")
        return plain

    def named(self) -> set[Named]:
        """Return the differences that are named before anything is compared."""
        named = {*self.differs.values(), *self.sums.values(), *self.calls.values(), *self.apart.values()}
        if isinstance(self.sorts, Mapping):
            named |= set(self.sorts.values())
        return named | {one for one in (self.fails, self.alone) if one is not None}


@dataclass
class Seen:
    """What a comparison saw.

    Attributes:
        counts: Records by what became of them.
        named: Records and stores by the difference that left them out.
        changes: How many changes were told, equally.
        refused: What ours refused by the type of its error, if it was alone.
    """

    counts: Counter[str] = field(default_factory=Counter)
    named: Counter[Named] = field(default_factory=Counter)
    changes: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def __getitem__(self, name: str) -> int:
        return self.counts[name]


Change = tuple[str, Any, Any, Any]  # operation, key, canonical row before, canonical row after


class Told:
    """What the stores of one collection tell whoever watches them, in the form that is compared."""

    def __init__(self, pairing: Pairing, stores: Mapping[str, Any], keyed: Mapping[str, Any]) -> None:
        self._pairing, self._keyed = pairing, keyed
        self._streams = {name: store.watch() for name, store in stores.items()}
        self._rows: dict[str, dict[Any, Any]] = {name: {} for name in stores}

    def take(self, name: str) -> list[Change]:
        """Return what one store told since the last time."""
        return [change for told in self._drained(name) if (change := self._plain(name, told)) is not None]

    def _drained(self, name: str) -> list[Any]:
        stream = self._streams[name]
        if isinstance(stream, pybotters.store.StoreStream):
            queue = stream._queue
            return [queue.get_nowait() for _ in range(queue.qsize())]
        told = []
        while len(stream):
            try:
                stream.get().send(None)
            except StopIteration as stop:
                told.append(stop.value)
        return told

    def _plain(self, name: str, told: Any) -> Change | None:
        row = self._pairing.canonical(name, told.data)
        after = None if told.operation == "delete" else row
        keys = self._keyed[name]._keys  # BitMEX tells them with its first image
        if not keys and name not in self._pairing.sums:
            evicted = getattr(told, "reason", None) == "evict"  # stores 3: the reference does not tell
            return None if row is None or evicted else (told.operation, (), row, row)
        rows, key = self._rows[name], tuple(told.data.get(field) for field in keys)
        before = rows.pop(key, None)
        if after is not None:
            rows[key] = after
        if before == after:
            return None
        return ("delete" if after is None else told.operation), key, before, after


def _same(pairing: Pairing, name: str, left: list[Change], right: list[Change]) -> bool:
    if left == right:
        return True
    if name in pairing.sorts or name in pairing.sums:
        return _sum(left) == _sum(right)
    return name in pairing.calls and [change[1:] for change in left] == [change[1:] for change in right]


def _sum(changes: list[Change]) -> dict[Any, tuple[Any, Any]]:
    total: dict[Any, tuple[Any, Any]] = {}
    for _, key, before, after in changes:
        total[key] = (total[key][0] if key in total else before), after
    return {key: ends for key, ends in total.items() if ends[0] != ends[1]}


class Comparison:
    """One file through both.

    Args:
        pairing: How.
        path: The recording.
    """

    def __init__(self, pairing: Pairing, path: Path) -> None:
        self.pairing, self.path, self.seen = pairing, path, Seen()
        self.names = pairing.names()
        self.ours, self.theirs = pairing.both()
        self.ours.errors.subscribe(self._note)
        self._told = self._watched()
        if pairing.page and hasattr(self.theirs, "_stores"):
            left = set(self.theirs._stores) - set(self.names.values()) - set(pairing.apart)
            assert not left, f"stores of the reference that nobody compares, and no difference names: {sorted(left)}"

    def _watched(self) -> tuple[Told, Told] | None:
        theirs = {mine: self.theirs[other] for mine, other in self.names.items()}
        if not all(hasattr(store, "watch") for store in theirs.values()):
            return None
        ours = {name: self.ours[name] for name in self.names}
        return Told(self.pairing, ours, theirs), Told(self.pairing, theirs, theirs)

    def _note(self, error: Exception) -> None:
        self.seen.counts["errors of ours"] += 1

    async def run(self) -> Seen:
        """Compare; raise `AssertionError` at the first difference that has no name."""
        number = 0
        for number, record in enumerate(read_records(self.path), 1):
            named = self.pairing.skip(record)
            if named:
                self.seen.counts["skipped"] += 1
                self.seen.named["" if named is True else named] += 1
                continue
            ran = await (self._answer(record) if record.kind == "rest" else self._message(record))
            self.seen.counts[record.kind] += 1
            self._compare_changes(number, record, ran)
            if ran and number % self.pairing.every == 0:
                self._compare_rows(f"record {number}", record.data)
        if number:
            self._compare_rows("the end")
        self._compare_sorted()
        for named in filter(None, self.seen.named):
            assert difference(self.pairing.page, named).why, f"nothing says why difference {named} is right"
        return self.seen

    async def _answer(self, record: Record) -> bool:
        ran = True
        try:
            await self.theirs.initialize(awaitable(Answer(record)))
        except Exception as error:
            ran = self._theirs_failed(error)
        try:
            await self.ours.initialize(awaitable(Answer(record)))
        except Exception:
            self.seen.counts["refused by ours"] += 1
            ran = True  # who refuses changes nothing, and who fails should not
        return ran

    async def _message(self, record: Record) -> bool:
        self.ours.onmessage(record.data if self.pairing.raw else record.message)
        try:
            message = record.data if self.pairing.raw else json.loads(record.data)
            self.theirs.onmessage(message, Socket(record.url))
        except Exception as error:
            return self._theirs_failed(error)
        finally:
            await asyncio.sleep(0)
        return True

    def _theirs_failed(self, error: Exception) -> bool:
        self.seen.counts["errors of theirs"] += 1
        self.seen.named[self.pairing.fails if self.pairing.fails is not None else ""] += 1
        return False

    def _compare_changes(self, number: int, record: Record, ran: bool) -> None:
        if self._told is None:
            return
        for name in self.names:
            left, right = (told.take(name) for told in self._told)
            if ran and not _same(self.pairing, name, left, right):
                raise AssertionError(
                    f"{self.path.name}, record {number}, changes of {name}: {_first(left, right, 'changes')}\n"
                    f"{record.data[:500]}"
                )
            self.seen.changes += len(left)

    def _compare_rows(self, at: str, data: str = "") -> None:
        for mine, other in self.names.items():
            left, right = (self.pairing.rows(mine, store.find()) for store in (self.ours[mine], self.theirs[other]))
            if left != right:
                raise AssertionError(f"{self.path.name}, {at}, store {mine}: {_first(left, right)}\n{data[:500]}")

    def _compare_sorted(self) -> None:
        for book in self.pairing.books:
            parts = self.ours[book]._keys[:-2]
            for symbol in {tuple(row[part] for part in parts) for row in self.ours[book]}:
                query = dict(zip(parts, symbol, strict=True))
                mine, other = (store.sorted(query) for store in (self.ours[book], self.theirs[self.names[book]]))
                assert mine == other, f"{self.path.name}: sorted() of {book} {symbol} differs"


async def compare(pairing: Pairing, path: Path) -> Seen:
    """Replay a file through both; raise `AssertionError` at the first difference without a name; return what was seen."""
    return await Comparison(pairing, path).run()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _first(left: list[Any], right: list[Any], what: str = "rows") -> str:
    for a, b in zip(left, right, strict=False):
        if a != b:
            return f"ours {a}, theirs {b}"
    return f"ours has {len(left)} {what}, theirs {len(right)}: {(left[len(right) :] or right[len(left) :])[:2]}"


def pairings() -> dict[str, Pairing]:
    """Return corpus folder → pairing, from the ``PAIRINGS`` of every exchange's ``test_against_pybotters``."""
    found: dict[str, Pairing] = {}
    for path in sorted(HERE.glob("*/test_against_pybotters.py")):
        module = importlib.import_module(f"tests.exchanges.{path.parent.name}.test_against_pybotters")
        found.update(getattr(module, "PAIRINGS", {}))
    return found


if __name__ == "__main__":
    import sys

    from .corpus import main

    sys.exit(main(Path(sys.argv[1])))
