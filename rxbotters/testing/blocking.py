"""`blocking_check`: callbacks that hold up an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from .clock import cpu_seconds
from .errors import Blocked

__all__ = ["BlockingCheck", "blocking_check"]


def _named(callback: Callable[..., object]) -> str:
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        work: Any = owner.get_coro()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return f"task {owner.get_name()!r} ({getattr(work, '__qualname__', '?')})"
    while hasattr(callback, "func"):  # functools.partial
        callback = callback.func  # pyright: ignore[reportFunctionMemberAccess]
    return getattr(callback, "__qualname__", None) or type(callback).__name__


class BlockingCheck:
    """Measures the CPU time of every callback of the loops it watches.

    Args:
        limit_ms: What one callback may take, milliseconds of CPU. A machine under load does not make it longer.
    """

    def __init__(self, limit_ms: float = 50.0) -> None:
        if not limit_ms > 0:
            raise ValueError(f"limit_ms must be positive milliseconds, got {limit_ms!r}")
        self.limit_ms = limit_ms
        self._over: list[tuple[str, float]] = []

    def _timed(self, callback: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object) -> object:
            began = cpu_seconds()
            try:
                return callback(*args)
            finally:
                ms = (cpu_seconds() - began) * 1000
                if ms > self.limit_ms:
                    self._over.append((_named(callback), ms))

        return run

    @contextmanager
    def watch(self, loop: asyncio.AbstractEventLoop) -> Generator[None]:
        """Measure what ``loop`` is given to do in this block."""
        kept = {name: loop.__dict__.get(name) for name in ("call_soon", "call_at")}
        for name, position in (("call_soon", 0), ("call_at", 1)):
            setattr(loop, name, self._wrapped(getattr(loop, name), position))
        try:
            yield
        finally:
            for name, method in kept.items():
                if method is None:
                    delattr(loop, name)
                else:
                    setattr(loop, name, method)

    def _wrapped(self, schedule: Callable[..., Any], position: int) -> Callable[..., Any]:
        @wraps(schedule)
        def scheduled(*args: Any, **options: Any) -> Any:
            return schedule(*args[:position], self._timed(args[position]), *args[position + 1 :], **options)

        return scheduled

    def verify(self) -> None:
        """See that nobody was over the limit.

        Raises:
            Blocked: Naming the offenders.
        """
        if self._over:
            raise Blocked(self.limit_ms, sorted(self._over, key=lambda entry: -entry[1]))


@contextmanager
def blocking_check(
    loop: asyncio.AbstractEventLoop | None = None, *, limit_ms: float = 50.0, calls: bool = True
) -> Generator[BlockingCheck]:
    """See that no callback holds up the loop.

    Args:
        loop: Whose callbacks; ``None``: the running loop.
        limit_ms: Milliseconds of CPU that one callback may take.
        calls: With the package `blockbuster` installed, also refuse calls that sleep or do file or socket I/O in a
            coroutine: its ``BlockingError`` is raised where the call stands.

    Raises:
        Blocked: At the end of the block.

    Example:
        >>> from rxbotters.testing import run
        >>> async def main() -> None:
        ...     with blocking_check(limit_ms=5, calls=False):
        ...         await asyncio.sleep(1)
        ...         sum(range(3_000_000))  # 20 ms and more
        ...         await asyncio.sleep(1)
        >>> try:
        ...     run(main())
        ... except Blocked as error:
        ...     print([name for name, _ in error.slowest])
        ["task 'main' (main)"]
    """
    check = BlockingCheck(limit_ms)
    with ExitStack() as stack:
        if calls:
            _refuse_calls(stack)
        stack.enter_context(check.watch(loop or asyncio.get_running_loop()))
        yield check
    check.verify()


def _refuse_calls(stack: ExitStack) -> None:
    try:
        from blockbuster import blockbuster_ctx
    except ImportError:
        return  # it is optional, and the measuring goes on without it
    stack.enter_context(blockbuster_ctx())
