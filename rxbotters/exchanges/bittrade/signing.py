"""BitTrade's signatures: of requests, in the query, and of the private stream's login.

Source: api-doc.bittrade.co.jp, "セキュリティ認証" and "認証ロジック"; BitTrade-Inc/BitTrade-api-docs, ``rest-api.md`` and
``websocket-api.md`` (2024-04).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import Request, hmac_sha256_base64

__all__ = ["LOGIN_PATH", "is_public", "login_fields", "sign"]

LOGIN_PATH = "/ws/v2"
"""The path that every login signs, fixed by the documentation."""

_PUBLIC = ("/market/", "/v1/common/")
_PUBLIC_PATHS = frozenset({"/v1/retail/maintain/time"})
_PROOFS = frozenset({"AccessKeyId", "SignatureMethod", "SignatureVersion", "Timestamp", "Signature"})


def is_public(url: URL) -> bool:
    """Whether everybody may ask: such requests carry no key.

    Example:
        >>> is_public(URL("https://api-cloud.bittrade.co.jp/market/depth?symbol=btcjpy"))
        True
        >>> is_public(URL("https://api-cloud.bittrade.co.jp/v1/order/openOrders"))
        False
    """
    return url.path.startswith(_PUBLIC) or url.path in _PUBLIC_PATHS


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with its proof in the query; a request to a public path as it is.

    Signed are method, host, path and the whole query in the order of its names, percent-encoded, a space as ``%20``. The
    body is not. A proof that the url carries already is replaced.

    Source:
        BitTrade-Inc/BitTrade-api-docs, ``rest-api.md`` (2024-04).
    """
    if is_public(request.url):
        return request
    given = list(request.url.query.items())
    own = [(name, value) for name, value in given if name not in _PROOFS]
    url = request.url if len(own) == len(given) else request.url.with_query(own)
    proof = [
        ("AccessKeyId", creds.key),
        ("SignatureMethod", "HmacSHA256"),
        ("SignatureVersion", "2"),
        ("Timestamp", _timestamp(stamp)),
    ]
    signature = _signature(creds, request.method, url.host or "", url.raw_path, [*own, *proof])
    return request.with_url(url.extend_query([*proof, ("Signature", signature)]))


def login_fields(creds: Credentials, stamp: Stamp, host: str) -> dict[str, str]:
    """Return the ``params`` of a login of the private stream."""
    proof = {
        "accessKey": creds.key,
        "signatureMethod": "HmacSHA256",
        "signatureVersion": "2.1",
        "timestamp": _timestamp(stamp),
    }
    return {"authType": "api", **proof, "signature": _signature(creds, "GET", host, LOGIN_PATH, proof.items())}


def _signature(creds: Credentials, method: str, host: str, path: str, fields: Iterable[tuple[str, str]]) -> str:
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(fields))
    return hmac_sha256_base64(creds.secret, f"{method}\n{host}\n{path}\n{query}".encode())


def _timestamp(stamp: Stamp) -> str:
    """Return the time as ``2023-11-14T22:13:20``, UTC."""
    return f"{datetime.fromtimestamp(stamp.seconds, UTC):%Y-%m-%dT%H:%M:%S}"
