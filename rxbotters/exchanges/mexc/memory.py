"""`Memory`: what was last heard of an order, a position or a balance, so that what comes late changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Memory"]

_MOST = 10_000  # ids that are remembered; the longest unheard of is forgotten first


class Memory:
    """Remembers of each id its clocks, fields that only grow, and whether it is over.

    Args:
        clocks: Names of the fields; the first in which two events differ decides which is older.
        final: Whether what is over stays over; else something newer may be heard of it.

    Example:
        >>> memory = Memory("version", final=True)
        >>> memory.note("a", {"version": 3})
        >>> memory.is_late("a", {"version": 2}), memory.is_late("a", {"version": 3}), memory.is_late("b", {})
        (True, False, False)
        >>> memory.note("a", {"version": 4}, over=True)
        >>> memory.is_late("a", {"version": 5})
        True
    """

    def __init__(self, *clocks: str, final: bool = False) -> None:
        self._clocks = clocks
        self._final = final
        self._known: dict[Any, tuple[bool, tuple[Any, ...]]] = {}

    def is_late(self, key: Any, event: Mapping[str, Any]) -> bool:
        """Whether an event tells less than what is known."""
        over, clocks = self._known.get(key, (False, ()))
        if over and self._final:
            return True
        alike = False
        for name, old in zip(self._clocks, clocks, strict=False):
            new = event.get(name)
            if _is_number(old) and _is_number(new):
                if new != old:
                    return bool(new < old)
                alike = True
        return over and alike

    def is_over(self, key: Any) -> bool:
        """Whether the last word of an id was that it is over."""
        return self._known.get(key, (False, ()))[0]

    def note(self, key: Any, event: Mapping[str, Any], *, over: bool = False) -> None:
        """Remember an event."""
        self._known.pop(key, None)
        self._known[key] = over, tuple(event.get(name) for name in self._clocks)
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]


def _is_number(value: Any) -> bool:
    return value.__class__ is int or value.__class__ is float
