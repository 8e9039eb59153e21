"""`Switches`: faults by name, now or at the times of a script, each counted and remembered.

Rules
  1. Names and arguments of a script are checked when it is scheduled; if one is wrong nothing is scheduled.
  2. What happened is a script itself, which plays the same again.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .connection import check_side, sides
from .script import Fault, Script, Value

__all__ = ["Inject", "Switches"]

Inject = Callable[..., int | None]
"""Makes something go wrong; may return how much it hit."""


class Switches:
    """Faults that have names.

    Attributes:
        happened: How often each fault was injected.
    """

    def __init__(self, known: Mapping[str, Inject]) -> None:
        self.happened: Counter[str] = Counter()
        self._history: list[Fault] = []
        self._known = dict(known)

    @property
    def names(self) -> tuple[str, ...]:
        """The faults that can be named."""
        return tuple(sorted(self._known))

    @property
    def history(self) -> Script:
        """What has happened so far: a script that replays it."""
        return tuple(self._history)

    def define(self, name: str, inject: Inject) -> None:
        """Give a name to a fault of your own, such as a switch of a simulated exchange.

        Args:
            name: A new name.
            inject: Called with the fault's arguments; may return how much it hit.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._known:
            raise ValueError(f"there is a fault {name!r} already")
        self._known[name] = inject

    def schedule(self, script: Iterable[Fault]) -> None:
        """Let faults happen at their times.

        Raises:
            ValueError: A fault is unknown, its arguments are wrong, or its time is past. Nothing was scheduled.
        """
        faults = tuple(script)
        for fault in faults:
            self._check(fault.name, dict(fault.args))
            if fault.at < self._now():
                raise ValueError(f"{fault!r} is in the past: it is {self._now():g} s")
        for fault in faults:
            self._at(fault.at, fault.name, dict(fault.args))

    def inject(self, fault: str, **args: Value) -> int:
        """Let a fault happen now; return how many connections, tasks or conditions it hit.

        Raises:
            ValueError: It is unknown, or its arguments are wrong.
        """
        self._check(fault, args)
        return self._inject(fault, args)

    # ------------------------------------------------------------------ time

    def _now(self) -> float:
        """Return the seconds of a script that have passed."""
        raise NotImplementedError

    def _at(self, when: float, name: str, args: dict[str, Any]) -> None:
        """Let `_inject` be called at a second of the script."""
        raise NotImplementedError

    # ------------------------------------------------------------------ injecting

    def _check(self, name: str, args: dict[str, Any]) -> None:
        inject = self._known.get(name)
        if inject is None:
            raise ValueError(f"there is no fault {name!r}; known: {', '.join(self.names)}")
        try:
            inspect.signature(inject).bind(**args)
        except TypeError as error:
            raise ValueError(f"fault {name!r}: {error}; it takes {inspect.signature(inject)}") from None
        if "direction" in args:
            sides(args["direction"])
        if "to" in args:
            check_side(args["to"])

    def _inject(self, name: str, args: dict[str, Any]) -> int:
        hits = self._known[name](**args) or 0
        fault = Fault(self._now(), name, **args)
        self._history.append(fault)
        self.happened[name] += 1
        self._note(fault, hits)
        return hits

    def _note(self, fault: Fault, hits: int) -> None:
        """Tell what happened, where somebody keeps a trace."""
