"""GMO Coin's request signature. Source: api.coin.z.com/docs, "authentication-private" (2025-11)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request, hmac_sha256

__all__ = ["sign"]

_PRIVATE = "/private"


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return a private request with GMO Coin's ``API-*`` headers; a public one as it is.

    Signed are the time in milliseconds, the method, the path without ``/private`` and without the query, and for POST
    the bytes of the body. The bodies of PUT and DELETE are sent unsigned.

    Source:
        api.coin.z.com/docs, "authentication-private" and "ws-auth-put" (2025-11).
    """
    path = request.url.raw_path
    if not path.startswith(f"{_PRIVATE}/"):
        return request
    text = f"{stamp.ms}{request.method}{path[len(_PRIVATE) :]}".encode()
    if request.method == "POST":
        text += request.body
    headers = {
        "API-KEY": creds.key,
        "API-TIMESTAMP": str(stamp.ms),
        "API-SIGN": hmac_sha256(creds.secret, text),
    }
    if request.body:
        headers["Content-Type"] = JSON
    return request.with_headers(headers)
