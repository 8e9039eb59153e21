"""Every error of the library, under one root.

::

    RxbottersError
    ├── StreamError                   what a stream says (drawn in `rxbotters_operators.errors`)
    ├── ConfigError (ValueError)      the program is wrong: fix it, retrying cannot help
    │   ├── CredentialError           an apis entry or file breaks a rule
    │   └── UnsafeRequest             would leak a key: plain http, other origin
    ├── ClientClosed                  the client, or the connection, was closed
    ├── WrongLoop (RuntimeError)      called from another event loop than the client's
    ├── RequestError
    │   ├── OutcomeUnknown            a mutating request was sent and nobody knows what became of it
    │   ├── RateLimited               it would have waited too long for its turn; not sent
    │   ├── ResponseTooLarge          the body exceeds its budget, compressed or not
    │   └── VenueError                the exchange answered, with an error
    ├── ConnectError                  a dial failed
    │   ├── HandshakeRefused          the server answered the upgrade with an HTTP status
    │   └── HandshakeTimeout          the server did not answer the upgrade
    ├── SessionError                  the socket is open, the session on it is not
    │   ├── LoginRefused              the exchange refused the login
    │   ├── LoginTimeout              the exchange did not answer the login
    │   ├── SubscriptionError         the exchange refused, or never acknowledged, one subscription
    │   ├── PolicyViolation           the server closed for a breach of its rules
    │   └── SendTimeout               the peer does not read what we send
    ├── LeaseError                    a token could not be had or extended
    ├── ClockSkew                     this machine's clock and an exchange's are apart
    ├── HandlerError                  a handler of the user's raised
    └── StoreError
        ├── MissingKey                a row lacks a field of its key
        ├── UnhashableKey (TypeError) a key value cannot be a key
        ├── BadNumber (ValueError)    a price or size is not a finite number
        ├── SnapshotError             a response given to `initialize` cannot be used
        ├── SequenceGap               a diff is missing: the book is emptied and asked for anew
        └── BookMismatch              the book is crossed, or its checksum differs: the same
"""

from __future__ import annotations

from collections.abc import Iterable

from rxbotters_operators.errors import (
    BufferOverflow,
    HeartbeatTimeout,
    ProtocolError,
    RetriesExhausted,
    RxbottersError,
    SilenceError,
    StreamError,
    SubscriberError,
)

__all__ = [
    "BadNumber",
    "BookMismatch",
    "BufferOverflow",
    "ClientClosed",
    "ClockSkew",
    "ConfigError",
    "ConnectError",
    "CredentialError",
    "HandlerError",
    "HandshakeRefused",
    "HandshakeTimeout",
    "HeartbeatTimeout",
    "LeaseError",
    "LoginRefused",
    "LoginTimeout",
    "MissingKey",
    "OutcomeUnknown",
    "PolicyViolation",
    "ProtocolError",
    "RateLimited",
    "RequestError",
    "ResponseTooLarge",
    "RetriesExhausted",
    "RxbottersError",
    "SendTimeout",
    "SequenceGap",
    "SessionError",
    "SilenceError",
    "SnapshotError",
    "StoreError",
    "StreamError",
    "SubscriberError",
    "SubscriptionError",
    "UnhashableKey",
    "UnsafeRequest",
    "VenueError",
    "WrongLoop",
]


class ConfigError(RxbottersError, ValueError):
    """The program asks for something that can never work; ``fatal``: no retry helps."""

    fatal = True


class CredentialError(ConfigError):
    """An entry of ``apis``, or the file it stands in, breaks a rule. Never shows the value."""


class UnsafeRequest(ConfigError):
    """The request would send a key where others can read it; nothing was sent."""


class ClientClosed(RxbottersError):
    """The client (or this connection) was closed while somebody waited."""

    def __init__(self, what: str = "the client") -> None:
        super().__init__(f"{what} was closed: nothing more will arrive here; open a new one")


class WrongLoop(RxbottersError, RuntimeError):
    """A call came from another event loop than the one the client lives on."""

    def __init__(self) -> None:
        super().__init__(
            "this client belongs to another event loop: create one Client per loop, and call it only from that loop"
        )


class RequestError(RxbottersError):
    """A request did not end as asked."""


class OutcomeUnknown(RequestError):
    """A mutating request left, and no answer came: it may have happened. It was sent once and is never re-sent."""

    def __init__(self, method: str, url: str, why: str) -> None:
        super().__init__(
            f"{method} {url}: {why}. It may have been executed: look up the order before you send it again"
        )
        self.method = method
        self.url = url


class RateLimited(RequestError):
    """The request would have waited longer than allowed for its turn; it was not sent."""

    def __init__(self, exchange: str, seconds: float, patience: float) -> None:
        super().__init__(
            f"{exchange}: the next request may go out in {seconds:.1f} s, more than the {patience:g} s it may wait; "
            "nothing was sent: send less, or give Client(patience=…)"
        )
        self.exchange = exchange
        self.retry_after = seconds


class ResponseTooLarge(RequestError):
    """A body is larger than its budget; reading was stopped and the connection dropped."""

    def __init__(self, method: str, url: str, limit: int) -> None:
        super().__init__(
            f"{method} {url}: the body exceeds {limit // 1024 // 1024} MiB: raise Client(max_body=…) if it may"
        )
        self.limit = limit


class VenueError(RequestError):
    """The exchange answered with an error."""

    def __init__(self, endpoint: str, status: int, body: str) -> None:
        super().__init__(f"{endpoint} answered HTTP {status}: {body[:200]}")
        self.endpoint = endpoint
        self.status = status
        self.body = body


class ConnectError(RxbottersError):
    """A dial failed; the network's own error is the cause."""

    def __init__(self, url: str, why: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"cannot connect to {url}: {why}")
        self.url = url
        self.retry_after = retry_after


class HandshakeRefused(ConnectError):
    """The server answered the upgrade with an HTTP status instead of 101.

    401, 403 and 404 are fatal by default (``fatal``): the same dial would be refused again.
    """

    def __init__(self, url: str, status: int, *, fatal: bool, retry_after: float | None = None) -> None:
        advice = "check the url, the keys and whether your region is allowed" if fatal else "it is tried again"
        super().__init__(url, f"HTTP {status} in answer to the upgrade; {advice}", retry_after=retry_after)
        self.status = status
        self.fatal = fatal


class HandshakeTimeout(ConnectError):
    """The server accepted the connection and did not answer the upgrade."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(url, f"no answer to the upgrade within {seconds:g} s; it is tried again")
        self.seconds = seconds


class SessionError(RxbottersError):
    """The socket is open, the session on it is not."""


class LoginRefused(SessionError):
    """The exchange refused the login. Nothing was subscribed."""

    fatal = True

    def __init__(self, exchange: str, text: str) -> None:
        super().__init__(f"{exchange} refused the login: {text}; check key, secret, permissions and the clock")
        self.exchange = exchange
        self.text = text


class LoginTimeout(SessionError):
    """The exchange did not answer the login."""

    def __init__(self, exchange: str, seconds: float) -> None:
        super().__init__(f"{exchange} did not answer the login within {seconds:g} s; the connection is dialled again")
        self.seconds = seconds


class SubscriptionError(SessionError):
    """One subscription was refused or never acknowledged; the others live on."""

    def __init__(self, request: object, text: str) -> None:
        super().__init__(f"subscription {request!r} failed: {text}")
        self.request = request
        self.text = text


class PolicyViolation(SessionError):
    """The server closed the connection for a breach of its rules (1008)."""

    def __init__(self, code: int, reason: str, *, fatal: bool) -> None:
        tail = "it is not dialled again" if fatal else "the next dial waits the longest delay"
        super().__init__(f"closed by policy (code {code}, {reason or 'no reason given'}); {tail}")
        self.code = code
        self.reason = reason
        self.fatal = fatal


class SendTimeout(SessionError):
    """The peer did not take what we sent within the deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the peer took nothing for {seconds:g} s while we had something to send; reconnecting")
        self.seconds = seconds


class LeaseError(RxbottersError):
    """A token could not be had, or not be extended. ``status`` is HTTP's, 0 if there was no answer."""

    def __init__(self, name: str, why: str, *, status: int = 0, retry_after: float | None = None) -> None:
        self.fatal = status in (401, 403)
        tail = "check key, secret and permissions" if self.fatal else "it is tried again"
        super().__init__(f"lease {name}: {why}; {tail}")
        self.status = status
        self.retry_after = retry_after


class ClockSkew(RxbottersError):
    """An exchange's clock and this machine's are apart; signed requests may be refused for it."""

    def __init__(self, host: str, low: float, high: float) -> None:
        super().__init__(
            f"the clock of {host} is {low:+.1f} to {high:+.1f} s from this machine's: synchronise it (NTP), "
            "or give Client(adjust_clock=True)"
        )
        self.host = host
        self.low, self.high = low, high


class HandlerError(RxbottersError):
    """A handler raised; the other handlers and the following frames went on."""

    def __init__(self, handler: object, error: BaseException) -> None:
        name = getattr(handler, "__qualname__", None) or repr(handler)
        super().__init__(f"handler {name} raised {type(error).__name__}: {error}")
        self.handler = handler
        self.__cause__ = error


class StoreError(RxbottersError):
    """A store could not take what it was given."""


class MissingKey(StoreError):
    """A row lacks a field of the store's key; it was skipped, and counted in ``store.skipped``."""

    def __init__(self, store: str, fields: Iterable[str], row: object) -> None:
        self.fields = tuple(fields)
        super().__init__(f"{store}: row without {', '.join(self.fields)} skipped: {str(row)[:200]}")


class UnhashableKey(StoreError, TypeError):
    """A key value is a list or a dict; nothing of the batch was applied."""

    def __init__(self, store: str, row: object) -> None:
        super().__init__(f"{store}: a key value is not hashable, nothing of the batch was applied: {str(row)[:200]}")


class BadNumber(StoreError, ValueError):
    """A price or size is NaN, infinite, negative or no number; nothing of the batch was applied."""

    def __init__(self, store: str, what: str, value: object) -> None:
        super().__init__(
            f"{store}: {what} {value!r} is not a finite, non-negative number: the whole message is refused"
        )


class SnapshotError(StoreError):
    """A response given to ``initialize`` cannot be used; the store was left as it was."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(f"initialize: {endpoint}: {why}")
        self.endpoint = endpoint


class SequenceGap(StoreError):
    """A numbered stream jumped; the instrument was emptied and its snapshot asked for."""

    def __init__(self, store: str, symbol: object, expected: object, got: object) -> None:
        self.what = f"gap: expected {expected}, got {got}"
        super().__init__(f"{store} {symbol}: {self.what}; the book is empty and Stale until its new snapshot")
        self.symbol = symbol
        self.expected = expected
        self.got = got


class BookMismatch(StoreError):
    """A book cannot be right: it is crossed, or does not add up to the exchange's checksum."""

    def __init__(self, store: str, symbol: object, what: str) -> None:
        self.what = what
        super().__init__(f"{store} {symbol}: {what}; the book is empty and Stale until its new snapshot")
        self.symbol = symbol
