"""bitFlyer's signatures: known answers."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.exchanges.bitflyer import EXCHANGE
from rxbotters.exchanges.bitflyer.signing import sign
from rxbotters.wire import Request, Secret, json_body

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


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert "YmZz" not in repr(CREDS)
    assert "BFKEY" not in repr(CREDS)
    assert EXCHANGE.rest["api.bitflyer.com"].sign is sign
