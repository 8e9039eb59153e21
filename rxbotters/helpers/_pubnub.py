"""PubNub's long polls as one supervised stream; `rxbotters.helpers.bitbank` says what it promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from reactivex import Observable, abc
from yarl import URL

from rxbotters import operators as ops
from rxbotters.errors import ClientClosed, ConnectError, LeaseError, ProtocolError, RxbottersError
from rxbotters_operators.events import Authenticated, Connecting, Opened, Subscribed
from rxbotters_operators.hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["BITBANK", "HOLD", "KEY", "PUBNUB", "REFUSALS", "Client", "Place", "ask", "events", "lives", "read"]

HOLD = 60.0
"""Seconds a poll may be silent before life is proved again; PubNub itself would answer after about 300."""

REFUSALS = 5
"""Tokens refused in a row after which the stream ends."""

BITBANK = "https://api.bitbank.cc"
PUBNUB = "https://ps.pndsn.com"
KEY = "sub-c-ecebae8e-dd60-11e6-b6b1-02ee2ddab7fe"
_LEASE = "bitbank.private"
_ANSWER = 10.0  # seconds a poll that answers at once may take
_MIN_INTERVAL = 0.1  # seconds between two polls
_AT_ONCE = 1.0  # an empty answer that took less was no long poll
_IDLE = ops.Backoff(min=0.5, max=30.0, factor=2.0, initial=0.5)
_FOREVER = 86400.0

Unpack = Callable[[Any], Iterable[Any]]


class Client(Protocol):
    """What is needed of an `rxbotters.Client`."""

    errors: Any
    metrics: Any

    def fetch(self, method: str, url: str, **options: Any) -> Awaitable[Any]: ...
    def lease(self, name: str, *, base: str | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers are, and where to begin."""

    channel: str | None = None
    token: str | None = None
    tt: str | None = None
    tr: str | None = None
    bitbank_server: str = BITBANK
    pubnub_server: str = PUBNUB
    subscribe_key: str = KEY


def lives(client: Client, place: Place, backoff: Any, unpack: Unpack) -> Observable[Any]:
    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        closed = client.metrics.every(_FOREVER).pipe(ops.ignore_elements(), ops.materialize())
        stream: Observable[Any] = ops.from_stream(_Poller(client, place, unpack)).pipe(
            ops.reconnect(backoff, fatal=_is_fatal), ops.take_until(closed)
        )
        return stream.subscribe(on_next, on_error, on_completed, scheduler=given)

    return Lean(run)


def _is_fatal(error: BaseException) -> bool:
    return isinstance(error, ClientClosed) or bool(getattr(error, "fatal", False))


def events(client: Client, reply: Mapping[str, Any]) -> Iterable[Any]:
    """Yield the events of a reply; what holds none is reported, so that it cannot stop those behind it."""
    entries: Any = reply.get("m")
    for entry in entries if entries.__class__ is list else ():
        if entry.__class__ is dict and "d" in entry:
            yield entry["d"]
        else:
            client.errors.emit(ProtocolError("PubNub: a message without a payload", str(entry)))


class _Poller(AsyncIterable[Any]):
    """One subscription: its token, and how far it has read. Iterating it is one life."""

    def __init__(self, client: Client, place: Place, unpack: Unpack) -> None:
        base = None if place.bitbank_server == BITBANK else place.bitbank_server
        self._client, self._place, self._unpack = client, place, unpack
        self._lease = client.lease(_LEASE, base=base)
        self._channel, self._token = place.channel, place.token
        self._own = place.channel is not None and place.token is not None
        self._position = None if place.tt is None else (place.tt, place.tr)
        self._refused = 0

    async def __aiter__(self) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()
        yield Connecting(f"{self._place.pubnub_server} (private stream of bitbank)")
        greeting = await self._poll(None, _ANSWER)
        if self._position is None:
            self._position = _position(greeting)
        yield Opened(self)
        yield Authenticated(self)
        yield Subscribed(self)
        for item in self._unpack(greeting):
            yield item
        idle = _IDLE.delays(lambda: 1.0)
        while True:
            began = loop.time()
            try:
                reply = await self._poll(self._position, HOLD)
            except TimeoutError:
                await self._poll(None, _ANSWER)
                continue
            took = loop.time() - began
            for item in self._unpack(reply):
                yield item
            self._position = _position(reply)
            pause = _MIN_INTERVAL - took
            if reply.get("m") or took >= _AT_ONCE:
                idle = _IDLE.delays(lambda: 1.0)
            else:
                pause = max(pause, next(idle))
            if pause > 0:
                await asyncio.sleep(pause)

    async def _poll(self, position: tuple[str, str | None] | None, seconds: float) -> Mapping[str, Any]:
        """Ask once; once more with a new token if the old one is refused.

        Raises:
            TimeoutError: No answer within ``seconds`` to a poll with a position.
            ConnectError, ProtocolError: No answer, or a bad one.
            LeaseError: `REFUSALS` tokens were refused in a row.
        """
        where = self._place.pubnub_server
        while True:
            channel, token = await self._credentials()
            try:
                result = await ask(self._client, self._place, channel, token, position, seconds)
            except TimeoutError:
                if position is None:
                    raise ConnectError(where, f"no answer within {seconds:g} s") from None
                raise
            except RxbottersError:
                raise
            except Exception as error:  # may quote the url, and so the token
                raise ConnectError(where, type(error).__name__) from None
            if result.status != 403:
                break
            self._own = False
            self._token = None
            self._lease.expire()
            self._refused += 1
            if self._refused >= REFUSALS:
                raise LeaseError(_LEASE, f"PubNub refused {self._refused} tokens in a row", status=403)
            if self._refused > 1:
                raise ConnectError(where, f"HTTP 403: token {self._refused} in a row is refused")
        reply = read(where, result, token)
        self._refused = 0
        return reply

    async def _credentials(self) -> tuple[str, str]:
        """Return channel and token: those given, else those of the lease, which renews them in time."""
        if not self._own and (self._token is None or self._lease.token not in (None, self._token)):
            url = URL(await self._lease())
            self._channel, self._token = url.query["uuid"], url.query["auth"]
        return str(self._channel), str(self._token)


def ask(
    client: Client,
    place: Place,
    channel: str,
    token: str | None,
    position: tuple[str, str | None] | None,
    seconds: float,
) -> Awaitable[Any]:
    """Describe one poll."""
    tt, tr = position or (None, None)
    query = {"uuid": channel, "tt": tt, "tr": tr, "auth": token}
    return client.fetch(
        "GET",
        f"{place.pubnub_server}/v2/subscribe/{place.subscribe_key}/{channel}/0",
        params={name: value for name, value in query.items() if value is not None},
        auth=None,
        timeout=seconds,
    )


def read(where: str, result: Any, token: str | None) -> Mapping[str, Any]:
    """Return the decoded answer to a poll.

    Raises:
        ConnectError: It is an error of HTTP.
        ProtocolError: It has no position.
    """
    text = str(result.text[:200]).replace(token, "***") if token else str(result.text[:200])
    if result.status >= 400:
        wait = str(result.response.headers.get("Retry-After", ""))
        raise ConnectError(
            where, f"HTTP {result.status}: {text}", retry_after=float(wait) if wait.isdecimal() else None
        )
    data = result.data
    try:
        _position(data)
    except (KeyError, TypeError):
        raise ProtocolError("PubNub: no position in the answer", text) from None
    return cast("Mapping[str, Any]", data)


def _position(reply: Mapping[str, Any]) -> tuple[str, str | None]:
    return str(reply["t"]["t"]), str(reply["t"]["r"])
