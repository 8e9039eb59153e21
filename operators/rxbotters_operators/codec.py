"""The JSON codec: strict on the way in, compact on the way out.

msgspec refuses NaN, Infinity and 1e400, keeps 64-bit ids exact and is the fastest of its kind; the last of duplicate
names wins, as in the standard library. Another codec can be put in by giving ``loads=`` where one is asked for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .errors import ProtocolError

__all__ = ["dumps", "loads"]

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
        return _decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON ({error})", data) from None


def dumps(value: Any) -> str:
    """Encode ``value`` as compact JSON text.

    Raises:
        TypeError: ``value`` holds something JSON cannot say.

    Example:
        >>> dumps({"op": "subscribe", "args": [1, None]})
        '{"op":"subscribe","args":[1,null]}'
    """
    return _encode(value).decode()
