"""Bitget's WebSocket sessions: login, acknowledgements, heartbeats. Source: bitget.com/api-doc/common/websocket-intro
and bitget.com/api-doc/uta/guide (2025-10)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, LoginScript
from rxbotters.wire import arguments, dumps, fields, in_parts, login_error, masked

from .signing import login_sign

__all__ = ["ack", "beat", "channel_of", "login", "request_ids", "split", "subscriptions", "time_of", "undo"]

_LONGEST = 4000
"""Bytes of the channels in one subscription; the exchange takes 4096."""

_NAMES = ("instType", "channel", "topic", "instId", "symbol", "coin", "interval")
"""What names a subscription: ``channel`` and ``instId`` on V1 and V2, ``topic`` and ``symbol`` on V3."""

_NAMED = re.compile(rf"(?:{'|'.join(_NAMES)}):[^\s,]+(?:,(?:{'|'.join(_NAMES)}):[^\s,]+)*")
"""The subscription in the text of a refusal: ``instType:SPOT,channel:x,instId:y doesn't exist``."""

_LATER = frozenset({"30006", "30007", "429"})
"""Refusals of a login that say: not now."""


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript | None:
    """Log in, except on public paths: one ``login`` request, answered by ``login`` or ``error``.

    Raises:
        LoginRefused: With the exchange's own words, without what they repeat of our request.
        SessionError: The exchange could not do it now; the connection is dialled again.

    Source:
        bitget.com/api-doc/common/websocket-intro, "Login" (2025-10): ``apiKey``, and a time in seconds.
    """
    return None if "public" in url.parts else _login(creds, str(stamp.seconds))


def _login(creds: Credentials, seconds: str) -> LoginScript:
    passphrase, signature = creds.passphrase.reveal(), login_sign(creds, seconds)
    arg = {"apiKey": creds.key, "passphrase": passphrase, "timestamp": seconds, "sign": signature}
    reply: Any = yield [dumps({"op": "login", "args": [arg]})]
    while fields(reply).get("event") not in ("login", "error"):
        reply = yield None
    code = str(reply.get("code"))
    if reply["event"] == "login" and code == "0":
        return
    raise login_error("Bitget", masked(_text(reply), (creds.key, passphrase, signature)), is_later=code in _LATER)


def subscriptions(message: Any, op: str = "subscribe") -> list[dict[str, Any]]:
    """Return the arguments of a subscription; none if the message is something else."""
    return [arg for arg in arguments(message, op) if arg.__class__ is dict]


def request_ids(message: Any) -> Sequence[Any]:
    """Return one id for each channel of a subscription: each is answered for itself."""
    return tuple(_name(arg) for arg in subscriptions(message))


def ack(message: Any) -> Ack | None:
    """Read ``{"event": "subscribe", "arg": …}``, or an error that names its channel; all else answers nothing."""
    answer = fields(message)
    event, arg = answer.get("event"), answer.get("arg")
    if event == "subscribe" and isinstance(arg, dict):
        return Ack(_name(fields(arg)))
    if event == "error":
        if isinstance(arg, dict):
            return Ack(_name(fields(arg)), _text(answer))
        named = _NAMED.search(str(answer.get("msg")))
        if named is not None:
            return Ack(",".join(sorted(named.group().split(","))), _text(answer))
    return None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    args = subscriptions(message)
    return {"op": "unsubscribe", "args": args} if args else None


def split(message: Any, url: URL) -> Sequence[Any]:
    """Cut a subscription that is longer than the exchange takes."""
    args = subscriptions(message) or subscriptions(message, "unsubscribe")
    parts = in_parts(args, _LONGEST, lambda arg: len(json.dumps(arg)) + 2)  # as it is sent
    return [{**message, "args": part} for part in parts] if len(parts) > 1 else (message,)


def beat(url: URL) -> Beat:
    """Say ``ping`` every 25 seconds, which ``pong`` answers; the exchange cuts after two minutes without one, we after
    one minute without a word (2025-10)."""
    return Beat(every=25.0, silence=60.0)


def channel_of(message: Any) -> str | None:
    """Return the channel of a message, ``"books:USDT-FUTURES:BTCUSDT"``; ``None`` for answers."""
    known = fields(message)
    arg = fields(known.get("arg"))
    if not arg or "data" not in known:
        return None
    names = (arg.get("channel", arg.get("topic")), arg.get("instType"), arg.get("instId", arg.get("symbol")))
    return ":".join(str(name) for name in names if name is not None)


def time_of(message: Any) -> float | None:
    """Return when the exchange sent a message, Unix time in seconds; on V1 when it was made."""
    known = fields(message)
    data: Any = known.get("data")
    first: Any = data[0] if data.__class__ is list and data else None
    stamp = known.get("ts", fields(first).get("ts"))
    if isinstance(stamp, str):
        stamp = int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 16 else None
    return stamp / 1000 if isinstance(stamp, int) and 0 < stamp < 1e15 else None


def _name(arg: Mapping[str, Any]) -> str:
    """Return the name of a subscription, as the exchange would write it in a refusal, its parts in order."""
    return ",".join(sorted(f"{name}:{arg[name]}" for name in _NAMES if name in arg))


def _text(answer: Mapping[str, Any]) -> str:
    return f"{answer.get('msg') or 'no reason given'} (code {answer.get('code')})"
