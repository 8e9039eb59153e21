"""Coincheck's sessions: the login of the private stream, and what a message is about.

The public stream answers nothing: a subscription to a pair that does not exist is silence, a second one doubles every
message, and none can be ended.

Source: coincheck.com/documents/exchange/api, "WebSocket", "Private channels" (2026); the live public stream (2026-09).
"""

from __future__ import annotations

from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.wire import dumps

from .signing import sign_login

__all__ = ["BOOK", "RANGE", "TRADES", "channel_of", "error_text", "login", "time_of", "undo"]

TRADES, BOOK, RANGE = "-trades", "-orderbook", "-limit-range-orderbook"
"""How the names of channels end, after the pair."""


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in; the first object that holds ``success`` is the answer, whatever else arrives is not ours.

    Raises:
        LoginRefused: With the exchange's own words.
    """
    reply: Any = yield [dumps(sign_login(creds, stamp))]
    while not (isinstance(reply, dict) and "success" in reply):
        reply = yield None
    text = error_text(reply)  # pyright: ignore[reportUnknownArgumentType]
    if text is not None:
        raise LoginRefused("Coincheck", text)


def error_text(body: Any) -> str | None:
    """Return the error text of an answer; ``None`` if it is no error."""
    match body:
        case {"success": success, **rest} if not success:
            return str(rest.get("error") or rest.get("message") or "no reason given")
        case _:
            return None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription of the private stream."""
    match message:
        case {"type": "subscribe", "channels": channels}:
            return {"type": "unsubscribe", "channels": channels}
        case _:
            return None


def channel_of(message: Any) -> str | None:
    """Return the channel of a message."""
    match message:
        case [[_, _, str(pair), *_], *_]:
            return pair + TRADES
        case [str(pair), {"sequence_number": _}]:
            return pair + RANGE
        case [str(pair), {}]:
            return pair + BOOK
        case {"channel": str(channel)}:
            return channel
        case _:
            return None


def time_of(message: Any) -> float | None:
    """Return when the exchange sent a message, Unix time in whole seconds."""
    match message:
        case [[str(stamp), *_], *_] | [str(), {"last_update_at": str(stamp)}]:
            return float(stamp)
        case _:
            return None
