"""OKX's WebSocket sessions: login, acknowledgements, notices. Source: okx.com/docs-v5, "WebSocket" (2026-07)."""

from __future__ import annotations

import re
from collections.abc import Container, Generator, Iterable, Mapping, Sequence
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, Farewell, LoginScript
from rxbotters.wire import arguments, dumps, fields, in_parts, login_error, masked

from .signing import login_sign

__all__ = [
    "ack",
    "ask_for_login",
    "beat",
    "channel_of",
    "farewell",
    "is_private",
    "judge_login",
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

_NAMES = ("channel", "instType", "instFamily", "instId", "ccy", "uly", "algoId", "sprdId")
"""What an acknowledgement repeats of a subscription; ``extraParams`` it does not."""

_NAMED = re.compile(r"(channel:[^\s,]+(?:,\w+:[^\s,]+)*)")
"""The subscription in the text of a refusal: ``Wrong URL or channel:tickers,instId:X doesn't exist. …``"""

_LATER = frozenset({"50001", "50004", "50011", "50013", "50026", "60014", "60023", "63999", "64007"})
"""Refusals of a login that say: not now."""

_VIP = frozenset({"books-l2-tbt", "books50-l2-tbt"})
_OPEN = ("candle", "mark-price-candle", "index-candle", "trades-all", "sprd-books5", "sprd-bbo-tbt", "sprd-tickers")


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in: one ``login`` request, answered by ``login`` or ``error``; what else arrives meanwhile is not ours.

    Raises:
        LoginRefused: With the exchange's own words, without what they repeat of our request.
        SessionError: The exchange could not do it now; the connection is dialled again.

    Source:
        okx.com/docs-v5, "WebSocket", "Login" and "Error Code" (2026-07).
    """
    signature = login_sign(creds, str(stamp.seconds))
    passphrase = creds.passphrase.reveal()
    arg = {"apiKey": creds.key, "passphrase": passphrase, "timestamp": str(stamp.seconds), "sign": signature}
    answer = yield from ask_for_login([arg])
    judge_login("OKX", answer, (creds.key, passphrase, signature), _LATER)


def ask_for_login(args: list[Any]) -> Generator[list[str] | None, Any, Mapping[str, Any]]:
    """Send a ``login`` request and return its answer, ``login`` or ``error``; all else is somebody else's."""
    reply: Any = yield [dumps({"op": "login", "args": args})]
    while fields(reply).get("event") not in ("login", "error"):
        reply = yield None
    return fields(reply)


def judge_login(title: str, answer: Mapping[str, Any], secrets: Iterable[str], later: Container[str]) -> None:
    """Raise unless an answer says yes; what it repeats of our ``secrets`` is masked.

    Raises:
        LoginRefused: It says no.
        SessionError: It says not now: its code is one of ``later``.
    """
    code = str(answer.get("code"))
    if answer["event"] == "login" and code == "0":
        return
    raise login_error(title, masked(_text(answer), secrets), is_later=code in later)


def needs_login(messages: Sequence[Any], url: URL) -> bool:
    """Whether these subscriptions need a login: public channels do not, and a key of another region would be refused.

    Source:
        okx.com/docs-v5, "Order book channel" (books-l2-tbt and books50-l2-tbt are for VIPs) (2026-07).
    """
    return is_private(messages, url, _OPEN)


def is_private(messages: Sequence[Any], url: URL, opened: tuple[str, ...]) -> bool:
    """Whether one of these channels is for accounts; on ``/business`` all are but those that begin as ``opened`` ones."""
    channels = [str(arg.get("channel")) for message in messages for arg in subscriptions(message)]
    if url.path.endswith("/public"):
        return any(channel in _VIP for channel in channels)
    if url.path.endswith("/business"):
        return not channels or not all(channel.startswith(opened) for channel in channels)
    return True


def subscriptions(message: Any, op: str = "subscribe") -> list[dict[str, Any]]:
    """Return the arguments of a subscription; none if the message is something else."""
    return [arg for arg in arguments(message, op) if arg.__class__ is dict]


def request_ids(message: Any) -> Sequence[Any]:
    """Return one id for each channel of a subscription: each is answered for itself."""
    return tuple(_name(arg) for arg in subscriptions(message))


def ack(message: Any) -> Ack | None:
    """Read ``{"event": "subscribe", "arg": …}``, or an error whose text names the channel; all else answers nothing."""
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
    parts = in_parts(args, _LONGEST, lambda arg: len(dumps(arg)) + 2)
    return [{**message, "args": part} for part in parts] if len(parts) > 1 else (message,)


def beat(url: URL) -> Beat:
    """Say ``ping`` every 15 seconds; a connection without a word for 30 seconds is cut (2026-07)."""
    return Beat(every=15.0, silence=30.0)


def farewell(message: Any) -> Farewell | None:
    """Hear the notice of a service upgrade: in 30 to 60 seconds the connection is cut (2026-07)."""
    notice = fields(message)
    return "rotate" if notice.get("event") == "notice" and str(notice.get("code")) == "64008" else None


def channel_of(message: Any) -> str | None:
    """Return the channel of a message, ``"books:BTC-USDT"`` or ``"account"``; ``None`` for answers."""
    arg = fields(fields(message).get("arg"))
    if not arg or "data" not in message:
        return None
    return f"{arg.get('channel')}:{arg['instId']}" if "instId" in arg else str(arg.get("channel"))


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
