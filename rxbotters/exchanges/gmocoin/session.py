"""GMO Coin's WebSocket session and its token. Source: api.coin.z.com/docs, "ws-auth-post" to "ws-auth-delete" (2025-11)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rxbotters.descriptor import Farewell, LeaseRule
from rxbotters.wire import fields

__all__ = [
    "LEASES",
    "channel_of",
    "error_of",
    "farewell",
    "refusal",
    "time_of",
    "token_of",
    "undo",
    "url_of",
]

_TOO_MANY = "ERR-5003"
_PUBLIC = frozenset({"ticker", "orderbooks", "trades"})


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    request = fields(message)
    return {**request, "command": "unsubscribe"} if request.get("command") == "subscribe" else None


def channel_of(message: Any) -> str | None:
    """Return ``"ticker:BTC"`` for market data, ``"orderEvents"`` for the account."""
    told = fields(message)
    channel = told.get("channel")
    if not isinstance(channel, str):
        return None
    return f"{channel}:{told.get('symbol')}" if channel in _PUBLIC else channel


def time_of(message: Any) -> float | None:
    """Return when GMO Coin sent a message, Unix time in seconds."""
    stamp = fields(message).get("timestamp")
    if not isinstance(stamp, str):
        return None
    try:
        return datetime.fromisoformat(stamp.rstrip("Z")[:26]).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def error_of(message: Any) -> str | None:
    """Return the text of an error; it names no subscription, and the connection stays."""
    error = fields(message).get("error")
    return str(error) if error is not None else None


def farewell(message: Any) -> Farewell | None:
    """Tell that a subscription was lost to the limit: a new connection makes them all again, one by one."""
    error = error_of(message)
    return "rotate" if error is not None and error.startswith(_TOO_MANY) else None


def refusal(body: Any) -> str | None:
    """Return GMO Coin's error text if ``body`` is an error: any ``status`` but 0, with HTTP 200 too."""
    answer = fields(body)
    if answer.get("status", 0) == 0:
        return None
    messages: Any = answer.get("messages")
    found = [fields(message) for message in messages] if isinstance(messages, list) else []  # pyright: ignore
    texts = [f"{message.get('message_code')} {message.get('message_string')}" for message in found]
    return f"{'; '.join(texts) or 'no reason given'} (status {answer['status']})"


def token_of(answer: Any) -> str:
    """Return the token of a ``POST /private/v1/ws-auth`` answer.

    Raises:
        KeyError, TypeError: It holds none.
    """
    token = answer["data"]
    if not isinstance(token, str) or not token:
        raise TypeError("a token must be a text")
    return token


def url_of(answer: Any, fresh: str) -> str:
    """Return the url of the private WebSocket."""
    return f"wss://api.coin.z.com/ws/private/v1/{token_of(answer)}"


LEASES = {
    "private": LeaseRule(
        base="https://api.coin.z.com",
        create=("POST", "/private/v1/ws-auth"),
        renew=("PUT", "/private/v1/ws-auth"),
        renew_data=lambda token: {"token": token},
        every=300.0,  # a token lives 60 minutes after each extension
        read=token_of,
        url=url_of,
        refusal=refusal,
    )
}
