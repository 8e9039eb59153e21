"""`Counted`: rows that BitTrade counts, each connection for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

from .rows import serial

__all__ = ["Counted"]


class Counted(DataStore):
    """Rows with a number that only grows on one connection: what another connection counted says nothing."""

    _NUMBER: ClassVar[str]

    def _init(self) -> None:
        self._counted: set[Any] = set()  # whose number this connection told

    def _lost(self, feed: Any, status: Stale) -> None:
        self._counted.clear()
        super()._lost(feed, status)

    def _drop(self, key: Any, source: Any, reason: str | None) -> None:
        self._counted.discard(key)
        super()._drop(key, source, reason)

    def _numbers(self, key: Any, row: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """Return the number of a row, and that of the row with this key which the connection told before.

        Raises:
            BadNumber: It is no whole number.
        """
        known = self.get(row) if key in self._counted else None
        number, old = (serial(self.name, self._NUMBER, (each or {}).get(self._NUMBER)) for each in (row, known))
        return number, old
