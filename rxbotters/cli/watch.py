"""`rxbotters watch`: a live book in the terminal."""

from __future__ import annotations

import asyncio
from typing import Any

from yarl import URL

import rxbotters
from rxbotters.cli.feeds import feed_of
from rxbotters.cli.view import View
from rxbotters.errors import RxbottersError

__all__ = ["run_watch"]


async def run_watch(
    view: View, exchange: str, symbol: str, *, url: str | None, seconds: float | None
) -> dict[str, Any]:
    """Show the book of ``symbol`` until ``seconds`` have passed or the connection ends for good."""
    feed = feed_of(exchange)
    target = url or feed.url
    parsed = URL(target)
    hosts = {f"{parsed.host}:{parsed.port}": feed.name} if url else None
    store = feed.store()
    book = feed.book(store)
    loop = asyncio.get_running_loop()
    began = loop.time()
    errors: list[str] = []

    def state() -> dict[str, Any]:
        levels = book.sorted({feed.symbol_field: symbol}, limit=6)
        return {
            "title": f"{feed.name} {symbol}",
            "clock": f"{loop.time() - began:5.1f}s",
            "connection": type(ws.state).__name__,
            "status": type(book.status_of(symbol)).__name__,
            "asks": levels["asks"],
            "bids": levels["bids"],
            "summary": errors[-1] if errors else "",
        }

    async with rxbotters.Client(apis={}, hosts=hosts) as client:
        ws = client.ws_connect(target, send_json=feed.subscribe(symbol), hdlr_json=store.onmessage)

        def note(error: Exception) -> None:
            errors.append(str(error))
            view.say("error", text=str(error))

        ws.errors.subscribe(note)
        with view:
            try:
                async with asyncio.timeout(seconds):
                    done = asyncio.ensure_future(ws.wait())
                    try:
                        while not done.done():
                            view.show(state())
                            await asyncio.wait({done}, timeout=0.2)
                        await done
                    finally:
                        done.cancel()
            except TimeoutError:
                pass
            except RxbottersError as error:
                note(error)
            view.show(state())
        touch = book.best(symbol)
        return {
            "ok": not errors and touch.ask is not None and touch.bid is not None,
            "exchange": feed.name,
            "symbol": symbol,
            "status": type(book.status_of(symbol)).__name__,
            "best_ask": touch.ask and touch.ask["price"],
            "best_bid": touch.bid and touch.bid["price"],
            "errors": errors,
        }
