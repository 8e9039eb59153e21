"""Small things that the tests of most exchanges need."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

from rxbotters.exchanges import exchange_of
from rxbotters.testing.conformance import Asked


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
