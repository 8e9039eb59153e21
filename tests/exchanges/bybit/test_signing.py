"""Bybit's signatures: known answers. Source: the exchange's sheet, made end to end by pybotters 1.11.2."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials, Hosts
from rxbotters.exchanges.bybit import EXCHANGE
from rxbotters.exchanges.bybit.session import login, sign_message
from rxbotters.exchanges.bybit.signing import sign
from rxbotters.wire import Request, Secret, json_body, loads

CREDS = Credentials("bybit", "rxKey0123456789abcdef", Secret(b"rxSecret0123456789ABCDEFGHIJKLMNOP"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
API = URL("https://api.bybit.com")
ORDER = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderType": "Limit",
    "qty": "0.01",
    "price": "30000",
}
TRADE = URL("wss://stream.bybit.com/v5/trade")


@pytest.mark.parametrize(
    ("method", "path", "params", "data", "headers", "target", "body", "signature"),
    [
        (
            "GET",
            "/v5/order/realtime",
            {"category": "linear", "symbol": "BTCUSDT", "cursor": "page%3D1%2C2"},
            None,
            {},
            "/v5/order/realtime?category=linear&symbol=BTCUSDT&cursor=page%253D1%252C2",
            b"",
            "959807684665f792de6292b81dbf2617bf903d042190af08c57333598df87f08",
        ),
        (
            "POST",
            "/v5/order/create",
            {},
            ORDER,
            {"X-BAPI-RECV-WINDOW": "5000"},
            "/v5/order/create",
            b'{"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", '
            b'"price": "30000"}',
            "3db7791005a2180f4644b005d8ec3a0341ef36b09c05f7d3975ede685065379b",
        ),
        (
            "POST",
            "/v5/order/create",
            {},
            {"orderLinkId": "注文"},
            {},
            "/v5/order/create",
            b'{"orderLinkId": "\\u6ce8\\u6587"}',
            "43947ff8151c310fb2388073e7c647a4649b39eabe2d42ba5a36179d020579e9",
        ),
        (
            "POST",
            "/v5/account/upgrade-to-uta",
            {},
            None,
            {},
            "/v5/account/upgrade-to-uta",
            b"",
            "0d1cf8f7924283c33cc1be4623945c344d1a46b52faa5302a9f2fc8adef28ac0",
        ),
    ],
    ids=["GET", "POST", "unicode", "empty"],
)
def test_known_answers(
    method: str,
    path: str,
    params: dict[str, str],
    data: Any,
    headers: dict[str, str],
    target: str,
    body: bytes,
    signature: str,
) -> None:
    """C23."""
    sent, _ = json_body(data)
    request = Request(method, API.with_path(path).extend_query(params), headers, sent)
    before = dict(headers)

    signed = sign(request, CREDS, STAMP)

    assert (signed.target, signed.body) == (target, body)
    assert signed.headers["X-BAPI-SIGN"] == signature
    assert signed.headers["X-BAPI-TIMESTAMP"] == "1700000000123"
    assert signed.headers["X-BAPI-API-KEY"] == CREDS.key
    assert signed.headers.get("X-BAPI-RECV-WINDOW") == before.get("X-BAPI-RECV-WINDOW")
    assert request.headers == headers == before
    assert sign(request, CREDS, STAMP) == signed


def test_the_window_counts_however_it_is_written() -> None:
    url, body = API / "v5/order/create", b"{}"
    written = sign(Request("POST", url, {"x-bapi-recv-window": "5000"}, body), CREDS, STAMP)
    usual = sign(Request("POST", url, {"X-BAPI-RECV-WINDOW": "5000"}, body), CREDS, STAMP)

    assert written.headers["X-BAPI-SIGN"] == usual.headers["X-BAPI-SIGN"]
    assert usual.headers["X-BAPI-SIGN"] != sign(Request("POST", url, {}, body), CREDS, STAMP).headers["X-BAPI-SIGN"]


def test_the_login_vector() -> None:
    script = login(CREDS, STAMP, URL("wss://stream.bybit.com/v5/private"))
    assert script is not None

    (text,) = next(script) or ()

    assert loads(text) == {
        "op": "auth",
        "args": [
            "rxKey0123456789abcdef",
            1700000005123,
            "28fb5b9309d55a991666bd69a1483fb976331ca63648f4843ee62c5e06a1f3e0",
        ],
    }


def test_a_trading_command_gets_its_time_at_each_sending() -> None:
    """P12, defect 12: the caller's message is not touched, so a resend is not old."""
    command = {"op": "order.create", "args": [ORDER]}

    first = sign_message(command, CREDS, STAMP, TRADE)
    again = sign_message(command, CREDS, Stamp(1700000009999, STAMP.nonce), TRADE)

    assert command == {"op": "order.create", "args": [ORDER]}
    assert first == {**command, "header": {"X-BAPI-TIMESTAMP": "1700000000123"}}
    assert again["header"] == {"X-BAPI-TIMESTAMP": "1700000009999"}
    assert list(first) == ["op", "args", "header"]


def test_a_header_of_the_callers_is_completed() -> None:
    """Defect 12."""
    command = {"op": "order.create", "header": {"X-BAPI-RECV-WINDOW": "8000"}, "args": [ORDER]}

    signed = sign_message(command, CREDS, STAMP, TRADE)

    assert signed["header"] == {"X-BAPI-TIMESTAMP": "1700000000123", "X-BAPI-RECV-WINDOW": "8000"}
    assert command["header"] == {"X-BAPI-RECV-WINDOW": "8000"}
    own = {"op": "order.create", "header": {"X-BAPI-TIMESTAMP": "1"}, "args": []}
    assert sign_message(own, CREDS, STAMP, TRADE)["header"] == {"X-BAPI-TIMESTAMP": "1"}


@pytest.mark.parametrize("message", ["text", [1], None, 1, {"op": "ping", "header": 5}])
def test_what_is_no_command_goes_as_it_is(message: Any) -> None:
    assert sign_message(message, CREDS, STAMP, TRADE) == message
    assert sign_message({"op": "subscribe"}, CREDS, STAMP, URL("wss://stream.bybit.com/v5/private")) == {
        "op": "subscribe"
    }


@pytest.mark.parametrize(
    ("host", "api", "environment"),
    [
        ("api.bybit.com", "bybit", "mainnet"),
        ("api.bytick.com", "bybit", "mainnet"),
        ("api.bybit.nl", "bybit", "mainnet"),
        ("api.bybit.tr", "bybit", "mainnet"),
        ("api.bybit.kz", "bybit", "mainnet"),
        ("api.bybit.ae", "bybit", "mainnet"),
        ("api.bybit.eu", "bybit", "mainnet"),
        ("api.bybit.id", "bybit", "mainnet"),
        ("api.bybitgeorgia.ge", "bybit", "mainnet"),
        ("api.manepa.jp", "bybit", "mainnet"),
        ("api.spark-fintech.com", "bybit", "mainnet"),
        ("api-demo.bybit.com", "bybit_demo", "demo"),
        ("api-testnet.bybit.com", "bybit_testnet", "testnet"),
        ("api-testnet.manepa.jp", "bybit_testnet", "testnet"),
    ],
)
def test_rest_hosts(host: str, api: str, environment: str) -> None:
    known = Hosts([EXCHANGE]).rest(host, None)

    assert known is not None
    assert (known.api, known.environment, known.sign, known.encode) == (api, environment, sign, json_body)


@pytest.mark.parametrize(
    ("host", "api"),
    [
        ("stream.bybit.com", "bybit"),
        ("stream.bytick.com", "bybit"),
        ("stream.bybit.tr", "bybit"),
        ("stream.bybit.kz", "bybit"),
        ("stream.bybit.id", "bybit"),
        ("stream.bybit.eu", "bybit"),
        ("stream.bybitgeorgia.ge", "bybit"),
        ("stream.manepa.jp", "bybit"),
        ("stream-demo.bybit.com", "bybit_demo"),
        ("stream-testnet.bybit.com", "bybit_testnet"),
    ],
)
def test_websocket_hosts(host: str, api: str) -> None:
    known = Hosts([EXCHANGE]).ws(host, None)

    assert known is not None
    assert (known.api, known.login, known.sign_message) == (api, login, sign_message)


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    signed = sign(Request("GET", API / "v5/x"), CREDS, STAMP)

    assert "rxSecret" not in repr(CREDS) + repr(signed) + str(signed.headers)
    assert "rxKey" not in repr(CREDS) + repr(signed)
