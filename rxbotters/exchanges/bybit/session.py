"""Bybit's WebSocket session: login, acknowledgements, heartbeats. Source: docs/v5/ws/connect (2026-07)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.wire import dumps, fields, hmac_sha256

__all__ = [
    "ack",
    "beat",
    "category_of",
    "channel_of",
    "farewell",
    "login",
    "request_ids",
    "sign_message",
    "split",
    "time_of",
    "undo",
]

_AHEAD = 5000  # milliseconds a login is valid
_MOST = {"spot": 10, "option": 2000}  # topics in one subscription; elsewhere as many as one likes
_SPLIT_BY_CATEGORY = frozenset({"linear", "inverse", "option", "spot"})
_DRAINING = 10019


def category_of(url: URL) -> str:
    """Return what a WebSocket serves, the last part of its path: ``"linear"``, ``"spot"``, ``"private"``, ``"trade"``."""
    return url.parts[-1] if len(url.parts) > 1 else ""


# ---------------------------------------------------------------------- login


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript | None:
    """Log in to the private and the trading path; ``None`` for public ones.

    Raises:
        LoginRefused: With the exchange's own words.

    Source:
        bybit-exchange.github.io/docs/v5/ws/connect, "Authentication" (2026-07).
    """
    return None if "public" in url.parts else _login(creds, stamp)


def _login(creds: Credentials, stamp: Stamp) -> LoginScript:
    expires = stamp.ms + _AHEAD
    signature = hmac_sha256(creds.secret, f"GET/realtime{expires}".encode())
    reply: Any = yield [dumps({"op": "auth", "args": [creds.key, expires, signature]})]
    while fields(reply).get("op") != "auth":
        reply = yield None
    answer = fields(reply)
    # 20001: this connection is logged in already. The two paths say yes in different words.
    if answer.get("success") is not True and answer.get("retCode") not in (0, 20001):
        raise LoginRefused("Bybit", _text(answer))


def sign_message(message: Any, creds: Credentials, stamp: Stamp, url: URL) -> Any:
    """Return a trading command with its time, set at each sending; other messages go as they are.

    What the caller wrote into ``header`` stays.

    Source:
        bybit-exchange.github.io/docs/v5/websocket/trade/guideline (2026-07).
    """
    if "trade" not in url.parts or not isinstance(message, Mapping):
        return message
    command = cast("Mapping[str, Any]", message)
    header = cast("Any", command.get("header") or {})
    if not isinstance(header, Mapping):
        return command
    return {**command, "header": {"X-BAPI-TIMESTAMP": str(stamp.ms), **cast("Mapping[str, Any]", header)}}


# ---------------------------------------------------------------------- subscriptions


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription, or the end of one, into what the exchange takes in one message; each subscription gets an id.

    Spot takes 10 topics, options take 2000; all-in-one and categorised private topics must not come together.
    Acknowledgements of options and spreads carry no id but the topics, so there the id is made of the topics.

    Source:
        bybit-exchange.github.io/docs/v5/ws/connect, "How to Subscribe to Topics" (2026-07).
    """
    if not isinstance(message, Mapping):
        return (message,)
    request = cast("Mapping[str, Any]", message)
    topics = request.get("args")
    if request.get("op") not in ("subscribe", "unsubscribe") or not isinstance(topics, list | tuple) or not topics:
        return (request,)
    named = list(cast("Sequence[Any]", topics))
    category = category_of(url)
    groups = [named] if "public" in url.parts else _by_kind(named)
    most = _MOST.get(category, len(named))
    parts = [group[first : first + most] for group in groups for first in range(0, len(group), most)]
    if request["op"] == "unsubscribe":
        return [{**request, "args": part} for part in parts]
    given = None if category in ("option", "spread") else request.get("req_id")
    return [{**request, "args": part, "req_id": given or _id(part)} for part in parts]


def _by_kind(topics: Sequence[Any]) -> list[list[Any]]:
    """Separate ``order`` from ``order.linear``."""
    narrow = [topic for topic in topics if str(topic).rpartition(".")[2] in _SPLIT_BY_CATEGORY]
    wide = [topic for topic in topics if topic not in narrow]
    return [group for group in (wide, narrow) if group]


def _id(topics: Iterable[Any]) -> str:
    return "rx-" + hashlib.sha256("\n".join(sorted(map(str, topics))).encode()).hexdigest()[:16]


def request_ids(message: Any) -> Sequence[Any]:
    """Return the id under which a subscription will be acknowledged; none if it carries none."""
    request = fields(message)
    return (str(request["req_id"]),) if request.get("op") == "subscribe" and request.get("req_id") else ()


def ack(message: Any) -> Ack | None:
    """Read ``{"op": "subscribe", "success": …, "req_id": …}``, or the answer that options and spreads give instead."""
    answer = fields(message)
    if answer.get("op") == "subscribe":
        return Ack(str(answer.get("req_id") or ""), None if answer.get("success") is True else _text(answer))
    if answer.get("type") == "COMMAND_RESP" and isinstance(answer.get("data"), dict):
        data = fields(answer["data"])
        good, bad = _names(data.get("successTopics")), _names(data.get("failTopics"))
        refused = bad or answer.get("success") is not True
        return Ack(_id([*good, *bad]), f"{', '.join(bad)} refused: {_text(answer)}" if refused else None)
    return None


def _names(topics: Any) -> list[str]:
    known: list[Any] = topics if topics.__class__ is list else []
    return [str(topic) for topic in known]


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    request = fields(message)
    return {"op": "unsubscribe", "args": request.get("args")} if request.get("op") == "subscribe" else None


# ---------------------------------------------------------------------- what arrives


def beat(url: URL) -> Beat:
    """Send ``{"op": "ping"}`` every 20 s on every path: private ones end after ``max_active_time`` without it."""
    return Beat(every=20.0, text=lambda stamp: '{"op":"ping"}')


def channel_of(message: Any) -> str | None:
    """Return the topic of a message; ``None`` for answers."""
    topic = fields(message).get("topic")
    return topic if isinstance(topic, str) else None


def time_of(message: Any) -> float | None:
    """Return when the exchange made a message, Unix time in seconds."""
    known = fields(message)
    stamp = known.get("ts", known.get("creationTime"))
    return stamp / 1000 if isinstance(stamp, int | float) else None


def farewell(message: Any) -> Literal["rotate", "renew"] | None:
    """Tell that the trading service is about to restart: what was sent is still answered, what comes needs a new one."""
    return "rotate" if fields(message).get("retCode") == _DRAINING else None


def _text(answer: Mapping[str, Any]) -> str:
    text = answer.get("ret_msg") or answer.get("retMsg") or "no reason given"
    code = answer.get("retCode")
    return str(text) if code in (None, 0) else f"{text} (code {code})"
