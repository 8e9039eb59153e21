"""The only room that knows aiohttp: session, requests, sockets, connections."""

from .call import Call, Fetch
from .queue import WebSocketQueue
from .response import Auth, ClientWebSocketResponse
from .result import FetchResult, NotJSONContent
from .websocket import WebSocketApp

__all__ = [
    "Auth",
    "Call",
    "ClientWebSocketResponse",
    "Fetch",
    "FetchResult",
    "NotJSONContent",
    "WebSocketApp",
    "WebSocketQueue",
]
