"""Time and chance: the only place that reads them. Everything else is given a `Clock`."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["SYSTEM", "Clock", "Serials", "Stamp"]


def _nonce() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Time and chance for one signature.

    Attributes:
        ms: Unix time in whole milliseconds.
        nonce: Gives fresh random text, 32 hex digits.
        serial: Gives a number for exchanges that want each request's to be larger than the last one's: the time in
            milliseconds, or one more than the last where the clock did not advance or went back.
    """

    ms: int
    nonce: Callable[[], str]
    serial: Callable[[], int] = field(default=lambda: 0)

    @property
    def seconds(self) -> int:
        """Unix time in whole seconds, cut."""
        return self.ms // 1000

    @property
    def iso(self) -> str:
        """UTC as ``2023-11-14T22:13:20.123Z``."""
        return f"{datetime.fromtimestamp(self.ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{self.ms % 1000:03d}Z"


class Serials:
    """Strictly increasing numbers per key, near the time in milliseconds.

    Example:
        >>> serials = Serials()
        >>> serials.next("coincheck", 1000), serials.next("coincheck", 1000), serials.next("coincheck", 400)
        (1000, 1001, 1002)
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, name: str, ms: int) -> int:
        """Return a number above every number this key was given."""
        number = max(ms, self._last.get(name, -1) + 1)
        self._last[name] = number
        return number


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a client gets the time and its dice from.

    Args:
        now: Unix time in seconds, UTC.
        dice: A number in [0, 1), for backoff.
        nonce: A fresh random text of 32 hex digits, for logins.

    Example:
        >>> Clock(now=lambda: 1_700_000_000.123).stamp().ms
        1700000000123
    """

    now: Callable[[], float] = time.time
    dice: Callable[[], float] = random.random
    nonce: Callable[[], str] = _nonce

    def stamp(self, serials: Serials | None = None, name: str = "", *, ahead: float = 0.0) -> Stamp:
        """Return the moment something is signed at.

        Args:
            serials: Where the serial numbers of ``name`` are counted.
            name: The key that signs.
            ahead: Seconds the exchange's clock is ahead of this one.
        """
        ms = int((self.now() + ahead) * 1000)
        counted = serials if serials is not None else Serials()
        return Stamp(ms=ms, nonce=self.nonce, serial=lambda: counted.next(name, ms))


SYSTEM = Clock()
"""The machine's own clock and dice."""
