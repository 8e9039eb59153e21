"""OKJ's signatures, the same for V3 and V5. Source: dev.okj.com/apidoc (2026-09), okcoinjapan/V5-Open-API-SDK (2026)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request

__all__ = ["login_sign", "sign"]


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with OKJ's ``OK-ACCESS-*`` headers.

    Signed are the time (ISO 8601, milliseconds), the method, path and query as sent, and the bytes of the body.

    Source:
        dev.okj.com/apidoc/v5/en (2026-09); okcoinjapan/V3-Open-API-SDK.
    """
    text = f"{stamp.iso}{request.method}{request.target}".encode() + request.body
    return request.with_headers(
        {
            "OK-ACCESS-KEY": creds.key,
            "OK-ACCESS-SIGN": _hmac(creds, text),
            "OK-ACCESS-TIMESTAMP": stamp.iso,
            "OK-ACCESS-PASSPHRASE": creds.passphrase.reveal(),
            "Content-Type": JSON,
        }
    )


def login_sign(creds: Credentials, timestamp: str) -> str:
    """Return the signature of a WebSocket login; ``timestamp`` is Unix time in seconds as it stands in the message."""
    return _hmac(creds, f"{timestamp}GET/users/self/verify".encode())


def _hmac(creds: Credentials, text: bytes) -> str:
    return base64.b64encode(hmac.new(creds.secret, text, hashlib.sha256).digest()).decode()
