"""Digests that exchanges ask for."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["hmac_sha256"]


def hmac_sha256(secret: bytes, message: bytes) -> str:
    """Return the lower-case hex HMAC-SHA256.

    Example:
        >>> hmac_sha256(b"key", b"message")[:16]
        '6e9ef29b75fffc5b'
    """
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
