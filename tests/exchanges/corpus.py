"""A whole corpus of recordings through both libraries, and one table of what came out:

uv run python -m tests.exchanges.compare FOLDER
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .alone import alone
from .compare import Pairing, Seen, compare, pairings
from .differences import Named, difference

__all__ = ["Outcome", "files", "main", "replay"]

_HEAD = ("folder", "file", "records", "compared", "stores", "changes", "named differences", "result")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one file came to; ``unexplained`` is empty if every difference has a name."""

    folder: str
    file: str
    pairing: Pairing
    seen: Seen
    unexplained: str = ""

    def cells(self) -> tuple[str, ...]:
        """Return one row of the table."""
        named = ", ".join(f"{count}× {name}" for name, count in sorted(self.seen.named.items(), key=_order)) or "–"
        counts = (self.records, self.compared, len(self.pairing.names()), self.seen.changes)
        return self.folder, self.file, *map(str, counts), named, "DIFFERENT" if self.unexplained else self._result()

    def _result(self) -> str:
        if self.pairing.alone is None:
            return "equal"
        why = difference(self.pairing.page, self.pairing.alone).why
        refused = ", ".join(f"{count}× {name}" for name, count in sorted(self.seen.refused.items())) or "nothing"
        return f"no counterpart: {why}; {self.seen['told']} changes of ours; refused: {refused}"

    @property
    def records(self) -> int:
        """How many records the file has."""
        return self.seen["ws"] + self.seen["rest"] + self.seen["skipped"]

    @property
    def compared(self) -> int:
        """How many of them went through both."""
        return self.seen["ws"] + self.seen["rest"] - self.seen["errors of theirs"]


def _order(entry: tuple[Named, int]) -> tuple[bool, str]:
    return isinstance(entry[0], str), f"{entry[0]:>12}"


def files(corpus: Path) -> Iterator[tuple[str, Pairing, Path]]:
    """Yield every recording of a corpus that an exchange here can read: folder, pairing, path."""
    for folder, pairing in pairings().items():
        for path in sorted((corpus / folder).glob("*.jsonl*")):
            yield folder, pairing, path


def replay(folder: str, pairing: Pairing, path: Path) -> Outcome:
    """Compare one file; what is different without a name is told, not raised."""
    with contextlib.redirect_stdout(io.StringIO()):  # the reference prints what exchanges refuse
        try:
            seen = asyncio.run(alone(pairing, path) if pairing.theirs is None else compare(pairing, path))
        except AssertionError as error:
            return Outcome(folder, path.name, pairing, Seen(), str(error))
    nameless = f"{seen.named['']} records are left out without a name" if seen.named[""] else ""
    return Outcome(folder, path.name, pairing, seen, nameless)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return all outcomes in plain columns."""
    rows = [_HEAD, *(outcome.cells() for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def legend(outcomes: Iterable[Outcome]) -> str:
    """Return every difference that was named, with why ours is right."""
    cited = {
        (outcome.pairing.page, named)
        for outcome in outcomes
        for named in (*outcome.seen.named, *outcome.pairing.named())
        if named != ""
    }
    found = {difference(page, named) for page, named in cited}
    lines = sorted((one.page, f"{one.number:>10}", one) for one in found)
    told = ((f"{page} {one.number}", one.where, f"{one.what} — {one.why}") for page, _, one in lines)
    return "\n".join(": ".join(filter(None, parts)) for parts in told)


def main(corpus: Path) -> int:
    """Replay a corpus and print the table; return 1 if anything is different without a name."""
    outcomes = []
    for folder, pairing, path in files(corpus):
        outcomes.append(replay(folder, pairing, path))
    without = sorted({path.name for path in corpus.iterdir() if path.is_dir()} - {one.folder for one in outcomes})
    print(table(outcomes))
    print(f"\nnamed differences\n{legend(outcomes)}")
    if without:
        print(f"\nno exchange reads: {', '.join(without)}")
    bad = [outcome for outcome in outcomes if outcome.unexplained]
    for outcome in bad:
        print(f"\n{outcome.folder}/{outcome.file}: {outcome.unexplained[:1500]}")
    records, compared = sum(one.records for one in outcomes), sum(one.compared for one in outcomes)
    changes = sum(one.seen.changes for one in outcomes)
    print(
        f"\n{len(outcomes)} files, {records} records, {compared} compared, {changes} equal changes, {len(bad)} unexplained"
    )
    return 1 if bad or not outcomes else 0
