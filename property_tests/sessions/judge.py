"""`Judge`: holds the books of a session against the true ones, and remembers what the protocol cannot show."""

from __future__ import annotations

from typing import Any, NamedTuple

from rxbotters_operators.events import Live

from .model import Market
from .wire import Packet, Wire

__all__ = ["Broken", "Judge"]


class Broken(AssertionError):
    """A law did not hold."""


class _Seen(NamedTuple):
    asks: list[tuple[float, float]]
    bids: list[tuple[float, float]]


class Judge:
    """The laws of one session; see `property_tests.sessions.session`.

    Attributes:
        live: The books that said `Live` at the last look.
        reached: Symbol → the version of the stream that its book has reached; ``None``: nothing was said of it.
        compared: How many `Live` books were held against the truth, level by level.
    """

    def __init__(self, market: Market, wire: Wire, book: Any, *, watched: bool) -> None:
        self._market, self._wire, self._book = market, wire, book
        self.live: set[str] = set()
        self.compared = 0
        self._truth: dict[tuple[str, int], _Seen] = {}
        self._mirror: dict[Any, Any] = {}
        self._watched = watched
        if watched:
            book.changes.subscribe(self._hear)
        self.lost()

    def lost(self) -> None:
        """Note that the connection ended: what it told is worth nothing any more."""
        symbols = self._wire.symbols
        self.reached: dict[str, int | None] = dict.fromkeys(symbols)
        self._told = dict.fromkeys(symbols, -1)  # the last diff
        self._whole = dict.fromkeys(symbols, -1)  # the last whole book
        self._missed = dict.fromkeys(symbols, -1)  # unnoticed, up to this version
        self._midway: dict[str, int] = {}  # between two messages of one step

    # ------------------------------------------------------------------ where the stream is

    def miss(self, symbol: str, version: int) -> None:
        """Note that something went wrong which the protocol does not show."""
        self._missed[symbol] = max(self._missed[symbol], version)

    @property
    def is_missing(self) -> bool:
        """Whether a book may be wrong unnoticed; an empty one was noticed, and must come back by itself."""
        return any(
            missed >= 0 and (self._book.is_synced(symbol) or any(self._book.depth(symbol)))
            for symbol, missed in self._missed.items()
        )

    def note(self, packet: Packet, *, synced: bool) -> None:
        """Note a message that was folded; ``synced``: whether the book had its snapshot before."""
        symbol, version = packet.symbol, packet.version
        if symbol is None:
            return
        before = self.reached[symbol] or 0
        if packet.more and version >= before:
            self._midway[symbol] = version
        elif not packet.more and version >= self._midway.get(symbol, version + 1):
            del self._midway[symbol]
        rewind = self._wire.rewind
        back = packet.whole and (rewind == "always" or (rewind == "when lost" and not synced))
        self.reached[symbol] = version if back else max(version, before)
        if not packet.whole:
            self._told[symbol] = version
        elif back or rewind == "never" or version >= before:  # else it was ignored
            self._take(symbol, version)

    def answered(self, symbol: str, version: int) -> None:
        """Note a REST snapshot that was applied."""
        self.reached[symbol] = max(version, self.reached[symbol] or 0)
        self._take(symbol, version)

    def _take(self, symbol: str, version: int) -> None:
        self._whole[symbol] = version
        if version >= self._missed[symbol]:
            self._missed[symbol] = -1

    # ------------------------------------------------------------------ the laws

    def look(self, distrust: str, *, unsure: bool) -> None:
        """Hold every book against the truth.

        Args:
            distrust: Why no book may be `Live`; empty: they may.
            unsure: Whether some of what was noted waits for an answer.
        """
        self.live = {symbol for symbol in self._wire.symbols if isinstance(self._book.status_of(symbol), Live)}
        if self.live and distrust:
            raise Broken(f"{sorted(map(str, self.live))}: Live {distrust}")
        if not unsure:
            for symbol in self._wire.symbols:
                if symbol in self.live:
                    self._hold(symbol)
        if isinstance(self._book.status, Live) and any(symbol not in self.live for symbol in self._book.instruments):
            raise Broken(f"the store is Live, its instruments are {self._book.instruments}")

    def _hold(self, symbol: str) -> None:
        if symbol in self._midway:
            return
        depth = self._book.depth(symbol)
        seen = _Seen(*([(float(price), float(size)) for price, size in side] for side in depth))
        if seen.asks and seen.bids and seen.asks[0][0] <= seen.bids[0][0]:
            raise Broken(f"{symbol}: crossed and Live: {seen}")
        if self._missed[symbol] >= 0 or (self._wire.hybrid and self._told[symbol] < self._whole[symbol]):
            return
        version = self.reached[symbol]
        if version is None:
            raise Broken(f"{symbol}: Live before anything was said of it")
        self.compared += 1
        true = self._true(symbol, version)
        if seen != true:
            raise Broken(f"{symbol}: Live with\n  {seen}\nand the book at version {version} is\n  {true}")
        if self._watched and sum(_is_of(symbol, key) for key in self._mirror) != len(seen.asks) + len(seen.bids):
            raise Broken(f"{symbol}: the changes that were told make another book than {seen}")

    def final(self, errors: list[Exception]) -> None:
        """Hold every book against the present truth, without any excuse."""
        for symbol in self._wire.symbols:
            status, now = self._book.status_of(symbol), self._market.version(symbol)
            if not isinstance(status, Live):
                raise Broken(f"{symbol}: {status} after {self._wire.heals} rounds without a fault; {errors[-1:]}")
            self._missed[symbol] = -1
            self._whole[symbol] = self._told[symbol] = self.reached[symbol] = now
            self._hold(symbol)

    def empty(self) -> None:
        """Ask that no book says `Live` and none has a level."""
        for symbol in self._wire.symbols:
            if isinstance(self._book.status_of(symbol), Live) or any(self._book.depth(symbol)):
                raise Broken(f"{symbol}: {self._book.status_of(symbol)} behind a closed connection")

    def _true(self, symbol: str, version: int) -> _Seen:
        known = self._truth.get((symbol, version))
        if known is None:
            price, size = self._wire.price, self._wire.size
            asks, bids = self._wire.window(symbol, version)
            known = self._truth[symbol, version] = _Seen(
                [(float(price(tick)), float(size(asks[tick]))) for tick in sorted(asks)],
                [(float(price(tick)), float(size(bids[tick]))) for tick in sorted(bids, reverse=True)],
            )
        return known

    def _hear(self, change: Any) -> None:
        if self._mirror.get(change.key) != change.before:
            raise Broken(f"a change begins at {change.before}, the row was {self._mirror.get(change.key)}")
        if change.operation == "delete":
            del self._mirror[change.key]
        else:
            self._mirror[change.key] = change.data


def _is_of(symbol: Any, key: Any) -> bool:
    """Whether the key of a row is one of an instrument, which may be a pair of names itself."""
    return symbol in key or key[:2] == symbol
