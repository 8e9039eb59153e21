"""Binance's balances and positions.

Source: developers.binance.com, user data streams of spot, USDⓈ-M and COIN-M (2026-06).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from .checks import finite
from .private import Private, Row, in_scope, renamed

__all__ = ["Account", "Balance", "Position"]


class _Parts(Private):
    """Rows of which each event names those that changed."""

    _NUMBERS: ClassVar[Sequence[str]]

    def news(self, rows: Iterable[Row], moment: Any) -> list[Row]:
        """Return the rows of an event of which nothing newer is known, once all of them are proved.

        Raises:
            BadNumber: An amount is no finite number.
        """
        rows = list(rows)
        for row in rows:
            finite(self.name, row, self._NUMBERS)
        return [row for row in rows if self.age(self._key_of(row), moment) >= 0]

    def _note_all(self, rows: Iterable[Row], moment: Any) -> None:
        for row in rows:
            self.note(self._key_of(row), moment)


class Account(_Parts):
    """Spot: free ``f`` and locked ``l`` of each asset ``a``."""

    _KEYS: ClassVar[Sequence[str]] = ("a",)
    _NUMBERS = ("f", "l")

    def take(self, event: Row) -> None:
        """Apply one ``outboundAccountPosition``."""
        rows = self.news(event["B"], event.get("u"))
        self._update(rows)
        self._note_all(rows, event.get("u"))

    def snapshot(self, balances: Iterable[Row]) -> None:
        """Take the balances of a REST answer as the truth."""
        rows = [{"a": row["asset"], "f": row["free"], "l": row["locked"]} for row in balances]
        for row in rows:
            finite(self.name, row, self._NUMBERS)
        self.replace(rows, in_scope({}))


class Balance(_Parts):
    """Futures: wallet balance ``wb``, cross wallet ``cw`` and last change ``bc`` of each asset ``a``."""

    _KEYS: ClassVar[Sequence[str]] = ("a",)
    _NUMBERS = ("wb", "cw", "bc")

    def take(self, rows: Iterable[Row], moment: Any) -> None:
        """Apply balances of one ``ACCOUNT_UPDATE`` that are `news`."""
        rows = list(rows)
        self._update(rows)
        self._note_all(rows, moment)

    def snapshot(self, answer: Iterable[Row]) -> None:
        """Take a REST answer as the truth; the last change, which it does not say, stays what an event said."""
        rows = [{"a": row["asset"], "wb": row["balance"], "cw": row["crossWalletBalance"]} for row in answer]
        for row in rows:
            finite(self.name, row, self._NUMBERS)
        known = self._rows
        self.replace([row if row["a"] in known else {**row, "bc": None} for row in rows], in_scope({}), merge=True)


class Position(_Parts):
    """Open positions by symbol ``s`` and side ``ps``; a flat one is no row.

    Amounts ``pa`` are negative for short ones. REST does not say ``cr``, and of newer versions not ``mt``: then they
    are ``None`` until an event says them.
    """

    _KEYS: ClassVar[Sequence[str]] = ("s", "ps")
    _NUMBERS = ("pa", "ep", "bep", "cr", "up", "iw")
    _REST: ClassVar[Mapping[str, str]] = {
        "symbol": "s",
        "positionAmt": "pa",
        "entryPrice": "ep",
        "breakEvenPrice": "bep",
        "unRealizedProfit": "up",
        "marginType": "mt",
        "isolatedWallet": "iw",
        "positionSide": "ps",
    }
    _FIELDS = ("s", "pa", "ep", "bep", "cr", "up", "mt", "iw", "ps")

    def news(self, rows: Iterable[Row], moment: Any) -> list[Row]:
        """As for every other store; an amount must be there."""
        rows = super().news(rows, moment)
        for row in rows:
            float(row["pa"])
        return rows

    def take(self, rows: Iterable[Row], moment: Any) -> None:
        """Apply positions of one ``ACCOUNT_UPDATE`` that are `news`."""
        rows = list(rows)
        self._update([row for row in rows if float(row["pa"])])
        self._delete([row for row in rows if not float(row["pa"])])
        self._note_all(rows, moment)

    def snapshot(self, answer: Iterable[Row], query: Mapping[str, str]) -> None:
        """Take a REST answer as the truth for its symbol, its pair, or all."""
        rows = [renamed(row, self._REST) for row in answer]
        for row in rows:
            finite(self.name, row, self._NUMBERS)
        known = self._rows
        self.replace(
            [
                row if self._key_of(row) in known else {**dict.fromkeys(self._FIELDS), **row}
                for row in rows
                if float(row["pa"])
            ],
            in_scope(query),
            merge=True,
        )
