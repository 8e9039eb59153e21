"""`rxbotters replay`: a recording through the same stores and the same display."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from rxbotters.cli.feeds import collection_of, feed_for_host
from rxbotters.cli.view import View
from rxbotters.errors import ConfigError
from rxbotters.record import read_records

__all__ = ["run_replay"]

_SHOW_EVERY = 50  # frames between two screens


async def run_replay(view: View, file: Path, *, speed: float) -> dict[str, Any]:
    """Fold every frame of a recording; ``speed`` 0 waits for nothing."""
    store: Any = None
    feed = None
    frames = 0
    errors: list[str] = []
    first: float | None = None
    last = 0.0
    symbol: Any = None

    def note(error: Exception) -> None:
        errors.append(str(error))

    with view:
        for record in read_records(file):
            if feed is None:
                feed = feed_for_host(record.host)
                if feed is None:
                    raise ConfigError(f"{file}: no known exchange has the host {record.host!r}")
                store = collection_of(feed)
                store.errors.subscribe(note)
            if record.kind != "ws":
                continue
            if first is None:
                first = last = record.time
            if speed > 0 and record.time > last:
                await asyncio.sleep((record.time - last) / speed)
            last = record.time
            store.onmessage(record.data if feed.handler == "hdlr_str" else record.message)
            frames += 1
            book = store[feed.book]
            symbol = next(iter(book.instruments), symbol)
            if frames % _SHOW_EVERY == 0 and symbol is not None:
                asks, bids = book.depth(symbol, 6)
                view.show(
                    {
                        "title": f"replay {file.name}",
                        "clock": f"{record.time - first:5.1f}s",
                        "connection": "replay",
                        "status": type(book.status_of(symbol)).__name__,
                        "asks": asks,
                        "bids": bids,
                        "summary": f"{symbol}  {frames} frames",
                    }
                )
    rows = {name: len(store[name]) for name in store} if store is not None else {}
    return {"ok": store is not None, "file": file.name, "frames": frames, "errors": len(errors), "rows": rows}
