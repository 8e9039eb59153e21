"""OKJ's sessions, V5 and V3: login, acknowledgements, heartbeats; and the compressed frames of V3."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from typing import Any

import pytest
from yarl import URL

import rxbotters
from rxbotters.clock import Clock, Stamp
from rxbotters.descriptor import Ack, Credentials
from rxbotters.errors import LoginRefused, ProtocolError, SessionError
from rxbotters.exchanges.okj import EXCHANGE, LIMITS, legacy, session
from rxbotters.exchanges.okj.frames import BUDGET, DEFLATED, inflate
from rxbotters.wire import Request, Secret

CREDS = Credentials("okj", "okjkey-0000-1111-2222", Secret(b"OKJSECRET"), Secret(b"OkjPass!1"))
STAMP = Stamp(1700000000123, lambda: "")
V3 = URL("wss://connect.okj.com:443/ws/v3")
PRIVATE = URL("wss://ws.okj.com:443/ws/v5/private")
PUBLIC = URL("wss://ws.okj.com:443/ws/v5/public")
BUSINESS = URL("wss://ws.okj.com:443/ws/v5/business")


def deflate(text: str | bytes, *, end: int = zlib.Z_FINISH) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(text.encode() if isinstance(text, str) else text) + stream.flush(end)


def books(symbol: str = "BTC-JPY", channel: str = "books") -> dict[str, str]:
    return {"channel": channel, "instId": symbol}


# ---------------------------------------------------------------------- frames of V3


def test_frames_are_raw_deflate_each_on_its_own() -> None:
    """F59, defect 3."""
    message = {"event": "login", "success": True}

    for end in (zlib.Z_FINISH, zlib.Z_SYNC_FLUSH):  # the exchange's SDK takes streams without a last block
        assert DEFLATED.decode(deflate(json.dumps(message), end=end)) == message
    assert DEFLATED.decode(json.dumps(message)) == message
    assert DEFLATED.is_noise(deflate("pong"))
    assert DEFLATED.is_noise("pong")
    for other in ('{"a":1}', "pongpong", "x", ""):
        assert not DEFLATED.is_noise(deflate(other))
    assert not DEFLATED.is_noise(b"\xff\xff")
    assert not DEFLATED.is_noise(deflate(json.dumps([message] * 50)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\xfd",
        b"pong",
        b'{"a": 1}',
        deflate('{"a": 1}')[:-3],
        deflate('{"a": 1}') + b"more",
        zlib.compress(b'{"a": 1}'),
        deflate("pong"),
        deflate(b"\xff\xfe"),
        "pong",
    ],
)
def test_what_is_no_frame_is_a_typed_error(data: str | bytes) -> None:
    """Defect 6, F55."""
    with pytest.raises(ProtocolError):
        DEFLATED.decode(data)


def test_a_bomb_is_refused_and_never_inflated_beyond_the_budget() -> None:
    """F52: 200 MB in 200 kB."""
    bomb = deflate(b"0" * 200_000_000)
    assert len(bomb) < 250_000
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError, match=f"inflates beyond {BUDGET} bytes"):
            DEFLATED.decode(bomb)
        assert not DEFLATED.is_noise(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * BUDGET


def test_the_budget_is_exact() -> None:
    assert len(inflate(deflate(b"0" * BUDGET))) == BUDGET
    assert len(inflate(deflate(b"0" * 10), budget=10)) == 10
    with pytest.raises(ProtocolError):
        inflate(deflate(b"0" * (BUDGET + 1)))


# ---------------------------------------------------------------------- login


def test_a_login_of_v3_ends_with_its_answer() -> None:
    """C31, F37."""
    script = legacy.login(CREDS, STAMP, V3)
    next(script)

    for other in ([1], "pong", {"table": "spot/ticker", "data": []}, {"event": "subscribe", "channel": "x"}):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"event": "login", "success": True})


@pytest.mark.parametrize(
    "answer",
    [
        {"event": "error", "message": "Invalid sign", "errorCode": 30013},
        {"event": "login", "success": False, "message": "Invalid sign", "errorCode": 30013},
    ],
)
def test_a_refusal_of_v3_carries_the_exchanges_words(answer: Any) -> None:
    """F35, defect 5."""
    script = legacy.login(CREDS, STAMP, V3)
    next(script)

    with pytest.raises(LoginRefused, match=r"Invalid sign \(code 30013\)"):
        script.send(answer)


def test_a_login_of_v5_ends_with_its_answer() -> None:
    """C31."""
    script = session.login(CREDS, STAMP, PRIVATE)
    next(script)

    for other in ([1], "pong", {"arg": books(), "data": []}):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"})


def test_refusals_of_v5() -> None:
    """F35."""
    script = session.login(CREDS, STAMP, PRIVATE)
    next(script)
    with pytest.raises(LoginRefused, match=r"Login failed. \(code 60009\)"):
        script.send({"event": "error", "code": "60009", "msg": "Login failed.", "connId": "a4d3ae55"})

    script = session.login(CREDS, STAMP, PRIVATE)
    next(script)
    with pytest.raises(SessionError) as caught:
        script.send({"event": "error", "code": "50013", "msg": "busy"})
    assert not getattr(caught.value, "fatal", False)


@pytest.mark.parametrize(("room", "text"), [(legacy, "message"), (session, "msg")])
def test_a_refusal_that_repeats_the_request_shows_no_secret(room: Any, text: str) -> None:
    """C15, P8."""
    script = room.login(CREDS, STAMP, V3)
    (sent,) = next(script)

    with pytest.raises(LoginRefused) as caught:
        script.send({"event": "error", text: f"Invalid request: {sent}", "code": "60012"})

    shown = str(caught.value) + repr(caught.value)
    args = json.loads(sent)["args"]
    proof = args[3] if room is legacy else args[0]["sign"]
    assert "OkjPass!1" not in shown
    assert CREDS.key not in shown
    assert proof not in shown


@pytest.mark.parametrize(
    ("url", "channels", "needed"),
    [
        (PUBLIC, ["books", "tickers"], False),
        (PUBLIC, [], False),
        (PUBLIC, ["books50-l2-tbt"], True),
        (BUSINESS, ["candle1m"], False),
        (BUSINESS, ["orders-algo"], True),
        (BUSINESS, [], True),
        (PRIVATE, ["orders"], True),
    ],
)
def test_only_channels_of_v5_that_need_it_cost_a_login(url: URL, channels: list[str], needed: bool) -> None:
    message = {"op": "subscribe", "args": [{"channel": name} for name in channels]}

    assert session.needs_login([message, "ping"], url) is needed


@pytest.mark.parametrize(
    ("channels", "needed"),
    [
        (["spot/ticker:BTC-JPY", "spot/depth:BTC-JPY"], False),
        (["spot/ticker:BTC-JPY", "spot/order:BTC-JPY"], True),
        (["spot/order_algo:BTC-JPY"], True),
        (["spot/account:BTC"], True),
        ([], True),
    ],
)
def test_only_channels_of_v3_that_need_it_cost_a_login(channels: list[str], needed: bool) -> None:
    assert legacy.needs_login([{"op": "subscribe", "args": channels}, "ping"], V3) is needed


# ---------------------------------------------------------------------- acknowledgements


def test_each_channel_of_v5_is_acknowledged_for_itself() -> None:
    """D11."""
    ids = session.request_ids({"op": "subscribe", "args": [books(), {"channel": "account", "ccy": "JPY"}]})
    text = "Wrong URL or channel:books,instId:BTC-JPY doesn't exist."

    assert len(set(ids)) == 2
    assert session.ack({"event": "subscribe", "arg": {"instId": "BTC-JPY", "channel": "books"}}) == Ack(ids[0])
    assert session.ack({"event": "error", "msg": text, "code": "60018"}) == Ack(ids[0], f"{text} (code 60018)")
    assert session.ack({"event": "error", "arg": books(), "msg": "no", "code": "1"}) == Ack(ids[0], "no (code 1)")
    for other in (None, [1], {"event": "error", "msg": "Please log in", "code": "60011"}, {"event": "subscribe"}):
        assert session.ack(other) is None


def test_each_channel_of_v3_is_acknowledged_for_itself() -> None:
    """D11."""
    ids = legacy.request_ids({"op": "subscribe", "args": ["spot/ticker:BTC-JPY", "spot/order:BTC-JPY"]})
    error = {"event": "error", "message": "Channel spot/order:BTC-JPY doesn't exist", "errorCode": 30040}

    assert legacy.ack({"event": "subscribe", "channel": "spot/ticker:BTC-JPY"}) == Ack(ids[0])
    assert legacy.ack(error) == Ack(ids[1], "Channel spot/order:BTC-JPY doesn't exist (code 30040)")
    for other in (None, [1], {"event": "error", "message": "Login required"}, {"event": "unsubscribe", "channel": "x"}):
        assert legacy.ack(other) is None


@pytest.mark.parametrize("message", [None, "text", [], {"op": "order", "args": [{}]}, {"op": "subscribe", "args": "x"}])
@pytest.mark.parametrize("room", [legacy, session])
def test_what_is_no_subscription(room: Any, message: Any) -> None:
    assert room.request_ids(message) == ()
    assert room.undo(message) is None
    assert room.split(message, V3) == (message,)


def test_subscriptions_are_undone_and_cut() -> None:
    many = {"op": "subscribe", "args": [books(f"COIN{number}-JPY") for number in range(3000)]}
    parts = session.split(many, PUBLIC)
    assert len(parts) == 3
    assert [arg for part in parts for arg in part["args"]] == many["args"]
    assert all(len(json.dumps(part)) <= 65_536 for part in parts)
    assert session.undo(parts[0]) == {"op": "unsubscribe", "args": parts[0]["args"]}

    names = {"op": "unsubscribe", "args": [f"spot/ticker:COIN{number}-JPY" for number in range(300)]}
    cut = legacy.split(names, V3)
    assert len(cut) == 2
    assert [name for part in cut for name in part["args"]] == names["args"]
    assert all(len(json.dumps(part)) <= 4096 for part in cut)
    assert legacy.undo({"op": "subscribe", "args": ["a"]}) == {"op": "unsubscribe", "args": ["a"]}


# ---------------------------------------------------------------------- what else a descriptor says


def test_heartbeats_farewells_and_closes() -> None:
    """Defect 7: silence is noticed."""
    for host in EXCHANGE.ws.values():
        assert host.beat is not None
        beat = host.beat(V3)
        assert beat is not None
        assert (beat.every, beat.text(STAMP), beat.silence) == (15.0, "ping", 30.0)
        assert 4004 not in host.close_rules
    assert session.farewell({"event": "notice", "code": "64008"}) == "rotate"
    for other in (None, [1], {"event": "notice", "code": "1"}):
        assert session.farewell(other) is None


def test_channels_and_times_of_messages() -> None:
    five = {"arg": books(), "data": [{"ts": "1790133750004"}]}
    three = {"table": "spot/depth", "data": [{"instrument_id": "BTC-JPY", "timestamp": "2024-09-01T00:00:00.500Z"}]}

    assert session.channel_of(five) == "books:BTC-JPY"
    assert session.channel_of({"arg": {"channel": "account"}, "data": []}) == "account"
    assert session.time_of(five) == 1790133750.004
    assert session.time_of({"data": [[]]}) is None
    assert legacy.channel_of(three) == "spot/depth:BTC-JPY"
    assert legacy.channel_of({"table": "spot/account", "data": [{"currency": "BTC"}]}) == "spot/account:BTC"
    assert legacy.channel_of({"table": "spot/x", "data": [{}]}) == "spot/x"
    assert legacy.time_of(three) == 1725148800.5
    assert legacy.time_of({"data": [{}]}) is None
    for room in (legacy, session):
        for other in (None, [1], {"event": "subscribe", "channel": "x"}):
            assert room.channel_of(other) is None


@pytest.mark.parametrize(
    ("path", "spent"),
    [
        ("market/books?instId=BTC-JPY", {"ip 40": 1.0}),
        ("market/tickers", {"ip 20": 1.0}),
        ("public/time", {"ip 10": 1.0}),
        ("trade/order", {}),
    ],
)
def test_limits_count_as_the_exchange_does(path: str, spent: dict[str, float]) -> None:
    request = Request("GET", URL(f"https://api.okj.com/api/v5/{path}"))

    assert {limit.name: weight for limit in LIMITS if (weight := limit.weigh(request))} == spent
    assert all(limit.scope(request) == request.url.path for limit in LIMITS)


def test_both_books_can_be_watched() -> None:
    five, three = EXCHANGE.feeds["books"], EXCHANGE.feeds["depth"]

    assert five.subscribe("BTC-JPY") == [{"op": "subscribe", "args": [books()]}]
    assert three.subscribe("BTC-JPY") == [{"op": "subscribe", "args": ["spot/depth:BTC-JPY"]}]


async def test_a_login_follows_the_clock_that_rest_answers_told() -> None:
    """F101, defect 4."""
    late = Clock(now=lambda: 1_700_000_000.0)
    for adjusts, seconds in ((True, 1_700_000_030), (False, 1_700_000_000)):
        client = rxbotters.Client({}, clock=late, adjust_clock=adjusts)
        client.errors.subscribe(lambda error: None)
        client._wiring.learn_date("api.okj.com", "Tue, 14 Nov 2023 22:13:50 GMT", 1_700_000_000.0)

        assert client._wiring.stamp("okj", "connect.okj.com").seconds == seconds
        assert client._wiring.stamp("bitflyer", "ws.lightstream.bitflyer.com").seconds == 1_700_000_000
        await client.close()
