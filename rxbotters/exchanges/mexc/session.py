"""MEXC's futures WebSocket: login, acknowledgements, heartbeat, channels.

Source: mexc.com/api-docs/futures/websocket-api (2026-04).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, LoginScript
from rxbotters.wire import dumps, fields, login_error, masked

from .signing import login_sign

__all__ = ["ack", "beat", "channel_of", "depths", "login", "milliseconds", "request_ids", "time_of", "undo"]

_PING = dumps({"method": "ping"})
_ANSWER = "answer"
"""The one id of all subscriptions: answers do not say what they answer, they come in the order of the requests."""
_LATER = re.compile(r"busy|frequen|later|time ?out", re.IGNORECASE)
_FILTER = "personal.filter"


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in with the time in milliseconds; ``rs.login`` says yes, ``rs.error`` says no, all else is not ours.

    Raises:
        LoginRefused: With the exchange's own words, without what they repeat of our request.
        SessionError: The exchange could not do it now; the connection is dialled again.
    """
    signature = login_sign(creds, stamp.ms)
    param = {"apiKey": creds.key, "reqTime": str(stamp.ms), "signature": signature}
    answer: Any = yield [dumps({"method": "login", "param": param})]
    while fields(answer).get("channel") not in ("rs.login", "rs.error"):
        answer = yield None
    if answer["channel"] == "rs.login" and answer.get("data") == "success":
        return
    text = masked(str(answer.get("data")), (creds.key, signature))
    raise login_error("MEXC", text, is_later=_LATER.search(text) is not None)


def beat(url: URL) -> Beat:
    """Say ``ping`` every 15 seconds; without one for a minute the server cuts, without its ``pong`` for 30 s we do."""
    return Beat(every=15.0, text=lambda stamp: _PING, silence=30.0)


def request_ids(message: Any) -> Sequence[Any]:
    """Return one id for a subscription or a filter; the end of a subscription is not answered."""
    method = str(fields(message).get("method"))
    return (_ANSWER,) if method.startswith("sub.") or method == _FILTER else ()


def ack(message: Any) -> Ack | None:
    """Read ``rs.sub.…`` and ``rs.personal.filter``, or ``rs.error`` with the exchange's words."""
    answer = fields(message)
    channel = answer.get("channel")
    if channel == "rs.error":
        return Ack(_ANSWER, str(answer.get("data")))
    if isinstance(channel, str) and (channel.startswith("rs.sub.") or channel == f"rs.{_FILTER}"):
        return Ack(_ANSWER, None if answer.get("data", "success") == "success" else str(answer["data"]))
    return None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    request = fields(message)
    method = str(request.get("method"))
    return {**request, "method": f"un{method}"} if method.startswith("sub.") else None


def channel_of(message: Any) -> str | None:
    """Return the channel of a push, ``"push.depth:BTC_USDT"`` or ``"push.personal.order"``; ``None`` for answers."""
    push = fields(message)
    channel, symbol = push.get("channel"), push.get("symbol")
    if not isinstance(channel, str) or not channel.startswith("push."):
        return None
    return f"{channel}:{symbol}" if isinstance(symbol, str) else channel


def time_of(message: Any) -> float | None:
    """Return when MEXC sent a message, Unix time in seconds; some pushes do not say."""
    return milliseconds(fields(message).get("ts"))


def milliseconds(value: Any) -> float | None:
    """Return a time in seconds that is written in milliseconds, as number or text."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else None
    return value / 1000 if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**19 else None


def depths(message: Any, method: str = "sub.depth") -> Iterator[str]:
    """Yield the symbol of a subscription to a book."""
    request = fields(message)
    symbol = fields(request.get("param")).get("symbol")
    if request.get("method") == method and isinstance(symbol, str):
        yield symbol
