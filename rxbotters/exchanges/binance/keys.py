"""What a secret proves with: HMAC for plain secrets, RSA or Ed25519 for private keys in PEM.

Source: developers.binance.com, "Request Security" of the spot API (2026-06).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache

from rxbotters.errors import ConfigError
from rxbotters.wire import Secret, hmac_sha256

__all__ = ["prove"]

_PEM = b"-----BEGIN"


def prove(secret: Secret, payload: bytes) -> str:
    """Return the signature of ``payload``: hex for an HMAC secret, base64 for a private key.

    Raises:
        ConfigError: The secret is a private key that cannot be read, or pycryptodome is not installed.
    """
    if secret.startswith(_PEM):
        return b64encode(_signer(bytes(secret))(payload)).decode()
    return hmac_sha256(secret, payload)


@lru_cache(maxsize=16)
def _signer(pem: bytes) -> Callable[[bytes], bytes]:
    """Return what signs with a private key; RSA is PKCS #1 v1.5 over SHA-256, Ed25519 is RFC 8032."""
    try:
        from Crypto.Hash import SHA256
        from Crypto.PublicKey import ECC, RSA
        from Crypto.Signature import eddsa, pkcs1_15
    except ImportError:
        raise ConfigError("RSA and Ed25519 keys of Binance need the package pycryptodome: install it") from None
    try:
        edwards = eddsa.new(ECC.import_key(pem), "rfc8032")
    except ValueError:
        pass
    else:
        return edwards.sign
    try:
        rsa = pkcs1_15.new(RSA.import_key(pem))
    except (ValueError, IndexError, TypeError):
        raise ConfigError("this secret begins as a private key, but is neither an Ed25519 nor an RSA key") from None
    return lambda payload: rsa.sign(SHA256.new(payload))
