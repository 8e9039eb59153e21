"""The clock jumps, everything obeys it, and what would hang or leak is named."""

from __future__ import annotations

import asyncio
import functools
import random
from datetime import UTC, datetime
from typing import Any

import pytest
import reactivex as rx
from reactivex import operators as rx_ops
from reactivex.scheduler.eventloop import AsyncIOScheduler

from rxbotters import operators as ops
from rxbotters.testing import (
    Deadlock,
    Livelock,
    NotSimulated,
    OutOfTime,
    Unclean,
    VirtualLoop,
    current_loop,
    run,
    virtual_clock,
)
from rxbotters.testing.leaks import descriptors

# ---------------------------------------------------------------------- time


def test_everything_that_waits_obeys_the_virtual_clock() -> None:
    """C75: sleeps, timeouts, timers, schedulers, and a coroutine of the user's."""
    happened: list[tuple[float, str]] = []

    async def main() -> None:
        loop = current_loop()
        note = lambda what: happened.append((loop.time(), what))  # noqa: E731
        loop.call_later(300.0, note, "call_later")
        loop.call_at(100.0, note, "call_at")
        AsyncIOScheduler(loop).schedule_relative(400.0, lambda *_: note("scheduler"))
        rx.timer(500.0, scheduler=AsyncIOScheduler(loop)).subscribe(lambda _: note("rx.timer"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(200.0):
                await loop.create_future()
        note("timeout")
        await asyncio.sleep(86_400.0)
        note("sleep")

    run(main())

    assert happened == [
        (100.0, "call_at"),
        (200.0, "timeout"),
        (300.0, "call_later"),
        (400.0, "scheduler"),
        (500.0, "rx.timer"),
        (86_600.0, "sleep"),
    ]


def test_an_operator_of_the_library_runs_on_virtual_time() -> None:
    """C75, D17: without a scheduler given, a timed operator takes the running loop."""
    failed: list[float] = []

    async def main() -> None:
        loop = current_loop()
        rx.never().pipe(ops.fail_on_silence(3600.0)).subscribe(on_error=lambda _: failed.append(loop.time()))
        await asyncio.sleep(7200.0)

    run(main())

    assert failed == [3600.0]


def test_reactivex_tells_the_virtual_time_of_day() -> None:
    """`timestamp` reads a scheduler's `now`, which reactivex takes from the machine's clock."""

    async def main() -> datetime:
        await asyncio.sleep(3600.0)
        stamped = await rx.just(1).pipe(rx_ops.timestamp(scheduler=AsyncIOScheduler(current_loop())))
        return stamped.timestamp

    assert run(main(), epoch=1_700_000_000.0) == datetime.fromtimestamp(1_700_003_600, UTC)


def test_time_adds_up_without_a_trace_of_binary_fractions() -> None:
    async def main() -> float:
        for _ in range(1000):
            await asyncio.sleep(0.1)
        return current_loop().time()

    assert run(main()) == 100.0


def test_time_still_passes_after_years() -> None:
    """A float of that size no longer tells nanoseconds apart."""

    async def main() -> float:
        await asyncio.sleep(1e8)
        for _ in range(100):
            await asyncio.sleep(0.1)
        return current_loop().time()

    assert run(main()) == pytest.approx(1e8 + 10.0)


def test_the_wall_clock_jumps_and_the_monotonic_one_does_not() -> None:
    """F100 in its injection: `clock` moves Unix time only."""

    async def main() -> list[float]:
        loop = current_loop()
        before = loop.wall()
        loop.faults.inject("clock", by=-5.0)
        return [loop.wall() - before, loop.clock.now() - before, loop.time()]

    assert run(main()) == [-5.0, -5.0, 0.0]


# ---------------------------------------------------------------------- chance


def test_the_same_seed_gives_the_same_dice_nonces_and_random_module() -> None:
    async def main() -> list[Any]:
        clock = current_loop().clock
        return [clock.dice(), clock.nonce(), random.random(), random.getrandbits(32)]

    first, again, other = (run(main(), seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert all(mine != theirs for mine, theirs in zip(first, other, strict=True))
    assert first[0] != first[2], "each purpose has dice of its own"


def test_the_random_module_gets_its_own_state_back() -> None:
    async def main() -> float:
        return random.random()

    state = random.getstate()
    run(main())

    assert random.getstate() == state


def test_a_clock_of_its_own_seed_and_epoch() -> None:
    with VirtualLoop() as loop:
        clock = virtual_clock(loop, seed=9, epoch=1_000.0)
        loop.run(asyncio.sleep(2.5))

        assert clock.now() == 1002.5
        assert len(clock.nonce()) == 32
        assert clock.nonce() != clock.nonce()


def test_sets_of_tasks_and_futures_iterate_in_one_order() -> None:
    """Their default hash is an address: the order in which `TaskGroup` cancels would differ from run to run."""

    async def main() -> list[str]:
        tasks = {asyncio.create_task(asyncio.sleep(1), name=f"t{number}") for number in range(9)}
        futures = {current_loop().create_future(): number for number in range(9)}
        await asyncio.wait(tasks)
        return [task.get_name() for task in tasks] + [str(futures[future]) for future in set(futures)]

    padding: list[Any] = []
    first = run(main())
    for size in range(200):  # moves the heap along, so that addresses change
        padding.append(bytearray(size * 37))
        assert run(main()) == first


# ---------------------------------------------------------------------- what goes wrong


def test_a_deadlock_names_every_task_and_the_line_it_waits_at() -> None:
    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        task = asyncio.create_task(wait_for_ever(), name="feed")
        await asyncio.sleep(5.0)
        await task

    with pytest.raises(Deadlock) as caught:
        run(main())

    first = wait_for_ever.__code__.co_firstlineno
    assert caught.value.at == 5.0
    assert caught.value.tasks == (
        f"'feed' waits at test_loop.py:{first + 1} in wait_for_ever",
        f"'main' waits at test_loop.py:{first + 6} in main",
    )


def test_a_long_chain_of_awaits_is_shown_by_its_ends() -> None:
    async def deep(levels: int) -> None:
        if levels:
            await deep(levels - 1)
        await asyncio.Event().wait()

    with pytest.raises(Deadlock) as caught:
        run(deep(9))

    (line,) = caught.value.tasks
    assert line.count("→") == 5
    assert "…" in line
    assert line.endswith("in wait")


def test_a_virtual_time_limit_says_what_was_not_finished() -> None:
    async def main() -> None:
        await asyncio.sleep(100.0)

    with pytest.raises(OutOfTime, match=r"not finished within 60 virtual seconds[^']*'main' waits at test_loop.py:"):
        run(main(), until=60.0)


def test_polling_without_waiting_is_a_livelock() -> None:
    turns = 0

    async def main() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with VirtualLoop(turns=1000) as loop:
        with pytest.raises(Livelock, match="1000 turns"):
            loop.run(main())

        assert turns < 1010


def test_a_task_left_behind_is_named_and_cancelled() -> None:
    ended: list[str] = []

    async def forgotten() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            ended.append("cancelled")

    async def main() -> None:
        forgotten_task = asyncio.create_task(forgotten(), name="forgotten")
        await asyncio.sleep(1.0)
        del forgotten_task

    with pytest.raises(Unclean, match=r"'forgotten' waits at test_loop\.py") as caught:
        run(main())

    assert len(caught.value.tasks) == 1
    assert ended == ["cancelled"]


def test_a_task_that_resists_its_cancellation_does_not_hang_the_end() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                continue

    with VirtualLoop() as loop:
        task = loop.create_task(stubborn(), name="stubborn")
        loop.run(asyncio.sleep(1.0))
        with pytest.raises(Unclean, match="do not end although they were cancelled") as caught:
            loop.finish()
        task.get_coro().close()  # type: ignore[union-attr]
        task._log_destroy_pending = False  # type: ignore[attr-defined]

    assert "'stubborn'" in caught.value.tasks[0]


def test_an_error_in_a_callback_is_not_swallowed() -> None:
    """F85 in the loop itself: what asyncio only logs ends the run."""

    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(1.0)

    with pytest.raises(Unclean, match="ZeroDivisionError") as caught:
        run(main())

    assert len(caught.value.problems) == 1


def test_a_failure_says_how_to_see_it_again() -> None:
    async def main() -> None:
        await asyncio.sleep(12.0)
        current_loop().faults.inject("refuse", seconds=3.0)
        await asyncio.sleep(0.5)
        raise ValueError("wrong price")

    with pytest.raises(ValueError, match="wrong price") as caught:
        run(main(), seed=77)

    assert caught.value.__notes__ == [
        "virtual time 12.5 s; replay: seed=77, "
        """script=load_script('[{"at":12.0,"name":"refuse","args":{"seconds":3.0}}]')"""
    ]


def test_what_a_failing_program_leaves_is_noted_on_its_own_error() -> None:
    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(9), name="helper")
        await asyncio.sleep(0)
        raise ValueError(task.get_name())

    with pytest.raises(ValueError, match="helper") as caught:
        run(main())

    assert "'helper' waits at" in caught.value.__notes__[1]


# ---------------------------------------------------------------------- the rest of the world


def test_a_thread_is_a_plain_call_that_takes_no_time() -> None:
    async def main() -> tuple[str, float]:
        answer = await asyncio.to_thread("{}-{}".format, "to", "thread")
        broken = current_loop().run_in_executor(None, lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await broken
        return answer, current_loop().time()

    assert run(main()) == ("to-thread", 0.0)


@pytest.mark.parametrize(
    "leave",
    [
        lambda loop: loop.add_reader(0, print),
        lambda loop: loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("192.0.2.1", 53)),
        lambda loop: loop.create_unix_connection(asyncio.Protocol, "/nowhere"),
        lambda loop: loop.subprocess_exec(asyncio.SubprocessProtocol, "true"),
    ],
    ids=["readers", "datagrams", "unix sockets", "processes"],
)
def test_what_cannot_be_simulated_is_refused_by_name(leave: Any) -> None:
    async def main() -> None:
        with pytest.raises(NotSimulated, match=r"loop\.[a-z_]+\(\) would leave the virtual network"):
            await leave(current_loop())

    run(main())


def test_a_loop_leaves_no_descriptor() -> None:
    before = descriptors()

    for _ in range(5):
        run(asyncio.sleep(1.0))

    assert descriptors() == before


def test_a_task_factory_of_the_users_is_obeyed() -> None:
    made: list[str] = []

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        made.append(coro.__qualname__)
        return asyncio.Task(coro, loop=loop, **options)

    async def child() -> None:
        await asyncio.sleep(1.0)

    async def main() -> None:
        current_loop().set_task_factory(functools.partial(factory))
        await asyncio.create_task(child())

    run(main())

    assert made == [child.__qualname__]


def test_outside_of_a_virtual_loop_there_is_no_current_one() -> None:
    async def main() -> None:
        current_loop()

    with pytest.raises(RuntimeError, match="not in a VirtualLoop"):
        asyncio.run(main())
