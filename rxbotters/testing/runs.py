"""`run` and `every_await_point`: a program in virtual time, once, or once for each place it can be cancelled at."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from itertools import count
from typing import Any, TypeVar

from .cancel import Cut
from .errors import SimulationError
from .loop import EPOCH, VirtualLoop
from .script import Fault
from .weather import Weather

__all__ = ["every_await_point", "run"]

T = TypeVar("T")


def run(
    main: Coroutine[Any, Any, T],
    *,
    seed: int = 0,
    until: float | None = None,
    weather: Weather | None = None,
    script: Iterable[Fault] = (),
    epoch: float = EPOCH,
) -> T:
    """Run a program in virtual time, as `asyncio.run` would in real time, and see that it leaves nothing behind.

    Args:
        main: The program.
        seed: Of all chance.
        until: Virtual seconds after which it is given up.
        weather: What connections are like.
        script: Faults.
        epoch: Unix time at virtual second 0.

    Raises:
        Deadlock: Every task waits and no timer is pending.
        OutOfTime: The limit was reached.
        Unclean: A task, a connection or an unhandled error was left behind.
        Exception: What ``main`` raises, with a note on how to replay it.

    Example:
        >>> import asyncio
        >>> async def main() -> float:
        ...     await asyncio.sleep(86_400)
        ...     return asyncio.get_running_loop().time()
        >>> run(main())
        86400.0
    """
    try:
        loop = VirtualLoop(seed=seed, until=until, weather=weather, script=script, epoch=epoch)
    except BaseException:
        main.close()
        raise
    with loop:
        return loop.run(main)


def every_await_point(
    case: Callable[[Cut], Coroutine[Any, Any, None]],
    *,
    seed: int = 0,
    weather: Weather | None = None,
    until: float = 3600.0,
    most: int = 10_000,
) -> int:
    """Run a case again and again, each time cancelling what it cuts at the next await point, until there is none left.

    Every run has a loop of its own and must leave nothing behind: no task, no connection, no unhandled error.

    Args:
        case: Prepares, then says ``await cut(coroutine)``, then tidies up.
        seed: Of all chance.
        weather: What connections are like.
        until: Virtual seconds allowed for each run.
        most: Give up after so many runs.

    Returns:
        How many await points there are.

    Raises:
        Unclean: A run left something behind; a note says which await point it was.
        SimulationError: There are more than ``most``.

    Example:
        >>> import asyncio
        >>> async def case(cut: Cut) -> None:
        ...     async def work() -> None:
        ...         await asyncio.sleep(1)
        ...         await asyncio.sleep(1)
        ...     await cut(work())
        >>> every_await_point(case)
        2
    """
    for point in count(1):
        if point > most:
            raise SimulationError(f"more than {most} await points: give a smaller case, or a larger most=")
        cut = Cut(point)
        try:
            with VirtualLoop(seed=seed, weather=weather, until=until) as loop:
                loop.run(case(cut))
        except BaseException as error:
            error.add_note(f"cancelled at await point {point}")
            raise
        if not cut.reached:
            return point - 1
    raise AssertionError("count() does not end")
