"""The connection object that handlers get: aiohttp's, which knows the app it belongs to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from rxbotters.errors import ResponseTooLarge
from rxbotters.wire import PLAIN, Dialect, redact_url

if TYPE_CHECKING:
    from .limits import Throttle
    from .websocket import WebSocketApp

__all__ = ["Auth", "ClientResponse", "ClientWebSocketResponse"]


class Auth:
    """The default of every ``auth`` argument: sign with the credentials of the host. ``auth=None`` switches it off."""


class ClientResponse(aiohttp.ClientResponse):
    """aiohttp's response, its body bounded: what inflates beyond `max_body` bytes is not read to the end.

    Attributes:
        sent: The body of the request it answers: some exchanges have one path for every question.
    """

    max_body = 32 * 1024 * 1024
    sent: bytes = b""
    _whole: bytes | None = None

    @property
    def request_info(self) -> aiohttp.RequestInfo:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What was asked, as errors show it: secrets in the url are masked. The true url is `url`."""
        info = super().request_info
        shown = URL(redact_url(info.real_url), encoded=True)
        return aiohttp.RequestInfo(shown, info.method, info.headers, shown)

    def __repr__(self) -> str:
        return f"<ClientResponse({redact_url(self.url)}) [{self.status} {self.reason}]>"

    async def read(self) -> bytes:
        """Read the body to its end, once.

        Raises:
            ResponseTooLarge: It is larger than `max_body`; the connection is dropped.
        """
        if self._whole is None:
            chunks: list[bytes] = []
            left = self.max_body
            async for chunk in self.content.iter_any():
                left -= len(chunk)
                if left < 0:
                    self.close()
                    raise ResponseTooLarge(self.method, redact_url(self.url), self.max_body)
                chunks.append(chunk)
            self._whole = b"".join(chunks)
        return self._whole

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """Return the body as text."""
        return (await self.read()).decode(encoding or self.charset or "utf-8", errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: Callable[[str], Any] = json.loads,
        content_type: str | None = "application/json",
    ) -> Any:
        """Return the decoded body, ``None`` if it is empty."""
        if content_type is not None and not self.content_type.endswith("json"):
            raise aiohttp.ContentTypeError(
                self.request_info,
                self.history,
                status=self.status,
                message=f"Attempt to decode JSON with unexpected mimetype: {self.content_type}",
                headers=self.headers,
            )
        text = (await self.text(encoding)).strip()
        return loads(text) if text else None


class ClientWebSocketResponse(aiohttp.ClientWebSocketResponse):
    """One live WebSocket. Use it for one-off messages; subscriptions belong in ``send_json`` of `Client.ws_connect`.

    Attributes:
        app: The `WebSocketApp` it belongs to, ``None`` for a bare connection.
        url: Where it was dialled, ``None`` for a bare connection.
    """

    app: WebSocketApp | None = None
    url: URL | None = None
    dialect: Dialect = PLAIN
    throttle: Throttle | None = None
    _post: Callable[[str], None] | None = None

    def post(self, text: str) -> None:
        """Queue a text message and return at once; nothing happens once the connection is lost."""
        if self._post is not None and not self.closed:
            self._post(text)

    async def send_json(self, data: Any, *args: Any, auth: Any = Auth, **kwargs: Any) -> None:
        """Send one JSON message now, on this connection only.

        Args:
            data: What to send; never changed. On hosts that sign messages a signed copy is sent.
            auth: ``None`` sends it unsigned on hosts that sign messages.
            args: Passed on to aiohttp, as are ``kwargs``.
        """
        if auth is not None and self.app is not None:
            data = self.app.signed(data)
        await super().send_json(data, *args, **kwargs)

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send one text message now; waits for its turn on hosts that limit how fast they are sent to."""
        if self.throttle is not None:
            await self.throttle.wait()
        await super().send_str(data, compress)

    async def send_bytes(self, data: bytes, compress: int | None = None) -> None:
        """Send one binary message now; as `send_str`."""
        if self.throttle is not None:
            await self.throttle.wait()
        await super().send_bytes(data, compress)
