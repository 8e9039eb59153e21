"""G9 and G10: one order book, in memory: folding, reading, and one big snapshot.

Bybit's messages bring 15 levels on average. BitMEX's bring one to four; its book, XBTUSD, is cut to so many levels around
the touch, so that the same messages meet books of different sizes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from rxbotters_operators import codec

from .books import bitmex, bybit, levels
from .case import Case, Sample, Scale, stopwatch
from .peers import OURS, sides
from .recordings import messages, touch

__all__ = ["cases"]

_FIELDS = ("symbol", "side", "price", "size")
Read = Callable[[Any], Any]


def best(lib: Any) -> Read:
    """Return a function that reads the touch; pybotters sorts for it."""
    if lib is OURS:
        return lambda book: book.best("XBTUSD")
    return lambda book: book.sorted({"symbol": "XBTUSD"}, limit=1)


def whole(lib: Any) -> Read:
    """Return a function that reads every level, sorted."""
    return lambda book: book.sorted({"symbol": "XBTUSD"})


def _plain(reading: Any) -> Any:
    """Return a reading of either library in one form: prices and sizes of asks and bids, best first."""
    sides = ([reading.ask], [reading.bid]) if hasattr(reading, "ask") else (reading["Sell"], reading["Buy"])
    return [[(row["price"], row["size"]) for row in side] for side in sides]


def _fold(
    lib: Any,
    make: Callable[[Any], Any],
    name: str,
    deltas: Callable[[], list[Any]],
    fields: tuple[str, ...],
    rounds: int,
) -> Sample:
    """Fold message by message, in each round into new stores."""
    snapshot, *rest = deltas()
    lives = [make(lib) for _ in range(rounds)]
    for stores in lives:
        stores.onmessage(snapshot)
    with stopwatch() as watch:
        for stores in lives:
            fold = stores.onmessage
            for message in rest:
                fold(message)
    return Sample(watch.seconds / (len(rest) * rounds), levels(lives[-1][name], fields))


def _fold_and_read(lib: Any, count: int, most: int, read: Callable[[Any], Read], rounds: int) -> Sample:
    """Fold message by message, reading after each, in each round with new stores."""
    snapshot, *rest = touch(count)
    rest = rest[:most]
    lives = [bitmex(lib) for _ in range(rounds)]
    for stores in lives:
        stores.onmessage(snapshot)
    look = read(lib)
    with stopwatch() as watch:
        for stores in lives:
            book, fold = stores["orderBookL2"], stores.onmessage
            for message in rest:
                fold(message)
                look(book)
    book = lives[-1]["orderBookL2"]
    return Sample(watch.seconds / (len(rest) * rounds), (levels(book, _FIELDS), _plain(look(book))))


def _snapshot(lib: Any, count: int, times: int) -> Sample:
    """Decode and fold one frame that holds a whole book: the loop can do nothing else meanwhile."""
    text = codec.dumps(touch(count)[0])
    loads: Callable[[str], Any] = codec.loads if lib is OURS else json.loads
    books = [bitmex(lib) for _ in range(times)]
    with stopwatch() as watch:
        for stores in books:
            stores.onmessage(loads(text))
    return Sample(watch.seconds / times, levels(books[-1]["orderBookL2"], _FIELDS))


def cases(scale: Scale) -> Iterator[Case]:
    """G9 with two kinds of messages and two sizes of book; G10 with a snapshot as long as BitMEX's are on average."""
    most = scale(1000, 20)
    for what, make, name, deltas, fields in (
        (
            "Bybit, 15 levels a message",
            bybit,
            "orderbook",
            lambda: messages("bybit")[: scale(1562, 30)],
            ("s", "S", "p", "v"),
        ),
        ("BitMEX, 1–4 levels a message", bitmex, "orderBookL2", lambda: touch(1000)[:most], _FIELDS),
    ):
        yield Case("G9", f"book: fold, {what}", "≥", 3.5, *sides(_fold, make, name, deltas, fields, scale(4, 1)))
    for what, limit, count, read in (
        ("best at 100 levels", 12, 100, best),
        ("best at 1k levels", 90, 1000, best),
        ("whole at 1k levels", 9, 1000, whole),
    ):
        yield Case("G9", f"book: fold + {what}", "≥", limit, *sides(_fold_and_read, count, most, read, scale(4, 1)))
    snapshots = sides(_snapshot, 1175, scale(20, 2))
    yield Case("G10", "loop blocked by a snapshot of 1,175 rows", "≥", 9, *snapshots, unit="ms")
