"""BitMEX's session: login, acknowledgements, subscriptions one by one, limits."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials, Hosts, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.exchanges.bitmex import EXCHANGE
from rxbotters.exchanges.bitmex.session import (
    ack,
    beat,
    channel_of,
    is_order,
    login,
    request_ids,
    split,
    time_of,
    undo,
    used,
    used_1s,
)
from rxbotters.wire import Request, Secret, loads

CREDS = Credentials("bitmex", "test-key", Secret(b"test-secret"))
STAMP = Stamp(1700000000123, str)
WS = URL("wss://ws.bitmex.com/realtime?subscribe=trade")
PROOF = "266daa0b1a437a19b46d71ae9931f6ed06283512b0a35cb16bc598a4c18571ea"
GREETING = {"info": "Welcome to the BitMEX Realtime API.", "limit": {"remaining": 39}}
ECHO = {"op": "authKeyExpires", "args": ["test-key", 1700000005, PROOF]}


def begun() -> LoginScript:
    script = login(CREDS, STAMP, WS)
    assert script is not None
    (text,) = next(script) or ()
    assert loads(text) == ECHO
    return script


def test_every_host_logs_in_with_its_own_keys() -> None:
    """Defect 7: the documented address too."""
    hosts = Hosts([EXCHANGE])
    for name, api in (
        ("www.bitmex.com", "bitmex"),
        ("ws.bitmex.com", "bitmex"),
        ("testnet.bitmex.com", "bitmex_testnet"),
        ("ws.testnet.bitmex.com", "bitmex_testnet"),
    ):
        host = hosts.ws(name, None)
        assert host is not None
        assert (host.api, host.login) == (api, login)
    assert EXCHANGE.rest["testnet.bitmex.com"].api == "bitmex_testnet"


def test_the_login_and_its_order() -> None:
    """C31, N3: greeting, acknowledgements and data meanwhile are not the login's."""
    script = begun()

    for other in (GREETING, [1], "pong", {"success": True, "subscribe": "trade", "request": {"op": "subscribe"}},
                  {"table": "trade", "action": "partial", "data": []}, {"request": "x"}):  # fmt: skip
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"success": True, "request": ECHO})


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 401, "error": "Invalid API Key.", "meta": {}, "request": ECHO},
        {"success": False, "error": "Invalid API Key.", "request": ECHO},
    ],
)
def test_a_refusal_carries_the_exchanges_words_and_no_key(reply: Any) -> None:
    """C15, F35: the answer echoes key and signature."""
    script = begun()

    with pytest.raises(LoginRefused, match="Invalid API Key") as caught:
        script.send(reply)

    assert "test-key" not in str(caught.value) + repr(caught.value)
    assert PROOF not in str(caught.value) + repr(caught.value)


def test_the_platform_needs_no_login() -> None:
    assert login(CREDS, STAMP, URL("wss://ws.bitmex.com/realtimePlatform")) is None


def test_acknowledgements() -> None:
    """D11: one for each topic; a refusal echoes the request."""
    sent = {"op": "subscribe", "args": ["orderBookL2_25:XBTUSD", "order"]}
    first, second = request_ids(sent)

    assert ack({"success": True, "subscribe": "order", "request": sent}) == Ack(second)
    assert ack({"success": True, "subscribe": "orderBookL2_25:XBTUSD", "request": sent}) == Ack(first)
    error = {"status": 400, "error": "Unknown table: x", "meta": {}, "request": {"op": "subscribe", "args": ["order"]}}
    assert ack(error) == Ack(second, "Unknown table: x")
    assert ack({**error, "request": {"op": "subscribe", "args": "order"}}) == Ack(second, "Unknown table: x")
    assert request_ids({"op": "unsubscribe", "args": "order"}) == (ack({"success": True, "unsubscribe": "order"}).id,)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "message",
    [
        None,
        [1],
        "pong",
        {},
        GREETING,
        {"table": "trade"},
        {"success": True, "request": ECHO},
        {"status": 401, "error": "x", "request": ECHO},
        {"status": 400, "error": "x", "request": {"op": "subscribe", "args": ["a", "b"]}},
        {"status": 429, "error": "Rate limit exceeded"},
        {"success": True, "subscribe": 5},
    ],
)
def test_other_messages_acknowledge_nothing(message: Any) -> None:
    assert ack(message) is None


def test_subscriptions_go_out_one_by_one_and_can_be_ended() -> None:
    message = {"op": "subscribe", "args": ["trade:XBTUSD", "order"]}
    one = {"op": "subscribe", "args": ["order"]}

    assert split(message, WS) == [{"op": "subscribe", "args": ["trade:XBTUSD"]}, one]
    assert split(one, WS) == [one]
    cancel = {"op": "cancelAllAfter", "args": 60000}
    assert split(cancel, WS) == [cancel]
    assert request_ids(cancel) == request_ids("ping") == ()
    assert undo(message) == {"op": "unsubscribe", "args": ["trade:XBTUSD", "order"]}
    assert undo(cancel) is undo("ping") is undo({"op": "unsubscribe", "args": ["order"]}) is None


def test_the_heartbeat_is_a_bare_ping() -> None:
    """C41."""
    rule = beat(WS)

    assert (rule.every, rule.text(STAMP)) == (30.0, "ping")


def test_channels_and_times() -> None:
    assert channel_of({"table": "trade"}) == "trade"
    assert channel_of({}) is channel_of([1]) is channel_of({"table": 5}) is None
    row = {"timestamp": "2023-11-14T22:13:20.123Z"}
    assert time_of({"data": [{}, row]}) == 1700000000.123
    for other in (None, {}, {"data": []}, {"data": [1]}, {"data": [{"timestamp": 5}]}, {"data": [{"timestamp": "Z"}]},
                  {"data": [{"timestamp": "2023-11-14T22:13:20"}]}):  # fmt: skip
        assert time_of(other) is None


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("POST", "/api/v1/order", True),
        ("PUT", "/api/v1/order", True),
        ("DELETE", "/api/v1/order/all", True),
        ("POST", "/api/v1/position/leverage", True),
        ("GET", "/api/v1/order", False),
        ("POST", "/api/v1/user/logout", False),
    ],
)
def test_orders_have_a_budget_of_their_own(method: str, path: str, counted: bool) -> None:
    assert is_order(Request(method, URL("https://www.bitmex.com") .with_path(path))) is counted  # fmt: skip


def test_the_exchange_is_believed() -> None:
    assert used({"x-ratelimit-remaining": "119"}) == 1
    assert used({"x-ratelimit-remaining": "29", "x-ratelimit-limit": "30"}) == 91
    assert used({}) is used({"x-ratelimit-remaining": "x"}) is None
    assert used_1s({"x-ratelimit-remaining-1s": "7"}) == 3


def test_the_feed_watches_the_book() -> None:
    feed = EXCHANGE.feeds["orderBookL2_25"]

    assert feed.subscribe("XBTUSD") == [{"op": "subscribe", "args": ["orderBookL2_25:XBTUSD"]}]
