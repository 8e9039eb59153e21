"""What must never print, and how it prints instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from yarl import URL

__all__ = ["MASK", "SECRET_HEADERS", "Secret", "masked", "redact_message", "redact_text", "redact_url"]

MASK: Final = "***"

SECRET_HEADERS: Final = re.compile(
    r"(^|-)(key|api_?key|sign|signature|passphrase|token|secret|authorization|cookie)($|-)", re.IGNORECASE
)
"""Header names whose values are secrets or prove possession of one."""

_SECRET_QUERY: Final = re.compile(
    r"(token|listenkey|signature|sign|secret|passphrase|passwd|password|api_?key|access_?key(id)?|connectid|auth)$",
    re.IGNORECASE,
)
_LONG_OPAQUE: Final = re.compile(r"[A-Za-z0-9_\-=]{24,}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9]{60,}")
_IN_TEXT: Final = re.compile(r"(?:wss?|https?)://[^\s'\"<>)]+")


class Secret(bytes):
    """Bytes that never show: ``repr`` and ``str`` give a mask. `reveal` gives the plain text.

    Example:
        >>> key = Secret(b"YmZzZWNyZXQ")
        >>> key, f"{key}", len(key)
        (Secret(***), '***', 11)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def reveal(self) -> str:
        """Return the secret as text, for the one header or message that must carry it."""
        return self.decode()


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` without the secrets in it.

    Example:
        >>> masked("invalid key K1", ["K1"])
        'invalid key ***'
    """
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def redact_url(url: URL | str) -> str:
    """Return ``url`` as text with its secrets masked.

    Masked are the user and password, the values of query fields known to carry secrets, and path segments that look
    like tokens: 24 or more letters and digits without a break.

    Example:
        >>> redact_url("wss://stream.example.com/ws?listenKey=pqia91ma19a5s61cv6a81va65sd&depth=5")
        'wss://stream.example.com/ws?listenKey=***&depth=5'
    """
    try:
        parsed = URL(url) if isinstance(url, str) else url
    except ValueError:
        return MASK
    base = f"{parsed.scheme}://{parsed.raw_authority.rpartition('@')[2]}" if parsed.scheme else parsed.raw_authority
    path = "/".join(MASK if _LONG_OPAQUE.fullmatch(part) else part for part in parsed.raw_path.split("/"))
    query = "&".join(
        f"{name}={MASK if _SECRET_QUERY.search(name) or _LONG_OPAQUE.fullmatch(value) else value}"
        for name, value in parsed.query.items()
    )
    return base + path + (f"?{query}" if query else "")


def redact_text(text: str) -> str:
    """Return ``text`` with every url in it redacted."""
    return _IN_TEXT.sub(lambda match: redact_url(match.group()), text)


def redact_message(message: Any) -> Any:
    """Return a decoded message with the proofs in it masked: signatures, keys and tokens under their usual names, and
    long texts without a break, such as listen keys. A message that holds none is returned as it is.

    Example:
        >>> redact_message({"id": 1, "params": {"symbol": "BTCUSDT", "apiKey": "vmPUZE6m", "signature": "c8db56"}})
        {'id': 1, 'params': {'symbol': 'BTCUSDT', 'apiKey': '***', 'signature': '***'}}
    """
    whole: Any = message
    if isinstance(message, Mapping):
        shown = {
            name: MASK if isinstance(name, str) and _SECRET_QUERY.search(name) else redact_message(value)
            for name, value in whole.items()
        }
        return whole if shown == whole else shown
    if isinstance(message, list | tuple):
        parts = [redact_message(part) for part in whole]
        return whole if parts == list(whole) else parts
    return MASK if isinstance(message, str) and _TOKEN.fullmatch(message) else message
