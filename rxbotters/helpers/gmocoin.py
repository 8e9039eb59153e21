"""GMO Coin's private token by hand. `Client.lease("gmocoin.private")` does the same for who wants no token in hand.

Rules
  1. The manager extends a token at once, then every ``delay`` seconds; one that GMO Coin does not extend is replaced.
  2. Nothing but the end of its task or of its client ends it: network errors are told on ``errors`` and tried again.
  3. A dial that is refused may have been refused for its token: the manager gets another at once.

Source: api.coin.z.com/docs, "ws-auth-post" and "ws-auth-put" (2025-11): a token lives 60 minutes after each extension.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, Protocol, cast

from rxbotters.errors import ClientClosed, ConfigError, RxbottersError, WrongLoop
from rxbotters_operators import Backoff
from rxbotters_operators.hot import Errors

__all__ = ["GMOCoinHelper", "GMOCoinResponseError", "TokenUrl"]

BASE = "https://api.coin.z.com"
_PATH = "/private/v1/ws-auth"
_BACKOFF = Backoff(min=2.0, max=60.0, factor=2.0, initial=1.0)
_FATAL = (ClientClosed, ConfigError, WrongLoop)


class Client(Protocol):
    """What the helper wants of a client."""

    def fetch(self, method: str, url: str, *, data: Any = None) -> Awaitable[Any]:
        """Send one request."""
        ...


class App(Protocol):
    """What the helper wants of a connection."""

    url: Any


class GMOCoinResponseError(RxbottersError):
    """GMO Coin answered with an error. The text holds its own words, and no token."""


class TokenUrl(str):
    """A url with a token in it: a text that can be told that its token died."""

    __slots__ = ("_died",)
    _died: Callable[[], None]

    def __new__(cls, url: str, died: Callable[[], None]) -> TokenUrl:
        """Make the url.

        Args:
            url: The text.
            died: Called when a connection says that the token is dead.
        """
        made = super().__new__(cls, url)
        made._died = died
        return made

    def expire(self) -> None:
        """Say that the token died before its time."""
        self._died()


class GMOCoinHelper:
    """Creates, extends and keeps the token of the private WebSocket.

    Args:
        client: The `Client` whose keys sign.
        base: Another origin than GMO Coin's, such as that of a test server.

    Attributes:
        errors: What went wrong while `manage_ws_token` went on; logged if nobody is subscribed.
    """

    def __init__(self, client: Client, *, base: str = BASE) -> None:
        self._client = client
        self._base = base.rstrip("/")
        self.errors = Errors("GMOCoinHelper.errors")

    async def create_access_token(self) -> str:
        """Return a new token; at most five live at a time, a sixth ends the oldest.

        Raises:
            GMOCoinResponseError: GMO Coin gave none.
            Exception: The network failed; as `Client.fetch`.
        """
        answer = await self._ask("POST", None)
        token = answer.get("data")
        if not isinstance(token, str) or not token:
            raise GMOCoinResponseError("GMO Coin gave no token")
        return token

    async def extend_access_token(self, token: str) -> None:
        """Give a token another 60 minutes.

        Raises:
            GMOCoinResponseError: It is not valid any more, or cannot be extended now.
            Exception: The network failed; as `Client.fetch`.
        """
        await self._ask("PUT", {"token": token})

    async def manage_ws_token(self, ws: App, token: str, delay: float = 300.0) -> NoReturn:
        """Keep a connection's token valid for ever: run this as a task of its own.

        ``ws.url`` always holds the token in force, and the next dial goes there.

        Args:
            ws: The `WebSocketApp` of the private stream.
            token: The token it was connected with.
            delay: Seconds between two extensions; after a failure it is tried again sooner.

        Raises:
            ClientClosed: The client was closed.
            ConfigError: The program is wrong; trying again cannot help.
        """
        if not delay > 0:
            raise ValueError(f"delay must be positive seconds, got {delay!r}")
        died = asyncio.Event()
        ws.url = TokenUrl(self._url(token), died.set)
        delays = _BACKOFF.delays(lambda: 1.0)
        while True:
            try:
                if died.is_set() or not await self._extended(token):
                    token = await self.create_access_token()
                    ws.url = TokenUrl(self._url(token), died.set)
                died.clear()
            except _FATAL:
                raise
            except Exception as error:
                self.errors.emit(error)
                await asyncio.sleep(min(delay, next(delays)))
                continue
            delays = _BACKOFF.delays(lambda: 1.0)
            try:
                async with asyncio.timeout(delay):
                    await died.wait()
            except TimeoutError:
                pass

    async def _extended(self, token: str) -> bool:
        """Extend a token; return whether GMO Coin agreed."""
        try:
            await self.extend_access_token(token)
        except GMOCoinResponseError:
            return False
        return True

    async def _ask(self, method: str, data: Any) -> dict[str, Any]:
        result = await self._client.fetch(method, self._base + _PATH, data=data)
        body = result.data
        if isinstance(body, dict):
            answer = cast("dict[str, Any]", body)
            if answer.get("status") == 0:
                return answer
            raise GMOCoinResponseError(f"{method} {_PATH}: {_reason(answer)}")
        raise GMOCoinResponseError(f"{method} {_PATH}: HTTP {result.status}, and no JSON object")

    def _url(self, token: str) -> str:
        return f"{self._base.replace('http', 'ws', 1)}/ws/private/v1/{token}"


def _reason(answer: dict[str, Any]) -> str:
    messages = answer.get("messages")
    first: Any = messages[0] if isinstance(messages, list) and messages else None  # pyright: ignore
    if not isinstance(first, dict):
        return f"no reason given (status {answer.get('status')})"
    known = cast("dict[str, Any]", first)
    return f"{known.get('message_code')} {known.get('message_string')} (status {answer.get('status')})"
