"""BitMEX's WebSocket session: login, acknowledgements, heartbeats.

Source: bitmex.com/app/wsAPI (2026-08); github.com/BitMEX/api-connectors, official-ws (2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.wire import Request, dumps, fields

from .signing import VALID_S, signature

__all__ = [
    "ack",
    "beat",
    "channel_of",
    "is_order",
    "login",
    "request_ids",
    "split",
    "time_of",
    "topics",
    "undo",
    "used",
    "used_1s",
]

_OPS: Final = ("subscribe", "unsubscribe")
_SIGNED_PATH: Final = "/realtime"
PER_MINUTE: Final = 120
PER_SECOND: Final = 10


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript | None:
    """Log in: one ``authKeyExpires``, answered with an echo; ``/realtimePlatform`` needs none.

    The signed path is ``/realtime`` whatever stands in the url. Errors echo key and signature: their text alone is kept.

    Raises:
        LoginRefused: With the exchange's own words.

    Source:
        bitmex.com/app/wsAPI, "API Keys" (2026-08).
    """
    return None if url.path.rstrip("/") == "/realtimePlatform" else _login(creds, stamp)


def _login(creds: Credentials, stamp: Stamp) -> LoginScript:
    expires = stamp.seconds + VALID_S
    proof = signature(creds.secret, "GET", _SIGNED_PATH, expires)
    reply: Any = yield [dumps({"op": "authKeyExpires", "args": [creds.key, expires, proof]})]
    while _request_of(reply).get("op") != "authKeyExpires":
        reply = yield None
    if reply.get("success") is not True:
        raise LoginRefused("BitMEX", str(reply.get("error", "no reason given")))


def _request_of(message: Any) -> Mapping[str, Any]:
    """Return the request that an answer echoes; nothing for other messages."""
    return fields(fields(message).get("request"))


def topics(message: Any) -> tuple[str, list[str]]:
    """Return the command of a subscription and its topics; nothing for other messages."""
    if isinstance(message, Mapping):
        request = cast("Mapping[str, Any]", message)
        op, args = request.get("op"), request.get("args")
        if op in _OPS:
            listed: list[Any] = list(cast("Iterable[Any]", args)) if isinstance(args, list | tuple) else [args]
            return str(op), [topic for topic in listed if isinstance(topic, str)]
    return "", []


def request_ids(message: Any) -> Sequence[Any]:
    """Return what each topic of a subscription is acknowledged under."""
    op, listed = topics(message)
    return tuple(f"{op} {topic}" for topic in listed)


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription into one for each topic: a refusal names the request, not the topic."""
    op, listed = topics(message)
    return [{"op": op, "args": [topic]} for topic in listed] if len(listed) > 1 else [message]


def ack(message: Any) -> Ack | None:
    """Read ``{"success": true, "subscribe": topic, …}`` or ``{"error": …, "request": …}``; else it is none."""
    answer = fields(message)
    if answer.get("success") is True:
        for op in _OPS:
            if isinstance(answer.get(op), str):
                return Ack(f"{op} {answer[op]}")
        return None
    ids = request_ids(_request_of(answer)) if "error" in answer else ()
    return Ack(ids[0], str(answer["error"])) if len(ids) == 1 else None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    op, listed = topics(message)
    return {"op": "unsubscribe", "args": listed} if op == "subscribe" else None


def beat(url: URL) -> Beat:
    """Return the heartbeat: the text ``ping`` every 30 s, as the exchange's own connector sends it."""
    return Beat(every=30.0)


def channel_of(message: Any) -> str | None:
    """Return the table of a message."""
    table = fields(message).get("table")
    return table if isinstance(table, str) else None


def time_of(message: Any) -> float | None:
    """Return when the exchange made the last row, Unix time in seconds; ``None``: it does not say."""
    data: Any = fields(message).get("data")
    last: Any = data[-1] if isinstance(data, list) and data else None  # pyright: ignore[reportUnknownVariableType]
    stamp = fields(last).get("timestamp")
    try:
        return datetime.fromisoformat(stamp).timestamp() if isinstance(stamp, str) and stamp.endswith("Z") else None
    except ValueError:
        return None


# ---------------------------------------------------------------------- limits


def is_order(request: Request) -> bool:
    """Whether a request places, amends or cancels orders, or changes a position: ten of these a second."""
    path = request.url.path
    return request.method != "GET" and path.startswith(("/api/v1/order", "/api/v1/position"))


def used(headers: Mapping[str, str]) -> float | None:
    """Read how much of the minute's budget is used; a smaller budget than ours counts as used."""
    return _used(headers.get("x-ratelimit-remaining"), PER_MINUTE)


def used_1s(headers: Mapping[str, str]) -> float | None:
    """Read how much of the second's budget is used."""
    return _used(headers.get("x-ratelimit-remaining-1s"), PER_SECOND)


def _used(remaining: str | None, budget: int) -> float | None:
    return budget - float(remaining) if remaining is not None and remaining.isdigit() else None
