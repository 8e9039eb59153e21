"""Bybit's order books: snapshots and numbered deltas, one topic for each symbol.

Rules
  1. A symbol is fed by one topic of one category: depths and categories of one name would overwrite each other.
  2. A snapshot of the stream, or any message numbered 1, begins the book anew; deltas count up by one. A number that
     went back while the time went on is a new count whose beginning was missed, not an old delta.
  3. ``orderbook.full`` has no snapshot in its stream: REST gives it, and gives it again after a restart.
  4. ``orderbook.rpi`` has two sizes at a price: each is a level of a book of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError, SequenceGap
from rxbotters.stores.book import Level
from rxbotters.stores.proofs import whole
from rxbotters.stores.synced import Diff, SyncedBook, consecutive
from rxbotters_operators.events import Stale, Status, Syncing

__all__ = ["Book", "RpiBook"]


class Book(SyncedBook):
    """Rows ``{s, S, p, v}``: symbol, side (``"a"`` or ``"b"``), price and size as the exchange writes them.

    Attributes:
        sources: Symbol → the topic that feeds it, such as ``"orderbook.50.BTCUSDT"``.
    """

    _KEYS: ClassVar[Sequence[str]] = ("s", "S", "p")
    _SIZE: ClassVar[str] = "v"
    _SIDES: ClassVar[tuple[str, str]] = ("a", "b")
    _FOLLOWS = consecutive

    def _init(self) -> None:
        self.sources: dict[Any, str] = {}
        self._stamps: dict[Any, int] = {}

    def message(self, symbol: str, msg: Mapping[str, Any]) -> None:
        """Fold a message of ``orderbook.<depth>``.

        Raises:
            BadNumber, ProtocolError: It cannot be read: the book is emptied and asked for anew.
        """
        try:
            data = msg["data"]
            number, kind = self._number(symbol, data), msg["type"]
            if kind == "snapshot" or (kind == "delta" and number == 1):
                self._begin(symbol, number, data["a"], data["b"])
            elif kind == "delta":
                diff, last = Diff(data["a"], data["b"], number), self._numbers_of(symbol).last
                if last is not None and number <= last and self._is_later(symbol, msg):
                    self._doubt(symbol, SequenceGap(self.name, symbol, last + 1, number))
                    return
                self.on_diff(symbol, diff)
            else:
                raise ProtocolError(f"{self.name}: {symbol}: neither snapshot nor delta: {str(kind)[:100]!r}")
            stamp = msg.get("ts")
            if isinstance(stamp, int) and stamp > self._stamps.get(symbol, 0):
                self._stamps[symbol] = stamp
        except Exception:
            self.distrust(symbol)
            raise

    def full(self, symbol: str, msg: Mapping[str, Any]) -> None:
        """Fold a message of ``orderbook.full``: all are deltas.

        Raises:
            BadNumber, ProtocolError: As `message`.
        """
        try:
            data = msg["data"]
            number, asks, bids = self._number(symbol, data), data["a"], data["b"]
            if number == 1 and not asks and not bids:
                self._begin(symbol, 1, (), ())  # delisted, or an auction: there is no book
                return
            self._prove(asks, bids)
            if number == 1:
                self._restart(symbol)
            self.on_diff(symbol, Diff(asks, bids, number))
        except Exception:
            self.distrust(symbol)
            raise

    def full_snapshot(self, symbol: str, body: Mapping[str, Any]) -> None:
        """Take a whole book from REST; the deltas that waited for it follow."""
        self.on_snapshot(symbol, self._number(symbol, body), body["a"], body["b"])

    def distrust(self, symbol: str) -> None:
        """Empty a book, and ask for it anew unless it was asked for already."""
        if not self.wants(symbol):
            self._doubt(symbol, None)

    def begin_anew(self, symbol: str) -> None:
        """Empty a book whose next snapshot comes from elsewhere."""
        self.lose(symbol, Syncing())

    def _begin(self, symbol: str, number: int, asks: Iterable[Level], bids: Iterable[Level]) -> None:
        """Begin anew: a snapshot of the stream comes in its place among the deltas, none before it is needed."""
        asks, bids = list(asks), list(bids)
        self._prove(asks, bids)
        self._numbers_of(symbol).reset()
        self.on_snapshot(symbol, number, asks, bids)

    def _prove(self, *sides: Iterable[Level]) -> None:
        """Raise `BadNumber` if a price or size is none."""
        for levels in sides:
            self._checked(levels)

    def _restart(self, symbol: str) -> None:
        """Empty a book whose numbers begin anew; the delta that follows asks for its snapshot."""
        self._numbers_of(symbol).reset()
        self.mark(symbol, Stale("the exchange began this book anew"))
        self.drop_instrument(symbol, reason="resync")
        self.forget_ask(symbol)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a symbol whose connection ended."""
        self._stamps.pop(symbol, None)
        super().lose(symbol, status)

    def _is_later(self, symbol: str, msg: Mapping[str, Any]) -> bool:
        """Whether a message was made after the last one that was taken, as far as they say."""
        stamp = msg.get("ts")
        return isinstance(stamp, int) and stamp > self._stamps.get(symbol, stamp)

    def _number(self, symbol: str, data: Mapping[str, Any]) -> int:
        if data["s"] != symbol:
            raise ProtocolError(f"{self.name}: a message of {symbol} speaks of {str(data['s'])[:100]!r}")
        return whole(self.name, "u", data["u"])


class RpiBook(Book):
    """Sizes that only retail orders can meet, by the same keys; `Book` has the others of the same topic."""

    _CROSSES = True  # such sizes may stand beyond the touch of the open book

    def message_with(self, plain: Book, symbol: str, msg: Mapping[str, Any]) -> None:
        """Fold a message of ``orderbook.rpi``, whose levels are [price, size for everybody, size for retail].

        Raises:
            BadNumber, ProtocolError: As `Book.message`, for both.
        """
        try:
            data = msg["data"]
            open_, retail = (
                {**msg, "data": {**data, **{side: [(level[0], level[size]) for level in data[side]] for side in "ab"}}}
                for size in (1, 2)
            )
            for side in "ab":
                self._checked(retail["data"][side])
            plain.message(symbol, open_)
            self.message(symbol, retail)
        except Exception:
            plain.distrust(symbol)
            self._doubt(symbol, None)
            raise

    def _ask(self, symbol: Any) -> None:
        """The other book sees the same gaps and asks for both."""
