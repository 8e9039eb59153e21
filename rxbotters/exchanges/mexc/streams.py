"""MEXC's spot streams: subscriptions, acknowledgements, heartbeat, and the listen key of one's own account.

Source: mexc.com/api-docs/spot-v3, "Websocket Market Streams", "Websocket User Data Streams" (2026-04).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from yarl import URL

from rxbotters.descriptor import Ack, Beat, LeaseRule
from rxbotters.wire import dumps, fields

from .session import milliseconds

__all__ = [
    "DEPTH",
    "SPOT_LEASE",
    "ack",
    "beat",
    "channel_of",
    "depths",
    "names_of",
    "refusal",
    "request_ids",
    "split",
    "time_of",
    "undo",
]

DEPTH = "spot@public.aggre.depth.v3.api.pb"
_PING = dumps({"method": "PING"})
_SUBSCRIBE, _UNSUBSCRIBE = "SUBSCRIPTION", "UNSUBSCRIPTION"
_NAMED = re.compile(r"spot@[^\s,\[\]]+")


def names_of(message: Any, method: str = _SUBSCRIBE) -> list[str]:
    """Return the channels of a subscription; none if the message is something else."""
    request = fields(message)
    params = request.get("params")
    if request.get("method") != method or not isinstance(params, list | tuple):
        return []
    return [name for name in params if isinstance(name, str)]  # pyright: ignore[reportUnknownVariableType]


def depths(message: Any, method: str = _SUBSCRIBE) -> Iterator[str]:
    """Yield the symbol of each book of a subscription: ``…depth.v3.api.pb@100ms@BTCUSDT``."""
    for name in names_of(message, method):
        head, _, symbol = name.rpartition("@")
        if head.startswith(DEPTH) and symbol:
            yield symbol


def request_ids(message: Any) -> Sequence[Any]:
    """Return one id for each channel: it is answered with its own name."""
    return tuple(names_of(message) or names_of(message, _UNSUBSCRIBE))


def ack(message: Any) -> Ack | None:
    """Read ``{"id": 0, "code": 0, "msg": "<channel>"}``. A refusal has code 0 too, and names the channel in its words.

    Source:
        The words ``Not Subscribed successfully! [<channel>].  Reason： Blocked!`` are known from other clients, not from
        MEXC's documentation (2026-04).
    """
    answer = fields(message)
    text = answer.get("msg")
    if not isinstance(text, str) or "code" not in answer:
        return None
    named = _NAMED.search(text)
    if named is None:
        return None
    name, code = named.group(), answer["code"]
    return Ack(name, None if code == 0 and text.strip() == name else f"{text.strip()} (code {code})")


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    names = names_of(message)
    return {"method": _UNSUBSCRIBE, "params": names} if names else None


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription to several channels: each is answered for itself then, and no refusal hides behind another."""
    for method in (_SUBSCRIBE, _UNSUBSCRIBE):
        names = names_of(message, method)
        if len(names) > 1:
            return [{**message, "params": [name]} for name in names]
    return (message,)


def beat(url: URL) -> Beat:
    """Say ``PING`` every 20 seconds: without traffic for a minute the server cuts."""
    return Beat(every=20.0, text=lambda stamp: _PING, silence=45.0)


def channel_of(message: Any) -> str | None:
    """Return the channel of a push, ``"spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"``; ``None`` for answers."""
    channel = fields(message).get("channel")
    return channel if isinstance(channel, str) else None


def time_of(message: Any) -> float | None:
    """Return when MEXC sent a push, or made it, Unix time in seconds."""
    push = fields(message)
    return milliseconds(push.get("sendTime")) or milliseconds(push.get("createTime"))


def refusal(body: Any) -> str | None:
    """Return the error text of a REST answer ``{"code": 700002, "msg": …}``; ``None`` if it is no error."""
    answer = fields(body)
    code = answer.get("code")
    return f"{answer['msg']} (code {code})" if "msg" in answer and code not in (None, 0, 200) else None


def _key_of(body: Mapping[str, Any]) -> str:
    key = body["listenKey"]
    if not isinstance(key, str) or not key:
        raise TypeError("a listen key must be a text")
    return key


SPOT_LEASE = LeaseRule(
    base="https://api.mexc.com",
    create=("POST", "/api/v3/userDataStream"),
    renew=("PUT", "/api/v3/userDataStream"),
    renew_params=lambda token: {"listenKey": token},
    every=1800.0,  # a key dies 60 minutes after it was had or extended
    read=_key_of,
    url=lambda body, fresh: f"wss://wbs-api.mexc.com/ws?listenKey={quote(_key_of(body), safe='')}",
    refusal=refusal,
)
