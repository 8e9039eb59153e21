"""Coincheck's sessions: the login, and what messages are about."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.errors import LoginRefused
from rxbotters.exchanges.coincheck import EXCHANGE
from rxbotters.exchanges.coincheck.session import channel_of, error_text, login, time_of, undo
from rxbotters.wire import loads
from tests.exchanges.coincheck.test_signing import CREDS, stamp

URL_ = URL("wss://stream.coincheck.com")
TRADE: Any = ["1663318663", "2357062", "btc_jpy", "2820896.0", "5.0", "sell", "1193401", "2078767", None]


def test_the_login_and_what_is_not_its_answer() -> None:
    """C31, defect 9: a ping, an event, text: none of it is the login's."""
    script = login(CREDS, stamp(), URL_)

    (text,) = next(script) or ()

    assert loads(text)["access_signature"] == "f51ef72b864df16f8aaa101978fbf8ed2662d41dcaa42e32db1581d0a1e65e1a"
    for other in ("ping", None, [1], 5, {"channel": "order-events"}, {}):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"success": True, "available_channels": ["order-events", "execution-events"]})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"success": False, "message": "Unauthorized"}, "Unauthorized"),
        ({"success": False, "error": "nonce"}, "nonce"),
        ({"success": False}, "no reason given"),
    ],
)
def test_a_refusal_carries_the_exchanges_words(answer: Any, words: str) -> None:
    """F35, defect 10."""
    script = login(CREDS, stamp(), URL_)
    next(script)

    with pytest.raises(LoginRefused, match=words):
        script.send(answer)


def test_subscriptions_of_the_private_stream_can_be_ended() -> None:
    message = {"type": "subscribe", "channels": ["order-events"]}

    assert undo(message) == {"type": "unsubscribe", "channels": ["order-events"]}
    assert message["type"] == "subscribe"
    assert undo({"type": "subscribe", "channel": "btc_jpy-trades"}) is None
    assert undo("text") is None
    assert EXCHANGE.ws["ws-api.coincheck.com"].undo is None  # the exchange ignores it


def test_channel_and_time_of_a_message() -> None:
    book: Any = ["btc_jpy", {"bids": [], "asks": [], "last_update_at": "1659321701"}]
    ranged: Any = ["btc_jpy", {"upper": [], "lower": [], "sequence_number": "1", "last_update_at": "1020"}]

    assert (channel_of([TRADE]), time_of([TRADE])) == ("btc_jpy-trades", 1663318663.0)
    assert (channel_of(book), time_of(book)) == ("btc_jpy-orderbook", 1659321701.0)
    assert (channel_of(ranged), time_of(ranged)) == ("btc_jpy-limit-range-orderbook", 1020.0)
    assert channel_of({"channel": "order-events"}) == "order-events"
    for other in (None, [], [[]], [1], "x", {}, ["x"], ["x", 1]):
        assert channel_of(other) is None
        assert time_of(other) is None


def test_error_texts() -> None:
    assert error_text({"success": False, "error": "x"}) == "x"
    for other in ({"success": True}, {}, [], None, "x"):
        assert error_text(other) is None


def test_the_feeds() -> None:
    assert [feed.subscribe("eth_jpy") for feed in EXCHANGE.feeds.values()] == [
        [{"type": "subscribe", "channel": "eth_jpy-orderbook"}],
        [{"type": "subscribe", "channel": "eth_jpy-limit-range-orderbook"}],
    ]
