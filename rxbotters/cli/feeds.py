"""How each exchange's public book is watched, as its descriptor says."""

from __future__ import annotations

from typing import Any

import rxbotters
from rxbotters.descriptor import Exchange, Feed
from rxbotters.errors import ConfigError
from rxbotters.exchanges import NAMES, all_exchanges, exchange_of

__all__ = ["collection_of", "feed_for_host", "feed_of"]


def feed_of(name: str, kind: str | None = None) -> tuple[Exchange, Feed]:
    """Return an exchange and one of its feeds, the first unless ``kind`` names another.

    Raises:
        ConfigError: It is not known; the message lists those that are.
    """
    try:
        exchange = exchange_of(name.lower())
    except KeyError:
        raise ConfigError(f"unknown exchange {name!r}: known are {', '.join(NAMES)}") from None
    if not exchange.feeds:
        raise ConfigError(f"{name} has no public book to watch")
    if kind is None:
        return exchange, next(iter(exchange.feeds.values()))
    if kind not in exchange.feeds:
        raise ConfigError(f"{name} has no feed {kind!r}: known are {', '.join(exchange.feeds)}")
    return exchange, exchange.feeds[kind]


def feed_for_host(host: str) -> Feed | None:
    """Return the feed of the exchange that has this WebSocket or REST host."""
    for exchange in all_exchanges():
        if host in exchange.ws or host in exchange.rest:
            return next(iter(exchange.feeds.values()), None)
    return None


def collection_of(feed: Feed) -> Any:
    """Return a new collection for a feed."""
    return getattr(rxbotters, feed.collection)()
