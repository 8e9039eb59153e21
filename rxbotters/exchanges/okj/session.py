"""OKJ's V5 sessions: login, acknowledgements, heartbeats. Source: dev.okj.com/apidoc/v5/en (2026-09)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, Farewell, LoginScript
from rxbotters.errors import LoginRefused, SessionError
from rxbotters.wire import MASK, dumps

from .signing import login_sign

__all__ = [
    "ack",
    "beat",
    "channel_of",
    "farewell",
    "login",
    "needs_login",
    "request_ids",
    "split",
    "subscriptions",
    "time_of",
    "undo",
]

_LONGEST = 60_000
"""Bytes of one subscription; the exchange takes 64 KB."""

_NAMES = ("channel", "instType", "instId", "ccy", "algoId")
_NAMED = re.compile(r"(channel:[^\s,]+(?:,\w+:[^\s,]+)*)")
_LATER = frozenset({"50011", "50013", "60014", "63999"})
"""Refusals of a login that say: not now."""

_VIP = frozenset({"books-l2-tbt", "books50-l2-tbt"})
_OPEN = ("candle", "trades-all")


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in: one ``login`` request, answered by ``login`` or ``error``; what else arrives meanwhile is not ours.

    Raises:
        LoginRefused: With the exchange's own words, without what they repeat of our request.
        SessionError: The exchange could not do it now; the connection is dialled again.

    Source:
        okcoinjapan/V5-Open-API-SDK, ``ws_utils.py``: ``timestamp`` is a number (2026).
    """
    signature = login_sign(creds, str(stamp.seconds))
    secrets = (creds.key, creds.passphrase.reveal(), signature)
    args = {"apiKey": creds.key, "passphrase": secrets[1], "timestamp": stamp.seconds, "sign": signature}
    reply: Any = yield [dumps({"op": "login", "args": [args]})]
    while not (isinstance(reply, dict) and cast("dict[str, Any]", reply).get("event") in ("login", "error")):
        reply = yield None
    answer = cast("dict[str, Any]", reply)
    code = str(answer.get("code"))
    if answer["event"] == "login" and code == "0":
        return
    text = _text(answer)
    for secret in secrets:
        text = text.replace(secret, MASK)
    if code in _LATER:
        raise SessionError(f"OKJ cannot log in now: {text}; it is tried again")
    raise LoginRefused("OKJ", text)


def needs_login(messages: Sequence[Any], url: URL) -> bool:
    """Whether these subscriptions need a login: on public urls only the books of VIPs do (2026-09)."""
    channels = [str(arg.get("channel")) for message in messages for arg in subscriptions(message)]
    if url.path.endswith("/public"):
        return any(channel in _VIP for channel in channels)
    if url.path.endswith("/business"):
        return not channels or not all(channel.startswith(_OPEN) for channel in channels)
    return True


def subscriptions(message: Any, op: str = "subscribe") -> list[dict[str, Any]]:
    """Return the arguments of a subscription; none if the message is something else."""
    if not isinstance(message, Mapping):
        return []
    request = cast("Mapping[str, Any]", message)
    args = request.get("args")
    known: list[Any] = list(args or ()) if request.get("op") == op and args.__class__ in (list, tuple) else []
    return [arg for arg in known if arg.__class__ is dict]


def request_ids(message: Any) -> Sequence[Any]:
    """Return one id for each channel of a subscription: each is answered for itself."""
    return tuple(_name(arg) for arg in subscriptions(message))


def ack(message: Any) -> Ack | None:
    """Read ``{"event": "subscribe", "arg": …}``, or an error whose text names the channel; all else answers nothing."""
    if not isinstance(message, dict):
        return None
    answer = cast("dict[str, Any]", message)
    event, arg = answer.get("event"), answer.get("arg")
    if event == "subscribe" and isinstance(arg, dict):
        return Ack(_name(cast("dict[str, Any]", arg)))
    if event == "error":
        if isinstance(arg, dict):
            return Ack(_name(cast("dict[str, Any]", arg)), _text(answer))
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
    if len(dumps(args)) <= _LONGEST:
        return (message,)
    parts: list[list[Any]] = [[]]
    size = 0
    for arg in args:
        length = len(dumps(arg)) + 2
        if size + length > _LONGEST and parts[-1]:
            parts.append([])
            size = 0
        parts[-1].append(arg)
        size += length
    return [{**message, "args": part} for part in parts]


def beat(url: URL) -> Beat:
    """Say ``ping`` every 15 seconds; the exchange cuts what is silent for 30 seconds, with code 4004 (2026-09)."""
    return Beat(every=15.0, silence=30.0)


def farewell(message: Any) -> Farewell | None:
    """Hear the notice of a service upgrade, as its family has it: soon the connection is cut."""
    if isinstance(message, dict):
        notice = cast("dict[str, Any]", message)
        if notice.get("event") == "notice" and str(notice.get("code")) == "64008":
            return "rotate"
    return None


def channel_of(message: Any) -> str | None:
    """Return the channel of a message, ``"books:BTC-JPY"`` or ``"account"``; ``None`` for answers."""
    arg = message.get("arg") if isinstance(message, dict) else None  # pyright: ignore
    if not isinstance(arg, dict) or "data" not in message:
        return None
    known = cast("dict[str, Any]", arg)
    return f"{known.get('channel')}:{known['instId']}" if "instId" in known else str(known.get("channel"))


def time_of(message: Any) -> float | None:
    """Return when the exchange made a message, Unix time in seconds; many do not say."""
    data: Any = message.get("data")
    stamp = data[0].get("ts") if data and isinstance(data[0], dict) else None  # pyright: ignore
    return int(stamp) / 1000 if isinstance(stamp, str) else None


def _name(arg: Mapping[str, Any]) -> str:
    """Return the name of a subscription, as the exchange would write it in a refusal, its parts in order."""
    return ",".join(sorted(f"{name}:{arg[name]}" for name in _NAMES if name in arg))


def _text(answer: Mapping[str, Any]) -> str:
    return f"{answer.get('msg') or 'no reason given'} (code {answer.get('code')})"
