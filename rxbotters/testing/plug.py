"""`Plug`: what stands where a program asks a transport for its socket. No descriptor, no network."""

from __future__ import annotations

import socket
import struct

__all__ = ["Address", "Plug"]

Address = tuple[str, int]
"""An IPv4 address and a port."""

_LINGER = struct.Struct("ii")


class Plug:
    """The socket of an in-memory transport: addresses and options, nothing else.

    ``SO_LINGER`` with a time of 0 has its meaning: closing then resets the connection.

    Example:
        >>> plug = Plug(("10.0.0.1", 443), ("10.0.0.2", 40001))
        >>> plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        >>> plug.getpeername(), plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), plug.fileno()
        (('10.0.0.2', 40001), 1, -1)
    """

    family = socket.AF_INET
    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, name: Address, peer: Address | None = None) -> None:
        self._name = name
        self._peer = peer
        self._options: dict[tuple[int, int], int | bytes] = {}

    def getsockname(self) -> Address:
        """Return the address of this end."""
        return self._name

    def getpeername(self) -> Address:
        """Return the address of the other end.

        Raises:
            OSError: It is a listening socket.
        """
        if self._peer is None:
            raise OSError("a listening socket has no peer")
        return self._peer

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Remember an option."""
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, size: int = 0) -> int | bytes:
        """Return an option that was set, else 0."""
        return self._options.get((level, option), bytes(size) if size else 0)

    def fileno(self) -> int:
        """Return -1: there is no descriptor."""
        return -1

    @property
    def resets(self) -> bool:
        """Whether closing means a reset (``SO_LINGER`` on, 0 s)."""
        value = self._options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        return isinstance(value, bytes) and len(value) == _LINGER.size and _LINGER.unpack(value) == (1, 0)

    def __repr__(self) -> str:
        return f"<Plug {self._name} {self._peer or 'listening'}>"
