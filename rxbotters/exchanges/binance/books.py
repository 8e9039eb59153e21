"""Binance's order books: a REST snapshot and numbered diffs; and the best levels, which come whole each time.

Source: developers.binance.com, "How to manage a local order book correctly", spot and USDⓈ-M (2026-06).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from rxbotters.stores import Diff, by_range
from rxbotters.stores.fetched import FetchedBook, WholeBook

from .checks import text, whole

__all__ = ["Book", "FuturesBook", "PartialDepth", "follows"]


def follows(last: Any, diff: Diff, first: bool) -> Literal["apply", "skip", "gap"]:
    """Futures: the first diff after a snapshot spans its number, each later one names the one before it.

    A first diff that names the snapshot itself as the one before it follows too: nothing lies between.
    """
    if first:
        if diff.last < last:
            return "skip"
        return "apply" if diff.first <= last or diff.previous == last else "gap"
    return "apply" if diff.previous == last else "skip" if diff.last <= last else "gap"


class Book(FetchedBook):
    """The diff book of spot: rows ``{s, S: "a" | "b", p, q}``.

    Diffs are held until the snapshot; every later one begins right after the one before it, or the instrument is
    emptied, `Stale`, and its snapshot fetched anew. Levels beyond the snapshot are unknown until they change.
    """

    _KEYS: ClassVar[Sequence[str]] = ("s", "S", "p")
    _SIZE: ClassVar[str] = "q"
    _SIDES: ClassVar[tuple[str, str]] = ("a", "b")
    _FOLLOWS: ClassVar[Any] = by_range

    def change(self, event: Mapping[str, Any]) -> None:
        """Apply, hold, ignore or refuse one ``depthUpdate``."""
        diff = Diff(event["a"], event["b"], whole("u", event["u"]), whole("U", event["U"]), event.get("pu"))
        self.follow(text("symbol", event["s"]), diff)

    def snapshot(self, symbol: str, body: Mapping[str, Any]) -> None:
        """Begin from a REST snapshot."""
        self.begin(symbol, whole("lastUpdateId", body["lastUpdateId"]), body["asks"], body["bids"])


class FuturesBook(Book):
    """The diff book of USDⓈ-M and COIN-M, whose diffs name the one before them."""

    _FOLLOWS: ClassVar[Any] = follows

    def change(self, event: Mapping[str, Any]) -> None:
        """Apply, hold, ignore or refuse one ``depthUpdate``."""
        whole("pu", event["pu"])
        super().change(event)


class PartialDepth(WholeBook):
    """The best 5, 10 or 20 levels: rows as those of the diff book, whole with every message, never mixed with it."""

    _KEYS: ClassVar[Sequence[str]] = ("s", "S", "p")
    _SIZE: ClassVar[str] = "q"
    _SIDES: ClassVar[tuple[str, str]] = ("a", "b")

    def replace(self, symbol: str, event: Mapping[str, Any]) -> None:
        """Take one message as the truth, unless a newer one was taken already."""
        if "lastUpdateId" in event:
            last, asks, bids = whole("lastUpdateId", event["lastUpdateId"]), event["asks"], event["bids"]
        else:
            last, asks, bids = whole("u", event["u"]), event["a"], event["b"]
        self.take(symbol, last, asks, bids)
