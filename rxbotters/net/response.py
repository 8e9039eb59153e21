"""The connection object that handlers get: aiohttp's, which knows the app it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from .websocket import WebSocketApp

__all__ = ["Auth", "ClientWebSocketResponse"]


class Auth:
    """The default of every ``auth`` argument: sign with the credentials of the host. ``auth=None`` switches it off."""


class ClientWebSocketResponse(aiohttp.ClientWebSocketResponse):
    """One live WebSocket. Use it for one-off messages; subscriptions belong in ``send_json`` of `Client.ws_connect`.

    Attributes:
        app: The `WebSocketApp` it belongs to, ``None`` for a bare connection.
    """

    app: WebSocketApp | None = None
    _post: Callable[[str], None] | None = None

    def post(self, text: str) -> None:
        """Queue a text message and return at once; nothing happens once the connection is lost."""
        if self._post is not None and not self.closed:
            self._post(text)

    async def send_json(self, data: Any, *args: Any, auth: Any = Auth, **kwargs: Any) -> None:
        """Send one JSON message now, on this connection only.

        Args:
            data: What to send; never changed.
            auth: ``None`` sends it unsigned on hosts that sign messages.
            args: Passed on to aiohttp, as are ``kwargs``.
        """
        await super().send_json(data, *args, **kwargs)
