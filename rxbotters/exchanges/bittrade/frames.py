"""The frames of BitTrade: gzip where they are binary, inflated up to a budget and no further; else text.

Source: BitTrade-Inc/BitTrade-api-docs, ``websocket-api.md`` (2024-04): every public frame, pings included, is gzip.
"""

from __future__ import annotations

from typing import Any, Final

from rxbotters.wire import Dialect, inflate, loads

__all__ = ["BUDGET", "GZIPPED"]

BUDGET: Final = 4 * 1024 * 1024
"""Bytes a frame may have once inflated; a book of 150 levels a side has 10 kB, 2,000 candles have 300 kB."""


def decode(data: str | bytes) -> Any:
    """Return the message of a frame; a text frame, as the private stream sends them, is JSON as it stands.

    Raises:
        ProtocolError: It is none.
    """
    return loads(data if isinstance(data, str) else inflate(data, "gzip", budget=BUDGET))


GZIPPED = Dialect(decode)
