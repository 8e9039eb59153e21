"""`Trace`: what happened, and when, in one running hash.

Rules
  1. Only plain values enter: no `repr` of objects, no ids, no sets, so that a line is the same in every process.
  2. Lines of one instant are sorted by who they are about; within one actor they keep their order. Which of two
     unconnected things comes first in an instant is a matter of Python's version, not of the program.
  3. Bytes are counted, not hashed: a WebSocket mask, a ``Date`` header and a handshake key are never the same twice.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import cast

__all__ = ["Plain", "Trace"]

Plain = str | int | float | bool | None
"""What may stand in a trace and in a script."""


class Trace:
    """A running sha256 over (virtual time, actor, what).

    Args:
        keep: How many lines to remember for reading; all of them are hashed.

    Example:
        >>> trace = Trace()
        >>> trace.add(1.5, "bot", "order", side="BUY", size=0.01)
        >>> trace.moved(2.0, "bot>venue:443#1 down", 100)
        >>> trace.moved(2.0, "bot>venue:443#1 down", 11)
        >>> print(*trace.lines(), sep="\\n")
        1.500000000 bot order side='BUY' size=0.01
        2.000000000 bot>venue:443#1 down 111 bytes
        >>> trace.hexdigest()[:16]
        'cd19506bbc82d81f'
    """

    def __init__(self, keep: int = 1000) -> None:
        self._sha = hashlib.sha256()
        self._kept: deque[str] = deque(maxlen=keep)
        self._now = 0.0
        self._instant: list[tuple[str, str]] = []
        self._bytes: dict[str, int] = {}

    def add(self, at: float, actor: str, what: str, **values: Plain) -> None:
        """Record one event.

        Raises:
            TypeError: A value is not plain: its text could differ from run to run.
        """
        for name, value in values.items():
            if value is not None and not isinstance(cast(object, value), str | int | float):
                raise TypeError(f"{name}={value!r} cannot stand in a trace: give text, a number, a bool or None")
        if at != self._now:
            self._turn(at)
        text = "".join(f" {name}={value!r}" for name, value in values.items())
        self._instant.append((actor, f"{what}{text}"))

    def moved(self, at: float, actor: str, count: int) -> None:
        """Record that bytes arrived; those of one instant are one line."""
        if at != self._now:
            self._turn(at)
        self._bytes[actor] = self._bytes.get(actor, 0) + count

    def _sorted(self) -> list[str]:
        moved = [(actor, f"{count} bytes") for actor, count in self._bytes.items()]
        ordered = sorted([*self._instant, *moved], key=lambda line: line[0])
        return [f"{self._now:.9f} {actor} {what}" for actor, what in ordered]

    def _turn(self, at: float) -> None:
        if self._instant or self._bytes:
            for line in self._sorted():
                self._sha.update(f"{line}\n".encode())
                self._kept.append(line)
            self._instant.clear()
            self._bytes.clear()
        self._now = at

    def lines(self) -> list[str]:
        """Return the last lines, oldest first."""
        return [*self._kept, *self._sorted()]

    def hexdigest(self) -> str:
        """Return the hash of everything so far, 64 hex digits."""
        sha = self._sha.copy()
        for line in self._sorted():
            sha.update(f"{line}\n".encode())
        return sha.hexdigest()
