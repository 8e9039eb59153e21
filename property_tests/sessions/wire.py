"""`Wire`: how one exchange tells of its books. A new exchange is one file in ``wires/``, and nothing else.

Rules
  1. A wire turns what the `Market` did into the messages, answers and acknowledgements that the exchange would send.
  2. It says what its protocol cannot show: only there may a `Live` book be wrong, and only until the whole book that its
     docstring names.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from yarl import URL

from rxbotters.exchanges.index import NAMES
from rxbotters.stores import DataStoreCollection, OrderBook

from .model import ASK, BID, Change, Market, Sides

__all__ = ["Packet", "Wire", "every_wire", "last_of"]

_WIRES: dict[str, type[Wire]] = {}


class Packet(NamedTuple):
    """One message on its way.

    Attributes:
        message: As the exchange's decoder gives it.
        symbol: Whose book it changes; ``None``: nobody's.
        version: Which version of the book it ends at.
        since: At which version it begins, if it is a diff.
        whole: Whether it is a whole book.
        more: Whether the step it belongs to goes on with the next message.
        spoiled: Whether its checksum was made wrong.
    """

    message: Any
    symbol: str | None = None
    version: int = -1
    since: int = -1
    whole: bool = False
    more: bool = False
    spoiled: bool = False


class Wire:
    """The voice of one exchange.

    Attributes:
        symbols: Two instruments, as the book knows them.
        url: Where the connection goes.
        depth: Levels a side that this book shows; ``None``: all.
        notices: Whether every lost or reordered message shows. If not, a `Live` book may be wrong from the loss to the
            next whole book that is not older, but never crossed.
        echoes: Whether a message of the past that comes again, or two in the wrong order, are harmless or noticed.
        rewind: When a whole book of the stream takes the book back to an earlier moment.
        hybrid: Whether older diffs may follow a newer whole book and be applied to it, until they have caught up.
        overtakes: Whether whole books of the stream are ahead of the diffs.
        old_answers: Whether a REST snapshot may be older than its request.
        numbers_fall: Whether the numbers of a new connection may begin lower.
        restarts: Whether the numbers may begin anew without a new connection.
        batches: Whether several steps may be told in one diff.
        checks: Whether diffs carry a checksum.
        anchored: Whether no side is ever empty.
        drops_whole: Whether a whole book that is lost is asked for again.
        heals: Rounds, of a step for each instrument, within which a book is `Live` again.
        by_itself: Whether what was missed unnoticed is repaired without a new connection.
    """

    symbols: ClassVar[tuple[Any, Any]]
    url: ClassVar[URL]
    depth: ClassVar[int | None] = None
    notices: ClassVar[bool] = True
    echoes: ClassVar[bool] = True
    rewind: ClassVar[Literal["always", "when lost", "never"]] = "always"
    hybrid: ClassVar[bool] = False
    overtakes: ClassVar[bool] = False
    old_answers: ClassVar[bool] = True
    numbers_fall: ClassVar[bool] = False
    restarts: ClassVar[bool] = False
    batches: ClassVar[bool] = True
    checks: ClassVar[bool] = False
    anchored: ClassVar[bool] = False
    drops_whole: ClassVar[bool] = True
    heals: ClassVar[int] = 4
    by_itself: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "symbols") and not cls.__name__.startswith("_"):
            _WIRES[cls.__name__] = cls

    def __init__(self, market: Market) -> None:
        self.market = market
        self.numbers = {symbol: [100] for symbol in self.symbols}  # by version
        self.clock = 1_700_000_000_000

    # ------------------------------------------------------------------ what an exchange fills in

    def collection(self) -> DataStoreCollection:
        """Return the collection that is put to the test, new."""
        raise NotImplementedError

    def book(self, store: Any) -> OrderBook:
        """Return the book in it."""
        return store.orderbook  # type: ignore[no-any-return]

    def subscriptions(self) -> list[Any]:
        """Return what the connection sends once it is open."""
        raise NotImplementedError

    def diff(self, symbol: str, since: int, changes: list[Change]) -> list[Packet]:
        """Tell what changed since a version."""
        raise NotImplementedError

    def subscribed(self, symbol: str) -> list[Packet]:
        """Return what the exchange says first to who subscribes."""
        return []

    def resubscribed(self, message: Any) -> list[Packet]:
        """Return what the exchange says when a subscription is ended and made again."""
        return [packet for symbol in self.symbols if symbol in str(message) for packet in self.subscribed(symbol)]

    def answer(self, symbol: Any, version: int) -> Any:
        """Return the body of a REST snapshot as it was at a version."""
        raise NotImplementedError

    def asked_for(self, path: str, query: Mapping[str, str]) -> Any:
        """Return the symbol that a REST request asks for."""
        return query["symbol"]

    def advance(self, symbol: str, changes: list[Change]) -> None:
        """Number a new version."""
        self.numbers[symbol].append(self.numbers[symbol][-1] + len(changes))

    def renumber(self, symbol: str, *, lower: bool) -> None:
        """Begin other numbers."""
        self.numbers[symbol][-1] = 1 if lower else self.numbers[symbol][-1] + 1000

    def quiet(self, symbol: str) -> list[Packet]:
        """Return what the exchange says of a book that does not change."""
        return []

    def now_and_then(self, symbol: str, version: int) -> list[Packet]:
        """Return what the exchange says from time to time: a whole book of this version, where it sends such."""
        return []

    def sent(self, message: Any) -> None:
        """Hear what the store itself sends."""

    def opened(self) -> None:
        """Forget what belonged to the connection before."""

    def spoil(self, packet: Packet) -> Packet:
        """Make the checksum of a message wrong."""
        return packet

    # ------------------------------------------------------------------ numbers

    def price(self, tick: int) -> Any:
        """Return a price as this exchange writes it."""
        return str(100 + tick / 2)

    def size(self, size: int) -> Any:
        """Return a size as this exchange writes it."""
        return str(size / 4)

    def tick(self) -> int:
        """Return a time that only grows, in milliseconds."""
        self.clock += 7
        return self.clock

    # ------------------------------------------------------------------ levels

    def window(self, symbol: str, version: int) -> Sides:
        """Return what this book shows of the true one."""
        asks, bids = self.market.history[symbol][version]
        if self.depth is None:
            return asks, bids
        return (
            {tick: asks[tick] for tick in sorted(asks)[: self.depth]},
            {tick: bids[tick] for tick in sorted(bids, reverse=True)[: self.depth]},
        )

    def moved(self, symbol: str, since: int) -> list[tuple[int, int, int]]:
        """Return (side, tick, size) of what this book shows otherwise than it did; those that go come first."""
        before, after = self.window(symbol, since), self.window(symbol, self.market.version(symbol))
        gone = [(side, tick, 0) for side in (ASK, BID) for tick in before[side] if tick not in after[side]]
        new = [
            (side, tick, size)
            for side in (ASK, BID)
            for tick, size in after[side].items()
            if before[side].get(tick) != size
        ]
        return gone + new

    def levels(self, side: Mapping[int, int]) -> list[list[Any]]:
        """Return levels as [price, size]."""
        return [[self.price(tick), self.size(size)] for tick, size in side.items()]

    def changed(self, changes: Iterable[tuple[int, int, int]], side: int) -> list[list[Any]]:
        """Return the changed levels of one side as [price, size]."""
        return [[self.price(tick), self.size(size)] for of, tick, size in changes if of == side]


def last_of(changes: Iterable[Change]) -> list[tuple[int, int, int]]:
    """Return (side, tick, size) of each level that was touched, with its last size."""
    sizes = {(change.side, change.tick): change.size for change in changes}
    return [(side, tick, size) for (side, tick), size in sizes.items()]


def every_wire() -> dict[str, type[Wire]]:
    """Return every wire by name; each file in ``wires/`` is found by itself, and called as the exchange's folder is."""
    from . import wires as folder

    for found in pkgutil.iter_modules(folder.__path__):
        if found.name in NAMES:
            importlib.import_module(f"{folder.__name__}.{found.name}")
    return dict(sorted(_WIRES.items()))
