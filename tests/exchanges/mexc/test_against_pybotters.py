"""The same requests through both libraries: equal, save for what docs/exchanges/mexc.md names. The reference has no stores."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

import rxbotters
from rxbotters.stores import DataStoreCollection
from rxbotters.wire import hmac_sha256
from tests.exchanges.compare import Pairing
from tests.exchanges.golden import ours, theirs

APIS = {"mexc": ["test-key", "test-secret"]}
SPOT, FUTURES, RETIRED = "https://api.mexc.com", "https://contract.mexc.com", "https://www.mexc.com"
PRIVATE = f"{FUTURES}/api/v1/private"
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 1, "price": 50000}
SUBMIT = {"symbol": "BTC_USDT", "price": 50000, "vol": 1, "side": 1, "type": 1, "openType": 1}
SPOT_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{SPOT}/api/v3/openOrders", {"params": {"symbol": "BTCUSDT"}}),
    ("GET", f"{SPOT}/api/v3/openOrders?symbol=BTCUSDT", {"params": {"recvWindow": 5000}}),
    ("GET", f"{SPOT}/api/v3/account", {}),
    ("GET", f"{SPOT}/api/v3/x", {"params": {"a": "b c", "d": "日本", "e": "", "f": "1,2+3/4"}}),
    ("POST", f"{SPOT}/api/v3/order", {"data": ORDER}),
    ("POST", f"{SPOT}/api/v3/order", {"params": ORDER}),
    (
        "POST",
        f"{SPOT}/api/v3/order",
        {"params": {"symbol": "BTCUSDT"}, "data": {"side": "BUY", "newClientOrderId": "注 文"}},
    ),
    ("POST", f"{SPOT}/api/v3/userDataStream", {}),
    ("POST", f"{SPOT}/api/v3/userDataStream", {"data": {}}),
    ("PUT", f"{SPOT}/api/v3/userDataStream", {"params": {"listenKey": "abc"}}),
    ("PUT", f"{SPOT}/api/v3/userDataStream", {"data": {"listenKey": "abc"}}),
    ("DELETE", f"{SPOT}/api/v3/order", {"params": {"symbol": "BTCUSDT", "orderId": "C02__5"}}),
]
FUTURES_CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{PRIVATE}/account/assets", {}),
    ("GET", f"{PRIVATE}/order/list/open_orders/BTC_USDT", {"params": {"page_size": 20, "page_num": 1}}),
    ("GET", f"{PRIVATE}/x?b=2&a=1", {"params": {"c": "日本", "d": ""}}),
    ("POST", f"{PRIVATE}/order/submit", {"data": SUBMIT}),
    ("POST", f"{PRIVATE}/order/cancel", {"data": [1, 2]}),
    ("POST", f"{PRIVATE}/order/submit_batch", {"data": [{"a": {"b": [None, True, "注文"]}}]}),
    ("POST", f"{PRIVATE}/order/cancel_all", {}),
    ("PUT", f"{PRIVATE}/x", {"data": {"a": 1}}),
    ("DELETE", f"{PRIVATE}/x", {"params": {"b": "2", "a": "1"}}),
    ("GET", f"{RETIRED}/open/api/v2/account/info", {"params": {"b": "2", "a": "1"}}),
    ("POST", f"{RETIRED}/open/api/v2/order/place", {"data": {"symbol": "BTC_USDT"}}),
]


class Both(DataStoreCollection):
    """Futures and spot behind one door: recordings hold both."""

    def _init(self) -> None:
        self._futures, self._spot = rxbotters.MEXCFuturesDataStore(), rxbotters.MEXCSpotDataStore()
        for part, kind in ((self._futures, "futures"), (self._spot, "spot")):
            part.errors.subscribe(self.errors.emit)
            self._stores |= {f"{kind} {name}": part[name] for name in part}

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        is_spot = isinstance(msg, dict) and str(msg.get("channel", "spot")).startswith("spot")
        (self._spot if is_spot else self._futures).onmessage(msg, ws)

    def _routes(self) -> Mapping[str, Any]:
        return ChainMap(self._futures._routes(), self._spot._routes())  # type: ignore[arg-type]


PAIRINGS = {"mexc": Pairing(ours=Both, page="mexc", alone=9)}


@pytest.mark.parametrize(("method", "url", "arguments"), SPOT_CALLS)
async def test_the_same_requests_of_spot(method: str, url: str, arguments: dict[str, Any]) -> None:
    """Difference 3: a form says that it is one."""
    reference = await theirs(APIS, method, url, **arguments)
    sent = ours(APIS, method, url, **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    assert sent.header("X-MEXC-APIKEY") == reference.header("X-MEXC-APIKEY") == "test-key"
    assert reference.header("Content-Type") == "application/json"
    assert sent.header("Content-Type") == ("application/x-www-form-urlencoded" if sent.body else "application/json")


@pytest.mark.parametrize(("method", "url", "arguments"), FUTURES_CALLS)
async def test_the_same_requests_of_futures(method: str, url: str, arguments: dict[str, Any]) -> None:
    """Over http, the only way to a server of ours, the reference signs no query: there the signature is made by hand,
    and the reference's own for https stand in ``test_signing.py``."""
    reference = await theirs(APIS, method, url, **arguments)
    sent = ours(APIS, method, url, **arguments)

    assert (sent.method, sent.target, sent.body) == (reference.method, reference.target, reference.body)
    for name in ("ApiKey", "Request-Time", "Content-Type"):
        assert sent.header(name) == reference.header(name), name
    query = URL(f"https://x{sent.target}").query
    if not query:
        assert sent.header("Signature") == reference.header("Signature")
    else:
        text = "&".join(f"{name}={quote(query[name], safe='')}" for name in sorted(query))
        assert sent.header("Signature") == hmac_sha256(b"test-secret", f"test-key1700000000123{text}".encode())


def test_values_that_the_reference_signs_wrongly() -> None:
    """Defect 3, difference 1: over https it signs the query as it is sent, where the documentation encodes it anew."""
    url = f"{PRIVATE}/order/batch_query"

    sent = ours(APIS, "GET", url, params={"ids": "1,2 3+4/ü"})

    query = sent.target.partition("?")[2]
    reference = hmac_sha256(b"test-secret", f"test-key1700000000123{query}".encode())
    assert reference == "c4b564796db8814f57807de665263f48b2f695d9c155219622078e7b6c57fdff"  # what 1.11.2 gave
    assert sent.target == "/api/v1/private/order/batch_query?ids=1,2+3%2B4/%C3%BC"
    assert sent.header("Signature") == "36f1586ddf38dbbff8c3dde0b0232b0f0ecf3f45aa60beb6ba850c575743d896"


@pytest.mark.parametrize(
    "url",
    [
        f"{SPOT}/api/v3/depth?symbol=BTCUSDT",
        f"{SPOT}/api/v3/ticker/24hr",
        f"{FUTURES}/api/v1/contract/depth/BTC_USDT",
        f"{RETIRED}/open/api/v2/market/symbols",
    ],
)
async def test_market_data_that_the_reference_signs(url: str) -> None:
    """Defect 5, difference 2."""
    reference = await theirs(APIS, "GET", url)
    sent = ours(APIS, "GET", url)

    assert "signature=" in reference.target or reference.header("Signature")
    assert (
        sent.target == url.removeprefix("https://").partition("/")[1] + url.removeprefix("https://").partition("/")[2]
    )
    assert not {"X-MEXC-APIKEY", "ApiKey", "Signature"} & set(sent.headers)


@pytest.mark.parametrize("text", ['{"symbol": "BTC_USDT", "vol": 1}', b'{"symbol":"BTC_USDT"}'])
async def test_a_text_is_sent_as_it_is(text: Any) -> None:
    """Defect 4, difference 4: the reference quotes a text once more, and raises at bytes."""
    sent = ours(APIS, "POST", f"{PRIVATE}/order/submit", data=text)

    plain = text if isinstance(text, bytes) else text.encode()
    assert sent.body == plain
    assert sent.header("Content-Type") == "application/json"
    assert sent.header("Signature") == hmac_sha256(b"test-secret", b"test-key1700000000123" + plain)
    if isinstance(text, bytes):
        with pytest.raises(TypeError):
            await theirs(APIS, "POST", f"{PRIVATE}/order/submit", data=text)
    else:
        reference = await theirs(APIS, "POST", f"{PRIVATE}/order/submit", data=text)
        assert json.loads(reference.body) == text


async def test_futures_on_the_host_of_spot() -> None:
    """Difference 5: since 2026-01-19 the futures API is there too; the reference signs it as spot."""
    url = f"{SPOT}/api/v1/private/order/submit"

    reference = await theirs(APIS, "POST", url, data=SUBMIT)
    sent = ours(APIS, "POST", url, data=SUBMIT)
    known = ours(APIS, "POST", f"{PRIVATE}/order/submit", data=SUBMIT)

    assert "signature=" in reference.target
    assert (sent.target, sent.body, sent.headers) == (known.target, known.body, known.headers)
