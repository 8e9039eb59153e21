"""bitFlyer's sessions: the login, acknowledgements, what messages are about, and what requests are counted as."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.descriptor import Ack
from rxbotters.errors import LoginRefused
from rxbotters.exchanges.bitflyer import EXCHANGE
from rxbotters.exchanges.bitflyer.session import ack, channel_of, login, request_ids, time_of, undo
from rxbotters.wire import Request, loads
from tests.exchanges.bitflyer.test_signing import API, CREDS, STAMP

SOCKET = URL("wss://ws.lightstream.bitflyer.com/json-rpc")


def test_the_login_vector_and_its_order() -> None:
    """C31: other messages are not the login's; the answer ends it."""
    script = login(CREDS, STAMP, SOCKET)

    (text,) = next(script) or ()

    assert loads(text) == {
        "method": "auth",
        "params": {
            "api_key": CREDS.key,
            "timestamp": 1700000000123,
            "nonce": "00112233445566778899aabbccddeeff",
            "signature": "3d76c4b9a131f0fa1e844843ac7c90f92b62f20ab32d0de6f86477b15878ecea",
        },
        "id": "auth",
    }
    for other in ([1], {"id": 1, "result": True}, {"params": {}}, "auth"):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"jsonrpc": "2.0", "id": "auth", "result": True})


def test_a_refusal_carries_the_exchanges_words() -> None:
    """F35."""
    script = login(CREDS, STAMP, SOCKET)
    next(script)

    with pytest.raises(LoginRefused, match=r"Invalid signature \(code -32602\)"):
        script.send({"id": "auth", "error": {"code": -32602, "message": "Invalid signature"}})


def test_acknowledgements() -> None:
    """D11."""
    assert request_ids({"method": "subscribe", "params": {"channel": "x"}, "id": 7}) == (7,)
    assert request_ids({"method": "subscribe", "params": {}}) == ()
    assert request_ids("text") == ()
    assert ack({"jsonrpc": "2.0", "id": 7, "result": True}) == Ack(7)
    assert ack({"id": 7, "error": {"code": -1, "message": "m"}}) == Ack(7, "m (code -1)")
    assert ack({"id": "auth", "result": True}) is None
    assert ack({"method": "channelMessage"}) is None


def test_subscriptions_can_be_ended() -> None:
    message = {"method": "subscribe", "params": {"channel": "child_order_events"}, "id": 1}

    assert undo(message) == {"method": "unsubscribe", "params": {"channel": "child_order_events"}}
    assert message["method"] == "subscribe"
    for other in ({"method": "auth", "params": {}}, {}, "text", None):
        assert undo(other) is None


def pushed(channel: str, message: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "channelMessage", "params": {"channel": channel, "message": message}}


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("2021-12-12T23:05:30.1371457Z", 1639350330.137145),
        ("2021-12-12T23:05:30.1Z", 1639350330.1),
        ("2021-12-12T23:05:30Z", 1639350330.0),
        ("2021-12-12T23:05:30", 1639350330.0),
    ],
)
def test_a_ticker_says_when_it_was_sent(stamp: str, time: float) -> None:
    """In UTC, also where the Z is left out; of seven digits the seventh is dropped."""
    message = pushed("lightning_ticker_BTC_JPY", {"product_code": "BTC_JPY", "timestamp": stamp})

    assert (channel_of(message), time_of(message)) == ("lightning_ticker_BTC_JPY", time)


def test_other_messages_do_not() -> None:
    executions = pushed("lightning_executions_BTC_JPY", [{"id": 1, "exec_date": "2021-12-12T23:05:30Z"}])

    assert (channel_of(executions), time_of(executions)) == ("lightning_executions_BTC_JPY", None)
    assert time_of({"id": 1, "result": True}) is None
    for other in ({"id": 1, "result": True}, {"params": 1}, [], None, "x"):
        assert channel_of(other) is None


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/v1/ticker", ["ip"]),
        ("/v1/me/getbalance", ["ip", "private"]),
        ("/v1/me/cancelchildorder", ["ip", "private"]),
        ("/v1/me/sendchildorder", ["ip", "private", "orders"]),
        ("/v1/me/sendparentorder", ["ip", "private", "orders"]),
        ("/v1/me/cancelallchildorders", ["ip", "private", "orders"]),
    ],
)
def test_what_a_request_is_counted_as(path: str, counted: list[str]) -> None:
    """Cancelling one order is no order: it must not wait for them."""
    request = Request("POST", API.with_path(path), {}, b"")
    limits = EXCHANGE.rest["api.bitflyer.com"].limits

    assert [limit.name for limit in limits if limit.weigh is None or limit.weigh(request)] == counted
    assert [(limit.name, limit.by_key) for limit in limits] == [("ip", False), ("private", True), ("orders", True)]


def test_the_feed_asks_for_the_snapshot_before_the_diffs() -> None:
    asked = EXCHANGE.feeds["board"].subscribe("BTC_JPY")

    assert [message["params"]["channel"] for message in asked] == [
        "lightning_board_snapshot_BTC_JPY",
        "lightning_board_BTC_JPY",
    ]
    assert len({message["id"] for message in asked}) == 2
