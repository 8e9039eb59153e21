"""`Link`: what one connection needs to come up: where to dial, how to log in, what to subscribe, what its end means."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import CloseRule, Credentials, Farewell, Host
from rxbotters.errors import HandshakeRefused, LoginTimeout, PolicyViolation, ProtocolError
from rxbotters.wire import redact_message
from rxbotters_operators import _keepalive, _login, _subscribe, codec
from rxbotters_operators.events import Closed, Frame

from .dial import UrlSource, check_options, check_url, dial, resolve_url
from .handlers import as_list
from .response import Auth, ClientWebSocketResponse
from .socket import Connection
from .wiring import Wiring, pick

if TYPE_CHECKING:
    from .subscription import Added
    from .websocket import WebSocketApp

__all__ = ["Link", "decoded", "outgoing"]

_CLOSE_RULES: Mapping[int, CloseRule] = {1008: "fatal"}
_SLOW = 60.0  # seconds before the next dial where a close code asks for patience
Messages = Sequence[Callable[[], list[Any]]]


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
        beats: bool | float | None,
        options: Mapping[str, Any],
    ) -> None:
        check_options(options)
        self.url: UrlSource = url
        self.ack_rule = _subscribe.AckRule(self._request_ids, self._read_ack, redact_message)
        self.added: list[Added] = []
        self._wiring = wiring
        self._auth = auth
        self._messages = messages
        self._planned: list[list[Any]] | None = None
        self._handshake_timeout = handshake_timeout
        self._fatal = fatal
        self._close_rules = close_rules
        self._report = report
        self._options = dict(options)
        self._beats = beats or None
        self._host: Host | None = None
        self._credentials: Credentials | None = None
        self._dialled = URL()
        self._doubted: URL | None = None  # what was refused by the last dial, perhaps because of its token
        if not callable(url):
            self._look_up(check_url(url))

    def _look_up(self, url: URL) -> None:
        """Find what is known of the host, and refuse to send keys in clear text."""
        self._dialled = url
        self._host = self._wiring.hosts.ws(url.host or "", url.explicit_port)
        self._credentials = pick(self._host, self._wiring.credentials, self._auth, url, self._options.get("headers"))
        if self._host is None and self._auth is Auth and self._wiring.credentials:
            self._wiring.warn_unknown(url)

    @property
    def max_age(self) -> float | None:
        """Seconds after which the exchange cuts a connection."""
        return self._host.max_age if self._host is not None else None

    @property
    def dialled(self) -> URL:
        """Where the last dial went."""
        return self._dialled

    @property
    def host(self) -> Host | None:
        """What is known of the host, ``None`` for strangers and before the first dial of a dynamic url."""
        return self._host

    async def dial(self, app: WebSocketApp) -> ClientWebSocketResponse:
        """Perform one handshake."""
        url = await resolve_url(self.url)
        self._look_up(url)
        host = self._host
        try:
            ws = await dial(
                self._wiring.session(),
                url,
                timeout=self._handshake_timeout,
                fatal=self._fatal,
                now=self._wiring.clock.now(),
                options={"max_msg_size": host.max_msg_size, **self._options} if host is not None else self._options,
            )
        except HandshakeRefused as error:
            raise self._refused(error) from None
        self._doubted = None
        ws.app, ws.url = app, url
        if host is not None:
            ws.dialect = host.dialect
            ws.throttle = self._wiring.limiter.throttle(host, url.host or "")
        return ws

    def expire(self) -> bool:
        """Say that the token in the url died; return whether the source of the url can have another."""
        expire = getattr(self.url, "expire", None)
        if expire is None:
            return False
        expire()
        return True

    def _refused(self, error: HandshakeRefused) -> HandshakeRefused:
        """Return what a refusal means: where a token stands in the url it may have died, so another is had for the next
        dial; only when that one is refused too does the refusal count."""
        if not 400 <= error.status < 500 or error.status == 429 or not self.expire():
            return error
        before, self._doubted = self._doubted, self._dialled
        if before is not None and before != self._dialled:
            return error
        return HandshakeRefused(error.url, error.status, fatal=False, retry_after=error.retry_after)

    def _stamp(self) -> Stamp:
        name = self._credentials.name if self._credentials is not None else ""
        return self._wiring.stamp(name, self._dialled.host or "")

    def script(self) -> _login.Script | None:
        """Return what one connection begins with: greeting, then login; ``None`` if it needs neither."""
        host = self._host
        if host is None:
            return None
        greeting = host.greet(self._dialled) if host.greet is not None else None
        login = self._login_script(host)
        scripts = [script for script in (greeting, login) if script is not None]
        return _one_after_the_other(scripts) if scripts else None

    def _login_script(self, host: Host) -> _login.Script | None:
        keys = self._credentials
        if keys is None or host.login is None:
            return None
        if host.needs_login is not None:
            self._planned = [make() for make in self._messages]
            planned = [*self._planned, *(added.messages for added in self.added)]
            messages = [decoded(message) for batch in planned for message in batch]
            if not host.needs_login(messages, self._dialled):
                return None
        return host.login(keys, self._stamp(), self._dialled)

    def login_late(self, seconds: float) -> Exception:
        """Return the error for a login that was not answered."""
        return LoginTimeout((self._host and self._host.exchange) or "the exchange", seconds)

    def beat(self, port: Connection) -> _keepalive.Beat | None:
        """Return the exchange's own heartbeats for one connection."""
        rule = self._host.beat(self._dialled) if self._host is not None and self._host.beat is not None else None
        if rule is None or self._beats is None:
            return None
        answer = rule.answer

        def replied(frame: Frame) -> str | None:
            return answer(frame, self._stamp()) if answer is not None else None

        return _keepalive.Beat(
            rule.every if self._beats is True else float(self._beats),
            lambda: rule.text(self._stamp()),
            None if answer is None else replied,
            rule.silence,
        )

    # ------------------------------------------------------------------ what is sent

    def subscriptions(self, port: Connection) -> Sequence[str | bytes | _subscribe.More]:
        """Return the messages of one connection: those given at its birth, then those added later."""
        planned, self._planned = self._planned, None  # what the login was decided by is what is sent
        batches = planned if planned is not None else [make() for make in self._messages]
        fixed: list[str | bytes | _subscribe.More] = [text for batch in batches for text in self._texts(batch)]
        return fixed + [self.more(added.messages, added) for added in self.added]

    def more(self, messages: Sequence[Any], owner: Added | None = None) -> _subscribe.More:
        """Return messages to be sent now on the open connection."""
        texts = self._texts(messages)
        return _subscribe.More(texts) if owner is None else _subscribe.More(texts, owner, owner.sent)

    def undo(self, messages: Sequence[Any]) -> list[Any]:
        """Return the messages that end subscriptions, where the exchange has such; a text is read first if it is JSON."""
        undo = self._host.undo if self._host is not None else None
        if undo is None:
            return []
        ends = [undo(decoded(message)) for message in messages]
        return [end for end in ends if end is not None]

    def _texts(self, messages: Sequence[Any]) -> list[str | bytes]:
        """Turn messages into what goes over the wire: split, signed, encoded."""
        texts: list[str | bytes] = []
        split = self._host.split if self._host is not None else None
        for message in messages:
            if isinstance(message, str | bytes):
                texts.append(message)
            else:
                parts = split(message, self._dialled) if split is not None else (message,)
                texts += [json.dumps(self.signed(part)) for part in parts]
        return texts

    def signed(self, message: Any) -> Any:
        """Return a message as it must be sent on this connection, a signed copy where the exchange wants one."""
        if self._host is None or self._host.sign_message is None or self._credentials is None:
            return message
        return self._host.sign_message(message, self._credentials, self._stamp(), self._dialled)

    # ------------------------------------------------------------------ what arrives

    def _request_ids(self, message: Any) -> Sequence[Any]:
        return self._host.request_ids(message) if self._host and self._host.request_ids else ()

    def _read_ack(self, message: Any) -> Any:
        return self._host.ack(message) if self._host and self._host.ack else None

    @property
    def says_farewell(self) -> bool:
        """Whether this exchange announces that it will cut a connection."""
        return self._host is not None and self._host.farewell is not None

    def farewell(self, frame: Frame) -> Farewell | None:
        """Tell whether a frame announces the end of its connection."""
        assert self._host is not None and self._host.farewell is not None
        try:
            return self._host.farewell(frame.message)
        except ProtocolError:
            return None  # whoever reads the frame hears of it

    def channel_of(self, message: Any) -> str | None:
        """Tell the channel of a message."""
        return self._host.channel_of(message) if self._host and self._host.channel_of else None

    def judge(self, closed: Closed) -> Exception | float | None:
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


def outgoing(send_str: Any, send_bytes: Any, send_json: Any) -> list[Callable[[], list[Any]]]:
    """Return functions that give the messages of one connection, copied now so that nobody changes them later."""
    return [_maker(given, copy) for given, copy in ((send_str, str), (send_bytes, bytes), (send_json, _plain_json))
            if given is not None]  # fmt: skip


def _plain_json(message: Any) -> Any:
    """Return a copy of a JSON message; raises `TypeError` now for what JSON cannot say."""
    return json.loads(json.dumps(message))


def decoded(message: Any) -> Any:
    """Return a message as JSON where it is a text of JSON."""
    try:
        return codec.loads(message) if isinstance(message, str) else message
    except ProtocolError:
        return message


def _maker(given: Any, copy: Callable[[Any], Any]) -> Callable[[], list[Any]]:
    if callable(given):
        return lambda: [copy(item) for item in as_list(given())]
    fixed = [copy(item) for item in as_list(given)]
    return lambda: fixed


def _one_after_the_other(scripts: Sequence[_login.Script]) -> _login.Script:
    for script in scripts:
        yield from script
