"""Hypothesis strategies for networks that misbehave: faults, scripts of them, weathers.

Rules
  1. Small key spaces: few hosts, whole seconds, few kinds, so that faults really meet.
  2. Everything ends: what is generated heals by itself, so that a program may be asked to recover.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from .script import Fault, Script
from .weather import Weather

__all__ = ["KINDS", "faults", "scripts", "weathers"]

KINDS = ("clock", "dns", "drip", "half_open", "latency", "partition", "refuse", "rst", "stall")
"""The faults that are generated, unless told otherwise; ``cancel`` needs a task's name, and ``heal`` is implied."""

_DIRECTIONS = st.sampled_from(("up", "down", "both"))


def _seconds(most: float) -> st.SearchStrategy[float]:
    return st.integers(1, max(1, int(most))).map(float)


@st.composite
def faults(
    draw: st.DrawFn,
    *,
    seconds: float = 600.0,
    hosts: Sequence[str] = ("*",),
    kinds: Sequence[str] = KINDS,
    longest: float = 60.0,
) -> Fault:
    """Generate one fault.

    Args:
        draw: Given by Hypothesis.
        seconds: It happens in virtual seconds 1 to this.
        hosts: Patterns to choose from.
        kinds: Names to choose from, of `KINDS`.
        longest: Seconds that a condition lasts at most.

    Raises:
        ValueError: A kind is none of `KINDS`.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"no strategy for {', '.join(unknown)}; known: {', '.join(KINDS)}")
    at = draw(_seconds(seconds))
    kind = draw(st.sampled_from(tuple(kinds)))
    host = draw(st.sampled_from(tuple(hosts)))
    match kind:
        case "clock":
            return Fault(at, kind, by=float(draw(st.integers(-3600, 3600))))
        case "partition":
            return Fault(at, kind, b=host, seconds=draw(_seconds(longest)))
        case "drip":
            pace = draw(st.integers(1, 64))
            return Fault(at, kind, host=host, bytes=pace, every=0.5, seconds=draw(_seconds(longest)))
        case "latency":
            slow = [0.0, draw(st.integers(1, 20)) / 10]
            return Fault(at, kind, host=host, up=slow, down=slow, seconds=draw(_seconds(longest)))
        case "half_open":
            return Fault(at, kind, host=host, direction=draw(_DIRECTIONS))
        case "rst":
            to, after = draw(st.sampled_from(("client", "server", "both"))), draw(st.integers(0, 200))
            return Fault(at, kind, host=host, to=to, after=after)
        case "stall":
            return Fault(at, kind, host=host, seconds=draw(_seconds(longest)), direction=draw(_DIRECTIONS))
        case _:
            return Fault(at, kind, host=host, seconds=draw(_seconds(longest)))


def scripts(
    *,
    seconds: float = 600.0,
    hosts: Sequence[str] = ("*",),
    kinds: Sequence[str] = KINDS,
    longest: float = 60.0,
    most: int = 8,
) -> st.SearchStrategy[Script]:
    """Generate scripts: faults in the order of their times, the fewest first when one fails.

    Args:
        seconds: The last fault happens at this virtual second.
        hosts: Patterns to choose from.
        kinds: Names to choose from, of `KINDS`.
        longest: Seconds that a condition lasts at most.
        most: How many faults at most.
    """
    one = faults(seconds=seconds, hosts=hosts, kinds=kinds, longest=longest)
    return st.lists(one, max_size=most).map(lambda found: tuple(sorted(found, key=lambda fault: fault.at)))


def weathers(*, slowest: float = 1.0) -> st.SearchStrategy[Weather]:
    """Generate weathers: latencies up to ``slowest`` seconds, segments down to one byte."""
    ranges = st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(
        lambda pair: (min(pair) / 1000 * slowest, max(pair) / 1000 * slowest)
    )
    segments = st.sampled_from(((65536, 65536), (1, 65536), (1, 16), (1, 1)))
    return st.builds(Weather, up=ranges, down=ranges, segment=segments)
