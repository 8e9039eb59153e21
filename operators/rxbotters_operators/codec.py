"""The JSON codec: strict on the way in, compact on the way out.

msgspec refuses NaN, Infinity and 1e400, keeps 64-bit ids exact and is the fastest of its kind; the last of duplicate
names wins, as in the standard library. Another codec can be put in by giving ``loads=`` where one is asked for.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from .errors import ProtocolError

__all__ = ["dumps", "loads"]

_DEEP = 10_000  # levels the C stack carries in any case; a shorter text cannot be nested deeper
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def loads(data: str | bytes) -> Any:
    """Decode one JSON text.

    Raises:
        ProtocolError: It is not strict JSON: malformed, NaN, infinite, nested too deep, not UTF-8.

    Example:
        >>> loads('{"price": 1.5}')
        {'price': 1.5}
    """
    try:
        return _decode(data) if len(data) <= _DEEP else _decode_deep(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON ({error})", data) from None


def _decode_deep(data: str | bytes) -> Any:
    """Decode a text that is long enough to be nested too deep.

    Some libraries raise Python's recursion limit for the whole process (py_ecc, and so eth-account, to 100,000). The
    decoder, which counts on that limit, would then run over the end of the C stack.
    """
    limit = sys.getrecursionlimit()
    if limit <= _DEEP:
        return _decode(data)
    sys.setrecursionlimit(_DEEP)
    try:
        return _decode(data)
    finally:
        sys.setrecursionlimit(limit)


def dumps(value: Any) -> str:
    """Encode ``value`` as compact JSON text.

    Raises:
        TypeError: ``value`` holds something JSON cannot say.

    Example:
        >>> dumps({"op": "subscribe", "args": [1, None]})
        '{"op":"subscribe","args":[1,null]}'
    """
    return _encode(value).decode()
