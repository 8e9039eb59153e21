"""Binance's public stores beside the books: rows as the events say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import DataStore

from .checks import finite, plain

__all__ = [
    "BookTicker",
    "CompositeIndex",
    "ContinuousKline",
    "IndexPrice",
    "Kline",
    "Liquidation",
    "MarkPrice",
    "Ticker",
    "Trade",
]

Events = Sequence[Mapping[str, Any]]
_CANDLE = ("o", "c", "h", "l", "v", "q")
_PLACES = tuple((field, place) for place, field in enumerate("tohlcvTqnVQB"))


class _Public(DataStore):
    """Rows merged by their key, once their prices and quantities are proved to be numbers."""

    _NUMBERS: ClassVar[Sequence[str]] = ()

    def take(self, events: Events) -> None:
        """Merge events."""
        for event in events:
            plain(self.name, event, self._NUMBERS)
        self._update(events)


class Trade(DataStore):
    """Public trades and aggregated trades, oldest first; the last 99,999 are kept."""

    _MAXLEN = 99999

    def take(self, events: Events) -> None:
        """Append trades."""
        for event in events:
            plain(self.name, event, ("p", "q"))
        self._insert(events)


class Ticker(_Public):
    """The last 24-hour ticker of each symbol, full or mini."""

    _KEYS: ClassVar[Sequence[str]] = ("s",)
    _NUMBERS = ("c", "o", "h", "l", "v", "q")


class BookTicker(_Public):
    """The best bid ``b``, ``B`` and ask ``a``, ``A`` of each symbol."""

    _KEYS: ClassVar[Sequence[str]] = ("s",)
    _NUMBERS = ("b", "B", "a", "A")


class MarkPrice(_Public):
    """Mark price ``p`` and funding rate ``r`` of each symbol."""

    _KEYS: ClassVar[Sequence[str]] = ("s",)
    _NUMBERS = ("p",)


class IndexPrice(_Public):
    """COIN-M: the index price ``p`` of each pair ``i``."""

    _KEYS: ClassVar[Sequence[str]] = ("i",)
    _NUMBERS = ("p",)


class Liquidation(DataStore):
    """Forced orders, oldest first."""

    def take(self, events: Events) -> None:
        """Append the orders of events."""
        orders = [event["o"] for event in events]
        for order in orders:
            plain(self.name, order, ("p", "q", "ap"))
        self._insert(orders)


class CompositeIndex(DataStore):
    """USDⓈ-M: price ``p`` and components ``c`` of each composite index; ``p`` is ``None`` where REST said the rest."""

    _KEYS: ClassVar[Sequence[str]] = ("s",)

    def take(self, events: Events) -> None:
        """Merge events."""
        rows = [{field: event[field] for field in ("s", "p", "E", "c")} for event in events]
        for row in rows:
            finite(self.name, row, ("p",))
        self._update(rows)

    def snapshot(self, rows: Events) -> None:
        """Merge a REST answer."""
        self._update(
            [
                {
                    "s": row["symbol"],
                    "p": None,
                    "E": row["time"],
                    "c": [
                        {
                            "b": part["baseAsset"],
                            "q": part["quoteAsset"],
                            "w": part["weightInQuantity"],
                            "W": part["weightInPercentage"],
                            "i": None,
                        }
                        for part in row["baseAssetList"]
                    ],
                }
                for row in rows
            ],
            reason="resync",
        )


class Kline(DataStore):
    """Candles by open time ``t``, symbol ``s`` and interval ``i``.

    ``x`` says whether a candle is closed. The newest one of a REST answer may still be running, which the answer does
    not say: its ``x`` is ``None`` until a message says more. What a message said of a candle is not undone by REST.
    """

    _KEYS: ClassVar[Sequence[str]] = ("t", "s", "i")

    def _init(self) -> None:
        self._filled = False

    def take(self, candles: Events) -> None:
        """Merge candles."""
        for candle in candles:
            plain(self.name, candle, _CANDLE)
        self._update(candles)

    def snapshot(self, symbol: str, interval: str, rows: Sequence[Sequence[Any]]) -> None:
        """Merge a REST answer: open time, open, high, low, close, volume, close time, …, oldest first."""
        candles: list[dict[str, Any]] = [
            {
                "s": symbol,
                "i": interval,
                **{field: row[place] for field, place in _PLACES},
                "x": True,
                "f": None,
                "L": None,
            }
            for row in rows
        ]
        if candles:
            newest = max(candles, key=lambda candle: candle["t"])
            newest["x"] = None
        for candle in candles:
            plain(self.name, candle, ("o", "c", "h", "l"))
        self._update([news for candle in candles if (news := self._news(candle)) is not None], reason="resync")
        self._filled = True
        self.refetched()

    def _news(self, candle: dict[str, Any]) -> dict[str, Any] | None:
        """Return what a REST answer adds to a candle: nothing if fewer trades, and no candle opens again."""
        known = self.get(candle)
        if known is None:
            return candle
        if _count(known) > _count(candle):
            return None
        return {**candle, "x": known.get("x") or candle["x"]}

    def _resumed(self, feed: Any) -> None:
        """Candles that came by REST have a gap until they come again."""
        if not self._filled:
            super()._resumed(feed)


def _count(candle: Mapping[str, Any]) -> int:
    """Return the number of trades in a candle, which only grows."""
    count = candle.get("n")
    return count if isinstance(count, int) else 0


class ContinuousKline(DataStore):
    """Candles of a pair ``ps`` and contract type ``ct``."""

    _KEYS: ClassVar[Sequence[str]] = ("ps", "ct", "t", "i")

    def take(self, events: Events) -> None:
        """Merge candles."""
        rows = [{"ps": event["ps"], "ct": event["ct"], **event["k"]} for event in events]
        for row in rows:
            plain(self.name, row, _CANDLE)
        self._update(rows)
