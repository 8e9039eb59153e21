"""Reading recordings: JSON lines with ``t``, ``kind``, ``url`` and ``data``, plain or gzipped."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yarl import URL

from rxbotters.errors import ConfigError, ProtocolError
from rxbotters.wire import loads

__all__ = ["Record", "read_records"]


@dataclass(frozen=True, slots=True)
class Record:
    """One received frame or REST body.

    Attributes:
        time: When it was received, seconds; in collections of samples a running number.
        kind: ``"ws"`` or ``"rest"``.
        url: Where it came from.
        data: The text as it came.
    """

    time: float
    kind: str
    url: str
    data: str

    @property
    def host(self) -> str:
        """The host it came from."""
        return URL(self.url).host or ""

    @property
    def message(self) -> Any:
        """The decoded text.

        Raises:
            ProtocolError: It is not JSON.
        """
        return loads(self.data)


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a file in their order.

    Raises:
        ConfigError: A line is not a record; file and line are named.
    """
    opening = gzip.open if path.suffix == ".gz" else open
    with opening(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = loads(line)
                yield Record(float(record["t"]), record["kind"], record["url"], record["data"])
            except (ProtocolError, KeyError, TypeError, ValueError) as error:
                raise ConfigError(f"{path.name}, line {number}: not a record ({error})") from None
