"""BitMEX's signatures: known answers. Sources: bitmex.com/app/apiKeysUsage, "Full sample calculations" (2026-08)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.bitmex import EXCHANGE
from rxbotters.exchanges.bitmex.signing import encode, sign, signature
from rxbotters.wire import FORM, JSON, Request, Secret, dumps, form_body, loads

CREDS = Credentials("bitmex", "test-key", Secret(b"test-secret"))
STAMP = Stamp(1700000000123, str)
API = URL("https://www.bitmex.com/api/v1/order")
SAMPLE = b"chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
BODY = b'{"symbol":"XBTM15","price":219.0,"clOrdID":"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA","orderQty":98}'
ORDER = {"symbol": "XBTUSD", "side": "Buy", "orderQty": 100, "ordType": "Limit", "price": 50000.5}
QUERY = {"symbol": "XBTUSD", "filter": '{"open":true}'}


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        (
            ("GET", "/api/v1/instrument", 1518064236, b""),
            "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00",
        ),
        (
            ("GET", "/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D", 1518064237, b""),
            "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f",
        ),
        (
            ("POST", "/api/v1/order", 1518064238, BODY),
            "1749cd2ccae4aa49048ae09f0b95110cee706e0944e6a14ad0b3a8cb45bd336b",
        ),
    ],
    ids=["O1", "O2", "O3"],
)
def test_official_samples(text: tuple[Any, ...], proof: str) -> None:
    assert signature(SAMPLE, *text) == proof


@pytest.mark.parametrize(
    ("method", "params", "data", "expires", "proof"),
    [
        ("GET", QUERY, None, "1700000005123", "61ca51cd7407b815abeb78959cc80206dcca1a1dc90964f83290d630b68fa598"),
        ("POST", None, ORDER, "1700000005123", "77ba1fbd29bf0e5d454bc61b97aaf876a9c230ce36741f3e80b7b71cab256c87"),
        ("GET", QUERY, None, None, "993b1f9206fdefc318c349f82c54427dd6c6d1abe4f6f831b2bedeac17c75efe"),
        ("POST", None, ORDER, None, "79deb175daa2156aaace4a244df312734b8ba3423bf6ae252472b9d282a8807b"),
    ],
    ids=["R1", "R2", "N1", "N2"],
)
def test_known_answers(method: str, params: Any, data: Any, expires: str | None, proof: str) -> None:
    """C23: seconds (defect 8), or what the caller's own header says."""
    given_ = {} if expires is None else {"api-expires": expires}
    request = Request(method, API.extend_query(params or {}), given_, encode(data)[0])

    signed = sign(request, CREDS, STAMP)

    assert signed.headers == {"api-expires": expires or "1700000005", "api-key": "test-key", "api-signature": proof}
    assert request.headers == given_
    assert sign(request, CREDS, STAMP) == signed
    assert signed.target == request.target


def test_the_websocket_is_signed_by_its_literal_path() -> None:
    """R3, N3."""
    ms = signature(b"test-secret", "GET", "/realtime", 1700000005123)
    assert ms == "2c2555edaef02c3fcb8974e6d3e22850c7eaf1d14fab371209f6795621485b3e"
    seconds = signature(b"test-secret", "GET", "/realtime", 1700000005)
    assert seconds == "266daa0b1a437a19b46d71ae9931f6ed06283512b0a35cb16bc598a4c18571ea"


@pytest.mark.parametrize(
    ("data", "body", "kind"),
    [
        (None, b"", FORM),
        ({}, b"", FORM),
        (ORDER, b"symbol=XBTUSD&side=Buy&orderQty=100&ordType=Limit&price=50000.5", FORM),
        ({"orderID": ["a", "b"]}, b"orderID=a&orderID=b", FORM),
        ({"orders": [{"orderQty": 1}]}, b'{"orders":[{"orderQty":1}]}', JSON),
        ({"enabled": True}, b'{"enabled":true}', JSON),
        ({"price": None}, b'{"price":null}', JSON),
        ([{"a": 1}], b'[{"a":1}]', JSON),
    ],
)
def test_flat_bodies_are_forms_and_others_json(data: Any, body: bytes, kind: str) -> None:
    """Defect 11."""
    assert encode(data) == (body, kind)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text(), max_size=3), max_size=5),
    st.dictionaries(st.text(min_size=1), st.text(), max_size=3),
)
def test_what_is_signed_is_what_is_sent(data: dict[str, Any], params: dict[str, str]) -> None:
    """P7: any text, in query and body."""
    try:
        dumps([data, params])
    except UnicodeEncodeError:
        return  # no text that could be sent
    request = Request("POST", API.extend_query(params), {}, encode(data)[0])

    signed = sign(request, CREDS, STAMP)

    expected = signature(b"test-secret", "POST", request.url.raw_path_qs, 1700000005, request.body)
    assert signed.headers["api-signature"] == expected
    assert request.body == form_body(data)[0]


def test_nested_bodies_survive() -> None:
    data = {"orders": [{"text": "注文", "price": 1.5, "on": None}]}

    assert loads(encode(data)[0]) == data


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "test-secret" not in repr(CREDS)
    assert {host.sign for host in EXCHANGE.rest.values()} == {sign}
