"""`inflate`: compressed frames, each on its own, inflated up to a budget and no further."""

from __future__ import annotations

import zlib
from typing import Literal

from rxbotters_operators.errors import ProtocolError

__all__ = ["inflate"]

_WINDOWS = {"gzip": zlib.MAX_WBITS + 16, "raw DEFLATE": -zlib.MAX_WBITS}


def inflate(data: bytes, form: Literal["gzip", "raw DEFLATE"], *, budget: int) -> bytes:
    """Return what a compressed frame holds.

    Args:
        data: The frame.
        form: How it is compressed. A gzip frame must be complete, its checksum right; raw DEFLATE may lack its last block.
        budget: Bytes the frame may hold.

    Raises:
        ProtocolError: It is not of that form, it goes on behind its end, or it holds more than ``budget`` bytes: then it
            was inflated up to there and no further.

    Example:
        >>> inflate(bytes.fromhex("2bc8cf4b0700"), "raw DEFLATE", budget=4)
        b'pong'
    """
    stream = zlib.decompressobj(_WINDOWS[form])
    try:
        plain = stream.decompress(data, budget + 1)
    except zlib.error as error:
        raise ProtocolError(f"not {form} ({error}), {len(data)} bytes") from None
    if len(plain) > budget:
        raise ProtocolError(f"a frame of {len(data)} bytes inflates beyond {budget} bytes: it was not read further")
    if form == "gzip" and not stream.eof:
        raise ProtocolError(f"a compressed frame of {len(data)} bytes breaks off")
    if stream.unused_data:
        raise ProtocolError(f"{len(stream.unused_data)} bytes follow the end of a compressed frame")
    return plain
