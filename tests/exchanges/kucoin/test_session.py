"""KuCoin's session: welcome, acknowledgements, heartbeats, long subscriptions, tokens, budgets."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack
from rxbotters.errors import SessionError
from rxbotters.exchanges.kucoin import EXCHANGE
from rxbotters.exchanges.kucoin.session import (
    ack,
    beat,
    channel_of,
    farewell,
    greet,
    request_ids,
    split,
    time_of,
    undo,
)
from rxbotters.exchanges.kucoin.tokens import LEASES, refusal, token_of, url_of
from rxbotters.wire import Request, loads, redact_url

STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
SOCKET = URL("wss://ws-api-spot.kucoin.com/?token=x&connectId=y")
SUBSCRIBE = {"id": 7, "type": "subscribe", "topic": "/market/ticker:BTC-USDT", "response": True}
NOTHING: list[Any] = [None, 1, "text", [1], {}, {"type": 5}, {"topic": []}, {"data": {"ts": True}}]


def bullet(*servers: dict[str, Any], token: str = "2neAiuYvAU61==.WNQ==") -> dict[str, Any]:
    return {"code": "200000", "data": {"token": token, "instanceServers": list(servers)}}


def server(host: str, **more: Any) -> dict[str, Any]:
    return {"endpoint": f"wss://{host}/", "encrypt": True, "protocol": "websocket", "pingInterval": 18000, **more}


# ---------------------------------------------------------------------- welcome


def test_subscriptions_wait_for_the_welcome() -> None:
    """C31: without keys too; what arrives meanwhile is not the greeting's."""
    script = greet(SOCKET)

    assert next(script) == []
    for other in (*NOTHING, {"id": "1", "type": "pong"}, {"type": "message", "topic": "/x"}):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"id": "hQvf8jkno", "type": "welcome"})


def test_a_refused_token_is_said_and_tried_again() -> None:
    script = greet(SOCKET)
    next(script)

    with pytest.raises(SessionError, match=r"token is expired \(code 401\)") as caught:
        script.send({"id": "1", "type": "error", "code": 401, "data": "token is expired"})

    assert not getattr(caught.value, "fatal", False)


# ---------------------------------------------------------------------- acknowledgements


def test_ids_come_back_as_text() -> None:
    """D11."""
    assert request_ids(SUBSCRIBE) == ("7",)
    assert request_ids({**SUBSCRIBE, "type": "unsubscribe", "id": "a"}) == ("a",)
    assert request_ids({**SUBSCRIBE, "response": False}) == ()
    assert request_ids({"id": 7, "type": "ping"}) == ()
    assert ack({"id": "7", "type": "ack"}) == Ack("7")
    assert ack({"id": 7, "type": "ack"}) == Ack("7")
    assert ack({"id": "7", "type": "error", "code": 404, "data": "topic /x is not found"}) == Ack(
        "7", "topic /x is not found (code 404)"
    )
    for other in (*NOTHING, {"id": "7", "type": "pong"}, {"type": "ack"}, {"id": "w", "type": "welcome"}):
        assert ack(other) is None
    for other in NOTHING:
        assert request_ids(other) == ()


def test_a_subscription_is_undone_by_its_own_fields() -> None:
    assert undo(SUBSCRIBE) == {**SUBSCRIBE, "type": "unsubscribe"}
    assert undo({"id": 1, "type": "ping"}) is None
    assert SUBSCRIBE["type"] == "subscribe"


def test_more_than_a_hundred_symbols_are_several_subscriptions() -> None:
    symbols = [f"S{number}-USDT" for number in range(250)]
    request = {**SUBSCRIBE, "topic": f"/market/ticker:{','.join(symbols)}"}

    parts = split(request, SOCKET)

    assert [part["id"] for part in parts] == [7, "7-2", "7-3"]
    assert [len(part["topic"].split(",")) for part in parts] == [100, 100, 50]
    assert ",".join(part["topic"].removeprefix("/market/ticker:") for part in parts) == ",".join(symbols)
    assert [request_ids(part) for part in parts] == [("7",), ("7-2",), ("7-3",)]
    for whole in (SUBSCRIBE, {**SUBSCRIBE, "topic": "/market/ticker:all"}, {"type": "ping"}, "text", None):
        assert split(whole, SOCKET) == (whole,)


# ---------------------------------------------------------------------- heartbeats and messages


def test_the_heartbeat_keeps_the_servers_pace() -> None:
    """Defect 12: every 15 s, or sooner where the server of this url wants it; silent for 10 s more is dead."""
    usual = beat(SOCKET)

    assert (usual.every, usual.silence) == (15.0, 25.0)
    assert loads(usual.text(STAMP)) == {"id": "00112233445566778899aabbccddeeff", "type": "ping"}
    hasty = beat(URL(url_of(bullet(server("ws-api-spot.kucoin.com", pingInterval=5000)), "id")))
    assert (hasty.every, hasty.silence) == (4.0, 14.0)


def test_channel_and_time() -> None:
    assert channel_of({"type": "message", "topic": "/market/ticker:all"}) == "/market/ticker:all"
    assert time_of({"data": {"Time": 1704873323416}}) == 1704873323.416
    assert time_of({"data": {"ts": 1731665526461000000}}) == 1731665526.461
    assert time_of({"data": {"time": "1545913818099033203"}}) == pytest.approx(1545913818.099)
    assert time_of({"data": {"timestamp": 1700000000}}) == 1700000000
    for other in NOTHING:
        assert channel_of(other) is None
        assert time_of(other) is None


def test_a_dead_token_is_renewed() -> None:
    """F46."""
    assert farewell({"id": "1", "type": "error", "code": 401, "data": "token is expired"}) == "renew"
    assert farewell({"type": "error", "code": 404, "data": "topic not found"}) is None
    for other in NOTHING:
        assert farewell(other) is None


# ---------------------------------------------------------------------- tokens


def test_the_url_of_a_token() -> None:
    """The first server of a known host, else the first; the id is fresh text."""
    answer = bullet(server("other.example"), server("ws-api-futures.kucoin.com"), server("ws-api-spot.kucoin.com"))

    url = url_of(answer, "00ff")

    assert url == "wss://ws-api-futures.kucoin.com/?token=2neAiuYvAU61==.WNQ==&acceptUserMessage=true&connectId=00ff"
    assert url_of(bullet(server("a.example"), server("b.example")), "1").startswith("wss://a.example/?token=")
    assert URL(url_of(bullet(server("a.example"), token="a+b&c=d%"), "1")).query["token"] == "a+b&c=d%"
    assert "WNQ" not in redact_url(url)


@pytest.mark.parametrize(
    "bad",
    [None, {}, {"data": None}, {"data": {"token": "t"}}, bullet(), bullet(server("a"), token=5)],  # type: ignore[arg-type]
)
def test_an_answer_without_a_token_is_none(bad: Any) -> None:
    with pytest.raises((KeyError, TypeError, IndexError)):
        token_of(bad)


def test_four_leases_two_of_them_signed() -> None:
    assert {name: (rule.base, rule.create, rule.auth, rule.once) for name, rule in LEASES.items()} == {
        "public": ("https://api.kucoin.com", ("POST", "/api/v1/bullet-public"), False, True),
        "private": ("https://api.kucoin.com", ("POST", "/api/v1/bullet-private"), True, True),
        "futures-public": ("https://api-futures.kucoin.com", ("POST", "/api/v1/bullet-public"), False, True),
        "futures-private": ("https://api-futures.kucoin.com", ("POST", "/api/v1/bullet-private"), True, True),
    }
    assert all(rule.every < 24 * 3600 for rule in LEASES.values())
    assert refusal({"code": "400001", "msg": "Please check the header"}) == "Please check the header (code 400001)"
    assert refusal(bullet()) is None
    assert refusal([1]) is None


# ---------------------------------------------------------------------- the descriptor


@pytest.mark.parametrize(
    ("host", "path", "pool", "weight"),
    [
        ("api.kucoin.com", "/api/v1/market/allTickers", "public", 15),
        ("api.kucoin.com", "/api/v1/bullet-public", "public", 10),
        ("api.kucoin.com", "/api/v1/bullet-private", "spot", 10),
        ("api.kucoin.com", "/api/v3/market/orderbook/level2", "spot", 3),
        ("api.kucoin.com", "/api/v1/accounts", "management", 5),
        ("api.kucoin.com", "/api/v1/hf/orders", "spot", 3),
        ("api-futures.kucoin.com", "/api/v1/level2/snapshot", "public", 3),
        ("api-futures.kucoin.com", "/api/v1/positions", "futures", 3),
        ("api-futures.kucoin.com", "/api/v1/account-overview", "futures", 5),
    ],
)
def test_each_request_counts_in_one_pool(host: str, path: str, pool: str, weight: float) -> None:
    limits = EXCHANGE.rest[host].limits
    request = Request("GET", URL(f"https://{host}{path}"))

    counted = {limit.name: limit.weigh(request) for limit in limits if limit.weigh(request)}

    assert counted == {pool: weight}
    assert {limit.name: limit.by_key for limit in limits}["public"] is False
    assert limits[0].used({"gw-ratelimit-limit": "2000", "gw-ratelimit-remaining": "1985"}) == 15
    assert limits[0].used({}) is None


def test_the_descriptor_has_every_host_and_feed() -> None:
    assert set(EXCHANGE.rest) == {"api.kucoin.com", "api-futures.kucoin.com"}
    assert set(EXCHANGE.ws) == {"ws-api-spot.kucoin.com", "ws-api-futures.kucoin.com"}
    assert EXCHANGE.apis["kucoin"].fields == ("key", "secret", "passphrase")
    for host in EXCHANGE.ws.values():
        assert host.max_age is not None
        assert 3600 < host.max_age < 24 * 3600
        assert host.sends is not None
        assert (host.sends.calls, host.sends.per_s) == (100, 10.0)
    (subscription,) = EXCHANGE.feeds["futures"].subscribe("XBTUSDTM")
    assert subscription["topic"] == "/contractMarket/level2Depth50:XBTUSDTM"
    assert {feed.lease for feed in EXCHANGE.feeds.values()} == {"kucoin.public", "kucoin.futures-public"}
