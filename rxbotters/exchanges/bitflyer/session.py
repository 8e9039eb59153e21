"""bitFlyer's JSON-RPC session: login and acknowledgements. Source: bf-lightning-api.readme.io (2026-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.wire import dumps, fields, hmac_sha256

__all__ = ["ack", "channel_of", "login", "request_ids", "time_of", "undo"]


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in: one ``auth`` request, answered under its own id; what else arrives meanwhile is not ours.

    Raises:
        LoginRefused: With the exchange's own words.

    Source:
        bf-lightning-api.readme.io, "realtime-api-auth" (2026-08).
    """
    nonce = stamp.nonce()
    params = {
        "api_key": creds.key,
        "timestamp": stamp.ms,
        "nonce": nonce,
        "signature": hmac_sha256(creds.secret, f"{stamp.ms}{nonce}".encode()),
    }
    reply: Any = yield [dumps({"method": "auth", "params": params, "id": "auth"})]
    while fields(reply).get("id") != "auth":
        reply = yield None
    answer = fields(reply)
    if answer.get("result") is not True:
        error = answer.get("error")
        raise LoginRefused("bitFlyer", _text(error))


def request_ids(message: Any) -> Sequence[Any]:
    """Return the id under which a subscription will be acknowledged; none if it carries none."""
    if isinstance(message, Mapping):
        request = cast("Mapping[str, Any]", message)
        if request.get("method") in ("subscribe", "unsubscribe") and request.get("id") is not None:
            return (request["id"],)
    return ()


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    if isinstance(message, Mapping):
        request = cast("Mapping[str, Any]", message)
        if request.get("method") == "subscribe":
            return {"method": "unsubscribe", "params": request.get("params")}
    return None


def channel_of(message: Any) -> str | None:
    """Return the channel of a message; ``None`` for answers."""
    params = message.get("params") if isinstance(message, dict) else None  # pyright: ignore
    return params.get("channel") if isinstance(params, dict) else None  # pyright: ignore


def time_of(message: Any) -> float | None:
    """Return when the exchange sent a ticker, Unix time in seconds; other messages do not say."""
    inner: Any = message.get("params", {}).get("message")
    stamp = inner.get("timestamp") if isinstance(inner, dict) else None  # pyright: ignore
    if not isinstance(stamp, str):
        return None
    return datetime.fromisoformat(stamp.rstrip("Z")[:26]).replace(tzinfo=UTC).timestamp()


def ack(message: Any) -> Ack | None:
    """Read ``{"id": 1, "result": true}`` or ``{"id": 1, "error": …}``; anything else is no acknowledgement."""
    answer = fields(message)
    if "id" not in answer or answer["id"] == "auth":
        return None
    if "error" in answer:
        return Ack(answer["id"], _text(answer["error"]))
    return Ack(answer["id"]) if "result" in answer else None


def _text(error: Any) -> str:
    if isinstance(error, dict):
        known = fields(error)
        return f"{known.get('message', 'no reason given')} (code {known.get('code')})"
    return str(error)
