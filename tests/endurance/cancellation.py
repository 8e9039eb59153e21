"""A bot's life, cancelled at any await point, in any weather: nothing is left, everybody is told."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

import rxbotters
from rxbotters.errors import RxbottersError
from rxbotters.sim import SimExchange
from rxbotters.testing import Cut, Fault, VirtualLoop, Weather, current_loop

from .sim import SUBSCRIPTIONS, client_of, exchange

__all__ = ["cancel_anywhere"]

_POINTS, _SECONDS = 10, 0.3  # the program below has about so many await points, and takes about so long
_FAULTS: tuple[Callable[[float], Fault], ...] = (
    lambda at: Fault(at, "rst"),
    lambda at: Fault(at, "half_open"),
    lambda at: Fault(at, "stall", seconds=3.0),
    lambda at: Fault(at, "refuse", seconds=10.0),
)


async def _bot(sim: SimExchange, waiters: list[asyncio.Future[Any]], close: list[float]) -> None:
    """Do a bit of everything a bot does; note how long closing took."""
    loop = current_loop()
    client = client_of(sim)
    store = rxbotters.bitFlyerDataStore()
    try:
        ws = client.ws_connect(sim.ws_url, send_json=SUBSCRIPTIONS, hdlr_json=store.onmessage)
        ws.errors.subscribe(lambda _: None)
        waiters += [asyncio.ensure_future(wait) for wait in (ws.wait(), store.wait())]
        await ws
        await ws.ready()
        await store.initialize(client.get("/v1/me/getchildorders", params={"product_code": "FX_BTC_JPY"}))
        order = {"product_code": "FX_BTC_JPY", "child_order_type": "MARKET", "side": "BUY", "size": 0.01}
        await client.fetch("POST", "/v1/me/sendchildorder", data=order)
        with store.board.watch() as changes:
            await asyncio.wait_for(changes.get(), 30.0)
    except (RxbottersError, aiohttp.ClientError, TimeoutError):
        pass  # the weather
    finally:
        began = loop.time()
        await client.close()
        close.append(loop.time() - began)


async def _cut(cut: Cut | float, close: list[float]) -> bool:
    """Cancel a bot at an await point, or after some seconds; return whether it was still running."""
    waiters: list[asyncio.Future[Any]] = []
    async with exchange() as sim:
        if isinstance(cut, Cut):
            await cut(_bot(sim, waiters, close))
            early = cut.reached
        else:
            bot = asyncio.ensure_future(_bot(sim, waiters, close))
            await asyncio.wait([bot], timeout=cut)
            early = bot.cancel()
            await asyncio.wait([bot])
            if not bot.cancelled():
                bot.result()
        async with asyncio.timeout(5.0):  # everybody who waited was told
            await asyncio.gather(*waiters, return_exceptions=True)
    return early


class _Complaints(logging.Handler):
    """What asyncio and Python say of tasks and coroutines that nobody looked after."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    complaints, log = _Complaints(), logging.getLogger("asyncio")
    log.addHandler(complaints)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield complaints.said
            gc.collect()
    finally:
        log.removeHandler(complaints)
    complaints.said += [str(warning.message) for warning in caught if "never" in str(warning.message)]


def cancel_anywhere(seeds: range, *, done: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Play a bot once for each seed, which says where it is cancelled and what goes wrong around it.

    Raises:
        Unclean: A task, a connection or an unhandled error was left behind; a note says of which seed.
    """
    close: list[float] = []
    ends: Counter[str] = Counter()
    with _listening() as said:
        for seed in seeds:
            dice = random.Random(f"{seed}/cancellation")
            point, moment = dice.randint(1, _POINTS), dice.uniform(0.0, _SECONDS)
            script = [dice.choice(_FAULTS)(dice.uniform(0.0, _SECONDS)) for _ in range(dice.randint(0, 2))]
            weather = Weather(up=(0.001, 0.02), down=(0.001, 0.02))
            try:
                with VirtualLoop(seed=seed, weather=weather, until=7200.0, script=script) as loop:
                    program = _cut(Cut(point) if seed % 2 else moment, close)
                    ends["cancelled" if loop.run(program) else "ran through"] += 1
            except BaseException as error:
                error.add_note(f"seed {seed}, cancelled at await point {point} or after {moment} s")
                raise
            done()
    return {
        "runs": len(seeds),
        **ends,
        "longest close, s": round(max(close), 3),
        "never retrieved or awaited": len(said),
    }
