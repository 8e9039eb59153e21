"""G14: what importing the library costs a program that has just begun."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

from .case import Case, Sample, Scale
from .peers import sides

__all__ = ["cases"]

_PROGRAM = """
import time
began = time.process_time()
import {name}
{name}.Client  # what every program names; ours comes when it is named
print(time.process_time() - began)
"""


def _import(lib: Any, times: int) -> Sample:
    """Import in fresh interpreters; the byte code is there since this process imported the same."""
    costs = [
        float(
            subprocess.run(
                [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _PROGRAM.format(name=lib.__name__)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(times)
    ]
    return Sample(median(costs), True)


def cases(scale: Scale) -> Iterator[Case]:
    """CPU of the import, and of naming the client."""
    yield Case("G14", "import", "≤", 0.95, *sides(_import, scale(3, 1)), unit="ms")
