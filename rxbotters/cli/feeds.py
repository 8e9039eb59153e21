"""How each exchange's public book is watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rxbotters
from rxbotters.errors import ConfigError

__all__ = ["Feed", "feed_for_host", "feed_of"]


@dataclass(frozen=True, slots=True)
class Feed:
    """One exchange as the commands see it."""

    name: str
    url: str
    store: Callable[[], Any]
    subscribe: Callable[[str], list[dict[str, Any]]]
    book: Callable[[Any], Any]
    symbol_field: str


def _bitflyer(symbol: str) -> list[dict[str, Any]]:
    return [
        {"method": "subscribe", "params": {"channel": f"{prefix}{symbol}"}, "id": number}
        for number, prefix in enumerate(("lightning_board_snapshot_", "lightning_board_"), 1)
    ]


_FEEDS = {
    "bitflyer": Feed(
        "bitflyer",
        "wss://ws.lightstream.bitflyer.com/json-rpc",
        lambda: rxbotters.bitFlyerDataStore(),
        _bitflyer,
        lambda store: store.board,
        "product_code",
    )
}


def feed_of(name: str) -> Feed:
    """Return the feed of an exchange.

    Raises:
        ConfigError: It is not known; the message lists those that are.
    """
    feed = _FEEDS.get(name.lower())
    if feed is None:
        raise ConfigError(f"unknown exchange {name!r}: known are {', '.join(_FEEDS)}")
    return feed


def feed_for_host(host: str) -> Feed | None:
    """Return the feed whose exchange has this WebSocket or REST host."""
    for feed in _FEEDS.values():
        if feed.name in host:
            return feed
    return None
