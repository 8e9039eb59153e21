"""The recorded messages, as they came over the wire; `data/README.md` names their origins."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from rxbotters_operators import codec

__all__ = ["frames", "messages", "rows", "touch"]

_DATA = Path(__file__).parent / "data"
_FILES = {
    "bitflyer": "bitflyer.jsonl.gz",
    "bitflyer-1": "bitflyer.jsonl.gz",
    "bybit": "bybit.jsonl.gz",
    "bitmex": "bitmex.jsonl.gz",
}


@cache
def frames(name: str) -> tuple[str, ...]:
    """Return the frames of a recording, in order; ``bitflyer-1`` is the part of one product."""
    with gzip.open(_DATA / _FILES[name], "rt", encoding="utf-8") as file:
        lines = tuple(file.read().splitlines())
    if name == "bitflyer-1":
        return tuple(line for line in lines if '_FX_BTC_JPY"' in line)
    return lines


def messages(name: str) -> list[Any]:
    """Return the decoded messages of a recording, new objects each time: a store may keep them."""
    return [codec.loads(frame) for frame in frames(name)]


def rows(count: int) -> list[dict[str, Any]]:
    """Return the first ``count`` rows of the order books that BitMEX sent on subscription, new objects each time."""
    found: list[dict[str, Any]] = []
    for message in messages("bitmex"):
        if message["action"] == "partial":
            found += message["data"]
    if len(found) < count:
        raise ValueError(f"the recording holds {len(found)} rows, not {count}")
    return found[:count]


def touch(count: int) -> list[Any]:
    """Return XBTUSD's messages cut to the ``count`` levels around the touch, new objects each time.

    The first is the snapshot; of the others only rows remain that are about a level of the book, or that bring a new one
    between the outermost prices.
    """
    found: list[Any] = []
    ids: set[int] = set()
    low = high = 0.0
    for message in messages("bitmex"):
        data = message["data"]
        if data[0]["symbol"] != "XBTUSD":
            continue
        if message["action"] == "partial":
            middle = next(place for place, row in enumerate(data) if row["side"] == "Buy")
            data = data[middle - count // 2 :][:count]
            high, low = data[0]["price"], data[-1]["price"]
        elif message["action"] == "insert":
            data = [row for row in data if low <= row["price"] <= high]
        else:
            data = [row for row in data if row["id"] in ids]
        change = ids.difference_update if message["action"] == "delete" else ids.update
        change(row["id"] for row in data)
        if data:
            found.append({**message, "data": data})
    return found
