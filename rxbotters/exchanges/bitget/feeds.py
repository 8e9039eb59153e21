"""`BookFeeds`: which channel feeds which book of Bitget, in the words of V2 and of V3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters.stores.channels import BookChannels

from .books import Books
from .session import subscriptions

__all__ = ["BookFeeds"]

Instrument = tuple[str, str]


class BookFeeds(BookChannels[Books]):
    """The books of a collection; an instrument is the pair of its type and its symbol."""

    def __init__(self, group: DataStoreCollection, main: Books) -> None:
        super().__init__(group, main)
        self._unified: set[str] = set()  # types of instruments that are subscribed in the words of V3

    def bind(self, channel: str, kind: Any, symbol: Any, *, unified: bool) -> Callable[[Mapping[str, Any]], None]:
        """Return the fold of one channel of an instrument; ``unified``: it speaks in the words of V3.

        Raises:
            ProtocolError: It names no instrument.
        """
        if not isinstance(kind, str) or not isinstance(symbol, str):
            raise ProtocolError(f"a book of no instrument: {channel} of {str(kind)[:100]}, {str(symbol)[:100]}")
        if unified:
            self._learn(kind)
        return self.fold(channel, (kind, symbol))

    def unsubscribed(self, arg: Mapping[str, Any]) -> None:
        """Note that a channel was unsubscribed."""
        found = _named(arg)
        if found is not None:
            self.left(*found)

    def subscription(self, book: OrderBook, symbol: Instrument) -> Any:
        """Return the subscription that brings a new snapshot of a book."""
        channel, (kind, name) = self.channel(book, symbol), symbol
        arg = (
            {"instType": kind, "topic": channel, "symbol": name}
            if kind in self._unified
            else {"instType": kind, "channel": channel, "instId": name}
        )
        return {"op": "subscribe", "args": [arg]}

    def _asked(self, message: Any) -> Iterable[tuple[str, Instrument]]:
        for arg in subscriptions(message):
            found = _named(arg)
            if found is not None:
                if "topic" in arg:
                    self._learn(found[1][0])
                yield found

    def _learn(self, kind: str) -> None:
        if len(self._unified) < 100:
            self._unified.add(kind)

    def _depth(self, channel: str) -> float:
        """Return how many levels a channel has: ``books5`` has five, ``books`` all."""
        levels = channel.removeprefix("books")
        if levels == "":
            return float("inf")
        return float(levels) if levels.isascii() and levels.isdigit() and len(levels) < 9 else 0.0


def _named(arg: Mapping[str, Any]) -> tuple[str, Instrument] | None:
    """Return channel and instrument of an argument, in the words of V2 or V3; ``None`` if it names none."""
    names = (arg.get("channel", arg.get("topic")), arg.get("instType"), arg.get("instId", arg.get("symbol")))
    channel, kind, symbol = (name if isinstance(name, str) else None for name in names)
    return (channel, (kind, symbol)) if channel is not None and kind is not None and symbol is not None else None
