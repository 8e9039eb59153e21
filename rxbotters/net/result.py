"""What `fetch` gives back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from rxbotters.errors import ProtocolError, VenueError
from rxbotters_operators import codec

__all__ = ["FetchResult", "NotJSONContent", "make_result"]


@dataclass(frozen=True, slots=True)
class NotJSONContent:
    """Stands where JSON was expected and something else came; always false.

    Attributes:
        error: Why it is not JSON.
        raw: The bytes that came.
    """

    error: json.JSONDecodeError
    raw: bytes = b""

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class FetchResult:
    """An answer, read to its end.

    Attributes:
        response: aiohttp's response.
        text: The body as text; bytes that are no text appear as U+FFFD.
        data: The decoded JSON, or `NotJSONContent`.
    """

    response: aiohttp.ClientResponse
    text: str
    data: Any

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.response.status < 400

    @property
    def is_json(self) -> bool:
        """Whether the body was JSON; tells ``[]`` and ``0`` from a failure."""
        return not isinstance(self.data, NotJSONContent)

    def raise_for_status(self) -> FetchResult:
        """Return the result if the status is below 400.

        Raises:
            VenueError: Naming endpoint, status and the beginning of the body.
        """
        if not self.ok:
            raise VenueError(f"{self.response.method} {self.response.url.path}", self.status, self.text)
        return self


def make_result(response: aiohttp.ClientResponse, body: bytes) -> FetchResult:
    """Decode a body once; what is not JSON becomes `NotJSONContent`, whatever is wrong with it."""
    try:
        text = body.decode(response.charset or "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    try:
        data: Any = codec.loads(body)
    except ProtocolError as error:
        data = NotJSONContent(json.JSONDecodeError(error.what, text[:200], 0), body)
    return FetchResult(response, text, data)
