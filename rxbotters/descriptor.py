"""What an exchange is: a value. Its folder fills it in; everything else reads it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rxbotters.clock import Stamp
from rxbotters.wire import Encoder, Request, Secret, form_body

__all__ = [
    "Ack",
    "Api",
    "CloseRule",
    "Credentials",
    "Exchange",
    "Host",
    "Hosts",
    "Login",
    "LoginScript",
    "Sign",
]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of one api name; none of them ever prints."""

    name: str
    key: str = field(repr=False)
    secret: Secret = field(default=Secret(b""), repr=False)
    passphrase: Secret = field(default=Secret(b""), repr=False)


Sign = Callable[[Request, Credentials, Stamp], Request]
"""Returns the request with its proof; pure."""

LoginScript = Generator[Sequence[str] | None, Any, None]
"""A login without I/O: yields the texts to send next, is sent each decoded message that comes back, returns when the
exchange has said yes. Yielding ``None`` in answer to a message says: not mine, deliver it."""

Login = Callable[[Credentials, Stamp], LoginScript]

CloseRule = Literal["retry", "slow", "fatal"]
"""What a close code means: dial again at once; wait the longest delay; give up."""


@dataclass(frozen=True, slots=True)
class Ack:
    """An exchange's answer to a subscription: the ``id`` of the request it answers, and the error text if refused."""

    id: Any
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """One api name: how many fields its entry in ``apis`` has, and what they are called."""

    fields: tuple[str, ...] = ("key", "secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host of an exchange.

    Attributes:
        api: The credential name that belongs here.
        sign: Signs requests; ``None`` if the host takes none.
        encode: Turns ``data`` into the body, whether or not credentials exist.
        login: Logs a WebSocket in; ``None`` if the host needs no login.
        request_id: Finds the id of a subscription message; ``None``: it is not acknowledged.
        ack: Reads an acknowledgement; ``None``: the message is none.
        close_rules: What this exchange's close codes mean.
        max_age: Seconds after which the exchange cuts a connection; it is replaced before that.
    """

    api: str
    exchange: str = ""
    sign: Sign | None = None
    encode: Encoder = form_body
    login: Login | None = None
    request_id: Callable[[Any], Any] | None = None
    ack: Callable[[Any], Ack | None] | None = None
    close_rules: Mapping[int, CloseRule] = field(default_factory=dict[int, CloseRule])
    max_age: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange.

    Attributes:
        name: The folder's name.
        apis: Credential names and their fields.
        rest: Hosts that answer HTTP.
        ws: Hosts that speak WebSocket.
        stores: Name of the collection class in the exchange's ``stores`` module.
        docs: Where the facts come from.
    """

    name: str
    apis: Mapping[str, Api]
    rest: Mapping[str, Host]
    ws: Mapping[str, Host]
    stores: str = ""
    docs: str = ""


class Hosts:
    """The hosts one client knows: exact ``host`` or ``host:port`` → `Host`. Immutable.

    Args:
        exchanges: All exchanges.
        extra: More hosts, ``"127.0.0.1:8080" → "bitflyer"``: they behave as that exchange's own.
    """

    def __init__(self, exchanges: Sequence[Exchange], extra: Mapping[str, str] | None = None) -> None:
        self.apis: dict[str, Api] = {}
        self._rest: dict[str, Host] = {}
        self._ws: dict[str, Host] = {}
        for exchange in exchanges:
            self.apis.update(exchange.apis)
            self._rest.update(exchange.rest)
            self._ws.update(exchange.ws)
        by_name = {exchange.name: exchange for exchange in exchanges}
        for host, name in (extra or {}).items():
            if name not in by_name:
                raise ValueError(f"hosts: {host!r} is said to be {name!r}, which is none of {', '.join(by_name)}")
            exchange = by_name[name]
            self._rest[host] = next(iter(exchange.rest.values()))
            self._ws[host] = next(iter(exchange.ws.values()))

    def rest(self, host: str, port: int | None) -> Host | None:
        """Return what is known of an HTTP host."""
        return self._rest.get(f"{host}:{port}") or self._rest.get(host)

    def ws(self, host: str, port: int | None) -> Host | None:
        """Return what is known of a WebSocket host."""
        return self._ws.get(f"{host}:{port}") or self._ws.get(host)
