"""The repository keeps its own rules: layers, names of the house, no traces."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "rxbotters").rglob("*.py"), *(ROOT / "operators").rglob("*.py")])


def test_the_layers_hold() -> None:
    """import-linter's contracts of pyproject.toml."""
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    env_path = f"{ROOT}:{ROOT / 'operators'}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": env_path, "HOME": str(ROOT)},
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_short_and_begin_with_a_sentence(path: Path) -> None:
    text = path.read_text()
    if text.strip():
        assert text.startswith('"""'), "a module opens with one sentence"
    assert text.count("\n") <= 430


def test_nothing_reads_the_clock_or_rolls_dice_outside_its_place() -> None:
    """D17, C75: time and randomness are injected."""
    dice = {"_reconnect.py", "_retry_backoff.py", "_lease.py", "_resync.py"}  # the default of an argument
    allowed = {"clock.py", "server.py", "venue.py", "flow.py", *dice}
    pattern = re.compile(r"^\s*(import (time|random|secrets)\b|from (time|random|secrets) import)", re.MULTILINE)
    offenders = [path.name for path in SOURCES if pattern.search(path.read_text()) and path.name not in allowed]

    assert not offenders


def test_no_private_attribute_of_aiohttp_is_touched() -> None:
    """F109: public interfaces only, and never auth=."""
    offenders = [
        str(path)
        for path in (ROOT / "rxbotters" / "net").glob("*.py")
        if re.search(r"(session|response|ws|request)\._(?!post)[a-z]", path.read_text())
    ]

    assert not offenders


def test_no_path_of_one_machine_and_no_registry_is_named() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    for name in done.stdout.split():
        if name.endswith((".gz", ".svg", ".png")):
            continue
        text = (ROOT / name).read_text(errors="replace")
        assert str(ROOT) + "/" not in text, name
        assert "files.python" + "hosted" not in text, name
