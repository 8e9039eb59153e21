"""KuCoin's signatures: every known answer of its documentation and of the reference."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.kucoin import EXCHANGE
from rxbotters.exchanges.kucoin.limits import compact
from rxbotters.exchanges.kucoin.signing import sign
from rxbotters.wire import Request, Secret, json_body

CREDS = Credentials("kucoin", "test-key", Secret(b"test-secret"), Secret(b"test-pass"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
SPOT = URL("https://api.kucoin.com")
FUTURES = URL("https://api-futures.kucoin.com")
ORDER = {"clientOid": "1", "side": "buy", "symbol": "BTC-USDT", "type": "limit", "price": "50000", "size": "0.001"}


@pytest.mark.parametrize(
    ("method", "url", "params", "body", "signature"),
    [
        (
            "GET",
            SPOT / "api/v1/accounts",
            {"currency": "BTC", "type": "trade"},
            b"",
            "ptS/gp1hikeePLJomVaCsUNlw3HIVw2HMVxULjfLsIw=",
        ),
        ("POST", SPOT / "api/v1/orders", None, json_body(ORDER)[0], "w+XHnnhoBUozxmyLQhgMnhtRgT5WDzL5m1dupx/lwSQ="),
        ("POST", SPOT / "api/v1/orders", None, compact(ORDER)[0], "VMecmR2gBLj8MeDAdyr8R8CIpOrSo5vdRwhTIt31tl4="),
        ("POST", FUTURES / "api/v1/bullet-private", None, b"", "8ShIMMmz80TjMKY+WBWEI5OwNsZNvr1qLEn3x4s7ypA="),
        ("DELETE", SPOT / "api/v1/orders/abc", None, b"", "XcJ5OFdHUqBAd0BBXjF/1oGAVYANjXZmKBUtCCL+m3I="),
        ("GET", SPOT / "api/v1/x", {"a": "b c,d+e/ü"}, b"", "Hp7kDKtNeT+lzI9c/e0uVK3I5yPxsfLG2QyXOyUMb/E="),
    ],
    ids=["V1", "V2", "V2c", "V3", "V4", "V5"],
)
def test_known_answers(method: str, url: URL, params: Any, body: bytes, signature: str) -> None:
    """C23, P12, defect 8: the query is signed as it reads; the request given is not changed; twice is equal."""
    request = Request(method, url.extend_query(params or {}), {}, body)

    signed = sign(request, CREDS, STAMP)

    assert signed.headers["KC-API-SIGN"] == signature
    assert signed.headers["KC-API-PASSPHRASE"] == "+KGfNXdTCAFagUD1lg/kgwlqIgMFeba97YWwVk6avzw="
    assert signed.headers["KC-API-KEY"] == "test-key"
    assert signed.headers["KC-API-TIMESTAMP"] == "1700000000123"
    assert signed.headers["KC-API-KEY-VERSION"] == "2"
    assert ("Content-Type" in signed.headers) is bool(body)
    assert (signed.url, signed.body, request.headers) == (request.url, body, {})
    assert sign(request, CREDS, STAMP) == signed


def test_another_key_version_is_left_as_the_request_names_it() -> None:
    request = Request("GET", SPOT / "api/v1/accounts", {"kc-api-key-version": "3"})

    signed = sign(request, CREDS, STAMP)

    assert {name: value for name, value in signed.headers.items() if "version" in name.lower()} == {
        "kc-api-key-version": "3"
    }


def test_every_rest_host_signs_and_encodes_without_spaces() -> None:
    for host in EXCHANGE.rest.values():
        assert host.sign is sign
        assert host.encode({"a": 1, "b": ["ü"]}) == (b'{"a":1,"b":["\\u00fc"]}', "application/json")
        assert host.encode({})[0] == host.encode(None)[0] == b""
    with pytest.raises(ValueError, match="JSON"):
        compact({"size": float("nan")})


def test_the_secrets_never_show() -> None:
    """C15, P8."""
    assert "test-" not in repr(CREDS)
