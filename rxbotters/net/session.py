"""The one aiohttp session of a client, and the guard every request of it passes."""

from __future__ import annotations

from typing import Any

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest

from rxbotters.errors import ConfigError, OutcomeUnknown
from rxbotters.wire import MASK, SECRET_HEADERS, redact_url

from .dial import dialling
from .response import ClientResponse, ClientWebSocketResponse

__all__ = ["MUTATING", "OutcomeLate", "OutcomeLost", "open_session"]

MUTATING = frozenset({"POST", "PUT", "DELETE", "PATCH"})
OWNED = ("request_class", "ws_response_class")


class OutcomeLost(OutcomeUnknown, aiohttp.ClientConnectionError):
    """The connection broke after a mutating request was sent."""


class OutcomeLate(OutcomeUnknown, aiohttp.ClientError, TimeoutError):
    """A mutating request was sent and not answered in time."""


def open_session(user_agent: str, options: dict[str, Any], max_body: int) -> aiohttp.ClientSession:
    """Open a session with the guard in front and bodies of at most ``max_body`` bytes; ``options`` go to
    `aiohttp.ClientSession`."""
    headers = {"User-Agent": user_agent}
    given = options.get("headers")
    if given is not None:
        for name in dict(given):
            if name.lower() == "user-agent":
                headers.pop("User-Agent", None)
        headers.update(given)
    rest = {name: value for name, value in options.items() if name not in ("headers", "middlewares")}
    middlewares = (_guard, *options.get("middlewares", ()))
    rest.setdefault("response_class", type("ClientResponse", (ClientResponse,), {"max_body": max_body}))
    return aiohttp.ClientSession(
        headers=headers, middlewares=middlewares, ws_response_class=ClientWebSocketResponse, **rest
    )


async def _guard(request: ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    """Let one hop through: no upgrade elsewhere, no mutating request twice, no secret in what errors will show."""
    target = dialling.get()
    if target is not None and _http(request.url).origin() != _http(target).origin():
        raise ConfigError(
            f"the upgrade was redirected to another origin, {redact_url(request.url.origin())}: refused, "
            "because keys and tokens would follow; use the url the exchange documents"
        )
    try:
        return await handler(request)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        if request.method not in MUTATING or isinstance(error, aiohttp.ClientConnectorError):
            raise
        # aiohttp re-sends some methods after a dropped keep-alive; an error of another kind stops it.
        raise OutcomeLost(request.method, redact_url(request.url), "the connection was lost") from error
    finally:
        for name in list(request.headers):
            if SECRET_HEADERS.search(name) and not name.lower().startswith("sec-"):
                request.headers[name] = MASK


def _http(url: Any) -> Any:
    return url.with_scheme({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme))
