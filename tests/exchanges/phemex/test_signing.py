"""Phemex's signatures and budgets: known answers. Source: the exchange's sheet, made end to end by pybotters 1.11.2."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials, Hosts
from rxbotters.exchanges.phemex import EXCHANGE
from rxbotters.exchanges.phemex.session import beat, login
from rxbotters.exchanges.phemex.signing import sign
from rxbotters.wire import Request, Secret, json_body, loads

CREDS = Credentials("phemex", "rxKey0123456789abcdef", Secret(b"rxSecret0123456789ABCDEFGHIJKLMNOP"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
API = URL("https://api.phemex.com")
ORDER = {
    "symbol": "BTCUSDT",
    "clOrdID": "rx-1",
    "side": "Buy",
    "ordType": "Limit",
    "orderQtyRq": "0.01",
    "priceRp": "30000",
    "timeInForce": "GoodTillCancel",
}


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "target", "signature"),
    [
        (
            "GET",
            "/g-orders/activeList",
            {"symbol": "BTCUSDT", "currency": "USDT"},
            None,
            "/g-orders/activeList?symbol=BTCUSDT&currency=USDT",
            "355d4e8adb007b95e28b111880e446c897446bc5e678140693bf217d02b5c66d",
        ),
        (
            "POST",
            "/g-orders",
            {},
            ORDER,
            "/g-orders",
            "15ed6e8fc62009c5b61aa8e589e5ec05bbbcdc59fe70159b6495f79be0ca2926",
        ),
        (
            "PUT",
            "/g-orders/create",
            {"symbol": "BTCUSDT", "side": "Buy", "ordType": "Market", "orderQtyRq": "0.01"},
            None,
            "/g-orders/create?symbol=BTCUSDT&side=Buy&ordType=Market&orderQtyRq=0.01",
            "5ffb8122324eea6465f222513aff01677280da42a9bbef8b57a2a8fac41fcbb4",
        ),
        (
            "GET",
            "/orders/x",
            {"a": "x y,z"},
            None,
            "/orders/x?a=x+y,z",
            "5d6c115c994b3c9a84d622c418dde668f79401e1b7315e0c68d14924ad6bcd03",
        ),
    ],
    ids=["GET", "POST", "PUT", "escapes"],
)
def test_known_answers(method: str, path: str, params: dict[str, str], data: Any, target: str, signature: str) -> None:
    """C23."""
    body, _ = json_body(data)
    request = Request(method, API.with_path(path).extend_query(params), {"X-Own": "1"}, body)

    signed = sign(request, CREDS, STAMP)

    assert signed.target == target
    assert signed.headers == {
        "X-Own": "1",
        "x-phemex-access-token": CREDS.key,
        "x-phemex-request-expiry": "1700000060",
        "x-phemex-request-signature": signature,
    }
    assert request.headers == {"X-Own": "1"}
    assert sign(request, CREDS, STAMP) == signed


def test_the_login_vector() -> None:
    script = login(CREDS, STAMP, URL("wss://ws.phemex.com"))

    (text,) = next(script) or ()

    assert loads(text) == {
        "method": "user.auth",
        "params": [
            "API",
            "rxKey0123456789abcdef",
            "161903dd0c289304d40ebe8ab5ca88219b952ce3a9885f97b8ec312bee4044f8",
            1700000060,
        ],
        "id": 123,
    }


@pytest.mark.parametrize(
    ("host", "api", "environment"),
    [
        ("api.phemex.com", "phemex", "mainnet"),
        ("vapi.phemex.com", "phemex", "mainnet"),
        ("testnet-api.phemex.com", "phemex_testnet", "testnet"),
    ],
)
def test_rest_hosts(host: str, api: str, environment: str) -> None:
    known = Hosts([EXCHANGE]).rest(host, None)

    assert known is not None
    assert (known.api, known.environment, known.sign, known.encode) == (api, environment, sign, json_body)


@pytest.mark.parametrize(
    ("host", "api", "logs_in"),
    [
        ("ws.phemex.com", "phemex", True),
        ("phemex.com", "phemex", True),
        ("vapi.phemex.com", "phemex", True),
        ("api.phemex.com", "phemex", False),
        ("testnet-api.phemex.com", "phemex_testnet", True),
        ("testnet.phemex.com", "phemex_testnet", True),
    ],
)
def test_websocket_hosts(host: str, api: str, logs_in: bool) -> None:
    """Defect 6: the heartbeat is sent on every one of them."""
    known = Hosts([EXCHANGE]).ws(host, None)

    assert known is not None
    assert (known.api, known.login is not None, known.beat) == (api, logs_in, beat)
    assert known.sends is not None
    assert (known.sends.calls, known.sends.per_s, known.sends.shared) == (20, 1.0, False)


# ---------------------------------------------------------------------- budgets


def weights(method: str, target: str, host: str = "api.phemex.com", body: bytes = b"") -> dict[str, float]:
    known = Hosts([EXCHANGE]).rest(host, None)
    assert known is not None
    request = Request(method, URL(f"https://{host}{target}"), {}, body)
    return {limit.name: limit.weigh(request) for limit in known.limits if limit.weigh(request)}


@pytest.mark.parametrize(
    ("method", "target", "group", "weight"),
    [
        ("POST", "/g-orders", "contract", 1),
        ("PUT", "/orders/replace?symbol=BTCUSD", "contract", 1),
        ("DELETE", "/g-orders/all?symbol=BTCUSDT", "contract", 3),
        ("DELETE", "/orders/all?symbol=BTCUSD", "contract", 3),
        ("GET", "/accounts/accountPositions?currency=BTC", "contract", 1),
        ("GET", "/g-accounts/positions?currency=USDT", "contract", 25),
        ("PUT", "/g-positions/leverage?symbol=BTCUSDT", "contract", 1),
        ("POST", "/spot/orders", "spotOrder", 1),
        ("DELETE", "/spot/orders?symbol=sBTCUSDT", "spotOrder", 2),
        ("GET", "/spot/wallets", "others", 1),
        ("GET", "/exchange/public/md/kline?symbol=BTCUSD", "others", 10),
        ("GET", "/public/time", "others", 1),
    ],
)
def test_what_a_request_costs(method: str, target: str, group: str, weight: float) -> None:
    assert weights(method, target) == {"ip": 1, group: weight}
    assert weights(method, target, "testnet-api.phemex.com") == {"testnet": 1, group: weight}


def test_the_budget_of_one_symbol() -> None:
    limits = {limit.name: limit for limit in EXCHANGE.rest["vapi.phemex.com"].limits}
    scope = limits["vip symbol"].scope
    url = URL("https://vapi.phemex.com/g-orders")

    assert weights("POST", "/g-orders", "vapi.phemex.com") == {"vip contract": 1, "vip symbol": 1}
    assert scope(Request("PUT", url.with_query(symbol="BTCUSDT"))) == "BTCUSDT"
    assert scope(Request("POST", url, {}, b'{"symbol": "ETHUSDT"}')) == "ETHUSDT"
    for body in (b"", b"[]", b"{", b'{"symbol": 5}', b"{}"):
        assert scope(Request("POST", url, {}, body)) == ""


def test_what_the_headers_say_is_used() -> None:
    limits = {limit.name: limit for limit in EXCHANGE.rest["api.phemex.com"].limits}

    headers = {"x-ratelimit-remaining-contract": "480", "x-ratelimit-capacity-contract": "500"}
    assert limits["contract"].used(headers) == 20
    assert limits["spotOrder"].used(headers) is None
    assert limits["others"].used({"x-ratelimit-remaining": "99", "x-ratelimit-capacity": "100"}) == 1
    assert limits["others"].used({"x-ratelimit-remaining": "many", "x-ratelimit-capacity": "100"}) is None
    assert (limits["ip"].weight, limits["ip"].per_s, limits["ip"].by_key) == (5000, 300.0, False)
    assert all(limits[name].by_key for name in ("contract", "spotOrder", "others"))


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    signed = sign(Request("GET", API / "orders/x"), CREDS, STAMP)

    assert "rxSecret" not in repr(CREDS) + repr(signed) + str(signed.headers)
    assert "rxKey" not in repr(CREDS) + repr(signed)
