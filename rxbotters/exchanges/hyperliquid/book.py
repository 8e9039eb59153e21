"""Hyperliquid's order book: whole in every message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.stores import Level, OrderBook, Row
from rxbotters.stores.row import freeze
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
        self.replace_levels(coin, _rows(coin, "A", asks), _rows(coin, "B", bids), reason=None)
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

    def _checked(self, levels: Iterable[Level]) -> list[tuple[Any, Any, float]]:
        """Prove prices and sizes; a level keeps its whole row in the place of its size."""
        pairs = list(levels)
        proved = super()._checked([(price, row["sz"]) for price, row in pairs])
        return [(price, row, number) for (price, row), (_, _, number) in zip(pairs, proved, strict=True)]


def _rows(coin: str, side: str, levels: Sequence[Mapping[str, Any]]) -> list[tuple[str, Row]]:
    rows: list[tuple[str, Row]] = []
    for level in levels:
        row = freeze({"coin": coin, "side": side, **level})
        if row["side"] != side or row["coin"] != coin:
            raise ValueError("a level of another book")
        rows.append((row["px"], row))
    return rows
