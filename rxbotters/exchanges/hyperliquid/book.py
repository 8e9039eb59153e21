"""Hyperliquid's order book: whole in every message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import OrderBook
from rxbotters_operators.events import Live, Status

__all__ = ["L2Book"]


class L2Book(OrderBook):
    """Rows ``{coin, side: "A" | "B", px, sz, n}``: asks and bids, prices and sizes as text, ``n`` orders at that price.

    Each message is the whole book of a coin; only what differs from the one before is told as a change.

    Attributes:
        time: When the exchange made the last book, Unix time in milliseconds; ``None``: it did not say.
        times: The same for each coin.
    """

    _KEYS: ClassVar[Sequence[str]] = ("coin", "side", "px")
    _SIZE: ClassVar[str] = "sz"
    _EXTRAS: ClassVar[Sequence[str]] = ("n",)
    _SIDES: ClassVar[tuple[str, str]] = ("A", "B")

    def _init(self) -> None:
        self.time: int | None = None
        self.times: dict[str, int | None] = {}

    def snapshot(self, data: Mapping[str, Any]) -> None:
        """Make the book of a coin what the message says."""
        self.mark(self._replace(data), Live())

    def _replace(self, data: Mapping[str, Any]) -> str:
        coin, time = data["coin"], data.get("time")
        if not isinstance(coin, str) or not (time is None or isinstance(time, int)):
            raise TypeError(f"coin {coin!r} or time {time!r}")
        bids, asks = data["levels"]
        self.replace_levels(coin, _levels(asks), _levels(bids), reason=None)
        self.time = self.times[coin] = time
        return coin

    def answer(self, data: Mapping[str, Any]) -> None:
        """Take a REST answer, unless the stream has overtaken it; it makes no book `Live`, for nobody keeps it so."""
        time, known = data.get("time"), self.times.get(data["coin"])
        if known is None or (isinstance(time, int) and time >= known):
            self._replace(data)

    def lose(self, symbol: Any, status: Status) -> None:
        """Empty the book of a coin whose connection ended."""
        self.times.pop(symbol, None)
        super().lose(symbol, status)


def _levels(levels: Iterable[Mapping[str, Any]]) -> list[tuple[Any, Any, Any]]:
    return [(level["px"], level["sz"], level.get("n")) for level in levels]
