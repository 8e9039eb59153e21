"""Phemex's WebSocket session: login, acknowledgements, heartbeats. Source: phemex-docs.github.io (2026-01)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.wire import dumps, fields, hmac_sha256

from .signing import AHEAD

__all__ = ["ack", "beat", "channel_of", "login", "request_ids", "time_of", "undo"]

_LOGIN_ID = 123
_PING = '{"id":0,"method":"server.ping","params":[]}'  # an id that neither logins nor subscriptions have
_UNDO_ID = 2_147_483_600
_BY_SYMBOL = ("trade", "trade_p", "kline", "kline_p")
_ALONE = ("market24h", "market24h_p", "perp_market24h_pack_p", "spot_market24h", "aop", "aop_p", "wo")
_ENVELOPE = frozenset({"id", "error", "result", "sequence", "symbol", "timestamp", "type", "version", "depth"})


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in: one ``user.auth`` request; a pong is no answer to it.

    Raises:
        LoginRefused: With the exchange's own words.

    Source:
        phemex-docs.github.io, "User authentication" (2026-01).
    """
    expiry = (stamp.ms + AHEAD) // 1000
    signature = hmac_sha256(creds.secret, f"{creds.key}{expiry}".encode())
    request = {"method": "user.auth", "params": ["API", creds.key, signature, expiry], "id": _LOGIN_ID}
    reply: Any = yield [dumps(request)]
    while (answer := ack(reply)) is None or answer.id != _LOGIN_ID:
        reply = yield None
    if answer.error is not None:
        raise LoginRefused("Phemex", answer.error)


def request_ids(message: Any) -> Sequence[Any]:
    """Return the id under which a subscription will be acknowledged; none if it carries none."""
    request = fields(message)
    if request.get("id") is not None and str(request.get("method")).endswith(".subscribe"):
        return (request["id"],)
    return ()


def ack(message: Any) -> Ack | None:
    """Read ``{"id": 1, "error": null, "result": {"status": "success"}}`` or ``{"id": 1, "error": {…}}``."""
    answer = fields(message)
    if answer.get("id") is None:
        return None
    if answer.get("error") is not None:
        return Ack(answer["id"], _text(answer["error"]))
    result = answer.get("result")
    if not isinstance(result, dict):
        return None  # a pong, or no answer at all
    status = fields(result).get("status")
    return Ack(answer["id"], None if status == "success" else f"status {status}")


def undo(message: Any) -> Any:
    """Return the message that ends a subscription; ``None`` where it would end those of other symbols too.

    Books can only be ended all together, and nothing is written of ending ticks.
    """
    request = fields(message)
    topic, _, verb = str(request.get("method")).rpartition(".")
    params: Any = request.get("params")
    if verb != "subscribe":
        return None
    if topic in _BY_SYMBOL and params.__class__ is list and params:
        return {"id": _UNDO_ID, "method": f"{topic}.unsubscribe", "params": params[:1]}
    return {"id": _UNDO_ID, "method": f"{topic}.unsubscribe", "params": []} if topic in _ALONE else None


def beat(url: URL) -> Beat:
    """Send a ``server.ping`` every 10 s: after 30 s without one the exchange drops the connection.

    Source:
        phemex-docs.github.io, "Heartbeat" (2026-01); it recommends 5 s, and to give up after three silent intervals.
    """
    return Beat(every=10.0, text=lambda stamp: _PING, silence=30.0)


def channel_of(message: Any) -> str | None:
    """Return what a message tells, and of which symbol: ``"book.BTCUSD"``, ``"aop_p"``; ``None`` for answers."""
    known = fields(message)
    if "method" in known:
        return str(known["method"])
    kind = next((name for name in known if name not in _ENVELOPE), None)
    if kind is None or "result" in known:
        return None
    symbol = known.get("symbol")
    return f"{kind}.{symbol}" if isinstance(symbol, str) else kind


def time_of(message: Any) -> float | None:
    """Return when the exchange made a message, Unix time in seconds."""
    known = fields(message)
    tick = known.get("tick", known.get("tick_p"))
    stamp = fields(tick).get("timestamp") if isinstance(tick, dict) else known.get("timestamp")
    return stamp / 1e9 if isinstance(stamp, int | float) else None


def _text(error: Any) -> str:
    if isinstance(error, dict):
        known = fields(error)
        return f"{known.get('message', 'no reason given')} (code {known.get('code')})"
    return str(error)
