"""A recorded tape as an order flow: public messages of a corpus file, at their own pace."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from rxbotters.wire import loads

__all__ = ["Tape"]


class Tape:
    """The channel messages of a recording, endlessly repeated, ``speed`` times as fast as they were received."""

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive, got {speed!r}")
        self._path = path
        self._speed = speed

    def records(self) -> Iterator[tuple[float, str, str]]:
        """Yield (time in seconds, channel, text)."""
        with gzip.open(self._path, "rt") if self._path.suffix == ".gz" else self._path.open() as lines:
            for line in lines:
                record = loads(line)
                if record["kind"] == "ws":
                    message: Any = loads(record["data"])
                    params: Any = message.get("params") if hasattr(message, "get") else None
                    if params:
                        yield record["t"], params["channel"], record["data"]

    async def __aiter__(self) -> AsyncIterator[tuple[str, str]]:
        while True:
            last: float | None = None
            for time, channel, text in self.records():
                if last is not None and time > last:
                    await asyncio.sleep((time - last) / self._speed)
                last = time
                yield channel, text
            await asyncio.sleep(1.0)
