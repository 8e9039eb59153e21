"""The same records through both libraries: the same rows, save for what docs/exchanges/coincheck.md names."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

import rxbotters
from rxbotters.record import Record, read_records
from tests.exchanges.compare import Pairing, compare
from tests.exchanges.golden import ours, theirs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

DATA = Path(__file__).parent / "data"


class EarlyDiffs:
    """Difference 1: the reference shows plain diffs of a pair that has no snapshot yet."""

    def __init__(self) -> None:
        self.time = 0.0
        self.whole: set[str] = set()

    def __call__(self, record: Record) -> bool:
        if record.time < self.time:
            self.whole.clear()
        self.time = record.time
        if record.kind == "rest":
            if record.url.partition("?")[0].endswith("/api/order_books"):
                self.whole.add(URL(record.url).query.get("pair") or record.message.get("pair") or "btc_jpy")
            return False
        match record.message:
            case [str(pair), {"asks": _}]:
                return pair not in self.whole
            case _:
                return False


def canonical(store: str, row: Mapping[str, Any]) -> Any:
    """Rows without the differences that docs/exchanges/coincheck.md names."""
    if store == "trades":  # difference 3: the ninth element is kept
        return {name: value for name, value in row.items() if name != "itayose_id"}
    if store == "order-events":  # difference 5: every row has every field
        return {name: value for name, value in row.items() if value is not None}
    return dict(row)


PAIRINGS = {
    "coincheck": Pairing(
        ours=rxbotters.CoincheckDataStore,
        theirs=pybotters.CoincheckDataStore,
        stores=["trades", "orderbook"],
        canonical=canonical,
        sorts=frozenset({"orderbook"}),
        books=("orderbook",),
        skip=EarlyDiffs(),
    ),
    "coincheck_private": Pairing(
        ours=rxbotters.CoincheckPrivateDataStore,
        theirs=pybotters.CoincheckPrivateDataStore,
        stores=["order-events", "execution-events"],
        canonical=canonical,
    ),
}
