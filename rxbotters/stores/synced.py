"""`SyncedBook`: an order book that notices every gap, and is never `Live` while it may be wrong.

Rules
  1. Diffs before the snapshot are held; the snapshot is applied, then what it does not cover.
  2. A diff that does not follow is a gap: the instrument alone is emptied and `Stale`, and a new snapshot is asked for.
  3. A crossed book, or a checksum that differs, counts as a gap.
  4. Whatever is asked for is asked once: who feeds the collection answers, or a new connection does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from rxbotters.errors import BookMismatch, SequenceGap
from rxbotters_operators._continuity import Continuity
from rxbotters_operators.events import Live, Stale, Status, Syncing

from .book import Levels, OrderBook

__all__ = ["Diff", "SyncedBook", "by_previous", "by_range", "consecutive", "increasing"]


class Diff(NamedTuple):
    """One change of a book.

    Attributes:
        asks: (price, absolute size) of each changed ask; size zero removes it.
        bids: The same for bids.
        last: The number of the book after this diff.
        first: The first number it contains, where a diff spans several.
        previous: The number of the diff before it, where the exchange says so.
        checksum: What the exchange says the book adds up to afterwards; ``None``: it says nothing.
    """

    asks: Levels
    bids: Levels
    last: Any = 0
    first: Any = 0
    previous: Any = None
    checksum: int | None = None


def consecutive(last: Any, diff: Diff, first: bool) -> Any:
    """Numbers grow by one."""
    return "apply" if diff.last == last + 1 else "skip" if diff.last <= last else "gap"


def increasing(last: Any, diff: Diff, first: bool) -> Any:
    """Numbers grow, and nobody knows by how much: old diffs are known, gaps are not."""
    return "apply" if diff.last > last else "skip"


def by_range(last: Any, diff: Diff, first: bool) -> Any:
    """Each diff spans ``first`` to ``last`` and begins right after the one before it."""
    return "skip" if diff.last <= last else "apply" if diff.first <= last + 1 else "gap"


def by_previous(last: Any, diff: Diff, first: bool) -> Any:
    """Each diff names the one before it."""
    return "apply" if diff.previous == last else "skip" if diff.last <= last else "gap"


class SyncedBook(OrderBook):
    """The books of an exchange that numbers its diffs.

    A subclass says by which rule diffs follow each other (``_FOLLOWS``) and hands its messages to `on_snapshot` and
    `on_diff`. ``_CROSSES`` allows a crossed book, for exchanges that have auctions.

    Example:
        >>> book = SyncedBook()
        >>> book.on_diff("BTC", Diff([], [(98.0, 1.0)], last=6))
        >>> book.on_snapshot("BTC", 5, asks=[(101.0, 1.0)], bids=[(99.0, 2.0)])
        >>> [level.price for level in book.depth("BTC").bids], book.status_of("BTC")
        ([99.0, 98.0], Live())
        >>> _ = book.errors.subscribe()
        >>> book.on_diff("BTC", Diff([], [(97.0, 1.0)], last=9))
        >>> book.depth("BTC").bids, book.status_of("BTC").reason
        ([], 'gap: expected 7, got 9')
    """

    _FOLLOWS: ClassVar[Callable[[Any, Diff, bool], Any]] = consecutive
    _CROSSES: ClassVar[bool] = False
    _HOLD: ClassVar[int] = 8000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._numbers: dict[Any, Continuity[Diff]] = {}
        super().__init__(*args, **kwargs)

    def on_snapshot(
        self,
        symbol: Any,
        last: Any,
        asks: Levels,
        bids: Levels,
        *,
        checksum: int | None = None,
    ) -> None:
        """Begin, or begin again, from a whole book that covers everything up to number ``last``.

        Raises:
            BadNumber: A price or size is no number; nothing was applied.
        """
        if symbol in self._left:
            return
        numbers = self._numbers_of(symbol)
        self.replace_levels(symbol, asks, bids)
        replay = numbers.start(last)
        if replay is None:
            self._doubt(
                symbol, SequenceGap(self.name, symbol, f"a snapshot newer than {last}", "an older one"), held=True
            )
            return
        try:
            for diff in replay:
                self.apply_levels(symbol, diff.asks, diff.bids)
        except Exception:
            self._doubt(symbol, None)
            raise
        self._asked.discard(symbol)
        if self._agrees(symbol, replay[-1].checksum if replay else checksum):
            self.mark(symbol, Live())

    def on_diff(self, symbol: Any, diff: Diff) -> None:
        """Apply a diff, hold it, ignore it, or notice that one is missing.

        Raises:
            BadNumber: A price or size is no number; nothing was applied and the book is asked for anew.
        """
        if symbol in self._left:
            return
        numbers = self._numbers.get(symbol) or self._numbers_of(symbol)
        expected = numbers.last
        verdict = numbers.take(diff)
        if verdict == "apply":
            try:
                self.apply_levels(symbol, diff.asks, diff.bids)
            except Exception:  # whatever it was, this diff counts as applied and is not
                self._doubt(symbol, None)
                raise
            self._agrees(symbol, diff.checksum)
        elif verdict == "gap":
            self._doubt(symbol, SequenceGap(self.name, symbol, self._next_number(expected), _first_of(diff)), held=True)
        elif verdict == "hold":
            self.mark(symbol, self._instruments.get(symbol, Syncing()))
            self._ask(symbol)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty a book whose feed ended."""
        self._numbers_of(symbol).reset()
        self._asked.discard(symbol)
        super().lose(symbol, status)

    # ------------------------------------------------------------------ what may be wrong

    def _checksum(self, symbol: Any) -> int | None:
        """Return what the book adds up to, by the exchange's rule; ``None``: it has none."""
        return None

    def _next_number(self, last: Any) -> Any:
        return last + 1 if isinstance(last, int) else f"what follows {last}"

    def _numbers_of(self, symbol: Any) -> Continuity[Diff]:
        numbers = self._numbers.get(symbol)
        if numbers is None:
            numbers = self._numbers[symbol] = Continuity(type(self)._FOLLOWS, lambda diff: diff.last, hold=self._HOLD)
        return numbers

    def _agrees(self, symbol: Any, checksum: int | None) -> bool:
        """Check what can be checked after a change; a book that fails is emptied and asked for anew."""
        wrong: str | None = None
        if not self._CROSSES:
            asks, bids = self._levels.book(symbol)
            if asks.prices and bids.prices and asks.ranks[0] <= bids.ranks[-1]:
                wrong = f"crossed: ask {asks.prices[0]} at or below bid {bids.prices[-1]}"
        if wrong is None and checksum is not None:
            ours = self._checksum(symbol)
            if ours is not None and ours != checksum:
                wrong = f"checksum: expected {checksum}, ours is {ours}"
        if wrong is None:
            return True
        self._doubt(symbol, BookMismatch(self.name, symbol, wrong))
        return False

    def _doubt(self, symbol: Any, error: SequenceGap | BookMismatch | None, *, held: bool = False) -> None:
        """Empty an instrument that cannot be trusted, say why, and ask for a new snapshot."""
        if not held:
            self._numbers_of(symbol).reset()
        self.mark(symbol, Stale(error.what if error is not None else "a message was refused"))
        self.drop_instrument(symbol, reason="resync")
        if error is not None:
            self._report(error)
        self._asked.discard(symbol)
        self._ask(symbol)


def _first_of(diff: Diff) -> Any:
    return diff.previous if diff.previous is not None else diff.first or diff.last
