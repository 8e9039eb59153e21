"""BitMEX's tables: an image, then inserts, updates and deletes. Source: bitmex.com/app/wsAPI (2026-08).

Rules
  1. The image says what identifies a row. It replaces the rows that its filter speaks of, and tells only what differs.
  2. A change is heeded only after the image of the slice it belongs to: anything before is already in it.
  3. When a connection is lost, its slices are `Stale` until their images come again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, cast

from rxbotters.errors import BadNumber
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import objects
from rxbotters.wire import dumps
from rxbotters_operators.events import Stale

__all__ = ["Orders", "Quotes", "TableStore", "Trades"]

Rows = Sequence[Mapping[str, Any]]
Slice = tuple[tuple[str, Any], ...]


class TableStore(DataStore):
    """Rows of one table. What identifies a row, the exchange says in each image; until then rows have no key.

    Args:
        usual: Keys for rows that come by request before the first image.
    """

    _ON_LOSS = "refetch"
    _NUMBERS: ClassVar[Sequence[str]] = ()
    """Fields that hold a number, or nothing."""

    usual: tuple[str, ...] = ()

    def _init(self) -> None:
        self._slices: dict[Slice, Any] = {}  # what an image was for → the connection that brought it
        self._missed: set[Slice] = set()

    # ------------------------------------------------------------------ messages

    def fold(self, message: Mapping[str, Any]) -> None:
        """Apply one message of the table."""
        action, rows = message["action"], objects(message["data"])
        self._prove(rows)
        if action == "partial":
            self._image(message, rows)
            return
        if () not in self._slices:
            rows = [row for row in rows if self._is_known(row)]
        if action == "insert":
            self._insert(rows)
        elif action == "update":
            self._update(rows)
        elif action == "delete":
            self._delete(rows)
        else:
            raise ValueError(f"unknown action {action!r}")

    def _image(self, message: Mapping[str, Any], rows: Rows) -> None:
        given, keys = message.get("filter"), message.get("keys")
        where: Slice = tuple(sorted(cast("dict[str, Any]", given).items())) if given else ()
        known = self._keys or self._usual_for(rows) if keys is None else tuple(keys)
        hash((where, *(row.get(key) for row in rows for key in known)))  # what cannot be a key changes nothing
        self._rekey(known)
        self.replace(rows, dict(where) if given is not None else None)
        self._slices[where] = self._group.feeding if self._group is not None else None
        self._missed.discard(where)
        if not self._missed:
            self.refetched()

    def replace(self, rows: Rows, scope: Mapping[str, Any] | None) -> None:
        """Make the rows of ``scope`` exactly these; only what differs is told.

        Args:
            rows: The truth.
            scope: Fields the rows share, empty for all; ``None``: nobody said, it is the instruments in ``rows``.
        """
        symbols = {row.get("symbol") for row in rows} if scope is None else set[Any]()
        named = bool(symbols) and None not in symbols
        inside = [
            (key, row)
            for key, row in self._rows.items()
            if (row.get("symbol") in symbols if named else _matches(row, scope or {}))
        ]
        if self._keys:
            kept = {key for key, _ in self._ingest(rows)}
            gone = [key for key, _ in inside if key not in kept]
            new = list(rows)
        else:
            gone, new = _difference(inside, rows)
        for key in gone:
            self._drop(key, None, "resync")
        self._insert(new, reason="resync")

    def add(self, rows: Rows) -> None:
        """Add rows that came by request and are not there yet."""
        self._prove(rows)
        if self._keys or self.usual:
            if not self._keys:
                self._rekey(self._usual_for(rows))
            self._insert(rows)
        else:
            _, new = _difference(list(self._rows.items()), rows)
            self._insert(new)

    def answer(self, rows: Rows, scope: Mapping[str, Any] | None) -> None:
        """Take a REST answer: as the truth for ``scope``; ``None``: as a part of it."""
        if scope is None:
            self.add(rows)
            return
        self._prove(rows)
        if not self._keys:
            self._rekey(self._usual_for(rows))
        self.replace(rows, scope)
        self.refetched()

    def unsubscribed(self, symbol: str) -> None:
        """Note that nothing more will come: of one instrument, or of the whole table."""
        ended = [where for where in (*self._slices, *self._missed) if not symbol or ("symbol", symbol) in where]
        for where in ended:
            self._slices.pop(where, None)
            self._missed.discard(where)
        if ended and not self._slices:
            self._set_status(Stale("unsubscribed"))

    # ------------------------------------------------------------------ what belongs here

    def _is_known(self, row: Mapping[str, Any]) -> bool:
        """Whether the image of the row's slice has come."""
        return any(_matches(row, dict(where)) for where in self._slices)

    def _usual_for(self, rows: Rows) -> tuple[str, ...]:
        return tuple(key for key in self.usual if all(key in row for row in rows))

    def _rekey(self, keys: tuple[Any, ...]) -> None:
        """Learn what identifies a row; rows known otherwise come again under their new key."""
        if keys == self._keys:
            return
        if not all(isinstance(key, str) for key in keys):
            raise TypeError(f"keys {keys!r}")
        rows = list(self._rows.values())
        self._clear(reason="resync")
        self._keys = keys
        self._many = len(keys) != 1
        self._key_of = itemgetter(*keys) if keys else self._next_serial
        self._insert([row for row in rows if all(key in row for key in keys)], reason="resync")

    def _prove(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            for field in self._NUMBERS:
                value = row.get(field)
                if value is not None and (value.__class__ not in (int, float) or not 0 <= value < float("inf")):
                    raise BadNumber(self.name, field, value)

    # ------------------------------------------------------------------ the connection

    def _lost(self, feed: Any, status: Stale) -> None:
        lost = [where for where, source in self._slices.items() if feed is None or source is feed or source is None]
        for where in lost:
            del self._slices[where]
            self._missed.add(where)
        if lost or self._rows:
            super()._lost(feed, status)


class Trades(TableStore):
    """Public trades, oldest first; the last 99,999 are kept."""

    _MAXLEN = 99999
    _NUMBERS = ("size", "price")


class Quotes(TableStore):
    """Best bid and ask, as they came."""

    _NUMBERS = ("bidSize", "bidPrice", "askPrice", "askSize")


class Orders(TableStore):
    """Live orders: an order whose status is an end is told once more, and goes."""

    usual = ("orderID",)

    _ENDS = frozenset({"Filled", "Canceled", "Rejected", "Expired"})

    def replace(self, rows: Rows, scope: Mapping[str, Any] | None) -> None:
        """Make the live orders of ``scope`` exactly those among these."""
        super().replace([row for row in rows if row.get("ordStatus") not in self._ENDS], scope)

    def add(self, rows: Rows) -> None:
        """Add the live orders among these, and remove those that ended."""
        super().add([row for row in rows if row.get("ordStatus") not in self._ENDS])
        self._delete([row for row in rows if row.get("ordStatus") in self._ENDS])

    def _insert(self, items: Iterable[Mapping[str, Any]], *, reason: str | None = None) -> None:
        super()._insert(items, reason=reason)
        self._sweep()

    def _update(self, items: Iterable[Mapping[str, Any]], *, reason: str | None = None) -> None:
        """Merge changes into orders; a change of an order that ended is none, whatever it says of it."""
        known: list[Mapping[str, Any]] = []
        for item in items:
            if self.get(item) is not None or not self._keys:
                known.append(item)
            elif item.get("ordStatus") is not None and item["ordStatus"] not in self._ENDS:
                known.append(item)  # it is live, and more than its change nobody knows
                self._set_status(Stale(f"change of unknown order {item.get('orderID')}: initialize from /api/v1/order"))
        super()._update(known, reason=reason)
        self._sweep()

    def _sweep(self) -> None:
        for key in [key for key, row in self._rows.items() if row.get("ordStatus") in self._ENDS]:
            self._drop(key, None, None)
        self._settle()


def _matches(row: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    """Whether a row is of a scope; a field that it lacks speaks for nothing."""
    return all(row.get(field, value) == value for field, value in scope.items())


def _difference(
    inside: Sequence[tuple[Any, Mapping[str, Any]]], rows: Rows
) -> tuple[list[Any], list[Mapping[str, Any]]]:
    """Return the keys of rows without an equal among ``rows``, and those of ``rows`` that are not there yet."""
    pending: dict[str, list[int]] = {}  # when → which of rows
    for index, row in enumerate(rows):
        pending.setdefault(dumps(row.get("timestamp")), []).append(index)
    gone: list[Any] = []
    there: set[int] = set()
    for key, row in inside:
        alike = pending.get(dumps(row.get("timestamp")), ())
        equal = next((index for index in alike if index not in there and rows[index] == row), None)
        if equal is None:
            gone.append(key)
        else:
            there.add(equal)
    return gone, [row for index, row in enumerate(rows) if index not in there]
