"""`map_async`: one awaitable per item, so many at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable

from ._buffer import Buffer, Overflow, whole
from .errors import BufferOverflow
from .hot import Lean, OnCompleted, OnError, OnNext, nothing

__all__ = ["map_async"]

A = TypeVar("A")
B = TypeVar("B")


def map_async(
    fn: Callable[[A], Awaitable[B]],
    *,
    limit: int = 1,
    ordered: bool = True,
    buffer: int = 1000,
    overflow: Overflow = "error",
    on_drop: Callable[[int], None] = nothing,
) -> Callable[[Observable[A]], Observable[B]]:
    """Await ``fn(item)`` for every item, at most ``limit`` at a time, and emit what they give.

    ::

        source                        -a-b-c-----------
        map_async(f, limit=2)         ------A-B---C----      ordered: B waits for A
        …, ordered=False              ----B-A-----C----      as they finish

    The tasks belong to the subscription: disposing cancels them.

    Args:
        fn: An async function, or any that returns an awaitable, such as ``lambda order: client.fetch("POST", …)``.
        limit: How many may be under way; 1 keeps requests strictly one after the other.
        ordered: Emit in the order of the source, else as they finish.
        buffer: Items that may wait for their turn.
        overflow: What happens beyond: ``"error"``, ``"drop_oldest"`` or ``"drop_newest"``.
        on_drop: Called with the total of dropped items whenever it grows.

    Raises:
        ValueError: At call time, for a limit or a buffer below 1 or the policy ``"block"``.

    Errors:
        Whatever ``fn`` raises: the others are cancelled. BufferOverflow: With ``"error"``, at once. RuntimeError: A task
        was cancelled by somebody else.

    Example:
        >>> import asyncio, reactivex as rx
        >>> async def double(number: int) -> int:
        ...     return 2 * number
        >>> async def main() -> int:
        ...     return await rx.of(1, 2, 3).pipe(map_async(double, limit=2))
        >>> asyncio.run(main())
        6
    """
    whole("limit", limit)
    if overflow not in ("error", "drop_oldest", "drop_newest"):
        raise ValueError(f"map_async() can overflow by 'error', 'drop_oldest' or 'drop_newest', not {overflow!r}")
    Buffer[Any](buffer, overflow)  # refuses a bad size now

    def operator(source: Observable[A]) -> Observable[B]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            loop = asyncio.get_running_loop()
            waiting: Buffer[A] = Buffer(buffer, overflow, name="map_async")
            running: deque[asyncio.Task[B]] = deque()
            upstream = SerialDisposable()
            over = False
            source_done = False

            def stop() -> None:
                nonlocal over
                over = True
                upstream.dispose()
                for task in running:
                    task.cancel()
                running.clear()

            def fail(error: Exception) -> None:
                if not over:
                    stop()
                    on_error(error)

            def pump() -> None:
                while not over and len(running) < limit and len(waiting):
                    item = waiting.get_nowait()
                    task = loop.create_task(_await(fn, item))
                    running.append(task)
                    task.add_done_callback(finished)
                if not over and source_done and not running and not len(waiting):
                    stop()
                    on_completed()

            def finished(task: asyncio.Task[B]) -> None:
                if over:
                    if not task.cancelled():
                        task.exception()  # seen: nobody else will ask
                    return
                if ordered:
                    while running and running[0].done() and not over:
                        emit(running.popleft())
                else:
                    running.remove(task)
                    emit(task)
                pump()

            def emit(task: asyncio.Task[B]) -> None:
                if task.cancelled():
                    fail(RuntimeError("map_async: a task was cancelled from outside"))
                    return
                error = task.exception()
                if error is None:
                    try:
                        on_next(task.result())
                    except Exception as fault:
                        fail(fault)
                        raise
                elif isinstance(error, Exception):
                    fail(error)
                else:
                    stop()
                    raise error

            def forward(item: A) -> None:
                if over:
                    return
                dropped = waiting.dropped
                waiting.push(item)
                if waiting.closed:
                    fail(BufferOverflow("map_async", buffer, waiting.dropped, overflow))
                pump()
                if waiting.dropped != dropped:
                    on_drop(waiting.dropped)

            def complete() -> None:
                nonlocal source_done
                source_done = True
                pump()

            upstream.disposable = source.subscribe(forward, fail, complete, scheduler=given)
            return Disposable(stop)

        return Lean(run)

    return operator


async def _await(fn: Callable[[Any], Awaitable[B]], item: Any) -> B:
    return await fn(item)
