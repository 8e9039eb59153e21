"""The example in every public docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

import rxbotters
import rxbotters_operators

SKIPPED = {"rxbotters.__main__", "rxbotters.cli.__main__"}  # importing them runs the command


def modules() -> list[str]:
    return [
        found.name
        for package in (rxbotters, rxbotters_operators)
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        if found.name not in SKIPPED
    ]


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)

    assert result.failed == 0
