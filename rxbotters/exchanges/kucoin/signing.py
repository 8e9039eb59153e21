"""KuCoin's request signature. Source: kucoin.com/docs-new/authentication (2025-11)."""

from __future__ import annotations

from urllib.parse import unquote_plus

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request, hmac_sha256_base64

__all__ = ["KEY_VERSION", "sign"]

KEY_VERSION = "KC-API-KEY-VERSION"
"""Which generation the key is of; "2" unless the request names another."""


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with KuCoin's ``KC-API-*`` headers.

    Signed are the time in milliseconds, the method, the path, the query as it reads before it is percent-encoded, and
    the bytes of the body. The passphrase goes out as its HMAC. A ``KC-API-KEY-VERSION`` that the request carries stands.

    Source:
        kucoin.com/docs-new/authentication (2025-11): a value ``abc!@#11`` is signed as that and sent as
        ``abc%21%40%2311``.
    """
    query = unquote_plus(request.url.raw_query_string)
    target = f"{request.url.path}?{query}" if query else request.url.path
    text = f"{stamp.ms}{request.method}{target}".encode() + request.body
    headers = {
        "KC-API-KEY": creds.key,
        "KC-API-SIGN": hmac_sha256_base64(creds.secret, text),
        "KC-API-TIMESTAMP": str(stamp.ms),
        "KC-API-PASSPHRASE": hmac_sha256_base64(creds.secret, creds.passphrase),
    }
    if not any(name.upper() == KEY_VERSION for name in request.headers):
        headers[KEY_VERSION] = "2"
    if request.body:
        headers["Content-Type"] = JSON
    return request.with_headers(headers)
