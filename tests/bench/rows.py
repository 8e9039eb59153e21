"""G6 and G7: a store of rows. The rows are the order books that BitMEX sent, under the keys it gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rxbotters import DataStore

from .case import Case, Sample, Scale, stopwatch
from .peers import CAP, OURS, both_cap, sides
from .recordings import rows

__all__ = ["KEYS", "cases"]

KEYS = ["symbol", "id", "side"]
_CALL = 10  # rows in one call, as in a usual message
Row = dict[str, Any]
Prepared = tuple[Callable[[], Any], Callable[[], Any]]  # the work that is timed, and what it must have come to


def make(lib: Any, keys: Sequence[str] = KEYS) -> Any:
    """Return an empty store of a library."""
    return both_cap(lib.DataStore(keys=list(keys)))


def _filled(lib: Any, count: int) -> Any:
    store = make(lib)
    store._insert(rows(count))
    return store


def _calls(method: Callable[[list[Row]], Any], items: list[Row]) -> Callable[[], None]:
    batches = [items[start : start + _CALL] for start in range(0, len(items), _CALL)]

    def work() -> None:
        for batch in batches:
            method(batch)

    return work


def _read(store: Any) -> Callable[[], Any]:
    return lambda: sorted((row["symbol"], row["id"], row["side"], row["size"], row["price"]) for row in store.find())


def insert(lib: Any, count: int) -> Prepared:
    store = make(lib)
    return _calls(store._insert, rows(count)), _read(store)


def update(lib: Any, count: int) -> Prepared:
    """Patch every row as BitMEX does: the keys and the new size."""
    store = _filled(lib, count)
    patches = [{**_key(row), "size": row["size"] + 1} for row in rows(count)]
    return _calls(store._update, patches), _read(store)


def delete(lib: Any, count: int) -> Prepared:
    store = _filled(lib, count)
    return _calls(store._delete, [_key(row) for row in rows(count)]), _read(store)


def get(lib: Any, count: int) -> Prepared:
    store = _filled(lib, count)
    items = [_key(row) for row in rows(count)]
    found: list[Any] = []

    def work() -> None:
        look = store.get
        for item in items:
            found.append(look(item))

    return work, lambda: [dict(row) for row in found]


def keyless(lib: Any, count: int) -> Prepared:
    store = make(lib, ())
    return _calls(store._insert, rows(count)), _read(store)


def keyless_full(lib: Any, count: int) -> Prepared:
    """A log at its cap, where every log of trades is after its first minutes: each row in is a row out."""
    store = both_cap(lib.DataStore(), 9999)
    store._insert(rows(9999))
    return _calls(store._insert, rows(count)), lambda: len(store)


def _key(row: Row) -> Row:
    return {field: row[field] for field in KEYS}


def _side(lib: Any, prepare: Callable[[Any, int], Prepared], count: int) -> Sample:
    work, outcome = prepare(lib, count)
    with stopwatch() as watch:
        work()
    return Sample(watch.seconds / count, outcome())


def _find(lib: Any, queries: list[Row], indexes: Sequence[str]) -> Sample:
    """Time `find`; only our stores have indexes."""
    if lib is OURS:
        store: Any = DataStore(keys=KEYS, maxlen=CAP, indexes=indexes)
    else:
        store = make(lib)
    store._insert(rows(10_000))
    found: list[Any] = []
    with stopwatch() as watch:
        for query in queries:
            found.append(store.find(query))
    return Sample(watch.seconds / len(queries), [[dict(row) for row in result] for result in found])


def cases(scale: Scale) -> Iterator[Case]:
    """G6: the cost of a row; G7: the cost of a query over 10,000 rows, the number of queries being small for the peer."""
    count = scale(10_000, 500)
    for what, limit, prepare in (
        ("insert", 6.0, insert),
        ("update", 2.0, update),
        ("delete", 2.8, delete),
        ("get", 3.5, get),
        ("keyless insert", 6.0, keyless),
        ("keyless insert at the cap of 9,999 rows", None, keyless_full),
    ):
        some = count if limit is not None else scale(2000, 200)
        yield Case("G6", f"DataStore {what}", "≥", limit, *sides(_side, prepare, some))

    sample = rows(10_000)[:: scale(500, 2500)]
    by_price = [{"price": row["price"]} for row in sample]
    by_key = [_key(row) for row in sample]
    for what, limit, queries, indexes in (
        ("find, 10k rows, scan", 14, by_price, ()),
        ("find, 10k rows, whole key", 1000, by_key, ()),
        ("find, 10k rows, indexed field", 800, by_price, ("price",)),
    ):
        yield Case("G7", what, "≥", limit, *sides(_find, queries, indexes))
