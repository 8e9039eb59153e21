"""OKX's signatures: known answers, for every key the right one, and quickly."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Credentials, Hosts
from rxbotters.errors import CredentialError
from rxbotters.exchanges.okx import EXCHANGE
from rxbotters.exchanges.okx.session import login
from rxbotters.exchanges.okx.signing import sign
from rxbotters.net.response import Auth
from rxbotters.net.wiring import pick
from rxbotters.wire import Request, Secret, json_body, loads

KEY, SECRET, PASSPHRASE = "rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP", "rxPass123"
CREDS = Credentials("okx", KEY, Secret(SECRET.encode()), Secret(PASSPHRASE.encode()))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
API = URL("https://www.okx.com")
VECTORS = [
    (
        "GET",
        "/api/v5/account/balance",
        {"ccy": "BTC,ETH"},
        None,
        {},
        "/api/v5/account/balance?ccy=BTC,ETH",
        b"",
        "eeR/ie23uKQX6efsvlkHegvjj6KK5Y6vTYnnP5RBjKA=",
    ),
    (
        "POST",
        "/api/v5/trade/order",
        None,
        {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "30000", "sz": "0.01"},
        {},
        "/api/v5/trade/order",
        b'{"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "30000", "sz": "0.01"}',
        "AVw2pPLgRC4xoxLcY/5sUPxGFkB+mC0mLtKvhzZtyVc=",
    ),
    (
        "POST",
        "/api/v5/trade/cancel-batch-orders",
        None,
        [{"instId": "BTC-USDT", "ordId": "1"}, {"instId": "BTC-USDT", "ordId": "2"}],
        {"x-simulated-trading": "1"},
        "/api/v5/trade/cancel-batch-orders",
        b'[{"instId": "BTC-USDT", "ordId": "1"}, {"instId": "BTC-USDT", "ordId": "2"}]',
        "XzszjNqKlF0WAM6xeorvMmnxTjf/bv+4Ae/TKLPh3Lg=",
    ),
]


@pytest.mark.parametrize(("method", "path", "params", "data", "headers", "target", "body", "signature"), VECTORS)
def test_known_answers(
    method: str, path: str, params: Any, data: Any, headers: Any, target: str, body: bytes, signature: str
) -> None:
    """C23, P7: signed is what is sent."""
    request = Request(method, API.with_path(path).extend_query(params or {}), headers, json_body(data)[0])
    before = copy.deepcopy((str(request.url), dict(request.headers), request.body))

    signed = sign(request, CREDS, STAMP)

    assert (signed.target, signed.body) == (target, body)
    assert signed.headers == {
        **headers,
        "OK-ACCESS-KEY": KEY,
        "OK-ACCESS-SIGN": signature,
        "OK-ACCESS-TIMESTAMP": "2023-11-14T22:13:20.123Z",
        "OK-ACCESS-PASSPHRASE": PASSPHRASE,
        "Content-Type": "application/json",
    }
    assert (str(request.url), dict(request.headers), request.body) == before
    assert sign(request, CREDS, STAMP).headers == signed.headers


def test_the_login_vector() -> None:
    script = login(CREDS, STAMP, URL("wss://ws.okx.com:8443/ws/v5/private"))
    assert script is not None

    (text,) = next(script) or ()

    assert loads(text) == {
        "op": "login",
        "args": [
            {
                "apiKey": KEY,
                "passphrase": PASSPHRASE,
                "timestamp": "1700000000",
                "sign": "lcbra3Sm1F+Fw+vcgvYtpggHmmMkenAH71eI7hNbU3w=",
            }
        ],
    }


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({}, "okx"),
        ({"x-simulated-trading": "1"}, "okx_demo"),
        ({"X-Simulated-Trading": "1"}, "okx_demo"),
        ({"x-simulated-trading": "0"}, "okx"),
    ],
)
@pytest.mark.parametrize("host", sorted(EXCHANGE.rest))
def test_the_header_chooses_the_environment(host: str, headers: dict[str, str], name: str) -> None:
    """Defect 16: the regional hosts too."""
    known = Hosts([EXCHANGE])
    apis = {"okx": ["k", "s", "p"], "okx_demo": ["dk", "ds", "dp"]}
    credentials = load_credentials(apis, known.apis)

    chosen = pick(known.rest(host, None), credentials, Auth, URL(f"https://{host}/"), headers)

    assert chosen is not None
    assert chosen.name == name


def test_demo_keys_never_go_out_as_real_ones() -> None:
    demo = Credentials("okx_demo", KEY, Secret(SECRET.encode()), Secret(PASSPHRASE.encode()))
    request = Request("GET", API.with_path("/api/v5/account/balance"))

    assert sign(request, demo, STAMP).headers["x-simulated-trading"] == "1"
    assert "x-simulated-trading" not in sign(request, CREDS, STAMP).headers
    given = sign(request.with_headers({"X-Simulated-Trading": "1"}), demo, STAMP)
    assert "x-simulated-trading" not in given.headers  # it stands there already, in other letters


def test_websockets_have_the_key_of_their_environment() -> None:
    """Defect 16."""
    demo = {host for host, rules in EXCHANGE.ws.items() if rules.api == "okx_demo"}

    assert demo == {"wspap.okx.com", "wseeapap.okx.com", "wsuspap.okx.com"}
    assert set(EXCHANGE.ws) - demo == {"ws.okx.com", "wsaws.okx.com", "wseea.okx.com", "wsus.okx.com"}


@pytest.mark.parametrize("name", ["okx", "okx_demo"])
def test_a_key_without_its_passphrase_is_refused(name: str) -> None:
    """C12, F107: for the demo key too."""
    with pytest.raises(CredentialError, match=f"Missing passphrase for {name}"):
        load_credentials({name: ["key", "secret"]}, Hosts([EXCHANGE]).apis)


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "rxSecret" not in repr(CREDS)
    assert PASSPHRASE not in repr(CREDS)
    assert PASSPHRASE not in repr(sign(Request("GET", API), CREDS, STAMP))
