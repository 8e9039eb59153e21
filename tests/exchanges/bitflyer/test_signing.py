"""bitFlyer's signatures and login: known answers."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Credentials
from rxbotters.errors import LoginRefused
from rxbotters.exchanges.bitflyer import EXCHANGE
from rxbotters.exchanges.bitflyer.session import ack, login, request_ids
from rxbotters.exchanges.bitflyer.signing import sign
from rxbotters.wire import Request, Secret, json_body, loads

CREDS = Credentials("bitflyer", "BFKEY0123456789abcdefXX", Secret(b"YmZzZWNyZXQtYmZzZWNyZXQtYmZzZWNyZXQtMDE="))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
API = URL("https://api.bitflyer.com")
ORDER = {"product_code": "FX_BTC_JPY", "child_order_type": "LIMIT", "side": "BUY", "price": 5000000, "size": 0.01}


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "signature"),
    [
        (
            "GET",
            "/v1/me/getchildorders",
            {"product_code": "FX_BTC_JPY", "child_order_state": "ACTIVE"},
            None,
            "03839dc4c0964d304ff4799439437ecbc5c0e859e30cc2f3482a9d745883676d",
        ),
        (
            "POST",
            "/v1/me/sendchildorder",
            None,
            ORDER,
            "e36e22bb4b5c3d8fc386ab857b0d9300f669e0483e5cc9a82011c8c3dcd1efba",
        ),
        (
            "POST",
            "/v1/me/cancelallchildorders",
            None,
            {},
            "cb7afe8a9c0ccabf0115ca89e71df38e0cba802c9547cad86f368908d2e3c68d",
        ),
    ],
    ids=["GET", "POST", "POST empty"],
)
def test_known_answers(method: str, path: str, params: Any, data: Any, signature: str) -> None:
    """C23."""
    body, _ = json_body(data)
    request = Request(method, API.with_path(path).extend_query(params or {}), {}, body)

    signed = sign(request, CREDS, STAMP)

    assert signed.headers["ACCESS-SIGN"] == signature
    assert signed.headers["ACCESS-TIMESTAMP"] == "1700000000123"
    assert signed.headers.get("Content-Type") == ("application/json" if body else None)
    assert signed.headers["ACCESS-KEY"] == CREDS.key
    assert ("Content-Type" in signed.headers) is bool(body)
    assert request.headers == {}


def test_the_login_vector_and_its_order() -> None:
    """C31: other messages are not the login's; the answer ends it."""
    script = login(CREDS, STAMP, URL("wss://ws.lightstream.bitflyer.com/json-rpc"))

    (text,) = next(script) or ()

    assert loads(text) == {
        "method": "auth",
        "params": {
            "api_key": CREDS.key,
            "timestamp": 1700000000123,
            "nonce": "00112233445566778899aabbccddeeff",
            "signature": "3d76c4b9a131f0fa1e844843ac7c90f92b62f20ab32d0de6f86477b15878ecea",
        },
        "id": "auth",
    }
    for other in ([1], {"id": 1, "result": True}, {"params": {}}, "auth"):
        assert script.send(other) is None
    with pytest.raises(StopIteration):
        script.send({"jsonrpc": "2.0", "id": "auth", "result": True})


def test_a_refusal_carries_the_exchanges_words() -> None:
    """F35."""
    script = login(CREDS, STAMP, URL("wss://ws.lightstream.bitflyer.com/json-rpc"))
    next(script)

    with pytest.raises(LoginRefused, match=r"Invalid signature \(code -32602\)"):
        script.send({"id": "auth", "error": {"code": -32602, "message": "Invalid signature"}})


def test_acknowledgements() -> None:
    """D11."""
    assert request_ids({"method": "subscribe", "params": {"channel": "x"}, "id": 7}) == (7,)
    assert request_ids({"method": "subscribe", "params": {}}) == ()
    assert request_ids("text") == ()
    assert ack({"jsonrpc": "2.0", "id": 7, "result": True}) == Ack(7)
    assert ack({"id": 7, "error": {"code": -1, "message": "m"}}) == Ack(7, "m (code -1)")
    assert ack({"id": "auth", "result": True}) is None
    assert ack({"method": "channelMessage"}) is None


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "YmZz" not in repr(CREDS)
    assert "BFKEY" not in repr(CREDS)
    assert EXCHANGE.rest["api.bitflyer.com"].sign is sign
