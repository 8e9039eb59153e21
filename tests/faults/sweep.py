"""A sweep over the matrix: what there is to play, in pieces that processes can share, and what became of it."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .matrix import NAMES, ROWS, command, play

__all__ = ["Chunk", "Failure", "Tally", "chunks", "table", "work"]

_CHUNK = 20  # trials that a process plays at a time


class Chunk(NamedTuple):
    """Some trials of one row in one world."""

    name: str
    world: str
    seeds: range


class Failure(NamedTuple):
    """A trial that went wrong: what was seen, and the command that shows it again."""

    command: str
    seen: str


@dataclass
class Tally:
    """What became of a row: trials by world, and the worst figure it measured of each kind."""

    trials: dict[str, int] = field(default_factory=dict)
    worst: dict[str, Any] = field(default_factory=dict)

    def add(self, chunk: Chunk, measured: dict[str, Any]) -> None:
        self.trials[chunk.world] = self.trials.get(chunk.world, 0) + len(chunk.seeds)
        for name, value in measured.items():
            self.worst[name] = max(value, self.worst.get(name, value))


def chunks(trials: int, seeds: int, only: set[str]) -> Iterator[Chunk]:
    """Return all there is to do, the long ones first."""
    for world, count in (("virtual", seeds), ("real", trials)):
        for name in NAMES:
            if getattr(ROWS[name], world) and (not only or name in only):
                for first in range(0, count, _CHUNK):
                    yield Chunk(name, world, range(first, min(first + _CHUNK, count)))


def work(chunk: Chunk) -> tuple[Chunk, dict[str, Any], list[Failure]]:
    """Play a chunk in this process."""
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # what our servers say of clients that vanish
    tally, failures = Tally(), []
    for seed in chunk.seeds:
        try:
            with warnings.catch_warnings():
                tally.add(chunk, play(chunk.name, chunk.world, seed))
        except Exception:
            failures.append(Failure(command(chunk.name, chunk.world, seed), traceback.format_exc()))
    return chunk, tally.worst, failures


def table(tallies: dict[str, Tally]) -> str:
    """Return the rows as Markdown."""
    lines = ["| row | promised | measured | worst | real | virtual |", "|---|---|---|---:|---:|---:|"]
    for name in NAMES:
        if name in tallies:
            tally = tallies[name]
            figures = ", ".join(tally.worst) or "as promised"
            worst = ", ".join(map(str, tally.worst.values())) or "–"
            counts = " | ".join(str(tally.trials.get(world) or "–") for world in ("real", "virtual"))
            lines.append(f"| {name} | {ROWS[name].promise} | {figures} | {worst} | {counts} |")
    return "\n".join(lines)
