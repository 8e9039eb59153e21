"""OKX's WebSocket sessions: login, acknowledgements, heartbeats, farewells; and its limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from yarl import URL

import rxbotters
from rxbotters.clock import Clock, Stamp
from rxbotters.descriptor import Ack, Credentials
from rxbotters.errors import LoginRefused, SessionError
from rxbotters.exchanges.okx import EXCHANGE
from rxbotters.exchanges.okx.limits import LIMITS
from rxbotters.exchanges.okx.session import (
    ack,
    beat,
    channel_of,
    farewell,
    login,
    needs_login,
    request_ids,
    split,
    time_of,
    undo,
)
from rxbotters.wire import Request, Secret, json_body

CREDS = Credentials("okx", "rxKey0123456789abcdef", Secret(b"rxSecret"), Secret(b"rxPass123"))
STAMP = Stamp(1700000000123, lambda: "")
PRIVATE = URL("wss://ws.okx.com:8443/ws/v5/private")
PUBLIC = URL("wss://ws.okx.com:8443/ws/v5/public")
BUSINESS = URL("wss://ws.okx.com:8443/ws/v5/business")


def subscribe(*args: Any, op: str = "subscribe") -> dict[str, Any]:
    return {"op": op, "args": list(args)}


def books(symbol: str = "BTC-USDT", channel: str = "books") -> dict[str, str]:
    return {"channel": channel, "instId": symbol}


# ---------------------------------------------------------------------- login


def test_a_login_ends_with_its_answer_and_leaves_other_messages_alone() -> None:
    """C31, F37."""
    script = login(CREDS, STAMP, PRIVATE)
    assert script is not None
    next(script)

    for other in ([1], "pong", {"arg": books(), "data": []}, {"event": "channel-conn-count"}, {"op": "order"}):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"})


@pytest.mark.parametrize(
    "answer",
    [
        {"event": "error", "code": "60009", "msg": "Login failed.", "connId": "a4d3ae55"},
        {"event": "login", "code": "60005", "msg": "Invalid apiKey"},
    ],
)
def test_a_refusal_carries_the_exchanges_words(answer: Any) -> None:
    """F35, defect 12."""
    script = login(CREDS, STAMP, PRIVATE)
    assert script is not None
    next(script)

    with pytest.raises(LoginRefused, match=rf"{answer['msg']} \(code {answer['code']}\)") as caught:
        script.send(answer)
    assert caught.value.fatal


@pytest.mark.parametrize("code", ["60014", "63999", "50026"])
def test_a_refusal_for_now_is_tried_again(code: str) -> None:
    script = login(CREDS, STAMP, PRIVATE)
    assert script is not None
    next(script)

    with pytest.raises(SessionError) as caught:
        script.send({"event": "error", "code": code, "msg": "Login failed due to internal error."})
    assert not getattr(caught.value, "fatal", False)


def test_a_refusal_that_repeats_the_request_shows_no_secret() -> None:
    """C15, P8: "Invalid request" quotes the whole login."""
    script = login(CREDS, STAMP, PRIVATE)
    assert script is not None
    (text,) = next(script) or ()

    with pytest.raises(LoginRefused) as caught:
        script.send({"event": "error", "code": "60012", "msg": f"Invalid request: {text}"})

    shown = str(caught.value) + repr(caught.value)
    assert "rxPass123" not in shown
    assert CREDS.key not in shown
    assert json.loads(text)["args"][0]["sign"] not in shown
    assert "Invalid request" in shown


@pytest.mark.parametrize(
    ("url", "channels", "needed"),
    [
        (PUBLIC, ["books", "tickers"], False),
        (PUBLIC, [], False),
        (PUBLIC, ["books", "books-l2-tbt"], True),
        (PUBLIC, ["books50-l2-tbt"], True),
        (BUSINESS, ["candle1m", "mark-price-candle1D"], False),
        (BUSINESS, ["candle1m", "orders-algo"], True),
        (BUSINESS, [], True),
        (PRIVATE, ["orders"], True),
        (URL("ws://127.0.0.1:1/ws"), [], True),
    ],
)
def test_only_channels_that_need_it_cost_a_login(url: URL, channels: list[str], needed: bool) -> None:
    """Defect 13."""
    assert needs_login([subscribe(*({"channel": name} for name in channels)), "ping", 5], url) is needed


# ---------------------------------------------------------------------- acknowledgements


def test_each_channel_is_acknowledged_for_itself() -> None:
    """D11."""
    args = [books(), {"channel": "positions", "instType": "ANY", "extraParams": '{"updateInterval": "0"}'}]
    ids = request_ids(subscribe(*args))

    assert len(set(ids)) == 2
    assert ack({"event": "subscribe", "arg": books(), "connId": "x"}) == Ack(ids[0])
    assert ack({"id": "1", "event": "subscribe", "arg": {"instType": "ANY", "channel": "positions"}}) == Ack(ids[1])


@pytest.mark.parametrize(
    "text",
    [
        "channel:tickers,instId:LTC-USD doesn't exist",
        "Wrong URL or channel:tickers,instId:LTC-USD doesn't exist. Please use the correct URL, channel and parameters",
    ],
)
def test_a_refusal_names_its_channel_in_its_text(text: str) -> None:
    """F41."""
    (wanted,) = request_ids(subscribe({"instId": "LTC-USD", "channel": "tickers"}))

    assert ack({"event": "error", "msg": text, "code": "60018", "connId": "x"}) == Ack(wanted, f"{text} (code 60018)")


@pytest.mark.parametrize(
    "message",
    [
        None,
        [1],
        "pong",
        {"event": "error", "code": "60011", "msg": "Please log in"},
        {"event": "error", "code": "60012", "msg": 'Invalid request: {"op": "subscribe", "argss": []}'},
        {"event": "unsubscribe", "arg": books()},
        {"event": "subscribe"},
        {"arg": books(), "data": []},
        {"id": "1", "op": "order", "code": "0", "data": []},
    ],
)
def test_what_answers_no_subscription(message: Any) -> None:
    assert ack(message) is None


@pytest.mark.parametrize("message", [None, "text", [], {"op": "order", "args": [{}]}, {"op": "subscribe", "args": "x"}])
def test_what_is_no_subscription(message: Any) -> None:
    assert request_ids(message) == ()
    assert undo(message) is None


def test_a_subscription_is_undone_by_its_arguments() -> None:
    assert undo(subscribe(books())) == subscribe(books(), op="unsubscribe")


@pytest.mark.parametrize("op", ["subscribe", "unsubscribe"])
def test_long_subscriptions_are_cut(op: str) -> None:
    message = {"id": "7", **subscribe(*(books(f"COIN{number}-USDT") for number in range(3000)), op=op)}

    parts = split(message, PUBLIC)

    assert len(parts) == 3
    assert all(len(json.dumps(part)) <= 65_536 for part in parts)
    assert [arg for part in parts for arg in part["args"]] == message["args"]
    assert {part["id"] for part in parts} == {"7"}
    assert split(subscribe(books()), PUBLIC) == (subscribe(books()),)
    assert split({"op": "order", "args": [{}]}, PUBLIC) == ({"op": "order", "args": [{}]},)


# ---------------------------------------------------------------------- what else a descriptor says


def test_heartbeats_farewells_and_closes() -> None:
    rules = EXCHANGE.ws["ws.okx.com"]

    assert (beat(PUBLIC).every, beat(PUBLIC).text(STAMP), beat(PUBLIC).silence) == (15.0, "ping", 30.0)
    assert rules.dialect.is_noise("pong")
    assert rules.close_rules.get(4004) is None
    assert rules.close_rules[4001] == "slow"
    assert farewell({"event": "notice", "code": "64008", "msg": "The connection will soon be closed"}) == "rotate"
    for other in (None, [1], {"event": "notice", "code": "1"}, {"event": "error", "code": "64008"}):
        assert farewell(other) is None


def test_channels_and_times_of_messages() -> None:
    data = [{"ts": "1597026383085"}]

    assert channel_of({"arg": books(), "data": data}) == "books:BTC-USDT"
    assert channel_of({"arg": {"channel": "account"}, "data": []}) == "account"
    assert channel_of({"event": "subscribe", "arg": books()}) is None
    assert channel_of(None) is None
    assert time_of({"data": data}) == 1597026383.085
    assert time_of({"data": [["1597026383085"]]}) is None
    assert time_of({"event": "login"}) is None


def spent(method: str, path: str, data: Any = None) -> dict[str, tuple[float, str]]:
    """What a request costs: limit → (weight, scope)."""
    request = Request(method, URL(f"https://www.okx.com/api/v5/{path}"), {}, json_body(data)[0])
    return {limit.name: (weight, limit.scope(request)) for limit in LIMITS if (weight := limit.weigh(request))}


def test_limits_count_as_the_exchange_does() -> None:
    assert spent("GET", "market/books?instId=X") == {"ip 40": (1.0, "market/books")}
    assert spent("GET", "account/balance") == {"key 10": (1.0, "account/balance")}
    assert spent("POST", "trade/order", {"instId": "BTC-USDT"}) == {
        "instrument 60": (1.0, "POST trade/order BTC-USDT"),
        "orders": (1.0, ""),
    }
    assert spent("GET", "trade/order?instId=ETH-USDT&ordId=1") == {"instrument 60": (1.0, "GET trade/order ETH-USDT")}
    batch = [{"instId": "BTC-USDT"}] * 20
    assert spent("POST", "trade/batch-orders", batch) == {
        "instrument 300": (20.0, "POST trade/batch-orders BTC-USDT"),
        "orders": (20.0, ""),
    }
    assert spent("POST", "trade/cancel-batch-orders", batch[:2]) == {
        "instrument 300": (2.0, "POST trade/cancel-batch-orders BTC-USDT")
    }
    assert spent("GET", "something/new") == {}


def test_the_reference_has_no_room_the_descriptor_lacks() -> None:
    assert EXCHANGE.title == "OKX"
    assert EXCHANGE.feeds["books"].subscribe("X") == [subscribe(books("X"))]
    assert EXCHANGE.feeds["bbo"].subscribe("X") == [subscribe(books("X", "bbo-tbt"))]
    assert EXCHANGE.ping.startswith("https://www.okx.com/")


async def test_a_login_follows_the_clock_that_rest_answers_told() -> None:
    """F101, defect 17."""
    late = Clock(now=lambda: 1_700_000_000.0)
    for adjusts, seconds in ((True, 1_700_000_030), (False, 1_700_000_000)):
        client = rxbotters.Client({}, clock=late, adjust_clock=adjusts)
        client.errors.subscribe(lambda error: None)
        client._wiring.learn_date("www.okx.com", "Tue, 14 Nov 2023 22:13:50 GMT", 1_700_000_000.0)

        assert client._wiring.stamp("okx", "wspap.okx.com").seconds == seconds
        assert client._wiring.stamp("bitflyer", "ws.lightstream.bitflyer.com").seconds == 1_700_000_000
        await client.close()
