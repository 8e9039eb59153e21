"""`Link`: what one connection needs to come up: where to dial, how to log in, what to subscribe, what its end means."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from yarl import URL

from rxbotters.descriptor import CloseRule, Host
from rxbotters.errors import LoginTimeout, PolicyViolation
from rxbotters_operators import _login, _subscribe
from rxbotters_operators.events import Closed

from .dial import UrlSource, check_options, check_url, dial, resolve_url
from .handlers import as_list
from .response import Auth, ClientWebSocketResponse
from .socket import Connection
from .wiring import Wiring, pick

if TYPE_CHECKING:
    from .websocket import WebSocketApp

__all__ = ["Link", "outgoing"]

_CLOSE_RULES: Mapping[int, CloseRule] = {1008: "fatal"}
_SLOW = 60.0  # seconds before the next dial where a close code asks for patience
Messages = Sequence[Callable[[], list[str | bytes]]]


class Link:
    """Everything about one connection that its exchange and its user decide."""

    def __init__(
        self,
        wiring: Wiring,
        url: UrlSource,
        *,
        auth: Any,
        messages: Messages,
        handshake_timeout: float,
        fatal: Collection[int],
        close_rules: Mapping[int, CloseRule] | None,
        report: Callable[[Exception], None],
        options: Mapping[str, Any],
    ) -> None:
        check_options(options)
        self.url: UrlSource = url
        self.ack_rule = _subscribe.AckRule(self._request_id, self._read_ack)
        self._wiring = wiring
        self._auth = auth
        self._messages = messages
        self._handshake_timeout = handshake_timeout
        self._fatal = fatal
        self._close_rules = close_rules
        self._report = report
        self._options = dict(options)
        self._host: Host | None = None
        if not callable(url):
            self._look_up(check_url(url))

    def _look_up(self, url: URL) -> None:
        """Find what is known of the host, and refuse to send keys in clear text."""
        self._host = self._wiring.hosts.ws(url.host or "", url.explicit_port)
        self._credentials = pick(self._host, self._wiring.credentials, self._auth, url)
        if self._host is None and self._auth is Auth and self._wiring.credentials:
            self._wiring.warn_unknown(url)

    @property
    def max_age(self) -> float | None:
        """Seconds after which the exchange cuts a connection."""
        return self._host.max_age if self._host is not None else None

    async def dial(self, app: WebSocketApp) -> ClientWebSocketResponse:
        """Perform one handshake."""
        url = await resolve_url(self.url)
        self._look_up(url)
        ws = await dial(
            self._wiring.session(),
            url,
            timeout=self._handshake_timeout,
            fatal=self._fatal,
            now=self._wiring.clock.now(),
            options=self._options,
        )
        ws.app = app
        return ws

    def script(self) -> _login.Script | None:
        """Return the login of one connection, ``None`` if it needs none."""
        if self._credentials is None or self._host is None or self._host.login is None:
            return None
        return self._host.login(self._credentials, self._wiring.clock.stamp())

    def login_late(self, seconds: float) -> Exception:
        """Return the error for a login that was not answered."""
        return LoginTimeout((self._host and self._host.exchange) or "the exchange", seconds)

    def subscriptions(self, port: Connection) -> Sequence[str | bytes]:
        """Return the messages of one connection."""
        return [text for make in self._messages for text in make()]

    def _request_id(self, message: Any) -> Any:
        return self._host.request_id(message) if self._host and self._host.request_id else None

    def _read_ack(self, message: Any) -> Any:
        return self._host.ack(message) if self._host and self._host.ack else None

    def judge(self, closed: Closed) -> BaseException | float | None:
        """Return what a close code means: an error that ends the app, a delay in seconds, or nothing special."""
        rules = self._close_rules or {**_CLOSE_RULES, **(self._host.close_rules if self._host else {})}
        rule = rules.get(closed.code, "retry") if closed.cause == "peer" else "retry"
        if rule == "retry":
            return None
        violation = PolicyViolation(closed.code, closed.reason, fatal=rule == "fatal")
        if rule == "fatal":
            return violation
        self._report(violation)
        return _SLOW


def outgoing(send_str: Any, send_bytes: Any, send_json: Any) -> list[Callable[[], list[str | bytes]]]:
    """Return functions that give the messages of one connection, copied now so that nobody changes them later."""
    return [
        _maker(given, encode)
        for given, encode in ((send_str, str), (send_bytes, bytes), (send_json, json.dumps))
        if given is not None
    ]


def _maker(given: Any, encode: Callable[[Any], str | bytes]) -> Callable[[], list[str | bytes]]:
    if callable(given):
        return lambda: [encode(item) for item in as_list(given())]
    fixed = [encode(item) for item in as_list(given)]
    return lambda: fixed
