"""Time and chance: the only place that reads them. Everything else is given a `Clock`."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["SYSTEM", "Clock", "Stamp"]


def _nonce() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Time and chance for one signature: ``ms`` is Unix time in whole milliseconds, ``nonce()`` gives fresh text."""

    ms: int
    nonce: Callable[[], str]


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

    def stamp(self) -> Stamp:
        """Return the moment a request is signed at."""
        return Stamp(ms=int(self.now() * 1000), nonce=self.nonce)


SYSTEM = Clock()
"""The machine's own clock and dice."""
