"""The named differences from pybotters, as the documentation tells them to its readers: what, and why ours is right.

A page's table, ``docs/exchanges/<page>.md``, numbers what its exchange does differently; ``docs/different.md`` numbers
what holds everywhere, heading by heading. The comparisons cite these numbers, so that what they leave out is what the
reader was told, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Difference", "Named", "difference", "told_everywhere", "told_of"]

DOCS = Path(__file__).parents[2] / "docs"
Named = int | str
"""A number of the exchange's own page, or heading and number in different.md: ``"stores 2"``."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One named difference.

    Attributes:
        page: Where it stands.
        number: Its number there.
        where: The stores it is about.
        what: What ours does.
        why: Why that is right.
    """

    page: str
    number: Named
    where: str
    what: str
    why: str


@cache
def told_of(page: str) -> dict[int, Difference]:
    """Return the differences of one exchange's page by their numbers."""
    path = DOCS / "exchanges" / f"{page}.md"
    if not path.exists():
        return {}
    _, _, text = path.read_text().partition("## Differences from pybotters\n")
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", text.partition("\n## ")[0], re.MULTILINE)
    return {int(number): _of_row(path.name, int(number), cells) for number, cells in rows}


def _of_row(page: str, number: int, cells: str) -> Difference:
    *where, what, why = (cell.strip() for cell in cells.split(" | "))  # a table about no stores has no column for them
    return Difference(page, number, ", ".join(where), what, "" if why == "–" else why)


@cache
def told_everywhere() -> dict[str, Difference]:
    """Return the differences of different.md by heading and number."""
    return dict(_of_lists((DOCS / "different.md").read_text()))


def _of_lists(text: str) -> Iterator[tuple[str, Difference]]:
    for section in text.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        for number, line in re.findall(r"^(\d+)\. (.*)$", body, re.MULTILINE):
            what, _, why = line.partition(". ")
            name = f"{heading.lower()} {number}"
            yield name, Difference("different.md", name, heading, what, why)


def difference(page: str, named: Named) -> Difference:
    """Return what a comparison cites.

    Raises:
        KeyError: The documentation tells of no such difference.
    """
    return told_of(page)[named] if isinstance(named, int) else told_everywhere()[named]
