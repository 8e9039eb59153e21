"""G16: what it costs that a book notices every gap, crossing and doubt: the whole way with those checks, and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import rxbotters
from rxbotters.exchanges.bybit.board import Book
from rxbotters_operators.events import Live

from .case import Case, Sample, Scale
from .drive import drive
from .feed import Feed
from .peers import OURS
from .recordings import frames
from .whole_way import read_bybit

__all__ = ["cases"]


class _Trusting(Book):
    """A book that applies whatever comes: no numbers, no crossing, no proof, no status of an instrument in doubt."""

    def message(self, symbol: str, msg: Mapping[str, Any]) -> None:
        data = msg["data"]
        if msg["type"] == "snapshot":
            self.replace_levels(symbol, data["a"], data["b"])
            self.mark(symbol, Live())
        else:
            self.apply_levels(symbol, data["a"], data["b"])


class _Trustful(rxbotters.BybitDataStore):
    def _init(self) -> None:
        super()._init()
        self.create("orderbook", datastore_class=_Trusting)


def cases(feed: Feed, scale: Scale) -> Iterator[Case]:
    """G16: ours, over ours without its checks."""
    size, passes = scale(len(frames("bybit")), 100), scale(6, 1)

    def way(make: Any) -> Sample:
        burst = feed.burst("bybit", size, passes)
        return drive(OURS, burst, lambda _: make(), read_bybit, size=size, passes=passes)

    sides = partial(way, rxbotters.BybitDataStore), partial(way, _Trustful)
    yield Case("G16", "socket → store, Bybit, checked books", "≤", 1.1, *sides, peer="unchecked")
