"""MEXC's two signatures under one name of keys: the path decides.

Source: mexc.com/api-docs, spot v3 "General Info" and futures "Integration Guide" (2026-04).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import FORM, JSON, Encoder, Request, form_body, hmac_sha256, json_body

from .endpoints import family_of, is_public

__all__ = ["encode_of", "login_sign", "parameters", "sign"]


def encode_of(url: URL) -> Encoder:
    """Return how a body is written: a form on spot, JSON on futures."""
    return form_body if family_of(url.path) == "spot" else json_body


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with its proof; market data needs none, and so no clock that is right."""
    path = request.url.path
    if is_public(request.method, path):
        return request
    return _spot(request, creds, stamp) if family_of(path) == "spot" else _futures(request, creds, stamp)


def login_sign(creds: Credentials, ms: int) -> str:
    """Return the proof of a login to the futures WebSocket at a Unix time in milliseconds."""
    return hmac_sha256(creds.secret, f"{creds.key}{ms}".encode())


def _spot(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Sign the query as it stands in the request line, then the bytes of the body, with nothing between them.

    The time (milliseconds) is appended to the query unless the caller put one there; the signature comes last. A body
    says what it is; a request without one says JSON, as MEXC's own programs do.
    """
    url = request.url
    query = url.raw_query_string
    if "timestamp" not in url.query:
        query = f"{query}&timestamp={stamp.ms}" if query else f"timestamp={stamp.ms}"
    signature = hmac_sha256(creds.secret, query.encode() + request.body)
    base = str(url.with_query(None).with_fragment(None))
    headers = {"X-MEXC-APIKEY": creds.key}
    if not any(name.lower() == "content-type" for name in request.headers):
        headers["Content-Type"] = FORM if request.body else JSON
    return request.with_url(URL(f"{base}?{query}&signature={signature}", encoded=True)).with_headers(headers)


def _futures(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Sign key, time and parameters: those of the query, sorted by name, or the body as it is sent. The url stays."""
    is_query = request.method in ("GET", "DELETE")
    text = parameters(request.url.query.items()).encode() if is_query else request.body
    proof = hmac_sha256(creds.secret, f"{creds.key}{stamp.ms}".encode() + text)
    headers = {"ApiKey": creds.key, "Request-Time": str(stamp.ms), "Signature": proof}
    if not any(name.lower() == "content-type" for name in request.headers):
        headers["Content-Type"] = JSON
    return request.with_headers(headers)


def parameters(pairs: Iterable[tuple[str, str]]) -> str:
    """Return query parameters as they are signed: by name, each value with all but ``A-Za-z0-9.-*_`` encoded.

    Source:
        mexc.com/api-docs/futures/integration-guide (2026-04): Java's ``URLEncoder``, with ``%20`` for a space.

    Example:
        >>> parameters([("symbol", "BTC_USDT"), ("ids", "1,2 3~*")])
        'ids=1%2C2%203%7E*&symbol=BTC_USDT'
    """
    return "&".join(f"{name}={quote(value, safe='*').replace('~', '%7E')}" for name, value in sorted(pairs))
