"""`rxbotters doctor`: is this machine ready to trade?"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from yarl import URL

import rxbotters
from rxbotters.clock import SYSTEM
from rxbotters.credentials import find_apis, validate_apis
from rxbotters.descriptor import Hosts
from rxbotters.errors import ConfigError, CredentialError
from rxbotters.exchanges import NAMES, all_exchanges, exchange_of

__all__ = ["run_doctor"]

_TIMEOUT = 5.0  # seconds for one exchange
_NO_GET = 405  # the exchange is there, and has no question that is asked with GET
_CLOCK_OFF = 1.5  # seconds; the Date header has a resolution of one


def _check(name: str, ok: bool, text: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "text": text}


async def run_doctor(names: Sequence[str] = (), url: str | None = None) -> list[dict[str, Any]]:
    """Return every check with its outcome.

    Args:
        names: Exchanges to reach; all if none is named.
        url: Another base url for them, such as that of a test server.

    Raises:
        ConfigError: A name is unknown.
    """
    checks = [_check("python", True, platform.python_version()), _check("rxbotters", True, rxbotters.__version__)]
    for package in ("reactivex", "aiohttp", "aiostream", "msgspec"):
        try:
            checks.append(_check(package, True, version(package)))
        except PackageNotFoundError:
            checks.append(_check(package, False, "not installed: pip install rxbotters"))
    checks.append(_credentials())
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ConfigError(f"unknown exchange {unknown[0]!r}: known are {', '.join(NAMES)}")
    targets = _targets(names, url)
    async with rxbotters.Client(apis={}) as client:
        for found in await asyncio.gather(*(_reach(client, name, target) for name, target in targets)):
            checks += found
    return checks


def _targets(names: Sequence[str], url: str | None) -> list[tuple[str, str]]:
    """Return (name, url that answers cheaply) of each exchange to reach."""
    if url and not names:
        return [("given url", f"{url.rstrip('/')}{URL(exchange_of('bitflyer').ping).path_qs}")]
    chosen = [exchange for exchange in all_exchanges() if not names or exchange.name in names]
    pings = [(exchange.name, URL(exchange.ping)) for exchange in chosen if exchange.ping]
    return [(name, f"{url.rstrip('/')}{ping.path_qs}" if url else str(ping)) for name, ping in pings]


def _credentials() -> dict[str, Any]:
    known = Hosts(all_exchanges()).apis
    try:
        source, entries = find_apis(None)
        loaded = validate_apis(entries, known, source)
    except CredentialError as error:
        return _check("credentials", False, str(error))
    names = ", ".join(sorted(loaded)) or "none"
    return _check("credentials", True, f"{names} (from {source})")


async def _reach(client: rxbotters.Client, name: str, target: str) -> list[dict[str, Any]]:
    began = SYSTEM.now()
    try:
        result = await client.fetch("GET", target, auth=None, timeout=_TIMEOUT)
    except Exception as error:
        return [_check(f"{name} reachable", False, f"{target}: {type(error).__name__}: {error}")]
    took = SYSTEM.now() - began
    answered = result.ok or result.status == _NO_GET
    checks = [_check(f"{name} reachable", answered, f"{target}: HTTP {result.status} in {took * 1000:.0f} ms")]
    date = result.response.headers.get("Date")
    if date is not None:
        off = began + took / 2 - parsedate_to_datetime(date).timestamp() - 0.5
        checks.append(_check(f"{name} clock", abs(off) < _CLOCK_OFF, f"this machine is {off:+.1f} s off (± 0.5 s)"))
    return checks
