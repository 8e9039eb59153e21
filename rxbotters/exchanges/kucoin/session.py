"""KuCoin's WebSocket session. Source: kucoin.com/docs-new/websocket-api/base-info/introduction (2025-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yarl import URL

from rxbotters.descriptor import Ack, Beat, Farewell, LoginScript
from rxbotters.errors import SessionError
from rxbotters.wire import dumps, fields

from .tokens import PING_S

__all__ = ["ack", "beat", "channel_of", "farewell", "greet", "request_ids", "split", "symbols_of", "time_of", "undo"]

_PONG_S = 10.0  # seconds a pong may take before the server's side, or ours, is dead
_SYMBOLS = 100  # symbols one subscription may name
_TIMES = ("ts", "time", "timestamp", "Time")


def greet(url: URL) -> LoginScript:
    """Wait for the welcome: a subscription sent before it may be lost.

    Raises:
        SessionError: The server refused the token instead.
    """
    message: Any = yield []
    while fields(message).get("type") != "welcome":
        if fields(message).get("type") == "error":
            raise SessionError(f"KuCoin refused the connection: {_reason(message)}; a new token is asked for")
        message = yield None


def beat(url: URL) -> Beat:
    """Return the heartbeat: a ping of our own each 15 seconds, or as often as the server of this url wants it."""
    wanted = url.fragment.removeprefix("ping=")
    every = float(wanted) * 0.0008 if wanted.isdecimal() else PING_S
    return Beat(every=every, text=lambda stamp: dumps({"id": stamp.nonce(), "type": "ping"}), silence=every + _PONG_S)


def request_ids(message: Any) -> Sequence[Any]:
    """Return the id under which a subscription will be acknowledged, as text; none if it asks for no response."""
    request = fields(message)
    if request.get("type") in ("subscribe", "unsubscribe") and request.get("response") is True and "id" in request:
        return (str(request["id"]),)
    return ()


def ack(message: Any) -> Ack | None:
    """Read ``{"id": "1", "type": "ack"}`` or an error; ids come back as text."""
    answer = fields(message)
    kind = answer.get("type")
    if kind not in ("ack", "error") or answer.get("id") is None:
        return None
    return Ack(str(answer["id"]), None if kind == "ack" else _reason(answer))


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    request = fields(message)
    return {**request, "type": "unsubscribe"} if request.get("type") == "subscribe" else None


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription to more than 100 symbols into several, each with an id of its own."""
    request = fields(message)
    head, symbols = symbols_of(request)
    if len(symbols) <= _SYMBOLS:
        return (message,)
    parts: list[Any] = []
    for number, start in enumerate(range(0, len(symbols), _SYMBOLS)):
        part = {**request, "topic": f"{head}:{','.join(symbols[start : start + _SYMBOLS])}"}
        if number and "id" in request:
            part["id"] = f"{request['id']}-{number + 1}"
        parts.append(part)
    return parts


def symbols_of(message: Any) -> tuple[str, list[str]]:
    """Return (topic without its symbols, the symbols) of a subscription."""
    request = fields(message)
    topic = request.get("topic")
    if request.get("type") not in ("subscribe", "unsubscribe") or not isinstance(topic, str):
        return "", []
    head, _, tail = topic.partition(":")
    return head, tail.split(",") if tail else []


def channel_of(message: Any) -> str | None:
    """Return the topic of a message; ``None`` for answers."""
    topic = fields(message).get("topic")
    return topic if isinstance(topic, str) else None


def time_of(message: Any) -> float | None:
    """Return when KuCoin sent a message, Unix time in seconds: it writes milliseconds, nanoseconds or seconds."""
    data = fields(fields(message).get("data"))
    found = next((data[name] for name in _TIMES if name in data), None)
    if isinstance(found, str) and found.isdecimal():
        found = int(found)
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 < found < 1e20:
        return None
    return found / (1e9 if found > 1e17 else 1e6 if found > 1e14 else 1e3 if found > 1e11 else 1.0)


def farewell(message: Any) -> Farewell | None:
    """Tell that the token in our url is dead.

    Source:
        The text ``token is expired`` is known from other clients, not from KuCoin's documentation (2025-11).
    """
    answer = fields(message)
    text = str(answer.get("data")).lower()
    dead = answer.get("type") == "error" and "token" in text and ("expired" in text or "invalid" in text)
    return "renew" if dead else None


def _reason(message: Any) -> str:
    answer = fields(message)
    return f"{answer.get('data', 'no reason given')} (code {answer.get('code')})"
