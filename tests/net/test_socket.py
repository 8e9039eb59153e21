"""One socket's life against a wire of the test's own: whatever comes at the worst moment, it ends once, and is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMessage, WSMsgType

from rxbotters.errors import BufferOverflow, SendTimeout
from rxbotters.net.socket import Connection, connection
from rxbotters.net.tasks import Tasks
from rxbotters.testing import run
from rxbotters.wire import PLAIN
from rxbotters_operators.events import Closed, Connecting, Frame, Opened


class Turns:
    """A throttle that lets one message through each second."""

    def __init__(self) -> None:
        self.waited = 0

    async def wait(self) -> None:
        self.waited += 1
        await asyncio.sleep(1.0)


class Wire:
    """The socket: says what it is told, and notes what is sent."""

    dialect = PLAIN

    def __init__(self, *, throttle: Any = None) -> None:
        self.throttle = throttle
        self.incoming: asyncio.Queue[WSMessage] = asyncio.Queue()
        self.pings: list[bytes] = []
        self.ping_fails: Exception | None = None
        self.ping_hangs = False
        self.close_hangs = False
        self.closings: list[int] = []
        self.closed = False
        self.close_code: int | None = None

    async def receive(self) -> WSMessage:
        return await self.incoming.get()

    def say(self, kind: WSMsgType, data: Any = None, extra: str | None = None) -> None:
        self.incoming.put_nowait(WSMessage(kind, data, extra))

    async def ping(self, payload: bytes) -> None:
        if self.ping_hangs:
            await asyncio.sleep(3600)
        if self.ping_fails is not None:
            raise self.ping_fails
        self.pings.append(payload)

    async def close(self, *, code: int = 1000, message: bytes = b"") -> None:
        self.closings.append(code)
        if self.close_hangs:
            await asyncio.sleep(3600)
        self.closed = True
        self.say(WSMsgType.CLOSED)


class Life:
    """A subscription to one connection, and everything it said."""

    def __init__(self, wire: Wire, dial: Callable[[], Coroutine[Any, Any, Any]] | None = None) -> None:
        self.wire = wire
        self.faults: list[Exception] = []
        self.tasks = Tasks(self.faults.append)
        self.seen: list[Any] = []
        self.at: dict[type, Callable[[], None]] = {}
        stream = connection(dial or self._dial, name="ws://x", tasks=self.tasks, send_timeout=5.0)
        self.subscription = stream.subscribe(self._note, self.seen.append, lambda: self.seen.append("end"))

    async def _dial(self) -> Any:
        return self.wire

    def _note(self, item: Any) -> None:
        self.seen.append(item)
        act = self.at.get(type(item))
        if act is not None:
            act()

    @property
    def port(self) -> Connection:
        return next(item.connection for item in self.seen if isinstance(item, Opened))

    def kinds(self) -> list[Any]:
        return [item if item == "end" else type(item) for item in self.seen]


def played(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return run(main())


def test_a_peer_that_takes_nothing_is_dropped_after_the_time_it_has() -> None:
    """F30."""

    async def main() -> Life:
        life = Life(Wire())
        await asyncio.sleep(0)
        life.wire.ping_hangs = True
        life.port.ping(b"1")
        await asyncio.sleep(4.9)
        assert life.kinds() == [Connecting, Opened]
        await asyncio.sleep(0.2)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Closed, "end"]
    assert life.seen[2].cause == "send"
    assert isinstance(life.seen[2].error, SendTimeout)
    assert not life.faults


@pytest.mark.parametrize("error", [aiohttp.ClientConnectionResetError("closing"), BrokenPipeError()])
def test_a_send_that_fails_is_left_to_the_reader_who_sees_the_same_loss(error: Exception) -> None:
    """F09: one end, with the reader's cause, and no task that dies unheard."""

    async def main() -> Life:
        life = Life(Wire())
        await asyncio.sleep(0)
        life.wire.ping_fails = error
        life.port.ping(b"1")
        await asyncio.sleep(1)
        assert life.kinds() == [Connecting, Opened]
        life.wire.say(WSMsgType.CLOSED)
        await asyncio.sleep(1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Closed, "end"]
    assert life.seen[2].cause == "reset"
    assert not life.faults


def test_what_waits_to_be_sent_is_bounded() -> None:
    """F87: and said to who sends."""

    async def main() -> Life:
        life = Life(Wire(throttle=Turns()))
        await asyncio.sleep(0)
        for _ in range(10_000):
            life.port.send("x")
        with pytest.raises(BufferOverflow):
            life.port.send("one more")
        assert life.port.waiting == 10_000
        life.subscription.dispose()
        await asyncio.sleep(1)
        return life

    assert not played(main).faults


def test_goodbye_does_not_wait_for_messages_that_have_to_wait_their_turn() -> None:
    """F22, F24: said once, by the first reason given."""

    async def main() -> Life:
        life = Life(Wire(throttle=Turns()))
        await asyncio.sleep(0)
        life.port.ping(b"1")
        await asyncio.sleep(0.5)
        life.port.close(1000, "rotated", cause="rotated")
        life.port.close(1001, "again", cause="manual")
        await asyncio.sleep(1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Closed, "end"]
    assert (life.seen[2].code, life.seen[2].reason, life.seen[2].cause) == (1000, "rotated", "rotated")
    assert not life.wire.pings
    assert set(life.wire.closings) == {1000}


def test_a_connection_whose_reader_is_held_up_can_be_closed() -> None:
    """C78, F24: a handler that makes it wait (a full queue, say) does not hold up the goodbye."""

    async def main() -> Life:
        life = Life(Wire())
        await asyncio.sleep(0)
        gate = asyncio.get_running_loop().create_future()
        life.at[Frame] = lambda: life.port.pending.append(gate)
        life.wire.say(WSMsgType.TEXT, "1")
        life.wire.say(WSMsgType.TEXT, "2")
        await asyncio.sleep(0.1)
        life.port.close(1000, "enough")
        await asyncio.sleep(0.1)
        assert life.wire.closings == [1000]
        gate.set_result(None)
        await asyncio.sleep(1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Frame, Frame, Closed, "end"]
    assert life.seen[-2].cause == "manual"


def test_a_goodbye_that_is_not_answered_ends_within_half_a_second() -> None:
    """F22, F24: F10's silent peer cannot keep us."""

    async def main() -> tuple[Life, float]:
        life = Life(Wire())
        await asyncio.sleep(0)
        life.wire.close_hangs = True
        began = asyncio.get_running_loop().time()
        life.subscription.dispose()
        while len(life.tasks):
            await asyncio.sleep(0.01)
        return life, asyncio.get_running_loop().time() - began

    life, took = played(main)
    assert took <= 0.55
    assert life.kinds() == [Connecting, Opened]


def test_a_goodbye_of_ours_that_is_not_answered_is_an_end_with_our_reason() -> None:
    async def main() -> Life:
        life = Life(Wire())
        await asyncio.sleep(0)
        life.wire.close_hangs = True
        life.port.close(1000, "no pong", cause="heartbeat")
        await asyncio.sleep(1.1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Closed, "end"]
    assert (life.seen[2].code, life.seen[2].reason, life.seen[2].cause) == (1000, "no pong", "heartbeat")


@pytest.mark.parametrize("how", ["raises", "returns"])
def test_a_handshake_that_does_not_let_itself_be_cancelled_is_nobodys(how: str) -> None:
    """C77, F25: what it comes to is told to nobody, and a socket it comes to is closed."""
    wire = Wire()

    async def dial() -> Any:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            if how == "raises":
                raise OSError("cut short") from None
        return wire

    async def main() -> Life:
        life = Life(wire, dial)
        await asyncio.sleep(1)
        life.subscription.dispose()
        await asyncio.sleep(1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting]
    assert wire.closed is (how == "returns")
    assert not life.faults


@pytest.mark.parametrize("at", [Opened, Frame, Closed])
def test_who_leaves_at_an_event_hears_nothing_more(at: type) -> None:
    """C77: and the socket is closed."""

    async def main() -> Life:
        life = Life(Wire())
        life.at[at] = lambda: life.subscription.dispose()
        life.wire.say(WSMsgType.TEXT, "1")
        life.wire.say(WSMsgType.TEXT, "2")
        life.wire.say(WSMsgType.CLOSE, 1001, "bye")
        await asyncio.sleep(1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Frame, Frame, Closed][: {Opened: 2, Frame: 3, Closed: 5}[at]]
    assert life.wire.closed
    assert not len(life.tasks)


def test_a_fault_behind_the_connection_ends_it() -> None:
    """F85: nothing that looks alive and is not read."""

    def fail() -> None:
        raise RuntimeError("behind us")

    async def main() -> Life:
        life = Life(Wire())
        life.at[Frame] = fail
        life.wire.say(WSMsgType.TEXT, "1")
        await asyncio.sleep(1)
        return life

    life = played(main)
    assert life.kinds() == [Connecting, Opened, Frame, RuntimeError]
    assert life.wire.closed
