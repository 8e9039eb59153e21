"""Stores: folds of messages into rows, and the changes that made them. No sockets, no clock."""

from .book import Best, OrderBook
from .collection import DataStoreCollection
from .row import FrozenList, Row
from .store import DataStore
from .stream import StoreStream

__all__ = ["Best", "DataStore", "DataStoreCollection", "FrozenList", "OrderBook", "Row", "StoreStream"]
