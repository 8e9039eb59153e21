"""bitbank's sessions: Socket.IO for the public stream, the token of PubNub for the private one.

Rules
  1. Engine.IO 4 is spoken; the retired version 3 still is where the url says ``EIO=3``.
  2. Only ``42[…]`` is a message. The other frames keep the session alive, or end it.

Source: bitbankinc/bitbank-api-docs, ``public-stream.md`` and ``private-stream.md`` (2025-12-25); socket.io-protocol 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Beat, LoginScript
from rxbotters.errors import LoginRefused, ProtocolError
from rxbotters.wire import Dialect, Frame, dumps, fields, loads

__all__ = [
    "DIALECT",
    "SUBSCRIBE_KEY",
    "beat",
    "channel_of",
    "error_text",
    "greet",
    "join",
    "poll_url",
    "refusal",
    "room_of",
    "time_of",
    "token_of",
    "undo",
]

SUBSCRIBE_KEY = "sub-c-ecebae8e-dd60-11e6-b6b1-02ee2ddab7fe"
"""PubNub's name of bitbank's private stream."""

_EVENT = "42"
_CONTROL = frozenset({"40", "41", "43", "44"})
_OVER = ("1", "41", "44")  # Engine.IO closes, the namespace is left, the namespace is refused
_SILENCE = 45.0  # seconds: an interval of 25 and the 20 the server itself allows for an answer
_BAD_KEYS = range(20001, 20006)


# ---------------------------------------------------------------------- frames


def _decode(data: str | bytes) -> Any:
    """Return the list that a Socket.IO event holds.

    Raises:
        ProtocolError: It is no event, or not JSON.
    """
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    if not text.startswith(_EVENT):
        raise ProtocolError("no event of Socket.IO", text)
    return loads(text[2:])


def _is_noise(data: str | bytes) -> bool:
    """Whether a frame is of the session, not of the user: open, ping, pong, noop, and the namespace's own."""
    if not isinstance(data, str):
        return False
    return data[:1] in ("0", "1", "2", "3", "6") or data[:2] in _CONTROL


DIALECT = Dialect(_decode, _is_noise)


def _is_old(url: URL) -> bool:
    return url.query.get("EIO") == "3"


def greet(url: URL) -> LoginScript:
    """Open the namespace: wait for the server's ``0``, send ``40``, wait for its ``40``; version 3 needs no asking."""
    text: Any = yield ()
    while not _starts(text, "0"):
        text = yield None
    text = yield () if _is_old(url) else ("40",)
    while not _starts(text, "40"):
        text = yield None


def _starts(text: Any, kind: str) -> bool:
    return isinstance(text, str) and text.startswith(kind)


def beat(url: URL) -> Beat:
    """Return the heartbeats: the server asks ``2`` and hears ``3``; in version 3 we ask, every 15 s."""
    if _is_old(url):
        return Beat(every=15.0, text=lambda stamp: "2", answer=_hear, silence=_SILENCE)
    return Beat(answer=_answer, silence=_SILENCE)


def _answer(frame: Frame, stamp: Stamp) -> str | None:
    return "3" if frame.data == "2" else _hear(frame, stamp)


def _hear(frame: Frame, stamp: Stamp) -> str | None:
    """Notice that the server ended the session: the socket may well stay open, and mute.

    Raises:
        ProtocolError: It did; the connection is dropped and dialled again.
    """
    data = frame.data
    if isinstance(data, str) and not data.startswith(_EVENT) and data.startswith(_OVER):
        raise ProtocolError("the server ended the session of Socket.IO", data)
    return None


# ---------------------------------------------------------------------- rooms


def join(room: str) -> str:
    """Return the text that joins a room.

    Example:
        >>> join("ticker_btc_jpy")
        '42["join-room","ticker_btc_jpy"]'
    """
    return _EVENT + dumps(["join-room", room])


def room_of(text: Any) -> str | None:
    """Return the room that a text joins; ``None`` for anything else."""
    if not isinstance(text, str) or not text.startswith(_EVENT):
        return None
    try:
        message = loads(text[2:])
    except ProtocolError:
        return None
    match message:
        case ["join-room", str(room)]:
            return room
        case _:
            return None


def undo(message: Any) -> Any:
    """Return the text that leaves the room a text joined."""
    room = room_of(message)
    return None if room is None else _EVENT + dumps(["leave-room", room])


def channel_of(message: Any) -> str | None:
    """Return the room of a message."""
    match message:
        case ["message", {"room_name": str(room)}]:
            return room
        case _:
            return None


def time_of(message: Any) -> float | None:
    """Return when the exchange sent a message, Unix time in seconds; transactions do not say."""
    match message:
        case ["message", {"message": {"data": {"timestamp": int(ms)} | {"t": int(ms)}}}]:
            return ms / 1000
        case _:
            return None


# ---------------------------------------------------------------------- the token of the private stream


def refusal(body: Any) -> str | None:
    """Return the exchange's error text if a REST answer is an error.

    Raises:
        LoginRefused: The keys are bad: no retry helps. Codes 20001 to 20005, ``errors.md`` (2025-12-25).
    """
    text = error_text(body)
    code = fields(fields(body).get("data")).get("code")
    if text is not None and code in _BAD_KEYS:
        raise LoginRefused("bitbank", str(text))
    return text


def error_text(body: Any) -> str | None:
    """Return the error text of a REST answer; ``None`` if it is no error, or no answer of bitbank's at all."""
    answer = fields(body)
    if answer.get("success", 1) == 1:
        return None
    code = fields(answer.get("data")).get("code")
    return f"code {code} (errors.md of bitbank-api-docs says what it means)"


def token_of(body: Any) -> str:
    """Return the token of ``GET /v1/user/subscribe``; it lives 12 hours.

    Raises:
        KeyError, TypeError: There is none.
    """
    return str(body["data"]["pubnub_token"])


def poll_url(body: Mapping[str, Any], _: str) -> str:
    """Return the url of PubNub that waits for events; the position is added by whoever polls.

    Source: pubnub.com/docs/sdks/rest-api/subscribe-v-2.
    """
    channel = str(body["data"]["pubnub_channel"])
    url = URL(f"https://ps.pndsn.com/v2/subscribe/{SUBSCRIBE_KEY}") / channel / "0"
    return str(url.with_query({"uuid": channel, "auth": token_of(body)}))
