"""Play the fault matrix: every row, on real sockets and in virtual time. The command ``python -m tests.faults``."""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .matrix import NAMES
from .sweep import Failure, Tally, chunks, table, work

_MARKS = "<!-- [matrix] -->", "<!-- [/matrix] -->"
_PAGE = Path("docs") / "survival.md"

app = App(name="python -m tests.faults", help=__doc__, version_flags=[], result_action="return_value")


@app.default
def faults(
    *, trials: int = 3, seeds: int = 200, jobs: int = 2, only: str = "", write: bool = False, json_lines: str = ""
) -> int:
    """Play every row and say what was measured; failures come with the command that plays them again.

    Args:
        trials: Trials of each row on real sockets.
        seeds: Seeds of each row in virtual time.
        jobs: Processes that play side by side.
        only: Rows to play, such as F01,F10; all of them if not given.
        write: Put the table into docs/survival.md.
        json_lines: Append each row's figures to this file.
    """
    wanted = {name.strip().upper() for name in only.split(",") if name.strip()}
    if unknown := wanted - set(NAMES):
        print(f"no such row: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    todo = list(chunks(trials, seeds, wanted))
    tallies: dict[str, Tally] = {name: Tally() for name in NAMES if any(chunk.name == name for chunk in todo)}
    failures: list[Failure] = []
    began = time.perf_counter()
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    with pool, Progress(*columns, console=console) as progress:
        bar = progress.add_task("trials", total=sum(len(chunk.seeds) for chunk in todo))
        for done in as_completed([pool.submit(work, chunk) for chunk in todo]):
            chunk, measured, wrong = done.result()
            tallies[chunk.name].add(chunk, measured)
            failures += wrong
            progress.advance(bar, len(chunk.seeds))
            for failure in wrong:
                progress.console.print(f"{failure.seen}\nagain: {failure.command}\n", markup=False, highlight=False)
    if json_lines:
        with Path(json_lines).open("a") as file:
            file.writelines(
                json.dumps({"row": name, "trials": tally.trials, "worst": tally.worst}) + "\n"
                for name, tally in tallies.items()
            )
    if write:
        page = _PAGE.read_text()
        head, rest = page.split(_MARKS[0])
        _PAGE.write_text(f"{head}{_MARKS[0]}\n{table(tallies)}\n{_MARKS[1]}{rest.split(_MARKS[1])[1]}")
    else:
        print(table(tallies))
    played = sum(len(chunk.seeds) for chunk in todo)
    print(f"{len(tallies)} rows, {played} trials, {len(failures)} failures, {time.perf_counter() - began:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(app())
