"""Every task has an owner, and every wait an end."""

from __future__ import annotations

import asyncio
from typing import Any

from rxbotters.net.tasks import Gate, Tasks


async def test_what_escapes_a_task_is_reported_and_a_cancelled_one_is_no_fault() -> None:
    """F85: 0 swallowed."""
    faults: list[Exception] = []
    tasks = Tasks(faults.append)

    async def fails() -> None:
        raise ValueError("mine")

    async def waits() -> None:
        await asyncio.sleep(3600)

    tasks.spawn(fails(), "fails")
    tasks.spawn(waits(), "waits").cancel()
    for _ in range(3):
        await asyncio.sleep(0)

    assert [type(fault) for fault in faults] == [ValueError]
    assert not len(tasks)


async def test_closing_spares_the_task_that_closes() -> None:
    """C5: `client.close()` may run in a task of the client's own."""
    tasks, ended = Tasks(lambda error: None), list[str]()

    async def other() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("other")

    async def closes() -> None:
        await tasks.close(1.0)
        ended.append("closer")

    tasks.spawn(other(), "other")
    await asyncio.sleep(0)
    await tasks.spawn(closes(), "closer")
    await tasks.close(1.0)

    assert ended == ["other", "closer"]


async def test_a_gate_lets_through_turns_away_and_breaks() -> None:
    """F23, F26: a waiter that was cancelled disturbs nobody; what is broken stays broken."""
    gate, told = Gate(), list[Any]()

    async def wait() -> None:
        try:
            await gate
            told.append("in")
        except Exception as error:
            told.append(type(error))

    async def turns() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    leaver, stays = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
    await turns()
    leaver.cancel()
    gate.open()
    await stays
    await wait()
    assert told == ["in", "in"]
    gate.shut()
    turned_away = asyncio.ensure_future(wait())
    await turns()
    gate.refuse(KeyError("not you"))
    await turned_away
    waiting = asyncio.ensure_future(wait())
    await turns()
    gate.fail(ValueError("broken"))
    await waiting
    await wait()

    assert told[2:] == [KeyError, ValueError, ValueError]
    assert not gate.is_open
