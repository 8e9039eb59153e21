"""What Hyperliquid tells once and repeats in snapshots: trades, fills, fundings, transfers. Logs without duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects
from rxbotters.wire import dumps

__all__ = ["Fills", "Fundings", "History", "Trades", "TwapSlices"]

Json = Mapping[str, Any]


class History(DataStore):
    """A log that knows a row it has from a new one, so that a snapshot repeats nothing; rows have no key fields.

    A row is known by its content, unless the exchange gives it a number. ``user`` stands in every row whose message
    names one.
    """

    _MAXLEN = 99999

    def _init(self) -> None:
        self._key_of = self._identity

    def _identity(self, row: Json) -> Any:
        try:
            return self._known_by(row)
        except (KeyError, TypeError):
            return self._next_serial(row)  # the exchange did not say which one it is

    def _known_by(self, row: Json) -> Any:
        """Return what tells a row from all others."""
        return dumps(row)

    def fold(self, rows: Any, user: Any = None, *, snapshot: bool = False) -> None:
        """Add what is new; a snapshot is all there is of its user, oldest first."""
        user = user.lower() if isinstance(user, str) else user
        new = [{**row, "user": user} for row in objects(rows)] if user is not None else objects(rows)
        if snapshot:
            new = _by_time(new)
            kept = {key for key, _ in self._ingest(new)}
            for key in [key for key, row in self._rows.items() if row.get("user") == user and key not in kept]:
                self._drop(key, None, "resync")
        self._insert(new)


class Trades(History):
    """Public trades, known by coin, time and ``tid``."""

    def _known_by(self, row: Json) -> Any:
        return row["coin"], row["time"], row["tid"]


class Fills(History):
    """One's own fills, known by user, coin, time and ``tid``."""

    def _known_by(self, row: Json) -> Any:
        return _fill(row, row.get("user"))


class TwapSlices(History):
    """Fills of TWAP orders, each under ``fill`` beside its ``twapId``."""

    def _known_by(self, row: Json) -> Any:
        return (row["twapId"], *_fill(row["fill"], row.get("user")))


class Fundings(History):
    """Funding payments, known by user, coin and time."""

    def _known_by(self, row: Json) -> Any:
        return row.get("user"), row["coin"], row["time"]


def _fill(fill: Json, user: Any) -> tuple[Any, ...]:
    return user, fill["coin"], fill.get("time"), fill["tid"]


def _by_time(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows oldest first, where all say their time."""
    listed = list(rows)
    return (
        sorted(listed, key=lambda row: row["time"])
        if all(isinstance(row.get("time"), int) for row in listed)
        else listed
    )
