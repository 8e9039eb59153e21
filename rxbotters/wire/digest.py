"""Digests that exchanges ask for."""

from __future__ import annotations

import base64
import hashlib
import hmac

__all__ = ["hmac_sha256", "hmac_sha256_base64"]


def hmac_sha256(secret: bytes, message: bytes) -> str:
    """Return the lower-case hex HMAC-SHA256.

    Example:
        >>> hmac_sha256(b"key", b"message")[:16]
        '6e9ef29b75fffc5b'
    """
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def hmac_sha256_base64(secret: bytes, message: bytes) -> str:
    """Return the HMAC-SHA256 in base64.

    Example:
        >>> hmac_sha256_base64(b"key", b"message")[:16]
        'bp7ym3X//Ft6uuUn'
    """
    return base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()
