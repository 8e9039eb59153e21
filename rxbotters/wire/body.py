"""Bodies: from what the user gives to the bytes that are signed and sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

__all__ = ["FORM", "JSON", "Encoder", "form_body", "json_body"]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Encoder = Callable[[Any], tuple[bytes, str]]
"""Turns ``data`` into (body, content type)."""


def json_body(data: Any) -> tuple[bytes, str]:
    """Encode as JSON with ``", "`` and ``": "``, non-ASCII escaped, in insertion order; nothing at all if empty.

    Example:
        >>> json_body({"side": "BUY", "size": 0.01})
        (b'{"side": "BUY", "size": 0.01}', 'application/json')
    """
    return (json.dumps(data, allow_nan=False).encode(), JSON) if data else (b"", JSON)


def form_body(data: Any) -> tuple[bytes, str]:
    """Encode as a form; a list gives the name once for each value.

    Example:
        >>> form_body({"a": 1, "b": "x y"})
        (b'a=1&b=x+y', 'application/x-www-form-urlencoded')
    """
    return (urlencode(data, doseq=True).encode(), FORM) if data else (b"", FORM)
