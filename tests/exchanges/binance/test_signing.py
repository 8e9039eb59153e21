"""Binance's signatures: known answers of the documentation, and of the reference recomputed."""

from __future__ import annotations

import base64
import copy
import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.errors import ConfigError
from rxbotters.exchanges.binance import EXCHANGE
from rxbotters.exchanges.binance.keys import prove
from rxbotters.exchanges.binance.security import security_of, wants_of_method
from rxbotters.exchanges.binance.signing import sign, sign_message, signed
from rxbotters.wire import Request, Secret, form_body, hmac_sha256

KEY = "rxKey0123456789abcdef"
CREDS = Credentials("binance", KEY, Secret(b"rxSecret0123456789ABCDEFGHIJKLMNOP"))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
DOCS = Credentials(
    "binance",
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    Secret(b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"),
)
WS_API = URL("wss://ws-api.binance.com/ws-api/v3")
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": 30000}
SPOT, USDM, COINM = "https://api.binance.com", "https://fapi.binance.com", "https://dapi.binance.com"

VECTORS: list[tuple[str, str, Any, Any, str, str]] = [
    (
        "GET",
        f"{SPOT}/api/v3/openOrders",
        {"symbol": "BTCUSDT", "recvWindow": 5000},
        None,
        "symbol=BTCUSDT&recvWindow=5000&timestamp=1700000000123",
        "2793ad9e02edfa72e308c1c77831e2a880b15955a84c31807222de98bbef479b",
    ),
    (
        "POST",
        f"{SPOT}/api/v3/order",
        None,
        ORDER,
        "timestamp=1700000000123",
        "92af7707bedc85359586e1219aaa3468cc912ae57cf6d79fbc6d1496d4bdd18c",
    ),
    (
        "GET",
        f"{USDM}/fapi/v2/balance",
        None,
        None,
        "timestamp=1700000000123",
        "3584f9736c98a315a472256365a39486ea1c5d880a128b066c34e31b53ca5a7c",
    ),
    (
        "POST",
        f"{USDM}/fapi/v1/order",
        {"symbol": "BTCUSDT", "side": "BUY"},
        {"type": "MARKET", "quantity": "0.01"},
        "symbol=BTCUSDT&side=BUY&timestamp=1700000000123",
        "44785b59433d9052606a5ea34a46fee7cf1d1a251c821860ca6ed2da5d63c76d",
    ),
    (
        "DELETE",
        f"{COINM}/dapi/v1/order",
        None,
        {"symbol": "BTCUSD_PERP", "orderId": 42},
        "timestamp=1700000000123",
        "25668ab3ef27b6659ffb6673d1a3c88c4541363f2d2d3a1600610d2255af06e1",
    ),
    (
        "GET",
        f"{SPOT}/api/v3/openOrders",
        {"symbol": "１２３４５６"},
        None,
        "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&timestamp=1700000000123",
        "a6cfc27ff8c4949ac30dca121a75610ea1fad6fe38a738b903656045d82f6105",
    ),
    (
        "POST",
        f"{SPOT}/api/v3/order",
        None,
        {"newClientOrderId": "a b:c,d"},
        "timestamp=1700000000123",
        "2170b966539e9f162c8d4907ae2bf7f06debeabca75a2b94ee7ea5cd3395eb2d",
    ),
]


def request_of(method: str, url: str, params: Any, data: Any) -> Request:
    return Request(method, URL(url).extend_query(params or {}), {}, form_body(data)[0])


@pytest.mark.parametrize(("method", "url", "params", "data", "query", "signature"), VECTORS)
def test_known_answers(method: str, url: str, params: Any, data: Any, query: str, signature: str) -> None:
    """C23."""
    request = request_of(method, url, params, data)
    before = copy.deepcopy((str(request.url), dict(request.headers), request.body))

    sent = sign(request, CREDS, STAMP)

    assert sent.url.raw_query_string == f"{query}&signature={signature}"
    assert sent.url.raw_path == URL(url).raw_path
    assert sent.headers == {"X-MBX-APIKEY": KEY}
    assert sent.body == request.body
    assert (str(request.url), dict(request.headers), request.body) == before
    assert sign(request, CREDS, STAMP) == sent


def test_lists_in_a_query() -> None:
    """The sheet's seventh vector is of a public endpoint, which `sign` leaves alone: the proof itself is the same."""
    request = request_of("GET", f"{SPOT}/api/v3/ticker/price", {"symbols": '["BTCUSDT","ETHUSDT"]'}, None)

    assert signed(request, CREDS, STAMP).url.raw_query_string == (
        "symbols=%5B%22BTCUSDT%22,%22ETHUSDT%22%5D&timestamp=1700000000123"
        "&signature=d4c7ab593121a0c0a6bd83092a767fe9d4a1712dd99958e32439191be7fb3517"
    )
    assert sign(request, CREDS, STAMP) is request


@pytest.mark.parametrize(
    ("query", "body", "signature"),
    [
        (
            "",
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
            "&timestamp=1499827319559",
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
            "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
            "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
        ),
    ],
    ids=["body", "mixed"],
)
def test_official_vectors(query: str, body: str, signature: str) -> None:
    """developers.binance.com, spot REST API, "SIGNED Endpoint Examples", examples 1 to 3 (2026-06)."""
    assert prove(DOCS.secret, query.encode() + body.encode()) == signature


def test_the_time_the_caller_gave_is_the_one_that_is_signed() -> None:
    """Example 2 of the documentation: everything in the query."""
    query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
    request = Request("POST", URL(f"{SPOT}/api/v3/order?{query}&timestamp=1499827319559", encoded=True))

    sent = sign(request, DOCS, STAMP)

    assert sent.url.raw_query_string == (
        f"{query}&timestamp=1499827319559&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    )


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=8), max_size=4))
def test_what_is_signed_is_what_is_sent(params: dict[str, str]) -> None:
    """P7, P12: for any parameters in query and body."""
    request = request_of("POST", f"{SPOT}/api/v3/order", params, params)

    sent = sign(request, CREDS, STAMP)
    query, _, signature = sent.url.raw_query_string.rpartition("&signature=")

    assert hmac_sha256(CREDS.secret, query.encode() + sent.body) == signature
    assert sign(request, CREDS, STAMP) == sent
    assert sent.target.endswith(f"&signature={signature}")


# ---------------------------------------------------------------------- what endpoints want


@pytest.mark.parametrize(
    "url",
    [
        f"{USDM}/fapi/v1/listenKey",
        f"{COINM}/dapi/v1/listenKey",
        f"{SPOT}/api/v3/userDataStream",
        "https://papi.binance.com/papi/v1/listenKey",
        f"{SPOT}/sapi/v1/userDataStream/isolated",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_listen_key_wants_the_key_alone(method: str, url: str) -> None:
    sent = sign(Request(method, URL(url), {}, b"listenKey=x"), CREDS, STAMP)

    assert (str(sent.url), sent.headers, sent.body) == (url, {"X-MBX-APIKEY": KEY}, b"listenKey=x")


def test_public_endpoints_are_not_signed() -> None:
    """Defect 11: they would answer -1101."""
    public = [
        *(f"/api/v3/{name}" for name in ("ping", "time", "exchangeInfo", "depth", "klines", "ticker", "ticker/24hr")),
        *(f"/fapi/v1/{name}" for name in ("depth", "premiumIndex", "fundingRate", "indexInfo", "openInterest")),
        *(f"/dapi/v1/{name}" for name in ("depth", "indexPriceKlines", "markPriceKlines", "ticker/bookTicker")),
        "/fapi/v2/ticker/price",
        "/futures/data/openInterestHist",
        "/sapi/v1/system/status",
        "/papi/v1/ping",
    ]
    private = [
        *(f"/api/v3/{name}" for name in ("account", "openOrders", "myTrades", "rateLimit/order", "openOrderList")),
        *(f"/fapi/v1/{name}" for name in ("openOrders", "openAlgoOrders", "userTrades", "leverageBracket", "income")),
        "/fapi/v2/balance",
        "/fapi/v3/positionRisk",
        "/dapi/v1/positionRisk",
        "/sapi/v1/capital/config/getall",
        "/sapi/v1/lending/depth",
        "/fapi/v1/somethingNew",
    ]

    assert {security_of("GET", path) for path in public} == {"none"}
    assert {security_of("GET", path) for path in private} == {"signed"}
    assert security_of("GET", "/fapi/v1/historicalTrades") == "key"
    assert security_of("POST", "/api/v3/order/test") == "signed"
    request = Request("GET", URL(f"{SPOT}/api/v3/depth?symbol=BTCUSDT"))
    assert sign(request, CREDS, STAMP) is request


# ---------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("creds", "ms", "method", "params", "signature"),
    [
        (
            CREDS,
            1700000000123,
            "order.place",
            {
                "symbol": "BTCUSDT",
                "side": "SELL",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "price": "30000",
                "quantity": "0.01",
            },
            "a763f7186b5f91c9ac5554e48ea2dab8d75625f70436db7cabae0b1c703292e2",
        ),
        (
            CREDS,
            1700000000123,
            "userDataStream.subscribe.signature",
            None,
            "d487f373243db01d36f97ba71e467474ffe84cc89329d8ad4fd0cb4888723e9c",
        ),
        (
            DOCS,
            1645423376532,
            "order.place",
            {
                "symbol": "BTCUSDT",
                "side": "SELL",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "0.01000000",
                "price": "52000.00",
                "recvWindow": 100,
            },
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
        ),
        (
            DOCS,
            1645423376532,
            "order.place",
            {
                "symbol": "１２３４５６",
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "GTC",
                "quantity": "1.00000000",
                "price": "0.10000000",
                "recvWindow": 5000,
            },
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
    ],
    ids=["order", "user data", "official", "official, not ASCII"],
)
def test_known_answers_of_messages(creds: Credentials, ms: int, method: str, params: Any, signature: str) -> None:
    """C23, C33."""
    message = {"id": "1", "method": method} | ({} if params is None else {"params": params})
    before = copy.deepcopy(message)
    stamp = Stamp(ms, lambda: "")

    sent = sign_message(message, creds, stamp, WS_API)

    assert sent == {
        "id": "1",
        "method": method,
        "params": {**(params or {}), "apiKey": creds.key, "timestamp": ms, "signature": signature},
    }
    assert list(sent["params"])[-3:] == ["apiKey", "timestamp", "signature"]
    assert message == before
    assert sign_message(message, creds, stamp, WS_API) == sent


def test_a_message_that_is_sent_again_is_signed_afresh() -> None:
    """Defect 9: the old proof is no part of the new one."""
    message = {"id": 1, "method": "order.cancel", "params": {"symbol": "BTCUSDT", "orderId": 1}}
    later = Stamp(STAMP.ms + 1000, STAMP.nonce)

    once = sign_message(message, CREDS, STAMP, WS_API)

    assert sign_message(once, CREDS, STAMP, WS_API) == once
    assert sign_message(once, CREDS, later, WS_API) == sign_message(message, CREDS, later, WS_API)
    assert sign_message(once, CREDS, later, WS_API) != once


def test_values_are_signed_as_json_writes_them() -> None:
    """Defect 10: booleans are ``true`` and ``false``."""
    params = {"a": True, "b": False, "c": 7, "d": 0.5, "e": "x y", "f": ["あ"]}

    sent = sign_message({"id": 1, "method": "order.place", "params": params}, CREDS, STAMP, WS_API)

    payload = f'a=true&apiKey={KEY}&b=false&c=7&d=0.5&e=x y&f=["あ"]&timestamp=1700000000123'
    assert sent["params"]["signature"] == hmac_sha256(CREDS.secret, payload.encode())


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1, "method": "ping"},
        {"id": 1, "method": "depth", "params": {"symbol": "BTCUSDT"}},
        {"id": 1, "method": "v3/ticker.price", "params": {"symbol": "BTCUSDT"}},
        {"id": 1, "method": "session.status"},
        {"id": 1, "method": "session.logout"},
        {"id": 1, "method": "session.subscriptions", "params": {}},
        {"id": 1, "method": "userDataStream.subscribe"},
        {"id": 1, "method": "userDataStream.unsubscribe"},
        {"method": "SUBSCRIBE", "params": ["btcusdt@depth"], "id": 1},
        {"method": "LIST_SUBSCRIPTIONS", "id": 3},
        ["no call"],
        "text",
        {},
    ],
)
def test_what_needs_no_proof_gets_none(message: Any) -> None:
    """Defect 10."""
    assert sign_message(message, CREDS, STAMP, WS_API) is message


def test_methods_that_want_a_proof() -> None:
    signed_methods = (
        *("session.logon", "order.place", "order.test", "order.cancelReplace", "order.amend.keepPriority"),
        *("orderList.place.oco", "openOrders.cancelAll", "openOrderLists.status", "sor.order.place", "account.status"),
        *("allOrders", "allOrderLists", "myTrades", "myPreventedMatches", "myAllocations", "myFilters"),
        *("order.amendments", "userDataStream.subscribe.signature", "v2/account.position", "algoOrder.place"),
    )

    assert {wants_of_method(method) for method in signed_methods} == {"signed"}
    assert wants_of_method("userDataStream.start") == "key"
    assert sign_message({"id": 1, "method": "userDataStream.ping"}, CREDS, STAMP, WS_API)["params"] == {"apiKey": KEY}


# ---------------------------------------------------------------------- keys


def test_private_keys_sign_too() -> None:
    """Defect 19: Ed25519 and RSA keys; what they sign can be proved by their public half."""
    from Crypto.Hash import SHA256
    from Crypto.PublicKey import ECC, RSA
    from Crypto.Signature import eddsa, pkcs1_15

    edwards, rsa = ECC.generate(curve="ed25519"), RSA.generate(1024)
    request = request_of("POST", f"{SPOT}/api/v3/order", None, ORDER)
    payload = b"timestamp=1700000000123" + request.body

    for pem in (edwards.export_key(format="PEM").encode(), rsa.export_key(pkcs=8)):
        sent = sign(request, Credentials("binance", KEY, Secret(pem)), STAMP)
        _, _, text = sent.url.raw_query_string.rpartition("&signature=")
        assert not {"+", "/", "="} & set(text)  # percent-encoded
        proof = base64.b64decode(sent.url.query["signature"])
        if pem.startswith(b"-----BEGIN PRIVATE") and len(proof) == 64:
            eddsa.new(edwards.public_key(), "rfc8032").verify(payload, proof)
        else:
            pkcs1_15.new(rsa.public_key()).verify(SHA256.new(payload), proof)


def test_a_private_key_that_is_none_says_so_without_showing_it() -> None:
    """C15."""
    with pytest.raises(ConfigError) as caught:
        prove(Secret(b"-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----"), b"x")

    assert "U0VDUkVU" not in str(caught.value)


def test_signing_takes_less_than_a_millisecond() -> None:
    """F91."""
    request = request_of("POST", f"{SPOT}/api/v3/order", None, ORDER)
    message = {"id": 1, "method": "order.place", "params": ORDER}

    for work in (lambda: sign(request, CREDS, STAMP), lambda: sign_message(message, CREDS, STAMP, WS_API)):
        assert sorted(timeit.repeat(work, number=1, repeat=99))[49] < 0.001


def test_every_rest_host_signs_but_the_public_one() -> None:
    unsigned = {name for name, host in EXCHANGE.rest.items() if host.sign is None}

    assert unsigned == {"data-api.binance.vision"}
    assert {EXCHANGE.rest["testnet.binance.vision"].api, EXCHANGE.rest["testnet.binancefuture.com"].api} == {
        "binancespot_testnet",
        "binancefuture_testnet",
    }
    assert "rxSecret" not in repr(CREDS)
