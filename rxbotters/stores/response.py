"""Reading a REST response that was given to `initialize`, whatever client it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rxbotters.errors import ProtocolError, SnapshotError, VenueError
from rxbotters_operators import codec

__all__ = ["read_response"]


async def read_response(
    result: Any, routes: Mapping[str, Any], refusal: Callable[[Any], str | None]
) -> tuple[str, Any, Mapping[str, str]]:
    """Return (path, decoded body, query) of a `FetchResult` or a response; the host before the path where a route names it.

    What was asked in a JSON body stands in the query too, text as it is, everything else as JSON text. Where a route has
    names in its path, ``"/accounts/{id}/balance"``, the path is that of the route, and what stood there is in the query.

    Raises:
        VenueError: HTTP status 400 or more, or the exchange's own error in the body.
        SnapshotError: No store wants this endpoint, or the body is not JSON.
    """
    response = getattr(result, "response", result)
    text = getattr(result, "text", None) if response is not result else None
    if not isinstance(text, str | bytes):
        text = await response.read()
    path = response.url.path
    named = f"{response.url.host}{path}"
    if named in routes:
        path = named
    status = response.status
    if status >= 400:
        raise VenueError(path, status, text if isinstance(text, str) else text.decode("utf-8", "replace"))
    fields: Mapping[str, str] = {}
    if path not in routes:
        path, fields = _named(path, routes)
    if path not in routes:
        raise SnapshotError(path, f"no store is filled from this endpoint; known: {', '.join(sorted(routes))}")
    try:
        body = codec.loads(text)
    except ProtocolError as error:
        raise SnapshotError(path, str(error)) from None
    reason = refusal(body)
    if reason is not None:
        raise VenueError(path, status, reason)
    return path, body, {**response.url.query, **_asked(getattr(response, "sent", b"")), **fields}


def _named(path: str, routes: Iterable[str]) -> tuple[str, Mapping[str, str]]:
    """Return the route that has names in its path and fits, and what stands in their places; else the path as it is."""
    parts = path.split("/")
    for route in routes:
        names = route.split("/")
        if "{" in route and len(names) == len(parts):
            pairs = list(zip(names, parts, strict=True))
            if all(bool(part) if name.startswith("{") else name == part for name, part in pairs):
                return route, {name[1:-1]: part for name, part in pairs if name.startswith("{")}
    return path, {}


def _asked(sent: bytes) -> dict[str, str]:
    """Return the fields of a request's JSON body; none if it had no such body."""
    if not sent.startswith(b"{"):
        return {}
    try:
        fields: dict[str, Any] = codec.loads(sent)
    except ProtocolError:
        return {}
    return {name: value if isinstance(value, str) else codec.dumps(value) for name, value in fields.items()}
