"""`Lease`: the url of a private stream whose token is kept alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from reactivex.disposable import SerialDisposable
from yarl import URL

from rxbotters.descriptor import LeaseRule
from rxbotters.errors import ClientClosed, LeaseError
from rxbotters.wire import MASK
from rxbotters_operators import _lease
from rxbotters_operators.events import Leased, LeaseFailed
from rxbotters_operators.hot import Hot

from .dial import retry_after
from .result import FetchResult
from .tasks import Gate
from .wiring import Wiring

__all__ = ["Lease"]


class Lease:
    """A token that is had once, extended in time and replaced when it dies; made by `Client.lease`.

    Give it to `Client.ws_connect` as the url: each dial waits for a valid token and gets the url that holds it. The
    stream begins with the first call and ends with the client.

    Attributes:
        events: `Leased` and `LeaseFailed`, as they happen.
        token: The token in force, ``None`` while there is none.
    """

    def __init__(
        self,
        wiring: Wiring,
        name: str,
        rule: LeaseRule,
        *,
        base: str | None,
        auth: Any,
        send: Callable[..., Awaitable[FetchResult]],
    ) -> None:
        self.name = name
        self.token: str | None = None
        self.events: Hot[Leased | LeaseFailed] = Hot(f"lease {name}", on_fault=wiring.report)
        self._wiring, self._rule, self._send = wiring, rule, send
        self._base = (base or rule.base).rstrip("/")
        self._auth = auth if rule.auth else None
        self._answer: Any = None
        self._used = False  # a connection was made with the token in force
        self._expired: Hot[None] = Hot(f"lease {name} expired")
        self._granted = Gate()
        self._subscription = SerialDisposable()
        self._started = False

    def start(self, first: str | None = None) -> None:
        """Begin to keep a token, ``first`` if there is one already."""
        if self._started:
            return
        self._started = True
        self.token = first
        rule = self._rule
        stream = _lease.lease(
            self._create,
            self._renew if rule.renew is not None else None,
            every=rule.every,
            first=first,
            expired=self._expired,
            dice=self._wiring.clock.dice,
        )
        self._subscription.disposable = stream.subscribe(self._hear, self._fail)

    async def __call__(self) -> str:
        """Return the url to dial now, waiting for a valid token.

        Raises:
            LeaseError: The exchange refuses to give one for good.
            ClientClosed: The client was closed.
        """
        self.start()
        if self._used and self._rule.once:
            self.expire()
        await self._granted
        if self._answer is None:  # the token was given, not asked for: its url is the caller's
            self.expire()
            await self._granted
        self._used = True
        return _moved(self._rule.url(self._answer, self._wiring.clock.nonce()), self._rule.base, self._base)

    def expire(self) -> None:
        """Say that the token died before its time: another is asked for."""
        self.token = None
        self._used = False
        self._granted.shut()
        self._expired.emit(None)

    def close(self) -> None:
        """Stop keeping the token."""
        self._subscription.dispose()
        self._granted.fail(ClientClosed())
        self.events.complete()

    # ------------------------------------------------------------------ the stream

    def _hear(self, event: Leased | LeaseFailed) -> None:
        if isinstance(event, Leased):
            self._used = self._used and event.renewed
            self.token = event.token
            self._granted.open()
        else:
            if not self.events.observed:
                self._wiring.report(event.error)
        self.events.emit(event)

    def _fail(self, error: Exception) -> None:
        self._granted.fail(error)
        if not self.events.observed:
            self._wiring.report(error)
        self.events.complete(error)

    async def _create(self) -> str:
        method, path = self._rule.create
        self._granted.shut()
        body = await self._ask(method, path, {})
        try:
            token = self._rule.read(body)
        except (KeyError, TypeError, IndexError) as error:
            raise LeaseError(self.name, f"{method} {path} gave no token ({type(error).__name__}: {error})") from error
        self._answer = body
        return token

    async def _renew(self, token: str) -> None:
        rule = self._rule
        assert rule.renew is not None
        method, path = rule.renew
        options = {"params": rule.renew_params(token), "data": rule.renew_data(token)}
        await self._ask(method, path, {name: value for name, value in options.items() if value is not None})

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> Any:
        try:
            answer = await self._send(method, self._base + path, auth=self._auth, timeout=10.0, **options)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise LeaseError(self.name, f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.status >= 400:
            wait = retry_after(answer.response.headers, self._wiring.clock.now())
            raise LeaseError(
                self.name,
                f"{method} {path} answered HTTP {answer.status}: {self._masked(answer.text[:200])}",
                status=answer.status,
                retry_after=wait,
            )
        refusal = self._rule.refusal(answer.data)
        if refusal is not None:
            raise LeaseError(self.name, f"{method} {path}: {self._masked(refusal)}", status=answer.status)
        return answer.data

    def _masked(self, text: str) -> str:
        return text.replace(self.token, MASK) if self.token else text

    def __repr__(self) -> str:
        return f"<Lease {self.name} {'granted' if self.token else 'waiting'}>"


def _moved(url: str, home: str, base: str) -> str:
    """Return ``url``; at ``base``, if that is not ``home`` and the url is of the host of ``home``."""
    target, there = URL(url), URL(base)
    if base == home or target.host != URL(home).host:
        return url
    scheme = {"http": "ws", "https": "wss"}.get(there.scheme, target.scheme)
    return str(target.with_scheme(scheme).with_host(there.host or "").with_port(there.port))
