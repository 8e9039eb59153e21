"""The words of the streams: what a connection, a store and a collection say.

A connection says, in this order and for every life of its socket::

    Connecting → Opened → Authenticated → Subscribed → Frame … Answered … → Closed → Waiting → Connecting …

`Acknowledged` and `Refused` follow `Subscribed` where the exchange answers subscriptions.

All of them travel in one ordered stream, so whoever folds frames also learns when to distrust what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from . import codec
from .errors import ProtocolError

__all__ = [
    "PLAIN",
    "Acknowledged",
    "Answered",
    "Authenticated",
    "Closed",
    "Commit",
    "Connecting",
    "Dialect",
    "Event",
    "Frame",
    "FrameKind",
    "Joined",
    "Late",
    "LeaseFailed",
    "Leased",
    "Left",
    "Live",
    "Opened",
    "Operation",
    "Overdue",
    "Port",
    "Quiet",
    "Refused",
    "Rotated",
    "Stale",
    "Status",
    "StoreChange",
    "Subscribed",
    "Syncing",
    "Waiting",
    "delivering",
]

delivering: ContextVar[Any] = ContextVar("delivering", default=None)
"""The connection whose frame is being handed out: a store at the end of a pipeline learns from it who feeds it."""

FrameKind = Literal["text", "binary", "ping", "pong"]
Operation = Literal["insert", "update", "delete"]


class Port(Protocol):
    """The sending side of one open connection. Nothing here blocks: what is sent is queued, bounded, in order."""

    def send(self, data: str | bytes) -> None: ...
    def ping(self, payload: bytes) -> None: ...
    def close(self, code: int = 1000, reason: str = "", *, cause: str = "manual") -> None: ...


def _is_ping_or_pong(data: str | bytes) -> bool:
    return data == "ping" or data == "pong"


class Dialect(NamedTuple):
    """How an exchange writes its frames.

    Attributes:
        decode: Turns the data of a frame into its message; raises `ProtocolError`. Strict JSON unless said otherwise.
        is_noise: Whether data that is no message is no error either: the texts that only keep a connection alive.
    """

    decode: Callable[[str | bytes], Any] = codec.loads
    is_noise: Callable[[str | bytes], bool] = _is_ping_or_pong


PLAIN = Dialect()


class Frame:
    """One frame as it arrived. ``message`` decodes it in the dialect of its connection, once, for everybody."""

    __slots__ = ("_error", "_message", "connection", "data", "kind")

    def __init__(self, kind: FrameKind, data: str | bytes, connection: Any = None) -> None:
        self.kind: FrameKind = kind
        self.data = data
        self.connection: Any = connection
        self._error: ProtocolError | None = None

    @property
    def message(self) -> Any:
        """The decoded message, JSON for most exchanges.

        Raises:
            ProtocolError: The frame is no message; every reader gets the same error.
        """
        try:
            return self._message
        except AttributeError:
            if self._error is not None:
                raise self._error from None
        try:
            self._message: Any = getattr(self.connection, "dialect", PLAIN).decode(self.data)
        except ProtocolError as error:
            self._error = error
            raise
        except Exception as error:
            self._error = ProtocolError(f"cannot be decoded ({type(error).__name__}: {error})", self.data)
            raise self._error from error
        return self._message

    @property
    def is_noise(self) -> bool:
        """Whether the frame only keeps the connection alive: a control frame, or a bare ``ping`` or ``pong``."""
        if self.kind == "ping" or self.kind == "pong":
            return True
        return bool(getattr(self.connection, "dialect", PLAIN).is_noise(self.data))

    def __repr__(self) -> str:
        return f"Frame({self.kind!r}, {self.data[:80]!r}{'…' if len(self.data) > 80 else ''})"


@dataclass(frozen=True, slots=True)
class Connecting:
    """A dial begins. ``url`` hides its secrets."""

    url: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The handshake succeeded."""

    connection: Any


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The exchange acknowledged the login, or none is needed."""

    connection: Any


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The subscriptions were sent; ``messages`` are they, as decoded JSON where they are JSON, and ``answers`` is how
    many acknowledgements must come."""

    connection: Any
    messages: Sequence[Any] = ()
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """The subscriptions ``messages`` are made beside those there were; told to collections."""

    connection: Any
    messages: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Left:
    """The subscriptions ``messages`` were ended: nothing more is wanted of them; told to collections."""

    connection: Any
    messages: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The exchange accepted the subscription ``request``; ``owner`` is who asked for it later, if it was."""

    connection: Any
    request: Any
    owner: Any = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange refused the subscription ``request``, or did not answer it: ``text`` says which."""

    connection: Any
    request: Any
    text: str
    owner: Any = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A pong is late by now ``seconds``: stop trusting the data; the connection is dropped if it stays away."""

    connection: Any
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A pong came ``rtt`` seconds after its ping: the connection is alive."""

    connection: Any
    rtt: float


@dataclass(frozen=True, slots=True)
class Late:
    """This process did not run for ``seconds``: what arrives before the next `Answered` is old. Do not trade on it."""

    connection: Any
    seconds: float


@dataclass(frozen=True, slots=True)
class Quiet:
    """``channel`` has said nothing for ``seconds``, though its connection is alive."""

    connection: Any
    channel: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Leased:
    """A token is valid from now on; ``renewed`` if it is the one before, extended."""

    token: str
    renewed: bool = False

    def __repr__(self) -> str:
        return f"Leased(***, renewed={self.renewed})"


@dataclass(frozen=True, slots=True)
class LeaseFailed:
    """A token could not be had or extended; it is tried again in ``delay`` seconds."""

    error: Exception
    delay: float


@dataclass(frozen=True, slots=True)
class Rotated:
    """``connection`` has taken over from ``previous`` without a gap; no frame was lost."""

    connection: Any
    previous: Any


@dataclass(frozen=True, slots=True)
class Closed:
    """A connection ended.

    Attributes:
        code: WebSocket close code; 1006 when the peer sent none.
        reason: What the peer, or we, gave as the reason.
        cause: One word: ``"peer"`` (it closed), ``"reset"`` (transport lost), ``"heartbeat"``, ``"silence"``,
            ``"login"``, ``"send"``, ``"protocol"``, ``"manual"``, ``"client"`` (we closed for good) or ``"dial"``.
        uptime: Seconds from handshake to end; 0.0 if it never opened.
        delivered: Data frames that arrived on it.
        connection: The connection that ended, ``None`` if it never opened.
        error: What ended it, where that was an error.
    """

    code: int
    reason: str = ""
    cause: str = "peer"
    uptime: float = 0.0
    delivered: int = 0
    connection: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next dial comes in ``delay`` seconds; ``attempt`` failures have been counted so far."""

    delay: float
    attempt: int
    cause: BaseException | None = None


Event = (
    Connecting
    | Opened
    | Authenticated
    | Subscribed
    | Acknowledged
    | Refused
    | Frame
    | Overdue
    | Answered
    | Late
    | Quiet
    | Rotated
    | Closed
    | Waiting
)


@dataclass(frozen=True, slots=True)
class Syncing:
    """Waiting for a snapshot; what can be read is incomplete."""


@dataclass(frozen=True, slots=True)
class Live:
    """Fed by an open connection and complete as far as the exchange lets one know."""


@dataclass(frozen=True, slots=True)
class Stale:
    """Not to be trusted: ``reason`` says why, ``since`` when (seconds of the loop's clock; ``None`` without a loop)."""

    reason: str
    since: float | None = None


Status = Syncing | Live | Stale


class StoreChange(NamedTuple):
    """One row came, changed or went.

    Attributes:
        store: The store that changed.
        operation: ``"insert"``, ``"update"`` or ``"delete"``.
        source: The patch of an update, the item that asked for a delete, else ``None``.
        data: The row after an insert or update; the removed row of a delete.
        key: The row's identity: the tuple of its key values, or a serial number for rows without keys.
        before: The row that stood there, ``None`` if there was none.
        seq: Counts every change of the store from 1, without a hole.
        reason: Why, where it is not a message: ``"evict"``, ``"clear"``, ``"pop"``, ``"resync"`` …
    """

    store: Any
    operation: Operation
    source: Any
    data: Any
    key: Any = None
    before: Any = None
    seq: int = 0
    reason: str | None = None


class Commit(tuple[StoreChange, ...]):
    """The changes that one message made to a store, in order.

    Attributes:
        status: Whether the store could be trusted when they were told.
    """

    status: Status = Live()
