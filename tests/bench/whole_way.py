"""G2, G3, G4: the whole way of recorded messages, from the socket to the store, and to who watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .books import bitmex, bybit, levels
from .case import Case, Sample, Scale, Side
from .drive import drive
from .feed import Feed
from .peers import sides
from .recordings import frames

__all__ = ["cases"]


def bitflyer(lib: Any) -> Any:
    """Return bitFlyer's stores of a library."""
    return lib.bitFlyerDataStore()


def read_bitflyer(stores: Any) -> Any:
    """Return everything public that was folded."""
    book = levels(stores.board, ("product_code", "side", "price", "size"))
    tickers = sorted((dict(row) for row in stores.ticker.find()), key=lambda row: row["product_code"])
    return book, tickers, [dict(row) for row in stores.executions.find()]


def read_bybit(stores: Any) -> Any:
    return levels(stores["orderbook"], ("s", "S", "p", "v"))


def read_bitmex(stores: Any) -> Any:
    return levels(stores["orderBookL2"], ("symbol", "side", "price", "size"))


def cases(feed: Feed, scale: Scale) -> Iterator[Case]:
    """G2 and G3 fold; G4 folds and wakes."""
    for what, limit, name, make, read, passes in (
        ("socket → store, Bybit v5 book of 50", 4, "bybit", bybit, read_bybit, scale(3, 1)),
        ("socket → store, BitMEX L2, 10 books", 2.5, "bitmex", bitmex, read_bitmex, scale(3, 1)),
    ):
        yield Case("G2", what, "≥", limit, *_way(feed, scale, name, make, read, passes))
    for what, limit, name, passes in (
        ("socket → store, bitFlyer, 1 product", 15, "bitflyer-1", scale(20, 1)),
        ("socket → store, bitFlyer, 10 products", 90, "bitflyer", scale(2, 1)),
    ):
        yield Case("G3", what, "≥", limit, *_way(feed, scale, name, bitflyer, read_bitflyer, passes))
    for watchers, limit in ((1, 5), (10, 17)):
        what = f"the same, Bybit, {watchers} async watcher{'s' * (watchers > 1)}"
        both = _way(feed, scale, "bybit", bybit, read_bybit, 1, book="orderbook", watchers=watchers)
        yield Case("G4", what, "≥", limit, *both)


def _way(
    feed: Feed,
    scale: Scale,
    name: str,
    make: Callable[[Any], Any],
    read: Callable[[Any], Any],
    passes: int,
    **watched: Any,
) -> tuple[Side, Side]:
    size = scale(len(frames(name)), 100)

    def way(lib: Any) -> Sample:
        return drive(lib, feed.burst(name, size, passes), make, read, size=size, passes=passes, **watched)

    return sides(way)
