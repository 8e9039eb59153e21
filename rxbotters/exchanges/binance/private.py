"""What the stores of orders, balances and positions share: who is newer, and what a REST answer may replace.

Rules
  1. A REST answer is the truth for what was asked: also when it is empty, rows that it lacks go.
  2. What a message said while the request was under way is newer than the answer, and stands.
  3. A message that is older than what is known of its row changes nothing; futures streams may run out of order.
  4. After a lost connection the store is `Stale` until answers have covered every row that may have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

__all__ = ["Private", "Row", "in_scope", "renamed"]

Row = Mapping[str, Any]
_KNOWN = 20_000  # rows, gone ones too, whose age is remembered


def _microseconds(moment: Any) -> int | None:
    """Return a time in microseconds; connections may ask for those, the others say milliseconds."""
    if not isinstance(moment, int):
        return None
    return moment if moment >= 10**14 else moment * 1000


def renamed(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of ``row`` that are there, under the names that streams give them."""
    return {short: row[long] for long, short in names.items() if long in row}


_SCOPES: Mapping[str, Callable[[Row, str], bool]] = {
    "symbol": lambda row, symbol: row.get("s") == symbol,
    "pair": lambda row, pair: str(row.get("s")).partition("_")[0] == pair,
    "marginAsset": lambda row, asset: str(row.get("s")).startswith(f"{asset}USD"),
    "algoType": lambda row, kind: row.get("at") == kind,
    "algoId": lambda row, number: str(row.get("aid")) == number,
}
"""What narrows a request: the last four on COIN-M or for conditional orders only."""


def in_scope(query: Mapping[str, str]) -> Callable[[Row], bool]:
    """Return which rows a request speaks of: those of its symbol, of its pair …, or all."""
    narrow = [(_SCOPES[name], value) for name, value in query.items() if name in _SCOPES]
    return lambda row: all(fits(row, value) for fits, value in narrow)


class Private(DataStore):
    """Rows that a user data stream changes and REST requests fill."""

    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._moments: dict[Any, int] = {}  # key → when the row last changed, microseconds
        self._touched: set[Any] = set()  # keys that messages changed while a request was under way
        self._doubted: dict[Any, Row] = {}  # rows that may have changed while nobody listened

    def begin(self) -> None:
        """Note that a request is under way from now on."""
        self._touched.clear()

    def age(self, key: Any, moment: Any) -> int:
        """Return how ``moment`` compares with what is known of a row: -1 older, 0 equal or unknown, 1 newer."""
        known, given = self._moments.get(key), _microseconds(moment)
        return 0 if known is None or given is None else (given > known) - (given < known)

    def note(self, key: Any, moment: Any) -> None:
        """Note when a row changed."""
        if self._group is not None and self._group._initializing:
            self._touched.add(key)
        given = _microseconds(moment)
        if given is not None:
            self._moments.pop(key, None)
            self._moments[key] = given
            if len(self._moments) > _KNOWN:
                del self._moments[next(iter(self._moments))]

    def replace(self, rows: Iterable[Row], scope: Callable[[Row], bool], *, merge: bool = False) -> None:
        """Take the rows of a REST answer as the truth within ``scope``.

        Args:
            rows: Named as streams name them.
            scope: Which rows the request asked for.
            merge: Keep fields of known rows that the answer lacks.
        """
        key_of = self._key_of
        news = [(key_of(row), row) for row in rows]
        kept = {key for key, _ in news} | self._touched
        self._delete([row for key, row in list(self._rows.items()) if key not in kept and scope(row)], reason="resync")
        put: Sequence[Row] = [row for key, row in news if key not in self._touched]
        if merge:
            self._update(put, reason="resync")
        else:
            self._insert(put, reason="resync")
        self._doubted = {key: row for key, row in self._doubted.items() if key in self._rows and not scope(row)}
        if self._doubted:
            self._set_status(Stale(f"{len(self._doubted)} rows were not fetched again: initialize() without a symbol"))
        else:
            self.refetched()

    def _lost(self, feed: Any, status: Stale) -> None:
        self._doubted = dict(self._rows)
        super()._lost(feed, status)
