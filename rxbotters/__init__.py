"""rxbotters: reactive streams for people who write crypto trading bots.

>>> import rxbotters
>>> from rxbotters import operators as ops
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .exchanges.index import COLLECTIONS
from .version import __version__

if TYPE_CHECKING:
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
    from rxbotters_operators.events import StoreChange

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

_HOMES = {
    "rxbotters.client": ("Client",),
    "rxbotters.net": (
        "Auth",
        "ClientWebSocketResponse",
        "FetchResult",
        "NotJSONContent",
        "WebSocketApp",
        "WebSocketQueue",
    ),
    "rxbotters.stores": ("DataStore", "DataStoreCollection", "OrderBook", "StoreStream"),
    "rxbotters_operators.events": ("StoreChange",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
_ROOMS = (
    "client",
    "clock",
    "credentials",
    "descriptor",
    "errors",
    "exchanges",
    "helpers",
    "net",
    "operators",
    "record",
    "sim",
    "stores",
    "testing",
    "wire",
)


def __getattr__(name: str) -> Any:
    """Import what is named when it is first named: whoever needs little of this package, as a pytest plugin does, pays little."""
    if name in _HOME:
        value: Any = getattr(import_module(_HOME[name]), name)
    elif name in COLLECTIONS:
        from rxbotters.exchanges import collection

        value = collection(name)
    elif name in _ROOMS:
        value = import_module(f"rxbotters.{name}")
    else:
        raise AttributeError(f"module 'rxbotters' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
