"""bitbank's request signature. Source: bitbankinc/bitbank-api-docs, ``rest-api.md``, "Authorization" (2025-12-25)."""

from __future__ import annotations

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials
from rxbotters.wire import Request, hmac_sha256

__all__ = ["sign"]

_PUBLIC = "/v1/spot/"


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    """Return ``request`` with bitbank's ``ACCESS-*`` headers, by the method of the time window.

    Signed are the time in milliseconds, the window the caller asked for in ``ACCESS-TIME-WINDOW`` (milliseconds, at
    most 60000; the exchange takes 5000 where the header is missing), and then path and query of a GET as sent, or the
    bytes of any other body. The time need not be unique, so that a clock that was set back costs nothing. Market status
    and pairs, ``/v1/spot/…``, want no signature and get none.

    Source:
        bitbankinc/bitbank-api-docs, ``rest-api.md``, "Authorization" and "ACCESS-TIME-WINDOW" (2025-12-25).
    """
    if request.url.path.startswith(_PUBLIC):
        return request
    window = next((value for name, value in request.headers.items() if name.lower() == "access-time-window"), "")
    signed = request.target.encode() if request.method == "GET" else request.body
    return request.with_headers(
        {
            "ACCESS-KEY": creds.key,
            "ACCESS-REQUEST-TIME": str(stamp.ms),
            "ACCESS-SIGNATURE": hmac_sha256(creds.secret, f"{stamp.ms}{window}".encode() + signed),
        }
    )
