"""Hyperliquid's session: acknowledgements, heartbeats, weights. There is no login: user streams are public by address.

Source: hyperliquid.gitbook.io/hyperliquid-docs, "WebSocket" and "Rate limits" (2026-08); the texts of errors as seen by
nktkas/hyperliquid and JKorf/HyperLiquid.Net (2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat
from rxbotters.errors import ProtocolError
from rxbotters.wire import Request, dumps, fields, loads

__all__ = ["ack", "beat", "channel_of", "is_noise", "request_ids", "time_of", "undo", "weight"]

_GREETING: Final = "Websocket connection established."
_PING: Final = dumps({"method": "ping"})
_REPEATED: Final = ("Already subscribed", "Already unsubscribed")
_BATCHES: Final = ("orders", "cancels", "modifies")
_LIGHT: Final = frozenset(
    {"l2Book", "allMids", "clearinghouseState", "orderStatus", "spotClearinghouseState", "exchangeStatus"}
)


def beat(url: URL) -> Beat:
    """Return the heartbeat: a ping every 30 s; the server drops a connection it has sent nothing for 60 s."""
    return Beat(every=30.0, text=_ping, silence=60.0)


def _ping(stamp: Stamp) -> str:
    return _PING


def is_noise(data: str | bytes) -> bool:
    """Whether a frame is the greeting or a bare ping: no message, and no error."""
    return data in (_GREETING, "ping", "pong")


def request_ids(message: Any) -> Sequence[Any]:
    """Return what a subscription is acknowledged under: its own words, for the server echoes them."""
    if isinstance(message, Mapping):
        request = cast("Mapping[str, Any]", message)
        subscription = request.get("subscription")
        if request.get("method") in ("subscribe", "unsubscribe") and isinstance(subscription, Mapping):
            return (_identity(request["method"], cast("Mapping[str, Any]", subscription)),)
    return ()


def ack(message: Any) -> Ack | None:
    """Read ``subscriptionResponse``, or an ``error`` that quotes a subscription; anything else is no acknowledgement."""
    answer = fields(message)
    data: Any = answer.get("data")
    if answer.get("channel") == "subscriptionResponse":
        ids = request_ids(data)
        return Ack(ids[0]) if ids else None
    if answer.get("channel") == "error" and isinstance(data, str):
        return _read_error(data)
    return None


def _read_error(text: str) -> Ack | None:
    """Read ``Invalid subscription {…}``, ``Already subscribed: {…}`` and the like."""
    head, brace, tail = text.partition("{")
    try:
        quoted = loads(brace + tail)
    except ProtocolError:
        return None
    if not isinstance(quoted, dict):
        return None
    request = cast("dict[str, Any]", quoted)
    if "subscription" not in request:
        method = "unsubscribe" if "unsubscribe" in head.lower() else "subscribe"
        request = {"method": method, "subscription": request}
    ids = request_ids(request)
    if not ids:
        return None
    return Ack(ids[0]) if head.startswith(_REPEATED) else Ack(ids[0], text)


def _identity(method: str, subscription: Mapping[str, Any]) -> str:
    """Return a subscription as text: without what it leaves open, whatever the case of addresses."""
    said = {
        name: value.lower() if isinstance(value, str) and value.startswith("0x") else value
        for name, value in sorted(subscription.items())
        if value not in (None, False, "")
    }
    return dumps([method, said])


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    if isinstance(message, Mapping):
        request = cast("Mapping[str, Any]", message)
        if request.get("method") == "subscribe":
            return {"method": "unsubscribe", "subscription": request.get("subscription")}
    return None


def channel_of(message: Any) -> str | None:
    """Return the channel of a message."""
    channel = fields(message).get("channel")
    return channel if isinstance(channel, str) else None


def time_of(message: Any) -> float | None:
    """Return when the exchange made a book, a best price or a trade, Unix time in seconds; the rest does not say."""
    data: Any = fields(message).get("data")
    if isinstance(data, list):
        data = data[-1] if data else None  # pyright: ignore[reportUnknownVariableType]
    stamp = fields(data).get("time")
    return stamp / 1000 if isinstance(stamp, int) else None


def weight(request: Request) -> float:
    """Return the weight of a request against the 1200 a minute of an IP; what its answer adds is not known before.

    Source:
        hyperliquid-docs, "Rate limits and user limits" (2026-08).
    """
    try:
        body: Any = loads(request.body) if request.body else {}
    except ProtocolError:
        body = {}
    asked = fields(body)
    if request.url.path == "/info":
        kind = asked.get("type")
        return 2.0 if kind in _LIGHT else 60.0 if kind == "userRole" else 20.0
    action = fields(asked.get("action"))
    batches = [action.get(name) for name in _BATCHES]
    longest = max((len(batch) for batch in batches if isinstance(batch, list)), default=0)  # pyright: ignore
    return 1.0 + longest // 40
