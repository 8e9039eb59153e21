"""Binance's signatures, of requests and of WebSocket messages.

Source: developers.binance.com, "Request Security" of the spot REST and WebSocket APIs, "General Info" of the futures
(2026-06); an official vector for each is in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import Request

from .keys import prove
from .security import security_of, wants_of_method

__all__ = ["sign", "sign_message", "signed"]

_OURS = ("apiKey", "timestamp", "signature")


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with what its endpoint wants: nothing, the key in ``X-MBX-APIKEY``, or key and signature.

    Source:
        developers.binance.com, "Request Security" (2026-06).
    """
    wants = security_of(request.method, request.url.path)
    if wants == "none":
        return request
    if wants == "key":
        return request.with_headers({"X-MBX-APIKEY": creds.key})
    return signed(request, creds, stamp)


def signed(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with key, time and signature, whatever its endpoint is.

    Signed are the query, as it stands in the request line, and the bytes of the body, with nothing between them. The
    time (milliseconds) is appended to the query unless the caller put one there; the signature comes last.
    """
    url = request.url
    query = url.raw_query_string
    if "timestamp" not in url.query:
        query = f"{query}&timestamp={stamp.ms}" if query else f"timestamp={stamp.ms}"
    signature = quote(prove(creds.secret, query.encode() + request.body), safe="")
    base = str(url.with_query(None).with_fragment(None))
    return request.with_url(URL(f"{base}?{query}&signature={signature}", encoded=True)).with_headers(
        {"X-MBX-APIKEY": creds.key}
    )


def sign_message(message: Any, creds: Credentials, stamp: Stamp, url: URL) -> Any:
    """Return a message of the WebSocket API with key, time and signature if its method wants them.

    Signed are all parameters but the signature, sorted by name, as plain text. Earlier proofs in ``message`` are
    replaced, so a message that is sent again is signed afresh.

    Source:
        developers.binance.com, spot WebSocket API, "Request Security" (2026-06).
    """
    call: Mapping[str, Any] = cast("Mapping[str, Any]", message) if isinstance(message, Mapping) else {}
    wants = wants_of_method(str(call.get("method")))
    if wants == "none":
        return cast(Any, message)
    given: Mapping[str, Any] = call.get("params") or {}
    params = {name: value for name, value in given.items() if name not in _OURS}
    params["apiKey"] = creds.key
    if wants == "signed":
        params["timestamp"] = stamp.ms
        payload = "&".join(f"{name}={_text(params[name])}" for name in sorted(params))
        params["signature"] = prove(creds.secret, payload.encode())
    return {**call, "params": params}


def _text(value: Any) -> str:
    """Return a value as it reads in JSON, without the quotes of a text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
