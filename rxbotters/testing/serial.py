"""Tasks and futures that hash by a serial number of their loop: a set of them iterates in the same order in every run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, cast

__all__ = ["SerialFuture", "SerialTask"]

T = TypeVar("T")


class _Counting(Protocol):
    numbers: Iterator[int]


def _next(loop: asyncio.AbstractEventLoop) -> int:
    return next(cast(_Counting, loop).numbers)


class SerialTask(asyncio.Task[T]):
    """A task whose hash is the number it got when it was first asked for."""

    _serial = 0

    def __hash__(self) -> int:
        if not self._serial:
            self._serial = _next(self.get_loop())
        return self._serial


class SerialFuture(asyncio.Future[Any]):
    """A future whose hash is the number it got when it was first asked for."""

    _serial = 0

    def __hash__(self) -> int:
        if not self._serial:
            self._serial = _next(self.get_loop())
        return self._serial
