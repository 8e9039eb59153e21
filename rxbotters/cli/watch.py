"""`rxbotters watch`: a live book in the terminal."""

from __future__ import annotations

import asyncio
from typing import Any

from yarl import URL

import rxbotters
from rxbotters.cli.feeds import collection_of, feed_of
from rxbotters.cli.view import View
from rxbotters.errors import RxbottersError

__all__ = ["run_watch"]


async def run_watch(
    view: View, exchange: str, symbol: str, *, feed: str | None, url: str | None, seconds: float | None
) -> dict[str, Any]:
    """Show the book of ``symbol`` until ``seconds`` have passed or the connection ends for good."""
    known, rules = feed_of(exchange, feed)
    own = rules.url_of(symbol) if rules.url_of is not None else rules.url
    target: Any = url or own
    hosts = None
    if url:
        parsed = URL(url)
        hosts = {f"{parsed.host}:{parsed.port}": URL(own).host or known.name}
    store = collection_of(rules)
    book, instrument = store[rules.book], rules.instrument(symbol)
    loop = asyncio.get_running_loop()
    began = loop.time()
    errors: list[str] = []

    def state() -> dict[str, Any]:
        asks, bids = book.depth(instrument, 6)
        return {
            "title": f"{known.title or known.name} {symbol}",
            "clock": f"{loop.time() - began:5.1f}s",
            "connection": type(ws.state).__name__,
            "status": type(book.status_of(instrument)).__name__,
            "asks": asks,
            "bids": bids,
            "summary": errors[-1] if errors else "",
        }

    async with rxbotters.Client(apis={}, hosts=hosts) as client:
        if not url and rules.lease is not None:
            target = client.lease(rules.lease)
        subscriptions: dict[str, Any] = {"send_json": [], "send_str": []}
        for message in rules.subscribe(symbol):
            subscriptions["send_str" if isinstance(message, str) else "send_json"].append(message)
        ws = client.ws_connect(target, **subscriptions, **{rules.handler: store.onmessage})

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
        asks, bids = book.depth(instrument, 1)
        return {
            "ok": not errors and bool(asks) and bool(bids),
            "exchange": known.name,
            "symbol": symbol,
            "status": type(book.status_of(instrument)).__name__,
            "best_ask": asks[0].price if asks else None,
            "best_bid": bids[0].price if bids else None,
            "errors": errors,
        }
