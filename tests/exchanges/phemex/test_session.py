"""Phemex's session: a login that a pong does not answer, acknowledgements by id, a heartbeat on every host."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.exchanges.phemex import EXCHANGE
from rxbotters.exchanges.phemex.session import ack, beat, channel_of, login, request_ids, time_of, undo
from rxbotters.wire import Secret, loads

CREDS = Credentials("phemex", "key", Secret(b"secret"))
STAMP = Stamp(1700000000123, lambda: "")
URL_ = URL("wss://ws.phemex.com")


def begun() -> LoginScript:
    script = login(CREDS, STAMP, URL_)
    next(script)
    return script


def test_login_is_answered_under_its_id() -> None:
    """C31, F37, defect 5, 14: neither a pong nor another answer counts, and all of it is delivered."""
    script = begun()

    for other in (
        {"error": None, "id": 123, "result": "pong"},
        {"error": None, "id": 0, "result": "pong"},
        {"error": None, "id": 1, "result": {"status": "success"}},
        {"error": {"code": 1, "message": "m"}, "id": None},
        {"tick": {"symbol": ".BTC"}},
        [1],
        "pong",
        None,
        {"id": 123},
        {"id": 123, "error": None, "result": None},
    ):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"error": None, "id": 123, "result": {"status": "success"}})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"error": {"code": 6012, "message": "invalid login token"}, "id": 123, "result": None},
            r"token \(code 6012\)",
        ),
        ({"error": "no", "id": 123}, "no"),
        ({"error": None, "id": 123, "result": {"status": "failed"}}, "status failed"),
        ({"error": None, "id": 123, "result": {}}, "status None"),
    ],
)
def test_a_refusal_carries_the_exchanges_words(answer: Any, words: str) -> None:
    """F35, defect 14."""
    script = begun()

    with pytest.raises(LoginRefused, match=words):
        script.send(answer)


def test_acknowledgements() -> None:
    """D11, F41."""
    subscribe = {"id": 7, "method": "orderbook_p.subscribe", "params": ["BTCUSDT"]}

    assert request_ids(subscribe) == (7,)
    assert request_ids({**subscribe, "id": 0}) == (0,)
    assert ack({"error": None, "id": 7, "result": {"status": "success"}}) == Ack(7)
    assert ack({"error": {"code": 6001, "message": "bad"}, "id": 7, "result": None}) == Ack(7, "bad (code 6001)")
    for other in (
        {**subscribe, "id": None},
        {"id": 1, "method": "server.ping", "params": []},
        {"id": 1, "method": "orderbook.unsubscribe", "params": []},
        "text",
        [1],
        None,
    ):
        assert request_ids(other) == ()
    for other in ({"id": 0, "result": "pong", "error": None}, {"book": {}}, {"id": None, "error": {}}, "x", [1], None):
        assert ack(other) is None


@pytest.mark.parametrize(
    ("method", "params", "ended"),
    [
        ("trade.subscribe", ["BTCUSD"], ("trade.unsubscribe", ["BTCUSD"])),
        ("trade_p.subscribe", ["BTCUSDT"], ("trade_p.unsubscribe", ["BTCUSDT"])),
        ("kline_p.subscribe", ["BTCUSDT", 60], ("kline_p.unsubscribe", ["BTCUSDT"])),
        ("market24h.subscribe", [], ("market24h.unsubscribe", [])),
        ("perp_market24h_pack_p.subscribe", [], ("perp_market24h_pack_p.unsubscribe", [])),
        ("aop.subscribe", [], ("aop.unsubscribe", [])),
        ("wo.subscribe", [], ("wo.unsubscribe", [])),
    ],
)
def test_what_can_be_ended(method: str, params: list[Any], ended: tuple[str, list[Any]]) -> None:
    message = undo({"id": 1, "method": method, "params": params})

    assert (message["method"], message["params"]) == ended
    assert message["id"] not in (0, 1, 123)
    assert request_ids(message) == ()


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1, "method": "orderbook.subscribe", "params": ["BTCUSD"]},
        {"id": 1, "method": "orderbook_p.subscribe", "params": ["BTCUSDT", True]},
        {"id": 1, "method": "tick.subscribe", "params": [".BTC"]},
        {"id": 1, "method": "trade.unsubscribe", "params": ["BTCUSD"]},
        {"id": 1, "method": "server.ping", "params": []},
        {"id": 1},
        "text",
    ],
)
def test_what_would_end_more_is_not_ended(message: Any) -> None:
    """A book's unsubscription ends all books."""
    assert undo(message) is None


@pytest.mark.parametrize("host", list(EXCHANGE.ws))
def test_a_ping_every_ten_seconds_on_every_host(host: str) -> None:
    """Defects 5 and 6: under an id that no login has."""
    rule = EXCHANGE.ws[host].beat
    assert rule is not None

    sent = rule(URL(f"wss://{host}"))
    assert sent is not None
    assert (sent.every, sent.silence) == (10.0, 30.0)
    assert loads(sent.text(STAMP)) == {"id": 0, "method": "server.ping", "params": []}


def test_channel_and_time() -> None:
    book = {"book": {}, "depth": 30, "sequence": 1, "symbol": "BTCUSD", "timestamp": 1573717100000000000, "type": "x"}
    assert channel_of(book) == "book.BTCUSD"
    assert channel_of({"accounts_p": [], "orders_p": [], "sequence": 1, "type": "snapshot"}) == "accounts_p"
    assert channel_of({"method": "perp_market24h_pack_p.update", "data": []}) == "perp_market24h_pack_p.update"
    assert channel_of({"error": None, "id": 0, "result": "pong"}) is channel_of([1]) is channel_of({}) is None
    assert time_of(book) == 1573717100.0
    assert time_of({"tick_p": {"symbol": ".BTCUSDT", "timestamp": 1666863393552000000}}) == 1666863393.552
    assert time_of({"trades": []}) is time_of("x") is time_of({"tick": {}}) is time_of({"timestamp": "1"}) is None


def test_the_descriptor_says_it_all() -> None:
    host = EXCHANGE.ws["ws.phemex.com"]

    assert (host.login, host.request_ids, host.ack, host.undo, host.beat) == (login, request_ids, ack, undo, beat)
    assert (host.channel_of, host.time_of) == (channel_of, time_of)
    assert {name: list(feed.subscribe("X")) for name, feed in EXCHANGE.feeds.items()} == {
        "usdm": [{"id": 1, "method": "orderbook_p.subscribe", "params": ["X"]}],
        "coinm": [{"id": 1, "method": "orderbook.subscribe", "params": ["X"]}],
        "spot": [{"id": 1, "method": "orderbook.subscribe", "params": ["X"]}],
    }
