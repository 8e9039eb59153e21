"""OKX's signatures: requests and logins. Source: okx.com/docs-v5, "REST Authentication", "Login" (2026-07)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request, hmac_sha256_base64

__all__ = ["DEMO", "login_sign", "sign"]

DEMO = "x-simulated-trading"
"""The header that sends a request to demo trading."""


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with OKX's ``OK-ACCESS-*`` headers.

    Signed are the time (ISO 8601, milliseconds), the method, path and query as sent, and the bytes of the body. Keys of
    demo trading never go out without the header that says so.

    Source:
        okx.com/docs-v5, "REST Authentication" (2026-07).
    """
    text = f"{stamp.iso}{request.method}{request.target}".encode() + request.body
    headers = {
        "OK-ACCESS-KEY": creds.key,
        "OK-ACCESS-SIGN": hmac_sha256_base64(creds.secret, text),
        "OK-ACCESS-TIMESTAMP": stamp.iso,
        "OK-ACCESS-PASSPHRASE": creds.passphrase.reveal(),
        "Content-Type": JSON,
    }
    if creds.name == "okx_demo" and not any(name.lower() == DEMO for name in request.headers):
        headers[DEMO] = "1"
    return request.with_headers(headers)


def login_sign(creds: Credentials, seconds: str) -> str:
    """Return the signature of a WebSocket login; ``seconds`` is its Unix time as it stands in the message.

    Source:
        okx.com/docs-v5, "WebSocket", "Login" (2026-07).
    """
    return hmac_sha256_base64(creds.secret, f"{seconds}GET/users/self/verify".encode())
