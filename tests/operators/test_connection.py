"""Reconnection, heartbeat, login and subscriptions: operators, in virtual time, without a network (C75)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from reactivex import Observable
from reactivex.disposable import Disposable
from reactivex.testing import TestScheduler

from rxbotters.descriptor import Ack
from rxbotters.errors import ConnectError, HandshakeRefused, LoginRefused
from rxbotters_operators import Backoff, heartbeat, login, reconnect, subscribe_channels
from rxbotters_operators._subscribe import AckRule
from rxbotters_operators.errors import HeartbeatTimeout, ProtocolError, RetriesExhausted
from rxbotters_operators.events import (
    Acknowledged,
    Authenticated,
    Closed,
    Connecting,
    Frame,
    Opened,
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
