"""Small things that the tests of most exchanges need."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import runpy
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from rxbotters.exchanges import exchange_of
from rxbotters.testing.conformance import Asked

_DOCS = Path(__file__).parents[2] / "docs"


def heard(source: Any) -> list[Exception]:
    """Return the list that all errors of a store or a connection go to from now on."""
    errors: list[Exception] = []
    source.errors.subscribe(errors.append)
    return errors


def calls(name: str) -> Iterator[Asked]:
    """Yield the requests of an exchange that are compared with the reference's: the ``…CALLS`` of its tests."""
    module = importlib.import_module(f"tests.exchanges.{name}.test_against_pybotters")
    listed = [calls for name, calls in vars(module).items() if name.endswith("CALLS")]
    first = next(iter(exchange_of(name).rest))
    for method, url, arguments in chain.from_iterable(listed):
        yield Asked(method, url if "://" in url else f"https://{first}{url}", **arguments)


def example(name: str) -> list[str]:
    """Run the example of an exchange as a program, and return the lines it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(_DOCS / "examples" / f"{name}.py"), run_name="__main__")
    return printed.getvalue().splitlines()


def program(name: str) -> tuple[str, str]:
    """Run the one program that the page of an exchange shows; return what it printed, and what the page says it prints."""
    page = (_DOCS / "exchanges" / f"{name}.md").read_text()
    ((code, output),) = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", page, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<page>", "exec"), {"__name__": "page"})
    return printed.getvalue(), output
