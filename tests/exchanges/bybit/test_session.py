"""Bybit's session: login on two paths that answer differently, acknowledgements in two forms, heartbeats."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.exchanges.bybit import EXCHANGE
from rxbotters.exchanges.bybit.session import (
    ack,
    beat,
    category_of,
    channel_of,
    farewell,
    login,
    request_ids,
    split,
    time_of,
    undo,
)
from rxbotters.wire import Secret, loads

CREDS = Credentials("bybit", "key", Secret(b"secret"))
STAMP = Stamp(1700000000123, lambda: "")
PRIVATE, TRADE = (URL(f"wss://stream.bybit.com/v5/{path}") for path in ("private", "trade"))
LINEAR, SPOT, OPTION, SPREAD = (
    URL(f"wss://stream.bybit.com/v5/public/{path}") for path in ("linear", "spot", "option", "spread")
)


def begun(url: URL = PRIVATE) -> LoginScript:
    script = login(CREDS, STAMP, url)
    assert script is not None
    next(script)
    return script


# ---------------------------------------------------------------------- login


@pytest.mark.parametrize(
    "answer",
    [
        {"success": True, "ret_msg": "", "op": "auth", "conn_id": "c"},
        {"retCode": 0, "retMsg": "OK", "op": "auth", "connId": "c"},
        {"retCode": 20001, "retMsg": "Repeat auth", "op": "auth", "connId": "c"},
        {"op": "auth", "success": True, "retCode": 0, "retMsg": "", "connId": "c"},
    ],
)
@pytest.mark.parametrize("url", [PRIVATE, TRADE])
def test_the_ways_to_say_yes(url: URL, answer: Any) -> None:
    """Defect 11, C31: the trading path says yes without ``success``."""
    script = begun(url)

    with pytest.raises(StopIteration):
        script.send(answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"success": False, "ret_msg": "Params Error", "op": "auth"}, "Params Error"),
        ({"retCode": 10004, "retMsg": "Invalid sign", "op": "auth"}, r"Invalid sign \(code 10004\)"),
        (
            {"op": "auth", "success": False, "retCode": 10003, "retMsg": "Invalid apikey"},
            r"Invalid apikey \(code 10003\)",
        ),
        ({"op": "auth"}, "no reason given"),
        ({"op": "auth", "success": "true"}, "no reason given"),
    ],
)
def test_a_refusal_carries_the_exchanges_words(answer: Any, words: str) -> None:
    """F35, defect 11."""
    script = begun()

    with pytest.raises(LoginRefused, match=words):
        script.send(answer)


def test_other_messages_are_not_the_logins() -> None:
    """F37, defect 15."""
    script = begun()

    for other in (
        {"op": "pong", "args": ["1"], "conn_id": "c"},
        {"topic": "order", "data": []},
        [1],
        "auth",
        None,
        {"success": True, "ret_msg": "pong", "op": "ping"},
    ):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"success": True, "op": "auth"})


@pytest.mark.parametrize("url", [LINEAR, SPOT, OPTION, URL("wss://stream.bybit.com/v5/public/misc/status")])
def test_public_paths_need_no_login(url: URL) -> None:
    assert login(CREDS, STAMP, url) is None


def test_a_path_that_only_begins_like_public_logs_in() -> None:
    assert login(CREDS, STAMP, URL("wss://stream.bybit.com/v5/publicity?max_active_time=60s")) is not None


# ---------------------------------------------------------------------- subscriptions


def test_spot_takes_ten_topics_at_once() -> None:
    """Defect 16."""
    topics = [f"publicTrade.S{number}" for number in range(23)]
    message = {"op": "subscribe", "args": topics, "req_id": "mine"}

    parts = split(message, SPOT)

    assert [len(part["args"]) for part in parts] == [10, 10, 3]
    assert [topic for part in parts for topic in part["args"]] == topics
    assert {part["req_id"] for part in parts} == {"mine"}
    assert message == {"op": "subscribe", "args": topics, "req_id": "mine"}
    assert [len(part["args"]) for part in split(message, LINEAR)] == [23]
    many = {"op": "subscribe", "args": [f"tickers.{number}" for number in range(4001)]}
    assert [len(part["args"]) for part in split(many, OPTION)] == [2000, 2000, 1]


def test_the_end_of_many_is_cut_too() -> None:
    ended = split(undo({"op": "subscribe", "args": [f"tickers.{number}" for number in range(12)]}), SPOT)

    assert [len(part["args"]) for part in ended] == [10, 2]
    assert not any("req_id" in part for part in ended)


def test_all_in_one_and_categorised_topics_go_apart() -> None:
    parts = split({"op": "subscribe", "args": ["order", "position.linear", "execution.fast", "order.spot"]}, PRIVATE)

    assert [part["args"] for part in parts] == [["order", "execution.fast"], ["position.linear", "order.spot"]]


@pytest.mark.parametrize("message", ["text", {"op": "ping"}, {"op": "unsubscribe", "args": ["a"]}, {"op": "subscribe"}])
def test_what_is_no_subscription_is_not_split(message: Any) -> None:
    assert list(split(message, SPOT)) == [message]


def test_every_subscription_can_be_acknowledged() -> None:
    """D11, F41: with an id of its own where the caller gave none."""
    (given,) = split({"op": "subscribe", "args": ["tickers.BTCUSDT"], "req_id": 7}, LINEAR)
    (made,) = split({"op": "subscribe", "args": ["tickers.BTCUSDT"]}, LINEAR)
    (other,) = split({"op": "subscribe", "args": ["tickers.ETHUSDT"]}, LINEAR)

    assert request_ids(given) == ("7",)
    assert len({*request_ids(made), *request_ids(other)}) == 2
    yes = {"success": True, "ret_msg": "subscribe", "conn_id": "c", "req_id": made["req_id"], "op": "subscribe"}
    assert ack(yes) == Ack(made["req_id"])
    no = {"success": False, "ret_msg": "error:handler not found,topic:x", "req_id": "7", "op": "subscribe"}
    assert ack(no) == Ack("7", "error:handler not found,topic:x")


@pytest.mark.parametrize("url", [OPTION, SPREAD])
def test_options_and_spreads_answer_by_topic(url: URL) -> None:
    topics = ["orderbook.25.BTC-26DEC25-90000-C", "publicTrade.BTC"]
    (sent,) = split({"op": "subscribe", "args": topics, "req_id": "mine"}, url)
    answer = {"success": True, "conn_id": "c", "type": "COMMAND_RESP"}

    good = ack({**answer, "data": {"failTopics": [], "successTopics": topics[::-1]}})
    bad = ack({**answer, "data": {"failTopics": topics[1:], "successTopics": topics[:1]}})

    assert good == Ack(request_ids(sent)[0])
    assert bad is not None
    assert (bad.id, bad.error) == (request_ids(sent)[0], "publicTrade.BTC refused: no reason given")


@pytest.mark.parametrize(
    "message",
    [
        None,
        [1],
        "x",
        {"op": "pong"},
        {"topic": "order", "data": []},
        {"success": True, "op": "unsubscribe", "req_id": "1"},
        {"success": True, "op": "auth"},
        {"retCode": 0, "op": "order.create", "reqId": "1"},
        {"type": "COMMAND_RESP"},
    ],
)
def test_what_is_no_acknowledgement(message: Any) -> None:
    assert ack(message) is None
    assert request_ids(message) == ()


def test_a_subscription_can_be_ended() -> None:
    message = {"op": "subscribe", "args": ["tickers.BTCUSDT"], "req_id": "1"}

    assert undo(message) == {"op": "unsubscribe", "args": ["tickers.BTCUSDT"]}
    assert undo({"op": "ping"}) is None
    assert undo("x") is None


# ---------------------------------------------------------------------- what arrives


@pytest.mark.parametrize("url", [LINEAR, OPTION, PRIVATE, TRADE])
def test_a_ping_every_twenty_seconds(url: URL) -> None:
    rule = beat(url)

    assert rule.every == 20.0
    assert loads(rule.text(STAMP)) == {"op": "ping"}
    assert rule.answer is None


def test_channel_time_and_category() -> None:
    assert channel_of({"topic": "tickers.BTCUSDT", "data": {}}) == "tickers.BTCUSDT"
    assert channel_of({"op": "pong"}) is channel_of([1]) is None
    assert time_of({"topic": "x", "ts": 1672304484978}) == 1672304484.978
    assert time_of({"topic": "order", "creationTime": 1672364262474}) == 1672364262.474
    assert time_of({"op": "pong"}) is time_of("x") is time_of({"ts": "1"}) is None
    assert [category_of(url) for url in (LINEAR, PRIVATE, TRADE, URL("wss://stream.bybit.com"))] == [
        "linear",
        "private",
        "trade",
        "",
    ]


def test_the_trading_service_says_that_it_will_go() -> None:
    assert farewell({"retCode": 10019, "retMsg": "ws trade service is restarting", "op": "order.create"}) == "rotate"
    assert farewell({"retCode": 0}) is farewell({"topic": "order"}) is farewell([1]) is None


def test_the_descriptor_says_it_all() -> None:
    host = EXCHANGE.ws["stream.bybit.com"]

    assert (host.request_ids, host.ack, host.undo, host.split) == (request_ids, ack, undo, split)
    assert (host.beat, host.channel_of, host.time_of, host.farewell) == (beat, channel_of, time_of, farewell)
    (limit,) = EXCHANGE.rest["api.bybit.com"].limits
    assert (limit.weight, limit.per_s, limit.by_key) == (600, 5.0, False)
    assert list(EXCHANGE.feeds["linear"].subscribe("ETHUSDT")) == [
        {"op": "subscribe", "args": ["orderbook.50.ETHUSDT"]}
    ]
