"""KuCoin's candles: closed ones are rows, the open one is kept aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from rxbotters.errors import BadNumber
from rxbotters.stores import DataStore
from rxbotters.stores.row import Row
from rxbotters_operators.events import Stale

__all__ = ["Kline"]

_FIELDS = ("timestamp", "open", "close", "high", "low", "volume", "amount")
_OPEN = 10_000  # open candles kept aside


class Kline(DataStore):
    """Closed candles by symbol, interval and ``timestamp`` (its beginning, seconds as text).

    A candle counts as closed once a newer one was seen, whether it came by stream or by REST: the newest of a REST
    answer is kept aside as the open one. After a lost connection the open candle is forgotten, because nobody saw it
    close. ``received_at`` is the time of the message in nanoseconds on spot and milliseconds on futures, and ``None``
    for rows of a REST answer.
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "interval", "timestamp")

    def _init(self) -> None:
        self._latest: dict[tuple[str, str], Row] = {}

    def latest(self, symbol: str, interval: str) -> Row | None:
        """Return the open candle, ``None`` if none was seen."""
        return self._latest.get((symbol, interval))

    def fold(self, symbol: str, interval: str, candles: Iterable[Sequence[Any]], received_at: Any) -> None:
        """Take candles ``[time, open, close, high, low, volume, amount]``, in any order."""
        rows = sorted((self._row(symbol, interval, candle, received_at) for candle in candles), key=_begins)
        key = (symbol, interval)
        closed: list[Row] = []
        for row in rows:
            known = self._latest.get(key)
            if known is None or _begins(row) >= _begins(known):
                if known is not None and _begins(row) > _begins(known):
                    closed.append(known)
                if known is None and len(self._latest) >= _OPEN:
                    del self._latest[next(iter(self._latest))]
                self._latest[key] = row
            else:
                closed.append(row)
        self._insert(closed)

    def _row(self, symbol: str, interval: str, candle: Sequence[Any], received_at: Any) -> Row:
        values = dict(zip(_FIELDS, candle, strict=True))
        for name, value in values.items():
            number = float(value)
            if not (number >= 0 and number - number == 0):
                raise BadNumber(self.name, name, value)
        int(values["timestamp"])
        return Row(symbol=symbol, interval=interval, received_at=received_at, **values)

    def _lost(self, feed: Any, status: Stale) -> None:
        self._latest.clear()
        super()._lost(feed, status)


def _begins(row: Row) -> int:
    return int(row["timestamp"])
