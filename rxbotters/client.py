"""`Client`: keys, requests and connections of one bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from yarl import URL

from rxbotters.clock import SYSTEM, Clock
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Exchange, Hosts
from rxbotters.errors import ClientClosed, ConfigError, WrongLoop
from rxbotters.exchanges import all_exchanges
from rxbotters.net.call import Call, Fetch
from rxbotters.net.http import join_url, read_body, send
from rxbotters.net.lease import Lease
from rxbotters.net.limits import Limiter
from rxbotters.net.metrics import Meter, Metrics, Snapshot
from rxbotters.net.response import Auth
from rxbotters.net.result import FetchResult, make_result
from rxbotters.net.session import OWNED, open_session
from rxbotters.net.tasks import Tasks
from rxbotters.net.websocket import WebSocketApp
from rxbotters.net.wiring import Wiring
from rxbotters.version import __version__
from rxbotters.wire import redact_url
from rxbotters_operators.hot import Errors

__all__ = ["Client"]

_log = logging.getLogger("rxbotters")
_CLOSE_WITHIN = 1.0  # seconds


class Client:
    """One bot's door to its exchanges. Not thread-safe: use one client per event loop.

    Args:
        apis: ``{api name: [key, secret, passphrase?]}``, the path of a JSON file of that shape, or ``None``: then
            ``./apis.json``, ``$RXBOTTERS_APIS`` or ``$PYBOTTERS_APIS`` is read, whichever is found first. ``{}``: no keys.
        base_url: Put before relative urls of requests.
        hosts: More hosts of known exchanges, such as ``{"127.0.0.1:8080": "bitflyer"}`` for a simulator or a proxy.
        exchanges: Exchanges of your own, beside those the library knows.
        limits: Keep the exchanges' rate limits; off only against a simulator that has none.
        clock: Time and dice; the machine's own if not given.
        adjust_clock: Sign with the exchange's time where its answers show that this machine's clock is off.
        patience: Seconds a request may wait for its turn under an exchange's rate limits; then it is `RateLimited`.
        max_body: Bytes an answer may have once inflated; then it is `ResponseTooLarge`.
        kwargs: Passed to `aiohttp.ClientSession`.

    Attributes:
        errors: What no request and no connection could be blamed for.
        metrics: What the client does, as a stream of snapshots; ``metrics.snapshot()`` takes one now.

    Raises:
        CredentialError: The keys break a rule. Nothing was opened.
        TypeError: ``kwargs`` name something the client owns.

    Example:
        >>> import asyncio
        >>> async def main() -> None:
        ...     async with Client(apis={}, base_url="https://api.bitflyer.com") as client:
        ...         ticker = client.fetch("GET", "/v1/getticker", params={"product_code": "BTC_JPY"})
        ...         print(ticker)  # described, not sent: await it, or subscribe to it
        >>> asyncio.run(main())
        <Fetch GET https://api.bitflyer.com/v1/getticker>
    """

    def __init__(
        self,
        apis: Any = None,
        base_url: str = "",
        *,
        hosts: Mapping[str, str] | None = None,
        exchanges: Sequence[Exchange] = (),
        limits: bool = True,
        clock: Clock = SYSTEM,
        adjust_clock: bool = False,
        patience: float = 10.0,
        max_body: int = 32 * 1024 * 1024,
        **kwargs: Any,
    ) -> None:
        for name in OWNED:
            if name in kwargs:
                raise TypeError(f"Client() got an unexpected keyword argument {name!r}: the client owns it")
        self._base_url = base_url
        self._options = kwargs
        self._max_body = max_body
        self._session: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._closing: asyncio.Task[None] | None = None
        self._unknown: set[str] = set()
        self._apps: dict[WebSocketApp, None] = {}
        self._leases: dict[tuple[str, str], Lease] = {}
        self.errors = Errors("client errors")
        self._exchanges = (*all_exchanges(), *exchanges)
        known = Hosts(self._exchanges, hosts)
        self._wiring = Wiring(
            session=self._open_session,
            fetch=self.fetch,
            tasks=Tasks(self.errors.emit),
            clock=clock,
            hosts=known,
            credentials=load_credentials(apis, known.apis),
            warn_unknown=self._warn_unknown,
            forget=self._forget,
            report=self.errors.emit,
            limiter=Limiter(patience, counts=limits),
            meter=Meter(),
            adjust_clock=adjust_clock,
        )
        self.metrics = Metrics(self._snapshot)

    # ------------------------------------------------------------------ life

    async def __aenter__(self) -> Client:
        self._check()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every connection with a CLOSE frame, every stream and every wait, within a second. Idempotent.

        Who is cancelled while it waits here cancels the waiting, not the closing.
        """
        if self._closing is None:
            self._closed = True
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="rxbotters close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for app in list(self._apps):
            await app.close()
        for lease in self._leases.values():
            lease.close()
        self.metrics.complete()
        await self._wiring.tasks.close(_CLOSE_WITHIN)
        if self._session is not None:
            await self._session.close()
        self.errors.complete()

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise WrongLoop
        if self._closed:
            raise ClientClosed

    def _open_session(self) -> Any:
        self._check()
        if self._session is None:
            self._session = open_session(f"rxbotters/{__version__}", dict(self._options), self._max_body)
        return self._session

    def _forget(self, app: WebSocketApp) -> None:
        self._apps.pop(app, None)

    def _warn_unknown(self, url: URL) -> None:
        host = url.host or ""
        if host not in self._unknown and len(self._unknown) < 1000:
            self._unknown.add(host)
            _log.warning(
                "%s is no host of a known exchange: requests to it are not signed; "
                "if it belongs to one, say so: Client(hosts={%r: <exchange>})",
                host,
                host,
            )

    # ------------------------------------------------------------------ requests

    def request(self, method: str, url: str, *, params: Any = None, data: Any = None, **kwargs: Any) -> Call:
        """Describe a request; ``await`` it or ``async with`` it for aiohttp's own response.

        Args:
            method: Any HTTP method.
            url: Absolute, or relative to ``base_url``.
            params: Merged after the query that ``url`` has already.
            data: The body: a dict is encoded as the exchange wants it, text and bytes go out as they are.
            kwargs: ``auth=None`` sends it unsigned, ``auth="name"`` signs with that entry of ``apis``; ``json=``;
                everything else (``timeout``, ``headers``, ``ssl`` …) goes to aiohttp.

        Raises:
            ConfigError: ``url`` is none.

        Errors:
            OutcomeUnknown: A mutating request was sent and not answered. Never sent twice.
            UnsafeRequest: The keys would have left in clear text, or for another origin.
            aiohttp.ClientError, TimeoutError: As aiohttp has them.
        """
        target = join_url(self._base_url, url)
        return Call(
            lambda: send(self._wiring, method, target, params=params, data=data, **kwargs),
            self._owner,
            partial(_label, method, target),
            (str(target), params, data, kwargs),
        )

    def get(self, url: str, *, params: Any = None, **kwargs: Any) -> Call:
        """Describe a GET; see `request`."""
        return self.request("GET", url, params=params, **kwargs)

    def post(self, url: str, *, data: Any = None, **kwargs: Any) -> Call:
        """Describe a POST; see `request`."""
        return self.request("POST", url, data=data, **kwargs)

    def put(self, url: str, *, data: Any = None, **kwargs: Any) -> Call:
        """Describe a PUT; see `request`."""
        return self.request("PUT", url, data=data, **kwargs)

    def delete(self, url: str, *, data: Any = None, **kwargs: Any) -> Call:
        """Describe a DELETE; see `request`."""
        return self.request("DELETE", url, data=data, **kwargs)

    def fetch(self, method: str, url: str, *, params: Any = None, data: Any = None, **kwargs: Any) -> Fetch:
        """Describe a request whose answer is read to its end: ``await`` it for a `FetchResult`, or ``pipe`` it.

        The same object may be used again and again: each time is a new request, signed afresh. A status never raises.
        Arguments and errors are those of `request`.
        """
        target = join_url(self._base_url, url)

        async def run() -> FetchResult:
            response = await send(self._wiring, method, target, params=params, data=data, **kwargs)
            async with response:
                return make_result(response, await read_body(response))

        return Fetch(run, self._owner, partial(_label, method, target), (str(target), params, data, kwargs))

    def _owner(self) -> Tasks:
        self._check()
        return self._wiring.tasks

    # ------------------------------------------------------------------ connections

    def ws_connect(self, url: Any, **kwargs: Any) -> WebSocketApp:
        """Start a WebSocket that is kept alive until the client closes. A plain function: it returns at once.

        Args:
            url: Where to; a text, or a function (plain or async) that gives one for each connection.
            kwargs: See `WebSocketApp`: ``send_str/send_bytes/send_json`` (sent after each login), ``hdlr_str/hdlr_bytes/
                hdlr_json`` (called as ``f(message, ws)``), ``backoff=(min, max, factor, initial)`` in seconds,
                ``heartbeat`` in seconds or ``None``, ``autoping``, ``auth``; the rest goes to aiohttp.

        Raises:
            ConfigError, TypeError, ValueError: An argument can never work.
        """
        self._check()
        app = WebSocketApp(self._wiring, url, **kwargs)
        if not app.states.ended:
            self._apps[app] = None
        return app

    def lease(self, name: str, *, base: str | None = None, auth: Any = Auth) -> Lease:
        """Return a token that is kept alive, to be given to `ws_connect` as its url.

        Args:
            name: ``"<exchange>.<lease>"``, such as ``"gmocoin.private"``.
            base: Another origin for the requests, such as that of a test server; a WebSocket of the same host moves along.
            auth: As for `request`.

        Raises:
            ConfigError: There is no such lease; the message lists those that are.

        Example:
            ``ws = client.ws_connect(client.lease("kucoin.public"), send_json=…, hdlr_json=store.onmessage)``
        """
        rules = {
            f"{exchange.name}.{kind}": rule for exchange in self._exchanges for kind, rule in exchange.leases.items()
        }
        rule = rules.get(name)
        if rule is None:
            raise ConfigError(f"no lease is called {name!r}: known are {', '.join(sorted(rules)) or 'none'}")
        key = (name, base or rule.base)
        if key not in self._leases:
            self._leases[key] = Lease(self._wiring, name, rule, base=base, auth=auth, send=self.fetch)
        return self._leases[key]

    def _snapshot(self) -> Snapshot:
        wiring = self._wiring
        return Snapshot(
            connections=tuple(app.metrics() for app in self._apps),
            requests=dict(wiring.meter.requests),
            statuses=dict(wiring.meter.statuses),
            failures=wiring.meter.failures,
            tasks=len(wiring.tasks),
            errors=self.errors.total,
            skews={host: skew.seconds for host, skew in wiring.skews.items() if skew.seconds},
        )

    def __repr__(self) -> str:
        return f"<Client {'closed' if self._closed else 'open'}, {len(self._apps)} connections>"


def _label(method: str, url: URL) -> str:
    return f"{method.upper()} {redact_url(url)}"
