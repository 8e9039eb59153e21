"""bitbank's signatures: known answers of the documentation and of the reference."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.bitbank import EXCHANGE
from rxbotters.exchanges.bitbank.signing import sign
from rxbotters.wire import JSON, Request, Secret, json_body

CREDS = Credentials("bitbank", "bbkey-0123-4567-89ab", Secret(b"bbsecretbbsecretbbsecretbbsecret0123"))
HOGE = Credentials("bitbank", "key", Secret(b"hoge"))
STAMP = Stamp(1700000000123, lambda: "")
API = URL("https://api.bitbank.cc")
ORDER = {"pair": "btc_jpy", "amount": "0.01", "price": "5000000", "side": "buy", "type": "limit"}


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "headers", "signature"),
    [
        (
            "GET",
            "/v1/user/spot/active_orders",
            {"pair": "btc_jpy"},
            None,
            {},
            "eb8d9520b461391b1cd5aeb89daffd0b8b9538202642869b269a2393a275a513",
        ),
        (
            "GET",
            "/v1/user/spot/active_orders",
            {"pair": "btc_jpy"},
            None,
            {"Access-Time-Window": "1000"},
            "fb53d68081feb50db38724fd2898b3dfee89cc11f06b8fa2a3d521bbfa93d218",
        ),
        (
            "POST",
            "/v1/user/spot/order",
            None,
            ORDER,
            {},
            "81261df248b56086da747f0df2386ad85e68ff03697721ba14a03d9e938a06cd",
        ),
        (
            "GET",
            "/v1/user/subscribe",
            None,
            None,
            {},
            "039b49a29f68ab9f1db85fad698c0da577c268bbf559d4e8e1cb6cd87576122f",
        ),
    ],
    ids=["GET", "GET with a window", "POST", "token"],
)
def test_known_answers(method: str, path: str, params: Any, data: Any, headers: Any, signature: str) -> None:
    """C23, P12: the reference's own signatures; the request given is not changed, and twice is the same."""
    body, _ = json_body(data)
    request = Request(method, API.with_path(path).extend_query(params or {}), headers, body)

    signed = sign(request, CREDS, STAMP)

    assert signed.headers["ACCESS-SIGNATURE"] == signature
    assert signed.headers["ACCESS-REQUEST-TIME"] == "1700000000123"
    assert signed.headers["ACCESS-KEY"] == CREDS.key
    assert {name for name in signed.headers if "WINDOW" in name.upper()} == set(headers)
    assert request.headers == headers
    assert sign(request, CREDS, STAMP) == signed


@pytest.mark.parametrize(
    ("method", "path", "body", "signature"),
    [
        ("GET", "/v1/user/assets", b"", "9ec5745960d05573c8fb047cdd9191bd0c6ede26f07700bb40ecf1a3920abae8"),
        (
            "POST",
            "/v1/user/spot/order",
            b'{"pair": "xrp_jpy", "price": "20", "amount": "1","side": "buy", "type": "limit"}',
            "7868665738ae3f8a796224e0413c1351ddd7ec2af121db12815c0a5b74b8764c",
        ),
    ],
    ids=["GET", "POST"],
)
def test_official_vectors(method: str, path: str, body: bytes, signature: str) -> None:
    """bitbank-api-docs, rest-api.md, "Authorization" (2025-12-25)."""
    request = Request(method, API.with_path(path), {"ACCESS-TIME-WINDOW": "1000"}, body)

    signed = sign(request, HOGE, Stamp(1721121776490, lambda: ""))

    assert signed.headers["ACCESS-SIGNATURE"] == signature


@pytest.mark.parametrize("path", ["/v1/spot/status", "/v1/spot/pairs"])
def test_public_endpoints_of_the_private_host_get_no_key(path: str) -> None:
    """Defect 12."""
    request = Request("GET", API.with_path(path))

    assert sign(request, CREDS, STAMP) is request


def test_hosts_and_limits() -> None:
    rest = EXCHANGE.rest
    assert rest["api.bitbank.cc"].sign is sign
    assert rest["public.bitbank.cc"].sign is None
    assert rest["ps.pndsn.com"].sign is None
    query, update = rest["api.bitbank.cc"].limits
    kinds = [
        ("GET", "/v1/user/assets", (1.0, 0.0)),
        ("GET", "/v1/user/spot/order", (1.0, 0.0)),
        ("POST", "/v1/user/spot/orders_info", (1.0, 0.0)),
        ("POST", "/v1/user/spot/order", (0.0, 1.0)),
        ("POST", "/v1/user/spot/cancel_orders", (0.0, 1.0)),
        ("POST", "/v1/user/request_withdrawal", (0.0, 1.0)),
        ("GET", "/v1/spot/status", (0.0, 0.0)),
    ]
    for method, path, weights in kinds:
        request = Request(method, API.with_path(path))
        assert (query.weigh(request), update.weigh(request)) == weights
    assert ((query.weight, query.per_s), (update.weight, update.per_s)) == ((10, 1.0), (6, 1.0))


def test_bodies_are_json() -> None:
    body, kind = EXCHANGE.rest["api.bitbank.cc"].encode(ORDER)

    assert (body[:20], kind) == (b'{"pair": "btc_jpy", ', JSON)


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "bbsecret" not in repr(CREDS)
    assert "bbkey" not in repr(CREDS)
