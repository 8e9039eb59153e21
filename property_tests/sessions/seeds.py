"""One seed, one session: and the smallest session that fails as it does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from .script import Action, random_script
from .session import Session, run
from .wire import Wire

__all__ = ["Script", "failure_of", "play", "script_of", "smallest"]


class Script(NamedTuple):
    """A session of one exchange: whether its changes are watched, and what happens."""

    wire: type[Wire]
    watched: bool
    actions: list[Action]


def script_of(wire: type[Wire], seed: int) -> Script:
    """Return the session of a seed."""
    dice = random.Random(f"{wire.__name__} {seed}")
    return Script(wire, dice.random() < 0.3, random_script(dice))


def play(script: Script) -> Session:
    """Play a session to its end.

    Raises:
        Broken: A law did not hold.
    """
    return run(script.wire, script.actions, watched=script.watched)


def failure_of(script: Script) -> str:
    """Return how a session fails; empty: it does not."""
    try:
        play(script)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def smallest(script: Script) -> Script:
    """Return a session that fails, and of which nothing can be left out."""
    found = True
    while found:
        found = False
        for actions in _smaller(script.actions):
            if failure_of(script._replace(actions=actions)):
                script, found = script._replace(actions=actions), True
                break
    return script


def _smaller(actions: list[Action]) -> Iterator[list[Action]]:
    """Yield a script without each of its actions, and without each wish of its steps."""
    for index, action in enumerate(actions):
        yield [*actions[:index], *actions[index + 1 :]]
        if action[0] == "step":
            for place in range(3, len(action)):
                yield [*actions[:index], (*action[:place], *action[place + 1 :]), *actions[index + 1 :]]
