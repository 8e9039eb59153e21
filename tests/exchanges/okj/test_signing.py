"""OKJ's signatures: known answers for V3 and V5, on every host, and quickly."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Credentials, Hosts
from rxbotters.errors import CredentialError
from rxbotters.exchanges.okj import EXCHANGE, legacy, session
from rxbotters.exchanges.okj.signing import sign
from rxbotters.wire import Request, Secret, json_body, loads

KEY, SECRET, PASSPHRASE = "okjkey-0000-1111-2222", "OKJSECRET0123456789ABCDEF", "OkjPass!1"
CREDS = Credentials("okj", KEY, Secret(SECRET.encode()), Secret(PASSPHRASE.encode()))
STAMP = Stamp(1700000000123, lambda: "00112233445566778899aabbccddeeff")
VECTORS = [
    (
        "GET",
        "https://www.okcoin.jp/api/spot/v3/orders",
        {"instrument_id": "BTC-JPY", "state": "2", "limit": "10"},
        None,
        "/api/spot/v3/orders?instrument_id=BTC-JPY&state=2&limit=10",
        b"",
        "OuRSccUwzKaVybhTZnWC70Z+g1+OCw6k0xd3FrUyRAg=",
    ),
    (
        "POST",
        "https://www.okcoin.jp/api/spot/v3/orders",
        None,
        {"type": "limit", "side": "buy", "instrument_id": "BTC-JPY", "size": "0.001", "price": "5000000"},
        "/api/spot/v3/orders",
        b'{"type": "limit", "side": "buy", "instrument_id": "BTC-JPY", "size": "0.001", "price": "5000000"}',
        "XCqKg/dR4JmX8airygEHR8JOJE41ZzgVILwXX6KqwnQ=",
    ),
    (
        "GET",
        "https://api.okj.com/api/v5/account/balance",
        {"ccy": "BTC"},
        None,
        "/api/v5/account/balance?ccy=BTC",
        b"",
        "34VHx6INpaW6S0mKm7O6J7gXf5OrCmR+AxqPsppleeY=",
    ),
]


@pytest.mark.parametrize(("method", "url", "params", "data", "target", "body", "signature"), VECTORS)
def test_known_answers(method: str, url: str, params: Any, data: Any, target: str, body: bytes, signature: str) -> None:
    """C23, P7: signed is what is sent. The third is by the SDK's recipe, not the reference's answer."""
    request = Request(method, URL(url).extend_query(params or {}), {}, json_body(data)[0])
    before = copy.deepcopy((str(request.url), dict(request.headers), request.body))

    signed = sign(request, CREDS, STAMP)

    assert (signed.target, signed.body) == (target, body)
    assert signed.headers == {
        "OK-ACCESS-KEY": KEY,
        "OK-ACCESS-SIGN": signature,
        "OK-ACCESS-TIMESTAMP": "2023-11-14T22:13:20.123Z",
        "OK-ACCESS-PASSPHRASE": PASSPHRASE,
        "Content-Type": "application/json",
    }
    assert (str(request.url), dict(request.headers), request.body) == before
    assert sign(request, CREDS, STAMP).headers == signed.headers


def test_the_login_vector_of_v3() -> None:
    (text,) = next(legacy.login(CREDS, STAMP, URL("wss://connect.okcoin.jp:443/ws/v3"))) or ()

    assert loads(text) == {
        "op": "login",
        "args": [KEY, PASSPHRASE, "1700000000.123", "QtDx7piV8+KWJjEK7haC/qJYnc4ZI97L7FufJyMyzsM="],
    }


def test_the_login_vector_of_v5() -> None:
    (text,) = next(session.login(CREDS, STAMP, URL("wss://ws.okj.com:443/ws/v5/private"))) or ()

    assert loads(text) == {
        "op": "login",
        "args": [
            {
                "apiKey": KEY,
                "passphrase": PASSPHRASE,
                "timestamp": 1700000000,
                "sign": "BpT6p028hlYixSNr5hISFTE6QQ9TbGD+nK894zYawrE=",
            }
        ],
    }


def test_every_host_signs_and_logs_in() -> None:
    """Defect 1: the reference knows okcoin.jp only."""
    assert set(EXCHANGE.rest) == {"api.okj.com", "www.okj.com", "www.okcoin.jp"}
    assert set(EXCHANGE.ws) == {"ws.okj.com", "connect.okj.com", "connect.okcoin.jp"}
    assert all(host.sign is sign and host.api == "okj" for host in EXCHANGE.rest.values())
    assert EXCHANGE.ws["ws.okj.com"].login is session.login
    assert all(EXCHANGE.ws[host].login is legacy.login for host in ("connect.okj.com", "connect.okcoin.jp"))
    assert all(host.beat is not None for host in EXCHANGE.ws.values())


def test_a_key_without_its_passphrase_is_refused() -> None:
    """C12, F107."""
    with pytest.raises(CredentialError, match="Missing passphrase for okj"):
        load_credentials({"okj": ["key", "secret"]}, Hosts([EXCHANGE]).apis)


def test_the_secret_never_shows() -> None:
    """C15, P8."""
    assert SECRET not in repr(CREDS)
    assert PASSPHRASE not in repr(CREDS)
    assert PASSPHRASE not in repr(sign(Request("GET", URL("https://api.okj.com/")), CREDS, STAMP))
