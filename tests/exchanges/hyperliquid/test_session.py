"""Hyperliquid's session: acknowledgements, heartbeats, the end of subscriptions, weights."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Hosts
from rxbotters.exchanges.hyperliquid import EXCHANGE
from rxbotters.exchanges.hyperliquid.session import (
    ack,
    beat,
    channel_of,
    is_noise,
    request_ids,
    time_of,
    undo,
    weight,
)
from rxbotters.wire import Request, dumps, loads

URL_ = URL("wss://api.hyperliquid.xyz/ws")


def subscribe(method: str = "subscribe", **subscription: Any) -> dict[str, Any]:
    return {"method": method, "subscription": subscription}


def response(method: str = "subscribe", **subscription: Any) -> dict[str, Any]:
    return {"channel": "subscriptionResponse", "data": subscribe(method, **subscription)}


def test_every_host_has_its_credentials() -> None:
    hosts = Hosts([EXCHANGE])
    for name, api, environment in (
        ("api.hyperliquid.xyz", "hyperliquid", "mainnet"),
        ("api.hyperliquid-testnet.xyz", "hyperliquid_testnet", "testnet"),
    ):
        for host in (hosts.rest(name, None), hosts.ws(name, None)):
            assert host is not None
            assert (host.api, host.environment, host.login) == (api, environment, None)
    assert EXCHANGE.apis["hyperliquid_testnet"].fields == ("key",)


def test_a_subscription_is_acknowledged_by_its_echo() -> None:
    """D11: fields that are left open, and the case of an address, do not matter."""
    sent = subscribe(type="l2Book", coin="HYPE")
    (name,) = request_ids(sent)

    assert ack(response(type="l2Book", coin="HYPE", nSigFigs=None, mantissa=None)) == Ack(name)
    assert ack(response(type="l2Book", coin="BTC")) != Ack(name)
    assert ack(response("unsubscribe", type="l2Book", coin="HYPE")) != Ack(name)
    mixed = request_ids(subscribe(type="userFills", user="0xAB", aggregateByTime=False))
    assert ack(response(type="userFills", user="0xab")) == Ack(mixed[0])
    assert request_ids(undo(sent)) == (ack(response("unsubscribe", coin="HYPE", type="l2Book")).id,)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ('Invalid subscription {"type":"candle","interval":"1d","coin":"X"}', True),
        ('Already subscribed: {"type":"candle","interval":"1d","coin":"X"}', False),
        ('Error: {"method":"subscribe","subscription":{"type":"candle","interval":"1d","coin":"X"}}', True),
    ],
)
def test_an_error_that_quotes_a_subscription_answers_it(text: str, refused: bool) -> None:
    (name,) = request_ids(subscribe(type="candle", coin="X", interval="1d"))

    assert ack({"channel": "error", "data": text}) == Ack(name, text if refused else None)


@pytest.mark.parametrize(
    "message",
    [
        None,
        [1],
        "text",
        {},
        {"channel": "pong"},
        {"channel": "subscriptionResponse"},
        {"channel": "subscriptionResponse", "data": {"method": "subscribe"}},
        {"channel": "error", "data": "Cannot track more than 10 total users."},
        {"channel": "error", "data": "bad {"},
        {"channel": "error", "data": "bad {1}"},
        {"channel": "error", "data": {"a": 1}},
        {"channel": "post", "data": {"id": 1}},
    ],
)
def test_other_messages_acknowledge_nothing(message: Any) -> None:
    assert ack(message) is None


def test_what_is_no_subscription_awaits_no_answer() -> None:
    assert request_ids({"method": "ping"}) == ()
    assert request_ids({"method": "post", "id": 1}) == ()
    assert request_ids("ping") == ()
    assert undo({"method": "post"}) is None
    assert undo("x") is None


def test_the_heartbeat() -> None:
    """C41: every 30 s, and the server sends something at least every 60 s."""
    rule = beat(URL_)

    assert loads(rule.text(Stamp(0, str))) == {"method": "ping"}
    assert (rule.every, rule.silence, rule.answer) == (30.0, 60.0, None)


def test_the_greeting_is_no_error() -> None:
    assert is_noise("Websocket connection established.")
    assert is_noise("pong")
    assert not is_noise("<html>")
    assert not is_noise('{"channel":"pong"}')


def test_channels_and_times() -> None:
    assert channel_of({"channel": "l2Book"}) == "l2Book"
    assert channel_of({}) is channel_of([1]) is channel_of({"channel": 5}) is None
    assert time_of({"channel": "l2Book", "data": {"time": 1700000000500}}) == 1700000000.5
    assert time_of({"channel": "trades", "data": [{"time": 1000}, {"time": 2000}]}) == 2.0
    for other in (None, {}, {"data": []}, {"data": [1]}, {"data": {"time": "x"}}, {"data": "text"}):
        assert time_of(other) is None


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/info", {"type": "l2Book", "coin": "BTC"}, 2),
        ("/info", {"type": "userRole"}, 60),
        ("/info", {"type": "userFills"}, 20),
        ("/exchange", {"action": {"type": "order", "orders": [{}]}}, 1),
        ("/exchange", {"action": {"type": "order", "orders": [{}] * 39}}, 1),
        ("/exchange", {"action": {"type": "cancel", "cancels": [{}] * 40}}, 2),
        ("/exchange", {"action": {"type": "batchModify", "modifies": [{}] * 80}}, 3),
        ("/exchange", {"action": {"type": "updateLeverage"}}, 1),
        ("/exchange", [1], 1),
        ("/exchange", None, 1),
    ],
)
def test_weights(path: str, body: Any, expected: float) -> None:
    request = Request("POST", URL("https://api.hyperliquid.xyz").with_path(path), {}, dumps(body).encode())

    assert weight(request) == expected
    assert weight(Request("POST", URL("https://api.hyperliquid.xyz/exchange"), {}, b"{")) == 1
    assert weight(Request("GET", URL("https://api.hyperliquid.xyz/x"))) == 1


def test_the_limits_are_the_networks_own() -> None:
    names = {host: [limit.name for limit in rules.limits] for host, rules in EXCHANGE.rest.items()}
    assert len({name for each in names.values() for name in each}) == 2
    sends = EXCHANGE.ws["api.hyperliquid.xyz"].sends
    assert sends is not None
    assert (sends.calls, sends.per_s, sends.shared) == (2000, 60.0, True)


def test_the_feed_watches_the_book() -> None:
    feed = EXCHANGE.feeds["l2Book"]

    assert feed.subscribe("ETH") == [subscribe(type="l2Book", coin="ETH")]
    assert feed.book == "l2Book"
