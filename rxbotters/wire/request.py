"""`Request`: one HTTP request as it will stand on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from yarl import URL

from .redact import redact_url

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed is what is sent: the url is encoded already, the body is bytes already.

    Attributes:
        method: Upper case.
        url: Encoded; never quoted again.
        headers: Names as they are sent.
        body: The bytes of the body, empty for none.
    """

    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query exactly as they stand in the request line."""
        return self.url.raw_path_qs

    @property
    def host(self) -> str:
        """Host name, without the port."""
        return self.url.host or ""

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """Return a copy with these headers added; the caller's mapping is not kept."""
        return replace(self, headers={**self.headers, **headers})

    def with_url(self, url: URL) -> Request:
        """Return a copy that goes elsewhere."""
        return replace(self, url=url)

    def with_body(self, body: bytes) -> Request:
        """Return a copy with another body."""
        return replace(self, body=body)

    def __repr__(self) -> str:
        return f"Request({self.method} {redact_url(self.url)}, {len(self.body)} bytes)"
