"""OKX's market data: the latest of each instrument, candles, logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore

__all__ = ["ByCurrency", "ByInstrument", "Candles", "Log"]


class ByInstrument(DataStore):
    """The latest row of each instrument."""

    _KEYS: ClassVar[Sequence[str]] = ("instId",)


class ByCurrency(DataStore):
    """The latest row of each currency."""

    _KEYS: ClassVar[Sequence[str]] = ("ccy",)


class Candles(DataStore):
    """Candles by channel, instrument and time; ``confirm`` is ``"1"`` once a candle is closed."""

    _KEYS: ClassVar[Sequence[str]] = ("channel", "instId", "ts")

    def fold(self, message: Mapping[str, Any], names: Sequence[str]) -> None:
        """Apply a message, whose candles are lists of values that have these names.

        Raises:
            ProtocolError: They are no lists; nothing was applied.
        """
        arg, rows = message["arg"], message["data"]
        if any(row.__class__ is not list for row in rows):
            raise ProtocolError("a list of lists was expected", str(rows)[:200])
        self._update([{**arg, **dict(zip(names, row, strict=False))} for row in rows])


class Log(DataStore):
    """Rows as they came; the last 9,999 are kept."""
