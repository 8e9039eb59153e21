"""Bybit's request signature. Source: bybit-exchange.github.io/docs/v5/guide, "Authentication" (2026-07)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import Request, hmac_sha256

__all__ = ["sign"]

_WINDOW = "x-bapi-recv-window"


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with Bybit's ``X-BAPI-*`` headers.

    Signed are the time in milliseconds, the key, the caller's ``X-BAPI-RECV-WINDOW`` (milliseconds; the exchange takes
    5000 if there is none), the query as it stands in the request line, and the bytes of the body. Method and path are
    not signed.

    Source:
        bybit-exchange.github.io/docs/v5/guide, "Authentication" (2026-07).
    """
    window = next((value for name, value in request.headers.items() if name.lower() == _WINDOW), "")
    text = f"{stamp.ms}{creds.key}{window}{request.url.raw_query_string}".encode() + request.body
    return request.with_headers(
        {
            "X-BAPI-API-KEY": creds.key,
            "X-BAPI-TIMESTAMP": str(stamp.ms),
            "X-BAPI-SIGN": hmac_sha256(creds.secret, text),
        }
    )
