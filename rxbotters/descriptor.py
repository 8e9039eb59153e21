"""What an exchange is: a value. Its folder fills it in; everything else reads it.

A descriptor holds facts and pure functions: no socket, no clock, no task. What an exchange needs that is not here is
missing here, and belongs here, not in a special case somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.wire import PLAIN, Dialect, Encoder, Frame, Request, Secret, form_body

__all__ = [
    "Ack",
    "Api",
    "Beat",
    "CloseRule",
    "Credentials",
    "Exchange",
    "Farewell",
    "Feed",
    "Greet",
    "Host",
    "Hosts",
    "LeaseRule",
    "Limit",
    "Login",
    "LoginScript",
    "Sends",
    "Sign",
    "SignMessage",
]


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of one api name; none of them ever prints."""

    name: str
    key: str = field(repr=False)
    secret: Secret = field(default=Secret(b""), repr=False)
    passphrase: Secret = field(default=Secret(b""), repr=False)


Sign = Callable[[Request, Credentials, Stamp], Request]
"""Returns the request with its proof; pure. A request that needs none is returned as it is."""

LoginScript = Generator[Sequence[str] | None, Any, None]
"""A login without I/O: yields the texts to send next, is sent each decoded message that comes back, returns when the
exchange has said yes. Yielding ``None`` in answer to a message says: not mine, deliver it."""

Login = Callable[[Credentials, Stamp, URL], LoginScript | None]
"""Makes the script of one login at this url; ``None``: this path needs none."""

Greet = Callable[[URL], LoginScript | None]
"""Makes the script that every new connection to this url begins with, keys or none: a hello of ours, a welcome of theirs."""

SignMessage = Callable[[Any, Credentials, Stamp, URL], Any]
"""Returns the message as it must be sent on the connection to this url; never changes what it is given."""

CloseRule = Literal["retry", "slow", "fatal"]
"""What a close code means: dial again at once; wait the longest delay; give up."""

Farewell = Literal["rotate", "renew"]
"""What a message announces: the server will cut this connection; the token in its url is dead."""


@dataclass(frozen=True, slots=True)
class Ack:
    """An exchange's answer to a subscription: the ``id`` of the request it answers, and the error text if refused."""

    id: Any
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """One api name: how many fields its entry in ``apis`` has, and what they are called."""

    fields: tuple[str, ...] = ("key", "secret")


@dataclass(frozen=True, slots=True)
class Beat:
    """The heartbeats an exchange wants beside the pings of the protocol.

    Attributes:
        every: Seconds between two of ours, the first as soon as the connection is open; ``None``: we send none.
        text: Makes one.
        answer: Returns what to answer to a frame of the server; ``None`` for most frames.
        silence: Seconds without any frame after which the exchange, or we, call the connection dead.
    """

    every: float | None = None
    text: Callable[[Stamp], str] = lambda stamp: "ping"
    answer: Callable[[Frame, Stamp], str | None] | None = None
    silence: float | None = None


@dataclass(frozen=True, slots=True)
class Sends:
    """How fast a client may send on a WebSocket: ``calls`` frames in any ``per_s`` seconds, control frames included.

    ``shared``: the connections to a host share this budget (a limit by IP), else each has its own.
    """

    calls: int
    per_s: float
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on requests: weights that add up to at most ``weight`` in any ``per_s`` seconds.

    Attributes:
        name: Hosts of one exchange with a limit of the same name share it.
        weigh: The weight of a request; 0: this limit does not count it.
        by_key: Each api key has a budget of its own, else all requests of this machine share one.
        scope: Requests of different scopes have budgets of their own: of an endpoint, of an instrument.
        used: Reads how much of the budget is used from the headers of an answer; ``None``: it does not say.
    """

    name: str
    weight: float
    per_s: float
    weigh: Callable[[Request], float] = lambda request: 1.0
    by_key: bool = False
    scope: Callable[[Request], str] = lambda request: ""
    used: Callable[[Mapping[str, str]], float | None] = lambda headers: None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRule:
    """A token that stands in a url: how to get one, keep it and use it.

    Attributes:
        base: Where the requests go, such as ``"https://fapi.binance.com"``.
        create: (method, path) that gives a token.
        renew: (method, path) that extends it; ``None``: it cannot be extended.
        renew_params: Makes the query of the renewal.
        renew_data: Makes the body of the renewal.
        every: Seconds between two renewals.
        read: Finds the token in the decoded answer of ``create``; raises `KeyError` or `TypeError` if there is none.
        url: Makes the WebSocket url from the decoded answer of ``create`` and fresh text for an id.
        auth: Whether ``create`` and ``renew`` are signed.
        once: Whether a token is good for one connection: then each dial has one of its own.
        refusal: Returns the exchange's error text if an answer is one.
    """

    base: str
    create: tuple[str, str]
    renew: tuple[str, str] | None = None
    renew_params: Callable[[str], Mapping[str, str] | None] = lambda token: None
    renew_data: Callable[[str], Mapping[str, str] | None] = lambda token: None
    every: float
    read: Callable[[Any], str]
    url: Callable[[Any, str], str]
    auth: bool = True
    once: bool = False
    refusal: Callable[[Any], str | None] = lambda body: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host of an exchange.

    Attributes:
        api: The credential name that belongs here.
        api_of: Chooses the name by the headers of a request, where one host serves several environments.
        environment: What is traded there: ``"mainnet"``, ``"testnet"``, ``"demo"``.
        sign: Signs requests; ``None`` if the host takes none.
        encode: Turns ``data`` into the body, whether or not credentials exist.
        encode_of: Chooses the encoder by the url of a request, where one host serves several APIs.
        limits: Limits on requests.
        turn: Seconds a request waits for the answer to the one before it by the same key, where their numbers
            (`Stamp.serial`) must arrive in order; ``None``: requests go side by side.
        greet: What a WebSocket begins with, before the login and without keys too; ``None``: nothing.
        login: Logs a WebSocket in; ``None`` if the host needs no login.
        needs_login: Tells from the subscriptions of a connection, decoded, and its url whether it must log in;
            ``None``: whenever there are keys.
        sign_message: Completes each JSON message before it is sent; ``None``: messages go as they are.
        request_ids: Finds the ids under which a subscription will be acknowledged; none: it is not.
        ack: Reads an acknowledgement; ``None``: the message is none.
        undo: Makes the message that ends a subscription; ``None``: it cannot be ended.
        split: Cuts a subscription into as many messages as the exchange wants.
        beat: The exchange's own heartbeats.
        sends: How fast it may be sent to.
        dialect: How frames are decoded.
        channel_of: Tells the channel of a message.
        time_of: Tells when the exchange sent a message, Unix time in seconds; ``None``: it does not say.
        farewell: Tells that the server will cut the connection, or that its token is dead.
        close_rules: What this exchange's close codes mean.
        max_age: Seconds after which the exchange cuts a connection; it is replaced before that.
        max_msg_size: Bytes a frame may have once inflated.
    """

    api: str
    api_of: Callable[[Mapping[str, str]], str] | None = None
    exchange: str = ""
    environment: str = "mainnet"
    sign: Sign | None = None
    encode: Encoder = form_body
    encode_of: Callable[[URL], Encoder] | None = None
    limits: Sequence[Limit] = ()
    turn: float | None = None
    greet: Greet | None = None
    login: Login | None = None
    needs_login: Callable[[Sequence[Any], URL], bool] | None = None
    sign_message: SignMessage | None = None
    request_ids: Callable[[Any], Sequence[Any]] | None = None
    ack: Callable[[Any], Ack | None] | None = None
    undo: Callable[[Any], Any] | None = None
    split: Callable[[Any, URL], Sequence[Any]] | None = None
    beat: Callable[[URL], Beat | None] | None = None
    sends: Sends | None = None
    dialect: Dialect = PLAIN
    channel_of: Callable[[Any], str | None] | None = None
    time_of: Callable[[Any], float | None] | None = None
    farewell: Callable[[Any], Farewell | None] | None = None
    close_rules: Mapping[int, CloseRule] = field(default_factory=dict[int, CloseRule])
    max_age: float | None = None
    max_msg_size: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How the public book of an exchange is watched, by `rxbotters watch` and by whoever wants an example.

    Attributes:
        url: The public WebSocket.
        subscribe: Makes the subscriptions for one symbol.
        book: Name of the collection's order book.
        symbol: An example of the exchange's own spelling.
        collection: Name of the collection class.
        handler: Which handler argument of ``ws_connect`` the collection wants.
        url_of: Makes the url for one symbol, where it depends on it.
        lease: Name of the lease whose url is dialled instead of ``url``.
        instrument: What the book calls that symbol, where it takes more than the symbol to name an instrument.
    """

    url: str
    subscribe: Callable[[str], Sequence[Any]]
    book: str
    symbol: str
    collection: str
    handler: Literal["hdlr_json", "hdlr_str", "hdlr_bytes"] = "hdlr_json"
    url_of: Callable[[str], str] | None = None
    lease: str | None = None
    instrument: Callable[[str], Any] = lambda symbol: symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange.

    Attributes:
        name: The folder's name.
        title: How the exchange writes itself.
        apis: Credential names and their fields.
        rest: Hosts that answer HTTP.
        ws: Hosts that speak WebSocket.
        stores: Names of the collection classes in the exchange's ``stores`` module.
        feeds: Feed name → how to watch a public book; the first is the default.
        leases: Lease name → its rule; `Client.lease` takes ``"<exchange>.<lease>"``.
        ping: A public REST url that answers cheaply.
        docs: Where the facts come from.
    """

    name: str
    title: str = ""
    apis: Mapping[str, Api]
    rest: Mapping[str, Host]
    ws: Mapping[str, Host]
    stores: Sequence[str] = ()
    feeds: Mapping[str, Feed] = field(default_factory=dict[str, Feed])
    leases: Mapping[str, LeaseRule] = field(default_factory=dict[str, LeaseRule])
    ping: str = ""
    docs: str = ""


class Hosts:
    """The hosts one client knows: exact ``host`` or ``host:port`` → `Host`. Immutable.

    Args:
        exchanges: All exchanges.
        extra: More hosts: ``"127.0.0.1:8080" → "bitflyer"``, or the name of a host of it, ``"stream.bybit.com"``: they
            behave as that exchange's first host, or as that very one.
    """

    def __init__(self, exchanges: Sequence[Exchange], extra: Mapping[str, str] | None = None) -> None:
        self.apis: dict[str, Api] = {}
        self.extra: frozenset[str] = frozenset(extra or ())
        self._rest: dict[str, Host] = {}
        self._ws: dict[str, Host] = {}
        for exchange in exchanges:
            self.apis.update(exchange.apis)
            self._rest.update(exchange.rest)
            self._ws.update(exchange.ws)
        by_name = {exchange.name: exchange for exchange in exchanges}
        for host, name in (extra or {}).items():
            known = by_name.get(name)
            rest, ws = (
                (self._rest.get(name), self._ws.get(name))
                if known is None
                else (next(iter(known.rest.values()), None), next(iter(known.ws.values()), None))
            )
            if rest is None and ws is None:
                raise ValueError(
                    f"hosts: {host!r} is said to be {name!r}, which is no exchange ({', '.join(by_name)}) and no host of one"
                )
            if rest is not None:
                self._rest[host] = rest
            if ws is not None:
                self._ws[host] = ws

    def rest(self, host: str, port: int | None) -> Host | None:
        """Return what is known of an HTTP host."""
        return self._rest.get(f"{host}:{port}") or self._rest.get(host)

    def ws(self, host: str, port: int | None) -> Host | None:
        """Return what is known of a WebSocket host."""
        return self._ws.get(f"{host}:{port}") or self._ws.get(host)

    def is_extra(self, host: str, port: int | None) -> bool:
        """Whether a host was added for this client: a simulator, a proxy, a test server."""
        return f"{host}:{port}" in self.extra or host in self.extra
