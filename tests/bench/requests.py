"""G13: a signed GET, answered on the loopback; the server checks every signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any

import aiohttp

from rxbotters_operators import codec

from .case import Case, Sample, Scale, Stopwatch
from .feed import Feed
from .peers import OURS, THEIRS, sides, tolerant
from .server import KEY, SECRET

__all__ = ["cases"]

_PATH = "/v1/me/getbalance"


async def _fetch(lib: Any, host: str, count: int) -> Sample:
    """Fetch with a library that knows the loopback server as bitFlyer."""
    known: dict[str, Any] = {"hosts": {host: "bitflyer"}} if lib is OURS else {}
    if lib is THEIRS:  # it knows hosts by their name alone
        hosts = THEIRS.auth.Hosts.items
        hosts[host.partition(":")[0]] = hosts["api.bitflyer.com"]
    answers: list[Any] = []
    async with lib.Client(apis={"bitflyer": [KEY, SECRET]}, base_url=f"http://{host}", **known) as client:
        await client.fetch("GET", _PATH)
        clock = Stopwatch()
        clock.start()
        for _ in range(count):
            result = await client.fetch("GET", _PATH)
            answers.append((result.response.status, result.text, result.data))
        clock.stop()
    return Sample(clock.seconds / count, answers)


async def _by_hand(host: str, count: int) -> Sample:
    """Do by hand, over aiohttp, what a fetch does: sign, send, read, decode."""
    answers: list[Any] = []
    url, secret = f"http://{host}{_PATH}", SECRET.encode()
    async with aiohttp.ClientSession() as session:
        clock = Stopwatch()
        for number in range(count + 1):
            if number == 1:
                clock.start()
            stamp = str(int(time.time() * 1000))
            sign = hmac.new(secret, f"{stamp}GET{_PATH}".encode(), hashlib.sha256).hexdigest()
            headers = {"ACCESS-KEY": KEY, "ACCESS-TIMESTAMP": stamp, "ACCESS-SIGN": sign}
            async with session.get(url, headers=headers) as response:
                text = await response.text()
                answers.append((response.status, text, codec.loads(text)))
        clock.stop()
    return Sample(clock.seconds / count, answers[1:])


def cases(feed: Feed, scale: Scale) -> Iterator[Case]:
    """The same answer for everybody."""
    count = scale(400, 20)  # bitFlyer takes 500 in five minutes, and our client keeps to it

    def fetch(lib: Any) -> Sample:
        with tolerant():
            return asyncio.run(_fetch(lib, feed.host, count))

    def by_hand() -> Sample:
        return asyncio.run(_by_hand(feed.host, count))

    ours, theirs = sides(fetch)
    yield Case("G13", "signed GET over aiohttp signed by hand", "≤", 1.15, ours, by_hand, peer="bare aiohttp")
    yield Case("G13", "signed GET", "≤", 0.78, ours, theirs)
