"""bitFlyer's request signature. Source: lightning.bitflyer.com/docs, "Authentication" (2026-08)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request, hmac_sha256

__all__ = ["sign"]


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with bitFlyer's ``ACCESS-*`` headers.

    Signed are the time in milliseconds, the method, path and query as sent, and the bytes of the body; the secret
    looks like base64 but is used as it is written.

    Source:
        lightning.bitflyer.com/docs, "Authentication" (2026-08).
    """
    text = f"{stamp.ms}{request.method}{request.target}".encode() + request.body
    headers = {
        "ACCESS-KEY": creds.key,
        "ACCESS-TIMESTAMP": str(stamp.ms),
        "ACCESS-SIGN": hmac_sha256(creds.secret, text),
    }
    if request.body:
        headers["Content-Type"] = JSON
    return request.with_headers(headers)
