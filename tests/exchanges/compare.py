"""The same records through rxbotters and through pybotters, row by row. Used by every exchange's tests, and by hand:

uv run python -m tests.exchanges.compare FOLDER-OF-RECORDINGS
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yarl import URL

from rxbotters.record import Record, read_records

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

HERE = Path(__file__).parent
Row = Mapping[str, Any]


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
    """How one exchange's collections are compared.

    Attributes:
        ours: Makes our collection.
        theirs: Makes theirs.
        stores: Our store name → theirs; names that are equal in both may be given as a list.
        canonical: (store, row) → what is compared; ``None``: this row is not. Every change it makes to a row is a
            difference that the exchange's docs page names, with its reason.
        sorts: Stores whose order of rows differs by design (books are kept in order of price).
        raw: Whether the collections read the text of a frame, not its decoded JSON.
        skip: Records that are not compared, by reason of a named difference.
        books: Our order book stores, whose ``sorted`` is compared at the end, instrument by instrument.
    """

    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    stores: Iterable[str] | Mapping[str, str]
    canonical: Callable[[str, Row], Any] = lambda store, row: row
    sorts: frozenset[str] = frozenset()
    raw: bool = False
    skip: Callable[[Record], bool] = lambda record: False
    books: tuple[str, ...] = ()
    every: int = 1
    found: Counter[str] = field(default_factory=Counter)

    def names(self) -> dict[str, str]:
        return dict(self.stores) if isinstance(self.stores, Mapping) else {name: name for name in self.stores}

    def rows(self, name: str, rows: Iterable[Row]) -> list[Any]:
        kept = [plain for row in rows if (plain := self.canonical(name, row)) is not None]
        return (
            sorted(kept, key=lambda row: json.dumps(row, sort_keys=True, default=str)) if name in self.sorts else kept
        )


async def compare(pairing: Pairing, path: Path) -> Counter[str]:
    """Replay a file through both; raise `AssertionError` at the first difference; return what was seen."""
    ours, theirs = pairing.ours(), pairing.theirs()
    errors: list[Exception] = []
    ours.errors.subscribe(errors.append)
    seen: Counter[str] = Counter()
    names = pairing.names()
    for number, record in enumerate(read_records(path), 1):
        if pairing.skip(record):
            seen["skipped"] += 1
            continue
        failed = False
        if record.kind == "rest":
            try:
                await theirs.initialize(awaitable(Answer(record)))
            except Exception:
                failed = True
            try:
                await ours.initialize(awaitable(Answer(record)))
            except Exception:
                seen["refused by ours"] += 1
                continue
        else:
            message: Any = record.data if pairing.raw else record.message
            before = len(errors)
            ours.onmessage(message)
            try:
                theirs.onmessage(json.loads(record.data) if not pairing.raw else record.data, Socket(record.url))
            except Exception:
                failed = True
            await asyncio.sleep(0)
            if len(errors) > before:
                seen["errors of ours"] += 1
        seen[record.kind] += 1
        if failed:
            seen["errors of theirs"] += 1
            continue
        if number % pairing.every == 0:
            for mine, other in names.items():
                left, right = pairing.rows(mine, ours[mine].find()), pairing.rows(mine, theirs[other].find())
                assert left == right, (
                    f"{path.name}, record {number}, store {mine}: {_first(left, right)}\n{record.data[:500]}"
                )
    for book in pairing.books:
        parts = ours[book]._keys[:-2]
        for symbol in {tuple(row[part] for part in parts) for row in ours[book]}:
            query = dict(zip(parts, symbol, strict=True))
            mine, other = (store.sorted(query) for store in (ours[book], theirs[names[book]]))
            assert mine == other, f"{path.name}: sorted() of {book} {symbol} differs"
    return seen


def _first(left: list[Any], right: list[Any]) -> str:
    for a, b in zip(left, right, strict=False):
        if a != b:
            return f"ours {a}, theirs {b}"
    return f"ours has {len(left)} rows, theirs {len(right)}: {(left[len(right) :] or right[len(left) :])[:2]}"


def pairings() -> dict[str, Pairing]:
    """Return corpus folder → pairing, from the ``PAIRINGS`` of every exchange's ``test_against_pybotters``."""
    found: dict[str, Pairing] = {}
    for path in sorted(HERE.glob("*/test_against_pybotters.py")):
        module = importlib.import_module(f"tests.exchanges.{path.parent.name}.test_against_pybotters")
        found.update(getattr(module, "PAIRINGS", {}))
    return found


def main(folder: Path) -> int:
    bad = 0
    for name, pairing in pairings().items():
        for path in sorted((folder / name).glob("*.jsonl*")):
            try:
                print(f"{name}/{path.name}: {dict(asyncio.run(compare(pairing, path)))}", flush=True)
            except AssertionError as error:
                bad += 1
                print(f"{name}/{path.name}: DIFFERENT {str(error)[:800]}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
