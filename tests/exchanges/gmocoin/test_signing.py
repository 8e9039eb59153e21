"""GMO Coin's signatures: every known answer."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.gmocoin import EXCHANGE
from rxbotters.exchanges.gmocoin.signing import sign
from rxbotters.wire import Request, Secret, json_body

CREDS = Credentials("gmocoin", "GMOKEY0123456789abcdef", Secret(b"gmosecretgmosecretgmosecret0123456789"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
API = URL("https://api.coin.z.com")
ORDER = {"symbol": "BTC_JPY", "side": "BUY", "executionType": "LIMIT", "price": "5000000", "size": "0.01"}
PAGE = {"symbol": "BTC_JPY", "page": "1", "count": "100"}
AUTH = "/private/v1/ws-auth"
TOKEN = b'{"token": "abc"}'


@pytest.mark.parametrize(
    ("method", "path", "params", "body", "signature"),
    [
        (
            "GET",
            "/private/v1/activeOrders",
            PAGE,
            b"",
            "38153d48b8529bc1b7334d99c93381063ec8a03efd7684d402caf30023473446",
        ),
        (
            "POST",
            "/private/v1/order",
            None,
            json_body(ORDER)[0],
            "747f4ebabb59984136b0d1ce9cf631233f6757386b4fb9eebc29495381d55666",
        ),
        ("POST", AUTH, None, b"", "86841ec5f6482b972b361a4a253afd8fe5798a022a9d12a9e60591bee3fd04ec"),
        ("POST", AUTH, None, b"{}", "732273d3c4d4b2349766ecc94dc77d8772b2d2c30c7a44ca27a6fcdb781fe736"),
        ("PUT", AUTH, None, TOKEN, "2ad62b8e7d6e0b76f79fc929b2ab1d21c2d1c62b0b81fbe3bdd2e9a81cb58912"),
        ("DELETE", AUTH, None, TOKEN, "bbc2a6aae7d88ec5b0e7e5591d3ed928b33a7e029fd1d1dc42ff911f916c3c29"),
    ],
    ids=["GET", "POST", "POST ws-auth", "POST ws-auth {}", "PUT ws-auth", "DELETE ws-auth"],
)
def test_known_answers(method: str, path: str, params: Any, body: bytes, signature: str) -> None:
    """C23, P12: the request given is not changed, and signing twice gives the same."""
    request = Request(method, API.with_path(path).extend_query(params or {}), {}, body)

    signed = sign(request, CREDS, STAMP)

    assert signed.headers["API-SIGN"] == signature
    assert signed.headers["API-TIMESTAMP"] == "1700000000123"
    assert signed.headers["API-KEY"] == CREDS.key
    assert ("Content-Type" in signed.headers) is bool(body)
    assert (signed.url, signed.body, request.headers) == (request.url, body, {})
    assert sign(request, CREDS, STAMP) == signed


@pytest.mark.parametrize("path", ["/public/v1/ticker", "/ws/private/v1/token", "/privately/v1/x", "/"])
def test_only_private_requests_carry_the_key(path: str) -> None:
    """Defect 9."""
    request = Request("GET", API.with_path(path))

    assert sign(request, CREDS, STAMP) is request


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "gmosecret" not in repr(CREDS)
    assert EXCHANGE.rest["api.coin.z.com"].sign is sign
    assert EXCHANGE.ws["api.coin.z.com"].sign is None
