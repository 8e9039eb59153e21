"""What a client lends its connections."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from rxbotters.clock import Clock
from rxbotters.descriptor import Credentials, Host, Hosts
from rxbotters.errors import ConfigError, UnsafeRequest
from rxbotters.wire import redact_url

from .response import Auth
from .tasks import Tasks

if TYPE_CHECKING:
    from .websocket import WebSocketApp

__all__ = ["Wiring", "is_loopback", "pick"]


@dataclass(slots=True)
class Wiring:
    """Session, tasks, clock, hosts and keys of one client."""

    session: Callable[[], aiohttp.ClientSession]
    tasks: Tasks
    clock: Clock
    hosts: Hosts
    credentials: Mapping[str, Credentials]
    warn_unknown: Callable[[URL], None]
    forget: Callable[[WebSocketApp], None]


def is_loopback(url: URL) -> bool:
    """Whether ``url`` stays on this machine."""
    host = url.host or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pick(host: Host | None, credentials: Mapping[str, Credentials], auth: Any, url: URL) -> Credentials | None:
    """Return the credentials to use on ``url``.

    Args:
        host: What is known of the host.
        credentials: All that were loaded.
        auth: `Auth` (by host), ``None`` (none) or an api name.
        url: Where it goes; plain http or ws carries no keys, except on this machine.

    Raises:
        ConfigError: ``auth`` names an api that was not loaded.
        UnsafeRequest: The keys would travel in clear text.
    """
    if auth is None or host is None:
        return None
    name = auth if isinstance(auth, str) else host.api
    found = credentials.get(name)
    if found is None:
        if isinstance(auth, str):
            raise ConfigError(f"auth={name!r}: no such credentials were loaded")
        return None
    if url.scheme in ("http", "ws") and not is_loopback(url):
        raise UnsafeRequest(
            f"{redact_url(url)} is not encrypted: the keys of {name!r} are not sent there; use "
            f"{'https' if url.scheme == 'http' else 'wss'}://, or auth=None"
        )
    return found


def is_default(auth: Any) -> bool:
    """Whether ``auth`` is the default or an api name, not a foreign object such as basic auth."""
    return auth is Auth or isinstance(auth, Auth | str)
