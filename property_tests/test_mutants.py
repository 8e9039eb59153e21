"""The list of mistakes that the sessions must notice does not rot; ``python -m property_tests.mutants`` tries them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from property_tests.mutants import MUTANTS, ROOT, Mutant
from property_tests.sessions import every_wire

BY_MUTANT = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)


@BY_MUTANT
def test_a_mutant_changes_one_place_and_leaves_a_program(mutant: Mutant) -> None:
    text = Path(ROOT / mutant.file).read_text()

    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    ast.parse(text.replace(mutant.old, mutant.new))


@BY_MUTANT
def test_somebody_is_to_notice_it(mutant: Mutant) -> None:
    assert mutant.by
    assert all(Path(ROOT / who.partition("::")[0]).exists() if "/" in who else who in every_wire() for who in mutant.by)


def test_no_mutant_is_there_twice() -> None:
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS) >= 20
