"""The fault matrix: every row of it on real sockets and in virtual time. See docs/survival.md for the whole of it."""

from __future__ import annotations

import warnings

import pytest

from .matrix import NAMES, ROWS, play


@pytest.mark.parametrize("name", [name for name in NAMES if ROWS[name].real])
def test_on_real_sockets(name: str, request: pytest.FixtureRequest) -> None:
    only = request.config.getoption("--seed")
    for seed in range(request.config.getoption("--trials")) if only is None else [only]:
        play(name, "real", seed)


@pytest.mark.parametrize("name", [name for name in NAMES if ROWS[name].virtual])
def test_in_virtual_time(name: str, request: pytest.FixtureRequest) -> None:
    only = request.config.getoption("--seed")
    with warnings.catch_warnings():
        for seed in range(request.config.getoption("--seeds")) if only is None else [only]:
            play(name, "virtual", seed)
