"""What the sessions of many exchanges ask of a message: its fields, parts that are short enough, why a login failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from rxbotters.errors import LoginRefused, SessionError

__all__ = ["arguments", "fields", "in_parts", "login_error"]

T = TypeVar("T")


def fields(message: Any) -> Mapping[str, Any]:
    """Return the fields of a message, none if it is no object.

    Example:
        >>> fields({"op": "ping"}).get("op"), fields([1, 2]).get("op")
        ('ping', None)
    """
    if message.__class__ is dict:  # most are, and this is asked of every message
        return cast("Mapping[str, Any]", message)
    return cast("Mapping[str, Any]", message) if isinstance(message, Mapping) else {}


def arguments(message: Any, op: str) -> list[Any]:
    """Return the arguments of a request ``{"op": …, "args": […]}``, none if the message is something else.

    Example:
        >>> arguments({"op": "subscribe", "args": ["trade"]}, "subscribe"), arguments("ping", "subscribe")
        (['trade'], [])
    """
    request = fields(message)
    args: Any = request.get("args")
    return list(args) if request.get("op") == op and args.__class__ in (list, tuple) else []


def in_parts(items: Iterable[T], longest: int, length: Callable[[T], int]) -> list[list[T]]:
    """Return ``items`` in parts of at most ``longest``, in their order; what is longer by itself is a part of its own.

    Example:
        >>> in_parts(["a", "bb", "c", "dddd"], 3, len)
        [['a', 'bb'], ['c'], ['dddd']]
    """
    parts: list[list[T]] = [[]]
    size = 0
    for item in items:
        more = length(item)
        if parts[-1] and size + more > longest:
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += more
    return parts


def login_error(exchange: str, text: str, *, is_later: bool) -> SessionError:
    """Return what to raise at a login that failed; ``is_later``: the exchange says not now, not never.

    Args:
        exchange: Its title.
        text: Its words, without our secrets in them: see `masked`.
        is_later: Whether the connection is dialled again; if not, the error ends it: `LoginRefused`.
    """
    if is_later:
        return SessionError(f"{exchange} cannot log in now: {text}; it is tried again")
    return LoginRefused(exchange, text)
