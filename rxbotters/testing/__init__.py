"""For users' tests: a virtual-time event loop with a network in memory, faults as data, checks, and a pytest plugin.

>>> from rxbotters.testing import run
>>> import asyncio
>>> run(asyncio.sleep(86_400, "a day later"))
'a day later'
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .blocking import BlockingCheck, blocking_check
    from .cancel import Cut, cancelled_at
    from .clock import virtual_clock
    from .errors import (
        Blocked,
        Deadlock,
        Livelock,
        NotSimulated,
        OutOfTime,
        RealNetwork,
        SimulationError,
        Unclean,
    )
    from .faults import Faults
    from .guard import no_network
    from .leaks import leak_check
    from .loop import VirtualLoop, current_loop
    from .network import Network
    from .proxy import FaultProxy
    from .runs import every_await_point, run
    from .script import Fault, Script, dump_script, load_script
    from .weather import Weather

__all__ = [
    "Blocked",
    "BlockingCheck",
    "Cut",
    "Deadlock",
    "Fault",
    "FaultProxy",
    "Faults",
    "Livelock",
    "Network",
    "NotSimulated",
    "OutOfTime",
    "RealNetwork",
    "Script",
    "SimulationError",
    "Unclean",
    "VirtualLoop",
    "Weather",
    "blocking_check",
    "cancelled_at",
    "current_loop",
    "dump_script",
    "every_await_point",
    "leak_check",
    "load_script",
    "no_network",
    "run",
    "virtual_clock",
]

_ROOMS = {
    "blocking": ("BlockingCheck", "blocking_check"),
    "cancel": ("Cut", "cancelled_at"),
    "clock": ("virtual_clock",),
    "errors": (
        *("Blocked", "Deadlock", "Livelock", "NotSimulated", "OutOfTime", "RealNetwork", "SimulationError", "Unclean"),
    ),
    "faults": ("Faults",),
    "guard": ("no_network",),
    "leaks": ("leak_check",),
    "loop": ("VirtualLoop", "current_loop"),
    "network": ("Network",),
    "proxy": ("FaultProxy",),
    "runs": ("every_await_point", "run"),
    "script": ("Fault", "Script", "dump_script", "load_script"),
    "weather": ("Weather",),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a room when something in it is first named: the pytest plugin must cost nothing until it is used."""
    room = _HOME.get(name)
    if room is None:
        raise AttributeError(f"module 'rxbotters.testing' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"rxbotters.testing.{room}"), name)
    globals()[name] = value
    return value
