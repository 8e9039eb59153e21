"""GMO Coin's session: subscriptions, errors, the pace, the token, the budgets."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.exchanges.gmocoin import EXCHANGE
from rxbotters.exchanges.gmocoin.session import (
    LEASES,
    channel_of,
    error_of,
    farewell,
    refusal,
    time_of,
    token_of,
    undo,
    url_of,
)
from rxbotters.wire import Request, redact_url

NOTHING: list[Any] = [None, 1, "text", [1], {}, {"channel": 5}, {"timestamp": 5}, {"timestamp": "x"}]
TICKER = {"command": "subscribe", "channel": "ticker", "symbol": "BTC"}


def test_a_subscription_is_undone_by_its_own_fields() -> None:
    assert undo(TICKER) == {"command": "unsubscribe", "channel": "ticker", "symbol": "BTC"}
    assert undo({"command": "unsubscribe", "channel": "ticker"}) is None
    assert TICKER["command"] == "subscribe"
    for other in NOTHING:
        assert undo(other) is None


def test_channel_and_time() -> None:
    assert channel_of({"channel": "ticker", "symbol": "BTC"}) == "ticker:BTC"
    assert channel_of({"channel": "orderEvents", "symbol": "BTC"}) == "orderEvents"
    assert time_of({"timestamp": "2018-03-30T12:34:56.789Z"}) == pytest.approx(1522413296.789)
    for other in NOTHING:
        assert channel_of(other) is None
        assert time_of(other) is None


def test_a_subscription_lost_to_the_limit_is_made_again() -> None:
    """Defect 12: the error names no subscription, so a new connection makes them all."""
    assert farewell({"error": "ERR-5003 Request too many."}) == "rotate"
    assert farewell({"error": "ERR-5012 no permission"}) is None
    assert error_of({"error": "ERR-5012 no permission"}) == "ERR-5012 no permission"
    for other in NOTHING:
        assert farewell(other) is None
        assert error_of(other) is None


def test_commands_are_paced_for_the_whole_address() -> None:
    """F44, defect 7: by our own clock, public and private sockets together."""
    (host,) = EXCHANGE.ws.values()

    assert host.sends is not None
    assert host.sends.shared
    assert host.sends.calls == 1
    assert host.sends.per_s > 1
    assert host.login is host.sign_message is host.request_ids is None


def test_the_token_and_its_url() -> None:
    rule = LEASES["private"]

    assert rule.create == ("POST", "/private/v1/ws-auth")
    assert rule.renew == ("PUT", "/private/v1/ws-auth")
    assert rule.renew_data("abc") == {"token": "abc"}
    assert rule.every < 3600 / 3
    assert rule.auth
    assert not rule.once
    answer = {"status": 0, "data": "xXxKcyDgWqzxLVUBpVC6lmxPEDVxXgVWZWCxDq9uGxI", "responsetime": "x"}
    assert rule.read(answer) == answer["data"]
    assert rule.url(answer, "fresh") == f"wss://api.coin.z.com/ws/private/v1/{answer['data']}"
    assert "KcyDg" not in redact_url(url_of(answer, ""))


@pytest.mark.parametrize("bad", [None, {}, {"data": None}, {"data": {}}, {"data": ""}, [1]])
def test_an_answer_without_a_token_is_none(bad: Any) -> None:
    with pytest.raises((KeyError, TypeError)):
        token_of(bad)


def test_errors_have_their_own_words() -> None:
    """F66: they come with HTTP 200."""
    body = {"status": 5, "messages": [{"message_code": "ERR-5201", "message_string": "MAINTENANCE."}]}

    assert refusal(body) == "ERR-5201 MAINTENANCE. (status 5)"
    assert refusal({"status": 1}) == "no reason given (status 1)"
    assert refusal({"status": 1, "messages": 5}) == "no reason given (status 1)"
    assert refusal({"status": 0, "data": {}}) is None
    assert refusal({"data": {}}) is None
    assert refusal([1]) is None


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/private/v1/activeOrders", {"get"}),
        ("POST", "/private/v1/order", {"post"}),
        ("PUT", "/private/v1/ws-auth", {"post"}),
        ("GET", "/public/v1/ticker", set()),
    ],
)
def test_private_requests_are_counted_by_key(method: str, path: str, counted: set[str]) -> None:
    limits = EXCHANGE.rest["api.coin.z.com"].limits
    request = Request(method, URL(f"https://api.coin.z.com{path}"))

    assert {limit.name for limit in limits if limit.weigh(request)} == counted
    assert all(limit.by_key and (limit.weight, limit.per_s) == (20, 1.0) for limit in limits)


def test_the_feed() -> None:
    feed = EXCHANGE.feeds["orderbooks"]

    assert feed.subscribe("BTC_JPY") == [{"command": "subscribe", "channel": "orderbooks", "symbol": "BTC_JPY"}]
    assert set(EXCHANGE.rest) == set(EXCHANGE.ws) == {"api.coin.z.com"}
