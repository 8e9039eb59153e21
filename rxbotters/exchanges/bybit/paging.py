"""Rows that REST answers give page by page: what is in no page of a whole answer is gone, and nothing else is.

Rules
  1. The first page, the one without ``cursor``, notes which rows of its scope are known; each page, and each event,
     confirms rows; after the last page the rows that nobody confirmed are removed.
  2. Until then the store is `Stale` and says which pages are missing.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from rxbotters.stores import DataStore
from rxbotters_operators.events import Stale

from .checks import Item

__all__ = ["Paged", "Scope", "base_coin", "is_last", "settle_coin"]

_PAGE = 20  # rows of a page if the request does not say ``limit``
_QUOTES = ("USDT", "USDC", "USDE", "USD1", "EUR", "BRL", "TRY", "JPY", "PLN", "DAI", "BRZ", "BTC", "ETH", "SOL", "MNT")


def is_last(query: Mapping[str, str], rows: int, cursor: str) -> bool:
    """Whether a page is the last one: Bybit gives a cursor after a short page too."""
    limit = query.get("limit", "")
    return not cursor or rows < (int(limit) if limit.isdecimal() else _PAGE)


def settle_coin(category: str, symbol: str) -> str | None:
    """Return the coin an instrument is settled in; ``None`` for spot.

    Example:
        >>> [settle_coin("linear", name) for name in ("BTCUSDT", "BTCPERP", "BTC-26DEC25", "BTCUSDT-26DEC25")]
        ['USDT', 'USDC', 'USDC', 'USDT']
        >>> settle_coin("option", "BTC-26DEC25-90000-C"), settle_coin("inverse", "BTCUSDZ25")
        ('USDC', 'BTC')
    """
    if category == "linear":
        return "USDT" if symbol.partition("-")[0].endswith("USDT") else "USDC"
    if category == "option":
        return "USDT" if symbol.endswith("-USDT") else "USDC"
    return base_coin(category, symbol) if category == "inverse" else None


def base_coin(category: str, symbol: str) -> str | None:
    """Return the coin that is traded; ``None`` where the name does not tell.

    Example:
        >>> [base_coin("linear", name) for name in ("BTCUSDT", "BTCDOMUSDT", "BTCPERP", "BTC-26DEC25")]
        ['BTC', 'BTCDOM', 'BTC', 'BTC']
    """
    name, dash, _ = symbol.partition("-")
    if category == "inverse":
        found = re.fullmatch(r"(.+)USD([FGHJKMNQUVXZ]\d\d)?", name)
        return found[1] if found else None
    if category == "spot":
        return next((name[: -len(quote)] for quote in _QUOTES if name.endswith(quote) and name != quote), None)
    for quote in ("USDT", "PERP", "USDC"):
        if name.endswith(quote) and name != quote:
            return name[: -len(quote)]
    return name if dash else None


class Scope(NamedTuple):
    """Of which rows a request asks; ``None``: of all."""

    category: str | None
    symbol: str | None
    base: str | None
    settle: str | None

    @classmethod
    def of(cls, query: Mapping[str, str], category: str | None) -> Scope:
        """Return the scope of a query: the first of ``symbol``, ``baseCoin``, ``settleCoin`` that it has decides."""
        symbol, base, settle = (query.get(name) or None for name in ("symbol", "baseCoin", "settleCoin"))
        return cls(category, symbol, None if symbol else base, None if symbol or base else settle)

    def holds(self, row: Item) -> bool:
        """Whether a row is one that the request asked of."""
        category, symbol = row.get("category", self.category), row.get("symbol")
        if category != self.category or category is None or not isinstance(symbol, str):
            return False
        return (
            self.symbol in (None, symbol)
            and (self.base is None or base_coin(category, symbol) == self.base)
            and (self.settle is None or category == "spot" or settle_coin(category, symbol) == self.settle)
        )


class Paged(DataStore):
    """A store whose rows REST answers replace by scope, page by page."""

    _ON_LOSS = "refetch"

    def _init(self) -> None:
        self._open: dict[Scope, set[Any]] = {}  # scope → keys of rows that no page has confirmed

    def confirm(self, key: tuple[Any, ...]) -> None:
        """Note that the row with this key lives."""
        for unconfirmed in self._open.values():
            unconfirmed.discard(key)

    @contextmanager
    def page(
        self, scope: Scope, query: Mapping[str, str], rows: int, cursor: str, *, whole: bool
    ) -> Generator[None, None, None]:
        """Take a page: what the block does not confirm goes after the last one.

        Args:
            scope: What was asked for.
            query: The request.
            rows: How many rows the page has.
            cursor: Where the next one begins.
            whole: Whether all pages together are all rows of the scope; else nothing goes.
        """
        if whole and not query.get("cursor"):
            self._open[scope] = {
                tuple(row[field] for field in self._keys) for row in self._rows.values() if scope.holds(row)
            }
        yield
        if whole and is_last(query, rows, cursor):
            gone = self._open.pop(scope, set[Any]())
            self._delete([dict(zip(self._keys, key, strict=True)) for key in gone], reason="resync")
        if self._open:
            missing = ", ".join(str(scope.category) for scope in self._open)
            self._set_status(Stale(f"not all pages were read ({missing}): request the next with cursor=nextPageCursor"))
        elif whole:
            self.refetched()

    def _lost(self, feed: Any, status: Stale) -> None:
        self._open.clear()
        super()._lost(feed, status)
