"""BitMEX's request signature, and how bodies are written. Source: bitmex.com/app/apiKeysUsage (2026-08)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import JSON, Request, form_body, hmac_sha256

__all__ = ["VALID_S", "encode", "sign", "signature"]

VALID_S = 5
"""Seconds for which a signature is valid."""


def encode(data: Any) -> tuple[bytes, str]:
    """Encode a flat object of texts, numbers and lists of these as a form, everything else as JSON.

    Example:
        >>> encode({"symbol": "XBTUSD", "orderQty": 100})
        (b'symbol=XBTUSD&orderQty=100', 'application/x-www-form-urlencoded')
        >>> encode({"orders": [{"orderQty": 1}]})
        (b'{"orders":[{"orderQty":1}]}', 'application/json')
    """
    if not data or _is_flat(data):
        return form_body(data)
    return json.dumps(data, allow_nan=False, separators=(",", ":")).encode(), JSON


def _is_flat(data: Any) -> bool:
    if not isinstance(data, Mapping):
        return False
    values = cast("Mapping[str, Any]", data).values()
    return all(all(map(_is_plain, value)) if isinstance(value, list) else _is_plain(value) for value in values)  # pyright: ignore


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def signature(secret: bytes, method: str, target: str, expires: int | str, body: bytes = b"") -> str:
    """Return the proof of a request: method, path and query as sent, expiry, body.

    Example:
        >>> signature(b"chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO", "GET", "/api/v1/instrument", 1518064236)[:16]
        'c7682d435d0cfe87'
    """
    return hmac_sha256(secret, f"{method}{target}{expires}".encode() + body)


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with BitMEX's three ``api-…`` headers.

    The signature is good for five seconds; a caller's own header ``api-expires`` (Unix time in seconds) is kept.

    Source:
        bitmex.com/app/apiKeysUsage, "Authenticating with an API Key" (2026-08).
    """
    given = {name.lower(): value for name, value in request.headers.items()}.get("api-expires")
    expires = str(stamp.seconds + VALID_S) if given is None else given
    proof = signature(creds.secret, request.method, request.target, expires, request.body)
    own = {} if given is not None else {"api-expires": expires}
    return request.with_headers({**own, "api-key": creds.key, "api-signature": proof})
