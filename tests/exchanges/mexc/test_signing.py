"""MEXC's two signatures: every known answer of its documentation and of the reference, and what is signed at all."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.mexc import EXCHANGE
from rxbotters.exchanges.mexc.signing import encode_of, login_sign, parameters, sign
from rxbotters.wire import FORM, JSON, Request, Secret, form_body, hmac_sha256, json_body, redact_url

CREDS = Credentials("mexc", "test-key", Secret(b"test-secret"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
SPOT = URL("https://api.mexc.com/api/v3/")
FUTURES = URL("https://contract.mexc.com/api/v1/private/")
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "1", "price": "50000"}
OFFICIAL = b"45d0b3c26f2644f19bfb98b07741b2f5"


# ---------------------------------------------------------------------- spot


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "signature"),
    [
        (
            *("GET", "openOrders", {"symbol": "BTCUSDT"}, None),
            "9010bb3849c477605c75ba1dda73f7de5e413e66f4a027e01ec8b6ac0019b3fc",
        ),
        ("POST", "order", None, ORDER, "38ae36c63fc2991c01d1e4d772b4dc813f828f491986bbcdc62d04a596457eee"),
        ("POST", "order", ORDER, None, "ade9187641f327e2280b54f22c94df5c54ea074e26dfe689a36ebca3e14228de"),
        ("GET", "account", None, None, "0fa57966e228cf1b5f26c1aad14ec1f17b1b34859b129ecc35a4aa6488e1b1e1"),
        ("POST", "userDataStream", None, None, "0fa57966e228cf1b5f26c1aad14ec1f17b1b34859b129ecc35a4aa6488e1b1e1"),
    ],
    ids=["S1", "S2", "S3", "S4", "S4 listen key"],
)
def test_known_answers_of_spot(method: str, path: str, params: Any, data: Any, signature: str) -> None:
    """C23, P12: the time, then the signature, at the end of the query; the request given is not changed."""
    url = (SPOT / path).extend_query(params or {})
    request = Request(method, url, {}, form_body(data)[0])

    signed = sign(request, CREDS, STAMP)

    query = "&".join([*filter(None, [url.raw_query_string]), "timestamp=1700000000123", f"signature={signature}"])
    assert signed.url.raw_query_string == query
    assert signed.headers == {"X-MEXC-APIKEY": "test-key", "Content-Type": FORM if data else JSON}
    assert (signed.body, request.headers, request.url) == (request.body, {}, url)
    assert sign(request, CREDS, STAMP) == signed
    assert signature not in redact_url(signed.url)


def test_query_and_body_are_signed_with_nothing_between() -> None:
    """mexc.com/api-docs/spot-v3/general-info (2026-04): Examples 2 and 3; what is printed under Example 1 is wrong."""
    query = "symbol=BTCUSDT&side=BUY&type=LIMIT"
    rest = "quantity=1&price=11&recvWindow=5000&timestamp=1644489390087"
    stamp = Stamp(1644489390087, str)
    creds = Credentials("mexc", "mx0aBYs33eIilxBWC5", Secret(OFFICIAL))

    whole = sign(Request("POST", URL(f"{SPOT}order?{query}&{rest}", encoded=True)), creds, stamp)
    mixed = hmac_sha256(OFFICIAL, f"{query}{rest}".encode())

    assert whole.url.query["signature"] == "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a"
    assert whole.url.raw_query_string.startswith(f"{query}&{rest}&signature=")  # a time of one's own stands
    assert mixed == "d1a676610ceb39174c8039b3f548357994b2a34139a8addd33baadba65684592"
    signed = sign(Request("POST", URL(f"{SPOT}order?{query}"), {}, b"quantity=1&price=11"), creds, stamp)
    text = f"{query}&timestamp=1644489390087quantity=1&price=11"
    assert signed.url.query["signature"] == hmac_sha256(OFFICIAL, text.encode())


@pytest.mark.parametrize("params", [{"a": "b c", "d": "日本"}, {"batchOrders": '[{"a":1},{"b":"x,y"}]'}, {"e": ""}])
def test_the_query_is_signed_as_it_is_sent(params: dict[str, str]) -> None:
    """Nothing is quoted again, and every escape is in upper case."""
    request = Request("POST", (SPOT / "batchOrders").extend_query(params))

    signed = sign(request, CREDS, STAMP)

    text, _, signature = signed.target.partition("?")[2].rpartition("&signature=")
    assert text == f"{request.url.raw_query_string}&timestamp=1700000000123"
    assert signature == hmac_sha256(b"test-secret", text.encode())
    assert dict(signed.url.query)["timestamp"] == "1700000000123"
    assert {name: signed.url.query[name] for name in params} == params


# ---------------------------------------------------------------------- futures


SUBMIT = {"symbol": "BTC_USDT", "price": 50000, "vol": 1, "side": 1, "type": 1, "openType": 1}


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "signature"),
    [
        (
            *("GET", "order/list/open_orders/BTC_USDT", {"page_size": "20", "page_num": "1"}, None),
            "9a3d209e5ebf1131a6b8789ac159bfaa3286c049f0a2ac1c920da5d0e4de5445",
        ),
        ("POST", "order/submit", None, SUBMIT, "f06e6161340185f7465181edeb967100f62394c8b5bbdc2e6ed739ddde9748f8"),
        ("GET", "account/assets", None, None, "5ce44b5b701a4f98a42aefadcfb4e84ef53e7fa8ebee776f6ff819e1a3c1971d"),
        (
            *("GET", "order/batch_query", {"ids": "1,2 3+4/ü"}, None),
            "36f1586ddf38dbbff8c3dde0b0232b0f0ecf3f45aa60beb6ba850c575743d896",
        ),
    ],
    ids=["F1", "F2", "F3", "F7"],
)
@pytest.mark.parametrize("host", ["contract.mexc.com", "api.mexc.com"])
def test_known_answers_of_futures(host: str, method: str, path: str, params: Any, data: Any, signature: str) -> None:
    """C23, defect 3: sorted and encoded for the signature alone; the path decides, on either host."""
    url = (FUTURES / path).with_host(host).extend_query(params or {})
    request = Request(method, url, {}, json_body(data)[0])

    signed = sign(request, CREDS, STAMP)

    assert signed.headers == {
        "ApiKey": "test-key",
        "Request-Time": "1700000000123",
        "Signature": signature,
        "Content-Type": JSON,
    }
    assert (signed.url, signed.body, request.headers) == (url, request.body, {})
    assert sign(request, CREDS, STAMP) == signed


def test_parameters_are_encoded_as_the_documentation_says() -> None:
    """3.2.7: all but ``A-Za-z0-9.-*_``, in upper case, a space as ``%20``; sorted by name, then by value."""
    kept = "AZaz09.-*_"

    assert parameters([("b", "1"), ("a", "2"), ("a", "1"), ("c", "")]) == "a=1&a=2&b=1&c="
    assert parameters([("x", kept)]) == f"x={kept}"
    assert parameters([("x", "~!'()@:;,/?$&=+# ü")]) == ("x=%7E%21%27%28%29%40%3A%3B%2C%2F%3F%24%26%3D%2B%23%20%C3%BC")
    assert parameters([]) == ""


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_is_signed_as_it_is_sent(method: str) -> None:
    """Defect 4: a text or bytes go out as they are; a list and unicode are JSON; the query is not signed."""
    for body in (b'{"a":1}', json_body([1, 2])[0], json_body({"ü": {"b": [None, "日本"]}})[0], b"", b"\xff"):
        url = (FUTURES / "order/cancel").extend_query({"x": "1"})

        signed = sign(Request(method, url, {}, body), CREDS, STAMP)

        assert signed.headers["Signature"] == hmac_sha256(b"test-secret", b"test-key1700000000123" + body)
        assert (signed.body, signed.url) == (body, url)


def test_the_login_signs_the_time_in_milliseconds() -> None:
    """Defect 2: the documentation's samples are milliseconds; the reference's seconds give another proof."""
    assert login_sign(CREDS, 1700000000123) == "5ce44b5b701a4f98a42aefadcfb4e84ef53e7fa8ebee776f6ff819e1a3c1971d"
    assert login_sign(CREDS, 1700000000) == "00207b1d4038950eda78784f5d8bb581ff89bf30a34ae6ea0f5824e766f075e9"


# ---------------------------------------------------------------------- what is signed, and how bodies are written


@pytest.mark.parametrize(
    ("method", "url", "proofs"),
    [
        ("GET", "https://api.mexc.com/api/v3/depth?symbol=BTCUSDT", 0),
        ("GET", "https://api.mexc.com/api/v3/ticker/24hr", 0),
        ("GET", "https://api.mexc.com/api/v3/ping", 0),
        ("GET", "https://api.mexc.com/api/v1/contract/depth/BTC_USDT", 0),
        ("GET", "https://contract.mexc.com/api/v1/contract/ticker", 0),
        ("GET", "https://www.mexc.com/open/api/v2/market/symbols", 0),
        ("GET", "https://www.mexc.com/support", 0),
        ("GET", "https://api.mexc.com/api/v3/selfSymbols", 1),
        ("GET", "https://api.mexc.com/api/v3/capital/config/getall", 1),
        ("GET", "https://api.mexc.com/api/v3/what/is/new", 1),
        ("POST", "https://api.mexc.com/api/v3/order/test", 1),
        ("DELETE", "https://api.mexc.com/api/v3/openOrders?symbol=BTCUSDT", 1),
        ("PUT", "https://api.mexc.com/api/v3/userDataStream?listenKey=x", 1),
        ("GET", "https://contract.mexc.com/api/v1/private/account/assets", 3),
        ("GET", "https://www.mexc.com/open/api/v2/account/info", 3),
    ],
)
def test_market_data_needs_no_proof(method: str, url: str, proofs: int) -> None:
    """Defect 5: a wrong clock does not break it. What is not known is signed."""
    request = Request(method, URL(url))

    signed = sign(request, CREDS, STAMP)

    assert (signed == request) is not proofs
    found = [name for name in signed.headers if name in ("X-MEXC-APIKEY", "ApiKey", "Request-Time", "Signature")]
    assert len(found) == proofs


def test_every_rest_host_writes_forms_on_spot_and_json_on_futures() -> None:
    for host in EXCHANGE.rest.values():
        assert (host.sign, host.encode_of) == (sign, encode_of)
    for host_name in ("api.mexc.com", "contract.mexc.com"):
        encode = encode_of(URL(f"https://{host_name}/api/v1/private/order/submit"))
        assert encode({"a": 1, "b": ["ü"]}) == (b'{"a": 1, "b": ["\\u00fc"]}', JSON)
        assert encode([1, 2]) == (b"[1, 2]", JSON)
    assert encode_of(SPOT / "order")({"a": 1, "b": "x y"}) == (b"a=1&b=x+y", FORM)
    for empty in ({}, None):
        assert encode_of(SPOT / "order")(empty)[0] == encode_of(FUTURES)(empty)[0] == b""


def test_a_content_type_of_ones_own_stands() -> None:
    for url in (SPOT / "order", FUTURES / "order/submit"):
        signed = sign(Request("POST", url, {"content-type": "text/plain"}, b"x"), CREDS, STAMP)

        assert [value for name, value in signed.headers.items() if name.lower() == "content-type"] == ["text/plain"]


def test_the_secrets_never_show() -> None:
    """C15, P8."""
    assert "test-" not in repr(CREDS)
    assert "signature=***" in repr(sign(Request("GET", SPOT / "account"), CREDS, STAMP))
