"""The benchmarks run, their two sides agree, and every goal of the speed budget has its row. No figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own: pybotters' deprecated calls are its warnings, not ours."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_smallest_run_has_a_row_for_every_goal() -> None:
    done = bench("--quick", "--runs", "1", "--json")

    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert {result["goal"] for result in results} == {f"G{number}" for number in range(1, 17)}
    assert all(result["rxbotters"] > 0 and result["peer"] > 0 and result["ratio"] > 0 for result in results)
    judged = {result["goal"] for result in results if result["limit"] is not None}
    assert judged == {f"G{number}" for number in range(1, 17)}


def test_without_a_terminal_the_table_is_plain_and_only_what_was_asked_for() -> None:
    done = bench("--quick", "--runs", "1", "--only", "g7,G11")

    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split()[:2] == ["goal", "what"]
    assert {row.split()[0] for row in rows} == {"G7", "G11"}
    assert "\x1b" not in done.stdout


def test_an_unknown_goal_is_refused() -> None:
    done = bench("--only", "G17")

    assert done.returncode == 2
    assert "G17" in done.stderr
