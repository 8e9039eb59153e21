"""The request pipeline: join, merge, encode, sign, send, for each hop afresh.

Rules
  1. What is signed is what is sent: url and body are final before the signature, and never touched after it.
  2. A signed request goes to one origin. A redirect is given back to the caller unless it was asked for; then it is
     followed within the origin, signed anew.
  3. A mutating request is sent once. If its fate is unknown the error says so.
  4. The caller's objects are read, never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from rxbotters.descriptor import Credentials, Host
from rxbotters.errors import ConfigError, UnsafeRequest
from rxbotters.wire import JSON, Request, json_body, redact_url

from .dial import retry_after
from .response import Auth, ClientResponse
from .session import MUTATING, OutcomeLate, OutcomeLost
from .wiring import Wiring, pick

__all__ = ["join_url", "read_body", "send"]

_DEADLINE = 10.0  # seconds a mutating request may stay without an answer
_HOPS = 10
_NEVER_SENT = (aiohttp.ConnectionTimeoutError,)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def join_url(base: str, url: str | URL) -> URL:
    """Return ``url`` if it is absolute, else ``base`` and ``url`` joined by exactly one slash.

    Raises:
        ConfigError: There is no base, or the result would leave the base's host.
    """
    if isinstance(url, URL):
        if url.absolute:
            return url
        url = str(url)
    if "://" in url:
        return _parse(url)
    if not base:
        raise ConfigError(f"{url!r} is relative and the client has no base_url: give one, or an absolute url")
    joined = _parse(f"{base.rstrip('/')}/{url.lstrip('/')}" if url and not url.startswith("?") else base + url)
    if joined.origin() != _parse(base).origin():  # pragma: no cover - no url is known that gets here; keys are at stake
        raise ConfigError(f"{url!r} would leave {redact_url(base)}: a relative url may not change the host")
    return joined


def _parse(text: str) -> URL:
    try:
        parsed = URL(text)
    except ValueError as error:
        raise ConfigError(f"{redact_url(text)} is no url: {error}") from None
    if parsed.scheme not in ("http", "https", "ws", "wss") or not parsed.host:
        raise ConfigError(f"{redact_url(text)} is no http url: give one like https://host/path")
    return parsed


async def send(
    wiring: Wiring,
    method: str,
    url: URL,
    *,
    params: Any = None,
    data: Any = None,
    auth: Any = Auth,
    **options: Any,
) -> aiohttp.ClientResponse:
    """Send one request and return aiohttp's response, its body unread."""
    method = method.upper()
    if params:
        url = url.extend_query(params)
    host = wiring.hosts.rest(url.host or "", url.explicit_port)
    foreign = auth is not None and auth is not Auth and not isinstance(auth, str)
    if foreign:
        options["auth"] = auth
    credentials = None if foreign else pick(host, wiring.credentials, auth, url, options.get("headers"))
    if host is None:
        if auth is Auth and wiring.credentials:
            wiring.warn_unknown(url)
        passage = Passage(None, url.host or "", None, "")
        await wiring.limiter.admit(*passage)
        return await _guarded(wiring, passage, method, url, {**options, "data": data} if data is not None else options)
    request = _encode(host, method, url, data, options)
    if credentials is None or host.sign is None:
        passage = Passage(host, host.exchange or host.api, request, "")
        await wiring.limiter.admit(*passage)
        return await _transmit(wiring, passage, request, options)
    return await _send_signed(wiring, host, credentials, request, options)


def _encode(host: Host, method: str, url: URL, data: Any, options: dict[str, Any]) -> Request:
    """Turn what the caller gave into the bytes that go out."""
    headers = {str(name): str(value) for name, value in dict(options.pop("headers", None) or {}).items()}
    given = options.pop("json", None)
    if given is not None:
        if data is not None:
            raise ValueError("data and json cannot be used at the same time")
        body, kind = json_body(given)
        body = body or b"{}" if given == {} else body
    elif isinstance(data, bytes | bytearray):
        body, kind = bytes(data), ""
    elif isinstance(data, str):
        body, kind = data.encode(), JSON
    else:
        body, kind = (host.encode if host.encode_of is None else host.encode_of(url))(data)
    if body and kind and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return Request(method, url, headers, body)


async def _send_signed(
    wiring: Wiring, host: Host, credentials: Credentials, request: Request, options: dict[str, Any]
) -> aiohttp.ClientResponse:
    """Sign and send; follow redirects only if asked to, only within the origin, each hop signed anew.

    A request waits for its turn before it is signed, not after: its time is fresh, and nonces leave in their order.
    """
    follow = options.pop("allow_redirects", False)
    options["allow_redirects"] = False
    origin = request.url.origin()
    for _ in range(_HOPS):
        passage = Passage(host, host.exchange or host.api, request, credentials.name)
        await wiring.limiter.admit(*passage)
        if host.turn is None:
            response = await _transmit(wiring, passage, _signed(wiring, host, credentials, request), options)
        else:
            async with wiring.limiter.turn(credentials.name, host.turn):
                response = await _transmit(wiring, passage, _signed(wiring, host, credentials, request), options)
        location = response.headers.get("Location")
        if not follow or response.status not in _REDIRECTS or location is None:
            return response
        target = request.url.join(URL(location))
        if target.origin() != origin or request.method in MUTATING:
            response.release()
            raise UnsafeRequest(
                f"{request.method} {redact_url(request.url)} was redirected to {redact_url(target)}: a signed request "
                "is not sent on; check the url"
            )
        response.release()
        request = request.with_url(target)
    raise UnsafeRequest(f"{redact_url(request.url)}: redirected more than {_HOPS} times")


class Passage(NamedTuple):
    """What a request counts against: its host's limits, its exchange's bans, its key's budget."""

    host: Host | None
    group: str
    request: Request | None
    key: str


def _signed(wiring: Wiring, host: Host, credentials: Credentials, request: Request) -> Request:
    assert host.sign is not None
    return host.sign(request, credentials, wiring.stamp(credentials.name, request.host))


async def _transmit(
    wiring: Wiring, passage: Passage, request: Request, options: Mapping[str, Any]
) -> aiohttp.ClientResponse:
    """Send final bytes to a final url."""
    sending = {**options, "headers": dict(request.headers)}
    if request.body:
        sending["data"] = request.body
    else:
        sending["skip_auto_headers"] = {*(options.get("skip_auto_headers") or ()), "Content-Type"}
    url = URL(str(request.url), encoded=True)
    response = await _guarded(wiring, passage, request.method, url, sending)
    if isinstance(response, ClientResponse):
        response.sent = request.body
    return response


async def _guarded(
    wiring: Wiring, passage: Passage, method: str, url: URL, options: Mapping[str, Any]
) -> aiohttp.ClientResponse:
    """Send a request whose turn it is: give every mutating one a deadline, and its failure its name."""
    options = dict(options)
    timeout = options.get("timeout")
    if isinstance(timeout, int | float):
        options["timeout"] = aiohttp.ClientTimeout(total=timeout)
    elif timeout is None and method in MUTATING:
        options["timeout"] = aiohttp.ClientTimeout(total=_DEADLINE)
    name = url.host or ""
    wiring.meter.sent(name)
    sent = wiring.clock.now()
    try:
        response = await wiring.session().request(method, url, **options)
    except BaseException as error:
        wiring.meter.failures += 1
        if method in MUTATING and isinstance(error, TimeoutError) and not isinstance(error, _NEVER_SENT):
            raise OutcomeLate(method, redact_url(url), "no answer in time") from error
        raise
    wiring.meter.statuses[response.status] += 1
    wiring.learn_date(name, response.headers.get("Date"), sent)
    wiring.limiter.learn(
        *passage,
        status=response.status,
        headers=response.headers,
        retry_after=retry_after(response.headers, wiring.clock.now()),
    )
    return response


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Read a body to its end.

    Raises:
        ResponseTooLarge: It is larger than the client allows.
        OutcomeUnknown: The body of a mutating request's answer broke off.
    """
    try:
        return await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        if response.method not in MUTATING:
            raise
        broken = OutcomeLate if isinstance(error, TimeoutError) else OutcomeLost
        raise broken(response.method, redact_url(response.url), "the answer broke off") from error
