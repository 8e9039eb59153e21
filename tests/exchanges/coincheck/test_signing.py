"""Coincheck's signatures: known answers, and nonces that only grow."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters.clock import Clock, Serials, Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.coincheck import EXCHANGE
from rxbotters.exchanges.coincheck.signing import sign, sign_login
from rxbotters.wire import FORM, Request, Secret, form_body

CREDS = Credentials("coincheck", "CCKEY0123456789", Secret(b"ccsecretccsecretccsecret0123456789"))
API = URL("https://coincheck.com")
ORDER = {"pair": "btc_jpy", "order_type": "buy", "rate": "5000000.0", "amount": "0.01"}


def stamp() -> Stamp:
    return Stamp(1700000000123, lambda: "", lambda: 1700000000123)


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "signature"),
    [
        (
            "GET",
            "/api/exchange/orders/transactions_pagination",
            {"limit": 10, "order": "desc"},
            None,
            "c577993c7cdcf78812b6cbf39abeca25cfbd87f59842fece92a54e3c7d839f2d",
        ),
        (
            "POST",
            "/api/exchange/orders",
            {},
            ORDER,
            "66eb026b63936b2817c5db17e1bf037bdc37579b0dc51858bb50bc68cffdbdc2",
        ),
        (
            "DELETE",
            "/api/exchange/orders/12345",
            {},
            None,
            "dc7e2cea2a451f608581f67bf79bb4bed20f5008bf701142d542a6ab9ced8705",
        ),
    ],
    ids=["GET", "POST", "DELETE"],
)
def test_known_answers(method: str, path: str, params: Any, data: Any, signature: str) -> None:
    """C23, P12: the request given is not changed, and an equal stamp gives an equal result."""
    body, _ = form_body(data)
    request = Request(method, API.with_path(path).extend_query(params), {}, body)

    signed = sign(request, CREDS, stamp())

    assert signed.headers == {
        "ACCESS-KEY": "CCKEY0123456789",
        "ACCESS-NONCE": "1700000000123",
        "ACCESS-SIGNATURE": signature,
    }
    assert request.headers == {}
    assert sign(request, CREDS, stamp()) == signed


def test_the_login_vector() -> None:
    """The fixed string is signed, wherever the login goes."""
    assert sign_login(CREDS, stamp()) == {
        "type": "login",
        "access_key": "CCKEY0123456789",
        "access_nonce": "1700000000123",
        "access_signature": "f51ef72b864df16f8aaa101978fbf8ed2662d41dcaa42e32db1581d0a1e65e1a",
    }


@given(st.lists(st.tuples(st.floats(-3600.0, 3600.0), st.booleans()), min_size=2, max_size=200))
def test_nonces_only_grow(steps: list[tuple[float, bool]]) -> None:
    """F99, F100: whatever the clock does, requests and logins of a key share one row of numbers."""
    now = 1_700_000_000.0
    clock, serials = Clock(now=lambda: now), Serials()
    nonces: list[int] = []
    for step, login in steps:
        now += step
        fresh = clock.stamp(serials, "coincheck")
        if login:
            nonces.append(int(sign_login(CREDS, fresh)["access_nonce"]))
        else:
            nonces.append(int(sign(Request("GET", API), CREDS, fresh).headers["ACCESS-NONCE"]))

    assert all(later > earlier for earlier, later in pairwise(nonces))


def test_hosts_limits_and_bodies() -> None:
    host = EXCHANGE.rest["coincheck.com"]
    orders, detail = host.limits
    kinds = [
        ("POST", "/api/exchange/orders", (1.0, 0.0)),
        ("GET", "/api/exchange/orders/8173686428", (0.0, 1.0)),
        ("DELETE", "/api/exchange/orders/8173686428", (0.0, 0.0)),
        ("GET", "/api/exchange/orders/opens", (0.0, 0.0)),
        ("GET", "/api/exchange/orders/transactions", (0.0, 0.0)),
        ("GET", "/api/order_books", (0.0, 0.0)),
    ]
    for method, path, weights in kinds:
        request = Request(method, API.with_path(path))
        assert (orders.weigh(request), detail.weigh(request)) == weights
    assert ((orders.weight, orders.per_s), (detail.weight, detail.per_s)) == ((4, 1.0), (1, 1.0))
    assert host.turn
    assert host.encode(ORDER) == (b"pair=btc_jpy&order_type=buy&rate=5000000.0&amount=0.01", FORM)


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "ccsecret" not in repr(CREDS)
    assert "CCKEY" not in repr(CREDS)
