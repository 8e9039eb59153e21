"""Requests as values: await one, enter one, or subscribe to one. Each run is a new request, signed afresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, TypeVar

import aiohttp
from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxbotters_operators.hot import OnCompleted, OnError, callbacks

from .result import FetchResult
from .tasks import Tasks

__all__ = ["Call", "Fetch"]

T = TypeVar("T")
Run = Callable[[], Coroutine[Any, Any, T]]


class _Cold(Observable[T], Coroutine[Any, Any, T], Generic[T]):
    """A request that was described and not sent yet.

    It is awaitable, works with `asyncio.create_task` and `asyncio.gather`, and is a cold observable of one item.
    """

    def __init__(self, run: Run[T], tasks: Callable[[], Tasks], label: Callable[[], str], asked: object) -> None:
        Observable.__init__(self)  # pyright: ignore[reportUnknownMemberType]
        self._run = run
        self._tasks = tasks
        self._label = label
        self._asked = asked
        self._running: Coroutine[Any, Any, T] | None = None

    def __await__(self) -> Generator[Any, Any, T]:
        return self._run().__await__()

    @property
    def asked(self) -> str:
        """What is asked for, as the caller wrote it: the same text for the same question, however often it is signed.

        What has it can be awaited again, which sends it again.
        """
        return f"{self._label()} {self._asked!r}"

    # The coroutine protocol, so that create_task() takes it.

    def send(self, value: Any) -> Any:
        if self._running is None:
            self._running = self._run()
        return self._running.send(value)

    def throw(self, *args: Any) -> Any:
        if self._running is None:
            self._running = self._run()
        return self._running.throw(*args)

    def close(self) -> None:
        if self._running is not None:
            self._running.close()

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | Callable[[T], None] | None = None,
        on_error: OnError | None = None,
        on_completed: OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Send the request; its answer is the one item. Disposing cancels it."""
        tell, fail, end = callbacks(on_next, on_error, on_completed)

        async def work() -> None:
            try:
                result = await self._run()
            except Exception as error:
                fail(error)
                return
            tell(result)
            end()

        task = self._tasks().spawn(work(), f"rxbotters {self._label()}")

        def dispose() -> None:
            task.cancel()

        return Disposable(dispose)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._label()}>"


class Call(_Cold[aiohttp.ClientResponse]):
    """A request whose answer is aiohttp's own response: ``await`` it, or ``async with`` it to have it released."""

    def __init__(self, run: Run[Any], tasks: Callable[[], Tasks], label: Callable[[], str], asked: object) -> None:
        super().__init__(run, tasks, label, asked)
        self._entered: list[tuple[Any, aiohttp.ClientResponse]] = []  # the task that entered, and what it got

    async def __aenter__(self) -> aiohttp.ClientResponse:
        response = await self._run()
        self._entered.append((asyncio.current_task(), response))
        return response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        me = asyncio.current_task()
        mine = [entry for entry in self._entered if entry[0] is me] or self._entered
        entry = mine[-1]
        self._entered.remove(entry)
        entry[1].release()
        await entry[1].wait_for_close()


class Fetch(_Cold[FetchResult]):
    """A request whose answer was read to its end: ``await`` it, or subscribe to it."""
