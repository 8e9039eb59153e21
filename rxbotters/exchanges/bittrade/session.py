"""BitTrade's WebSocket sessions: one host, three protocols, told apart by path.

==============  =======================================  =====================================
path            what is sent                             what comes
==============  =======================================  =====================================
``/ws``         ``{"sub": "market.…", "id": "1"}``       ``{"ch": "market.…", "tick": {…}}``
``/ws/v2``      ``{"action": "sub", "ch": "orders#…"}``  ``{"action": "push", "ch": …, "data"}``
``/retail/ws``  ``{"action": 1, "topic": 1}``            ``{"data": {"topic": 1, …}}``
==============  =======================================  =====================================

Source: BitTrade-Inc/BitTrade-api-docs, ``websocket-api.md`` (2024-04); for ``/retail/ws`` the documentation of Huobi Japan,
whose api this was (2020).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials, LoginScript
from rxbotters.errors import ProtocolError
from rxbotters.wire import Frame, fields, login_error, masked

from .signing import login_fields

__all__ = ["ack", "beat", "channel_of", "login", "protocol_of", "request_ids", "split", "time_of", "undo"]

_LATER = frozenset({100, 429, 500, 4000})
"""Codes of a refused login that say: not now."""

_REQUESTS = ("sub", "unsub", "req")
_MODES = ("accounts.update", "trade.clearing")
_TIMES = ("lastActTime", "tradeTime", "changeTime", "orderCreateTime")


def protocol_of(url: URL) -> Literal["public", "private", "retail"]:
    """Tell the protocol from the path, with or without a slash at its end."""
    path = f"{url.path.rstrip('/')}/"
    if path.startswith("/retail/"):
        return "retail"
    return "private" if path.startswith("/ws/v2/") else "public"


# ---------------------------------------------------------------------- login


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript | None:
    """Make the login of ``/ws/v2``: one ``auth`` request and its answer; the other paths need none."""
    return _login(creds, stamp, url) if protocol_of(url) == "private" else None


def _login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in; what else arrives meanwhile is not ours.

    Raises:
        LoginRefused: With the exchange's own words and code, without what they repeat of our request.
        SessionError: The exchange could not do it now; the connection is dialled again.
    """
    params = login_fields(creds, stamp, url.host or "")
    message: Any = yield [json.dumps({"action": "req", "ch": "auth", "params": params})]
    while fields(message).get("ch") != "auth" or fields(message).get("action") not in ("req", "error"):
        message = yield None
    answer = fields(message)
    if answer.get("code") == 200:
        return
    text = masked(_reason(answer), (creds.key, params["signature"]))
    raise login_error("BitTrade", text, is_later=answer.get("code") in _LATER)


# ---------------------------------------------------------------------- acknowledgements


def split(message: Any, url: URL) -> Sequence[Any]:
    """Give a public request that has no id its topic for an id: a refusal repeats nothing else."""
    request = fields(message)
    for name in _REQUESTS:
        topic = request.get(name)
        if isinstance(topic, str) and request.get("id") is None and "action" not in request:
            return ({**request, "id": topic},)
    return (message,)


def request_ids(message: Any) -> Sequence[Any]:
    """Return the id under which a request will be answered; none where nothing answers.

    On ``/ws`` that is the ``id`` it carries, on ``/ws/v2`` its action and channel. ``/retail/ws`` acknowledges nothing.
    """
    request = fields(message)
    action = request.get("action")
    if action in _REQUESTS and isinstance(request.get("ch"), str) and request["ch"] != "auth":
        return (f"{action} {_moded(request['ch'])}",)
    name = request.get("id")
    if name is not None and "action" not in request and any(isinstance(request.get(verb), str) for verb in _REQUESTS):
        return (_id(name),)
    return ()


def ack(message: Any) -> Ack | None:
    """Read ``{"id": "1", "status": "ok", "subbed": …}``, ``{"action": "sub", "code": 200, "ch": …}``, or a refusal."""
    answer = fields(message)
    action = answer.get("action")
    if action in _REQUESTS and "code" in answer and isinstance(answer.get("ch"), str) and answer["ch"] != "auth":
        return Ack(f"{action} {_moded(answer['ch'])}", None if answer["code"] == 200 else _reason(answer))
    if "status" in answer and answer.get("id") is not None:
        return Ack(_id(answer["id"]), None if answer["status"] == "ok" else _reason(answer))
    return None


def undo(message: Any) -> Any:
    """Return the message that ends a subscription."""
    request = fields(message)
    action = request.get("action")
    if action == "sub":
        return {**request, "action": "unsub"}
    if action.__class__ is int and action == 1:
        return {**request, "action": 2}
    if "action" not in request and "sub" in request:
        return {("unsub" if name == "sub" else name): value for name, value in request.items()}
    return None


def _moded(channel: str) -> str:
    """Return a channel as it is acknowledged: without a mode it is mode 0."""
    name, *rest = channel.split("#")
    lacks = name in _MODES and len(rest) == _MODES.index(name)
    return f"{channel}#0" if lacks else channel


def _id(value: Any) -> str:
    return f"id {value}"


def _reason(answer: Mapping[str, Any]) -> str:
    text = answer.get("err-msg") or answer.get("message") or "no reason given"
    return f"{text} (code {answer.get('err-code', answer.get('code'))})"


# ---------------------------------------------------------------------- what keeps it alive


def beat(url: URL) -> Beat:
    """Return the heartbeats of a path: the server's pings are answered with their own value, as soon as they come.

    ``/ws`` is pinged every 5 seconds and cut after two pings without an answer; ``/ws/v2`` every 20 seconds. On
    ``/retail/ws`` we must ping, at least once a minute.

    Source:
        api-doc.bittrade.co.jp and github.com/nemanull/arbitrage-observatory, which measured ``/ws`` (2026-09-23); the family
        for ``/ws/v2``, huobiapi.github.io/docs/spot (2023); Huobi Japan for ``/retail/ws`` (2020).
    """
    match protocol_of(url):
        case "public":
            return Beat(answer=_answer, silence=20.0)
        case "private":
            return Beat(answer=_answer, silence=60.0)
        case "retail":
            return Beat(every=20.0, text=_retail_ping, answer=_answer, silence=60.0)


def _answer(frame: Frame, stamp: Stamp) -> str | None:
    """Return the pong for a ping of any of the three protocols."""
    try:
        message = fields(frame.message)
    except ProtocolError:
        return None  # whoever reads the frame hears of it
    if "ping" in message:
        return _pong({"pong": message["ping"]}, message["ping"])
    action = message.get("action")
    if action == "ping":
        sent = fields(message.get("data")).get("ts")
        return _pong({"action": "pong", "data": {"ts": sent}}, sent)
    ping = message if action == 4 else fields(message.get("data"))
    return _pong({"action": 5, "ts": ping.get("ts")}, ping.get("ts")) if ping.get("action") == 4 else None


def _pong(message: Any, value: Any) -> str | None:
    return json.dumps(message) if value.__class__ is int else None


def _retail_ping(stamp: Stamp) -> str:
    return json.dumps({"action": 4, "ts": stamp.seconds})


# ---------------------------------------------------------------------- what is in a message


def channel_of(message: Any) -> str | None:
    """Return the channel of a message: ``"market.btcjpy.bbo"``, ``"orders#btcjpy"``, ``"retail 1"``; else ``None``."""
    told = fields(message)
    channel = told.get("ch")
    if isinstance(channel, str):
        return channel if told.get("action", "push") == "push" and ("tick" in told or "data" in told) else None
    topic = fields(told.get("data")).get("topic")
    return f"retail {topic}" if topic is not None and "rep" not in told else None


def time_of(message: Any) -> float | None:
    """Return when the exchange sent a message, Unix time in seconds; a balance often does not say."""
    told = fields(message)
    data = fields(told.get("data"))
    if isinstance(told.get("ch"), str):
        found: Any = told.get("ts", next((data[name] for name in _TIMES if data.get(name) is not None), None))
        return found / 1000 if found.__class__ is int and 0 < found < 10**15 else None
    found = data.get("ts")
    return float(found) if found.__class__ is int and 0 < found < 10**12 else None
