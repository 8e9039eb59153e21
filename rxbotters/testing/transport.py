"""`MemoryTransport`: one end of a connection, with the manners of asyncio's own TCP transport.

Rules
  1. Closing sends what was written, then the goodbye; aborting drops it. Who closes with unread bytes, or with
     ``SO_LINGER`` 0, resets the connection.
  2. Whoever writes to an end that is gone is reset.
  3. ``connection_lost`` is called exactly once, from the loop, never from inside a call of the program.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from .pipe import Pipe
from .plug import Plug

__all__ = ["MemoryTransport"]

Lines = Iterable[bytes | bytearray | memoryview]


class MemoryTransport(asyncio.Transport):
    """One end; made by the virtual network.

    Args:
        loop: Runs the callbacks.
        protocol: Hears of bytes and of the end.
        plug: Given out as ``socket``.
        extra: More of what `get_extra_info` gives out.
        window: Bytes under way that the "kernel" buffers; more than that is this transport's own buffer.
        gone: Called once, at the end.
    """

    outgoing: Pipe
    incoming: Pipe

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        plug: Plug,
        extra: Mapping[str, object],
        *,
        window: int,
        gone: Callable[[], None],
    ) -> None:
        peer = plug.getpeername()
        super().__init__({"socket": plug, "sockname": plug.getsockname(), "peername": peer, **extra})
        self._loop = loop
        self._protocol = protocol
        self._plug = plug
        self._window = window
        self._tell_gone = gone
        self._high, self._low = 65536, 16384
        self._reading = True
        self._write_paused = False
        self._eof = False
        self._closing = False
        self._ending = False
        self.gone = False

    # ------------------------------------------------------------------ protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand later events to another protocol."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who hears of events."""
        return self._protocol

    def _call(self, what: str, *args: Any) -> Any:
        """Call the protocol; if it raises, say so and cut the connection, as asyncio does."""
        try:
            return getattr(self._protocol, what)(*args)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": f"{type(self._protocol).__name__}.{what}() failed", "exception": error, "transport": self}
            )
            self._force(error)
            return True

    # ------------------------------------------------------------------ reading

    @property
    def takes(self) -> bool:
        """Whether bytes may arrive; those for an end that is gone arrive, and are answered with a reset."""
        return self.gone or (self._reading and not self._closing)

    def is_reading(self) -> bool:
        """Whether bytes are being received."""
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        """Let bytes wait."""
        self._reading = False

    def resume_reading(self) -> None:
        """Take bytes again."""
        if not self._closing and not self._reading:
            self._reading = True
            self.incoming.wake()

    def arrive(self, data: bytes) -> None:
        """Take bytes from the pipe."""
        if self.gone:
            self.outgoing.reset()
        elif isinstance(self._protocol, asyncio.BufferedProtocol):
            view = memoryview(data)
            while view and not self._closing:
                buffer = self._call("get_buffer", len(view))
                if buffer is True:  # it failed, and the connection is cut
                    return
                taken = min(len(view), len(buffer))
                buffer[:taken] = view[:taken]
                self._call("buffer_updated", taken)
                view = view[taken:]
        else:
            self._call("data_received", data)

    def arrive_end(self) -> None:
        """Take the goodbye; unless the protocol wants to go on writing, this end closes too."""
        if not self._closing and not self._call("eof_received"):
            self.close()

    def arrive_reset(self) -> None:
        """Take a reset."""
        self._force(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def time_out(self) -> None:
        """Hear that what was written will never arrive."""
        self._force(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))

    # ------------------------------------------------------------------ writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes; once everything before is gone and this end with it, they are dropped."""
        kind = cast(object, data)
        if not isinstance(kind, bytes | bytearray | memoryview):
            raise TypeError(f"data argument must be a bytes-like object, not {type(kind).__name__!r}")
        if self._eof:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._ending or not len(data):
            return
        self.outgoing.write(bytes(data))
        if not self._write_paused and self.get_write_buffer_size() > self._high:
            self._write_paused = True
            self._call("pause_writing")

    def writelines(self, list_of_data: Lines) -> None:
        """Send several pieces as one."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Say yes: TCP can be closed one way."""
        return True

    def write_eof(self) -> None:
        """Say goodbye and go on reading."""
        if not self._closing and not self._eof:
            self._eof = True
            self.outgoing.end()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait here, beyond those that are on their way."""
        return max(0, self.outgoing.size - self._window)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return (low, high) of the write buffer, in bytes."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say when writing pauses and resumes, as asyncio does."""
        if high is None:
            high = 65536 if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low

    def drained(self) -> None:
        """Hear that bytes have arrived at the other end."""
        size = self.get_write_buffer_size()
        if self._write_paused and size <= self._low:
            self._write_paused = False
            self._call("resume_writing")
        if self._closing and size == 0:
            self._finish_soon(None)

    # ------------------------------------------------------------------ the end

    def is_closing(self) -> bool:
        """Whether this end is closing or closed."""
        return self._closing

    def close(self) -> None:
        """Send what was written, say goodbye, and be gone."""
        if not self._closing:
            self._closing = True
            if self.get_write_buffer_size() == 0:
                self._finish_soon(None)

    def abort(self) -> None:
        """Be gone at once; what was not sent is dropped."""
        self._force(None, unsent=self.get_write_buffer_size() > 0)

    def _force(self, error: Exception | None, *, unsent: bool = True) -> None:
        self._closing = True
        if error is not None or unsent:
            self.outgoing.reset()
        self._finish_soon(error)

    def _finish_soon(self, error: Exception | None) -> None:
        if not self._ending:
            self._ending = True
            self._loop.call_soon(self._finish, error)

    def _finish(self, error: Exception | None) -> None:
        self.gone = True
        if self._plug.resets:
            self.outgoing.reset()
        else:
            self.outgoing.end()
        try:
            self._protocol.connection_lost(error)
        except Exception as failure:
            self._loop.call_exception_handler(
                {
                    "message": f"{type(self._protocol).__name__}.connection_lost() failed",
                    "exception": failure,
                    "transport": self,
                }
            )
        self._tell_gone()
        self.incoming.wake()  # what is still unread is answered with a reset

    def __repr__(self) -> str:
        state = "gone" if self.gone else "closing" if self._closing else "open"
        return f"<MemoryTransport {state} {self._plug.getsockname()} → {self._plug.getpeername()}>"
