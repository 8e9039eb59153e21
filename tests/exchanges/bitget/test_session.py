"""Bitget's WebSocket sessions: login, acknowledgements, heartbeats; and its limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials
from rxbotters.errors import LoginRefused, SessionError
from rxbotters.exchanges.bitget import EXCHANGE
from rxbotters.exchanges.bitget.limits import LIMITS
from rxbotters.exchanges.bitget.session import (
    ack,
    beat,
    channel_of,
    login,
    request_ids,
    split,
    time_of,
    undo,
)
from rxbotters.wire import Request, Secret

CREDS = Credentials("bitget", "rxKey0123456789abcdef", Secret(b"rxSecret"), Secret(b"rxPass123"))
STAMP = Stamp(1700000000123, lambda: "")
PRIVATE = URL("wss://ws.bitget.com/v2/ws/private")
PUBLIC = URL("wss://ws.bitget.com/v2/ws/public")


def subscribe(*args: Any, op: str = "subscribe") -> dict[str, Any]:
    return {"op": op, "args": list(args)}


def books(symbol: str = "BTCUSDT", channel: str = "books") -> dict[str, str]:
    return {"instType": "USDT-FUTURES", "channel": channel, "instId": symbol}


def unified(symbol: str = "BTCUSDT", topic: str = "books") -> dict[str, str]:
    return {"instType": "usdt-futures", "topic": topic, "symbol": symbol}


def script(url: URL = PRIVATE) -> Any:
    made = login(CREDS, STAMP, url)
    assert made is not None
    return made


# ---------------------------------------------------------------------- login


def test_a_login_ends_with_its_answer_and_leaves_other_messages_alone() -> None:
    """C31, F37, defect 8: nothing that arrives meanwhile is swallowed."""
    for code in ("0", 0):  # V2 was seen to answer with a number
        running = script()
        next(running)

        for other in ([1], "pong", None, {"arg": books(), "data": []}, {"event": "subscribe", "arg": books()}):
            assert running.send(other) is None
        with pytest.raises(StopIteration):
            running.send({"event": "login", "code": code, "msg": ""})


@pytest.mark.parametrize("url", [PUBLIC, URL("wss://ws.bitget.com/v3/ws/public"), URL("wss://x/public/y")])
def test_public_paths_need_no_login(url: URL) -> None:
    assert login(CREDS, STAMP, url) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"event": "error", "code": "30005", "msg": "error"},
        {"event": "error", "code": 30015, "msg": "Invalid sign"},
        {"event": "login", "code": "30011", "msg": "invalid ACCESS_KEY"},
    ],
)
def test_a_refusal_carries_the_exchanges_words(answer: Any) -> None:
    """F35, defect 8."""
    running = script()
    next(running)

    with pytest.raises(LoginRefused, match=rf"{answer['msg']} \(code {answer['code']}\)") as caught:
        running.send(answer)
    assert caught.value.fatal


@pytest.mark.parametrize("code", ["30006", 30007, "429"])
def test_a_refusal_for_now_is_tried_again(code: Any) -> None:
    running = script()
    next(running)

    with pytest.raises(SessionError) as caught:
        running.send({"event": "error", "code": code, "msg": "too many requests"})
    assert not getattr(caught.value, "fatal", False)


def test_a_refusal_that_repeats_the_request_shows_no_secret() -> None:
    """C15, P8."""
    running = script()
    (text,) = next(running)

    with pytest.raises(LoginRefused) as caught:
        running.send({"event": "error", "code": "30016", "msg": f"Param error: {text}"})

    shown = str(caught.value) + repr(caught.value)
    assert "rxPass123" not in shown
    assert CREDS.key not in shown
    assert json.loads(text)["args"][0]["sign"] not in shown
    assert "Param error" in shown


# ---------------------------------------------------------------------- acknowledgements


def test_each_channel_is_acknowledged_for_itself() -> None:
    """D11: also on V3, which has other words."""
    account = {"instType": "SPOT", "channel": "account", "coin": "default"}
    ids = request_ids(subscribe(books(), account, unified()))

    assert len(set(ids)) == 3
    for wanted, arg in zip(ids, (books(), account, unified()), strict=True):
        assert ack({"event": "subscribe", "arg": dict(reversed(arg.items()))}) == Ack(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "instType:USDT-FUTURES,channel:books,instId:X doesn't exist",
        "channel:books,instType:USDT-FUTURES,instId:X doesn't exist",
    ],
)
def test_a_refusal_names_its_channel_in_its_text(text: str) -> None:
    """F41."""
    (wanted,) = request_ids(subscribe(books("X")))

    refused = {"event": "error", "code": 30001, "msg": text, "op": "subscribe"}
    assert ack(refused) == Ack(wanted, f"{text} (code 30001)")
    assert ack({"event": "error", "arg": books("X"), "code": 30001, "msg": "no"}) == Ack(wanted, "no (code 30001)")


@pytest.mark.parametrize(
    "message",
    [
        None,
        [1],
        "pong",
        {"event": "error", "code": 30004, "msg": "User needs to log in"},
        {"event": "error", "code": 30003},
        {"event": "unsubscribe", "arg": books()},
        {"event": "subscribe"},
        {"action": "snapshot", "arg": books(), "data": []},
        {"event": "trade", "arg": [{"channel": "place-order"}], "code": 0},
    ],
)
def test_what_answers_no_subscription(message: Any) -> None:
    assert ack(message) is None


@pytest.mark.parametrize("message", [None, "text", [], {"op": "trade", "args": [{}]}, {"op": "subscribe", "args": "x"}])
def test_what_is_no_subscription(message: Any) -> None:
    assert request_ids(message) == ()
    assert undo(message) is None
    assert split(message, PUBLIC) == (message,)


def test_a_subscription_is_undone_by_its_arguments() -> None:
    assert undo(subscribe(books(), unified())) == subscribe(books(), unified(), op="unsubscribe")


@pytest.mark.parametrize("op", ["subscribe", "unsubscribe"])
def test_long_subscriptions_are_cut(op: str) -> None:
    """4096 bytes of channels at a time."""
    message = subscribe(*(books(f"COIN{number}USDT") for number in range(200)), op=op)

    parts = split(message, PUBLIC)

    assert len(parts) > 1
    assert all(len(json.dumps(part["args"])) <= 4096 for part in parts)
    assert [arg for part in parts for arg in part["args"]] == message["args"]
    assert {part["op"] for part in parts} == {op}
    assert split(subscribe(books()), PUBLIC) == (subscribe(books()),)


# ---------------------------------------------------------------------- what else a descriptor says


def test_heartbeats_sends_and_ages() -> None:
    for rules in EXCHANGE.ws.values():
        for path in ("/v2/ws/public", "/v3/ws/private"):
            wanted = beat(PUBLIC.with_path(path))
            assert (wanted.every, wanted.text(STAMP), wanted.silence) == (25.0, "ping", 60.0)
        assert rules.dialect.is_noise("pong")
        assert rules.sends is not None
        assert (rules.sends.calls, rules.sends.per_s, rules.sends.shared) == (10, 1.0, False)
        assert rules.max_age is not None
        assert 23 * 3600 < rules.max_age < 24 * 3600


def test_channels_and_times_of_messages() -> None:
    push = {"action": "update", "arg": books(), "data": [{"ts": "1695716059516"}], "ts": 1695716059520}

    assert channel_of(push) == "books:USDT-FUTURES:BTCUSDT"
    assert channel_of({"arg": unified(), "data": []}) == "books:usdt-futures:BTCUSDT"
    assert (
        channel_of({"arg": {"instType": "SPOT", "channel": "account", "coin": "default"}, "data": []}) == "account:SPOT"
    )
    assert channel_of({"event": "subscribe", "arg": books()}) is None
    assert channel_of(None) is None
    assert time_of(push) == 1695716059.52
    assert time_of({"arg": books(), "data": [{"ts": "1649290076980"}]}) == 1649290076.98  # V1
    for strange in (None, {}, {"data": [["1"]]}, {"ts": "x"}, {"ts": -1}, {"ts": 10**30}, {"data": "x"}, {"ts": [1]}):
        assert time_of(strange) is None


def spent(method: str, path: str) -> dict[str, tuple[float, str]]:
    """What a request costs: limit → (part of its budget, scope)."""
    request = Request(method, URL(f"https://api.bitget.com{path}"))
    return {
        limit.name: (limit.weigh(request) / limit.weight, limit.scope(request))
        for limit in LIMITS
        if limit.weigh(request)
    }


def test_limits_count_as_the_exchange_does() -> None:
    total = {"ip": (1 / 6000, "")}
    for method, path, calls in (
        ("POST", "/api/v2/mix/order/place-order", 10),
        ("POST", "/api/v2/mix/order/batch-place-order", 5),
        ("POST", "/api/v2/mix/order/close-positions", 1),
        ("GET", "/api/v2/spot/trade/unfilled-orders", 20),
        ("GET", "/api/v3/trade/unfilled-orders", 10),
    ):
        assert spent(method, f"{path}?symbol=X") == {**total, "key": (1 / calls, f"{method} {path}")}
    ticker = "/api/v2/spot/market/tickers"
    assert spent("GET", f"{ticker}?symbol=X") == {**total, "market": (1 / 20, f"GET {ticker}")}
    assert {limit.name for limit in LIMITS if limit.by_key} == {"key"}


def test_feeds_name_their_instrument() -> None:
    assert EXCHANGE.title == "Bitget"
    assert EXCHANGE.ping == "https://api.bitget.com/api/v2/public/time"
    assert EXCHANGE.feeds["futures"].subscribe("X") == [subscribe(books("X"))]
    assert EXCHANGE.feeds["futures"].instrument("X") == ("USDT-FUTURES", "X")
    assert EXCHANGE.feeds["spot"].instrument("X") == ("SPOT", "X")
