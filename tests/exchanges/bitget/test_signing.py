"""Bitget's signatures: known answers, for every key the right one, and quickly."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Credentials, Hosts
from rxbotters.errors import CredentialError
from rxbotters.exchanges.bitget import EXCHANGE
from rxbotters.exchanges.bitget.session import login
from rxbotters.exchanges.bitget.signing import sign
from rxbotters.net.response import Auth
from rxbotters.net.wiring import pick
from rxbotters.wire import Request, Secret, json_body, loads

KEY, SECRET, PASSPHRASE = "rxKey0123456789abcdef", "rxSecret0123456789ABCDEFGHIJKLMNOP", "rxPass123"
CREDS = Credentials("bitget", KEY, Secret(SECRET.encode()), Secret(PASSPHRASE.encode()))
DEMO = Credentials("bitget_demo", KEY, Secret(SECRET.encode()), Secret(PASSPHRASE.encode()))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
API = URL("https://api.bitget.com")
ORDER = {
    "symbol": "BTCUSDT",
    "productType": "USDT-FUTURES",
    "marginMode": "crossed",
    "marginCoin": "USDT",
    "size": "0.01",
    "price": "30000",
    "side": "buy",
    "orderType": "limit",
    "force": "gtc",
}
VECTORS = [
    (
        "GET",
        "/api/v2/mix/order/orders-pending",
        {"productType": "USDT-FUTURES", "symbol": "BTCUSDT"},
        None,
        "/api/v2/mix/order/orders-pending?productType=USDT-FUTURES&symbol=BTCUSDT",
        b"",
        "Ea0yNI2xUUi4uUU/Zc9QtnLdy7Q9sKbYF6yBoSI9Qbc=",
    ),
    (
        "POST",
        "/api/v2/mix/order/place-order",
        None,
        ORDER,
        "/api/v2/mix/order/place-order",
        b'{"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginMode": "crossed", "marginCoin": "USDT", '
        b'"size": "0.01", "price": "30000", "side": "buy", "orderType": "limit", "force": "gtc"}',
        "CorukHpCzYOVUobBFkNOoJAbLCNc5jWVV6rhVzJBWZE=",
    ),
]


def proof(text: str) -> str:
    """The signature as the documentation describes it, apart from our own code."""
    return base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(("method", "path", "params", "data", "target", "body", "signature"), VECTORS)
def test_known_answers(
    method: str, path: str, params: Any, data: Any, target: str, body: bytes, signature: str
) -> None:
    """C23, P7: signed is what is sent."""
    request = Request(method, API.with_path(path).extend_query(params or {}), {"locale": "en-US"}, json_body(data)[0])
    before = copy.deepcopy((str(request.url), dict(request.headers), request.body))

    signed = sign(request, CREDS, STAMP)

    assert (signed.target, signed.body) == (target, body)
    assert signed.headers == {
        "locale": "en-US",
        "ACCESS-KEY": KEY,
        "ACCESS-SIGN": signature,
        "ACCESS-TIMESTAMP": "1700000000123",
        "ACCESS-PASSPHRASE": PASSPHRASE,
        "Content-Type": "application/json",
    }
    assert (str(request.url), dict(request.headers), request.body) == before
    assert sign(request, CREDS, STAMP).headers == signed.headers


@pytest.mark.parametrize(
    ("params", "read"),
    [
        ({}, ""),
        ({"symbol": "龙虾USDT"}, "?symbol=龙虾USDT"),
        ({"a": "b c", "d": "1+1", "e": "x&y=z%"}, "?a=b c&d=1+1&e=x&y=z%"),
        ({"ids": "1,2", "time": "10:30", "mail": "a@b"}, "?ids=1,2&time=10:30&mail=a@b"),
        ({"f": ["1", "2"]}, "?f=1&f=2"),
    ],
)
def test_the_query_is_signed_as_it_reads(params: Any, read: str) -> None:
    """Defect 12: the server decodes before it verifies; sent is the encoded one."""
    request = Request("DELETE", API.with_path("/api/v2/x").extend_query(params), {}, b'{"a": "\\u6ce8"}')

    signed = sign(request, CREDS, STAMP)

    assert signed.headers["ACCESS-SIGN"] == proof(f'1700000000123DELETE/api/v2/x{read}{{"a": "\\u6ce8"}}')
    assert signed.url == request.url


def test_a_path_is_signed_as_it_is_sent() -> None:
    request = Request("GET", URL("https://api.bitget.com/api/v2/a%20b", encoded=True))

    assert sign(request, CREDS, STAMP).headers["ACCESS-SIGN"] == proof("1700000000123GET/api/v2/a%20b")


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (
            {"side": "買", "list": [{"a": None}, {"b": [1, True]}]},
            b'{"side": "\\u8cb7", "list": [{"a": null}, {"b": [1, true]}]}',
        ),
        ([{"orderId": "1"}], b'[{"orderId": "1"}]'),
        ({}, b""),
        ([], b""),
        (None, b""),
    ],
)
def test_bodies(data: Any, body: bytes) -> None:
    encoded = EXCHANGE.rest["api.bitget.com"].encode(data)

    assert encoded == (body, "application/json")


@pytest.mark.parametrize("path", ["/v2/ws/private", "/v3/ws/private", "/mix/v1/stream", "/spot/v1/stream"])
def test_the_login_vector(path: str) -> None:
    """Defect 8: the field is ``apiKey``, as documented; V2, V3 and V1 log in alike."""
    script = login(CREDS, STAMP, URL("wss://ws.bitget.com").with_path(path))
    assert script is not None

    (text,) = next(script) or ()

    assert loads(text) == {
        "op": "login",
        "args": [
            {
                "apiKey": KEY,
                "passphrase": PASSPHRASE,
                "timestamp": "1700000000",
                "sign": "k1WhbltV5e1LYQmQIFf0rFelV8wBnsiSux6h410vNqo=",
            }
        ],
    }


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({}, "bitget"),
        ({"paptrading": "1"}, "bitget_demo"),
        ({"PAPTRADING": "1"}, "bitget_demo"),
        ({"paptrading": "0"}, "bitget"),
    ],
)
def test_the_header_chooses_the_environment(headers: dict[str, str], name: str) -> None:
    """Defect 11."""
    known = Hosts([EXCHANGE])
    credentials = load_credentials({"bitget": ["k", "s", "p"], "bitget_demo": ["dk", "ds", "dp"]}, known.apis)

    chosen = pick(known.rest("api.bitget.com", None), credentials, Auth, API, headers)

    assert chosen is not None
    assert chosen.name == name


def test_demo_keys_never_go_out_as_real_ones() -> None:
    """Defect 11."""
    request = Request("GET", API.with_path("/api/v2/spot/account/assets"))

    assert sign(request, DEMO, STAMP).headers["paptrading"] == "1"
    assert "paptrading" not in sign(request, CREDS, STAMP).headers
    given = sign(request.with_headers({"PapTrading": "1"}), DEMO, STAMP)
    assert "paptrading" not in given.headers  # it stands there already, in other letters


def test_websockets_have_the_key_of_their_environment() -> None:
    """Defect 11."""
    assert {host: (rules.api, rules.environment) for host, rules in EXCHANGE.ws.items()} == {
        "ws.bitget.com": ("bitget", "mainnet"),
        "wspap.bitget.com": ("bitget_demo", "demo"),
    }


@pytest.mark.parametrize("name", ["bitget", "bitget_demo"])
def test_a_key_without_its_passphrase_is_refused(name: str) -> None:
    """C12, F107: for the demo key too."""
    with pytest.raises(CredentialError, match=f"Missing passphrase for {name}"):
        load_credentials({name: ["key", "secret"]}, Hosts([EXCHANGE]).apis)


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "rxSecret" not in repr(CREDS)
    assert PASSPHRASE not in repr(CREDS)
    assert PASSPHRASE not in repr(sign(Request("GET", API), CREDS, STAMP))
