"""`Weather`: what a network is like when nothing is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Drip", "Range", "Weather", "as_range"]

Range = tuple[float, float]
"""Lowest and highest seconds."""


@dataclass(frozen=True, slots=True)
class Drip:
    """At most ``count`` bytes each ``every`` seconds, before ``until``."""

    count: int
    every: float
    until: float


def as_range(name: str, value: float | tuple[float, float] | list[float]) -> Range:
    """Return a latency as a range.

    Raises:
        ValueError: It is negative, or upside down.
    """
    low, high = (value, value) if isinstance(value, int | float) else (value[0], value[1])
    if not 0 <= low <= high < float("inf"):
        raise ValueError(f"{name} must be seconds (low, high) with 0 <= low <= high, got {value!r}")
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Weather:
    """Latency and segment sizes of every connection, drawn evenly from ranges by seeded dice.

    Args:
        up: Seconds from a client to a server, (low, high).
        down: Seconds from a server to a client.
        segment: Bytes that arrive at once at most, (low, high): small ones cut messages anywhere.
        window: Bytes that may be under way before a writer notices that nobody reads.
        give_up: Seconds after which bytes that do not arrive end the writer's connection (``ETIMEDOUT``); Linux's own.

    Raises:
        ValueError: A range is negative or upside down.

    Example:
        >>> Weather(up=(0.010, 0.030)).down
        (0.001, 0.005)
    """

    up: Range = (0.001, 0.005)
    down: Range = (0.001, 0.005)
    segment: tuple[int, int] = (65536, 65536)
    window: int = 262_144
    give_up: float = 924.0

    def __post_init__(self) -> None:
        as_range("up", self.up)
        as_range("down", self.down)
        low, high = self.segment
        if not 1 <= low <= high:
            raise ValueError(f"segment must be bytes (low, high) with 1 <= low <= high, got {self.segment!r}")
        if not self.window >= 0:
            raise ValueError(f"window must be at least 0 bytes, got {self.window!r}")
        if not self.give_up > 0:
            raise ValueError(f"give_up must be positive seconds, got {self.give_up!r}")
