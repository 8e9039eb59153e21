"""MEXC's sessions: login, acknowledgements, heartbeats, pieces, the listen key, budgets."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials
from rxbotters.errors import LoginRefused, SessionError
from rxbotters.exchanges.mexc import EXCHANGE, session, streams
from rxbotters.exchanges.mexc.signing import login_sign
from rxbotters.wire import Request, Secret, loads, redact_url

CREDS = Credentials("mexc", "mx0test-key", Secret(b"test-secret"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
EDGE = URL("wss://contract.mexc.com/edge")
WS = URL("wss://wbs-api.mexc.com/ws")
NOTHING: list[Any] = [None, 1, "text", [1], {}, {"channel": 5}, {"method": []}, {"msg": None}, {"ts": True}]
BOOK = "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"
TRADES = "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDT"


# ---------------------------------------------------------------------- login


def test_the_login_waits_for_its_answer_and_leaves_the_rest_to_others() -> None:
    """C33, F37, defect 2."""
    script = session.login(CREDS, STAMP, EDGE)

    (text,) = next(script) or ()
    sent = json.loads(text)
    assert sent["method"] == "login"
    assert sent["param"]["apiKey"] == "mx0test-key"
    assert sent["param"]["reqTime"] == "1700000000123"
    assert sent["param"]["signature"] == login_sign(CREDS, 1700000000123)
    for other in (*NOTHING, {"channel": "pong", "data": 1}, {"channel": "push.personal.asset", "data": {}}):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"channel": "rs.login", "data": "success", "ts": "1587442022003"})


@pytest.mark.parametrize("channel", ["rs.error", "rs.login"])
def test_a_refused_login_says_why_and_no_secret(channel: str) -> None:
    """F35, C15, defect 2: the reference sees nothing of it."""
    script = session.login(CREDS, STAMP, EDGE)
    (text,) = next(script) or ()
    signature = json.loads(text)["param"]["signature"]

    with pytest.raises(LoginRefused, match="signature verification failed") as caught:
        script.send({"channel": channel, "data": f"signature verification failed: mx0test-key {signature}"})

    assert "mx0test-key" not in str(caught.value)
    assert signature not in str(caught.value)


def test_a_login_that_is_refused_for_now_is_tried_again() -> None:
    script = session.login(CREDS, STAMP, EDGE)
    next(script)

    with pytest.raises(SessionError, match="System busy") as caught:
        script.send({"channel": "rs.error", "data": "System busy"})

    assert not isinstance(caught.value, LoginRefused)


# ---------------------------------------------------------------------- futures


def test_answers_on_futures_come_in_the_order_of_the_requests() -> None:
    """D11: they do not say which request they answer; an error names at most the contract."""
    subscribe = {"method": "sub.depth", "param": {"symbol": "BTC_USDT"}}
    (name,) = session.request_ids(subscribe)

    assert session.request_ids({"method": "sub.tickers", "param": {}}) == (name,)
    assert session.request_ids({"method": "personal.filter", "param": {"filters": []}}) == (name,)
    for other in (*NOTHING, {"method": "ping"}, {"method": "login"}, {"method": "unsub.depth"}):
        assert session.request_ids(other) == ()
    assert session.ack({"channel": "rs.sub.depth", "data": "success", "ts": 1}) == Ack(name)
    assert session.ack({"channel": "rs.sub.kline", "param": {"symbol": "ETH_USDT"}}) == Ack(name)
    assert session.ack({"channel": "rs.personal.filter", "data": "success"}) == Ack(name)
    assert session.ack({"channel": "rs.sub.depth", "data": "no"}) == Ack(name, "no")
    assert session.ack({"channel": "rs.error", "data": "Contract [NOPE_USDT] not exists", "ts": 1}) == Ack(
        name, "Contract [NOPE_USDT] not exists"
    )
    for other in (*NOTHING, {"channel": "pong"}, {"channel": "rs.unsub.depth"}, {"channel": "push.depth"}):
        assert session.ack(other) is None


def test_a_futures_subscription_is_undone() -> None:
    subscribe = {"method": "sub.depth", "param": {"symbol": "BTC_USDT"}, "gzip": False}

    assert session.undo(subscribe) == {**subscribe, "method": "unsub.depth"}
    assert session.undo({"method": "sub.depth.full", "param": {}})["method"] == "unsub.depth.full"
    assert subscribe["method"] == "sub.depth"
    for other in (*NOTHING, {"method": "ping"}):
        assert session.undo(other) is None


def test_the_heartbeat_of_futures() -> None:
    """A ping each 10 to 20 seconds is asked for; the server cuts after a minute without one."""
    beat = session.beat(EDGE)

    assert beat.every is not None
    assert 10 <= beat.every <= 20
    assert beat.silence is not None
    assert beat.every < beat.silence < 60
    assert loads(beat.text(STAMP)) == {"method": "ping"}


def test_channel_and_time_on_futures() -> None:
    push = {"channel": "push.depth", "symbol": "BTC_USDT", "ts": 1587442022003, "data": {}}

    assert session.channel_of(push) == "push.depth:BTC_USDT"
    assert session.channel_of({"channel": "push.personal.order", "data": {}}) == "push.personal.order"
    assert session.time_of(push) == session.time_of({"ts": "1587442022003"}) == 1587442022.003
    for other in (*NOTHING, {"channel": "rs.login", "ts": ""}, {"channel": "pong", "ts": -1}, {"ts": "9" * 30}):
        assert session.channel_of(other) is None
        assert session.time_of(other) is None


# ---------------------------------------------------------------------- spot


def test_a_spot_subscription_is_answered_with_its_channel() -> None:
    """D11, F41, defect 1: a refusal has code 0 as well."""
    assert streams.request_ids({"method": "SUBSCRIPTION", "params": [BOOK, TRADES]}) == (BOOK, TRADES)
    assert streams.request_ids({"method": "UNSUBSCRIPTION", "params": [BOOK]}) == (BOOK,)
    for other in (*NOTHING, {"method": "PING"}, {"method": "SUBSCRIPTION", "params": "x"}):
        assert streams.request_ids(other) == ()
    assert streams.ack({"id": 0, "code": 0, "msg": BOOK}) == Ack(BOOK)
    blocked = f"Not Subscribed successfully! [{BOOK}].  Reason： Blocked! "
    assert streams.ack({"id": 0, "code": 0, "msg": blocked}) == Ack(BOOK, f"{blocked.strip()} (code 0)")
    assert streams.ack({"id": 0, "code": 30001, "msg": BOOK}) == Ack(BOOK, f"{BOOK} (code 30001)")
    for other in (*NOTHING, {"id": 0, "code": 0, "msg": "PONG"}, {"channel": BOOK}, {"msg": BOOK}):
        assert streams.ack(other) is None


def test_each_channel_is_asked_for_alone() -> None:
    """So that one refusal does not hide behind another's yes."""
    both = {"method": "SUBSCRIPTION", "params": [BOOK, TRADES], "id": 3}

    assert streams.split(both, WS) == [{**both, "params": [BOOK]}, {**both, "params": [TRADES]}]
    assert [part["params"] for part in streams.split({**both, "method": "UNSUBSCRIPTION"}, WS)] == [[BOOK], [TRADES]]
    for whole in (*NOTHING, {"method": "PING"}, {"method": "SUBSCRIPTION", "params": [BOOK]}):
        assert streams.split(whole, WS) == (whole,)
    assert streams.undo(both) == {"method": "UNSUBSCRIPTION", "params": [BOOK, TRADES]}
    for other in (*NOTHING, {"method": "PING"}):
        assert streams.undo(other) is None


def test_the_heartbeat_of_spot() -> None:
    """Defect 1: without traffic for a minute the server cuts."""
    beat = streams.beat(WS)

    assert loads(beat.text(STAMP)) == {"method": "PING"}
    assert beat.every is not None
    assert beat.silence is not None
    assert beat.every < beat.silence < 60


def test_channel_and_time_on_spot() -> None:
    assert streams.channel_of({"channel": BOOK}) == BOOK
    assert streams.time_of({"sendTime": 1736411507002, "createTime": 1}) == 1736411507.002
    assert streams.time_of({"createTime": 1736410707571}) == 1736410707.571
    for other in NOTHING:
        assert streams.channel_of(other) is None
        assert streams.time_of(other) is None


def test_the_listen_key_is_had_kept_and_used() -> None:
    """C29, F45, defect 1."""
    rule = EXCHANGE.leases["spot"]
    key = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1"

    assert (rule.base, rule.create) == ("https://api.mexc.com", ("POST", "/api/v3/userDataStream"))
    assert rule.renew == ("PUT", "/api/v3/userDataStream")
    assert rule.renew_params(key) == {"listenKey": key}
    assert (rule.auth, rule.once) == (True, False)
    assert rule.every <= 30 * 60
    assert rule.read({"listenKey": key}) == key
    url = rule.url({"listenKey": key}, "")
    assert url == f"wss://wbs-api.mexc.com/ws?listenKey={key}"
    assert key not in redact_url(url)
    for wrong in ({}, None, {"listenKey": ""}, {"listenKey": [key]}):
        with pytest.raises((KeyError, TypeError)):
            rule.read(wrong)
    assert rule.refusal({"code": 700002, "msg": "Signature for this request is not valid."}) == (
        "Signature for this request is not valid. (code 700002)"
    )
    for fine in ({"listenKey": key}, [1], None, {"code": 200, "msg": "success"}):
        assert rule.refusal(fine) is None


# ---------------------------------------------------------------------- the descriptor


@pytest.mark.parametrize(
    ("method", "target", "counted"),
    [
        ("GET", "/api/v3/depth?symbol=A", {"spot address": 1}),
        ("GET", "/api/v3/ticker/24hr", {"spot address": 40}),
        ("GET", "/api/v3/ticker/24hr?symbol=A", {"spot address": 1}),
        ("GET", "/api/v3/myTrades?symbol=A", {"spot address": 10, "spot key": 10}),
        ("GET", "/api/v3/account", {"spot address": 10, "spot key": 10, "spot account": 1}),
        ("POST", "/api/v3/batchOrders", {"spot address": 1, "spot key": 1, "spot batch": 1}),
        ("GET", "/api/v1/contract/depth/BTC_USDT", {"futures address": 1}),
        ("GET", "/api/v1/contract/detail", {"futures GET contract/detail": 1}),
        ("POST", "/api/v1/private/order/submit", {"futures key": 1}),
        ("POST", "/api/v1/private/order/submit_batch", {"futures POST private/order/submit_batch": 1}),
        ("GET", "/open/api/v2/account/info", {}),
    ],
)
def test_each_request_counts_where_mexc_counts_it(method: str, target: str, counted: dict[str, float]) -> None:
    request = Request(method, URL(f"https://api.mexc.com{target}"))

    for host in EXCHANGE.rest.values():
        assert {limit.name: limit.weigh(request) for limit in host.limits if limit.weigh(request)} == counted
        for limit in host.limits:
            if limit.name in counted:
                assert limit.by_key is ("key" in limit.name or "account" in limit.name or "batch" in limit.name)


def test_symbols_and_ids_are_no_part_of_an_endpoint() -> None:
    (limit,) = (limit for limit in EXCHANGE.rest["api.mexc.com"].limits if limit.name == "futures key")
    paths = ("order/list/open_orders/BTC_USDT", "order/list/open_orders/1000PEPE_USDT", "order/list/open_orders")
    scopes = {limit.scope(Request("GET", URL(f"https://api.mexc.com/api/v1/private/{path}"))) for path in paths}

    assert scopes == {"GET private/order/list/open_orders"}
    assert limit.scope(Request("GET", URL("https://api.mexc.com/api/v1/private/order/get/12345"))) == (
        "GET private/order/get"
    )


def test_the_descriptor_has_every_host_and_feed() -> None:
    assert set(EXCHANGE.rest) == {"api.mexc.com", "contract.mexc.com", "www.mexc.com"}
    assert set(EXCHANGE.ws) == {"wbs-api.mexc.com", "wbs.mexc.com", "contract.mexc.com"}
    assert EXCHANGE.apis["mexc"].fields == ("key", "secret")
    spot = EXCHANGE.ws["wbs-api.mexc.com"]
    assert spot.max_age is not None
    assert 3600 < spot.max_age < 24 * 3600
    assert spot.sends is not None
    assert spot.sends.calls / spot.sends.per_s < 100
    assert spot.login is None
    assert EXCHANGE.feeds["futures"].subscribe("ETH_USDT") == [{"method": "sub.depth", "param": {"symbol": "ETH_USDT"}}]
    assert EXCHANGE.feeds["spot"].subscribe("BTCUSDT") == [{"method": "SUBSCRIPTION", "params": [BOOK]}]
    assert not dataclasses.asdict(EXCHANGE.ws["contract.mexc.com"])["close_rules"]
