"""Stores: folds of messages into rows, and the changes that made them. No sockets, no clock."""

from .book import Best, Depth, Level, Levels, OrderBook, Price
from .collection import DataStoreCollection
from .feeding import Ask
from .ledger import Ledger, OrderState
from .row import FrozenList, Row
from .store import DataStore
from .stream import StoreStream
from .synced import Diff, SyncedBook, by_previous, by_range, consecutive, increasing

__all__ = [
    "Ask",
    "Best",
    "DataStore",
    "DataStoreCollection",
    "Depth",
    "Diff",
    "FrozenList",
    "Ledger",
    "Level",
    "Levels",
    "OrderBook",
    "OrderState",
    "Price",
    "Row",
    "StoreStream",
    "SyncedBook",
    "by_previous",
    "by_range",
    "consecutive",
    "increasing",
]
