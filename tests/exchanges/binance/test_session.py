"""Binance's sessions: acknowledgements, pieces, farewells, leases, limits, streams by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from yarl import URL

from rxbotters.descriptor import Ack, Host
from rxbotters.exchanges.binance import EXCHANGE
from rxbotters.exchanges.binance.limits import FUTURES, SPOT, futures_weight, spot_weight
from rxbotters.exchanges.binance.session import (
    ack,
    channel_of,
    farewell,
    refusal,
    request_ids,
    split,
    time_of,
    undo,
)
from rxbotters.exchanges.binance.streams import DIFF, PARTIAL, depth_kind, named, named_in_url, rest_of, symbol_of
from rxbotters.wire import Request

STREAM = URL("wss://stream.binance.com:9443/stream")
SUBSCRIBE = {"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade", "btcusdt@depth"], "id": 1}
USER_DATA = {"id": "u", "method": "userDataStream.subscribe.signature", "params": {}}


def test_acknowledgements_of_streams() -> None:
    """D11, F41."""
    assert request_ids(SUBSCRIBE) == (1,)
    assert request_ids({**SUBSCRIBE, "method": "UNSUBSCRIBE", "id": "text"}) == ("text",)
    assert request_ids({**SUBSCRIBE, "id": None}) == ()
    assert request_ids({"method": "LIST_SUBSCRIPTIONS", "id": 3}) == ()
    assert ack({"result": None, "id": 1}) == Ack(1)
    assert ack({"error": {"code": 2, "msg": "Invalid request"}, "id": 1}) == Ack(1, "Invalid request (code 2)")
    assert ack({"code": 0, "msg": "Unknown property", "id": 5}) == Ack(5, "Unknown property (code 0)")
    assert ack({"stream": "btcusdt@trade", "data": {"e": "trade"}}) is None
    assert ack({"e": "trade", "t": 1}) is None
    assert ack([1]) is None


def test_acknowledgements_of_the_websocket_api() -> None:
    assert request_ids(USER_DATA) == ("u",)
    assert request_ids({"id": 7, "method": "userDataStream.subscribe"}) == (7,)
    assert request_ids({"id": 7, "method": "session.logon", "params": {}}) == (7,)
    assert request_ids({"id": 7, "method": "order.place", "params": {}}) == ()
    assert ack({"id": "u", "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []}) == Ack("u")
    refused = {"id": "u", "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}}
    assert ack(refused) == Ack("u", "Invalid API-key (code -2015)")
    assert ack({"id": None, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}}) is None


def test_the_end_of_a_subscription() -> None:
    assert undo(SUBSCRIBE) == {**SUBSCRIBE, "method": "UNSUBSCRIBE"}
    assert undo(USER_DATA) == {"id": "u", "method": "userDataStream.unsubscribe"}
    assert undo({"method": "UNSUBSCRIBE", "params": [], "id": 1}) is None
    assert undo("text") is None
    assert SUBSCRIBE["method"] == "SUBSCRIBE"


def test_a_long_subscription_is_cut_below_4096_bytes() -> None:
    """The servers fall silent beyond that."""
    names = [f"symbol{number}usdt@depth@100ms" for number in range(500)]
    message = {"method": "SUBSCRIBE", "params": names, "id": 9}

    parts = split(message, STREAM)

    assert [name for part in parts for name in part["params"]] == names
    assert all(len(json.dumps(part)) < 4000 for part in parts)
    assert {part["id"] for part in parts} == {9}  # one acknowledgement each, under the same id
    assert len(parts) > 3
    assert split(SUBSCRIBE, STREAM) == [SUBSCRIBE]
    assert split({"method": "SUBSCRIBE", "params": [], "id": 1}, STREAM) == (
        {"method": "SUBSCRIBE", "params": [], "id": 1},
    )
    assert split(USER_DATA, STREAM) == (USER_DATA,)
    assert split("text", STREAM) == ("text",)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"e": "serverShutdown", "E": 1}, "rotate"),
        ({"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 1}}, "rotate"),
        ({"event": {"e": "serverShutdown", "E": 1}}, "rotate"),
        ({"e": "listenKeyExpired", "E": 1, "listenKey": "k"}, "renew"),
        ({"stream": "k", "data": {"e": "listenKeyExpired", "E": 1, "listenKey": "k"}}, "renew"),
        ({"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": 1}}, None),
        ({"e": "trade"}, None),
        ({"e": ["odd"]}, None),
        ({"data": [1]}, None),
        ({"result": None, "id": 1}, None),
        ([1], None),
        (None, None),
    ],
)
def test_farewells(message: Any, says: str | None) -> None:
    """Defect 19."""
    assert farewell(message) == says


def test_channels_and_times() -> None:
    assert channel_of({"stream": "btcusdt@trade", "data": {"e": "trade"}}) == "btcusdt@trade"
    assert channel_of({"subscriptionId": 0, "event": {"e": "executionReport"}}) == "executionReport"
    assert channel_of({"e": "trade"}) == "trade"
    assert channel_of({"result": None, "id": 1}) is None
    assert time_of({"data": {"e": "trade", "E": 1672515782136}}) == 1672515782.136
    assert time_of({"e": "trade", "E": 1672515782136789}) == 1672515782.136789  # timeUnit=MICROSECOND
    assert time_of([{"e": "24hrTicker", "E": 1672515782136}]) == 1672515782.136
    assert time_of({"u": 1, "s": "BTCUSDT"}) is None
    assert time_of([]) is None


def test_errors_of_rest_answers() -> None:
    """Defect 7."""
    assert refusal({"code": -1121, "msg": "Invalid symbol."}) == "Invalid symbol. (code -1121)"
    assert refusal({"code": 200, "msg": "success"}) is None
    assert refusal({"lastUpdateId": 1}) is None
    assert refusal([]) is None


# ---------------------------------------------------------------------- streams by name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("btcusdt@depth", DIFF),
        ("btcusdt@depth@100ms", DIFF),
        ("btcusdt@depth@500ms", DIFF),
        ("btcusd_perp@depth@0ms", DIFF),
        ("btcusdt@depth5", PARTIAL),
        ("btcusdt@depth20@100ms", PARTIAL),
        ("btcusdt@rpiDepth@500ms", None),
        ("btcusd_200925@depthSnapshot", None),
        ("btcusdt@bookTicker", None),
        ("!ticker@arr", None),
        ("", None),
    ],
)
def test_depth_streams_are_told_apart_by_name(name: str, kind: str | None) -> None:
    assert depth_kind(name) == kind


def test_streams_of_a_connection() -> None:
    assert symbol_of("btcusd_perp@depth") == "BTCUSD_PERP"
    assert named_in_url("wss://stream.binance.com:9443/ws/btcusdt@depth5") == ["btcusdt@depth5"]
    assert named_in_url(URL("wss://fstream.binance.com/public/ws/a@depth/b@trade")) == ["a@depth", "b@trade"]
    assert named_in_url("wss://dstream.binance.com/stream?streams=a@depth/b@trade") == ["a@depth", "b@trade"]
    assert named_in_url("wss://stream.binance.com:9443/ws") == []
    assert named_in_url(lambda: "dynamic") == []
    assert list(named([SUBSCRIBE, "x", {"method": "UNSUBSCRIBE", "params": ["c"]}, {"method": "SUBSCRIBE"}])) == [
        "btcusdt@aggTrade",
        "btcusdt@depth",
    ]


def test_every_public_stream_has_the_books_of_its_own_environment() -> None:
    """A testnet's diffs never meet a mainnet's snapshot."""
    for name, host in EXCHANGE.ws.items():
        origin = rest_of(URL(f"wss://{name}/stream"))
        if origin is not None:
            rest = EXCHANGE.rest[URL(origin).host or ""]
            assert (rest.environment, name) == (host.environment, name)
    streams = {name for name, host in EXCHANGE.ws.items() if host.sign_message is None}
    strangers = {"vstream.binance.com", "testnet.binanceops.com", "testnetws.binanceops.com"}  # options: no store
    assert {name for name in streams if rest_of(URL(f"wss://{name}/")) is None} == strangers
    assert rest_of(URL("wss://fstream.binance.com/public/stream")) == "https://fapi.binance.com"
    assert rest_of(URL("wss://dstream.binance.com/ws")) == "https://dapi.binance.com"


# ---------------------------------------------------------------------- the descriptor


def test_the_hosts() -> None:
    names = {"binance", "binancespot_testnet", "binancefuture_testnet", "binance_demo"}
    assert set(EXCHANGE.apis) == names
    assert {host.api for host in (*EXCHANGE.rest.values(), *EXCHANGE.ws.values())} == names
    signing = {name for name, host in EXCHANGE.ws.items() if host.sign_message is not None}
    assert {name for name in EXCHANGE.ws if name.startswith(("ws-", "demo-ws-"))} < signing
    for host in EXCHANGE.ws.values():
        assert host.max_age is not None
        assert host.max_age < 24 * 3600
        assert host.close_rules[1008] == "slow"
        assert host.login is None
    frames = {name: per_second(host) for name, host in EXCHANGE.ws.items() if host.sign_message is None}
    assert all(rate < (5 if name == "stream.binance.com" else 10) for name, rate in frames.items())


def per_second(host: Host) -> float:
    assert host.sends is not None
    return host.sends.calls / host.sends.per_s


def test_the_leases() -> None:
    for name, path, url in (
        ("usdm", "/fapi/v1/listenKey", "wss://fstream.binance.com/private/ws/k"),
        ("coinm", "/dapi/v1/listenKey", "wss://dstream.binance.com/ws/k"),
    ):
        rule = EXCHANGE.leases[name]
        assert (rule.create, rule.renew) == (("POST", path), ("PUT", path))
        assert rule.read({"listenKey": "k"}) == "k"
        assert rule.url({"listenKey": "k"}, "fresh") == url
        assert rule.every <= 1800
        assert rule.refusal({"code": -2015, "msg": "no"}) == "no (code -2015)"
        assert rule.refusal({"listenKey": "k"}) is None
        assert URL(rule.base).host in EXCHANGE.rest
        with pytest.raises(KeyError):
            rule.read({})


def test_the_feeds_subscribe_to_the_diff_book() -> None:
    for feed in EXCHANGE.feeds.values():
        (message,) = feed.subscribe(feed.symbol)
        (stream,) = message["params"]
        assert (depth_kind(stream), symbol_of(stream)) == (DIFF, feed.symbol)
        assert URL(feed.url).host in EXCHANGE.ws


# ---------------------------------------------------------------------- limits


def request(method: str, target: str, host: str = "api.binance.com") -> Request:
    return Request(method, URL(f"https://{host}{target}"))


@pytest.mark.parametrize(
    ("target", "weight"),
    [
        ("/api/v3/depth", 5),
        ("/api/v3/depth?symbol=X&limit=101", 25),
        ("/api/v3/depth?symbol=X&limit=1000", 50),
        ("/api/v3/depth?symbol=X&limit=9999", 250),
        ("/api/v3/depth?symbol=X&limit=odd", 5),
        ("/api/v3/openOrders?symbol=X", 6),
        ("/api/v3/openOrders", 80),
        ("/api/v3/account", 20),
        ("/api/v3/ticker/24hr", 80),
        ("/api/v3/time", 1),
        ("/sapi/v1/capital/config/getall", 0),
    ],
)
def test_weights_of_spot(target: str, weight: float) -> None:
    assert spot_weight(request("GET", target)) == weight


def test_weights_of_futures_and_orders() -> None:
    assert futures_weight(request("GET", "/fapi/v1/depth?limit=1000")) == 20
    assert futures_weight(request("GET", "/fapi/v1/depth")) == 10
    assert futures_weight(request("GET", "/dapi/v1/klines?limit=1500")) == 10
    assert futures_weight(request("GET", "/fapi/v1/openOrders")) == 40
    assert futures_weight(request("POST", "/fapi/v1/order")) == 1
    assert futures_weight(request("POST", "/fapi/v1/batchOrders")) == 5
    orders = {limit.name: limit for limit in (*SPOT, *FUTURES) if limit.by_key}
    assert orders["orders 1m"].weigh(request("POST", "/fapi/v1/batchOrders")) == 5
    assert orders["orders 1m"].weigh(request("PUT", "/dapi/v1/order")) == 1
    assert orders["orders 1m"].weigh(request("POST", "/fapi/v1/algoOrder")) == 1
    assert orders["orders 1m"].weigh(request("DELETE", "/fapi/v1/order")) == 0
    assert orders["orders 1d"].weigh(request("POST", "/api/v3/order")) == 1
    assert orders["orders 1d"].weigh(request("POST", "/api/v3/order/test")) == 0
    assert orders["orders 1d"].weigh(request("DELETE", "/api/v3/order")) == 0


def test_what_the_exchange_counts_is_read_from_its_headers() -> None:
    weight, seconds, day = SPOT

    assert weight.used({"X-MBX-USED-WEIGHT-1M": "1200"}) == 1200
    assert weight.used({}) is None
    assert weight.used({"X-MBX-USED-WEIGHT-1M": "many"}) is None
    assert seconds.used({"X-MBX-ORDER-COUNT-10S": "3"}) == 3
    assert day.used({"X-MBX-ORDER-COUNT-1D": "4"}) == 4
    assert (weight.weight, weight.per_s) == (6000, 60)
    assert (FUTURES[0].weight, FUTURES[0].per_s) == (2400, 60)


def test_usdm_and_coinm_share_their_budgets_and_spot_does_not() -> None:
    group = {name: host.exchange for name, host in EXCHANGE.rest.items()}

    assert group["fapi.binance.com"] == group["dapi.binance.com"] != group["api.binance.com"]
    assert group["testnet.binancefuture.com"] not in (group["fapi.binance.com"], group["api.binance.com"])
