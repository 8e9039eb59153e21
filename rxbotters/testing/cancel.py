"""Cancellation at every await point: what a program does when it is stopped anywhere.

Rules
  1. An await point is a moment at which a task gives control back to the loop. The first one is number 1.
  2. The cancellation arrives where a real one would: inside that await.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

__all__ = ["Cut", "Stepped", "cancelled_at"]

T = TypeVar("T")


class Stepped(Coroutine[Any, Any, T]):
    """A coroutine whose steps are counted.

    Args:
        work: The coroutine.
        point: Asked at its first step for the await point to cancel at; 0: none.
        reached: Called when that point is reached.
    """

    def __init__(
        self, work: Coroutine[Any, Any, T], point: Callable[[], int], reached: Callable[[], None] = lambda: None
    ) -> None:
        self.work = work
        self._point = point
        self._reached = reached
        self._at: int | None = None
        self._steps = 0

    def send(self, value: Any) -> Any:
        """Go on to the next await point."""
        if self._at is None:
            self._at = self._point()
        return self._count(self.work.send(value))

    def throw(self, *args: Any) -> Any:
        """Go on to the next await point with an exception."""
        return self._count(self.work.throw(*args))

    def close(self) -> None:
        """Give up."""
        self.work.close()

    def _count(self, awaited: Any) -> Any:
        self._steps += 1
        if self._steps == self._at:
            self._reached()
            task = asyncio.current_task()
            if task is not None:
                task.cancel(f"at await point {self._at}")
        return awaited

    def __await__(self) -> Generator[Any, Any, T]:
        step: Callable[[], Any] = partial(self.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                value = yield awaited
            except BaseException as error:
                step = partial(self.throw, error)
            else:
                step = partial(self.send, value)


def cancelled_at(
    work: Coroutine[Any, Any, T], at: int, *, reached: Callable[[], None] = lambda: None
) -> Coroutine[Any, Any, T]:
    """Return a coroutine that is ``work``, but cancels the task it runs in at its await point number ``at``.

    Args:
        work: A coroutine.
        at: From 1 on; if it ends earlier, nothing is cancelled.
        reached: Called when the point is reached.

    Raises:
        ValueError: ``at`` is below 1.

    Example:
        >>> from rxbotters.testing import run
        >>> async def main() -> None:
        ...     task = asyncio.create_task(cancelled_at(asyncio.sleep(1, "slept"), 1))
        ...     await asyncio.wait([task])
        ...     print(task.cancelled())
        >>> run(main())
        True
    """
    if at < 1:
        work.close()
        raise ValueError(f"at must be 1 or more, got {at!r}")
    return Stepped(work, lambda: at, reached)


class Cut:
    """Runs a coroutine in a task of its own and cancels it at one await point; see `every_await_point`.

    Args:
        at: Which one.

    Attributes:
        reached: Whether there were so many.
        swallowed: Whether the coroutine went on as if nothing had happened.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.reached = False
        self.swallowed = False

    async def __call__(self, work: Coroutine[Any, Any, Any], name: str = "cut") -> bool:
        """Run ``work``; return whether it ran to its end.

        Raises:
            Exception: What ``work`` raised instead of ending.
        """

        def reach() -> None:
            self.reached = True

        task = asyncio.get_running_loop().create_task(cancelled_at(work, self.at, reached=reach), name=name)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.cancelled():
            return False
        task.result()
        self.swallowed = self.reached
        return True
