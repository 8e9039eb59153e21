"""Gates, resync, reconciliation and dead men: what keeps a strategy from trading on what is not so. Virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxbotters import operators as ops
from rxbotters.stores import DataStore, OrderBook
from rxbotters.testing import current_loop, run
from rxbotters_operators.errors import RetriesExhausted
from rxbotters_operators.events import Answered, Frame, Live, Stale, Syncing


def test_decisions_wait_for_every_store_to_be_live() -> None:
    """D10: both the instrument and the private store count."""
    book, orders = OrderBook(), DataStore()
    source: Any = Subject()
    seen: list[int] = []
    source.pipe(ops.when_live((book, "X"), orders)).subscribe(seen.append)

    source.on_next(1)
    book.mark("X", Live())
    source.on_next(2)
    orders._set_status(Stale("closed"))
    source.on_next(3)

    assert seen == [2]


def test_a_gate_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="when_live"):
        ops.when_live()


def test_life_is_proved_by_frames_and_pongs_alone() -> None:
    """F29: quiet is not dead, and dead is not quiet."""
    clock, events, source = TestScheduler(), Subject[Any](), Subject[Any]()
    seen: list[int] = []
    source.pipe(ops.when_fresh(5.0, events, scheduler=clock)).subscribe(seen.append)

    source.on_next(1)
    events.on_next(Answered(None, 0.1))
    source.on_next(2)
    clock.advance_to(5)
    source.on_next(3)
    clock.advance_to(5.1)
    source.on_next(4)
    events.on_next(Stale("no proof"))
    source.on_next(5)
    events.on_next(Frame("text", "x"))
    source.on_next(6)

    assert seen == [2, 3, 6]


# ---------------------------------------------------------------------- resync


def follows(last: int, diff: int, first: bool) -> Any:
    return "apply" if diff == last + 1 else "skip" if diff <= last else "gap"


class Venue:
    def __init__(self, *answers: Any, takes: float = 1.0) -> None:
        self.answers = list(answers)
        self.takes = takes
        self.asked = 0

    async def fetch(self) -> int:
        self.asked += 1
        await asyncio.sleep(self.takes)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def resynced(venue: Venue, *diffs: tuple[float, int], until: float = 60.0, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        source: Any = Subject()
        seen: list[Any] = []
        joined = source.pipe(
            ops.resync(venue.fetch, covers=int, number=int, follows=follows, dice=lambda: 0.5, **options)
        )
        subscription = joined.subscribe(seen.append, seen.append, lambda: seen.append("end"))
        for at, diff in diffs:
            current_loop().call_later(at, source.on_next, diff)
        await asyncio.sleep(until)
        subscription.dispose()
        return seen

    return run(main())


def test_what_waits_is_replayed_and_then_it_is_live() -> None:
    """F74."""
    seen = resynced(Venue(5), (0.1, 4), (0.2, 5), (0.3, 6), (2, 7))

    assert seen == [Syncing(), ops.Snapshot(5), 6, Live(), 7]


def test_a_gap_begins_it_anew() -> None:
    """F68."""
    seen = resynced(Venue(1, 4), (2, 2), (3, 5), (3.5, 6))

    assert seen == [
        Syncing(),
        ops.Snapshot(1),
        Live(),
        2,
        Stale("gap after 2"),
        Syncing(),
        ops.Snapshot(4),
        5,
        6,
        Live(),
    ]


def test_a_snapshot_that_is_too_old_is_fetched_again() -> None:
    """F74."""
    venue = Venue(2, 9)
    seen = resynced(venue, (0.1, 10))

    assert seen == [Syncing(), ops.Snapshot(9), 10, Live()]
    assert venue.asked == 2


def test_fetches_that_fail_are_bounded() -> None:
    """F74: five tries."""
    venue = Venue(*[ConnectionError("x")] * 9)
    seen = resynced(venue)

    assert isinstance(seen[-1], RetriesExhausted)
    assert venue.asked == 5


def test_a_fetch_that_hangs_is_given_up() -> None:
    venue = Venue(1, 1, takes=100.0)
    seen = resynced(venue, tries=2, timeout=5.0)

    assert isinstance(seen[-1], RetriesExhausted)


def test_a_source_that_ends_ends_it_before_anything_is_fetched() -> None:
    async def main() -> tuple[list[Any], int]:
        venue, seen, over = Venue(5), list[Any](), Subject[int]()
        over.on_completed()
        joined = over.pipe(ops.resync(venue.fetch, covers=int, number=int, follows=follows))
        joined.subscribe(seen.append, seen.append, lambda: seen.append("end"))
        await asyncio.sleep(60)
        return seen, venue.asked

    assert run(main()) == ([Syncing(), "end"], 0)


@pytest.mark.parametrize("answer", [5, ConnectionError("cut short")])
def test_an_answer_that_comes_after_the_end_is_nobodys(answer: Any) -> None:
    """C77: even of a fetch that does not let itself be cancelled."""

    async def main() -> list[Any]:
        async def fetch() -> int:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                if isinstance(answer, Exception):
                    raise answer from None
            return 5

        source, seen = Subject[int](), list[Any]()
        joined = source.pipe(ops.resync(fetch, covers=int, number=int, follows=follows))
        subscription = joined.subscribe(seen.append, seen.append)
        await asyncio.sleep(0.5)
        subscription.dispose()
        await asyncio.sleep(60)
        return seen

    assert run(main()) == [Syncing()]


# ---------------------------------------------------------------------- reconcile, audit


def test_a_difference_is_said_once_for_as_long_as_it_stands() -> None:
    async def main() -> list[Any]:
        theirs: dict[Any, Any] = {"a": 1, "b": 2}
        ours: dict[Any, Any] = {"a": 1, "c": 3}

        async def fetch() -> dict[Any, Any]:
            return dict(theirs)

        seen: list[Any] = []
        subscription = ops.reconcile(10.0, fetch, lambda: dict(ours)).subscribe(seen.append)
        await asyncio.sleep(35)
        theirs["b"] = 5
        await asyncio.sleep(10)
        subscription.dispose()
        return seen

    assert run(main()) == [
        ops.Difference("c", 3, None),
        ops.Difference("b", None, 2),
        ops.Difference("b", None, 5),
    ]


def test_what_changes_between_question_and_answer_is_no_difference() -> None:
    async def main() -> list[Any]:
        store = DataStore(keys=["id"])
        asked = 0

        async def fetch() -> dict[Any, Any]:
            nonlocal asked
            asked += 1
            await asyncio.sleep(1)
            return {1: "v"}

        seen: list[Any] = []
        subscription = ops.reconcile(
            5.0, fetch, lambda: {row["id"]: row["v"] for row in store}, version=lambda: store.version
        ).subscribe(seen.append)
        current_loop().call_later(5.5, lambda: store._insert([{"id": 1, "v": "v"}]))
        await asyncio.sleep(8)
        subscription.dispose()
        return [seen, asked]

    assert run(main()) == [[], 2]


def test_a_round_that_fails_is_said_and_the_next_one_comes() -> None:
    async def main() -> list[Any]:
        answers: list[Any] = [ConnectionError("x"), {"a": 1}]

        async def fetch() -> dict[Any, Any]:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        seen: list[Any] = []
        subscription = ops.reconcile(5.0, fetch, dict, on_failure=seen.append).subscribe(seen.append)
        await asyncio.sleep(11)
        subscription.dispose()
        return seen

    failure, difference = run(main())
    assert isinstance(failure, ConnectionError)
    assert difference == ops.Difference("a", None, 1)


def test_what_never_stands_still_is_compared_when_it_does() -> None:
    """A round that found no quiet moment says nothing, and the next one comes."""

    async def main() -> tuple[list[Any], int]:
        asked = version = 0

        async def fetch() -> dict[Any, Any]:
            nonlocal asked, version
            asked += 1
            version += asked <= 6
            return {"a": 1}

        seen: list[Any] = []
        stream = ops.reconcile(10.0, fetch, dict, version=lambda: version, tries=3)
        subscription = stream.subscribe(seen.append)
        await asyncio.sleep(25)
        assert not seen
        await asyncio.sleep(10)
        subscription.dispose()
        return seen, asked

    assert run(main()) == ([ops.Difference("a", None, 1)], 7)


@pytest.mark.parametrize("when", ["before a round", "in a round", "at a difference"])
def test_who_leaves_a_comparison_hears_no_more(when: str) -> None:
    """C77: nor is anything fetched for nobody."""

    async def main() -> tuple[list[Any], int]:
        asked = 0

        async def fetch() -> dict[Any, Any]:
            nonlocal asked
            asked += 1
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                raise ConnectionError("cut short") from None
            return {"a": 1, "b": 2}

        seen: list[Any] = []

        def note(item: Any) -> None:
            seen.append(item)
            if when == "at a difference":
                subscription.dispose()

        subscription = ops.reconcile(10.0, fetch, dict, on_failure=seen.append).subscribe(note)
        await asyncio.sleep({"before a round": 5.0, "in a round": 10.5}.get(when, 15.0))
        subscription.dispose()
        await asyncio.sleep(100)
        return seen, asked

    seen, asked = run(main())
    assert seen == ([ops.Difference("a", None, 1)] if when == "at a difference" else [])
    assert asked == (0 if when == "before a round" else 1)


def test_without_a_listener_a_failed_round_fails_the_stream() -> None:
    async def main() -> list[Any]:
        async def fetch() -> dict[Any, Any]:
            raise ConnectionError("x")

        seen: list[Any] = []
        ops.reconcile(5.0, fetch, dict).subscribe(on_error=seen.append)
        await asyncio.sleep(60)
        return seen

    assert [type(error) for error in run(main())] == [ConnectionError]


def test_an_audit_compares_levels_as_numbers() -> None:
    async def main() -> list[Any]:
        book = OrderBook()
        book.apply_levels("X", [("101.0", "1.0"), ("102", "2")], [("99", "3")])
        book.mark("X", Live())

        async def fetch() -> Any:
            return [(101, 1), (102, 5)], [("99.00", "3.0")]

        seen: list[Any] = []
        subscription = ops.audit(5.0, fetch, book, "X").subscribe(seen.append)
        await asyncio.sleep(6)
        subscription.dispose()
        return seen

    assert run(main()) == [ops.Difference(("asks", 102.0), 2.0, 5.0)]


# ---------------------------------------------------------------------- dead men


def test_the_switch_is_armed_while_the_pipeline_lives() -> None:
    async def main() -> list[float]:
        armed: list[float] = []

        async def arm() -> None:
            armed.append(current_loop().time())

        source: Any = Subject()
        source.pipe(ops.dead_man_switch(arm, every=5.0, alive_within=10.0, on_failure=print)).subscribe()
        for at in (4, 8, 12):
            current_loop().call_later(at, source.on_next, at)
        await asyncio.sleep(100)
        source.on_completed()
        return armed

    assert run(main()) == [0, 5, 10, 15, 20]


def test_an_arming_that_fails_is_said_and_does_not_end_the_pipeline() -> None:
    async def main() -> tuple[list[Any], list[Any]]:
        async def arm() -> None:
            raise ConnectionError("x")

        failures: list[Any] = []
        seen: list[Any] = []
        source: Any = Subject()
        source.pipe(ops.dead_man_switch(arm, every=5.0, alive_within=10.0, on_failure=failures.append)).subscribe(
            seen.append
        )
        await asyncio.sleep(1)
        source.on_next(1)
        source.on_completed()
        return failures, seen

    failures, seen = run(main())
    assert len(failures) == 1
    assert seen == [1]


@pytest.mark.parametrize("how", ["complete", "error", "dispose"])
def test_the_last_act_happens_once_however_it_ends(how: str) -> None:
    async def main() -> int:
        acts = 0

        async def act() -> None:
            nonlocal acts
            acts += 1

        source: Any = Subject()
        subscription = source.pipe(ops.on_exit(act, on_failure=print)).subscribe(on_error=lambda _: None)
        if how == "complete":
            source.on_completed()
        elif how == "error":
            source.on_error(ValueError())
        subscription.dispose()
        await asyncio.sleep(1)
        return acts

    assert run(main()) == 1


def test_a_last_act_that_takes_too_long_is_said() -> None:
    async def main() -> list[Any]:
        failures: list[Any] = []
        source: Any = Subject()
        source.pipe(ops.on_exit(lambda: asyncio.sleep(100), within=5.0, on_failure=failures.append)).subscribe()
        source.on_completed()
        await asyncio.sleep(10)
        return failures

    assert [type(error) for error in run(main())] == [TimeoutError]
