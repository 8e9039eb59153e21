"""`no_network`: no real socket leaves this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from .errors import RealNetwork
from .names import Names

__all__ = ["no_network"]


def _stays(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        text = host.decode() if isinstance(host, bytes) else str(host)
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _check(address: object) -> None:
    if isinstance(address, tuple) and len(address) >= 2 and not _stays(address[0]):  # pyright: ignore[reportUnknownArgumentType]
        raise RealNetwork(f"{address[0]}:{address[1]}")


@contextmanager
def no_network() -> Generator[None]:
    """Forbid real sockets anything but this machine, names included: they would be looked up outside.

    Loopback addresses, ``localhost`` and Unix sockets stay allowed. The virtual network is not concerned.

    Raises:
        RealNetwork: In the code that tries, naming the destination. It is no `OSError`, so that nobody retries.

    Example:
        >>> import socket
        >>> with no_network(), socket.socket() as plug:
        ...     plug.connect(("192.0.2.1", 443))
        Traceback (most recent call last):
        rxbotters.testing.errors.RealNetwork: a real connection to 192.0.2.1:443 was attempted: ...
    """
    kept = {name: socket.socket.__dict__.get(name) for name in ("connect", "connect_ex", "sendto")}
    look_up = socket.getaddrinfo

    def guarded(original: Callable[..., Any], position: int) -> Callable[..., Any]:
        def method(self: socket.socket, *args: Any) -> Any:
            _check(args[position])
            return original(self, *args)

        return method

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if not _stays(host) and not Names.numeric(host.decode() if isinstance(host, bytes) else str(host)):
            raise RealNetwork(str(host))
        return look_up(host, port, *args, **options)

    for name in kept:
        setattr(socket.socket, name, guarded(getattr(socket.socket, name), -1 if name == "sendto" else 0))
    socket.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, method in kept.items():
            if method is None:
                delattr(socket.socket, name)
            else:
                setattr(socket.socket, name, method)
