"""OKJ's V3 sessions: channels are texts, ``"spot/depth:BTC-JPY"``. Source: dev.okj.com/apidoc/v3/en, its SDK (2026-09)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials, LoginScript
from rxbotters.exchanges.okx.session import ask_for_login
from rxbotters.wire import arguments, fields, in_parts, login_error, masked

from .signing import login_sign

__all__ = ["ack", "channel_of", "channels", "login", "needs_login", "request_ids", "split", "time_of", "undo"]

_LONGEST = 4000
"""Bytes of one subscription; OKEx, whose protocol this is, took 4096."""

_NAMED = re.compile(r"(\w+/\w+:[\w.-]+)")
_PRIVATE = ("spot/account", "spot/order", "spot/order_algo", "spot/margin_account")


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in: one ``login`` request, answered by ``login`` or ``error``; what else arrives meanwhile is not ours.

    Raises:
        LoginRefused: With the exchange's own words, without what they repeat of our request.

    Source:
        okcoinjapan/V3-Open-API-SDK, ``websocket.py``: Unix time in seconds with its fraction.
    """
    timestamp = f"{stamp.ms // 1000}.{stamp.ms % 1000:03d}"
    signature = login_sign(creds, timestamp)
    passphrase = creds.passphrase.reveal()
    answer = yield from ask_for_login([creds.key, passphrase, timestamp, signature])
    if answer["event"] != "login" or answer.get("success") is not True:
        raise login_error("OKJ", masked(_text(answer), (creds.key, passphrase, signature)), is_later=False)


def needs_login(messages: Sequence[Any], url: URL) -> bool:
    """Whether a connection must log in: for private channels, and where nothing tells what it is for."""
    asked = [channel for message in messages for channel in channels(message)]
    return not asked or any(channel.startswith(_PRIVATE) for channel in asked)


def channels(message: Any, op: str = "subscribe") -> list[str]:
    """Return the channels of a subscription; none if the message is something else."""
    return [arg for arg in arguments(message, op) if isinstance(arg, str)]


def request_ids(message: Any) -> Sequence[Any]:
    """Return one id for each channel of a subscription: each is answered for itself."""
    return tuple(channels(message))


def ack(message: Any) -> Ack | None:
    """Read ``{"event": "subscribe", "channel": …}``, or an error whose text names the channel."""
    answer = fields(message)
    if answer.get("event") == "subscribe" and isinstance(answer.get("channel"), str):
        return Ack(answer["channel"])
    if answer.get("event") == "error":
        named = _NAMED.search(str(answer.get("message")))
        if named is not None:
            return Ack(named.group(), _text(answer))
    return None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    asked = channels(message)
    return {"op": "unsubscribe", "args": asked} if asked else None


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription that is longer than the exchange takes."""
    asked = channels(message) or channels(message, "unsubscribe")
    parts = in_parts(asked, _LONGEST, lambda channel: len(channel) + 4)
    return [{**message, "args": part} for part in parts] if len(parts) > 1 else (message,)


def channel_of(message: Any) -> str | None:
    """Return the channel of a message, ``"spot/depth:BTC-JPY"``; ``None`` for answers."""
    known: dict[str, Any] = message if message.__class__ is dict else {}
    table, data = known.get("table"), known.get("data")
    if not isinstance(table, str) or not data or data.__class__ is not list:
        return None
    first: Any = data[0]
    symbol = first.get("instrument_id", first.get("currency")) if first.__class__ is dict else None
    return f"{table}:{symbol}" if symbol is not None else table


def time_of(message: Any) -> float | None:
    """Return when the exchange made a message, Unix time in seconds; many do not say."""
    data: Any = message.get("data")
    stamp = data[0].get("timestamp") if data and data[0].__class__ is dict else None
    return datetime.fromisoformat(stamp).timestamp() if isinstance(stamp, str) else None


def _text(answer: Mapping[str, Any]) -> str:
    return f"{answer.get('message') or 'no reason given'} (code {answer.get('errorCode')})"
