"""Keccak-256 and secp256k1: the two things Hyperliquid wants that Python does not bring. Imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from rxbotters.errors import ConfigError, CredentialError

__all__ = ["keccak256", "sign_digest"]

_MISSING = (
    "Hyperliquid's signatures need coincurve and pycryptodome: install the extra, "
    "python -m pip install 'rxbotters[hyperliquid]'"
)


@cache
def _load(module: str) -> Any:
    """Import a module of the extra.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ConfigError(_MISSING) from None


def keccak256(data: bytes) -> bytes:
    """Return the Keccak-256 of ``data``, 32 bytes: Ethereum's hash, not SHA3-256.

    Raises:
        ConfigError: The extra ``rxbotters[hyperliquid]`` is not installed.
    """
    new: Callable[..., Any] = _load("Crypto.Hash.keccak").new
    return bytes(new(digest_bits=256, data=data).digest())


def sign_digest(private_key: str, digest: bytes) -> dict[str, Any]:
    """Return the recoverable signature ``{"r", "s", "v"}`` of 32 bytes: RFC 6979 nonce, low s, ``v`` 27 or 28.

    ``r`` and ``s`` are hexadecimal numbers without leading zeros, as the exchange writes them.

    Raises:
        CredentialError: ``private_key`` is not the key of a wallet; the message does not show it.
        ConfigError: The extra ``rxbotters[hyperliquid]`` is not installed.
    """
    curve = _load("coincurve")
    try:
        secret = bytes.fromhex(private_key.removeprefix("0x"))
        if len(secret) != 32:
            raise ValueError
        key = curve.PrivateKey(secret)
    except ValueError:
        raise CredentialError("hyperliquid: the key must be a wallet's private key, 0x and 64 hex digits") from None
    signature: bytes = key.sign_recoverable(digest, hasher=None)
    r, s = (hex(int.from_bytes(part)) for part in (signature[:32], signature[32:64]))
    return {"r": r, "s": s, "v": 27 + signature[64]}
