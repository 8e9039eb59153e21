"""One request as pybotters sends it and as rxbotters signs it, for a byte-for-byte comparison.

pybotters sends its request over http to a loopback server that stands for every host; time is frozen. Ours is signed
for the true url by the descriptor's own functions.
"""

from __future__ import annotations

import socket
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import time_machine
from aiohttp import web
from aiohttp.abc import AbstractResolver
from yarl import URL

from rxbotters.clock import Clock
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Hosts
from rxbotters.exchanges import all_exchanges
from rxbotters.net.http import _encode
from rxbotters.net.wiring import pick

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pybotters

NOW = 1_700_000_000.123
NONCE = "00112233445566778899aabbccddeeff"


@dataclass
class Sent:
    """A request as it stood on the wire."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


class _Everywhere(AbstractResolver):
    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": self._port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        pass


async def theirs(
    apis: Mapping[str, Any],
    method: str,
    url: str,
    *,
    params: Any = None,
    data: Any = None,
    headers: Mapping[str, str] | None = None,
    now: float = NOW,
) -> Sent:
    """Return what pybotters 1.11.2 sends at the frozen moment ``now``."""
    caught: list[Sent] = []

    async def catch(request: web.Request) -> web.Response:
        caught.append(Sent(request.method, request.raw_path, dict(request.headers), await request.read()))
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", catch)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    plain = URL(url, encoded=True).with_scheme("http")
    try:
        with warnings.catch_warnings(), time_machine.travel(now, tick=False):
            warnings.simplefilter("ignore")
            connector = aiohttp.TCPConnector(resolver=_Everywhere(port))
            async with (
                pybotters.Client(apis=dict(apis), connector=connector) as client,
                client.request(method, str(plain), params=params, data=data, headers=dict(headers or {})) as response,
            ):
                await response.read()
    finally:
        await runner.cleanup()
    return caught[-1]


def ours(
    apis: Mapping[str, Any],
    method: str,
    url: str,
    *,
    params: Any = None,
    data: Any = None,
    headers: Mapping[str, str] | None = None,
    now: float = NOW,
    nonce: str = NONCE,
) -> Sent:
    """Return what rxbotters sends at that moment."""
    hosts = Hosts(all_exchanges())
    target = URL(url)
    if params:
        target = target.extend_query(params)
    host = hosts.rest(target.host or "", target.explicit_port)
    assert host is not None, f"no exchange has the host {target.host}"
    credentials = pick(host, load_credentials(dict(apis), hosts.apis), pybotters_auth(), target, headers)
    request = _encode(host, method, target, data, {"headers": headers})
    if credentials is not None and host.sign is not None:
        clock = Clock(now=lambda: now, dice=lambda: 0.5, nonce=lambda: nonce)
        request = host.sign(request, credentials, clock.stamp(name=credentials.name))
    return Sent(request.method, request.target, dict(request.headers), request.body)


def pybotters_auth() -> Any:
    from rxbotters.net.response import Auth

    return Auth
