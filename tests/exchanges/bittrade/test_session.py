"""BitTrade's sessions: three protocols on one host, told apart by path; gzip frames; pongs that echo."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Beat, Credentials
from rxbotters.errors import LoginRefused, ProtocolError, SessionError
from rxbotters.exchanges.bittrade import EXCHANGE, session
from rxbotters.exchanges.bittrade.frames import BUDGET, GZIPPED
from rxbotters.exchanges.bittrade.limits import LIMITS
from rxbotters.wire import Frame, Request, Secret, inflate

CREDS = Credentials("bittrade", "btkey-0000-1111", Secret(b"btsecret"))
STAMP = Stamp(1700000000123, lambda: "")
BASE = "wss://api-cloud.bittrade.co.jp"
PUBLIC, PRIVATE, RETAIL = (URL(BASE + path) for path in ("/ws", "/ws/v2", "/retail/ws"))
DEPTH = "market.btcjpy.depth.step0"


def zipped(message: Any) -> bytes:
    return gzip.compress(message if isinstance(message, bytes) else json.dumps(message).encode())


# ---------------------------------------------------------------------- paths and frames


@pytest.mark.parametrize(
    ("path", "protocol"),
    [
        ("/ws", "public"),
        ("/ws/", "public"),
        ("/", "public"),
        ("/ws/v2", "private"),
        ("/ws/v2/", "private"),
        ("/ws/v2/x", "private"),
        ("/ws/v22", "public"),
        ("/retail/ws", "retail"),
        ("/retail/ws/", "retail"),
    ],
)
def test_the_path_tells_the_protocol(path: str, protocol: str) -> None:
    """Defect 6: a slash more changes nothing."""
    url = URL(BASE + path).with_query(a=1)

    assert session.protocol_of(url) == protocol
    assert isinstance(session.beat(url), Beat)
    assert (session.login(CREDS, STAMP, url) is None) is (protocol != "private")


def test_binary_frames_are_gzip_and_text_frames_are_json() -> None:
    """F59, defect 4."""
    message = {"ch": DEPTH, "ts": 1, "tick": {"bids": [[13640078.0, 3.6e-4]], "asks": []}}

    assert GZIPPED.decode(zipped(message)) == message
    assert GZIPPED.decode(json.dumps(message)) == message
    assert GZIPPED.decode(zipped(b'{"price":1.3640078E7}')) == {"price": 13640078.0}
    assert EXCHANGE.ws[PUBLIC.host or ""].dialect is GZIPPED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b",
        b'{"a": 1}',
        zipped(b'{"a": 1}')[:-1],
        zipped(b'{"a": 1}')[:-9],
        zipped(b'{"a": 1}') + b"more",
        zipped(b"pong"),
        zipped(b"\xff\xfe"),
        zipped(b'{"a": NaN}'),
        zipped(b'{"a": 1}').replace(b"\x1f\x8b", b"\x1f\x8c"),
        "pong",
    ],
)
def test_what_is_no_frame_is_a_typed_error(data: str | bytes) -> None:
    """F54, F55, F58."""
    with pytest.raises(ProtocolError):
        GZIPPED.decode(data)


def test_a_wrong_checksum_of_a_frame_is_noticed() -> None:
    frame = bytearray(zipped(b'{"a": 1}'))
    frame[-5] ^= 1

    with pytest.raises(ProtocolError, match="not gzip"):
        GZIPPED.decode(bytes(frame))


def test_a_bomb_is_refused_and_never_inflated_beyond_the_budget() -> None:
    """F52: 200 MB in 200 kB."""
    bomb = zipped(b"0" * 200_000_000)
    assert len(bomb) < 250_000
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError, match=f"inflates beyond {BUDGET} bytes"):
            GZIPPED.decode(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * BUDGET


def test_the_budget_is_exact() -> None:
    assert inflate(zipped(b"0" * 10), "gzip", budget=10) == b"0" * 10
    with pytest.raises(ProtocolError):
        inflate(zipped(b"0" * 11), "gzip", budget=10)


# ---------------------------------------------------------------------- login


def begun() -> Any:
    script = session.login(CREDS, STAMP, PRIVATE)
    assert script is not None
    return script, next(script)


def test_a_login_ends_with_its_answer() -> None:
    """C31, F37: what else comes meanwhile is delivered."""
    script, _ = begun()

    for other in (
        [1],
        "pong",
        None,
        {"action": "ping", "data": {"ts": 1}},
        {"action": "push", "ch": "auth", "data": 1},
    ):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"action": "req", "code": 200, "ch": "auth", "data": {}})


def test_only_the_private_path_logs_in() -> None:
    """Defect 1: the reference waits for ever for an answer that the public server does not give."""
    assert session.login(CREDS, STAMP, PUBLIC) is None
    assert session.login(CREDS, STAMP, RETAIL) is None


def test_a_refused_login_says_why() -> None:
    """F35, defect 2: the reference goes on waiting."""
    script, _ = begun()

    with pytest.raises(LoginRefused, match=r"auth\.fail \(code 2002\)"):
        script.send({"action": "req", "ch": "auth", "code": 2002, "message": "auth.fail"})


@pytest.mark.parametrize("code", [100, 429, 500, 4000])
def test_a_login_that_cannot_be_now_is_tried_again(code: int) -> None:
    script, _ = begun()

    with pytest.raises(SessionError) as caught:
        script.send({"action": "req", "ch": "auth", "code": code, "message": "too.many.connection"})
    assert not isinstance(caught.value, LoginRefused)


def test_a_refusal_that_repeats_the_request_shows_no_secret() -> None:
    """C15, P8."""
    script, (sent,) = begun()

    with pytest.raises(LoginRefused) as caught:
        script.send({"action": "req", "ch": "auth", "code": 2001, "message": f"invalid json: {sent}"})

    shown = f"{caught.value} {caught.value!r}"
    assert CREDS.key not in shown
    assert json.loads(sent)["params"]["signature"] not in shown


# ---------------------------------------------------------------------- acknowledgements


def test_public_requests_are_answered_under_their_id() -> None:
    """D11, F41."""
    request = {"sub": DEPTH, "id": 7}
    (name,) = session.request_ids(request)

    assert session.ack({"id": 7, "status": "ok", "subbed": DEPTH, "ts": 1}) == Ack(name)
    assert session.ack({"id": "7", "status": "ok", "rep": DEPTH, "ts": 1, "data": {}}) == Ack(name)
    refusal = {"id": 7, "status": "error", "err-code": "bad-request", "err-msg": "invalid symbol nopejpy", "ts": 1}
    assert session.ack(refusal) == Ack(name, "invalid symbol nopejpy (code bad-request)")
    assert session.request_ids({"unsub": DEPTH, "id": 7}) == session.request_ids({"req": DEPTH, "id": 7}) == (name,)


def test_a_public_request_without_an_id_gets_its_topic() -> None:
    """A refusal repeats the id, not the topic."""
    request = {"sub": DEPTH}

    assert session.split(request, PUBLIC) == ({"sub": DEPTH, "id": DEPTH},)
    assert session.split({"id": None, "sub": DEPTH}, PUBLIC) == ({"id": DEPTH, "sub": DEPTH},)
    assert session.request_ids({"id": None, "sub": DEPTH}) == ()
    assert request == {"sub": DEPTH}
    for other in ({"sub": DEPTH, "id": 1}, {"action": "sub", "ch": "orders#*"}, {"action": 1, "topic": 1}, "x", None):
        assert session.split(other, PUBLIC) == (other,)


def test_private_requests_are_answered_under_their_channel() -> None:
    """D11, F41."""
    (name,) = session.request_ids({"action": "sub", "ch": "orders#btcjpy"})

    assert session.ack({"action": "sub", "code": 200, "ch": "orders#btcjpy", "data": {}}) == Ack(name)
    refusal = {"action": "sub", "code": 2001, "ch": "orders#btcjpy", "message": "invalid.symbol"}
    assert session.ack(refusal) == Ack(name, "invalid.symbol (code 2001)")
    assert session.request_ids({"action": "unsub", "ch": "orders#btcjpy"}) != (name,)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("accounts.update", "accounts.update#0"),
        ("accounts.update#2", "accounts.update#2"),
        ("trade.clearing#btcjpy", "trade.clearing#btcjpy#0"),
        ("trade.clearing#btcjpy#1", "trade.clearing#btcjpy#1"),
    ],
)
def test_a_channel_without_a_mode_is_acknowledged_as_mode_0(asked: str, answered: str) -> None:
    ack = session.ack({"action": "sub", "code": 200, "ch": answered, "data": {}})

    assert ack is not None
    assert session.request_ids({"action": "sub", "ch": asked}) == (ack.id,)


def test_what_is_no_request_and_no_answer() -> None:
    login = {"action": "req", "ch": "auth", "params": {}}
    for message in (None, "x", [], {}, login, {"action": 1, "topic": 1}, {"sub": 1, "id": 1}, {"ping": 1}):
        assert session.request_ids(message) == ()
    push = {"action": "push", "ch": "orders#btcjpy", "data": {}}
    for message in (None, [1], {"ping": 1}, push, {"action": "req", "code": 200, "ch": "auth"}, {"status": "ok"}):
        assert session.ack(message) is None


def test_subscriptions_are_undone() -> None:
    assert session.undo({"sub": DEPTH, "id": 1}) == {"unsub": DEPTH, "id": 1}
    assert session.undo({"action": "sub", "ch": "orders#*"}) == {"action": "unsub", "ch": "orders#*"}
    assert session.undo({"action": 1, "topic": 1}) == {"action": 2, "topic": 1}
    for other in (None, "x", {"req": DEPTH}, {"action": True}, {"action": "req", "ch": "x"}, {"action": 4, "ts": 1}):
        assert session.undo(other) is None


# ---------------------------------------------------------------------- heartbeats


def pong(url: URL, message: Any) -> Any:
    frame = Frame("text", message if isinstance(message, str) else json.dumps(message))
    answer = session.beat(url).answer
    assert answer is not None
    reply = answer(frame, STAMP)
    return None if reply is None else json.loads(reply)


@pytest.mark.parametrize(
    ("url", "ping", "expected"),
    [
        (PUBLIC, {"ping": 1790134139501}, {"pong": 1790134139501}),
        (PRIVATE, {"action": "ping", "data": {"ts": 1575537778295}}, {"action": "pong", "data": {"ts": 1575537778295}}),
        (RETAIL, {"action": 4, "ts": 1571388770}, {"action": 5, "ts": 1571388770}),
        (RETAIL, {"code": 200, "data": {"action": 4, "ts": 1571388770}}, {"action": 5, "ts": 1571388770}),
    ],
)
def test_a_ping_is_answered_with_its_own_value(url: URL, ping: Any, expected: Any) -> None:
    """Defect 3: the reference sends its own time, asked or not."""
    assert pong(url, ping) == expected


@pytest.mark.parametrize(
    "message",
    [
        {"pong": 1},
        {"ping": "abc"},
        {"ping": None},
        {"ping": True},
        {"action": "ping"},
        {"action": "ping", "data": 1},
        {"action": 5, "ts": 1},
        {"action": 4},
        {"ch": DEPTH, "tick": {}},
        [1],
        "no json",
    ],
)
def test_nothing_else_is_answered(message: Any) -> None:
    assert pong(PUBLIC, message) is None


def test_only_the_retail_path_is_pinged_by_us_and_silence_is_noticed_everywhere() -> None:
    """Defect 3: a watchdog, and no pong that nobody asked for."""
    assert [session.beat(url).every for url in (PUBLIC, PRIVATE, RETAIL)] == [None, None, 20.0]
    assert [session.beat(url).silence for url in (PUBLIC, PRIVATE, RETAIL)] == [20.0, 60.0, 60.0]
    assert json.loads(session.beat(RETAIL).text(STAMP)) == {"action": 4, "ts": 1700000000}


# ---------------------------------------------------------------------- what else a descriptor says


@pytest.mark.parametrize(
    ("message", "channel", "time"),
    [
        ({"ch": DEPTH, "ts": 1489474082831, "tick": {}}, DEPTH, 1489474082.831),
        ({"ch": DEPTH, "ts": 1489474082831, "data": {}}, DEPTH, 1489474082.831),
        (
            {"action": "push", "ch": "orders#btcjpy", "data": {"orderCreateTime": 1583853365586}},
            "orders#btcjpy",
            1583853365.586,
        ),
        (
            {"ch": "trade.clearing#btcjpy#1", "data": {"orderCreateTime": 1634275849427, "tradeTime": 1634275849431}},
            "trade.clearing#btcjpy#1",
            1634275849.431,
        ),
        ({"action": "push", "ch": "accounts.update#0", "data": {"changeTime": None}}, "accounts.update#0", None),
        ({"code": 200, "data": {"topic": 1, "action": 1, "ts": 1571388770, "offer": []}}, "retail 1", 1571388770.0),
        ({"id": "1", "status": "ok", "subbed": DEPTH, "ts": 1}, None, None),
        ({"action": "sub", "code": 200, "ch": "orders#btcjpy", "data": {}}, None, None),
        ({"ping": 1}, None, None),
        ([1], None, None),
        (None, None, None),
    ],
)
def test_channels_and_times_of_messages(message: Any, channel: str | None, time: float | None) -> None:
    assert session.channel_of(message) == channel
    assert session.time_of(message) == time


@pytest.mark.parametrize(
    ("path", "spent"),
    [
        ("/market/depth?symbol=btcjpy", {"public": 1.0}),
        ("/v1/order/matchresults?symbol=btcjpy", {"matchresults": 1.0}),
        ("/v1/order/orders/place", {}),
    ],
)
def test_limits_count_as_the_exchange_does(path: str, spent: dict[str, float]) -> None:
    request = Request("GET", URL(f"https://api-cloud.bittrade.co.jp{path}"))

    assert {limit.name: weight for limit in LIMITS if (weight := limit.weigh(request))} == spent


def test_the_book_can_be_watched() -> None:
    feed = EXCHANGE.feeds["depth"]

    assert feed.url == str(PUBLIC)
    assert feed.subscribe("btcjpy") == [{"sub": DEPTH, "id": DEPTH}]
