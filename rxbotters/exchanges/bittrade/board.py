"""BitTrade's order books: whole in every message. Source: BitTrade-Inc/BitTrade-api-docs, ``websocket-api.md`` (2024-04).

Rules
  1. A message is the whole book of a symbol; it replaces what was there.
  2. A message that cannot be read, or that crosses, empties its book: what it said is missing.
  3. An answer or a message that is older than what is known changes nothing.
  4. The steps of grouping of one symbol never mix: each has a book of its own, the finest one is ``depth``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from rxbotters.errors import ProtocolError
from rxbotters.stores import OrderBook, SyncedBook
from rxbotters_operators.events import Stale, Status

from .rows import topic_of

if TYPE_CHECKING:
    from rxbotters.stores import DataStoreCollection

__all__ = ["Depth", "Steps"]


class Depth(SyncedBook):
    """Rows ``{symbol, side: "asks" | "bids", price, amount}``, prices and amounts numbers, as the exchange writes them.

    Attributes:
        ts: The exchange's time of the last message of each symbol, milliseconds.
        versions: The exchange's number of that book, where it gave one: later books have larger numbers.
    """

    _SIZE = "amount"

    def _init(self) -> None:
        self.ts: dict[str, int] = {}
        self.versions: dict[str, int] = {}

    def take(self, symbol: str, book: Any, ts: Any, *, answer: bool = False) -> None:
        """Make the book of a symbol exactly this one.

        Args:
            symbol: Which.
            book: ``asks`` and ``bids``, and perhaps its ``version``.
            ts: When it was sent, milliseconds; ``None``: not told.
            answer: Whether it is an answer to a request: the stream may have brought a newer book meanwhile, and what it
                brought stands if the answer cannot be read.

        Raises:
            ProtocolError, BadNumber, KeyError, TypeError: It cannot be read.
        """
        try:
            asks, bids, version = _levels(book["asks"]), _levels(book["bids"]), book.get("version")
            if ts.__class__ is not int or version.__class__ not in (int, type(None)):
                raise ProtocolError(f"{self.name} {symbol}: ts {ts!r}, version {version!r}")
            if self._is_old(symbol, ts, version, answer=answer):
                return
            if answer:  # one that cannot be read says nothing of the book that is here
                for side in (asks, bids):
                    self._checked(side)
            self._forget(symbol)
            self.ts[symbol] = ts
            if version is not None:
                self.versions[symbol] = version
            self.on_snapshot(symbol, ts, asks, bids)
        except Exception:
            if not answer:
                self._doubt(symbol, None)
            raise

    def _is_old(self, symbol: str, ts: int, version: int | None, *, answer: bool) -> bool:
        """Whether a book is older than the one that is known; a stream whose numbers begin again goes on with its time."""
        known, known_ts = self.versions.get(symbol), self.ts.get(symbol)
        if known_ts is None:
            return False
        if version is None or known is None:
            return ts < known_ts
        return version < known and (answer or ts < known_ts)

    def lose(self, symbol: str, status: Status) -> None:
        """Empty the book of a symbol whose feed ended; what comes next is new, whatever its number."""
        self._forget(symbol)
        super().lose(symbol, status)

    def _doubt(self, symbol: Any, error: Any, *, held: bool = False) -> None:
        self._forget(symbol)
        super()._doubt(symbol, error, held=held)

    def _forget(self, symbol: Any) -> None:
        self.ts.pop(symbol, None)
        self.versions.pop(symbol, None)


def _levels(levels: Any) -> Any:
    """Return one side of a book.

    Raises:
        TypeError: It is no list of lists.
    """
    if levels.__class__ is not list or any(level.__class__ is not list for level in levels):
        raise TypeError(f"a list of levels was expected, not {str(levels)[:100]}")
    return levels


class Steps:
    """Which book of a collection holds which step of grouping of which symbol.

    ``depth`` holds the finest step that was subscribed or seen, the others stand in ``depth.step1`` and so on.
    """

    def __init__(self, collection: DataStoreCollection, finest: Depth) -> None:
        self._collection = collection
        self._finest = finest
        self._steps: dict[str, int] = {}

    def store(self, symbol: str, step: int) -> Depth:
        """Return the book that holds a step of a symbol."""
        known = self._steps.setdefault(symbol, step)
        if step < known:
            self._steps[symbol] = step
            self._finest.lose(symbol, Stale(f"step{known} gave way to step{step}"))
        if step <= known:
            return self._finest
        name = f"depth.step{step}"
        if name not in self._collection:
            self._collection.create(name, datastore_class=Depth)
        return self._collection.get(name, Depth)

    def subscription(self, book: OrderBook, symbol: str) -> Any:
        """Return the subscription that brings a book at once when it is made again."""
        _, _, own = book.name.partition(".")
        topic = f"market.{symbol}.depth.{own or f'step{self._steps.get(symbol, 0)}'}"
        return {"sub": topic, "id": topic}

    def expect(self, messages: Iterable[Any]) -> list[tuple[OrderBook, str]]:
        """Return the book and symbol of each subscription of a book, the finest step of a symbol first."""
        asked: list[tuple[int, str]] = []
        for message in messages:
            topic = topic_of(cast("Mapping[str, Any]", message).get("sub") if isinstance(message, Mapping) else None)
            if topic is not None and topic.kind == "depth":
                asked.append((topic.part, topic.symbol))
        return [(self.store(symbol, step), symbol) for step, symbol in sorted(asked)]
