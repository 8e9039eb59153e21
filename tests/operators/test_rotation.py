"""Make before break (F20): nothing lost, nothing twice, and whatever the successor does there is a connection or an end."""

from __future__ import annotations

from typing import Any

import pytest
from reactivex import Observable
from reactivex.disposable import Disposable
from reactivex.testing import TestScheduler

from rxbotters_operators import reconnect
from rxbotters_operators._rotate import rotate
from rxbotters_operators.events import Authenticated, Closed, Frame, Opened, Rotated, Subscribed
from rxbotters_operators.hot import Hot, Lean

OVERLAP = 1.0
RETRY = 60.0


class Port:
    """A connection that notes how it was closed."""

    def __init__(self) -> None:
        self.goodbye: tuple[Any, ...] | None = None

    def close(self, code: int = 1000, reason: str = "", *, cause: str = "manual") -> None:
        self.goodbye = (code, reason, cause)


class Leg:
    """One dial of the source: it says what it is told to say."""

    def __init__(self, on_next: Any, on_error: Any, on_completed: Any) -> None:
        self.say, self.fail, self._complete = on_next, on_error, on_completed
        self.port = Port()
        self.left = False

    def up(self) -> Leg:
        for event in (Opened, Authenticated, Subscribed):
            self.say(event(self.port))
        return self

    def frames(self, *texts: str) -> None:
        for text in texts:
            self.say(Frame("text", text, self.port))

    def end(self, code: int = 1000) -> None:
        self.say(Closed(code))
        self._complete()


class World:
    """A rotating stream in virtual time, the legs it dialled, and what it said: texts of frames, names of events."""

    def __init__(self, **options: Any) -> None:
        self.clock = TestScheduler()
        self.turn = Hot[Any]("rotate")
        self.legs: list[Leg] = []
        self.said: list[str] = []
        self.events: list[Any] = []
        options = {"trigger": self.turn, "overlap": OVERLAP, "retry": RETRY, **options}
        self.stream = Lean(self._dial).pipe(rotate(scheduler=self.clock, **options))

    def _dial(self, on_next: Any, on_error: Any, on_completed: Any, _: Any) -> Disposable:
        leg = Leg(on_next, on_error, on_completed)
        self.legs.append(leg)

        def leave() -> None:
            leg.left = True

        return Disposable(leave)

    def begin(self, stream: Observable[Any] | None = None) -> World:
        self.subscription = (stream or self.stream).subscribe(self._note, self._note, lambda: self.said.append("end"))
        return self

    def _note(self, item: Any) -> None:
        self.events.append(item)
        self.said.append(item.data if isinstance(item, Frame) else type(item).__name__)

    def wait(self, seconds: float) -> None:
        self.clock.advance_by(seconds)

    def texts(self) -> list[str]:
        return [said for said in self.said if len(said) == 1]


def test_the_successor_takes_over_without_a_gap_or_a_copy() -> None:
    """F20: what both delivered is told once; what only one delivered is told all the same."""
    world = World().begin()
    first = world.legs[0].up()
    first.frames("a")
    world.turn.emit(None)
    second = world.legs[1].up()
    first.frames("b", "c")
    second.frames("b")
    world.wait(OVERLAP)
    first.frames("d")
    second.frames("c", "d", "e")
    first.end()

    assert first.port.goodbye == (1000, "rotated", "rotated")
    assert world.texts() == ["a", "b", "c", "d", "e"]
    assert world.said[-5:] == ["Opened", "Authenticated", "Subscribed", "Rotated", "e"]
    (rotated,) = (event for event in world.events if isinstance(event, Rotated))
    assert (rotated.connection, rotated.previous) == (second.port, first.port)
    assert "Closed" not in world.said
    second.frames("f")
    assert world.texts()[-1] == "f"


def test_a_predecessor_that_does_not_say_goodbye_is_left() -> None:
    world = World().begin()
    first = world.legs[0].up()
    world.turn.emit(None)
    world.legs[1].up().frames("a")
    world.wait(OVERLAP + 1.0)
    first.frames("late")
    first.end()

    assert world.texts() == ["a"]
    assert first.left
    assert world.said[-2:] == ["Rotated", "a"]


def test_a_connection_is_replaced_at_its_age_again_and_again() -> None:
    world = World(max_age=100.0, trigger=None).begin()
    world.legs[0].up()
    world.wait(100.0)
    world.legs[1].up()
    world.wait(OVERLAP)
    world.legs[0].end()
    world.wait(99.0)
    assert len(world.legs) == 2
    world.wait(1.0)

    assert len(world.legs) == 3


@pytest.mark.parametrize("how", ["end", "fail"])
@pytest.mark.parametrize("when", ["before it is up", "after it is up"])
def test_a_successor_that_ends_changes_nothing_and_is_tried_again(how: str, when: str) -> None:
    """F20: the first one stays; a frame the successor had already repeated is no copy."""
    world = World().begin()
    first = world.legs[0].up()
    world.turn.emit(None)
    first.frames("a")
    if when == "after it is up":
        world.legs[1].up().frames("a")
    if how == "end":
        world.legs[1].end(1001)
    else:
        world.legs[1].fail(ConnectionError("refused"))
    first.frames("a", "b")
    world.wait(RETRY - 1.0)
    assert len(world.legs) == 2
    world.wait(1.0)

    assert len(world.legs) == 3
    assert first.port.goodbye is None
    assert world.texts() == ["a", "a", "b"]
    assert not {"Closed", "Rotated", "ConnectionError", "end"} & set(world.said)


def test_a_successor_that_floods_before_it_is_up_is_given_up() -> None:
    """What waits is bounded."""
    world = World().begin()
    first = world.legs[0].up()
    world.turn.emit(None)
    second = world.legs[1]
    for _ in range(10_001):
        second.frames("x")
    second.frames("y")
    first.frames("a")

    assert second.left
    assert world.texts() == ["a"]
    world.wait(RETRY)
    assert len(world.legs) == 3


@pytest.mark.parametrize("fault", [None, ConnectionError("reset")])
def test_a_successor_that_dies_while_the_predecessor_leaves_is_an_end(fault: Exception | None) -> None:
    """F20: nobody is left, so the stream ends after everything both had to say; nothing hangs on a dead connection."""
    world = World().begin()
    first, _ = world.legs[0].up(), world.turn.emit(None)
    second = world.legs[1].up()
    world.wait(OVERLAP)
    second.frames("b")
    if fault is None:
        second.end(1001)
    else:
        second.fail(fault)
    first.frames("a")
    first.end()

    assert world.texts() == ["a", "b"]
    assert world.said[-1] == ("end" if fault is None else "ConnectionError")
    if fault is None:
        assert [event.code for event in world.events if isinstance(event, Closed)] == [1001]


def test_after_a_successor_that_dies_so_it_is_dialled_again() -> None:
    world = World()
    world.begin(world.stream.pipe(reconnect(dice=lambda: 0.0, scheduler=world.clock)))
    world.legs[0].up().frames("a")
    world.turn.emit(None)
    world.legs[1].up().frames("b")
    world.wait(OVERLAP)
    world.legs[1].end(1001)
    world.wait(2.0)
    world.legs[2].up().frames("c")

    assert world.texts() == ["a", "b", "c"]
    assert [event.code for event in world.events if isinstance(event, Closed)] == [1001]


def test_the_end_of_the_only_connection_is_the_end() -> None:
    world = World().begin()
    world.legs[0].up()
    world.legs[0].end(1001)
    world.turn.emit(None)

    assert world.said[-2:] == ["Closed", "end"]
    assert len(world.legs) == 1


def test_a_rotation_is_begun_once_and_never_before_there_is_a_connection() -> None:
    world = World().begin()
    world.turn.emit(None)
    assert len(world.legs) == 1
    world.legs[0].up()
    world.turn.emit(None)
    world.turn.emit(None)

    assert len(world.legs) == 2


def test_disposing_leaves_both_connections() -> None:
    world = World().begin()
    world.legs[0].up()
    world.turn.emit(None)
    world.legs[1].up()
    world.subscription.dispose()
    world.wait(1000.0)

    assert [leg.left for leg in world.legs] == [True, True]
    assert not world.turn.observed


@pytest.mark.parametrize("bad", [{"max_age": 0}, {"overlap": -1}, {"retry": float("nan")}])
def test_durations_must_be_positive(bad: Any) -> None:
    with pytest.raises(ValueError, match="positive"):
        rotate(**bad)
