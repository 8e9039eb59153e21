"""All rows of the fault matrix, by name, and how one trial of a row is played."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from .world import ROWS, run_real, run_virtual

__all__ = ["NAMES", "ROWS", "command", "play"]

for module in sorted(Path(__file__).parent.glob("rows_*.py")):
    import_module(f"tests.faults.{module.stem}")

NAMES = sorted(ROWS, key=lambda name: int(name[1:]))


def play(name: str, world: str, seed: int) -> dict[str, Any]:
    """Play one trial; return what it measured. What goes wrong says which trial it was, and how to see it again."""
    try:
        return run_real(ROWS[name], seed) if world == "real" else run_virtual(ROWS[name], seed)
    except BaseException as error:
        error.add_note(f"{name} in the {world} world, seed {seed}; again: {command(name, world, seed)}")
        raise


def command(name: str, world: str, seed: int) -> str:
    """Return what plays this trial again."""
    test = "test_on_real_sockets" if world == "real" else "test_in_virtual_time"
    return f"uv run pytest 'tests/faults/test_matrix.py::{test}[{name}]' --seed {seed}"
