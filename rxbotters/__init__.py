"""rxbotters: reactive streams for people who write crypto trading bots.

>>> import rxbotters
>>> from rxbotters import operators as ops
"""

from typing import TYPE_CHECKING, Any

from rxbotters.client import Client
from rxbotters.net import (
    Auth,
    ClientWebSocketResponse,
    FetchResult,
    NotJSONContent,
    WebSocketApp,
    WebSocketQueue,
)
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook, StoreStream
from rxbotters.version import __version__
from rxbotters_operators.events import StoreChange

from .exchanges.index import COLLECTIONS

if TYPE_CHECKING:
    from .exchanges.index import *  # noqa: F403

__all__ = [
    "Auth",
    "Client",
    "ClientWebSocketResponse",
    "DataStore",
    "DataStoreCollection",
    "FetchResult",
    "NotJSONContent",
    "OrderBook",
    "StoreChange",
    "StoreStream",
    "WebSocketApp",
    "WebSocketQueue",
    "__version__",
    *COLLECTIONS,  # pyright: ignore[reportUnsupportedDunderAll]
]


def __getattr__(name: str) -> Any:
    """Import an exchange's stores when they are first named, and the operators when they are first used."""
    if name in COLLECTIONS:
        from rxbotters.exchanges import collection

        value: Any = collection(name)
    elif name in ("operators", "helpers", "sim", "testing", "record", "errors"):
        from importlib import import_module

        value = import_module(f"rxbotters.{name}")
    else:
        raise AttributeError(f"module 'rxbotters' has no attribute {name!r}")
    globals()[name] = value
    return value
