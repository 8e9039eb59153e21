"""Coincheck's signatures. Source: coincheck.com/documents/exchange/api, "Authentication", "Private channels" (2026)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import Request, hmac_sha256

__all__ = ["STREAM", "sign", "sign_login"]

STREAM = "wss://stream.coincheck.com/private"
"""What a login signs, wherever it connects to."""


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with Coincheck's ``ACCESS-*`` headers.

    Signed are the nonce, the whole url as sent and the bytes of the body; not the method. The nonce is the time in
    milliseconds, or one more than the last one of this key: it must grow with every request and every login.

    Source:
        coincheck.com/documents/exchange/api, "Authentication" (2026).
    """
    nonce = str(stamp.serial())
    return request.with_headers(
        {
            "ACCESS-KEY": creds.key,
            "ACCESS-NONCE": nonce,
            "ACCESS-SIGNATURE": hmac_sha256(creds.secret, f"{nonce}{request.url}".encode() + request.body),
        }
    )


def sign_login(creds: Credentials, stamp: Stamp) -> dict[str, str]:
    """Return the login message of the private stream; its nonce is one of the same row.

    Source:
        coincheck.com/documents/exchange/api, "Private channels" (2026).
    """
    nonce = str(stamp.serial())
    return {
        "type": "login",
        "access_key": creds.key,
        "access_nonce": nonce,
        "access_signature": hmac_sha256(creds.secret, f"{nonce}{STREAM}".encode()),
    }
