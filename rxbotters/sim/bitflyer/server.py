"""`SimExchange`: a bitFlyer on loopback, to run, to break and to compare with."""

from __future__ import annotations

import asyncio
import time as _time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from aiohttp import web

from rxbotters.sim.faults import Faults
from rxbotters.sim.tape import Tape

from .rest import Rest
from .stream import Stream
from .venue import Venue

__all__ = ["SimExchange"]

_SNAPSHOT_EVERY = 5.0  # seconds, as the exchange does


class SimExchange:
    """A simulated exchange that speaks bitFlyer's wire format on 127.0.0.1.

    Behind it stands a matching engine with a seeded background flow, or a recorded tape. Point a `Client` at it with
    ``Client(base_url=exchange.rest_url, hosts=exchange.hosts, apis=exchange.apis)``.

    Args:
        seed: For the background flow: the same seed gives the same market.
        keys: API key → secret; each key has an account with 10,000,000 JPY and 10 BTC.
        products: Markets.
        orders_per_s: Steps of the background flow per second; 0: only `step` moves the market.
        tape: A recording in the corpus format, whose messages are sent instead of the flow's.
        speed: How much faster than recorded the tape runs.
        clock: Unix time in seconds.
        port: 0 for a free one.

    Example:
        >>> import asyncio
        >>> async def main() -> None:
        ...     async with SimExchange(seed=1, orders_per_s=0) as exchange:
        ...         bid, ask = exchange.engine.best("FX_BTC_JPY")
        ...         print(bid < ask)
        >>> asyncio.run(main())
        True
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        keys: Mapping[str, str] | None = None,
        products: Iterable[str] = ("FX_BTC_JPY",),
        orders_per_s: float = 20.0,
        tape: str | Path | None = None,
        speed: float = 1.0,
        clock: Callable[[], float] = _time.time,
        port: int = 0,
    ) -> None:
        self.keys = dict(keys or {"SIMKEY": "SIMSECRET"})
        self.faults = Faults()
        self.venue = Venue(products, self.keys, seed=seed, clock=clock)
        self.engine = self.venue.engine
        self.rest = Rest(self.venue, self.keys, self.faults)
        self.upgrades = 0
        self._rate = orders_per_s * speed
        self._tape = Tape(Path(tape), speed) if tape is not None else None
        self._port = port
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None

    # ------------------------------------------------------------------ life

    async def start(self) -> SimExchange:
        """Bind to 127.0.0.1 and begin to trade."""
        app = web.Application()
        app.add_routes([web.get("/json-rpc", self._upgrade), *self.rest.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        if self._tape is not None:
            self._tasks.append(asyncio.create_task(self._play(self._tape), name="sim tape"))
        elif self._rate > 0:
            self._tasks.append(asyncio.create_task(self._trade(), name="sim flow"))
        self._tasks.append(asyncio.create_task(self._snapshots(), name="sim snapshots"))
        return self

    async def close(self) -> None:
        """Stop, at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for stream in list(self.venue.streams):
            await stream.ws.close(code=1001, message=b"going away")
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> SimExchange:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ------------------------------------------------------------------ where it is

    @property
    def host(self) -> str:
        """``127.0.0.1:<port>``."""
        return f"127.0.0.1:{self._port}"

    @property
    def rest_url(self) -> str:
        """The base of REST urls."""
        return f"http://{self.host}"

    @property
    def ws_url(self) -> str:
        """The WebSocket url."""
        return f"ws://{self.host}/json-rpc"

    @property
    def hosts(self) -> dict[str, str]:
        """What to give to ``Client(hosts=…)``."""
        return {self.host: "bitflyer"}

    @property
    def apis(self) -> dict[str, list[str]]:
        """What to give to ``Client(apis=…)``: the first key."""
        key, secret = next(iter(self.keys.items()))
        return {"bitflyer": [key, secret]}

    # ------------------------------------------------------------------ moving

    def step(self, count: int = 1) -> None:
        """Let the background flow act ``count`` times in every market."""
        self.venue.step(count)

    def pause(self) -> None:
        """Stop the background flow; orders are still taken."""
        for task in self._tasks:
            if task.get_name() in ("sim flow", "sim tape"):
                task.cancel()

    async def _trade(self) -> None:
        while True:
            await asyncio.sleep(1.0 / self._rate)
            self.venue.step()

    async def _snapshots(self) -> None:
        while True:
            await asyncio.sleep(_SNAPSHOT_EVERY)
            for stream in list(self.venue.streams):
                for channel in sorted(stream.channels):
                    if channel.startswith("lightning_board_snapshot_") and self._tape is None:
                        stream.send_snapshot(channel, channel.removeprefix("lightning_board_snapshot_"))

    async def _play(self, tape: Tape) -> None:
        async for channel, text in tape:
            for stream in list(self.venue.streams):
                if channel in stream.channels:
                    stream.send(text, channel)

    # ------------------------------------------------------------------ breaking

    def cut(self, how: Literal["rst", "close"] = "rst", *, code: int = 1001) -> int:
        """Cut every connection, by TCP reset or with a close code; return how many there were."""
        streams = list(self.venue.streams)
        for stream in streams:
            self.faults.happened[how] += 1
            if how == "rst":
                stream.reset()
            else:
                self._tasks.append(asyncio.create_task(_close(stream, code), name="sim close"))
        return len(streams)

    def silence(self) -> int:
        """Vanish from every present connection without a word; new ones work. Return how many there were."""
        streams = list(self.venue.streams)
        for stream in streams:
            self.faults.happened["silence"] += 1
            stream.silence()
        return len(streams)

    async def _upgrade(self, request: web.Request) -> web.StreamResponse:
        self.upgrades += 1
        if self.faults.refuse is not None:
            status, headers = self.faults.refuse
            self.faults.happened["refuse"] += 1
            return web.Response(status=status, headers=dict(headers))
        return await Stream(self.venue, self.keys, self.faults, request).run()

    # ------------------------------------------------------------------ the truth

    @property
    def sent(self) -> Counter[str]:
        """Messages sent so far, by channel."""
        total = Counter(self.venue.sent)
        for stream in self.venue.streams:
            total.update(stream.sent)
        return total

    def book(self, product: str, depth: int = 300) -> dict[str, list[tuple[float, float]]]:
        """Return (price, size) of every level as JSON numbers, best first: what a correct client book holds."""
        levels = self.engine.levels(product, depth)
        return {
            "asks": [(float(price), float(size)) for price, size in levels["SELL"]],
            "bids": [(float(price), float(size)) for price, size in levels["BUY"]],
        }

    def open_orders(self, key: str, product: str) -> dict[str, float]:
        """Return acceptance id → remaining size of an account's live orders."""
        return {order.id: float(order.remaining) for order in self.engine.orders_of(key, product)}

    def position(self, key: str, product: str) -> Decimal:
        """Return an account's signed position."""
        return self.engine.accounts[key].position(product)

    def fill_ids(self, key: str) -> list[int]:
        """Return the ids of an account's fills, in order."""
        return [fill.id for fill in self.venue.own_fills[key]]

    def duplicates(self) -> int:
        """Return how many order requests arrived more than once."""
        received = self.rest.orders_received
        return len(received) - len(set(received))

    def truth(self, key: str, product: str) -> dict[str, Any]:
        """Return all of the above for one account and product."""
        return {
            "book": self.book(product),
            "open_orders": self.open_orders(key, product),
            "position": self.position(key, product),
            "fills": self.fill_ids(key),
        }


async def _close(stream: Stream, code: int) -> None:
    await stream.ws.close(code=code)
