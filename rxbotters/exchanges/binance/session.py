"""Binance's streams and WebSocket API: acknowledgements, pieces, farewells, listen keys.

Source: developers.binance.com, spot "WebSocket Streams" and "WebSocket API", futures "WebSocket API General Info"
(2026-06).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from yarl import URL

from rxbotters.descriptor import Ack, Farewell
from rxbotters.wire import dumps, fields, in_parts

__all__ = ["ack", "channel_of", "farewell", "payload_of", "refusal", "request_ids", "split", "time_of", "undo"]

_STREAMS = ("SUBSCRIBE", "UNSUBSCRIBE")
_USER_DATA = "userDataStream.subscribe"
_FRAME = 3500  # bytes of a subscription: the servers stop answering beyond 4,096
_MICROSECONDS = 10**14  # a time of this size is not in milliseconds any more


def _method(message: Any) -> str:
    return str(fields(message).get("method"))


def request_ids(message: Any) -> Sequence[Any]:
    """Return the id under which a subscription will be acknowledged; none if it carries none."""
    method = _method(message)
    if method in _STREAMS or method.startswith(_USER_DATA) or method == "session.logon":
        name = fields(message).get("id")
        return () if name is None else (name,)
    return ()


def ack(message: Any) -> Ack | None:
    """Read ``{"result": …, "id": 1}`` or ``{"error": {"code": …, "msg": …}, "id": 1}`` of streams and WebSocket API."""
    answer = fields(message)
    name = answer.get("id")
    if name is None:
        return None
    if "error" in answer:
        return Ack(name, _reason(answer["error"]))
    if "result" in answer:
        return Ack(name)
    return Ack(name, _reason(answer)) if "code" in answer else None


def _reason(error: Any) -> str:
    known = fields(error)
    return f"{known.get('msg', 'no reason given')} (code {known.get('code')})" if known else str(error)


def refusal(body: Any) -> str | None:
    """Return the error text of a REST answer ``{"code": -1121, "msg": …}``; ``None`` if it is no error."""
    answer = fields(body)
    code = answer.get("code")
    return _reason(answer) if "msg" in answer and isinstance(code, int) and code < 0 else None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    method = _method(message)
    if method == "SUBSCRIBE":
        return {**fields(message), "method": "UNSUBSCRIBE"}
    if method.startswith(_USER_DATA):
        return {"id": fields(message).get("id"), "method": "userDataStream.unsubscribe"}
    return None


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription of many streams into messages of at most 3,500 bytes.

    Source:
        github.com/binance/binance-connector-rust, issue 27 (2024-12): no answer beyond 4,096 bytes.
    """
    names = fields(message).get("params")
    if _method(message) not in _STREAMS or not isinstance(names, list) or not names:
        return (message,)
    parts = in_parts(cast("Sequence[Any]", names), _FRAME, lambda name: len(dumps(name)) + 2)
    return [{**fields(message), "params": part} for part in parts]


def payload_of(message: Any) -> Any:
    """Return the event inside a combined stream's ``data`` or the WebSocket API's ``event``, else the message."""
    known = fields(message)
    return known["data"] if "data" in known else known.get("event", message)


def channel_of(message: Any) -> str | None:
    """Return the stream of a message, or the kind of its event where streams are raw."""
    stream = fields(message).get("stream") or fields(payload_of(message)).get("e")
    return stream if isinstance(stream, str) else None


def time_of(message: Any) -> float | None:
    """Return when the exchange sent a message, Unix time in seconds; ``None``: it does not say."""
    payload = payload_of(message)
    if isinstance(payload, list) and payload:
        payload = cast("Sequence[Any]", payload)[0]
    stamp = fields(payload).get("E")
    if not isinstance(stamp, int):
        return None
    return stamp / (1e6 if stamp >= _MICROSECONDS else 1e3)


_FAREWELLS: Mapping[str, Farewell] = {"serverShutdown": "rotate", "listenKeyExpired": "renew"}


def farewell(message: Any) -> Farewell | None:
    """Tell that the server will shut down, or that the listen key in the url died."""
    if message.__class__ is not dict:
        return None
    payload = message.get("data") or message.get("event") or message
    kind = payload.get("e") if payload.__class__ is dict else None
    return _FAREWELLS.get(kind) if isinstance(kind, str) else None
