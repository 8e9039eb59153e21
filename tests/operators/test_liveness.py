"""Keepalive, lateness, freshness and leases, in virtual time, without a network (C75)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxbotters_operators import Backoff, freshness, keepalive, lateness, lease
from rxbotters_operators._keepalive import Beat
from rxbotters_operators.errors import RetriesExhausted, SilenceError
from rxbotters_operators.events import Answered, Closed, Frame, Late, Leased, LeaseFailed, Opened, Quiet, Subscribed
from rxbotters_operators.hot import Hot


class Port:
    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.pings: list[bytes] = []

    def send(self, data: Any) -> None:
        self.sent.append(data)

    def ping(self, payload: bytes) -> None:
        self.pings.append(payload)


class Stopped(TestScheduler):
    """A clock whose process can stand still: time passes and no timer runs until it wakes."""

    def freeze(self, seconds: float) -> None:
        self._clock = self.add(self._clock, seconds)


def text(data: str) -> Frame:
    return Frame("text", data)


# ---------------------------------------------------------------------- keepalive


def test_heartbeats_run_from_the_opening_to_the_end() -> None:
    """C41: the first at once, then at the exchange's pace; none after the connection ended."""
    clock, source, port = TestScheduler(), Subject[Any](), Port()
    source.pipe(keepalive(lambda _: Beat(20.0, lambda: "ping"), scheduler=clock)).subscribe()

    source.on_next(Opened(port))
    clock.advance_to(41)
    beats = len(port.sent)
    source.on_completed()
    clock.advance_to(200)

    assert beats == 3
    assert port.sent == ["ping"] * 3


def test_a_server_that_asks_is_answered_and_everything_passes() -> None:
    """C41."""
    source, port, seen = Subject[Any](), Port(), []
    rules = Beat(answer=lambda frame: "3" if frame.data == "2" else None)
    source.pipe(keepalive(lambda _: rules, scheduler=TestScheduler())).subscribe(seen.append)
    frames = [text("2"), text("42[]"), Frame("ping", b"2")]

    source.on_next(Opened(port))
    for frame in frames:
        source.on_next(frame)

    assert port.sent == ["3"]
    assert seen[1:] == frames


def test_a_host_without_rules_gets_nothing() -> None:
    clock, source, port = TestScheduler(), Subject[Any](), Port()
    source.pipe(keepalive(lambda _: None, scheduler=clock)).subscribe()

    source.on_next(Opened(port))
    clock.advance_to(1000)

    assert not port.sent


def test_a_connection_that_says_nothing_at_all_is_given_up() -> None:
    """C41: any frame counts; without one the silence is an error, at most a quarter late."""
    clock, source, ends = TestScheduler(), Subject[Any](), []
    stream = source.pipe(keepalive(lambda _: Beat(silence=40.0), scheduler=clock))
    stream.subscribe(on_error=lambda error: ends.append((clock.to_seconds(clock.now), error)))

    source.on_next(Opened(Port()))
    clock.schedule_relative(30, lambda *_: source.on_next(text("x")))
    clock.advance_to(500)

    ((when, error),) = ends
    assert isinstance(error, SilenceError)
    assert 70 <= when <= 80
    assert not source.observers


@pytest.mark.parametrize(("spoke", "ends"), [((), [40]), ((30,), [70]), ((30, 60, 75, 100), [140])])
def test_silence_is_counted_from_the_opening_and_from_each_frame(spoke: tuple[int, ...], ends: list[int]) -> None:
    """C41: looked at every quarter of it, so never early and at most a quarter late."""
    clock, source, ended = TestScheduler(), Subject[Any](), list[float]()
    stream = source.pipe(keepalive(lambda _: Beat(silence=40.0), scheduler=clock))
    stream.subscribe(on_error=lambda error: ended.append(clock.to_seconds(clock.now)))

    source.on_next(Opened(Port()))
    for at in spoke:
        clock.schedule_absolute(at - 0.5, lambda *_: source.on_next(Frame("ping", b"")))
    clock.advance_to(500)

    assert ended == ends


def test_binary_frames_are_answered_and_beats_know_their_connection() -> None:
    """C41: MessagePack and deflated hosts ask in bytes; control frames are answered by the protocol."""
    clock, source, port, seen, asked = TestScheduler(), Subject[Any](), Port(), list[Any](), list[Any]()

    def rules(connection: Any) -> Beat:
        asked.append(connection)
        return Beat(5.0, lambda: "beat", answer=lambda frame: f"{frame.data!r}")

    source.pipe(keepalive(rules, scheduler=clock)).subscribe(seen.append)
    items = [Opened(port), Frame("binary", b"?"), Frame("ping", b"?"), Frame("pong", b"?"), Closed(1000)]
    for item in items:
        source.on_next(item)

    assert asked == [port]
    assert port.sent == ["beat", "b'?'"]
    assert seen == items


def test_a_pace_that_is_none_is_refused() -> None:
    clock, source, seen = TestScheduler(), Subject[Any](), list[Any]()
    source.pipe(keepalive(lambda _: Beat(0.0), scheduler=clock)).subscribe(seen.append, seen.append)

    with pytest.raises(ValueError, match="every must be a positive number of seconds, got 0"):
        source.on_next(Opened(Port()))


@pytest.mark.parametrize("how", ["error", "dispose"])
def test_beats_and_watch_end_with_the_connection(how: str) -> None:
    """C5, C77."""
    clock, source, port, seen = TestScheduler(), Subject[Any](), Port(), list[Any]()
    rules = Beat(5.0, silence=20.0)
    subscription = source.pipe(keepalive(lambda _: rules, scheduler=clock)).subscribe(seen.append, seen.append)
    source.on_next(Opened(port))
    if how == "error":
        source.on_error(OSError("gone"))
    else:
        subscription.dispose()
    clock.advance_to(500)

    assert port.sent == ["ping"]
    assert [type(item) for item in seen[1:]] == ([OSError] if how == "error" else [])
    assert not source.observers


# ---------------------------------------------------------------------- lateness


def test_a_process_that_stood_still_says_so_before_it_hands_on_what_is_old() -> None:
    """F29: Late first, then a ping whose pong marks where fresh data begins."""
    clock, source, port, seen = Stopped(), Subject[Any](), Port(), []
    source.pipe(lateness(1.0, scheduler=clock)).subscribe(seen.append)
    source.on_next(Opened(port))
    clock.advance_to(10)
    assert not port.pings

    clock.freeze(12)
    clock.advance_by(0.001)
    source.on_next(text("old"))
    source.on_next(Frame("pong", port.pings[0]))
    source.on_next(text("fresh"))

    kinds = [type(item) for item in seen]
    assert kinds == [Opened, Late, Frame, Answered, Frame, Frame]
    assert seen[1].seconds == pytest.approx(12, abs=1)


def test_a_pong_of_another_ping_proves_nothing_here() -> None:
    """F29."""
    clock, source, port, seen = Stopped(), Subject[Any](), Port(), []
    source.pipe(lateness(1.0, scheduler=clock)).subscribe(seen.append)
    source.on_next(Opened(port))

    clock.freeze(5)
    clock.advance_by(0.001)
    source.on_next(Frame("pong", b"hb-1"))

    assert len(port.pings) == 1
    assert not any(isinstance(item, Answered) for item in seen)


# ---------------------------------------------------------------------- freshness


def channel(message: Any) -> str | None:
    return message.get("ch") if isinstance(message, dict) else None


def test_one_silent_channel_is_noticed_although_others_speak() -> None:
    """F11, F90: the deadline of a channel is its own; noticed within a second after it."""
    clock, source, seen, ends = TestScheduler(), Subject[Any](), [], []
    stream = source.pipe(freshness({"a": 10.0, "b": 10.0}, channel, scheduler=clock))
    stream.subscribe(seen.append, lambda error: ends.append((clock.to_seconds(clock.now), error)))

    source.on_next(Subscribed(None))
    source.on_next(text('{"ch": "a"}'))
    for second in range(1, 60):
        clock.schedule_relative(second, lambda *_: source.on_next(text('{"ch": "b"}')))
    clock.advance_to(59)

    ((when, error),) = ends
    assert isinstance(error, SilenceError)
    assert 10 <= when <= 12
    assert next(item for item in seen if isinstance(item, Quiet)).channel == "a"


def test_frames_that_are_no_messages_count_for_no_channel() -> None:
    source, ends = Subject[Any](), []
    clock = TestScheduler()
    source.pipe(freshness({"a": 4.0}, channel, scheduler=clock)).subscribe(on_error=ends.append)

    source.on_next(Subscribed(None))
    source.on_next(text("junk"))
    source.on_next(Closed(1000))
    clock.advance_to(100)

    assert not ends  # the connection is gone: nobody can be silent on it


def test_without_deadlines_nothing_is_watched() -> None:
    clock, source, seen = TestScheduler(), Subject[Any](), list[Any]()
    source.pipe(freshness({}, lambda message: "a", scheduler=clock)).subscribe(seen.append, seen.append)
    for item in (Subscribed(None), text("1"), Closed(1000)):
        source.on_next(item)
    clock.advance_to(10_000)

    assert [type(item) for item in seen] == [Subscribed, Frame, Closed]


@pytest.mark.parametrize("limits", [{"a": 0.0}, {"a": -1.0}, {"a": float("nan")}])
def test_a_deadline_must_be_positive(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="'a'"):
        freshness(limits, channel)


# ---------------------------------------------------------------------- lease


class Venue:
    """Gives tokens; fails when told to."""

    def __init__(self) -> None:
        self.created = 0
        self.renewed: list[str] = []
        self.fail_create: list[Exception] = []
        self.fail_renew: list[Exception] = []

    async def create(self) -> str:
        if self.fail_create:
            raise self.fail_create.pop(0)
        self.created += 1
        return f"t{self.created}"

    async def renew(self, token: str) -> None:
        if self.fail_renew:
            raise self.fail_renew.pop(0)
        self.renewed.append(token)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def pass_time(clock: TestScheduler, seconds: float, step: float = 1.0) -> None:
    end = clock.to_seconds(clock.now) + seconds
    while clock.to_seconds(clock.now) < end:
        clock.advance_by(min(step, end - clock.to_seconds(clock.now)))
        await turns()


Held = Callable[..., Awaitable[tuple[Venue, TestScheduler, list[Any], Any]]]


@pytest.fixture
def held() -> Held:
    async def begin(venue: Venue | None = None, **options: Any) -> tuple[Venue, TestScheduler, list[Any], Any]:
        venue = venue or Venue()
        clock, seen = TestScheduler(), []
        options.setdefault("backoff", Backoff(min=1, max=8, factor=2, initial=1))
        stream = lease(venue.create, venue.renew, every=600.0, dice=lambda: 0.5, scheduler=clock, **options)
        subscription = stream.subscribe(seen.append, seen.append)
        await turns()
        return venue, clock, seen, subscription

    return begin


async def test_a_token_is_extended_in_time(held: Held) -> None:
    """F45: one renewal each period, the same token."""
    venue, clock, seen, subscription = await held()

    await pass_time(clock, 1801, 100)
    subscription.dispose()

    assert venue.renewed == ["t1", "t1", "t1"]
    assert seen == [Leased("t1"), *[Leased("t1", renewed=True)] * 3]


async def test_a_renewal_that_fails_is_tried_again_and_then_the_token_is_replaced(held: Held) -> None:
    """F45, F46: the failure is said, and the stream lives."""
    venue = Venue()
    venue.fail_renew = [ConnectionError("503")] * 3
    venue, clock, seen, subscription = await held(venue)

    await pass_time(clock, 620)
    subscription.dispose()

    kinds = [type(event) for event in seen]
    assert kinds == [Leased, LeaseFailed, LeaseFailed, LeaseFailed, Leased]
    assert seen[-1] == Leased("t2")


async def test_one_failed_renewal_keeps_the_token(held: Held) -> None:
    """F45."""
    venue = Venue()
    venue.fail_renew = [ConnectionError("503")]
    venue, clock, seen, subscription = await held(venue)

    await pass_time(clock, 620)
    subscription.dispose()

    assert seen[-1] == Leased("t1", renewed=True)
    assert venue.created == 1


async def test_a_token_that_died_is_replaced_at_once(held: Held) -> None:
    """F46: the exchange's own word is enough."""
    died: Hot[None] = Hot("died")
    venue, _, seen, subscription = await held(expired=died)

    died.emit(None)
    await turns()
    subscription.dispose()

    assert seen == [Leased("t1"), Leased("t2")]
    assert not venue.renewed


async def test_a_token_that_died_while_it_could_not_be_extended_is_not_extended(held: Held) -> None:
    """F46: after the delay another is asked for."""
    died: Hot[None] = Hot("died")
    venue = Venue()
    venue.fail_renew = [ConnectionError("503")]
    venue, clock, seen, subscription = await held(venue, expired=died)
    await pass_time(clock, 600.2, 100)

    died.emit(None)
    await pass_time(clock, 1)
    subscription.dispose()

    assert [type(event) for event in seen] == [Leased, LeaseFailed, Leased]
    assert seen[-1] == Leased("t2")
    assert not venue.renewed


async def test_a_token_that_is_being_replaced_cannot_die_again(held: Held) -> None:
    """F46: who says so ten times still gets one new token."""
    died: Hot[None] = Hot("died")
    venue, _, seen, subscription = await held(expired=died)

    for _ in range(10):
        died.emit(None)
    await turns()
    subscription.dispose()
    died.emit(None)
    await turns()

    assert seen == [Leased("t1"), Leased("t2")]
    assert venue.created == 2


async def test_a_token_that_cannot_be_extended_is_taken_anew_each_time(held: Held) -> None:
    """F46: where an exchange has no renewal."""
    venue, clock, seen = Venue(), TestScheduler(), list[Any]()
    subscription = lease(venue.create, every=600.0, scheduler=clock).subscribe(seen.append)
    await turns()
    await pass_time(clock, 1300, 100)
    subscription.dispose()

    assert seen == [Leased("t1"), Leased("t2"), Leased("t3")]


async def test_a_token_of_before_is_extended_at_once(held: Held) -> None:
    venue, _, seen, subscription = await held(first="t0")
    subscription.dispose()

    assert seen == [Leased("t0", renewed=True)]
    assert venue.renewed == ["t0"]


@pytest.mark.parametrize("answer", ["t1", ConnectionError("cut short")])
async def test_an_answer_that_comes_after_the_end_is_nobodys(held: Held, answer: Any) -> None:
    """C77: even of a request that does not let itself be cancelled."""

    class Stubborn(Venue):
        async def create(self) -> str:
            try:
                return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
            except asyncio.CancelledError:
                if isinstance(answer, Exception):
                    raise answer from None
                return str(answer)

    _, clock, seen, subscription = await held(Stubborn())
    subscription.dispose()
    await turns()
    await pass_time(clock, 100, 10)

    assert not seen


async def test_creation_backs_off_and_obeys_retry_after(held: Held) -> None:
    """F18, F45."""
    venue = Venue()
    patient = ConnectionError("429")
    patient.retry_after = 30.0  # type: ignore[attr-defined]
    venue.fail_create = [ConnectionError("refused"), patient]
    _, clock, seen, subscription = await held(venue)

    await pass_time(clock, 40)
    subscription.dispose()

    assert [event.delay for event in seen[:2]] == [0.5, 30.0]
    assert seen[2] == Leased("t1")


async def test_keys_that_are_refused_end_the_lease(held: Held) -> None:
    venue = Venue()
    refused = PermissionError("401")
    refused.fatal = True  # type: ignore[attr-defined]
    venue.fail_create = [refused]
    _, clock, seen, _ = await held(venue)

    await pass_time(clock, 100, 10)

    assert seen == [refused]


async def test_a_finite_backoff_ends_it(held: Held) -> None:
    venue = Venue()
    venue.fail_create = [ConnectionError("x")] * 9
    _, clock, seen, _ = await held(venue, backoff=lambda: iter([1.0]))

    await pass_time(clock, 10)

    assert isinstance(seen[-1], RetriesExhausted)


async def test_disposing_gives_the_lease_up(held: Held) -> None:
    """C77: nothing after the end, no task left."""
    venue, clock, seen, subscription = await held()

    subscription.dispose()
    await pass_time(clock, 2000, 100)

    assert seen == [Leased("t1")]
    assert not venue.renewed
    assert not [task for task in asyncio.all_tasks() if "lease" in task.get_name()]


def test_a_token_never_prints() -> None:
    """C15."""
    assert "secret" not in repr(Leased("secret"))


def test_times() -> None:
    """The frozen clock really is one."""
    clock = Stopped()
    clock.freeze(3)
    assert clock.now.timestamp() == timedelta(seconds=3).total_seconds()
