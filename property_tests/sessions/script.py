"""What happens in a session, as data: a verb and whole numbers, so that a seed or Hypothesis can choose, and shrink."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from .model import SIZES, TICKS

__all__ = ["VERBS", "Action", "action", "random_script"]

Action = tuple[Any, ...]

_WEIGHTS = {
    "step": 40,  # somebody trades: the market moves, and it is told, or gathered for the next telling
    "drop": 5,  # the next messages are lost
    "twice": 3,  # the next message comes twice
    "again": 4,  # a message of the past comes again
    "swap": 4,  # the next message comes behind the one after it
    "spoil": 3,  # the checksum of the next message is wrong
    "hold": 3,  # nothing arrives, until …
    "release": 5,
    "slow": 4,  # answers take so many beats, and are so old when they come
    "close": 2,  # the connection ends, with everything on its way
    "open": 4,  # … and another one takes its place; numbers may begin anew
    "restart": 2,  # numbers begin anew on the same connection
    "whole": 4,  # the whole book that some exchanges send from time to time
    "doubt": 1,  # a pong is overdue, until …
    "clear": 2,
}
VERBS: Sequence[str] = tuple(_WEIGHTS)
_CHANCES = tuple(_WEIGHTS.values())


def action(verb: str, number: Callable[[int, int], int]) -> Action:
    """Make an action; ``number(low, high)`` chooses each of its numbers."""
    match verb:
        case "step":
            wishes = ((number(0, 1), number(1, TICKS), number(0, SIZES)) for _ in range(number(0, 3)))
            return ("step", number(0, 1), int(number(0, 5) == 5), *wishes)
        case "drop":
            return ("drop", number(1, 3))
        case "again":
            return ("again", number(0, 20))
        case "slow":
            return ("slow", number(0, 4), number(0, 6))
        case "open":
            return ("open", number(0, 1))
        case "restart":
            return ("restart", number(0, 1))
        case "whole":
            return ("whole", number(0, 1), number(0, 3))
        case _:
            return (verb,)


def random_script(dice: random.Random, *, longest: int = 60) -> list[Action]:
    """Make a script, as a seed says."""
    verbs = dice.choices(VERBS, _CHANCES, k=dice.randint(5, longest))
    return [action(verb, dice.randint) for verb in verbs]
