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
_ROWS = 1000  # rows in a store
Row = dict[str, Any]
Method = Callable[[list[Row]], Any]
Work = list[tuple[Method, list[Row]]]  # what is timed: methods, and the rows each is given
Prepared = tuple[Work, Callable[[], Any]]  # … and what it must have come to


def make(lib: Any, keys: Sequence[str] = KEYS) -> Any:
    """Return an empty store of a library."""
    return both_cap(lib.DataStore(keys=list(keys)))


def filled(lib: Any, count: int = _ROWS) -> Any:
    """Return a store with rows in it."""
    store = make(lib)
    store._insert(rows(count))
    return store


def _content(stores: list[Any]) -> Callable[[], Any]:
    return lambda: [
        sorted((row["symbol"], row["id"], row["side"], row["size"], row["price"]) for row in store.find())
        for store in stores
    ]


def insert(lib: Any, rounds: int) -> Prepared:
    """Fill empty stores."""
    stores = [make(lib) for _ in range(rounds)]
    return [(store._insert, rows(_ROWS)) for store in stores], _content(stores)


def update(lib: Any, rounds: int) -> Prepared:
    """Patch every row as BitMEX does: the keys and the new size."""
    store = filled(lib)
    known = rows(_ROWS)
    work = [(store._update, [{**_key(row), "size": 10**9 + number} for row in known]) for number in range(rounds)]
    return work, _content([store])


def delete(lib: Any, rounds: int) -> Prepared:
    """Empty full stores."""
    stores = [filled(lib) for _ in range(rounds)]
    keys = [_key(row) for row in rows(_ROWS)]
    return [(store._delete, keys) for store in stores], _content(stores)


def keyless(lib: Any, rounds: int) -> Prepared:
    """Write logs."""
    stores = [make(lib, ()) for _ in range(rounds)]
    return [(store._insert, rows(_ROWS)) for store in stores], _content(stores)


def keyless_full(lib: Any, rounds: int) -> Prepared:
    """A log at its cap, where every log of trades is after its first minutes: each row in is a row out."""
    store = both_cap(lib.DataStore(), 9999)
    store._insert(rows(9999))
    return [(store._insert, rows(_ROWS)) for _ in range(rounds)], lambda: len(store)


def _key(row: Row) -> Row:
    return {field: row[field] for field in KEYS}


def _calls(lib: Any, prepare: Callable[[Any, int], Prepared], rounds: int) -> Sample:
    """Time the work, so many rows a call."""
    work, outcome = prepare(lib, rounds)
    batches = [
        (method, items[start : start + _CALL]) for method, items in work for start in range(0, len(items), _CALL)
    ]
    with stopwatch() as watch:
        for method, batch in batches:
            method(batch)
    return Sample(watch.seconds / (_ROWS * rounds), outcome())


def _get(lib: Any, rounds: int) -> Sample:
    """Time looking up every row by its keys."""
    store = filled(lib)
    items, look = [_key(row) for row in rows(_ROWS)], store.get
    with stopwatch() as watch:
        for _ in range(rounds):
            for item in items:
                look(item)
    return Sample(watch.seconds / (_ROWS * rounds), [dict(look(item)) for item in items])


def _find(lib: Any, queries: list[Row], indexes: Sequence[str], repeat: int) -> Sample:
    """Time `find` over 10,000 rows. Only ours has indexes, and only ours is asked again: the peer takes long enough."""
    ours = lib is OURS
    store: Any = DataStore(keys=KEYS, maxlen=CAP, indexes=indexes) if ours else make(lib)
    store._insert(rows(10_000))
    times = repeat if ours else 1
    with stopwatch() as watch:
        for _ in range(times):
            for query in queries:
                store.find(query)
    found = [[dict(row) for row in store.find(query)] for query in queries]
    return Sample(watch.seconds / (len(queries) * times), found)


def cases(scale: Scale) -> Iterator[Case]:
    """G6: the cost of a row in stores of 1,000; G7: the cost of a query."""
    rounds = scale(10, 1)
    for what, limit, prepare in (
        ("insert", 6.0, insert),
        ("update", 2.0, update),
        ("delete", 2.8, delete),
        ("keyless insert", 6.0, keyless),
        ("keyless insert at the cap of 9,999 rows", None, keyless_full),
    ):
        yield Case("G6", f"DataStore {what}", "≥", limit, *sides(_calls, prepare, rounds))
    yield Case("G6", "DataStore get", "≥", 3.5, *sides(_get, rounds))

    sample = rows(10_000)[:: scale(500, 2500)]
    by_price = [{"price": row["price"]} for row in sample]
    by_key = [_key(row) for row in sample]
    for what, limit, queries, indexes, repeat in (
        ("scan", 14, by_price, (), 2),
        ("whole key", 1000, by_key, (), 50),
        ("indexed field", 800, by_price, ("price",), 50),
    ):
        both = sides(_find, queries, indexes, repeat)
        yield Case("G7", f"find, 10k rows, {what}", "≥", limit, *both)
