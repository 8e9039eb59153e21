"""What the questions are asked of: one exchange, and what its tests know about it.

Rules
  1. Everything but the exchange has a default; what a default cannot know is a finding that says what to give.
  2. The keys are canaries: valid in form, of no account, and looked for wherever they must not be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.credentials import validate_apis
from rxbotters.descriptor import Credentials, Exchange, Host
from rxbotters.errors import ProtocolError
from rxbotters.net.http import _encode
from rxbotters.record import Record
from rxbotters.stores import DataStoreCollection
from rxbotters.wire import Request

__all__ = ["MOST", "STAMPS", "Asked", "LoginAnswers", "Subject", "stamp"]

MOST = 2000
"""Messages that are looked at; a recording may hold more."""

_SECRET = "Q2FuYXJ5U2VjcmV0T2ZUaGVDb25mb3JtYW5jZUtpdDE="
_PRIVATE = "0x" + "c0ffee" * 10 + "beef"
_CANARIES = {"key": "canary-key-5d2c7e", "secret": _SECRET, "passphrase": "canary-Passphrase-9f"}


def stamp(ms: int) -> Stamp:
    """Return a moment whose chance follows from it."""
    return Stamp(ms, lambda: f"{ms * 0x9E3779B97F4A7C15 % 2**128:032x}", lambda: ms)


STAMPS = stamp(1_700_000_000_123), stamp(1_700_000_777_456)
"""Two moments, thirteen minutes apart."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a user makes it."""

    method: str
    url: str
    params: Any = None
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class LoginAnswers:
    """How an exchange answers a login.

    Attributes:
        url: A url of the WebSocket that logs in.
        yes: The message that says yes, or a function of the texts that were sent.
        no: The message that says no, or a function of the texts that were sent.
    """

    url: str
    yes: Any
    no: Any

    def say(self, answer: Any, sent: Sequence[str]) -> Any:
        """Return an answer to what was sent."""
        return cast("Callable[[Sequence[str]], Any]", answer)(sent) if callable(answer) else answer


@dataclass(frozen=True)
class Subject:
    """One exchange and what is known about it; see `rxbotters.testing.conformance.check` for the fields."""

    exchange: Exchange
    collections: Sequence[type[DataStoreCollection]] = ()
    apis: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    messages: Sequence[Any] = ()
    requests: Sequence[Asked] = ()
    logins: Sequence[LoginAnswers] = ()
    subscriptions: Sequence[Any] = ()
    unsigned: Mapping[str, str] = field(default_factory=dict[str, str])
    examples: int = 50

    @classmethod
    def of(
        cls, exchange: Exchange, *, messages: Iterable[Any] = (), requests: Iterable[Any] = (), **known: Any
    ) -> Subject:
        """Return a subject, its defaults filled in."""
        asked = [one if isinstance(one, Asked) else Asked(*one) for one in requests]
        subject = cls(exchange, messages=list(islice(messages, MOST)), requests=asked, **known)
        keys = {name: [_canary(exchange.apis[name].fields, field) for field in exchange.apis[name].fields]
                for name in exchange.apis}  # fmt: skip
        return replace(subject, apis={**keys, **subject.apis})

    # ------------------------------------------------------------------ keys

    @property
    def credentials(self) -> dict[str, Credentials]:
        """The keys by api name, as a client loads them."""
        return validate_apis(dict(self.apis), self.exchange.apis)

    def secrets(self) -> list[str]:
        """Return what may stand in nothing that is sent, shown or raised: secrets, and keys that are all there is."""
        found: list[str] = []
        for name, values in self.apis.items():
            for field_name, value in zip(self.exchange.apis[name].fields, values, strict=False):
                if field_name == "secret" or len(values) == 1:
                    found.append(value.removeprefix("0x"))
        return found

    # ------------------------------------------------------------------ what is asked, and what is said

    def signed_hosts(self) -> dict[Any, str]:
        """Return each signing function and a host that has it."""
        hosts = self.exchange.rest.items()
        return {host.sign: name for name, host in reversed(list(hosts)) if host.sign is not None}

    def asked(self) -> Iterator[tuple[Host, Asked, Request]]:
        """Yield each request of this exchange that can be made, encoded but not signed."""
        for asked in (*self.requests, *self._tries()):
            url = URL(asked.url)
            host = self.exchange.rest.get(url.host or "")
            if host is not None:
                yield host, asked, encoded(host, asked)

    def _tries(self) -> Iterator[Asked]:
        for name in self.exchange.rest:
            yield Asked("GET", f"https://{name}/rxbotters/conformance", {"b": "x y", "a": "1+1&é"})
            yield Asked("POST", f"https://{name}/rxbotters/conformance", None, {"b": "x y", "a": "1+1&é", "c": 3})
            yield Asked("DELETE", f"https://{name}/rxbotters/conformance")

    def keys_of(self, host: Host, asked: Asked) -> Credentials:
        """Return the credentials that this request is signed with."""
        name = host.api
        if host.api_of is not None:
            name = host.api_of({field.lower(): value for field, value in asked.headers.items()})
        return self.credentials[name]

    def sockets(self, *parts: str) -> Iterator[tuple[Host, URL]]:
        """Yield the WebSockets of this exchange, each with a url; those that are equal in ``parts`` once."""
        urls = [one.url for one in self.logins] + [feed.url for feed in self.exchange.feeds.values()]
        urls += [f"wss://{name}/" for name in self.exchange.ws]
        seen: set[tuple[Any, ...]] = set()
        for url in map(URL, urls):
            host = self.exchange.ws.get(url.host or "")
            if host is None:
                continue
            kind = tuple(url.path if part == "path" else getattr(host, part) for part in parts)
            if kind not in seen:
                seen.add(kind)
                yield host, url

    def spoken(self) -> list[Any]:
        """Return messages that are sent: subscriptions of feeds, and those that were given."""
        feeds = self.exchange.feeds.values()
        return [*self.subscriptions, *(one for feed in feeds for one in feed.subscribe(feed.symbol))]

    def heard(self) -> list[Any]:
        """Return the messages that arrived on WebSockets."""
        return [one for one in self.arrived() if not isinstance(one, Record)]

    def arrived(self) -> list[Any]:
        """Return everything that arrived: messages, and records of REST answers."""
        return [_decoded(one) if isinstance(one, Record) and one.kind == "ws" else one for one in self.messages]


def encoded(host: Host, asked: Asked) -> Request:
    """Return a request as the client encodes it, not yet signed."""
    url = URL(asked.url)
    if asked.params:
        url = url.extend_query(asked.params)
    return _encode(host, asked.method, url, asked.data, {"headers": asked.headers})


def _decoded(record: Record) -> Any:
    try:
        return record.message
    except ProtocolError:
        return record.data  # such as engine.io's, for a collection that takes text


def _canary(fields: Sequence[str], field_name: str) -> str:
    return _PRIVATE if len(fields) == 1 else _CANARIES.get(field_name, f"canary-{field_name}")
