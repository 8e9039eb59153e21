"""What a client lends its connections."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from rxbotters.clock import Clock, Serials, Stamp
from rxbotters.descriptor import Credentials, Host, Hosts
from rxbotters.errors import ClockSkew, ConfigError, UnsafeRequest
from rxbotters.wire import redact_url

from .limits import Limiter
from .metrics import Meter
from .skew import Skew
from .tasks import Tasks

if TYPE_CHECKING:
    from .websocket import WebSocketApp

__all__ = ["Wiring", "is_loopback", "pick"]


_SKEW = 0.5  # seconds between two clocks that are worth a word


@dataclass(slots=True)
class Wiring:
    """Session, tasks, clock, hosts, keys and budgets of one client."""

    session: Callable[[], aiohttp.ClientSession]
    fetch: Callable[..., Awaitable[Any]]
    tasks: Tasks
    clock: Clock
    hosts: Hosts
    credentials: Mapping[str, Credentials]
    warn_unknown: Callable[[URL], None]
    forget: Callable[[WebSocketApp], None]
    report: Callable[[Exception], None]
    limiter: Limiter
    meter: Meter
    adjust_clock: bool = False
    serials: Serials = field(default_factory=Serials)
    skews: dict[str, Skew] = field(default_factory=dict[str, Skew])
    _skewed: set[str] = field(default_factory=set[str])

    def stamp(self, name: str, host: str) -> Stamp:
        """Return the moment something is signed at by the key ``name`` for ``host``."""
        skew = self._skew_of(host) if self.adjust_clock else None
        return self.clock.stamp(self.serials, name, ahead=skew.seconds if skew is not None else 0.0)

    def _skew_of(self, host: str) -> Skew | None:
        """Return what is known of a host's clock; of a WebSocket's, what the REST answers of its exchange told."""
        known = self.skews.get(host)
        stream = self.hosts.ws(host, None) if known is None else None
        if stream is None:
            return known
        for other, skew in self.skews.items():
            rest = self.hosts.rest(other, None)
            if skew.known and rest is not None and rest.exchange == stream.exchange:
                return skew
        return None

    def learn_date(self, host: str, date: str | None, sent: float) -> None:
        """Compare an answer's ``Date`` with our clock; say once per host that they are apart."""
        skew = self.skews.get(host)
        if skew is None:
            if len(self.skews) >= 1000:
                return
            skew = self.skews[host] = Skew()
        skew.learn(date, sent=sent, received=self.clock.now())
        if skew.known and skew.at_least > _SKEW:
            if host not in self._skewed:
                self._skewed.add(host)
                self.report(ClockSkew(host, skew.low, skew.high))
        else:
            self._skewed.discard(host)


def is_loopback(url: URL) -> bool:
    """Whether ``url`` stays on this machine."""
    return _is_loopback(url.host or "")


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pick(
    host: Host | None, credentials: Mapping[str, Credentials], auth: Any, url: URL, headers: Any = None
) -> Credentials | None:
    """Return the credentials to use on ``url``.

    Args:
        host: What is known of the host.
        credentials: All that were loaded.
        auth: `Auth` (by host), ``None`` (none) or an api name.
        url: Where it goes; plain http or ws carries no keys, except on this machine.
        headers: The caller's headers; on some hosts they choose the environment.

    Raises:
        ConfigError: ``auth`` names an api that was not loaded.
        UnsafeRequest: The keys would travel in clear text.
    """
    if auth is None or host is None:
        return None
    name = auth if isinstance(auth, str) else host.api
    if host.api_of is not None and not isinstance(auth, str):
        name = host.api_of({str(field).lower(): str(value) for field, value in dict(headers or {}).items()})
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
