"""Phemex's request signature. Source: phemex-docs.github.io, "REST request header" (2026-01)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import Request, hmac_sha256

__all__ = ["AHEAD", "sign"]

AHEAD = 60_000
"""Milliseconds a signature is valid."""


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with Phemex's ``x-phemex-request-*`` headers.

    Signed are the path, the query without its ``?`` and with its escapes undone, the expiry in Unix seconds, and the
    bytes of the body; the method is not. Whether the exchange means the query before or after escaping is not written
    down anywhere: values that need no escapes are signed alike both ways.

    Source:
        phemex-docs.github.io, "REST request header" (2026-01).
    """
    expiry = str((stamp.ms + AHEAD) // 1000)
    text = f"{request.url.raw_path}{request.url.query_string}{expiry}".encode() + request.body
    return request.with_headers(
        {
            "x-phemex-access-token": creds.key,
            "x-phemex-request-expiry": expiry,
            "x-phemex-request-signature": hmac_sha256(creds.secret, text),
        }
    )
