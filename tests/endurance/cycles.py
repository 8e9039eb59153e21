"""Clients that open and close, again and again, on real sockets: nothing of them stays."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import rxbotters
from rxbotters.testing import leak_check
from tests.conftest import Server

from .sim import memory

__all__ = ["open_and_close"]

TICK = '{"method":"channelMessage","params":{"channel":"lightning_ticker_BTC_JPY","message":{"product_code":"BTC_JPY","ltp":1}}}'


async def _cycle(server: Server) -> None:
    store = rxbotters.bitFlyerDataStore()
    async with rxbotters.Client(hosts={server.host: "bitflyer"}, base_url=server.url) as client:
        ws = client.ws_connect(server.ws_url, hdlr_json=store.onmessage)
        waiting = asyncio.ensure_future(ws.wait())
        await ws.ready()
        await client.fetch("GET", "/v1/getboard")
        if not store.ticker:
            await store.wait()
    await asyncio.gather(waiting, return_exceptions=True)


async def _cycles(count: int) -> dict[str, Any]:
    async def tick(ws: Any, _: Any) -> None:
        await asyncio.sleep(0.001)  # so that somebody waits for it
        await ws.send_str(TICK)
        async for _message in ws:
            pass

    server = await Server().start(ws=tick)
    loop, complaints = asyncio.get_running_loop(), list[str]()
    loop.set_exception_handler(lambda _, context: complaints.append(str(context)))
    try:
        await _cycle(server)
        with leak_check():
            before = memory()
            for _ in range(count):
                await _cycle(server)
                server.sockets.clear()
                server.requests.clear()
            grown = memory() - before
            await asyncio.sleep(0.1)  # the server closes its ends
    finally:
        await server.stop()
    return {"cycles": count, "complaints of the loop": len(complaints), "bytes a cycle": max(0, grown // count)}


def open_and_close(count: int) -> dict[str, Any]:
    """Open and close so many clients, each with a socket, a request and a waiter; raise `Unclean` if anything is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "never awaited", "unclosed"
        figures = asyncio.run(_cycles(count))
        gc.collect()
    return figures
