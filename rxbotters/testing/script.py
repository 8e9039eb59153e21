"""`Fault`: one thing that goes wrong at one time. A script of them is data: print it, store it, generate it, replay it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, cast

from rxbotters.wire import dumps, loads

__all__ = ["Fault", "Script", "Value", "dump_script", "load_script"]

Value = str | int | float | bool | None | list[float]
"""What may be an argument of a fault: JSON."""


class Fault:
    """At ``at`` virtual seconds, the fault ``name`` happens with these arguments.

    Args:
        at: Virtual time in seconds.
        name: One of those in `docs/testing.md`, or one that `Faults.define` was given.
        args: Its arguments.

    Raises:
        ValueError: ``at`` is negative or not finite.

    Example:
        >>> Fault(3600.0, "rst", host="127.0.0.1", to="client")
        Fault(3600.0, 'rst', host='127.0.0.1', to='client')
        >>> Fault(1.0, "refuse") == Fault(1.0, "refuse", host="*")
        False
    """

    __slots__ = ("args", "at", "name")

    at: float
    name: str
    args: Mapping[str, Value]

    def __init__(self, at: float, name: str, **args: Value) -> None:
        if not 0 <= at < float("inf"):
            raise ValueError(f"at must be virtual seconds from 0 on, got {at!r}")
        self.at = float(at)
        self.name = name
        self.args = MappingProxyType(args)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fault):
            return NotImplemented
        return (self.at, self.name, dict(self.args)) == (other.at, other.name, dict(other.args))

    def __hash__(self) -> int:
        return hash((self.at, self.name, tuple(sorted(self.args))))

    def __repr__(self) -> str:
        return f"Fault({', '.join([repr(self.at), repr(self.name), *(f'{k}={v!r}' for k, v in self.args.items())])})"


Script = tuple[Fault, ...]
"""Faults, in the order of their times."""


def dump_script(script: Iterable[Fault]) -> str:
    """Return a script as JSON.

    Example:
        >>> dump_script([Fault(60.0, "stall", seconds=5)])
        '[{"at":60.0,"name":"stall","args":{"seconds":5}}]'
    """
    return dumps([{"at": fault.at, "name": fault.name, "args": dict(fault.args)} for fault in script])


def load_script(text: str) -> Script:
    """Return the script that `dump_script` wrote.

    Raises:
        ValueError: The text is no script.

    Example:
        >>> load_script('[{"at":60.0,"name":"stall","args":{"seconds":5}}]')
        (Fault(60.0, 'stall', seconds=5),)
    """
    rows: Any = loads(text)
    try:
        return tuple(Fault(row["at"], row["name"], **cast(dict[str, Any], row.get("args") or {})) for row in rows)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a script of faults ({error!r}): give [{{'at': …, 'name': …, 'args': {{…}}}}]") from None
