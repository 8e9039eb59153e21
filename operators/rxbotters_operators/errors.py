"""What can go wrong in a stream, under one root.

::

    RxbottersError
    └── StreamError
        ├── SilenceError          nothing arrived for too long
        ├── HeartbeatTimeout      a ping was not answered in time
        ├── BufferOverflow        a consumer fell behind a buffer whose policy is "error"
        ├── ProtocolError         a frame is not what its protocol promises
        ├── SubscriberError       a subscriber raised; its siblings go on
        └── RetriesExhausted      the last allowed attempt failed

Every message says what happened, with numbers, and what to do.
"""

from __future__ import annotations

__all__ = [
    "BufferOverflow",
    "HeartbeatTimeout",
    "ProtocolError",
    "RetriesExhausted",
    "RxbottersError",
    "SilenceError",
    "StreamError",
    "SubscriberError",
]

SHOWN = 200  # characters of a bad payload that an error may quote


class RxbottersError(Exception):
    """The root of every error this library raises."""


class StreamError(RxbottersError):
    """Something went wrong in a stream."""


class SilenceError(StreamError):
    """Nothing arrived for ``seconds``: the source may be dead although it looks alive."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing arrived for {seconds:g} s: reconnect, or allow a longer silence")
        self.seconds = seconds


class HeartbeatTimeout(StreamError):
    """A ping was not answered within ``seconds``: the peer is gone or stalled."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no pong for {seconds:g} s after a ping: the connection is dropped and dialled again")
        self.seconds = seconds


class BufferOverflow(StreamError):
    """A consumer fell more than ``maxsize`` items behind."""

    def __init__(self, name: str, maxsize: int, dropped: int, policy: str) -> None:
        super().__init__(
            f"{name}: the consumer is more than {maxsize} items behind ({dropped} dropped, policy {policy!r}): "
            "consume faster, conflate, or choose a larger maxsize"
        )
        self.name = name
        self.maxsize = maxsize
        self.dropped = dropped
        self.policy = policy


class ProtocolError(StreamError):
    """A payload is not what its protocol promises; ``excerpt`` holds at most 200 characters of it."""

    def __init__(self, what: str, payload: str | bytes = "") -> None:
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else payload
        excerpt = text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
        super().__init__(f"{what}: {excerpt!r}" if payload else what)
        self.what = what
        self.excerpt = excerpt


class SubscriberError(StreamError):
    """A subscriber raised while it was handed an item; ``__cause__`` is what it raised."""

    def __init__(self, stream: str, error: BaseException) -> None:
        super().__init__(
            f"a subscriber of {stream} raised {type(error).__name__}: {error}; "
            "it was detached and the others go on: fix it and subscribe again"
        )
        self.stream = stream
        self.__cause__ = error


class RetriesExhausted(StreamError):
    """The last allowed attempt failed; ``__cause__`` is its error."""

    def __init__(self, attempts: int, error: BaseException) -> None:
        super().__init__(f"gave up after {attempts} attempts; the last one failed with {type(error).__name__}: {error}")
        self.attempts = attempts
        self.__cause__ = error
