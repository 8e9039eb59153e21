"""Every task has an owner, and every wait an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

__all__ = ["Gate", "Tasks"]


class Tasks:
    """The tasks of one client. An exception that escapes one is reported, never lost.

    Args:
        report: Hears what escaped.
    """

    def __init__(self, report: Callable[[Exception], None]) -> None:
        self._report = report
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start ``work`` and own it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            error = task.exception()
            if isinstance(error, Exception):
                self._report(error)

    async def close(self, within: float) -> None:
        """Cancel every task and wait until they are gone, ``within`` seconds at most."""
        current = asyncio.current_task()
        running = {task for task in self._running if task is not current}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=within)

    def __len__(self) -> int:
        return len(self._running)


class Gate:
    """A door that many may wait at: open, shut, or broken for good."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._open = False
        self._error: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether `wait` returns at once."""
        return self._open

    def open(self) -> None:
        """Let everybody through until it is shut."""
        self._open = True
        self._settle(None)

    def shut(self) -> None:
        """Make who comes from now on wait."""
        self._open = False

    def fail(self, error: Exception) -> None:
        """Break the door: whoever waits, or comes later, gets ``error``."""
        self._open = False
        self._error = error
        self._settle(error)

    def refuse(self, error: Exception) -> None:
        """Turn away who waits now; later comers may wait again."""
        self._settle(error)

    def _settle(self, error: Exception | None) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                if error is None:
                    future.set_result(None)
                else:
                    future.set_exception(error)

    async def wait(self) -> None:
        """Wait until the door opens.

        Raises:
            Exception: What `fail` or `refuse` was given.
        """
        if self._open:
            return
        if self._error is not None:
            raise self._error
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    def __await__(self) -> Generator[Any, None, None]:
        return self.wait().__await__()
