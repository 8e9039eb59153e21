"""The same book everywhere: sessions of every exchange's book protocol, from a model exchange, with every fault.

>>> from property_tests.sessions import every_wire, run
>>> session = run(every_wire()["BinanceSpot"], [("step", 0, 0, (1, 5, 2)), ("drop", 1), ("step", 0, 0, (0, 8, 1))])
>>> [error.__class__.__name__ for error in session.errors]
['SequenceGap']
"""

from .judge import Broken
from .script import Action, random_script
from .session import Session, run
from .wire import Packet, Wire, every_wire

__all__ = ["Action", "Broken", "Packet", "Session", "Wire", "every_wire", "random_script", "run"]
