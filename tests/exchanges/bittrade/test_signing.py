"""BitTrade's signatures: known answers of requests and of the login, what is signed, and what carries no key at all."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Credentials, Hosts
from rxbotters.errors import CredentialError
from rxbotters.exchanges.bittrade import EXCHANGE, session
from rxbotters.exchanges.bittrade.signing import is_public, sign
from rxbotters.wire import Request, Secret, hmac_sha256_base64, json_body, loads, redact_message, redact_url

KEY, SECRET = "btkey-0000-1111-2222-33333", "btsecret-aaaa-bbbb-cccc-ddddd"
CREDS = Credentials("bittrade", KEY, Secret(SECRET.encode()))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
BASE = "https://api-cloud.bittrade.co.jp"
PROOF = f"AccessKeyId={KEY}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp=2023-11-14T22:13:20"
SIGNED = PROOF.replace(":", "%3A")
VECTORS = [
    (
        "GET",
        "/v1/order/openOrders",
        {"account-id": "1000001", "symbol": "btcjpy", "size": "10"},
        None,
        f"/v1/order/openOrders?account-id=1000001&symbol=btcjpy&size=10&{PROOF}"
        "&Signature=CZEt3Sdjd%2BAu/3FP%2BpYQRtnQOIsK/FfX4GdVr9nBQBE%3D",
        b"",
    ),
    (
        "POST",
        "/v1/order/orders/place",
        None,
        {"account-id": "1000001", "symbol": "btcjpy", "type": "buy-limit", "amount": "0.001", "price": "5000000"},
        f"/v1/order/orders/place?{PROOF}&Signature=qj4kfUg6KCina0PqDz9d8TJwNEMVjgu1cKjR6oTRPC4%3D",
        b'{"account-id": "1000001", "symbol": "btcjpy", "type": "buy-limit", "amount": "0.001", "price": "5000000"}',
    ),
]


def signed(path: str, params: Any = None, method: str = "GET") -> Request:
    return sign(Request(method, URL(BASE + path).extend_query(params or {})), CREDS, STAMP)


def proof_of(text: str) -> str:
    return hmac_sha256_base64(SECRET.encode(), text.encode())


@pytest.mark.parametrize(("method", "path", "params", "data", "target", "body"), VECTORS)
def test_known_answers(method: str, path: str, params: Any, data: Any, target: str, body: bytes) -> None:
    """C23, P7: signed is what is sent, and the request given is not touched."""
    request = Request(method, URL(BASE + path).extend_query(params or {}), {}, json_body(data)[0])
    before = copy.deepcopy((str(request.url), dict(request.headers), request.body))

    sent = sign(request, CREDS, STAMP)

    assert (sent.target, sent.body, sent.headers) == (target, body, {})
    assert (str(request.url), dict(request.headers), request.body) == before
    assert sign(request, CREDS, STAMP).target == sent.target


def test_the_login_vector() -> None:
    """The signature goes out as it is, its text has the path of the documentation."""
    for path in ("/ws/v2", "/ws/v2/"):
        script = session.login(CREDS, STAMP, URL(f"wss://api-cloud.bittrade.co.jp{path}"))
        assert script is not None
        (text,) = next(script) or ()
        assert loads(text) == {
            "action": "req",
            "ch": "auth",
            "params": {
                "authType": "api",
                "accessKey": KEY,
                "signatureMethod": "HmacSHA256",
                "signatureVersion": "2.1",
                "timestamp": "2023-11-14T22:13:20",
                "signature": "J+z0VBb7w1sT2M/O593YGD//KYdZ4rkzy6KDjk17w7s=",
            },
        }


@pytest.mark.parametrize(
    ("params", "middle"),
    [
        ({}, ""),
        ({"a": ""}, "&a="),
        ({"a": "b c"}, "&a=b%20c"),
        ({"a": "1+1", "b": "x/y:z", "c": "~*"}, "&a=1%2B1&b=x%2Fy%3Az&c=~%2A"),
        ({"a": "日本"}, "&a=%E6%97%A5%E6%9C%AC"),
        ({"z": "1", "a": "2", "a-b": "3"}, "&a=2&a-b=3&z=1"),
        ([("a", "2"), ("a", "1")], "&a=1&a=2"),
    ],
)
def test_the_whole_query_is_signed_in_order_and_percent_encoded(params: Any, middle: str) -> None:
    """Defect 7: a space is %20, not a plus."""
    sent = signed("/v1/order/orders", params)

    text = f"GET\napi-cloud.bittrade.co.jp\n/v1/order/orders\n{SIGNED}{middle}"
    assert sent.url.query["Signature"] == proof_of(text)
    kept = [(name, value) for name, value in sent.url.query.items() if name in dict(params)]
    assert kept == list(params.items() if isinstance(params, dict) else params)


def test_capital_names_come_first_and_among_the_proof() -> None:
    sent = signed("/v1/x", {"B": "=&", "a": "1"})

    query = f"{SIGNED.replace('&SignatureMethod', '&B=%3D%26&SignatureMethod')}&a=1"
    assert sent.url.query["Signature"] == proof_of(f"GET\napi-cloud.bittrade.co.jp\n/v1/x\n{query}")


def test_a_proof_that_is_there_already_is_replaced() -> None:
    """A redirect may bring the old one back."""
    first = signed("/v1/order/openOrders", {"symbol": "btcjpy"})

    again = sign(first, CREDS, Stamp(1700000001000, lambda: ""))

    assert len(again.url.query) == len(first.url.query)
    assert again.url.query["Timestamp"] == "2023-11-14T22:13:21"
    assert (
        again.target
        == sign(signed("/v1/order/openOrders", {"symbol": "btcjpy"}), CREDS, Stamp(1700000001000, str)).target
    )
    assert again.url.query["symbol"] == "btcjpy"


@pytest.mark.parametrize(
    "path",
    [
        "/market/depth",
        "/market/history/kline",
        "/v1/common/symbols",
        "/v1/common/timestamp",
        "/v1/retail/maintain/time",
    ],
)
def test_a_public_request_carries_no_key(path: str) -> None:
    """Defect 5: key ids do not belong into logs of public requests."""
    sent = signed(path, {"symbol": "btcjpy"})

    assert is_public(sent.url)
    assert sent.target == f"{path}?symbol=btcjpy"


@pytest.mark.parametrize(
    "path",
    ["/v1/order/openOrders", "/v1/account/accounts", "/v1/retail/order/place", "/v1/commonly", "/x/market/depth", "/"],
)
def test_every_other_request_is_signed(path: str) -> None:
    assert "Signature" in signed(path).url.query


def test_no_key_is_in_the_url_of_a_stream() -> None:
    """Defect 5: the reference signs all three upgrades."""
    for host in EXCHANGE.ws.values():
        assert host.sign is None
        assert host.sign_message is None


def test_every_host_has_its_credentials() -> None:
    assert list(EXCHANGE.rest) == list(EXCHANGE.ws) == ["api-cloud.bittrade.co.jp"]
    assert all(host.api == "bittrade" for host in (*EXCHANGE.rest.values(), *EXCHANGE.ws.values()))
    with pytest.raises(CredentialError):
        load_credentials({"bittrade": ["key"]}, Hosts([EXCHANGE]).apis)


def test_secrets_never_show() -> None:
    """C15, P8: neither in a url that prints, nor in a login that somebody sends by hand."""
    request = signed("/v1/order/openOrders")
    script = session.login(CREDS, STAMP, URL("wss://api-cloud.bittrade.co.jp/ws/v2"))
    assert script is not None
    (text,) = next(script) or ()
    shown = f"{CREDS!r} {request!r} {redact_url(request.url)} {redact_message(loads(text))}"

    assert SECRET not in shown
    assert KEY not in shown
    assert request.url.query["Signature"] not in shown
    assert loads(text)["params"]["signature"] not in shown
