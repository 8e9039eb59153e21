"""What virtual time and its checks can find wrong.

::

    RxbottersError
    └── SimulationError
        ├── Deadlock        nothing is ready and no timer is pending: nobody will ever wake anybody
        ├── OutOfTime       the virtual time limit was reached
        ├── Livelock        the loop turns and turns and time does not pass
        ├── Unclean         tasks, connections or errors were left behind
        ├── NotSimulated    a call that would leave the simulation
        ├── RealNetwork     a real socket was about to leave this machine
        └── Blocked         a callback held up the event loop
"""

from __future__ import annotations

from collections.abc import Sequence

from rxbotters_operators.errors import RxbottersError

__all__ = [
    "Blocked",
    "Deadlock",
    "Livelock",
    "NotSimulated",
    "OutOfTime",
    "RealNetwork",
    "SimulationError",
    "Unclean",
]


def _listed(title: str, lines: Sequence[str]) -> str:
    return "".join(f"\n  {line}" for line in (title, *(f"  {line}" for line in lines))) if lines else ""


class SimulationError(RxbottersError):
    """Something is wrong with a program, found by running it in virtual time."""


class Deadlock(SimulationError):
    """Every task waits and no timer is pending.

    Attributes:
        at: Virtual time, seconds.
        tasks: One line for each pending task, with the place where it waits.
    """

    def __init__(self, at: float, tasks: Sequence[str]) -> None:
        super().__init__(
            f"deadlock at {at:g} s: nothing is ready and no timer is pending, so nothing can happen any more"
            + _listed("pending:", tasks)
        )
        self.at = at
        self.tasks = tuple(tasks)


class OutOfTime(SimulationError):
    """The virtual time limit came before the end.

    Attributes:
        until: The limit, seconds.
        tasks: One line for each pending task, with the place where it waits.
    """

    def __init__(self, until: float, tasks: Sequence[str]) -> None:
        super().__init__(f"not finished within {until:g} virtual seconds (until=)" + _listed("pending:", tasks))
        self.until = until
        self.tasks = tuple(tasks)


class Livelock(SimulationError):
    """The loop went round too often in one instant.

    Attributes:
        at: Virtual time, seconds.
        tasks: One line for each pending task, with the place where it waits.
    """

    def __init__(self, at: float, turns: int, tasks: Sequence[str]) -> None:
        super().__init__(
            f"livelock at {at:g} s: {turns} turns of the loop and no time has passed; something polls without waiting"
            + _listed("pending:", tasks)
        )
        self.at = at
        self.tasks = tuple(tasks)


class Unclean(SimulationError):
    """Something was left behind.

    Attributes:
        tasks: Tasks that were still pending.
        connections: Ends of connections that were still open, and other descriptors.
        problems: Errors that nobody handled, as the event loop was told of them.
        subscriptions: Streams that still have subscribers.
    """

    def __init__(
        self,
        *,
        tasks: Sequence[str] = (),
        connections: Sequence[str] = (),
        problems: Sequence[str] = (),
        subscriptions: Sequence[str] = (),
    ) -> None:
        counts = (
            f"{len(tasks)} tasks, {len(connections)} open connections or files, {len(problems)} unhandled errors, "
            f"{len(subscriptions)} subscriptions"
        )
        super().__init__(
            f"left behind: {counts}"
            + _listed("tasks:", tasks)
            + _listed("open:", connections)
            + _listed("errors:", problems)
            + _listed("subscriptions:", subscriptions)
        )
        self.tasks = tuple(tasks)
        self.connections = tuple(connections)
        self.problems = tuple(problems)
        self.subscriptions = tuple(subscriptions)


class NotSimulated(SimulationError):
    """A call that has no counterpart in the virtual network."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"{what} would leave the virtual network: {instead}")


class RealNetwork(SimulationError):
    """A real socket was about to leave this machine, while `no_network` forbids it.

    Attributes:
        destination: Where to, ``host:port`` or a name.
    """

    def __init__(self, destination: str) -> None:
        super().__init__(f"a real connection to {destination} was attempted: this test may use loopback only")
        self.destination = destination


class Blocked(SimulationError):
    """A callback held up the event loop for longer than allowed.

    Attributes:
        slowest: (name, milliseconds of CPU) of each offender, the slowest first.
    """

    def __init__(self, limit_ms: float, slowest: Sequence[tuple[str, float]]) -> None:
        super().__init__(
            f"{len(slowest)} callbacks held up the loop for more than {limit_ms:g} ms"
            + _listed("slowest:", [f"{ms:.1f} ms in {name}" for name, ms in slowest[:10]])
        )
        self.slowest = tuple(slowest)
