"""`VirtualLoop`: an asyncio event loop whose clock jumps.

Rules
  1. Time passes only when nothing is ready: then it jumps to the next timer. Computing takes no time.
  2. Nothing is ever waited for outside: no socket, no thread, no process, no signal of another program.
  3. Chance has one source, the seed; sets of tasks and futures iterate in one order.
  4. What goes wrong ends the run with its name: deadlock, livelock, time limit, whatever is left behind.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from contextvars import Context
from fnmatch import fnmatchcase
from itertools import count
from math import ulp
from types import TracebackType
from typing import Any, TypeVar, cast

from rxbotters.clock import Clock

from .cancel import Stepped
from .clock import lent, seeded, virtual_clock
from .dialling import Dialling
from .errors import Deadlock, Livelock, OutOfTime, SimulationError, Unclean
from .faults import Faults
from .network import Network
from .script import Fault, dump_script
from .serial import SerialFuture, SerialTask
from .trace import Plain, Trace
from .weather import Weather
from .where import describe_all

__all__ = ["EPOCH", "VirtualLoop", "current_loop"]

T = TypeVar("T")

EPOCH = 1_767_225_600.0
"""Unix time at virtual second 0, unless told otherwise: 2026-01-01 00:00:00 UTC."""
_NANOSECOND = 1e-9
_TURNS = 100_000  # of the loop in one instant
_SETTLE = 20  # turns that callbacks may take to finish once the program has


class _Jump(selectors.SelectSelector):
    """A selector that sees nothing: it hands the time asyncio would sleep to the loop."""

    def __init__(self, idle: Callable[[float | None], None]) -> None:
        super().__init__()
        self._idle = idle

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._idle(timeout)
        return []


class VirtualLoop(Dialling):
    """An event loop in virtual time, with a network in memory.

    Args:
        seed: Of every latency, die and nonce.
        start: What `time` says at the beginning.
        epoch: Unix time when `time` says 0.
        until: Virtual time at which a run is given up; ``None``: never.
        weather: What connections are like.
        script: Faults to schedule at once.
        keep: Lines of the trace to remember.
        turns: Turns of the loop allowed in one instant.

    Attributes:
        network: Names, servers and connections.
        faults: The switches.
        trace: What happened.
        clock: A `Clock` to give to a `Client`: this loop's time, seeded dice and nonces.
        problems: Errors that nobody handled.

    Example:
        >>> async def main() -> float:
        ...     await asyncio.sleep(3600)
        ...     return asyncio.get_running_loop().time()
        >>> with VirtualLoop() as loop:
        ...     loop.run(main())
        3600.0
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        start: float = 0.0,
        epoch: float = EPOCH,
        until: float | None = None,
        weather: Weather | None = None,
        script: Iterable[Fault] = (),
        keep: int = 1000,
        turns: int = _TURNS,
    ) -> None:
        self.seed = seed
        self.until = until
        self._now = float(start)
        self._epoch = epoch
        self._turns_allowed = turns
        self._turns = 0
        self._chance = seeded(seed, "random")
        self._watched: list[tuple[str, int]] = []
        self._failed = False
        self.numbers: Iterator[int] = count(1)
        super().__init__(_Jump(self._idle))
        self._clock_resolution = (
            _NANOSECOND  # asyncio takes the machine's, which on some is 16 ms: timers would fire early
        )
        self.trace = Trace(keep)
        self.network = Network(self, self.trace, seed, weather or Weather())
        self.faults = Faults(self)
        self.clock: Clock = virtual_clock(self, seed)
        self.problems: list[str] = []
        self.set_exception_handler(self._problem)
        self.faults.schedule(script)

    # ------------------------------------------------------------------ time

    def time(self) -> float:
        """Return virtual seconds, a multiple of 1 ns; never goes back."""
        return self._now

    def wall(self) -> float:
        """Return Unix time in seconds; jumps by the fault ``clock``."""
        return self._epoch + self._now

    def jump(self, by: float) -> None:
        """Set the wall clock ``by`` seconds forward, or back; `time` takes no notice."""
        self._epoch += by

    def _idle(self, timeout: float | None) -> None:
        """Let time pass; asyncio would sleep now."""
        if timeout is None:
            raise Deadlock(self._now, self.pending())
        passed = round(self._now + timeout, 9)
        if passed <= self._now:
            self._turns += 1
            if self._turns > self._turns_allowed:
                self._turns = 0
                raise Livelock(self._now, self._turns_allowed, self.pending())
            return
        if self.until is not None and passed > self.until:
            self._now = max(self._now, self.until)
            raise OutOfTime(self.until, self.pending())
        self._turns = 0
        self._now = passed
        self._clock_resolution = max(_NANOSECOND, ulp(passed))  # after some months a float cannot tell 1 ns apart

    # ------------------------------------------------------------------ running

    def run_forever(self) -> None:
        """Run until stopped; `random`, and the clocks that aiohttp and reactivex read, are ours meanwhile."""
        with lent(self, self._chance):
            super().run_forever()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run ``main`` to its end; what fails carries a note on how to see it again.

        Raises:
            Deadlock: Nothing can happen any more.
            OutOfTime: The limit ``until`` was reached.
            Livelock: Time does not pass.
            Exception: What ``main`` raises.
        """
        try:
            return self.run_until_complete(self.create_task(main, name="main"))
        except BaseException as error:
            self._failed = True
            error.add_note(
                f"virtual time {self._now:g} s; replay: seed={self.seed}, "
                f"script=load_script({dump_script(self.faults.history)!r})"
            )
            raise

    def pending(self) -> list[str]:
        """Return one line for each pending task, with the place where it waits."""
        return describe_all(task for task in asyncio.all_tasks(self) if not task.done())

    def finish(self) -> None:
        """End everything and close the loop.

        Raises:
            Unclean: Something was left behind: a task, an open connection, an error that nobody handled.
        """
        if self.is_closed():
            return
        self.until = None
        self.set_task_factory(None)
        try:
            self._turn()
            left, tasks = self.pending(), asyncio.all_tasks(self)
            open_ends = self.network.open_ends()
            for task in sorted(tasks, key=hash):
                task.cancel()
            self.network.abort()
            try:
                if tasks:
                    self.run_until_complete(asyncio.wait(tasks))
                self.run_until_complete(self.shutdown_asyncgens())
                self._turn()
            except SimulationError as error:
                self.problems.append(f"tasks do not end although they were cancelled: {error}")
        finally:
            self.close()
        if left or open_ends or self.problems:
            raise Unclean(tasks=left, connections=open_ends, problems=self.problems)

    def _turn(self) -> None:
        """Let what is ready happen; no time passes."""

        async def settle() -> None:
            for _ in range(_SETTLE):
                await asyncio.sleep(0)

        self.run_until_complete(settle())

    def __enter__(self) -> VirtualLoop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish()
        except Unclean as unclean:
            if error is not None:
                error.add_note(str(unclean))
            elif not self._failed:
                raise

    def _problem(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        text = f"{context.get('message')}" + (f": {type(error).__name__}: {error}" if error is not None else "")
        self.problems.append(text)
        self.default_exception_handler(context)

    # ------------------------------------------------------------------ tasks

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,
    ) -> asyncio.Task[T]:
        """Make a task whose place in a set is the same in every run."""
        if self._watched:
            coro = Stepped(cast("Coroutine[Any, Any, T]", coro), self._point)
        if self.get_task_factory() is not None:
            return super().create_task(coro, name=name, context=context, **options)
        label = None if name is None else str(name)
        task: asyncio.Task[T] = SerialTask(coro, loop=self, name=label, context=context, **options)
        hash(task)
        return task

    def _point(self) -> int:
        """Return the await point the task that begins is to be cancelled at; 0: none."""
        task = asyncio.current_task()
        for number, (pattern, point) in enumerate(self._watched):
            if task is not None and fnmatchcase(task.get_name(), pattern):
                del self._watched[number]
                return point
        return 0

    def create_future(self) -> asyncio.Future[Any]:
        """Make a future whose place in a set is the same in every run."""
        return SerialFuture(loop=self)

    def cancel(self, pattern: str, point: int = 0) -> int:
        """Cancel tasks by name.

        Args:
            pattern: Of names, such as ``rxbotters connection *``.
            point: 0: cancel those that run now; ``k``: the next one that begins, at its await point ``k``.

        Returns:
            How many were cancelled now.
        """
        if point > 0:
            self._watched.append((pattern, point))
            return 0
        tasks = [task for task in asyncio.all_tasks(self) if fnmatchcase(task.get_name(), pattern)]
        for task in sorted(tasks, key=hash):
            task.cancel("by the fault 'cancel'")
        return len(tasks)

    # ------------------------------------------------------------------ trace

    def note(self, what: str, **values: Plain) -> None:
        """Write a line of your own into the trace.

        Raises:
            TypeError: A value is not text, a number, a bool or ``None``.
        """
        self.trace.add(self._now, "program", what, **values)

    def trace_hash(self) -> str:
        """Return the hash of all that has happened: the same for the same program and seed."""
        return self.trace.hexdigest()


def current_loop() -> VirtualLoop:
    """Return the virtual loop that is running.

    Raises:
        RuntimeError: None is.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        raise RuntimeError(f"this runs in a {type(loop).__name__}, not in a VirtualLoop")
    return loop
