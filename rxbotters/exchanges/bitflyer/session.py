"""bitFlyer's JSON-RPC session: login and acknowledgements. Source: bf-lightning-api.readme.io (2026-08)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.wire import dumps, hmac_sha256

__all__ = ["ack", "login", "request_id"]


def login(creds: Credentials, stamp: Stamp) -> LoginScript:
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
    while not (isinstance(reply, dict) and cast("dict[str, Any]", reply).get("id") == "auth"):
        reply = yield None
    answer = cast("dict[str, Any]", reply)
    if answer.get("result") is not True:
        error = answer.get("error")
        raise LoginRefused("bitFlyer", _text(error))


def request_id(message: Any) -> Any:
    """Return the id under which a subscription will be acknowledged; ``None`` if it carries none."""
    if isinstance(message, Mapping):
        request = cast("Mapping[str, Any]", message)
        if request.get("method") in ("subscribe", "unsubscribe"):
            return request.get("id")
    return None


def ack(message: Any) -> Ack | None:
    """Read ``{"id": 1, "result": true}`` or ``{"id": 1, "error": …}``; anything else is no acknowledgement."""
    if not isinstance(message, dict):
        return None
    answer = cast("dict[str, Any]", message)
    if "id" not in answer or answer["id"] == "auth":
        return None
    if "error" in answer:
        return Ack(answer["id"], _text(answer["error"]))
    return Ack(answer["id"]) if "result" in answer else None


def _text(error: Any) -> str:
    if isinstance(error, dict):
        known = cast("dict[str, Any]", error)
        return f"{known.get('message', 'no reason given')} (code {known.get('code')})"
    return str(error)
