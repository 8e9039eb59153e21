"""Dialling: one handshake, with a deadline, its failures translated into ours."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any, cast

import aiohttp
from yarl import URL

from rxbotters.errors import ConfigError, ConnectError, HandshakeRefused, HandshakeTimeout
from rxbotters.wire import redact_url

from .response import ClientWebSocketResponse

__all__ = ["UrlSource", "check_options", "check_url", "dial", "dialling", "resolve_url", "retry_after"]

UrlSource = str | URL | Callable[[], Any]
"""A url, or a function, plain or async, that makes one for each attempt."""

dialling: ContextVar[URL | None] = ContextVar("dialling", default=None)
"""The url of the handshake under way: no hop to another one is allowed."""

_OURS = {"url", "self", "autoping", "heartbeat", "autoclose", "auth", "timeout"}
_OPTIONS = set(inspect.signature(aiohttp.ClientSession.ws_connect).parameters) - _OURS


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse keyword arguments that aiohttp does not know.

    Raises:
        TypeError: Naming the argument.
    """
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(
                f"ws_connect() got an unexpected keyword argument {name!r}; known: {', '.join(sorted(_OPTIONS))}"
            )


def check_url(url: Any) -> URL:
    """Return ``url`` as a `URL`.

    Raises:
        ConfigError: It is no WebSocket url.
    """
    try:
        parsed = URL(url)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{url!r} is no url ({error}): give one like wss://host/path") from None
    if parsed.scheme not in ("ws", "wss", "http", "https") or not parsed.host:
        raise ConfigError(f"{redact_url(parsed) or url!r} is no WebSocket url: give one like wss://host/path")
    return parsed


async def resolve_url(source: UrlSource) -> URL:
    """Return the url to dial now."""
    value: Any = source
    if callable(source):
        value = source()
        if inspect.isawaitable(value):
            value = await value
    return check_url(value)


async def dial(
    session: aiohttp.ClientSession,
    url: URL,
    *,
    timeout: float,
    fatal: Collection[int],
    now: float,
    options: Mapping[str, Any],
) -> ClientWebSocketResponse:
    """Perform one handshake.

    Args:
        session: The client's.
        url: Where to.
        timeout: Seconds until the upgrade must be answered.
        fatal: HTTP statuses that no retry can change.
        now: Unix time, seconds.
        options: Passed to aiohttp.

    Raises:
        HandshakeRefused: The server answered with an HTTP status; honours ``Retry-After``.
        HandshakeTimeout: It did not answer.
        ConnectError: It could not be reached.
    """
    shown = redact_url(url)
    extra: dict[str, Any] = {
        "max_msg_size": 16 * 1024 * 1024,
        **options,
        "timeout": aiohttp.ClientWSTimeout(ws_close=0.5),  # pyright: ignore[reportCallIssue]
    }
    token = dialling.set(url)
    try:
        async with asyncio.timeout(timeout):
            ws = await cast(Any, session).ws_connect(
                url,
                autoping=False,
                heartbeat=None,
                **extra,
            )
    except TimeoutError:
        raise HandshakeTimeout(shown, timeout) from None
    except aiohttp.WSServerHandshakeError as error:
        wait = retry_after(error.headers, now)
        raise HandshakeRefused(shown, error.status, fatal=error.status in fatal, retry_after=wait) from None
    except aiohttp.InvalidURL as error:
        raise ConfigError(f"{shown} cannot be dialled: {type(error).__name__}") from None
    except aiohttp.ClientConnectorDNSError as error:
        raise ConnectError(shown, f"the name does not resolve (dns: {error.os_error})") from error
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectError(shown, f"{type(error).__name__}: {_plain(error)}") from error
    finally:
        dialling.reset(token)
    return cast(ClientWebSocketResponse, ws)


def _plain(error: BaseException) -> str:
    """Return the reason of a network error without the urls and headers aiohttp likes to add."""
    reason = getattr(error, "os_error", None) or getattr(error, "strerror", None)
    if reason is None and isinstance(error, aiohttp.ClientResponseError):
        return f"HTTP {error.status}"
    return str(reason or error)


def retry_after(headers: Mapping[str, str] | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for at Unix time ``now``; ``None`` without one."""
    value = (headers or {}).get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError):
        return None
