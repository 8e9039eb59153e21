"""Bitget's signatures: requests and logins. Source: bitget.com/api-doc, "Signature", "Websocket API" (2025-10)."""

from __future__ import annotations

from urllib.parse import unquote_plus

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request, hmac_sha256_base64

__all__ = ["DEMO", "DEMO_API", "login_sign", "sign"]

DEMO = "paptrading"
"""The header that sends a request to demo trading."""
DEMO_API = "bitget_demo"


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with Bitget's ``ACCESS-*`` headers.

    Signed are the time in milliseconds, the method, the path, the query as it reads once decoded, and the bytes of the
    body. Keys of demo trading never go out without the header that says so.

    Source:
        bitget.com/api-doc/common/signature (2025-10). That the server decodes the query before it verifies: its sample
        code signs values that are not encoded, and github.com/ccxt/ccxt/issues/28888 saw ``40009`` for an encoded
        symbol and none for the decoded one (2026-06).
    """
    text = f"{stamp.ms}{request.method}{_target(request.url)}".encode() + request.body
    headers = {
        "ACCESS-KEY": creds.key,
        "ACCESS-SIGN": hmac_sha256_base64(creds.secret, text),
        "ACCESS-TIMESTAMP": str(stamp.ms),
        "ACCESS-PASSPHRASE": creds.passphrase.reveal(),
        "Content-Type": JSON,
    }
    if creds.name == DEMO_API and not any(name.lower() == DEMO for name in request.headers):
        headers[DEMO] = "1"
    return request.with_headers(headers)


def _target(url: URL) -> str:
    """Return path and query as the server reads them; most need no escapes, and stand as they were sent."""
    query = url.raw_query_string
    return f"{url.raw_path}?{unquote_plus(query)}" if query else url.raw_path


def login_sign(creds: Credentials, seconds: str) -> str:
    """Return the signature of a WebSocket login; ``seconds`` is its Unix time as it stands in the message.

    Source:
        bitget.com/api-doc/common/websocket-intro, "Login" (2025-10).
    """
    return hmac_sha256_base64(creds.secret, f"{seconds}GET/user/verify".encode())
