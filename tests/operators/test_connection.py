"""Reconnection, heartbeat, login and subscriptions: operators, in virtual time, without a network (C75)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from reactivex import Observable
from reactivex.disposable import Disposable
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxbotters.descriptor import Ack
from rxbotters.errors import ConnectError, HandshakeRefused, LoginRefused
from rxbotters_operators import Backoff, heartbeat, login, reconnect, subscribe_channels
from rxbotters_operators._subscribe import AckRule
from rxbotters_operators.errors import BufferOverflow, HeartbeatTimeout, ProtocolError, RetriesExhausted, SilenceError
from rxbotters_operators.events import (
    Acknowledged,
    Answered,
    Authenticated,
    Closed,
    Connecting,
    Frame,
    Opened,
    Overdue,
    Refused,
    Subscribed,
    Waiting,
)
from rxbotters_operators.hot import Lean


class Port:
    """A connection that notes what is asked of it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.pings: list[bytes] = []

    def send(self, data: Any) -> None:
        self.sent.append(data)

    def ping(self, payload: bytes) -> None:
        self.pings.append(payload)


class Peer:
    """A scripted server: each dial takes the next script; the last one repeats.

    A script is a list of (seconds after the dial, item); an Exception ends with an error, "end" completes.
    """

    def __init__(self, clock: TestScheduler, *scripts: list[tuple[float, Any]]) -> None:
        self.clock = clock
        self.scripts = list(scripts)
        self.dials: list[float] = []

    def source(self) -> Observable[Any]:
        def run(on_next: Any, on_error: Any, on_completed: Any, _: Any) -> Any:
            self.dials.append(self.clock.to_seconds(self.clock.now))
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            alive = True

            def play(item: Any) -> Callable[..., None]:
                def act(*_: Any) -> None:
                    if alive:
                        if isinstance(item, Exception):
                            on_error(item)
                        elif item == "end":
                            on_completed()
                        else:
                            on_next(item)

                return act

            for after, item in script:
                if after == 0:
                    play(item)()
                else:
                    self.clock.schedule_relative(after, play(item))

            def stop() -> None:
                nonlocal alive
                alive = False

            return Disposable(stop)

        return Lean(run)


def frame(text: str = "1") -> Frame:
    return Frame("text", text)


def useful(life: float, *, frames: int = 1, code: int = 1000) -> list[tuple[float, Any]]:
    """A connection that opens, is subscribed, says something and is closed after ``life`` seconds."""
    port = Port()
    start: list[tuple[float, Any]] = [(0, Opened(port)), (0, Authenticated(port)), (0, Subscribed(port))]
    return [*start, *[(0, frame())] * frames, (life, Closed(code)), (life, "end")]


def dials(
    clock: TestScheduler, peer: Peer, seconds: float, backoff: Any = None, **options: Any
) -> tuple[list[float], list[Any]]:
    """Run for some virtual seconds; return the gaps between dials, and everything that was said."""
    seen: list[Any] = []
    options.setdefault("dice", lambda: 0.5)
    subscription = (
        peer.source()
        .pipe(reconnect(backoff, scheduler=clock, **options))
        .subscribe(seen.append, lambda error: seen.append(error))
    )
    clock.advance_to(seconds)
    subscription.dispose()
    return [round(b - a, 3) for a, b in zip(peer.dials, peer.dials[1:], strict=False)], seen


def waits(seen: list[Any]) -> list[float]:
    return [round(event.delay, 4) for event in seen if isinstance(event, Waiting)]


LITERAL = (1.92, 60.0, 1.618, 5.0)


def test_the_default_delays_are_the_contracts() -> None:
    """C45, C46, F14, F15, F19: no truncation to whole seconds."""
    clock = TestScheduler()

    gaps, seen = dials(clock, Peer(clock, [(0, ConnectError("ws://x", "refused"))]), 250, LITERAL)

    assert gaps[:7] == [2.5, 3.107, 5.026, 8.133, 13.159, 21.291, 34.449]
    assert waits(seen)[7] == 55.7379


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        ((0.1, 0.5, 1.618, 0.05), [0.025, 0.1618, 0.2618, 0.4236, 0.5, 0.5]),
        ((5.0, 5.0, 2.0, 1.0), [0.5, 5.0, 5.0, 5.0, 5.0, 5.0]),
        ((1.0, 60.0, 1.0, 1.0), [0.5, 1.0, 1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_a_users_backoff_is_obeyed_as_written(backoff: Any, delays: list[float]) -> None:
    """C46 (a), (b): no busy loop below a second, the first delay is drawn once."""
    clock = TestScheduler()

    _, seen = dials(clock, Peer(clock, [(0, ConnectError("ws://x", "refused"))]), 30, backoff)

    assert waits(seen)[:6] == delays


@pytest.mark.parametrize(
    "bad", [(0, 1, 1, 1), (2, 1, 1, 1), (1, 2, 0.5, 1), (1, 2, 2, -1), (1, 2), "abcd", (1, 2, 3, "x")]
)
def test_an_impossible_backoff_is_refused_at_once(bad: Any) -> None:
    """C45."""
    with pytest.raises(ValueError, match="backoff"):
        reconnect(bad)


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (lambda: Backoff(initial=-1.0), "initial must be at least 0"),
        (lambda: Backoff(min=0.0), "min must be above 0"),
        (lambda: Backoff(min=2.0, max=1.0), "max must be at least min"),
        (lambda: Backoff(factor=0.9), "factor must be at least 1"),
        (lambda: Backoff(jitter=1.1), "jitter must be between 0 and 1"),
        (lambda: Backoff(jitter=-0.1), "jitter must be between 0 and 1"),
        (lambda: Backoff(max=float("inf")), "all must be finite numbers"),
        (lambda: reconnect(min_uptime=-1), "min_uptime and healthy must be at least 0 s, got -1 and 60.0"),
        (lambda: reconnect(healthy=float("nan")), "min_uptime and healthy must be at least 0 s, got 1.0 and nan"),
        (lambda: heartbeat(0.0, 1.0), "interval and timeout must be positive seconds, got 0.0 and 1.0"),
        (lambda: heartbeat(1.0, 0.0), "interval and timeout must be positive seconds, got 1.0 and 0.0"),
    ],
)
def test_a_refusal_names_the_rule_that_was_broken(bad: Callable[[], Any], rule: str) -> None:
    """C45."""
    with pytest.raises(ValueError, match=rf"(^|: ){rule}(, got|$)"):
        bad()


def test_zero_and_one_are_legal_where_they_mean_something() -> None:
    """C44, C45: no guard, every life healthy, no jitter or all of it, no first delay, sub-second heartbeats."""
    for make in (
        lambda: Backoff(initial=0.0, jitter=1.0, factor=1.0, min=1.0, max=1.0),
        lambda: reconnect(min_uptime=0, healthy=0),
        lambda: heartbeat(0.5, 0.25),
    ):
        make()


def test_any_iterator_factory_is_a_backoff_and_its_end_is_the_end() -> None:
    """C45."""
    clock = TestScheduler()

    gaps, seen = dials(clock, Peer(clock, [(0, ConnectError("ws://x", "refused"))]), 60, lambda: iter([1.0, 2.0]))

    assert gaps == [1.0, 2.0]
    assert isinstance(seen[-1], RetriesExhausted)


def test_a_working_connection_that_is_lost_is_dialled_again_at_once() -> None:
    """C43, C44, C48: Closed, then Waiting(0), then the next dial."""
    clock = TestScheduler()

    gaps, seen = dials(clock, Peer(clock, useful(100.0)), 350, LITERAL)

    assert gaps == [100.0, 100.0, 100.0]
    closed = [event for event in seen if isinstance(event, Closed)]
    assert (closed[0].uptime, closed[0].delivered, closed[0].code) == (100.0, 1, 1000)
    assert waits(seen) == [0, 0, 0]


def test_success_starts_the_delays_afresh() -> None:
    """C47."""
    clock = TestScheduler()
    refused: list[tuple[float, Any]] = [(0, ConnectError("ws://x", "refused"))]

    _, seen = dials(clock, Peer(clock, refused, refused, useful(2.0), refused), 12, LITERAL)

    assert waits(seen)[:4] == [2.5, 3.1066, 0, 2.5]


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 4001])
def test_a_server_that_closes_at_once_is_not_stormed(code: int) -> None:
    """C44, F01, F02, F03, F05, F08: mute and short counts as a failure; one Closed and one Waiting per cycle."""
    clock = TestScheduler()
    port = Port()
    mute: list[tuple[float, Any]] = [
        (0, Opened(port)),
        (0, Authenticated(port)),
        (0, Subscribed(port)),
        (0, Closed(code)),
        (0, "end"),
    ]

    gaps, seen = dials(clock, Peer(clock, mute), 300, LITERAL)

    assert gaps == sorted(gaps)
    assert len(gaps) < 12
    assert sum(isinstance(event, Closed) for event in seen) == sum(isinstance(event, Waiting) for event in seen)


def test_the_guard_can_be_turned_off() -> None:
    """C44: min_uptime=0 is the seed's literal rule."""
    clock = TestScheduler()
    port = Port()
    short: list[tuple[float, Any]] = [
        (0, Opened(port)),
        (0, Authenticated(port)),
        (0, Subscribed(port)),
        (0.5, Closed(1000)),
        (0.5, "end"),
    ]

    gaps, _ = dials(clock, Peer(clock, short), 5, LITERAL, min_uptime=0)

    assert gaps[:4] == [0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("life", [0.001, 0.5, 5.0, 30.0])
def test_flapping_never_breaks_the_limit_of_dials(life: float) -> None:
    """D9, F09, F21: with the default backoff 30 dials in any 5 minutes at most, whatever the server does."""
    clock = TestScheduler()
    peer = Peer(clock, useful(life))

    dials(clock, peer, 3000)

    assert all(peer.dials[i + 30] - at >= 300 for i, at in enumerate(peer.dials[:-30]))
    assert len([at for at in peer.dials if at < 300]) <= 30


def test_a_healthy_minute_forgives_flapping() -> None:
    """F01, F21: only a connection that lived 60 s forgets the growing delays."""
    clock = TestScheduler()
    peer = Peer(clock, *[useful(1.0)] * 8, useful(61.0), useful(1.0), useful(100.0))

    _, seen = dials(clock, peer, 400)

    assert waits(seen)[:10] == [0, 0, 0, 0, 0, 2.5, 3.1066, 5.0264, 0, 0]


def test_retry_after_and_close_codes_are_lower_bounds() -> None:
    """F06, F07, F18."""
    clock = TestScheduler()
    busy = HandshakeRefused("ws://x", 429, fatal=False, retry_after=7.0)
    peer = Peer(clock, [(0, busy)], useful(2.0, code=1012), useful(2.0, code=1013), useful(500.0))

    _, seen = dials(clock, peer, 100, LITERAL)

    assert waits(seen)[:3] == [7.0, 17.5, 5.0]


def test_a_refusal_that_no_retry_can_change_ends_the_stream() -> None:
    """C27, F16, F17."""
    clock = TestScheduler()
    peer = Peer(clock, [(0, HandshakeRefused("ws://x", 403, fatal=True))])

    _, seen = dials(clock, peer, 100)

    assert [type(event) for event in seen] == [HandshakeRefused]
    assert len(peer.dials) == 1


def test_the_judge_can_end_the_stream_by_close_code() -> None:
    """F04."""
    clock = TestScheduler()
    peer = Peer(clock, useful(5.0, code=1008))
    verdict = LoginRefused("x", "banned")

    _, seen = dials(clock, peer, 100, judge=lambda closed: verdict if closed.code == 1008 else None)

    assert seen[-1] is verdict
    assert len(peer.dials) == 1


FAILED: list[tuple[float, Any]] = [(0, ConnectError("ws://x", "refused"))]


def test_a_wait_says_which_failure_it_was_and_why() -> None:
    """C43, C46: failures count up, and start again once a connection works."""
    clock = TestScheduler()
    quiet = [*useful(0.5, frames=0)[:-2], (0.5, Closed(1006, "gone", error=HeartbeatTimeout(5.0))), (0.5, "end")]

    _, seen = dials(clock, Peer(clock, FAILED, FAILED, quiet, quiet, useful(2.0), FAILED), 40, LITERAL)

    waiting = [event for event in seen if isinstance(event, Waiting)]
    assert [event.attempt for event in waiting[:6]] == [1, 2, 3, 4, 0, 1]
    assert [type(event.cause) for event in waiting[:6]] == [
        ConnectError,
        ConnectError,
        HeartbeatTimeout,
        HeartbeatTimeout,
        type(None),
        ConnectError,
    ]


def test_a_source_that_ends_before_it_opens_is_a_failed_dial() -> None:
    """C46: it backs off like one, and is told as one when the delays are used up."""
    clock = TestScheduler()

    _, seen = dials(clock, Peer(clock, [(0, Connecting("ws://x")), (0, "end")]), 60, lambda: iter([1.0, 2.0]))

    assert waits(seen) == [1.0, 2.0]
    assert not [event for event in seen if isinstance(event, Closed)]
    (exhausted,) = (event for event in seen if isinstance(event, RetriesExhausted))
    assert str(exhausted.__cause__) == "the source ended before it opened"
    assert "3" in str(exhausted)


@pytest.mark.parametrize(
    ("error", "cause", "reason"),
    [
        (None, "peer", ""),
        (HeartbeatTimeout(10.0), "heartbeat", str(HeartbeatTimeout(10.0))),
        (SilenceError(30.0), "silence", str(SilenceError(30.0))),
        (ProtocolError("bad frame"), "protocol", str(ProtocolError("bad frame"))),
        (LoginRefused("x", "no"), getattr(LoginRefused("x", "no"), "cause", "reset"), str(LoginRefused("x", "no"))),
        (OSError("broken pipe"), "reset", "broken pipe"),
    ],
)
def test_a_life_that_ends_without_a_word_is_closed_with_its_cause(error: Any, cause: str, reason: str) -> None:
    """C44, F09, F10: code 1006, uptime, the data frames it delivered, its connection and its error."""
    clock, port = TestScheduler(), Port()
    life: list[tuple[float, Any]] = [
        (0, Connecting("ws://x")),
        (2, Opened(port)),
        (2, Frame("text", "1")),
        (2, Frame("binary", b"2")),
        (2, Frame("ping", b"")),
        (2, Frame("pong", b"")),
        (5, error if error is not None else "end"),
    ]

    _, seen = dials(clock, Peer(clock, life), 6, LITERAL, fatal=lambda error: False)

    (closed,) = (event for event in seen if isinstance(event, Closed))
    assert (closed.code, closed.reason, closed.cause) == (1006, reason, cause)
    assert (closed.uptime, closed.delivered) == (3.0, 2)
    assert closed.connection is port
    assert closed.error is error


def test_an_error_may_name_its_own_cause() -> None:
    """F15: such as dns."""

    class Dns(Exception):
        cause = "dns"

    clock = TestScheduler()

    _, seen = dials(clock, Peer(clock, [(0, Opened(Port())), (1, Dns())]), 1.5, LITERAL)

    assert [event.cause for event in seen if isinstance(event, Closed)] == ["dns"]


def test_what_the_peer_said_is_kept_and_the_connection_knows_more() -> None:
    """C44: its code and reason, with our count; told once, when the life is over."""
    clock, port = TestScheduler(), Port()
    said = Closed(4001, "go away", "peer")
    life = [(0, Opened(port)), (0, Subscribed(port)), (0, frame()), (0, frame()), (1.5, said), (1.75, OSError("late"))]

    _, seen = dials(clock, Peer(clock, life), 1.9, LITERAL)

    (closed,) = (event for event in seen if isinstance(event, Closed))
    assert (closed.code, closed.reason, closed.cause, closed.uptime) == (4001, "go away", "peer", 1.75)
    assert (closed.delivered, closed.connection) == (2, port)
    assert isinstance(closed.error, OSError)


def test_a_plain_stream_can_be_reconnected_too() -> None:
    """C75: its first item opens it, and it is useful for what it delivered."""
    clock = TestScheduler()
    life = [(0, Connecting("x")), (1, "tick"), (1, "tick"), (3, OSError("lost"))]

    gaps, seen = dials(clock, Peer(clock, life), 10, LITERAL)

    assert gaps == [3.0, 3.0, 3.0]
    closed = [event for event in seen if isinstance(event, Closed)]
    assert [(event.uptime, event.delivered, event.cause) for event in closed] == [(2.0, 1, "reset")] * 3
    assert waits(seen) == [0, 0, 0]


def test_a_connection_that_was_never_subscribed_is_no_success_however_long_it_lived() -> None:
    """C47: a login that is refused after a minute backs off all the same."""
    clock = TestScheduler()
    life = [(0, Opened(Port())), (0, frame()), (90.0, LoginRefused("x", "no"))]

    _, seen = dials(clock, Peer(clock, life), 300, LITERAL, fatal=lambda error: False)

    assert waits(seen)[:3] == [2.5, 3.1066, 5.0264]


@pytest.mark.parametrize(("life", "delays"), [(1.0, [0, 0, 0]), (0.999, [2.5, 3.1066, 5.0264])])
def test_a_mute_second_is_long_enough(life: float, delays: list[float]) -> None:
    """C44: min_uptime is 1 s unless said otherwise."""
    clock = TestScheduler()

    _, seen = dials(clock, Peer(clock, useful(life, frames=0)), 20, LITERAL)

    assert waits(seen)[:3] == delays


@pytest.mark.parametrize(
    ("life", "healthy", "free"), [(60.0, {}, True), (59.9, {}, False), (5.0, {"healthy": 5.0}, True)]
)
def test_what_lived_long_enough_is_dialled_again_at_once_for_ever(life: float, healthy: Any, free: bool) -> None:
    """F21: 60 s unless said otherwise; younger ones only five times in a row."""
    clock = TestScheduler()

    _, seen = dials(clock, Peer(clock, useful(life)), 12 * (life + 10), **healthy)

    assert (waits(seen)[:9] == [0] * 9) is free
    assert waits(seen)[:5] == [0] * 5


def test_a_healthy_life_begins_the_count_of_young_ones_anew() -> None:
    clock = TestScheduler()
    peer = Peer(clock, *[useful(1.0)] * 7, useful(60.0), *[useful(1.0)] * 7, useful(1000.0))

    _, seen = dials(clock, peer, 200)

    assert waits(seen)[:15] == [0, 0, 0, 0, 0, 2.5, 3.1066, 0, 0, 0, 0, 0, 0, 2.5, 3.1066]


def test_young_lives_use_up_a_finite_backoff() -> None:
    """D9: the error says what kept happening."""
    clock = TestScheduler()

    _, seen = dials(clock, Peer(clock, useful(1.0)), 60, lambda: iter([1.0]), limit=(30, 300.0))

    assert waits(seen) == [0, 0, 0, 0, 0, 1.0]
    assert str(seen[-1].__cause__) == "the connection keeps ending young"


@pytest.mark.parametrize(
    ("closed", "words"),
    [(Closed(4001, "too many"), "too many"), (Closed(4001), "peer"), (Closed(1006, error=OSError("cut")), "cut")],
)
def test_mute_lives_use_up_a_finite_backoff_and_the_last_one_says_why(closed: Closed, words: str) -> None:
    """C45: in the peer's words, else by its cause."""
    clock = TestScheduler()
    mute = [(0, Opened(Port())), (0, Subscribed(None)), (0.5, closed), (0.5, "end")]

    _, seen = dials(clock, Peer(clock, mute), 60, lambda: iter([1.0]))

    assert waits(seen) == [1.0]
    assert isinstance(seen[-1], RetriesExhausted)
    assert str(seen[-1].__cause__) == words
    assert words in str(seen[-1])


def test_a_users_backoff_alone_is_under_no_limit_of_dials() -> None:
    """C46: his word is law; a limit holds where he asks for it."""
    clock = TestScheduler()
    free, kept = Peer(clock, FAILED), Peer(clock, FAILED)

    dials(clock, free, 100, (1.0, 1.0, 1.0, 1.0))
    dials(clock := kept.clock, kept, 200, (1.0, 1.0, 1.0, 1.0), limit=(3, 60.0))

    assert len(free.dials) == 101
    assert kept.dials == [100.0, 100.5, 101.5, 160.0, 161.0, 162.0]


def test_the_judge_can_ask_for_patience() -> None:
    """F04, F08: at least so long; a longer delay of our own stands."""
    clock = TestScheduler()
    peer = Peer(clock, useful(5.0, code=4001), useful(5.0, code=1012), useful(500.0))

    _, seen = dials(clock, peer, 100, judge=lambda closed: 10.0 if closed.code in (4001, 1012) else None)

    assert waits(seen)[:2] == [10.0, 17.5]


def test_an_error_of_an_open_connection_may_ask_for_patience() -> None:
    """F18: Retry-After counts whenever it comes."""

    class Busy(Exception):
        retry_after = 7.0

    clock = TestScheduler()
    life = [*useful(2.0)[:-2], (2.0, Busy())]

    _, seen = dials(clock, Peer(clock, life), 5, LITERAL)

    assert waits(seen)[:1] == [7.0]


@pytest.mark.parametrize("at", [Closed, Waiting])
def test_who_leaves_at_an_event_is_not_dialled_for_again(at: type) -> None:
    """C77."""
    clock = TestScheduler()
    peer = Peer(clock, useful(1.0))
    seen: list[Any] = []

    def note(item: Any) -> None:
        seen.append(item)
        if isinstance(item, at):
            subscription.dispose()

    subscription = peer.source().pipe(reconnect(LITERAL, dice=lambda: 0.5, scheduler=clock)).subscribe(note)
    clock.advance_to(100)

    assert type(seen[-1]) is at
    assert len(peer.dials) == 1


def test_a_source_that_ends_twice_is_dialled_again_once() -> None:
    """C77: and what it says after it was left is nobody's."""
    clock, lives = TestScheduler(), list[Any]()

    def rude(on_next: Any, on_error: Any, on_completed: Any, _: Any) -> Any:
        lives.append((on_next, on_error, on_completed))
        return Disposable()

    seen: list[Any] = []
    subscription = Lean(rude).pipe(reconnect((1, 1, 1, 1), dice=lambda: 0.5, scheduler=clock)).subscribe(seen.append)
    for _ in range(2):
        lives[0][1](OSError("x"))
        lives[0][2]()
    clock.advance_to(0.7)
    assert len(lives) == 2
    subscription.dispose()
    lives[1][1](OSError("x"))
    clock.advance_to(10)

    assert len(lives) == 2
    assert len(seen) == 1


def test_a_live_connection_is_left_when_its_subscriber_leaves() -> None:
    """C5, C77."""
    clock, left = TestScheduler(), list[str]()

    def open_(on_next: Any, *_: Any) -> Any:
        on_next(Opened(Port()))
        return Disposable(lambda: left.append("left"))

    Lean(open_).pipe(reconnect(scheduler=clock)).subscribe().dispose()

    assert left == ["left"]


def test_breaking_the_protocol_is_a_failure_even_after_data() -> None:
    """F54."""
    clock = TestScheduler()
    port = Port()
    broken: list[tuple[float, Any]] = [
        (0, Opened(port)),
        (0, Authenticated(port)),
        (0, Subscribed(port)),
        (0, frame()),
        (0.1, ProtocolError("bad UTF-8")),
    ]

    _, seen = dials(clock, Peer(clock, broken), 12, LITERAL)

    assert waits(seen)[:3] == [2.5, 3.1066, 5.0264]
    assert seen[4].cause == "protocol"


# ---------------------------------------------------------------------- heartbeat


def beat(clock: TestScheduler, peer: Peer, **options: Any) -> list[tuple[float, str]]:
    seen: list[tuple[float, str]] = []

    def note(item: Any) -> None:
        seen.append((round(clock.to_seconds(clock.now), 3), type(item).__name__))

    peer.source().pipe(heartbeat(10.0, scheduler=clock, **options)).subscribe(note, note)
    clock.advance_to(100)
    return seen


def test_a_vanished_peer_is_overdue_at_15_s_and_dropped_at_20_s() -> None:
    """C40, F10: ping every 10 s, 10 s allowed for the pong, a warning half-way."""
    clock = TestScheduler()
    port = Port()

    seen = beat(clock, Peer(clock, [(0, Opened(port)), (12, frame())]))

    assert seen == [(0, "Opened"), (12, "Frame"), (15, "Overdue"), (20, "HeartbeatTimeout")]
    assert port.pings == [b"hb-1"]


def test_an_answering_peer_is_pinged_every_interval() -> None:
    """C40: only the matching pong counts; data does not."""
    clock = TestScheduler()
    port = Port()
    pongs = [(10.0 * n + 1, Frame("pong", b"hb-%d" % n)) for n in range(1, 5)]

    seen = beat(clock, Peer(clock, [(0, Opened(port)), (10.5, Frame("pong", b"alien")), *pongs]))

    assert [at for at, name in seen if name == "Answered"] == [11, 21, 31, 41]
    assert port.pings == [b"hb-%d" % n for n in range(1, 6)]
    assert seen[-1] == (60, "HeartbeatTimeout")


class Beats:
    """A heartbeat around a connection that the test plays by hand."""

    def __init__(self, *seconds: float) -> None:
        self.clock, self.port, self.source = TestScheduler(), Port(), Subject[Any]()
        self.seen: list[Any] = []
        self.stream = self.source.pipe(heartbeat(*seconds, scheduler=self.clock))
        self.subscription = self.stream.subscribe(self.seen.append, self.seen.append, lambda: self.seen.append("end"))
        self.source.on_next(Opened(self.port))

    def pong(self, at: float, payload: bytes) -> None:
        self.clock.advance_to(at)
        self.source.on_next(Frame("pong", payload, self.port))


def test_a_pong_may_have_less_time_than_a_ping_has_to_wait() -> None:
    """C40: ``timeout`` of its own; each event says whose it is and how long it took."""
    beats = Beats(10.0, 4.0)
    beats.pong(11.5, b"hb-1")
    beats.clock.advance_to(23.0)
    assert beats.port.pings == [b"hb-1", b"hb-2"]
    beats.clock.advance_to(100.0)

    _, answered, pong, overdue, error = beats.seen
    assert (answered.connection, answered.rtt) == (beats.port, 1.5)
    assert pong.kind == "pong"
    assert (overdue.connection, overdue.seconds) == (beats.port, 2.0)
    assert isinstance(error, HeartbeatTimeout)
    assert "4 s" in str(error)
    assert not beats.source.observers
    assert len(beats.port.pings) == 2


def test_a_pong_that_is_later_than_the_interval_is_followed_by_a_ping_at_once() -> None:
    """C40: where ``timeout`` is longer; an old pong is no answer to a new ping."""
    beats = Beats(2.0, 60.0)
    beats.pong(10.0, b"hb-1")
    beats.clock.advance_to(10.1)
    assert beats.port.pings == [b"hb-1", b"hb-2"]
    beats.pong(11.0, b"hb-1")

    assert [type(event) for event in beats.seen] == [Opened, Answered, Frame, Frame]


def test_a_pong_that_comes_while_the_warning_is_told_is_in_time() -> None:
    """C40, F10."""
    beats = Beats(10.0)
    beats.stream.subscribe().dispose()
    again = TestScheduler()
    source, port, seen = Subject[Any](), Port(), list[Any]()

    def note(item: Any) -> None:
        seen.append(type(item))
        if isinstance(item, Overdue) and len(port.pings) == 1:
            source.on_next(Frame("pong", port.pings[0], port))

    source.pipe(heartbeat(10.0, scheduler=again)).subscribe(note, note)
    source.on_next(Opened(port))
    again.advance_to(21.0)

    assert seen == [Opened, Overdue, Answered, Frame]
    assert len(port.pings) == 2


def test_a_new_connection_is_pinged_afresh() -> None:
    """C40: what the old one still owed does not count against it."""
    beats = Beats(10.0)
    beats.clock.advance_to(14.0)
    beats.source.on_next(Opened(port := Port()))
    beats.pong(14.5, b"hb-1")
    beats.clock.advance_to(25.0)

    assert port.pings == [b"hb-2"]
    assert [type(event) for event in beats.seen] == [Opened, Opened, Frame]


@pytest.mark.parametrize("how", ["complete", "error", "dispose"])
def test_pings_end_with_the_connection(how: str) -> None:
    """C5, C77: and its end is handed on as it was."""
    beats = Beats(10.0)
    if how == "dispose":
        beats.subscription.dispose()
    elif how == "error":
        beats.source.on_error(OSError("gone"))
    else:
        beats.source.on_completed()
    beats.clock.advance_to(100)

    assert not beats.port.pings
    assert not beats.source.observers
    assert [event if event == "end" else type(event) for event in beats.seen[1:]] == {
        "complete": ["end"],
        "error": [OSError],
        "dispose": [],
    }[how]


@pytest.mark.parametrize("bad", [0, -1, float("nan")])
def test_a_heartbeat_needs_positive_seconds(bad: float) -> None:
    """C40."""
    with pytest.raises(ValueError, match="positive"):
        heartbeat(bad)


# ---------------------------------------------------------------------- login and subscriptions


def hello() -> Generator[Any, Any, None]:
    reply = yield ["hello"]
    while not (isinstance(reply, dict) and "login" in reply):
        reply = yield None
    if reply["login"] != "ok":
        raise LoginRefused("test", reply["login"])


def log_in(script: Any, *items: tuple[float, Any], timeout: float = 10.0) -> tuple[list[Any], Port]:
    clock, port, seen = TestScheduler(), Port(), []
    source = Peer(clock, [(0, Opened(port)), *items]).source()
    stream = source.pipe(
        login(script, timeout=timeout, scheduler=clock),
        subscribe_channels(lambda _: ['{"op":"sub"}'], scheduler=clock),
    )
    stream.subscribe(seen.append, seen.append)
    clock.advance_to(30)
    return seen, port


def test_subscriptions_follow_the_login_and_early_frames_follow_them() -> None:
    """C31, F37, F40: nothing that arrives during a login is lost."""
    early, ping, late = frame('{"data": 1}'), Frame("ping", b"x"), frame('{"data": 2}')

    seen, port = log_in(hello, (1, early), (1.5, ping), (2, frame('{"login": "ok"}')), (3, late))

    assert port.sent == ["hello", '{"op":"sub"}']
    assert [type(item).__name__ if not isinstance(item, Frame) else item.data for item in seen] == [
        "Opened",
        b"x",
        "Authenticated",
        "Subscribed",
        '{"data": 1}',
        '{"data": 2}',
    ]


def test_without_credentials_there_is_no_login() -> None:
    """C31."""
    seen, port = log_in(lambda: None)

    assert [type(item) for item in seen] == [Opened, Authenticated, Subscribed]
    assert port.sent == ['{"op":"sub"}']


def test_a_refused_login_subscribes_nothing() -> None:
    """C31, F35."""
    seen, port = log_in(hello, (1, frame('{"login": "bad key"}')))

    assert isinstance(seen[-1], LoginRefused)
    assert port.sent == ["hello"]


def test_an_unanswered_login_times_out() -> None:
    """C31, F36."""
    seen, _ = log_in(hello, timeout=10.0)

    assert isinstance(seen[-1], TimeoutError)


def test_html_in_answer_to_a_login_is_a_protocol_error() -> None:
    """F38."""
    seen, port = log_in(hello, (1, frame("<html>")))

    assert isinstance(seen[-1], ProtocolError)
    assert port.sent == ["hello"]


def test_a_login_that_breaks_off_is_a_failure_of_the_outage() -> None:
    """C47, F39: it backs off."""
    clock = TestScheduler()
    port = Port()
    reset: list[tuple[float, Any]] = [(0, Opened(port)), (0.5, ConnectionResetError("reset"))]
    source = Peer(clock, reset).source().pipe(login(hello, scheduler=clock))
    seen: list[Any] = []

    source.pipe(reconnect(LITERAL, dice=lambda: 0.5, scheduler=clock)).subscribe(seen.append)
    clock.advance_to(12)

    assert waits(seen)[:3] == [2.5, 3.1066, 5.0264]


def test_what_waits_for_a_login_is_bounded() -> None:
    """F37: 10,000 frames; a server that talks on and never answers is no login."""
    source, seen = Subject[Any](), list[Any]()
    port = Port()

    def script() -> Generator[Any, Any, None]:
        while True:
            yield None

    source.pipe(login(script, scheduler=TestScheduler())).subscribe(seen.append, seen.append)
    source.on_next(Opened(port))
    for _ in range(10_001):
        source.on_next(frame())

    assert [type(item) for item in seen] == [Opened, BufferOverflow]
    assert not source.observers


def test_two_requests_of_one_name_are_answered_in_their_order() -> None:
    """D11: one acknowledgement is one."""
    clock, port, seen = TestScheduler(), Port(), list[Any]()
    rule = AckRule(lambda m: [m["ch"]], lambda m: Ack(m["ch"], m.get("error")) if "ch" in m else None)
    messages = ['{"ch": "a", "depth": 5}', '{"ch": "a", "depth": 20}']
    script: list[tuple[float, Any]] = [(0, Authenticated(port)), (1, frame('{"ch": "a"}')), (2, frame('{"ch": "a"}'))]
    operator = subscribe_channels(lambda _: messages, ack=rule, timeout=1.5, scheduler=clock)

    Peer(clock, script).source().pipe(operator).subscribe(seen.append)
    clock.advance_to(10)

    outcome = [item for item in seen if isinstance(item, Acknowledged | Refused)]
    assert [(type(item), item.request["depth"]) for item in outcome] == [(Acknowledged, 5), (Refused, 20)]


def test_acknowledgements_and_refusals_belong_to_their_subscription() -> None:
    """D11, F41: a refusal carries the server's words; a missing answer counts as one after its deadline."""
    clock, port, seen = TestScheduler(), Port(), []
    rule = AckRule(
        lambda m: [m["id"]] if "id" in m else [], lambda m: Ack(m["id"], m.get("error")) if "id" in m else None
    )
    messages = ['{"id": 1}', '{"id": 2}', '{"id": 3}', '{"no": "id"}']
    script: list[tuple[float, Any]] = [
        (0, Authenticated(port)),
        (1, frame('{"id": 1}')),
        (2, frame('{"id": 2, "error": "no such channel"}')),
        (3, frame('{"id": [9]}')),
        (3, frame("junk")),
    ]
    operator = subscribe_channels(lambda _: messages, ack=rule, timeout=5.0, scheduler=clock)

    Peer(clock, script).source().pipe(operator).subscribe(seen.append)
    clock.advance_to(10)

    outcome = [item for item in seen if isinstance(item, Acknowledged | Refused)]
    assert [type(item) for item in outcome] == [Acknowledged, Refused, Refused]
    assert [item.request["id"] for item in outcome] == [1, 2, 3]
    assert outcome[1].text == "no such channel"
    assert "within 5 s" in outcome[2].text


def test_everything_together_survives_a_bad_day() -> None:
    """C75: the operators compose; one stream tells the whole story."""
    clock = TestScheduler()
    port = Port()
    script: list[tuple[float, Any]] = [(0, Connecting("ws://x")), (0, Opened(port)), (1, frame('{"login": "ok"}'))]
    life = (
        Peer(clock, script)
        .source()
        .pipe(
            heartbeat(10.0, scheduler=clock),
            login(hello, scheduler=clock),
            subscribe_channels(lambda _: [], scheduler=clock),
            reconnect(LITERAL, dice=lambda: 0.5, scheduler=clock),
        )
    )
    seen: list[Any] = []

    life.subscribe(seen.append)
    clock.advance_to(25)

    names = [type(item).__name__ for item in seen]
    assert names[:9] == [
        "Connecting", "Opened", "Authenticated", "Subscribed", "Overdue", "Closed", "Waiting", "Connecting", "Opened",
    ]  # fmt: skip
    closed = next(item for item in seen if isinstance(item, Closed))
    assert (closed.cause, type(closed.error)) == ("heartbeat", HeartbeatTimeout)


def test_disposing_stops_everything() -> None:
    """C77: no callback after dispose."""
    clock = TestScheduler()
    peer = Peer(clock, [(0, ConnectError("ws://x", "refused"))])
    seen: list[Any] = []
    subscription = peer.source().pipe(reconnect(LITERAL, scheduler=clock)).subscribe(seen.append)

    subscription.dispose()
    said = len(seen)
    clock.advance_to(1000)

    assert len(seen) == said
    assert len(peer.dials) == 1
    assert Backoff() == Backoff(1.92, 60.0, 1.618, 5.0)
