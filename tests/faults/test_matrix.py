"""The fault matrix: every row of it on real sockets and in virtual time. See docs/survival.md for the command."""

from __future__ import annotations

import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from .world import ROWS, run_real, run_virtual

for module in sorted(Path(__file__).parent.glob("rows_*.py")):
    import_module(f"tests.faults.{module.stem}")

NAMES = sorted(ROWS, key=lambda name: int(name[1:]))


def note(config: pytest.Config, name: str, world: str, count: int, measured: dict[str, Any]) -> None:
    target = config.getoption("--survival")
    if target:
        line = {"row": name, "promise": ROWS[name].promise, "world": world, "trials": count, "measured": measured}
        with Path(target).open("a") as file:
            file.write(json.dumps(line) + "\n")


@pytest.mark.parametrize("name", [name for name in NAMES if ROWS[name].real])
def test_on_real_sockets(name: str, request: pytest.FixtureRequest) -> None:
    only = request.config.getoption("--seed")
    seeds = range(request.config.getoption("--trials")) if only is None else [only]
    measured: dict[str, Any] = {}
    for seed in seeds:
        try:
            measured = run_real(ROWS[name], seed)
        except BaseException as error:
            error.add_note(f"{name} on real sockets, seed {seed}; again: {command(name, 'real', seed)}")
            raise
    note(request.config, name, "real", len(seeds), measured)


@pytest.mark.parametrize("name", [name for name in NAMES if ROWS[name].virtual])
def test_in_virtual_time(name: str, request: pytest.FixtureRequest) -> None:
    only = request.config.getoption("--seed")
    seeds = range(request.config.getoption("--seeds")) if only is None else [only]
    measured: dict[str, Any] = {}
    with warnings.catch_warnings():
        for seed in seeds:
            try:
                measured = run_virtual(ROWS[name], seed)
            except BaseException as error:
                error.add_note(f"{name} in virtual time, seed {seed}; again: {command(name, 'virtual', seed)}")
                raise
    note(request.config, name, "virtual", len(seeds), measured)


def command(name: str, world: str, seed: int) -> str:
    test = "test_on_real_sockets" if world == "real" else "test_in_virtual_time"
    return f"uv run pytest 'tests/faults/test_matrix.py::{test}[{name}]' --seed {seed}"
