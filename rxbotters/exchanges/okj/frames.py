"""The frames of OKJ's V3 stream: raw DEFLATE, each on its own, inflated up to a budget and no further.

Source: okcoinjapan/V3-Open-API-SDK, ``websocket.py`` (a stream without its last block is whole there, and here).
"""

from __future__ import annotations

from typing import Any, Final

from rxbotters.errors import ProtocolError
from rxbotters.wire import Dialect, loads
from rxbotters.wire import inflate as _inflate

__all__ = ["BUDGET", "DEFLATED", "inflate"]

BUDGET: Final = 4 * 1024 * 1024
"""Bytes a frame may have once inflated; a book of 400 levels a side has 40 kB."""

_PONG = b"pong"
_SHORT = 16  # bytes, compressed, of a frame that can be a pong


def inflate(data: bytes, *, budget: int = BUDGET) -> bytes:
    """Return what a frame holds.

    Raises:
        ProtocolError: It is not raw DEFLATE, it goes on behind its end, or it holds more than ``budget`` bytes: then it
            was inflated up to there and no further.

    Example:
        >>> inflate(bytes.fromhex("2bc8cf4b0700"))
        b'pong'
    """
    return _inflate(data, "raw DEFLATE", budget=budget)


def decode(data: str | bytes) -> Any:
    """Return the message of a frame; a text frame is JSON as it stands.

    Raises:
        ProtocolError: It is none.
    """
    return loads(data if isinstance(data, str) else inflate(data))


def is_noise(data: str | bytes) -> bool:
    """Whether a frame is the answer to a ping; only short frames are looked into."""
    if isinstance(data, str):
        return data in ("ping", "pong")
    if len(data) > _SHORT:
        return False
    try:
        return inflate(data, budget=len(_PONG)) == _PONG
    except ProtocolError:
        return False


DEFLATED = Dialect(decode, is_noise)
